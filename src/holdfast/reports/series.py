"""Thinning of long series for pictures: what stands out stays, the rest need not be drawn."""

from collections.abc import Sequence

Point = tuple[int, float]
"""An instant in nanoseconds UTC and a value that is only looked at."""


def thin(points: Sequence[Point], buckets: int) -> list[Point]:
    """Keep the first, the lowest, the highest and the last point of each bucket of time."""
    if len(points) <= 4 * buckets:
        return list(points)
    start = points[0][0]
    width = max(1, -(-(points[-1][0] - start + 1) // buckets))
    kept: list[Point] = []
    begin = 0
    for index in range(1, len(points) + 1):
        if (
            index == len(points)
            or (points[index][0] - start) // width != (points[begin][0] - start) // width
        ):
            kept.extend(_outstanding(points[begin:index]))
            begin = index
    return kept


def _outstanding(bucket: Sequence[Point]) -> list[Point]:
    values = [value for _, value in bucket]
    places = {0, values.index(min(values)), values.index(max(values)), len(bucket) - 1}
    return [bucket[place] for place in sorted(places)]


def drawdown(points: Sequence[Point]) -> list[Point]:
    """Give how far each point lies below the highest one before it, as a fraction <= 0."""
    peak = float("-inf")
    fallen: list[Point] = []
    for at_ns, value in points:
        peak = max(peak, value)
        fallen.append((at_ns, (value - peak) / peak if peak > 0 else 0.0))
    return fallen


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Give the nearest-rank percentile of ascending numbers; ValueError when there are none."""
    if not ordered:
        raise ValueError("no numbers, so no percentile")
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]
