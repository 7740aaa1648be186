"""Bars made from trades by market time, by the same code in every mode.

A bar is closed by the first trade past its boundary, or by a timer at the boundary plus the
grace. A trade that belongs to a closed bar is counted and re-opens nothing. An interval
without a trade has no bar.
"""

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_S, UtcNs
from holdfast.domain.market import Bar, TradePrint
from holdfast.domain.money import QuantityUnits

GRACE_NS = NS_PER_S


class Bars:
    """The bars of one symbol and one interval; at most one is open."""

    __slots__ = ("_bar", "_closed_to_ns", "grace_ns", "interval_ns", "late_count", "symbol")

    def __init__(self, symbol: Symbol, interval_ns: int, *, grace_ns: int = GRACE_NS) -> None:
        if interval_ns <= 0 or grace_ns < 0:
            raise ValueError(f"no bars of {interval_ns} ns with a grace of {grace_ns} ns")
        self.symbol = symbol
        self.interval_ns = interval_ns
        self.grace_ns = grace_ns
        self.late_count = 0
        self._bar: Bar | None = None
        self._closed_to_ns = 0

    def on_trade(self, trade: TradePrint) -> Bar | None:
        """Add a trade; give the bar that it closed, if any."""
        at_ns = trade.venue_at_ns or trade.received_at_ns
        bar = self._bar
        if bar is not None and 0 <= at_ns - bar.open_at_ns < self.interval_ns:
            price = trade.price
            if price > bar.high:
                bar.high = price
            elif price < bar.low:
                bar.low = price
            bar.close = price
            bar.volume = QuantityUnits(bar.volume + trade.quantity)
            bar.trade_count += 1
            return None
        if at_ns < self._closed_to_ns or (bar is not None and at_ns < bar.open_at_ns):
            self.late_count += 1
            return None
        closed = self._close()
        price, open_at_ns = trade.price, UtcNs(at_ns - at_ns % self.interval_ns)
        self._bar = Bar(
            self.symbol, self.interval_ns, open_at_ns,
            price, price, price, price, trade.quantity, 1,
        )  # fmt: skip
        return closed

    @property
    def due_at_ns(self) -> int:
        """Give the instant at which the open bar closes by timer, 0 when none is open."""
        bar = self._bar
        return bar.open_at_ns + self.interval_ns + self.grace_ns if bar is not None else 0

    def close_due(self, now_ns: int) -> Bar | None:
        """Close and give the open bar when its grace has passed; idempotent."""
        due_at_ns = self.due_at_ns
        return self._close() if due_at_ns and now_ns >= due_at_ns else None

    def _close(self) -> Bar | None:
        bar, self._bar = self._bar, None
        if bar is not None:
            self._closed_to_ns = bar.open_at_ns + self.interval_ns
        return bar
