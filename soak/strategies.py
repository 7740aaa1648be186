"""Strategies that order a lot and of every kind, drawn from a seed.

They want nothing but orders: takers, quotes, resting orders that are canceled again, stops,
lists, and positions under a protective stop. What they hold stays within a few orders' size.
"""

import random
from typing import TYPE_CHECKING

from holdfast import (
    BookTop,
    Buy,
    Cancel,
    Context,
    EntryWithExits,
    History,
    Instrument,
    OneCancelsOther,
    PriceUnits,
    Product,
    Protect,
    Purpose,
    QuantityUnits,
    Quote,
    Sell,
    Side,
    Strategy,
    TimeInForce,
    Wishes,
    quantity_for,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast.domain.intent import Intent

NOTIONAL = "40"
MOST_HELD = 6
MOST_RESTING = 8
NEAR_BPS, FAR_BPS = 2, 40


class Drawn(Strategy):
    """Acts with a probability on each best price; what it does is drawn from its seed."""

    def start(self, context: Context, _history: History, *, saved: bytes | None) -> Wishes:
        """Read `seed` and `rate`, how many wishes a best price brings on average."""
        runs = int(saved or b"0") + 1
        self.runs = runs
        self.rate = float(context.parameters.get("rate", 1.0))
        self.draw = random.Random(f"{context.parameters.get('seed', 0)}:{runs}")
        return None

    def save(self) -> bytes:
        """Keep how often it ran, so that a resumed one draws anew."""
        return str(self.runs).encode()

    def book(self, top: BookTop) -> Wishes:
        """Act as often as its rate says."""
        times = int(self.rate) + (self.draw.random() < self.rate % 1)
        wishes: list[Intent] = []
        for _ in range(times):
            wishes += self.act(top) or ()
        return wishes

    def act(self, top: BookTop) -> Wishes:
        """Wish for something."""
        raise NotImplementedError

    def about(self, top: BookTop) -> tuple[Instrument, int, int]:
        """Give the instrument, what an order has, and what is held of it."""
        instrument = self.context.instruments[top.symbol]
        quantity = quantity_for(instrument, NOTIONAL, price=top.ask)
        return instrument, quantity, self.context.position(top.symbol).filled

    def away(self, instrument: Instrument, price: int, *, bps: float) -> PriceUnits:
        """Give a price so far above another, or below it."""
        return instrument.round_price(price * (1 + bps / 10_000), "up" if bps > 0 else "down")


class Taker(Drawn):
    """Takes what stands there, at the market or at a limit, and gives it back."""

    def act(self, top: BookTop) -> Wishes:
        """Buy or sell at once; out of what is held on spot."""
        instrument, quantity, held = self.about(top)
        least = 0 if instrument.product is Product.SPOT else -MOST_HELD * quantity
        sells = held - quantity > least and self.draw.random() < 0.5
        if held > MOST_HELD * quantity:
            sells = True
        size = QuantityUnits(quantity)
        touch = top.bid if sells else top.ask
        kind = Sell if sells else Buy
        way = self.draw.random()
        if way < 0.25:
            return [kind(top.symbol, size)]
        if way < 0.55:
            return [kind(top.symbol, size, touch, TimeInForce.IOC)]
        if way < 0.65:
            return [kind(top.symbol, size, touch, TimeInForce.FOK)]
        miss = self.away(instrument, touch, bps=NEAR_BPS if sells else -NEAR_BPS)
        return [kind(top.symbol, size, miss, TimeInForce.IOC)]


class Maker(Drawn):
    """Keeps a quote on each side and moves it about."""

    def act(self, top: BookTop) -> Wishes:
        """Place both quotes anew, a little away from the touch."""
        instrument, quantity, held = self.about(top)
        spread = self.draw.uniform(0, 3)
        bid = self.away(instrument, top.bid, bps=-spread)
        ask = self.away(instrument, top.ask, bps=spread or 0.1)
        buys = quantity if held < MOST_HELD * quantity else 0
        least = quantity if instrument.product is Product.SPOT else -MOST_HELD * quantity
        sells = quantity if held >= least else 0
        return [
            Quote(top.symbol, Side.BUY, bid, QuantityUnits(buys)),
            Quote(top.symbol, Side.SELL, ask, QuantityUnits(sells)),
        ]


class Rester(Drawn):
    """Leaves orders of every kind in the book, and takes them away again."""

    def act(self, top: BookTop) -> Wishes:
        """Rest another order, or cancel one or all when there are many."""
        instrument, quantity, held = self.about(top)
        orders = self.context.position(top.symbol).orders
        if len(orders) >= MOST_RESTING or (orders and self.draw.random() < 0.4):
            if self.draw.random() < 0.1:
                return [Cancel(top.symbol)]
            chosen = orders[self.draw.randrange(len(orders))]
            return [Cancel(top.symbol, chosen.client_order_id)]
        kinds: list[Callable[..., Wishes]] = [
            self.limit,
            self.limit,
            self.iceberg,
            self.trigger,
        ]
        if instrument.product is Product.SPOT:
            kinds += [self.pair, self.entry]
        else:
            kinds += [self.trail]
        return self.draw.choice(kinds)(top, instrument, quantity=quantity, held=held)

    def limit(self, top: BookTop, item: Instrument, *, quantity: int, held: int) -> Wishes:
        """Rest a limit order near the touch, post-only as often as not."""
        post_only = self.draw.random() < 0.5
        size, bps = QuantityUnits(quantity), self.draw.uniform(0.1, FAR_BPS / 4)
        if self._sells(held, quantity):
            price = self.away(item, top.ask, bps=bps)
            return [Sell(top.symbol, size, price, post_only=post_only)]
        price = self.away(item, top.bid, bps=-bps)
        return [Buy(top.symbol, size, price, post_only=post_only)]

    def iceberg(self, top: BookTop, item: Instrument, *, quantity: int, held: int) -> Wishes:
        """Rest an order of which a quarter shows; a plain one for contracts."""
        if item.product is not Product.SPOT:
            return self.limit(top, item, quantity=quantity, held=held)
        price = self.away(item, top.bid, bps=-self.draw.uniform(0.1, NEAR_BPS))
        shown = item.floor_quantity(QuantityUnits(quantity // 4)) or quantity
        return [
            Buy(
                top.symbol,
                QuantityUnits(quantity),
                price,
                display_quantity=QuantityUnits(shown),
            )
        ]

    def trigger(self, top: BookTop, item: Instrument, *, quantity: int, held: int) -> Wishes:
        """Wait for a price a little away, and then trade at the market or a limit."""
        size, bps = QuantityUnits(quantity), self.draw.uniform(0.5, 5)
        limited = self.draw.random() < 0.5
        if self._sells(held, quantity):
            trigger = self.away(item, top.bid, bps=-bps)
            price = self.away(item, trigger, bps=-NEAR_BPS) if limited else PriceUnits(0)
            return [Sell(top.symbol, size, price, trigger_price=trigger)]
        trigger = self.away(item, top.ask, bps=bps)
        price = self.away(item, trigger, bps=NEAR_BPS) if limited else PriceUnits(0)
        return [Buy(top.symbol, size, price, trigger_price=trigger)]

    def trail(self, top: BookTop, item: Instrument, *, quantity: int, held: int) -> Wishes:
        """Trail the market of a contract."""
        size = item.floor_quantity(QuantityUnits(quantity))
        kind = Sell if self._sells(held, quantity) else Buy
        return [kind(top.symbol, size, callback_bps=self.draw.choice((10, 20, 50)))]

    def pair(self, top: BookTop, item: Instrument, *, quantity: int, held: int) -> Wishes:
        """Sell what is held at a profit or at a loss, whichever comes first."""
        if held < quantity:
            return self.limit(top, item, quantity=quantity, held=held)
        bps = self.draw.uniform(1, 8)
        return [
            OneCancelsOther(
                top.symbol,
                Side.SELL,
                QuantityUnits(quantity),
                self.away(item, top.ask, bps=bps),
                self.away(item, top.bid, bps=-bps),
            )
        ]

    def entry(self, top: BookTop, item: Instrument, *, quantity: int, held: int) -> Wishes:
        """Enter near the touch, with both exits behind it."""
        if held > MOST_HELD * quantity:
            return self.limit(top, item, quantity=quantity, held=held)
        double = QuantityUnits(2 * quantity)
        price = self.away(item, top.bid, bps=-self.draw.uniform(0.1, 1))
        return [
            EntryWithExits(
                top.symbol,
                Side.BUY,
                double,
                price,
                take_profit_price=self.away(item, price, bps=8),
                stop_price=self.away(item, price, bps=-8),
                exit_quantity=item.floor_quantity(QuantityUnits(double * 99 // 100)),
            )
        ]

    def _sells(self, held: int, quantity: int) -> bool:
        if held > MOST_HELD * quantity:
            return True
        products = {one.product for one in self.context.instruments.values()}
        least = quantity if products == {Product.SPOT} else -MOST_HELD * quantity
        return held >= least and self.draw.random() < 0.5


class Careful(Drawn):
    """Holds a position under a protective stop that it moves, then leaves and begins again."""

    def act(self, top: BookTop) -> Wishes:
        """Enter, move the stop, or leave."""
        instrument, quantity, held = self.about(top)
        stop = self.away(instrument, top.bid, bps=-self.draw.uniform(3, FAR_BPS))
        if held <= 0:
            return [Buy(top.symbol, QuantityUnits(2 * quantity)), Protect(top.symbol, stop)]
        if self.draw.random() < 0.7:
            return [Protect(top.symbol, stop)]
        leaves = instrument.floor_quantity(held)
        reduces = instrument.product is not Product.SPOT
        if leaves <= 0:
            return None
        return [Sell(top.symbol, leaves, purpose=Purpose.EXIT, reduce_only=reduces)]
