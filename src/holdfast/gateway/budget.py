"""The venue's order counts, kept on this side so that its bans are never met.

The venue counts in aligned windows. No sliding window of 10 s here holds more than the limit,
so none of the venue's does. The last tenth of each budget is kept for exits.
"""

from collections import deque

import msgspec

from holdfast.domain.instant import NS_PER_S

SHORT_NS = 10 * NS_PER_S
DAY_NS = 86_400 * NS_PER_S


class BudgetLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders an account may send; the venue's own figures."""

    orders_per_10s_count: int = 100
    orders_per_day_count: int = 200_000


class OrderBudget:
    """Counts what was sent, in market time."""

    def __init__(self, limits: BudgetLimits) -> None:
        self._limits = limits
        self._instants: deque[int] = deque()
        self._day = -1
        self._day_count = 0

    def refusal(self, now_ns: int, *, is_entry: bool, count: int = 1) -> str:
        """Say which budget so many orders at once would overdraw; empty when none."""
        instants = self._instants
        while instants and instants[0] <= now_ns - SHORT_NS:
            instants.popleft()
        short, day = self._limits.orders_per_10s_count, self._limits.orders_per_day_count
        if is_entry:
            short, day = short - short // 10, day - day // 10
        if len(instants) + count > short:
            return f"{len(instants)} orders in 10 s, at most {short}"
        today = self._day_count if now_ns // DAY_NS == self._day else 0
        return f"{today} orders today, at most {day}" if today + count > day else ""

    def spend(self, now_ns: int) -> None:
        """Count one order that is sent."""
        self._instants.append(now_ns)
        day = now_ns // DAY_NS
        if day != self._day:
            self._day, self._day_count = day, 0
        self._day_count += 1
