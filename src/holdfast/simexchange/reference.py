"""The reference price of a symbol, and the range of prices that it lets an order execute at.

Source: the venue's Price Range Execution Rule. The engine's own price is the mean of the trades
of the last buckets, the oldest prorated; it is worked out when somebody asks.
"""

from typing import TYPE_CHECKING, NamedTuple

from holdfast.simexchange.model import SymbolRules
from holdfast.simexchange.numbers import E8

if TYPE_CHECKING:
    from holdfast.simexchange.tape import Tape

NS_PER_MS = 1_000_000
COUNT_E4 = 10_000
"""A bucket counts its trades with four decimals."""


class PriceRange(NamedTuple):
    """The least and the greatest price of an execution; 0 leaves a side open."""

    least: int
    most: int


ANY_PRICE = PriceRange(0, 0)


class ReferencePrice:
    """What a symbol's reference price is now; a price set by hand goes before the engine's."""

    __slots__ = ("_tape", "by_hand", "has_been_set")

    def __init__(self, tape: "Tape") -> None:
        self._tape = tape
        self.by_hand: int | None = None
        self.has_been_set = False

    def set(self, price: int | None) -> None:
        """Set the price as an operator of the venue does; None takes it away."""
        self.by_hand = price
        self.has_been_set = True

    def exists(self, rules: SymbolRules) -> bool:
        """Tell whether the symbol has or ever had a reference price."""
        return self.has_been_set or all(rules.reference_buckets)

    def price(self, rules: SymbolRules, *, now_ns: int) -> int:
        """Return the price, 0 for none."""
        if self.has_been_set:
            return self.by_hand or 0
        width_ms, count = rules.reference_buckets
        if not width_ms or not count:
            return 0
        return self._mean(width_ms * NS_PER_MS, count, now_ns=now_ns)

    def limits(self, rules: SymbolRules, side: str, *, now_ns: int) -> PriceRange:
        """Return at which prices an order may execute during its whole taker phase."""
        least, most = rules.bid_range if side == "BUY" else rules.ask_range
        if not least and not most:
            return ANY_PRICE
        price = self.price(rules, now_ns=now_ns)
        return PriceRange(-(-price * least // E8), price * most // E8)

    def _mean(self, width_ns: int, count: int, *, now_ns: int) -> int:
        cutoff_ns = now_ns - width_ns * count
        oldest_ns = cutoff_ns - cutoff_ns % width_ns
        share_e4 = COUNT_E4 - (cutoff_ns - oldest_ns) * COUNT_E4 // width_ns
        weighted = weight = 0
        for trade in self._tape.since(oldest_ns):
            counted = share_e4 if trade.at_ns < oldest_ns + width_ns else COUNT_E4
            weighted += trade.price * counted
            weight += counted
        return weighted // weight if weight else 0
