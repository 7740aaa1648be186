"""The assumed book of one level a side, for files that hold trades or bars alone."""

from holdfast.simexchange.assumptions import TouchAssumptions
from holdfast.simexchange.model import SymbolRules, Ticker, Trade
from holdfast.simexchange.numbers import E8

_NS_PER_US = 1_000
_BPS = 10_000 * E8


class Touch:
    """Makes the best bid and ask before each trade; never crossed, in whole ticks and steps.

    Update ids rise from the first instant's microsecond, so those of a later file follow.
    """

    def __init__(self, rules: SymbolRules, assumed: TouchAssumptions, *, start_ns: int) -> None:
        self._rules = rules
        self._assumed = assumed
        self._update_id = start_ns // _NS_PER_US

    def before(self, trade: Trade) -> Ticker:
        """Put the trade at the touch that its aggressor hits."""
        self._update_id += 1
        price = trade.price
        spread = self._spread(price)
        size = self._size(price)
        if trade.buyer_is_maker:
            bid, ask = price, price + spread
        else:
            bid, ask = max(price - spread, self._rules.tick), price
        return Ticker(trade.at_ns, trade.symbol, self._update_id, bid, size, ask, size)

    def around(self, price: int, *, at_ns: int) -> Ticker:
        """Put the bid at a price, as after a sale."""
        self._update_id += 1
        size = self._size(price)
        ask = price + self._spread(price)
        return Ticker(at_ns, self._rules.symbol, self._update_id, price, size, ask, size)

    def _spread(self, price: int) -> int:
        tick = self._rules.tick
        ticks = max(
            self._assumed.spread_ticks, price * self._assumed.spread_bps // _BPS // tick
        )
        return max(1, ticks) * tick

    def _size(self, price: int) -> int:
        step = self._rules.step
        size = self._assumed.size_quote * E8 // price
        return max(step, size - size % step)
