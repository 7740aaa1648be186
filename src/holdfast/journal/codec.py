"""Events to bytes and back: MessagePack arrays in the order of their fields.

An event that this program does not know in full is refused, never guessed at: an unknown type,
a later version, more fields than it knows.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from holdfast.domain.event import Header, Record
from holdfast.domain.events import CATALOGUE, Event
from holdfast.domain.ids import AccountId, Epoch, Shard
from holdfast.domain.instant import UtcNs
from holdfast.errors import JournalCorrupt, JournalNewer
from holdfast.journal.chain import Row

# From an older stored type to the next version's type, and a pure function of its fields. The
# stored bytes and their hashes stay as they are.
Upcaster = tuple[str, Callable[[list[Any]], list[Any]]]
UPCASTERS: dict[str, Upcaster] = {}

_FIXARRAY = 0x90
_ARRAY16 = 0xDC

# Keys of maps inside an event are sorted, so that equal events have equal bytes.
_encoder = msgspec.msgpack.Encoder(order="deterministic")
_decoders = {name: msgspec.msgpack.Decoder(kind) for name, kind in CATALOGUE.items()}
_field_counts = {name: len(kind.__struct_fields__) for name, kind in CATALOGUE.items()}


def encode(event: Event) -> bytes:
    """Give the stored bytes of an event."""
    return _encoder.encode(event)


def decode(
    kind: str, body: bytes, *, seq: int = 0, upcasters: Mapping[str, Upcaster] = UPCASTERS
) -> Event:
    """Give the event of stored bytes; JournalNewer when a later version wrote them."""
    decoder = _decoders.get(kind)
    if decoder is None:
        return _upcast(kind, body, seq=seq, upcasters=upcasters)
    if _length(body) > _field_counts[kind]:
        raise JournalNewer(
            f"record {seq} ({kind}) has more fields than this version knows; "
            "read it with the version that wrote it, or a later one"
        )
    try:
        event: Event = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalCorrupt(f"record {seq} ({kind}) cannot be decoded: {error}") from error
    return event


def decode_row(row: Row) -> Record:
    """Give the record of a stored row."""
    seq, account, shard, epoch, kind, recorded_at_ns, body, _ = row
    header = Header(
        seq, AccountId(account), Shard(shard), Epoch(epoch), kind, UtcNs(recorded_at_ns)
    )
    return Record(header, decode(kind, body, seq=seq))


def _upcast(kind: str, body: bytes, *, seq: int, upcasters: Mapping[str, Upcaster]) -> Event:
    if kind not in upcasters:
        raise JournalNewer(
            f"record {seq} has type {kind!r}, which this version does not know; "
            "read it with the version that wrote it, or a later one"
        )
    fields = msgspec.msgpack.decode(body, type=list[Any])
    while kind in upcasters:
        kind, lift = upcasters[kind]
        fields = lift(fields)
    return decode(kind, _encoder.encode(fields), seq=seq, upcasters=upcasters)


def _length(body: bytes) -> int:
    first = body[0] if body else 0
    if first & 0xF0 == _FIXARRAY:
        return first & 0x0F
    return int.from_bytes(body[1:3], "big") if first == _ARRAY16 else 0
