"""Marks for valuation: one a symbol at the start, each minute with a market, and at the end.

Equity and drawdown are drawn from them, because screens and reports read only the journal.
"""

from typing import TYPE_CHECKING

from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_S
from holdfast.runtime.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from holdfast.domain.ids import Symbol
    from holdfast.domain.instrument import Instrument
    from holdfast.domain.money import PriceUnits
    from holdfast.market.feed import Feed

EVERY_NS = 60 * NS_PER_S


class Marks:
    """Writes marks, and answers what an asset is worth in a currency now."""

    def __init__(self, recorder: Recorder) -> None:
        self.feeds: dict[Symbol, Feed] = {}
        self.instruments: Mapping[Symbol, Instrument] = {}
        self._recorder = recorder

    @property
    def are_known(self) -> bool:
        """Tell whether every symbol has a price."""
        return all(feed.valuation for feed in self.feeds.values())

    def record(self) -> None:
        """Write the mark of every symbol that has one."""
        for symbol, feed in self.feeds.items():
            if feed.valuation:
                instrument = self.instruments[symbol]
                self._recorder.decide(
                    ev.MarkRecorded(
                        symbol,
                        instrument.price_text(feed.valuation),
                        "mid" if feed.top is not None else "last trade",
                        feed.top.venue_at_ns if feed.top is not None else 0,
                    )
                )

    def price(self, asset: str, currency: str) -> str:
        """Give an asset's price in a currency as text; empty when no feed here says it."""
        if asset == currency:
            return "1"
        for symbol, feed in self.feeds.items():
            instrument = self.instruments[symbol]
            if not feed.valuation:
                continue
            price: PriceUnits = feed.valuation
            if (instrument.base, instrument.quote) == (asset, currency):
                return instrument.price_text(price)
        return ""
