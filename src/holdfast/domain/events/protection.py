"""The protective stop of a position: what is wanted, and for how long it was not there.

A protection belongs to one position of a strategy. Its orders are ordinary ones; these events
are what has to survive a crash beside them.
"""

from typing import ClassVar

from holdfast.domain.events.event import Event


class ProtectionSet(Event, frozen=True, array_like=True):
    """A position is to have a stop on these terms; `price` 0 sells or buys at the market.

    `side` is that of the stop: it sells what is long and buys what is short.
    """

    TYPE: ClassVar[str] = "protection.set/1"
    strategy: str
    symbol: str
    position_side: str
    trigger_price: str
    price: str
    trigger_by: str
    reason: str
    side: str = "sell"


class ProtectionCovered(Event, frozen=True, array_like=True):
    """The venue has confirmed a stop on these terms; before it there was none for so long.

    `uncovered_ns` is 0 where the stop before it was live all the time.
    """

    TYPE: ClassVar[str] = "protection.covered/1"
    strategy: str
    symbol: str
    position_side: str
    client_order_id: str
    uncovered_ns: int
    trigger_price: str = "0"
    price: str = "0"
    trigger_by: str = "last"


class ProtectionUncovered(Event, frozen=True, array_like=True):
    """From this instant on no stop of a position that is to have one is known to live."""

    TYPE: ClassVar[str] = "protection.uncovered/1"
    strategy: str
    symbol: str
    position_side: str
    since_ns: int
    reason: str


class ProtectionOverdue(Event, frozen=True, array_like=True):
    """A position was without a stop for longer than allowed; `response` is what is done now.

    That is `old terms`, `exit`, or `wait` where either could turn the position over.
    """

    TYPE: ClassVar[str] = "protection.overdue/1"
    strategy: str
    symbol: str
    position_side: str
    uncovered_ns: int
    response: str


class ProtectionEnded(Event, frozen=True, array_like=True):
    """A position is to have no stop any more: it is flat, or the strategy gave it up."""

    TYPE: ClassVar[str] = "protection.ended/1"
    strategy: str
    symbol: str
    position_side: str
    uncovered_ns: int
    reason: str
