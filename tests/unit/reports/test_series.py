"""Thinning keeps what stands out; drawdown and percentiles are the textbook's."""

import pytest

from holdfast.reports.series import drawdown, percentile, thin


def test_a_short_series_is_not_thinned():
    points = [(1, 2.0), (2, 3.0)]
    assert thin(points, 10) == points


def test_thinning_keeps_first_last_and_every_extreme():
    points = [(at, float(at * 7919 % 1000)) for at in range(20_000)]
    points[7_777] = (7_777, 5_000.0)
    points[9_999] = (9_999, -5_000.0)
    kept = thin(points, 100)
    assert len(kept) <= 400
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    assert (7_777, 5_000.0) in kept
    assert (9_999, -5_000.0) in kept
    assert kept == sorted(kept)


def test_thinning_a_crowd_at_one_instant_keeps_its_extremes():
    kept = thin([(5, float(value)) for value in range(1_000)], 10)
    assert kept == [(5, 0.0), (5, 999.0)]


def test_drawdown_is_measured_from_the_highest_point_so_far():
    points = [(1, 100.0), (2, 80.0), (3, 200.0), (4, 150.0)]
    assert drawdown(points) == [(1, 0.0), (2, -0.2), (3, 0.0), (4, -0.25)]


def test_drawdown_of_nothing_is_nothing_and_of_debt_is_not_computed():
    assert drawdown([]) == []
    assert drawdown([(1, -5.0)]) == [(1, 0.0)]


def test_percentiles_are_of_nearest_rank():
    ordered = [float(n) for n in range(1, 101)]
    assert (percentile(ordered, 50), percentile(ordered, 99)) == (50.0, 99.0)
    assert percentile([7.0], 99) == 7.0
    with pytest.raises(ValueError, match="no percentile"):
        percentile([], 50)
