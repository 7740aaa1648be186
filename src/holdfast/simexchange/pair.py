"""One symbol as it trades: its rules, recorded book, our resting orders, its tape.

A record that meets no resting order of ours costs one early return. What a record fills is
returned, best priority first, and not booked here; what it fires waits in `triggers.fired`.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from holdfast.simexchange.assumptions import QueueAssumptions
from holdfast.simexchange.book import Book, Ladder
from holdfast.simexchange.model import (
    Depth,
    Level,
    SimOrder,
    Snapshot,
    SymbolRules,
    Ticker,
    Trade,
)
from holdfast.simexchange.queue import OwnSide, Resting
from holdfast.simexchange.reference import ReferencePrice
from holdfast.simexchange.tape import Tape
from holdfast.simexchange.triggers import TriggerBook


class MakerFill(NamedTuple):
    """A resting order that the recorded market fills at the order's own price."""

    maker: Resting
    quantity: int


NO_FILLS: Sequence[MakerFill] = ()


class Pair:
    """The state of one symbol."""

    __slots__ = (
        "asks",
        "bids",
        "book",
        "own_count",
        "queue",
        "reference",
        "resting",
        "rules",
        "takers",
        "tape",
        "triggers",
    )

    def __init__(self, rules: SymbolRules, queue: QueueAssumptions) -> None:
        self.rules = rules
        self.queue = queue
        self.book = Book(rules.symbol, step=rules.step)
        self.bids = OwnSide(is_bid=True)
        self.asks = OwnSide(is_bid=False)
        self.tape = Tape(rules.symbol)
        self.reference = ReferencePrice(self.tape)
        self.triggers = TriggerBook()
        self.resting: dict[int, Resting] = {}
        self.own_count = 0
        self.takers: dict[type, Callable[[Any], Sequence[MakerFill]]] = {
            Ticker: self.on_ticker,
            Trade: self.on_trade,
            Depth: self.on_depth,
            Snapshot: self.on_snapshot,
        }

    def on_ticker(self, ticker: Ticker) -> Sequence[MakerFill]:
        """Take a best bid and ask."""
        book = self.book
        known = book.ticker
        if known is not None and ticker.update_id < known.update_id:
            return NO_FILLS
        if book.is_consumed:
            book.touch(ticker)
        else:
            book.ticker = ticker
        if not self.own_count or ticker.update_id <= book.last_id:
            return NO_FILLS
        bid, ask = self.bids.best_price(), self.asks.best_price()
        if (bid is None or bid < ticker.ask) and (ask is None or ask > ticker.bid):
            return NO_FILLS
        return self._crossed()

    def on_trade(self, trade: Trade) -> Sequence[MakerFill]:
        """Take a print; it fills orders of the side that its aggressor hit."""
        self.tape.add(trade)
        if not self.own_count or self.rules.status != "TRADING":
            return NO_FILLS
        own = self.bids if trade.buyer_is_maker else self.asks
        fills = own.traded(trade.price, trade.quantity, step=self.rules.step)
        return [MakerFill(maker, quantity) for maker, quantity in fills]

    def on_watched_trade(self, trade: Trade) -> Sequence[MakerFill]:
        """Take a print while orders wait for a price."""
        fills = self.on_trade(trade)
        if self.rules.status == "TRADING":
            self.triggers.passed(trade.price, trade.at_ns)
        return fills

    def on_depth(self, depth: Depth) -> Sequence[MakerFill]:
        """Take a diff of the book."""
        if not self.own_count:
            self.book.update(depth)
            return NO_FILLS
        bids = _levels_of_ours(depth.bids, self.bids, self.book.bids)
        asks = _levels_of_ours(depth.asks, self.asks, self.book.asks)
        if self.book.update(depth):
            self._requeue(self.bids, bids)
            self._requeue(self.asks, asks)
        return self._crossed()

    def on_snapshot(self, snapshot: Snapshot) -> Sequence[MakerFill]:
        """Start the book again."""
        before = {
            side: {price: ladder.quantities.get(price, 0) for price in side.by_price}
            for side, ladder in ((self.bids, self.book.bids), (self.asks, self.book.asks))
        }
        self.book.reset(snapshot)
        for side, ladder in ((self.bids, self.book.bids), (self.asks, self.book.asks)):
            changes = [
                (price, quantity, ladder.quantities.get(price, 0))
                for price, quantity in before[side].items()
            ]
            self._requeue(side, changes)
        return self._crossed()

    def opposite(self, order: SimOrder) -> OwnSide:
        """Return our resting orders that an order would meet."""
        return self.asks if order.side == "BUY" else self.bids

    def rest(self, order: SimOrder) -> None:
        """Put an order into the queue of its price."""
        self._join(order)
        self.own_count += 1

    def leave(self, order: SimOrder) -> None:
        """Take an order out of the queue or the trigger book, if it stands in either."""
        if self.resting.pop(order.order_id, None) is not None:
            self._side_of(order).remove(order)
            self.own_count -= 1
        elif self.triggers.remove(order) and not self.triggers.orders:
            self.takers[Trade] = self.on_trade

    def wait(self, order: SimOrder) -> None:
        """Let an order wait for its price."""
        self.triggers.add(order, last=self.last_price)
        self.takers[Trade] = self.on_watched_trade

    def shown(self, order: SimOrder, quantity: int) -> None:
        """Note that a resting order lost quantity; an iceberg's next part joins at the back."""
        resting = self.resting.get(order.order_id)
        if resting is None or not resting.visible:
            return
        resting.visible -= quantity
        if resting.visible <= 0 and order.leaves_quantity:
            self._side_of(order).remove(order)
            self._join(order)

    @property
    def last_price(self) -> int:
        """Return the last traded price; the first price before any trade."""
        last = self.tape.last
        return last.price if last is not None else self.rules.first_price

    def reference_price(self, *, now_ns: int) -> int:
        """Return the price of the filters: the reference price, else the average.

        Without any trade it is the first price. Source: PERCENT_PRICE_BY_SIDE and NOTIONAL of
        the venue's filters.
        """
        reference = self.reference.price(self.rules, now_ns=now_ns)
        if reference:
            return reference
        average = self.tape.average(now_ns=now_ns, minutes=self.rules.notional_average_minutes)
        return average or self.rules.first_price

    def _side_of(self, order: SimOrder) -> OwnSide:
        return self.bids if order.side == "BUY" else self.asks

    def _join(self, order: SimOrder) -> None:
        ahead = self._ahead(order.price, is_bid=order.side == "BUY")
        self.resting[order.order_id] = self._side_of(order).add(order, ahead=ahead)

    def _ahead(self, price: int, *, is_bid: bool) -> int:
        book = self.book
        if not book.has_depth and self.queue.unseen_level_as_touch:
            touch = book.best_price(is_bid=is_bid)
            if touch is not None and (price < touch if is_bid else price > touch):
                return book.recorded(touch, is_bid=is_bid)
        consumed = (book.bids if is_bid else book.asks).consumed.get(price, 0)
        return max(0, book.recorded(price, is_bid=is_bid) - consumed)

    def _requeue(self, side: OwnSide, changes: list[tuple[int, int, int]]) -> None:
        for price, before, after in changes:
            side.level_changed(
                price, before, after=after, cancels_ahead=self.queue.cancels_ahead
            )

    def _crossed(self) -> Sequence[MakerFill]:
        if not self.queue.fill_when_crossed or self.rules.status != "TRADING":
            return NO_FILLS
        fills: list[MakerFill] = []
        for own, is_bid in ((self.bids, False), (self.asks, True)):
            best = own.best_price()
            touch = self.book.best_price(is_bid=is_bid)
            if best is not None and touch is not None and own.sign * (best - touch) >= 0:
                self._meet(own, fills, is_bid=is_bid)
        return fills

    def _meet(self, own: OwnSide, fills: list[MakerFill], *, is_bid: bool) -> None:
        levels = list(self.book.available(is_bid=is_bid))
        position = 0
        for maker in own.best_first():
            left = maker.order.leaves_quantity
            while left and position < len(levels):
                price, offered = levels[position]
                if own.sign * (maker.order.price - price) < 0:
                    return
                taken = min(left, offered)
                fills.append(MakerFill(maker, taken))
                self.book.consume(price, taken, is_bid=is_bid)
                left -= taken
                levels[position] = (price, offered - taken)
                if offered == taken:
                    position += 1


def _levels_of_ours(
    levels: list[Level], own: OwnSide, ladder: Ladder
) -> list[tuple[int, int, int]]:
    ours = own.by_price
    if not ours:
        return []
    return [
        (price, ladder.quantities.get(price, 0), quantity)
        for price, quantity in levels
        if price in ours
    ]
