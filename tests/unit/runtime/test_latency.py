"""Latency as a histogram: fixed in size, and never told as shorter than it was."""

from holdfast.domain.instant import NS_PER_US
from holdfast.runtime.latency import Latency


def measured(*durations_us: float) -> Latency:
    latency = Latency()
    for duration_us in durations_us:
        latency.add(int(duration_us * NS_PER_US))
    return latency


def test_nothing_measured_has_no_percentile() -> None:
    assert Latency().percentile_us(0.5) is None
    assert Latency().count == 0
    assert Latency().buckets() == []


def test_a_percentile_is_the_upper_bound_of_its_bucket_at_most_nine_percent_above() -> None:
    latency = measured(*[100] * 98, 5_000, 5_000)
    p50, p99 = latency.percentile_us(0.5), latency.percentile_us(0.99)
    assert p50 is not None
    assert p99 is not None
    assert 100 <= p50 <= 109.1
    assert 5_000 <= p99 <= 5_455
    assert latency.count == 100


def test_extremes_are_counted_in_the_outer_buckets() -> None:
    latency = measured(0, 0.01, 10**12)
    assert latency.count == 3
    assert latency.percentile_us(0.1) == 1.0
    assert sum(count for _, count in latency.buckets()) == 3
    assert latency.percentile_us(1.0) is not None


def test_buckets_rise_and_leave_out_the_empty_ones() -> None:
    bounds = [bound for bound, _ in measured(3, 1_000, 20).buckets()]
    assert bounds == sorted(bounds)
    assert len(bounds) == 3
