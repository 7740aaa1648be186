"""Instruments, opening balances and positions, movements of wallets, and marks."""

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
    venue_at_ns: int = 0


class PositionOpened(Event, frozen=True, array_like=True):
    """A position of a contract that stands at the venue and that no known execution made.

    `quantity` is signed, `entry_price` the venue's text, and `cost` what the two make, signed
    alike: it leaves cash and enters the open cost, so that the wallet stays what it is.
    """

    TYPE: ClassVar[str] = "position.opened/1"
    symbol: str
    position_side: str
    quantity: str
    entry_price: str
    cost: str
    source: str


class FundingPaid(Event, frozen=True, array_like=True):
    """Funding of a contract was paid, or received when `amount` is above zero.

    `tran_id` is the venue's, unique within its kind, so that each is booked once.
    """

    TYPE: ClassVar[str] = "funding.paid/1"
    tran_id: str
    symbol: str
    asset: str
    amount: str
    venue_at_ns: int
    kind: str = "FUNDING_FEE"


class WalletMoved(Event, frozen=True, array_like=True):
    """A wallet moved by something that is neither an execution nor funding.

    `kind` is the venue's word (TRANSFER, INSURANCE_CLEAR, ...); the amount is signed, and
    valued at its mark in the currency.
    """

    TYPE: ClassVar[str] = "wallet.moved/1"
    tran_id: str
    kind: str
    symbol: str
    asset: str
    amount: str
    trade_id: str
    mark: str
    currency: str
    venue_at_ns: int


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
