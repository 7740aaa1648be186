"""Builders of instruments and market events, written in decimal text and numbered in order."""

from collections.abc import Sequence

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_MS, UtcNs
from holdfast.domain.instrument import DEFAULT_EXPONENT, Instrument, Product
from holdfast.domain.market import BookTop, DepthDiff, DepthSnapshot, Level, TradePrint
from holdfast.domain.money import Asset, PriceUnits, QuantityUnits, to_units
from holdfast.testing.clock import START_NS

Levels = Sequence[tuple[str, str]]


def instrument(
    symbol: str = "BTCUSDT",
    *,
    product: Product = Product.SPOT,
    quote: str = "USDT",
    tick: str = "0.01",
    step: str = "0.00001",
    min_notional: str = "5",
) -> Instrument:
    """Make an instrument with the filters that tests most often need."""
    return Instrument(
        symbol=Symbol(symbol),
        venue="test",
        product=product,
        base=Asset(symbol.removesuffix(quote)),
        quote=Asset(quote),
        settle=Asset(quote),
        tick=PriceUnits(to_units(tick, DEFAULT_EXPONENT)),
        step=QuantityUnits(to_units(step, DEFAULT_EXPONENT)),
        min_quantity=QuantityUnits(to_units(step, DEFAULT_EXPONENT)),
        min_notional=min_notional,
        order_lists=("OCO", "OTO", "OTOCO") if product is Product.SPOT else (),
    )


class Market:
    """One symbol's market, event after event; ids and time go up by themselves."""

    def __init__(
        self, traded: Instrument, *, start_ns: int = START_NS, step_ns: int = NS_PER_MS
    ) -> None:
        self.instrument = traded
        self.symbol = traded.symbol
        self.now_ns = start_ns
        self.update_id = 0
        self.trade_id = 0
        self._step_ns = step_ns

    def top(self, bid: str, ask: str, *, quantity: str = "1") -> BookTop:
        """Make the next best bid and ask."""
        self.update_id += 1
        units = self.instrument.quantity(quantity)
        price = self.instrument.price
        at_ns = self._next_ns()
        return BookTop(
            self.symbol, self.update_id, price(bid), units, price(ask), units, at_ns, at_ns
        )

    def trade(
        self, price: str, quantity: str = "1", *, buyer_is_maker: bool = False
    ) -> TradePrint:
        """Make the next trade."""
        self.trade_id += 1
        at_ns = self._next_ns()
        return TradePrint(
            self.symbol,
            self.trade_id,
            self.instrument.price(price),
            self.instrument.quantity(quantity),
            buyer_is_maker,
            at_ns,
            at_ns,
        )

    def snapshot(self, bids: Levels, asks: Levels) -> DepthSnapshot:
        """Make a snapshot at the current update id."""
        return DepthSnapshot(
            self.symbol, self.update_id, self.levels(bids), self.levels(asks), self._next_ns()
        )

    def diff(self, bids: Levels = (), asks: Levels = (), *, chained: bool = False) -> DepthDiff:
        """Make the diff that follows; `chained` names the one before, as USD-M does."""
        previous_id = self.update_id if chained else -1
        self.update_id += 1
        at_ns = self._next_ns()
        return DepthDiff(
            self.symbol,
            self.update_id,
            self.update_id,
            previous_id,
            self.levels(bids),
            self.levels(asks),
            at_ns,
            at_ns,
        )

    def levels(self, levels: Levels) -> list[Level]:
        """Read levels from text."""
        return [
            (self.instrument.price(price), self.instrument.quantity(quantity))
            for price, quantity in levels
        ]

    def _next_ns(self) -> UtcNs:
        self.now_ns += self._step_ns
        return UtcNs(self.now_ns)
