"""The assumed book of one level a side, for files that hold trades or bars alone."""

from holdfast.simexchange.assumptions import TouchAssumptions
from holdfast.simexchange.model import SymbolRules, Ticker, Trade
from holdfast.simexchange.numbers import E8

_BPS = 10_000 * E8


class Touch:
    """Makes the best bid and ask before each trade; never crossed, in whole ticks and steps."""

    def __init__(self, rules: SymbolRules, assumed: TouchAssumptions) -> None:
        self._rules = rules
        self._assumed = assumed

    def before(self, trade: Trade, update_id: int) -> Ticker:
        """Put the trade at the touch that its aggressor hits."""
        price = trade.price
        spread = self._spread(price)
        size = self._size(price)
        if trade.buyer_is_maker:
            bid, ask = price, price + spread
        else:
            bid, ask = max(price - spread, self._rules.tick), price
        return Ticker(trade.at_ns, trade.symbol, update_id, bid, size, ask, size)

    def around(self, price: int, *, at_ns: int, update_id: int) -> Ticker:
        """Put the bid at a price, as after a sale."""
        size = self._size(price)
        ask = price + self._spread(price)
        return Ticker(at_ns, self._rules.symbol, update_id, price, size, ask, size)

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
