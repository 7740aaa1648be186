"""Hold a little after a minute in which the price fell, nothing after one in which it rose."""

from holdfast import Bar, QuantityUnits, Strategy, Target, Wishes, quantity_for


class Hello(Strategy):
    """Buys what became cheaper."""

    bars = ("1m",)

    def bar(self, bar: Bar) -> Wishes:
        """Decide once a minute."""
        if bar.close >= bar.open:
            return [Target(bar.symbol, QuantityUnits(0))]
        instrument = self.context.instruments[bar.symbol]
        return [Target(bar.symbol, quantity_for(instrument, "100", price=bar.close))]
