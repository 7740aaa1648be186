"""Instruments, opening balances, adjustments and marks."""

from typing import Any, ClassVar

from holdfast.domain.events.event import Event


class InstrumentRegistered(Event, frozen=True, array_like=True):
    """An instrument was first seen, or its filters changed; units never become coarser.

    `definition` is the instrument as a map of plain values.
    """

    TYPE: ClassVar[str] = "instrument.registered/1"
    symbol: str
    definition: dict[str, Any]


class BalanceOpened(Event, frozen=True, array_like=True):
    """An opening balance, valued at its first mark in the quote currency of account."""

    TYPE: ClassVar[str] = "balance.opened/1"
    asset: str
    amount: str
    mark: str
    currency: str
    source: str


class BalanceAdjusted(Event, frozen=True, array_like=True):
    """The venue's balance differed from the fold; the difference is no strategy's."""

    TYPE: ClassVar[str] = "balance.adjusted/1"
    asset: str
    difference: str
    mark: str
    currency: str
    reason: str


class MarkRecorded(Event, frozen=True, array_like=True):
    """A mark for valuation and its source; feeds equity, never state."""

    TYPE: ClassVar[str] = "mark.recorded/1"
    symbol: str
    price: str
    source: str
    venue_at_ns: int
