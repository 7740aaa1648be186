"""The venue, as three protocols that share nothing but the instrument table.

`MarketData` needs no key. `AccountView` has a read-only key. `OrderEntry` has the trading key
and lives in the gateway. Reports reach the trader through the sinks, on the trader's thread,
and one adapter package implements all three.
"""

from enum import Enum
from typing import Protocol, TypeAlias

import msgspec

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Instrument
from holdfast.domain.market import Bar, MarketEvent
from holdfast.domain.money import AmountUnits, Asset, PriceUnits, QuantityUnits
from holdfast.domain.order import (
    LiquiditySide,
    NewOrder,
    OrderType,
    Origin,
    PositionSide,
    Side,
    TimeInForce,
)
from holdfast.domain.submission import Submission, Unknown


class ReportKind(Enum):
    """What a report says happened.

    TRIGGERED is a conditional order whose price has come, also where it goes on under a new
    venue order id, which the report then names.
    """

    ACKED = "acked"
    TRIGGERED = "triggered"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    STATUS = "status"


class Execution(msgspec.Struct, frozen=True):
    """The trade inside a report; `fee` in units of 10^-18 of its asset.

    `realized` is the venue's own realized profit of a contract in units of 10^-18 of its settle
    asset, None where the venue names none (spot).
    """

    exec_id: ExecId
    last_price: PriceUnits
    last_quantity: QuantityUnits
    fee: AmountUnits
    fee_asset: Asset
    liquidity_side: LiquiditySide
    realized: AmountUnits | None = None


class OrderReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the venue says of one order, by stream or by query.

    `client_order_id` is the order's own id, also on a cancel (spot names the cancel's id
    elsewhere); where the venue has a triggered stop under a new id, it is the stop's.
    `status_text` is the venue's word, kept for unknown values. `source` is `stream`, `response`
    or `query`. `origin` is the venue itself for liquidation, deleveraging and settlement.
    """

    kind: ReportKind
    client_order_id: ClientOrderId
    venue_order_id: VenueOrderId
    symbol: Symbol
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    price: PriceUnits
    quantity: QuantityUnits
    cum_quantity: QuantityUnits
    execution: Execution | None = None
    reason: str = ""
    status_text: str = ""
    venue_at_ns: UtcNs = UtcNs(0)
    received_at_ns: UtcNs = UtcNs(0)
    source: str = "stream"
    position_side: PositionSide = PositionSide.BOTH
    reduce_only: bool = False
    trigger_price: PriceUnits = PriceUnits(0)
    order_list_id: str = ""
    origin: Origin = Origin.REQUEST


class TradeReport(msgspec.Struct, frozen=True, kw_only=True):
    """One execution as the venue's trade query gives it; the client order id is not in it."""

    symbol: Symbol
    venue_order_id: VenueOrderId
    side: Side
    execution: Execution
    venue_at_ns: UtcNs
    position_side: PositionSide = PositionSide.BOTH


class BalanceReport(msgspec.Struct, frozen=True):
    """Free plus locked amount of one asset, in units of 10^-18; of a margin account its wallet.

    A wallet holds what was realized and nothing of open positions.
    """

    asset: Asset
    total: AmountUnits


class PositionReport(msgspec.Struct, frozen=True, kw_only=True):
    """A position as the venue holds it; `quantity` is signed, `entry_price` exact text.

    `margin_type` is `cross` or `isolated`, `liquidation_price` empty where there is none.
    """

    symbol: Symbol
    position_side: PositionSide
    quantity: QuantityUnits
    entry_price: str = "0"
    mark_price: str = ""
    liquidation_price: str = ""
    leverage: int = 1
    margin_type: str = "cross"


class IncomeReport(msgspec.Struct, frozen=True, kw_only=True):
    """A movement of a margin wallet; `kind` is the venue's word, as FUNDING_FEE or TRANSFER.

    `tran_id` is unique within its kind, so each is booked once. `amount` is signed, in units of
    10^-18 of `asset`.
    """

    tran_id: str
    kind: str
    symbol: Symbol
    asset: Asset
    amount: AmountUnits
    trade_id: str
    venue_at_ns: UtcNs


class CancelAcked(msgspec.Struct, frozen=True, tag=True):
    """The venue says that the order rests no more."""

    cum_quantity: QuantityUnits


class CancelRefused(msgspec.Struct, frozen=True, tag=True):
    """The venue did not cancel; not a proof of anything about the order."""

    code: int
    message: str


CancelAnswer: TypeAlias = CancelAcked | CancelRefused | Unknown


class CancelOrder(msgspec.Struct, frozen=True):
    """The wish to cancel one order.

    Where a venue keeps stops apart, `order_type` says where to look, and `venue_order_id` (the
    newest that is known) whether the stop was triggered and rests as an order of its own.
    """

    symbol: Symbol
    client_order_id: ClientOrderId
    order_type: OrderType = OrderType.LIMIT
    venue_order_id: VenueOrderId = VenueOrderId("")


class MarketSink(Protocol):
    """Where market data goes."""

    def on_market(self, event: MarketEvent) -> None:
        """Take one decoded message, in the order of its stream."""

    def on_book_invalid(self, symbol: Symbol, reason: str) -> None:
        """Learn that a book cannot be trusted until its next snapshot."""

    def on_frame_end(self) -> None:
        """Learn that a frame's messages were all handed over; the journal's writer is woken."""

    def on_ping(self, connection: "Pingable", payload: bytes) -> None:
        """Take a ping that has to be answered in due time by `connection.pong(payload)`."""


class Pingable(Protocol):
    """A connection whose pings the trader answers itself in paper mode."""

    def pong(self, payload: bytes) -> None:
        """Answer a ping with its payload."""


class AccountSink(Protocol):
    """Where the account's own reports go."""

    def on_report(self, report: OrderReport) -> None:
        """Take one report of the user stream, in its order."""

    def on_account_changed(self, reason: str) -> None:
        """Learn that balances or positions moved without an execution (`FUNDING_FEE`, ...).

        `reason` is the venue's word; what moved has to be asked for.
        """

    def on_frame_end(self) -> None:
        """Learn that a frame's reports were all handed over."""

    def on_account_connected(self) -> None:
        """Learn that the user stream is (again) subscribed; reconciliation has to follow."""

    def on_account_lost(self, reason: str) -> None:
        """Learn that the user stream is gone; new risk is blocked from here."""

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Take a ping as in `MarketSink`."""


class OrderSink(Protocol):
    """Where the answers to submissions and cancels go; each is given exactly once."""

    def on_submission(self, client_order_id: ClientOrderId, answer: Submission) -> None:
        """Take the answer to a submission."""

    def on_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        """Take the answer to a cancel."""


class MarketData(Protocol):
    """Public data of a venue."""

    async def instruments(self, symbols: list[Symbol]) -> list[Instrument]:
        """Fetch the instruments; `NotFound` names the first unknown symbol."""

    async def bars(self, symbol: Symbol, *, interval_ns: int, count: int) -> list[Bar]:
        """Fetch the closed bars of the last `count` intervals, oldest first.

        Intervals without a trade have no bar, and a venue that does not reach back so far gives
        what it has. Changes nothing; works before `start` once the instruments are known.
        """

    async def start(self, instruments: list[Instrument], sink: MarketSink) -> None:
        """Connect, subscribe, and keep both up until `close`; returns when data may flow."""

    async def close(self) -> None:
        """Disconnect; idempotent."""


class OrderEntry(Protocol):
    """The way orders take to the venue; signing happens inside."""

    @property
    def is_connected(self) -> bool:
        """Tell whether an order could be written now."""

    @property
    def can_cancel(self) -> bool:
        """Tell whether a cancel could be written now, also while orders have to wait."""

    async def start(self, instruments: list[Instrument], sink: OrderSink) -> None:
        """Connect and keep the connection up until `close`."""

    def submit(self, order: NewOrder) -> None:
        """Write the order before returning; the answer comes by `on_submission`, always once.

        Never resent by the adapter. A lost connection or a time-out answers Unknown.
        """

    def cancel(self, cancel: CancelOrder) -> None:
        """Write the cancel before returning; idempotent at the venue."""

    def submit_list(self, orders: tuple[NewOrder, ...]) -> None:
        """Write the orders of one list as one request; each is answered by `on_submission`.

        Where the venue has no such list every order is rejected and nothing is written.
        """

    def replace(self, cancel: CancelOrder, order: NewOrder) -> None:
        """Write one request that cancels and, only if that succeeds, places.

        Answered by `on_cancel` and then `on_submission`. Where the venue has none, both are
        refused and nothing is written.
        """

    async def close(self) -> None:
        """Disconnect; what is unanswered becomes Unknown."""


class CountdownCancel(Protocol):
    """The venue's own dead man's switch: it cancels a symbol's orders unless it is refreshed.

    Needs the trading key. What it does to conditional orders is the venue's affair.
    """

    async def countdown(self, symbol: Symbol, *, ms: int) -> None:
        """Start the countdown of a symbol anew, or end it with 0.

        `VenueTimeout` when it is not known whether that was done, `VenueUnavailable` or
        `VenueRefused` when it was not.
        """


class AccountView(Protocol):
    """The account as the venue sees it; every query may raise `VenueTimeout`."""

    async def start(self, instruments: list[Instrument], sink: AccountSink) -> None:
        """Subscribe to the user stream and keep it up until `close`."""

    async def balances(self) -> list[BalanceReport]:
        """Fetch every non-zero balance."""

    async def positions(self) -> list[PositionReport]:
        """Fetch every position of contracts that is not flat; empty for spot."""

    async def income(self, *, after_ns: UtcNs) -> list[IncomeReport]:
        """Fetch movements of the margin wallet after an instant, in order, all pages.

        Empty for spot. Executions' own movements (profit, fees) are left out: their reports
        name them.
        """

    async def open_orders(self, symbol: Symbol) -> list[OrderReport]:
        """Fetch the orders that rest."""

    async def order(self, symbol: Symbol, client_order_id: ClientOrderId) -> OrderReport | None:
        """Fetch one order; None when the venue does not know it, which proves nothing yet."""

    async def orders(self, symbol: Symbol, *, after: VenueOrderId | None) -> list[OrderReport]:
        """Fetch orders of any state after an order of the venue, in order, all pages.

        None means the newest page.
        """

    async def trades(self, symbol: Symbol, *, after: ExecId | None) -> list[TradeReport]:
        """Fetch executions after a trade id in order, all pages; None means the newest page."""

    async def close(self) -> None:
        """Disconnect; idempotent."""
