"""Tick-to-order latency as a histogram of the monotonic clock: log-spaced, fixed in size."""

from bisect import bisect_left
from itertools import accumulate

from holdfast.domain.instant import NS_PER_US

_PER_DOUBLING = 8
_BUCKETS = 26 * _PER_DOUBLING
_BOUNDS_NS = [int(NS_PER_US * 2 ** (i / _PER_DOUBLING)) for i in range(_BUCKETS)]


class Latency:
    """Counts of durations in buckets 9 % wide, from 1 us to about a minute."""

    def __init__(self) -> None:
        self.counts = [0] * (_BUCKETS + 1)

    def add(self, duration_ns: int) -> None:
        """Count one duration."""
        self.counts[bisect_left(_BOUNDS_NS, duration_ns)] += 1

    @property
    def count(self) -> int:
        """Tell how many durations were counted."""
        return sum(self.counts)

    def percentile_us(self, fraction: float) -> float | None:
        """Give the upper bound of the bucket that holds a fraction of all; None when empty."""
        total = self.count
        if not total:
            return None
        wanted = fraction * total
        for bound, seen in zip(_BOUNDS_NS, accumulate(self.counts), strict=False):
            if seen >= wanted:
                return round(bound / NS_PER_US, 1)
        return round(_BOUNDS_NS[-1] / NS_PER_US, 1)

    def buckets(self) -> list[tuple[float, int]]:
        """Give (upper bound in us, count) of the buckets that are not empty."""
        bounds = [*_BOUNDS_NS, _BOUNDS_NS[-1] * 2]
        return [
            (bound / NS_PER_US, count)
            for bound, count in zip(bounds, self.counts, strict=True)
            if count
        ]
