"""One type per identifier, and the client order id, which says who sent an order.

A client order id has 18 letters and digits: mark (1), journal id (5), shard (1), epoch (4),
sequence (7), the last three in base 32. It is a pure function of these, so it is the same after
a crash, never repeats, and an order found at the venue names its journal.
"""

from typing import NewType
from zlib import crc32

AccountId = NewType("AccountId", str)
StrategyId = NewType("StrategyId", str)
Symbol = NewType("Symbol", str)
IntentId = NewType("IntentId", str)
ClientOrderId = NewType("ClientOrderId", str)
VenueOrderId = NewType("VenueOrderId", str)
ExecId = NewType("ExecId", str)
JournalId = NewType("JournalId", str)
Epoch = NewType("Epoch", int)
Shard = NewType("Shard", int)

UNATTRIBUTED = StrategyId("unattributed")
SHARD_COUNT = 20
MARK = "H"
JOURNAL_ID_LENGTH = 5
_EPOCH_LENGTH = 4
_SEQUENCE_LENGTH = 7
PREFIX_LENGTH = 1 + JOURNAL_ID_LENGTH + 1 + _EPOCH_LENGTH
"""Mark, journal, shard and epoch: what all ids of one `ClientOrderIds` begin with."""
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}


def base32(value: int, length: int) -> str:
    """Write a number in exactly `length` digits of base 32; ValueError if it does not fit."""
    if value < 0 or value >> (5 * length):
        raise ValueError(f"{value} does not fit {length} digits of base 32")
    return "".join(_ALPHABET[(value >> (5 * i)) & 31] for i in range(length - 1, -1, -1))


def journal_id(entropy: int) -> JournalId:
    """Make the five letters that name a journal out of a random number."""
    return JournalId(base32(entropy % (1 << (5 * JOURNAL_ID_LENGTH)), JOURNAL_ID_LENGTH))


def shard_of(symbol: Symbol) -> Shard:
    """Tell the shard of a symbol's order flow: stable across processes and versions."""
    return Shard(crc32(symbol.encode()) % SHARD_COUNT)


_PAIRS = tuple(base32(value, 2) for value in range(1 << 10))


class ClientOrderIds:
    """Numbers the orders of one journal, shard and epoch."""

    __slots__ = ("_front", "_prefix", "_sequence")

    def __init__(self, journal: JournalId, shard: Shard, epoch: Epoch) -> None:
        self._prefix = MARK + journal + base32(shard, 1) + base32(epoch, _EPOCH_LENGTH)
        self._sequence = 0
        self._front = self._prefix + base32(0, _SEQUENCE_LENGTH - 2)

    def next(self) -> ClientOrderId:
        """Give the next id; ids of one epoch never repeat."""
        self._sequence += 1
        high, low = divmod(self._sequence, len(_PAIRS))
        if not low:
            self._front = self._prefix + base32(high, _SEQUENCE_LENGTH - 2)
        return ClientOrderId(self._front + _PAIRS[low])


def is_ours(client_order_id: str) -> bool:
    """Tell whether an order carries the mark of this product, whichever journal sent it."""
    return (
        len(client_order_id) == PREFIX_LENGTH + _SEQUENCE_LENGTH
        and client_order_id.startswith(MARK)
        and all(letter in _VALUES for letter in client_order_id[1:])
    )


def journal_of(client_order_id: str) -> JournalId:
    """Read the journal id out of an id for which `is_ours` holds."""
    return JournalId(client_order_id[1 : 1 + JOURNAL_ID_LENGTH])


def shard_in(client_order_id: str) -> Shard:
    """Read the shard out of an id for which `is_ours` holds."""
    return Shard(_VALUES[client_order_id[1 + JOURNAL_ID_LENGTH]])


def epoch_of(client_order_id: str) -> Epoch:
    """Read the epoch out of an id for which `is_ours` holds."""
    start = 2 + JOURNAL_ID_LENGTH
    value = 0
    for letter in client_order_id[start : start + _EPOCH_LENGTH]:
        value = value * 32 + _VALUES[letter]
    return Epoch(value)
