"""A strategy on its own: market events in, wishes and simple fills out.

There is no venue, no gate and no journal: a market order fills at once at the top, a resting
one when the market comes to its price, a stop when it comes to its trigger. Of a list only the
first order rests, and nothing keeps stops: `Protect` and trailing stops want a run. It shows
what a strategy would do, not what it earns.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from holdfast.decision.check import intervals_ns
from holdfast.decision.context import Context
from holdfast.decision.host import Answer, Hosted
from holdfast.decision.sizing import QUOTE, CancelWish, Sized, size
from holdfast.decision.strategy import History, OrderUpdate, Strategy
from holdfast.decision.view import PositionView, WorkingOrder
from holdfast.domain.fill import Fill
from holdfast.domain.ids import (
    AccountId,
    ClientOrderId,
    ExecId,
    StrategyId,
    Symbol,
    VenueOrderId,
)
from holdfast.domain.instrument import Instrument
from holdfast.domain.intent import SizedIntent
from holdfast.domain.market import (
    Bar,
    BookTop,
    DepthDiff,
    DepthSnapshot,
    MarketEvent,
    MarkPrice,
    TradePrint,
)
from holdfast.domain.money import AmountUnits, PriceUnits, QuantityUnits
from holdfast.domain.order import (
    LiquiditySide,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
)
from holdfast.errors import StrategyFailed
from holdfast.market.bars import Bars
from holdfast.market.feed import Feed, Invalid
from holdfast.runtime.supervise import guard_strategy
from holdfast.testing.clock import ManualClock

_TAKE_PROFITS = (OrderType.TAKE_PROFIT_LIMIT, OrderType.TAKE_PROFIT_MARKET)
_NAME = StrategyId("rehearsed")
_NO_HISTORY = History()
_NO_PARAMETERS: Mapping[str, Any] = MappingProxyType({})


class Rehearsal:
    """One strategy on one instrument; `sized` has every wish after sizing, in order."""

    def __init__(
        self,
        strategy: Strategy,
        instrument: Instrument,
        *,
        parameters: Mapping[str, Any] = _NO_PARAMETERS,
        saved: bytes | None = None,
        history: History = _NO_HISTORY,
        filled: int = 0,
    ) -> None:
        self.clock = ManualClock(0)
        self.sized: list[Sized] = []
        self.fills: list[Fill] = []
        self.filled = QuantityUnits(filled)
        self.orders: dict[ClientOrderId, WorkingOrder] = {}
        self.feed = Feed(instrument.symbol)
        self._instrument = instrument
        self._count = 0
        self._bars = [Bars(instrument.symbol, length) for length in intervals_ns(strategy)]
        context = Context(
            _NAME,
            instruments={instrument.symbol: instrument},
            clock=self.clock,
            position=lambda _: self.view,
            on_timer=lambda name, at_ns: self._carry_out(self.host.timer(name, at_ns)),
            parameters=parameters,
        )
        self.host = Hosted(strategy, context, guard=guard_strategy)
        self._carry_out(self.host.start(history, saved=saved))

    @property
    def view(self) -> PositionView:
        """Give what the strategy holds and has resting."""
        return PositionView(
            self._instrument.symbol,
            self.filled,
            tuple(self.orders.values()),
            mark=self.feed.valuation,
        )

    def see(self, event: MarketEvent) -> None:
        """Let a market event happen; a failure of the strategy is raised."""
        self._advance(event.received_at_ns)
        match event:
            case TradePrint():
                self._trade(event)
                return
            case BookTop():
                changed = self.feed.on_top(event)
            case DepthDiff():
                changed = self.feed.on_diff(event)
            case DepthSnapshot():
                changed = self.feed.on_snapshot(event)
            case MarkPrice():
                self.feed.mark = event
                return
        if isinstance(changed, BookTop):
            self._match(changed.bid, changed.ask)
            self._carry_out(self.host.book(changed))
        elif isinstance(changed, Invalid):
            self._carry_out(self.host.book_invalid(changed.symbol, changed.reason))

    def wait(self, duration_ns: int) -> None:
        """Let market time pass: timers ring, and bars close after their grace."""
        self._advance(self.clock.now_ns() + duration_ns)

    def _advance(self, to_ns: int) -> None:
        self.clock.advance(to_ns)
        for bars in self._bars:
            self._show(bars.close_due(self.clock.now_ns()))

    def _trade(self, trade: TradePrint) -> None:
        if not self.feed.on_trade(trade):
            return
        self._match(trade.price, trade.price)
        for bars in self._bars:
            self._show(bars.on_trade(trade))
        self._carry_out(self.host.trade(trade))

    def _show(self, bar: Bar | None) -> None:
        if bar is not None:
            self._carry_out(self.host.bar(bar))

    def _carry_out(self, answer: Answer) -> None:
        if isinstance(answer, StrategyFailed):
            raise answer
        for intent in answer:
            for sized in size(intent, self.view, instrument=self._instrument):
                self.sized.append(sized)
                if isinstance(sized, CancelWish):
                    self._end(self.orders.pop(sized.client_order_id), OrderStatus.CANCELED)
                else:
                    self._place(sized)

    def _place(self, intent: SizedIntent) -> None:
        self._count += 1
        order = WorkingOrder(
            ClientOrderId(f"R{self._count}"),
            intent.side,
            intent.price,
            intent.quantity,
            intent.quantity,
            is_quote=intent.algorithm == QUOTE,
            purpose=intent.purpose,
            order_type=intent.order_type,
            trigger_price=intent.trigger_price,
        )
        if intent.price or intent.trigger_price:
            self.orders[order.client_order_id] = order
            return
        top = self.feed.top
        if top is not None:
            self._fill(order, top.ask if intent.side is Side.BUY else top.bid)

    def _match(self, low: PriceUnits, high: PriceUnits) -> None:
        """Fill what rests where the market has come to: bids at `high` and asks at `low`."""
        for order in list(self.orders.values()):
            if order.trigger_price and not self._wakes(order, low=low, high=high):
                continue
            if not order.price:
                del self.orders[order.client_order_id]
                self._fill(order, high if order.side is Side.BUY else low)
                continue
            reached = order.price >= high if order.side is Side.BUY else order.price <= low
            if reached:
                del self.orders[order.client_order_id]
                self._fill(order, order.price)

    def _wakes(self, order: WorkingOrder, *, low: PriceUnits, high: PriceUnits) -> bool:
        """Tell whether the market has come to a trigger; what has a price rests from then."""
        rises = (order.side is Side.BUY) is (order.order_type not in _TAKE_PROFITS)
        came = high >= order.trigger_price if rises else low <= order.trigger_price
        if came and order.price:
            awake = msgspec.structs.replace(order, trigger_price=PriceUnits(0))
            self.orders[order.client_order_id] = awake
        return came

    def _fill(self, order: WorkingOrder, price: PriceUnits) -> None:
        self.filled = QuantityUnits(self.filled + order.side.sign * order.quantity)
        fill = Fill(
            account=AccountId("rehearsal"),
            strategy=_NAME,
            symbol=Symbol(self._instrument.symbol),
            client_order_id=order.client_order_id,
            venue_order_id=VenueOrderId(""),
            exec_id=ExecId(str(len(self.fills) + 1)),
            side=order.side,
            position_side=PositionSide.BOTH,
            last_price=price,
            last_quantity=order.quantity,
            fee=AmountUnits(0),
            fee_asset=self._instrument.quote,
            liquidity_side=LiquiditySide.MAKER if order.price else LiquiditySide.TAKER,
            venue_at_ns=self.clock.now_ns(),
            received_at_ns=self.clock.now_ns(),
        )
        self.fills.append(fill)
        self._carry_out(self.host.fill(fill))
        self._end(order, OrderStatus.FILLED)

    def _end(self, order: WorkingOrder, status: OrderStatus) -> None:
        update = OrderUpdate(
            symbol=self._instrument.symbol,
            side=order.side,
            status=status,
            client_order_id=order.client_order_id,
            price=order.price,
            quantity=order.quantity,
        )
        self._carry_out(self.host.order(update))
