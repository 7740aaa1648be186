"""Buys, keeps a stop two percent below, moves it up three times, and sells."""

from holdfast import (
    BookTop,
    Buy,
    Product,
    Protect,
    Purpose,
    Sell,
    Strategy,
    Wishes,
    quantity_for,
)

SECOND_NS = 10**9


class Careful(Strategy):
    """One round trip with a stop beside it from the first fill to the last."""

    def __init__(self) -> None:
        self.began_ns = 0
        self.moves = 0
        self.has_left = False

    def book(self, top: BookTop) -> Wishes:
        """Enter, raise the stop every ten seconds, and leave after a minute."""
        instrument = self.context.instruments[top.symbol]
        stop = instrument.round_price(top.bid * 98 // 100, "down")
        if not self.began_ns:
            self.began_ns = self.context.now_ns
            quantity = quantity_for(instrument, "500", price=top.ask)
            return [Buy(top.symbol, quantity), Protect(top.symbol, stop)]
        held = self.context.position(top.symbol).filled
        if held <= 0 or self.has_left:
            return None
        since_ns = self.context.now_ns - self.began_ns
        if self.moves < 3 and since_ns > 10 * SECOND_NS * (self.moves + 1):
            self.moves += 1
            return [Protect(top.symbol, stop + self.moves * instrument.tick)]
        if since_ns < 60 * SECOND_NS:
            return None
        self.has_left = True
        quantity = held // instrument.step * instrument.step
        reduces = instrument.product is not Product.SPOT
        return [Sell(top.symbol, quantity, purpose=Purpose.EXIT, reduce_only=reduces)]
