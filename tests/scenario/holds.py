"""Buys once, keeps a stop five percent below, and holds; started again it wishes to be flat."""

from pathlib import Path

from holdfast import (
    BookTop,
    Buy,
    Context,
    History,
    Protect,
    QuantityUnits,
    Strategy,
    Target,
    Wishes,
    quantity_for,
)

BOUGHT = Path("bought")


class Holds(Strategy):
    """One position that outlives its process; a file beside it says that it was bought."""

    def start(self, context: Context, _history: History, *, saved: bytes | None) -> Wishes:
        """Learn whether another process has bought."""
        self.is_again = BOUGHT.exists()
        return None

    def book(self, top: BookTop) -> Wishes:
        """Buy and protect, or wish for nothing held."""
        if self.is_again:
            return [Target(top.symbol, QuantityUnits(0))]
        if BOUGHT.exists():
            return None
        BOUGHT.touch()
        instrument = self.context.instruments[top.symbol]
        stop = instrument.round_price(top.bid * 95 // 100, "down")
        quantity = quantity_for(instrument, "500", price=top.ask)
        return [Buy(top.symbol, quantity), Protect(top.symbol, stop)]
