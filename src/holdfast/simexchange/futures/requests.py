"""What an account may ask of USD-M, and what it is answered.

0 and empty text mean that a parameter was not sent. Every request travels as a ticket; its
outcome is what the request's docstring names, or `Reject`.
"""

from typing import TypeAlias

import msgspec

from holdfast.simexchange.futures.model import (
    AlgoOrder,
    FuturesEvent,
    FuturesOrder,
    FuturesTrade,
    MarginType,
    PublicEmission,
)
from holdfast.simexchange.model import Reject


class FuturesPlace(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A new plain order, LIMIT or MARKET; answered by `FuturesPlaced`.

    `position_side` empty is BOTH. `time_in_force` is GTC, IOC, FOK, GTX or GTD (then with
    `good_till_ns`). `price_match` is empty, or NONE, OPPONENT(_5/10/20), QUEUE(_5/10/20).
    `reduce_only` None was not sent: in hedge mode it may not be sent at all.
    """

    symbol: str
    side: str
    order_type: str
    position_side: str = ""
    time_in_force: str = ""
    quantity: int = 0
    price: int = 0
    reduce_only: bool | None = None
    client_order_id: str = ""
    price_match: str = ""
    stp_mode: str = ""
    good_till_ns: int = 0


class FuturesModify(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """New price and quantity of a LIMIT order; answered by `FuturesModified`."""

    symbol: str
    side: str
    quantity: int
    price: int
    order_id: int | None = None
    original_client_order_id: str = ""
    price_match: str = ""


class FuturesCancel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A cancel by order id or client order id; answered by `FuturesCanceled` with one."""

    symbol: str
    order_id: int | None = None
    original_client_order_id: str = ""


class FuturesCancelAll(msgspec.Struct, frozen=True, gc=False):
    """Cancel all plain orders of a symbol; answered by `FuturesCanceled`, maybe empty."""

    symbol: str


class AlgoPlace(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A new conditional order; answered by `AlgoPlaced`.

    `order_type` is STOP, STOP_MARKET, TAKE_PROFIT, TAKE_PROFIT_MARKET or TRAILING_STOP_MARKET;
    `working_type` empty is CONTRACT_PRICE. `callback_rate` is a percentage: 1 % is 1 x 10^8.
    """

    symbol: str
    side: str
    order_type: str
    position_side: str = ""
    time_in_force: str = ""
    quantity: int = 0
    price: int = 0
    trigger_price: int = 0
    working_type: str = ""
    price_match: str = ""
    close_position: bool = False
    price_protect: bool = False
    reduce_only: bool | None = None
    client_algo_id: str = ""
    stp_mode: str = ""
    good_till_ns: int = 0
    activate_price: int = 0
    callback_rate: int = 0


class AlgoCancel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A cancel by algo id or client algo id; answered by `AlgoCanceled` with one."""

    algo_id: int | None = None
    client_algo_id: str = ""


class AlgoCancelAll(msgspec.Struct, frozen=True, gc=False):
    """Cancel all untriggered conditional orders of a symbol; answered by `AlgoCanceled`."""

    symbol: str


class SetLeverage(msgspec.Struct, frozen=True, gc=False):
    """Change a symbol's leverage; answered by `LeverageSet`."""

    symbol: str
    leverage: int


class SetMarginType(msgspec.Struct, frozen=True, gc=False):
    """Change a symbol's margin type; answered by `Changed`."""

    symbol: str
    margin_type: MarginType


class AdjustMargin(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Add to (or take from, with a negative amount) an isolated wallet; `Changed`."""

    symbol: str
    amount: int
    position_side: str = ""


class SetPositionMode(msgspec.Struct, frozen=True, gc=False):
    """Change to hedge mode (`is_hedge`) or one-way mode; answered by `Changed`."""

    is_hedge: bool


class SetMultiAssets(msgspec.Struct, frozen=True, gc=False):
    """Change the multi-assets mode, which this exchange lacks; answered by `Reject`."""

    is_multi: bool


class Countdown(msgspec.Struct, frozen=True, gc=False):
    """Cancel a symbol's orders in `ms` unless asked again; 0 stops it. `CountdownSet`."""

    symbol: str
    ms: int


FuturesRequest: TypeAlias = (
    FuturesPlace
    | FuturesModify
    | FuturesCancel
    | FuturesCancelAll
    | AlgoPlace
    | AlgoCancel
    | AlgoCancelAll
    | SetLeverage
    | SetMarginType
    | AdjustMargin
    | SetPositionMode
    | SetMultiAssets
    | Countdown
)


class FuturesPlaced(msgspec.Struct, frozen=True, gc=False):
    """The order as it stood right after it was matched, with its executions."""

    order: FuturesOrder
    fills: list[FuturesTrade]


class FuturesModified(msgspec.Struct, frozen=True, gc=False):
    """The order after the change and what it executed at once."""

    order: FuturesOrder
    fills: list[FuturesTrade]


class FuturesCanceled(msgspec.Struct, frozen=True, gc=False):
    """The canceled orders."""

    orders: list[FuturesOrder]


class AlgoPlaced(msgspec.Struct, frozen=True, gc=False):
    """The conditional order as it was taken in."""

    algo: AlgoOrder


class AlgoCanceled(msgspec.Struct, frozen=True, gc=False):
    """The canceled conditional orders."""

    algos: list[AlgoOrder]


class LeverageSet(msgspec.Struct, frozen=True, gc=False):
    """The new leverage and the greatest notional that it allows."""

    symbol: str
    leverage: int
    max_notional: int


class CountdownSet(msgspec.Struct, frozen=True, gc=False):
    """The countdown that runs now; 0 for none."""

    symbol: str
    ms: int


class Changed(msgspec.Struct, frozen=True, gc=False):
    """A setting was changed; `amount` is the isolated margin moved."""

    amount: int = 0


FuturesOutcome: TypeAlias = (
    FuturesPlaced
    | FuturesModified
    | FuturesCanceled
    | AlgoPlaced
    | AlgoCanceled
    | LeverageSet
    | CountdownSet
    | Changed
    | Reject
)


class FuturesTicket(msgspec.Struct, kw_only=True, gc=False):
    """A request on its way; `outcome` is set when `done` is true.

    Ticket ids are unique over spot and futures of one exchange.
    """

    ticket_id: int
    account: str
    request: FuturesRequest
    arrived_ns: int
    due_ns: int
    done: bool = False
    outcome: FuturesOutcome | None = None


class FuturesDone(msgspec.Struct, frozen=True, gc=False):
    """A ticket was resolved at this instant; its account events precede this emission."""

    ticket: FuturesTicket
    at_ns: int


FuturesEmission: TypeAlias = PublicEmission | FuturesEvent | FuturesDone
