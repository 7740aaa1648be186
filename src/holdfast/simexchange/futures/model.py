"""The nouns of USD-M: contracts, positions, wallets, income, marks, orders, account facts.

Prices, quantities and amounts are integers of 10^-8 (`numbers.E8`); rates are too; instants are
UTC nanoseconds of market time. What is handed out is a copy and never changes.
"""

from typing import Literal, TypeAlias

import msgspec

from holdfast.simexchange.model import Mark, OwnTrade, Published, SimOrder, SymbolRules
from holdfast.simexchange.numbers import E8

__all__ = ["Mark"]

PositionSide: TypeAlias = Literal["BOTH", "LONG", "SHORT"]
MarginType: TypeAlias = Literal["cross", "isolated"]


class Bracket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One step of the leverage table: notional from `floor` up to `cap`.

    Maintenance margin is `notional x maintenance_rate - cumulative`.
    """

    bracket: int
    initial_leverage: int
    floor: int
    cap: int
    maintenance_rate: int
    cumulative: int


class ContractRules(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the venue says of a perpetual beside the filters of `rules`.

    `liquidation_fee` and `market_take_bound` are rates. `stp_modes` are those that an order
    may name. `mark_source` is "recording" or "smoothed mid".
    """

    rules: SymbolRules
    brackets: tuple[Bracket, ...]
    funding_interval_ns: int
    funding_rate: int
    funding_cap: int
    funding_floor: int
    liquidation_fee: int
    market_take_bound: int
    max_algo_orders: int
    onboard_ns: int
    stp_modes: tuple[str, ...] = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH")
    contract_type: str = "PERPETUAL"

    @property
    def symbol(self) -> str:
        """Return the symbol's name."""
        return self.rules.symbol

    @property
    def margin_asset(self) -> str:
        """Return the asset in which margin is held and profit is paid."""
        return self.rules.quote

    @property
    def max_leverage(self) -> int:
        """Return the highest leverage of any bracket."""
        return self.brackets[0].initial_leverage


class FuturesOrder(SimOrder, kw_only=True, gc=False):
    """A plain order of USD-M.

    `order_type` is LIMIT or MARKET (LIQUIDATION for the venue's own); `original_type` is the
    conditional type of an order that an algo order became, whose `algo_id` and `trigger_price`
    it then carries. `fee_rate` is what the venue's own order is charged.
    """

    position_side: PositionSide = "BOTH"
    reduce_only: bool = False
    close_position: bool = False
    good_till_ns: int = 0
    price_match: str = "NONE"
    original_type: str = ""
    trigger_price: int = 0
    working_type: str = "CONTRACT_PRICE"
    price_protect: bool = False
    activate_price: int = 0
    callback_rate: int = 0
    algo_id: int = 0
    realized: int = 0
    modified_count: int = 0

    @property
    def avg_price(self) -> int:
        """Return the average price of what was executed, 0 before."""
        return self.cum_quote * E8 // self.cum_quantity if self.cum_quantity else 0


class FuturesTrade(OwnTrade, frozen=True, kw_only=True, gc=False):
    """One execution; `realized` is signed, before the fee, of the margin asset."""

    position_side: PositionSide = "BOTH"
    realized: int = 0
    realized_asset: str = ""


class AlgoOrder(msgspec.Struct, kw_only=True, gc=False):
    """A conditional order in its own book.

    `status` is NEW, TRIGGERING, TRIGGERED, FINISHED, CANCELED, EXPIRED or REJECTED. `quantity`
    is 0 with `close_position`. From the trigger on `actual_order_id` is the plain order's id
    (0 before), whose executions stand in `actual_quantity` and `actual_price` (the average).
    `extreme_price` is what a trailing order has seen best since it was activated.
    """

    account: str
    algo_id: int
    client_algo_id: str
    symbol: str
    side: str
    order_type: str
    position_side: PositionSide
    time_in_force: str
    quantity: int
    price: int
    trigger_price: int
    working_type: str
    created_ns: int
    updated_ns: int
    status: str = "NEW"
    price_match: str = "NONE"
    reduce_only: bool = False
    close_position: bool = False
    price_protect: bool = False
    stp_mode: str = "EXPIRE_MAKER"
    good_till_ns: int = 0
    activate_price: int = 0
    callback_rate: int = 0
    is_activated: bool = False
    extreme_price: int = 0
    triggered_ns: int = 0
    actual_order_id: int = 0
    actual_type: str = ""
    actual_price: int = 0
    actual_quantity: int = 0
    reject_code: int = 0
    reject_reason: str = ""


class PositionView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A position as it is now, also one that is flat.

    `quantity` is signed, `entry_value` its unsigned cost: exact, where `entry_price` is
    `entry_value / |quantity|` rounded down. `notional` is signed, at the mark.
    `break_even_price` counts the fees and profits since it was opened. `liquidation_price` is 0
    where none exists. `initial_margin` is `position_margin + order_margin`.
    `isolated_margin` is `isolated_wallet + unrealized` of an isolated position, else 0.
    """

    symbol: str
    side: PositionSide
    quantity: int
    entry_price: int
    entry_value: int
    break_even_price: int
    mark_price: int
    unrealized: int
    realized: int
    notional: int
    leverage: int
    max_notional: int
    margin_type: MarginType
    margin_asset: str
    isolated_wallet: int
    isolated_margin: int
    position_margin: int
    order_margin: int
    maintenance_margin: int
    bid_notional: int
    ask_notional: int
    liquidation_price: int
    adl_quantile: int
    updated_ns: int

    @property
    def initial_margin(self) -> int:
        """Return what position and open orders take together."""
        return self.position_margin + self.order_margin


class WalletView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A margin asset of an account; `wallet` is `cross_wallet` plus all isolated wallets."""

    asset: str
    wallet: int
    cross_wallet: int
    unrealized: int
    cross_unrealized: int
    position_margin: int
    order_margin: int
    maintenance_margin: int
    available: int
    max_withdraw: int
    updated_ns: int

    @property
    def initial_margin(self) -> int:
        """Return what positions and open orders take together."""
        return self.position_margin + self.order_margin

    @property
    def margin_balance(self) -> int:
        """Return the wallet and the profit of all positions."""
        return self.wallet + self.unrealized


class Income(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A movement of a wallet; `tran_id` is unique, `trade_id` 0 without an execution.

    `kind` is TRANSFER, REALIZED_PNL, FUNDING_FEE, COMMISSION, INSURANCE_CLEAR or what
    `Demands.move_wallet` was told.
    """

    tran_id: int
    kind: str
    symbol: str
    asset: str
    amount: int
    info: str
    trade_id: int
    at_ns: int


class FundingPoint(msgspec.Struct, frozen=True, gc=False):
    """A funding that happened: rate and mark price at an instant."""

    at_ns: int
    symbol: str
    rate: int
    mark: int


class SymbolSetting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Leverage and margin type of an account's symbol (`symbolConfig`)."""

    symbol: str
    leverage: int
    margin_type: MarginType
    max_notional: int


class ForcedOrder(msgspec.Struct, frozen=True, gc=False):
    """A liquidation as the public `forceOrder` stream tells it."""

    at_ns: int
    order: FuturesOrder


class FuturesOrderUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One ORDER_TRADE_UPDATE: `order` is the order after this execution, copied.

    `execution_type` is NEW, CANCELED, CALCULATED, EXPIRED, TRADE or AMENDMENT; `trade` is set
    for TRADE and CALCULATED. `bid_notional` and `ask_notional` are those of the account's open
    orders of the symbol.
    """

    at_ns: int
    execution_type: str
    order: FuturesOrder
    trade: FuturesTrade | None = None
    bid_notional: int = 0
    ask_notional: int = 0
    expire_reason: str = ""


class WalletChange(msgspec.Struct, frozen=True, gc=False):
    """`B` of ACCOUNT_UPDATE; `change` leaves out profit and fees, as the venue says."""

    asset: str
    wallet: int
    cross_wallet: int
    change: int


class MarginUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One ACCOUNT_UPDATE: only what changed.

    `reason` is ORDER, FUNDING_FEE, DEPOSIT, WITHDRAW, ADJUSTMENT, MARGIN_TRANSFER,
    INSURANCE_CLEAR, MARGIN_TYPE_CHANGE or ADMIN_DEPOSIT.
    """

    at_ns: int
    reason: str
    balances: list[WalletChange]
    positions: list[PositionView]


class AlgoUpdate(msgspec.Struct, frozen=True, gc=False):
    """One ALGO_UPDATE: the order after the change, copied."""

    at_ns: int
    algo: AlgoOrder


class MarginCall(msgspec.Struct, frozen=True, gc=False):
    """The margin is near to its maintenance; `cross_wallet` is 0 for isolated positions."""

    at_ns: int
    cross_wallet: int
    positions: list[PositionView]


class ConfigUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Leverage of a symbol, or (with an empty symbol) the multi-assets mode was changed."""

    at_ns: int
    symbol: str = ""
    leverage: int = 0
    multi_assets: bool = False


class ConditionalReject(msgspec.Struct, frozen=True, gc=False):
    """A conditional order was triggered and its plain order refused."""

    at_ns: int
    algo: AlgoOrder
    code: int
    reason: str


FuturesFact: TypeAlias = (
    FuturesOrderUpdate
    | MarginUpdate
    | AlgoUpdate
    | MarginCall
    | ConfigUpdate
    | ConditionalReject
)


class FuturesEvent(msgspec.Struct, frozen=True, gc=False):
    """A fact for the user stream of one account."""

    account: str
    event: FuturesFact


class Liquidated(msgspec.Struct, frozen=True, gc=False):
    """A liquidation became public now."""

    forced: ForcedOrder


PublicEmission: TypeAlias = Published | Liquidated
