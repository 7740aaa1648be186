"""Follow the trend: long while a fast average of the mid is above a slow one.

It trades often and small, to show the trader at work and not to earn: every crossing is a
market order that pays the spread and a fee. On spot it is long or flat, elsewhere long or
short. Averages are floats, because they are estimates; quantities are exact.
"""

import msgspec

from holdfast import (
    BookTop,
    Context,
    History,
    PriceUnits,
    Product,
    QuantityUnits,
    Strategy,
    Target,
    Wishes,
    quantity_for,
)

SAY_AGAIN_NS = 1_000_000_000


class Averages(msgspec.Struct):
    """What is remembered of one symbol; `wanted` is the quantity last decided."""

    fast: float
    slow: float
    count: int = 0
    wanted: int = 0
    say_at_ns: int = 0


class Trend(Strategy):
    """Crossing of two exponential averages of the mid, in top-of-book changes."""

    def start(self, context: Context, _history: History, *, saved: bytes | None) -> Wishes:
        """Read `fast` and `slow` (counts of changes) and `notional` (quote units)."""
        parameters = context.parameters
        self.slow_count = int(parameters.get("slow", 120))
        self.fast_weight = 2 / (int(parameters.get("fast", 30)) + 1)
        self.slow_weight = 2 / (self.slow_count + 1)
        self.notional = str(parameters.get("notional", "100"))
        self.averages: dict[str, Averages] = {}
        if saved:
            self.averages = msgspec.json.decode(saved, type=dict[str, Averages])
        return None

    def book(self, top: BookTop) -> Wishes:
        """Update the averages; wish for the side that they are on."""
        mid = (top.bid + top.ask) / 2
        averages = self.averages.get(top.symbol)
        if averages is None:
            averages = self.averages[top.symbol] = Averages(mid, mid)
        averages.fast += (mid - averages.fast) * self.fast_weight
        averages.slow += (mid - averages.slow) * self.slow_weight
        averages.count += 1
        if averages.count < self.slow_count:
            return None
        is_long = averages.wanted > 0
        if averages.fast == averages.slow or (averages.fast > averages.slow) == is_long:
            if top.received_at_ns < averages.say_at_ns:
                return None
        else:
            averages.wanted = self._quantity(top, is_long=not is_long)
        averages.say_at_ns = top.received_at_ns + SAY_AGAIN_NS
        return [Target(top.symbol, QuantityUnits(averages.wanted))]

    def save(self) -> bytes:
        """Keep the averages."""
        return msgspec.json.encode(self.averages)

    def _quantity(self, top: BookTop, *, is_long: bool) -> int:
        instrument = self.context.instruments[top.symbol]
        quantity = quantity_for(instrument, self.notional, price=PriceUnits(top.ask))
        if is_long:
            return quantity
        return 0 if instrument.product is Product.SPOT else -quantity
