"""What a user writes: a class with callbacks that return wishes, run unchanged in every mode.

A callback returns None or a list of intents. Prices and quantities are in the instrument's
units. `Target` and `Quote` are levels and not edges: to say the same again changes nothing,
and what a gate refused, or what had to wait, is wished for again by saying it again.
"""

from collections.abc import Sequence
from enum import Enum
from typing import TypeAlias

import msgspec

from holdfast.decision.context import Context
from holdfast.domain.approval import Refusal
from holdfast.domain.fill import Fill
from holdfast.domain.ids import ClientOrderId, Symbol
from holdfast.domain.intent import Intent
from holdfast.domain.market import Bar, BookTop, TradePrint
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import (
    Order,
    OrderStatus,
    OrderType,
    PositionSide,
    Purpose,
    Side,
)

Wishes: TypeAlias = Sequence[Intent] | None


class TradingMode(Enum):
    """What the gates let through: everything, reductions, or nothing new."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


class History(msgspec.Struct, frozen=True):
    """What a strategy is warmed with: bars that it declared, and its fills since the save.

    The bars of all its symbols and intervals stand in the order in which they closed. Of very
    many fills the newest are given.
    """

    bars: tuple[Bar, ...] = ()
    fills: tuple[Fill, ...] = ()


class OrderUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one order with its reason; NOT_SENT without an id is a refused intent.

    `price` is 0 for the market. `refusals` are the gates that said no. A conditional order is
    TRIGGERED from the moment at which its price came.
    """

    symbol: Symbol
    side: Side
    status: OrderStatus
    client_order_id: ClientOrderId = ClientOrderId("")
    price: PriceUnits = PriceUnits(0)
    quantity: QuantityUnits = QuantityUnits(0)
    cum_quantity: QuantityUnits = QuantityUnits(0)
    leaves_quantity: QuantityUnits = QuantityUnits(0)
    purpose: Purpose = Purpose.ENTRY
    cancel_requested: bool = False
    reason: str = ""
    refusals: tuple[Refusal, ...] = ()
    order_type: OrderType = OrderType.LIMIT
    trigger_price: PriceUnits = PriceUnits(0)
    position_side: PositionSide = PositionSide.BOTH
    order_list_id: str = ""


def order_update(order: Order, *, reason: str = "") -> OrderUpdate:
    """Show an order to its strategy as it stands."""
    request = order.request
    return OrderUpdate(
        symbol=request.symbol,
        side=request.side,
        status=order.status,
        client_order_id=request.client_order_id,
        price=request.price,
        quantity=request.quantity,
        cum_quantity=order.cum_quantity,
        leaves_quantity=order.leaves_quantity,
        purpose=request.purpose,
        cancel_requested=order.cancel_requested,
        reason=reason or order.ending_reason,
        order_type=request.order_type,
        trigger_price=request.trigger_price,
        position_side=request.position_side,
        order_list_id=request.order_list_id,
    )


class Strategy:
    """A strategy; every callback does nothing until a subclass says otherwise.

    `symbols` are what it sees and trades, empty for all of the run. `bars` are intervals such
    as "1m" (s, m, h, d), `history_bars` how many of each it wants before it starts: `start` is
    given the closed ones of that many last intervals, as far as the venue has them. The first
    bar after that begins with the first trade seen. While `ready` is false no intent counts; a
    strategy that has to warm up sets it itself. `context` is there from before `start`.
    """

    symbols: tuple[str, ...] = ()
    bars: tuple[str, ...] = ()
    history_bars: int = 0
    ready: bool = True
    context: Context

    def start(self, context: Context, history: History, *, saved: bytes | None) -> Wishes:
        """Begin, with what `save` gave when this strategy ran last, if it did."""

    def book(self, top: BookTop) -> Wishes:
        """See a new best bid or ask."""

    def book_invalid(self, symbol: Symbol, reason: str) -> Wishes:
        """Learn that a book cannot be trusted until its next `book`."""

    def trade(self, trade: TradePrint) -> Wishes:
        """See a trade of the market."""

    def bar(self, bar: Bar) -> Wishes:
        """See a closed bar."""

    def order(self, update: OrderUpdate) -> Wishes:
        """See a new state of one of its orders, or a refusal, to which only cancels answer."""

    def fill(self, fill: Fill) -> Wishes:
        """See an execution of one of its orders; it is durable already.

        One without a client order id is a trade of the venue, or of a person, that took this
        quantity from the strategy's position.
        """

    def timer(self, name: str, at_ns: int) -> Wishes:
        """Wake at an instant that was asked for with `context.set_timer`."""

    def mode(self, mode: TradingMode) -> Wishes:
        """Learn what the gates let through from now on."""

    def stop(self, reason: str) -> Wishes:
        """End; only cancels are still carried out."""

    def save(self) -> bytes | None:
        """Give the state that `start` gets back; None to be warmed by history instead."""
