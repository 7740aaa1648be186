"""The simulator's own nouns: market records, rules, orders, account events, requests, answers.

Prices, quantities and amounts are integers of 10^-8 (`numbers.E8`); instants are UTC
nanoseconds of market time. A record is never changed after it was made, so it may be shared.
"""

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from holdfast.simexchange.numbers import E8

if TYPE_CHECKING:
    from holdfast.simexchange import requests

Side: TypeAlias = Literal["BUY", "SELL"]
Level: TypeAlias = tuple[int, int]

NEVER_NS = 1 << 62


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """The whole book at one update id; bids fall and asks rise in price."""

    at_ns: int
    symbol: str
    last_update_id: int
    bids: list[Level]
    asks: list[Level]


class Depth(msgspec.Struct, frozen=True, gc=False):
    """Absolute quantities of the levels that changed; quantity 0 removes a level.

    `prev_id` is the `pu` of USD-M recordings and 0 on spot.
    """

    at_ns: int
    symbol: str
    first_id: int
    last_id: int
    prev_id: int
    bids: list[Level]
    asks: list[Level]


class Ticker(msgspec.Struct, frozen=True, gc=False):
    """The best bid and ask (`bookTicker`)."""

    at_ns: int
    symbol: str
    update_id: int
    bid: int
    bid_quantity: int
    ask: int
    ask_quantity: int


class Trade(msgspec.Struct, frozen=True, gc=False):
    """One recorded print; `trade_id` is the row's own id, `a` where it is aggregated.

    `first_id` and `last_id` are the trades it stands for (both `trade_id` for a single one).
    `buyer_is_maker` true means that the aggressor sold.
    """

    at_ns: int
    symbol: str
    trade_id: int
    price: int
    quantity: int
    buyer_is_maker: bool
    first_id: int
    last_id: int


class Mark(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A perpetual's mark and index price and its next funding (`markPriceUpdate`)."""

    at_ns: int
    symbol: str
    mark: int
    index: int
    funding_rate: int
    next_funding_ns: int


Record: TypeAlias = Snapshot | Depth | Ticker | Trade | Mark


class SymbolRules(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the venue says about a symbol; 0 switches a maximum or a market step off.

    `product` is "spot", or "linear" for a perpetual of USD-M (`futures.ContractRules`).
    Multipliers and rates are counts of 10^-8 too (1.5 is 150_000_000). `first_price` is the
    first price of the market, from which the demonstration account's base balance is derived.
    `trailing_*` are the least and the greatest delta in basis points; `*_range` bound the
    prices of executions by multiples of the reference price, the mean of the trades in
    `reference_buckets` (a width in ms, and how many); 0 buckets: the symbol has none.
    """

    symbol: str
    base: str
    quote: str
    product: Literal["spot", "linear"] = "spot"
    status: str = "TRADING"
    tick: int
    step: int
    min_price: int
    max_price: int
    min_quantity: int
    max_quantity: int
    market_step: int = 0
    market_min_quantity: int = 0
    market_max_quantity: int = 0
    min_notional: int = 0
    max_notional: int = 0
    min_notional_on_market: bool = True
    max_notional_on_market: bool = False
    notional_average_minutes: int = 5
    bid_multiplier_up: int = 5 * E8
    bid_multiplier_down: int = E8 // 5
    ask_multiplier_up: int = 5 * E8
    ask_multiplier_down: int = E8 // 5
    max_orders: int = 200
    stp_mode: str = "EXPIRE_MAKER"
    maker_rate: int | None = None
    taker_rate: int | None = None
    first_price: int = 0
    filters_source: str = ""
    max_algo_orders: int = 5
    max_iceberg_orders: int = 100
    iceberg_parts: int = 100
    max_order_lists: int = 20
    max_order_amends: int = 10
    max_position: int = 0
    trailing_above: tuple[int, int] = (10, 2000)
    trailing_below: tuple[int, int] = (10, 2000)
    bid_range: tuple[int, int] = (0, 0)
    ask_range: tuple[int, int] = (0, 0)
    reference_buckets: tuple[int, int] = (0, 0)


class SimOrder(msgspec.Struct, kw_only=True, gc=False):
    """An order as the exchange knows it; what is handed out is a copy and never changes.

    `status` is NEW, PENDING_NEW, PARTIALLY_FILLED, FILLED, CANCELED, EXPIRED,
    EXPIRED_IN_MATCH or REJECTED. `client_order_id` stays the ORIGINAL id after a cancel; the
    canceling request's own stands in `OrderUpdate.client_order_id`. `working_ns` is 0 before
    the order works, `trailing_ns` before its trail follows the price. `lock_id` names the lock
    that pays for the order, `funding_price` what a unit of it locks.
    """

    account: str
    symbol: str
    order_id: int
    client_order_id: str
    side: Side
    order_type: str
    time_in_force: str
    quantity: int
    quote_quantity: int
    price: int
    stp_mode: str
    created_ns: int
    updated_ns: int
    working_ns: int
    status: str = "NEW"
    cum_quantity: int = 0
    cum_quote: int = 0
    prevented_quantity: int = 0
    expiry_reason: str = ""
    is_working: bool = False
    strategy_id: int | None = None
    strategy_type: int | None = None
    iceberg_quantity: int = 0
    stop_price: int = 0
    trailing_delta: int = 0
    trailing_ns: int = 0
    list_id: int = -1
    lock_id: int = 0
    funding_price: int = 0
    trade_group_id: int = -1
    prevented_match_id: int = 0
    amend_count: int = 0

    @property
    def leaves_quantity(self) -> int:
        """Return what can still be executed."""
        return self.quantity - self.cum_quantity - self.prevented_quantity


class OwnTrade(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One execution of an account's order, as `myTrades` and the `fills` of a FULL answer."""

    account: str
    symbol: str
    trade_id: int
    order_id: int
    client_order_id: str
    side: Side
    price: int
    quantity: int
    quote_quantity: int
    fee: int
    fee_asset: str
    is_maker: bool
    at_ns: int
    list_id: int = -1


class Balance(msgspec.Struct, frozen=True, gc=False):
    """Free and locked amount of one asset, neither below zero."""

    asset: str
    free: int
    locked: int


class OrderUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One executionReport: `order` is the order after this execution, copied.

    `execution_type` is NEW, CANCELED, REPLACED, REJECTED, TRADE, EXPIRED or TRADE_PREVENTION.
    `trade` is set for TRADE alone. `client_order_id` is the report's `c` and
    `original_client_order_id` its `C`: on CANCELED the canceling request's id and the order's
    id, on REPLACED the new and the former id, else the order's id and an empty text.
    `counter_*`, `last_prevented_quantity` and (of a transfer) `prevented_*` belong to
    TRADE_PREVENTION.
    """

    at_ns: int
    execution_type: str
    execution_id: int
    order: SimOrder
    client_order_id: str
    original_client_order_id: str = ""
    trade: OwnTrade | None = None
    reject_reason: str = "NONE"
    prevented_match_id: int = 0
    last_prevented_quantity: int = 0
    counter_order_id: int = 0
    counter_symbol: str = ""
    prevented_price: int = 0
    prevented_quote: int = 0


class BalanceUpdate(msgspec.Struct, frozen=True, gc=False):
    """The assets that an event changed, after it (`outboundAccountPosition`)."""

    at_ns: int
    balances: list[Balance]


AccountFact: TypeAlias = (
    "OrderUpdate | BalanceUpdate | requests.ListUpdate | requests.BalanceShift"
)


class PlaceRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A new order; 0 and empty text mean that the parameter was not sent."""

    symbol: str
    side: str
    order_type: str
    time_in_force: str = ""
    quantity: int = 0
    quote_quantity: int = 0
    price: int = 0
    client_order_id: str = ""
    stp_mode: str = ""
    strategy_id: int | None = None
    strategy_type: int | None = None
    iceberg_quantity: int = 0
    stop_price: int = 0
    trailing_delta: int = 0


class CancelRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A cancel by order id, original client order id, or both; see `check_restrictions`."""

    symbol: str
    order_id: int | None = None
    original_client_order_id: str = ""
    new_client_order_id: str = ""
    restrictions: str = ""


class Reject(msgspec.Struct, frozen=True, gc=False):
    """The venue's refusal: its code and its text; nothing was done."""

    code: int
    message: str


class Placed(msgspec.Struct, frozen=True, gc=False):
    """The order as it stood right after it was matched, with the executions of that instant."""

    order: SimOrder
    fills: list[OwnTrade]
    prevented: "list[requests.PreventedMatch]" = []


class Canceled(msgspec.Struct, frozen=True, gc=False):
    """The canceled orders, each with the client id of its CANCELED report, and their lists."""

    orders: list[SimOrder]
    client_order_ids: list[str]
    lists: "dict[int, requests.ListView]" = {}


Outcome: TypeAlias = (
    "Placed | Canceled | Reject | requests.Listed | requests.Replaced | requests.Amended"
)


class Ticket(msgspec.Struct, kw_only=True, gc=False):
    """A request on its way to the matching core; `outcome` is set when `done` is true."""

    ticket_id: int
    account: str
    request: "PlaceRequest | CancelRequest | requests.Request | None"
    symbol: str
    arrived_ns: int
    due_ns: int
    done: bool = False
    outcome: "Outcome | None" = None


class Published(msgspec.Struct, frozen=True, gc=False):
    """A market record that became public now."""

    record: Record


class AccountEvent(msgspec.Struct, frozen=True, gc=False):
    """A fact for the user stream of one account."""

    account: str
    event: AccountFact


class TicketDone(msgspec.Struct, frozen=True, gc=False):
    """A ticket was resolved at this instant; its account events precede this emission."""

    ticket: Ticket
    at_ns: int


Emission: TypeAlias = Published | AccountEvent | TicketDone


class DepthView(msgspec.Struct, frozen=True, gc=False):
    """The recording's book, best levels first; it fits the depth diffs published after it."""

    symbol: str
    last_update_id: int
    at_ns: int
    bids: list[Level]
    asks: list[Level]


class Bar(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A candle made of the trades seen; `close_ns` is the last nanosecond of its interval."""

    symbol: str
    interval: str
    open_ns: int
    close_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    quote_volume: int
    trade_count: int
    taker_buy_volume: int
    taker_buy_quote_volume: int
    first_trade_id: int
    last_trade_id: int


class DayStatistics(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The rolling 24 hours of a symbol; prices are 0 before the first trade."""

    symbol: str
    open_ns: int
    close_ns: int
    open: int
    high: int
    low: int
    last: int
    last_quantity: int
    volume: int
    quote_volume: int
    weighted_average: int
    first_trade_id: int
    last_trade_id: int
    trade_count: int
