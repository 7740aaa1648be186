"""Axes have round numbers and instants, and texts as short as they can be."""

import pytest

from holdfast.domain.instant import NS_PER_S
from holdfast.reports.axes import (
    decimals_of,
    duration_text,
    number_text,
    tick_text,
    time_text,
    time_ticks,
    value_ticks,
)
from tests.unit.reports.stories import DAY_AT_NS


def test_value_ticks_are_round_and_inside():
    assert value_ticks(99.2, 101.4) == [99.5, 100.0, 100.5, 101.0]
    assert value_ticks(0, 1_000) == [0, 200, 400, 600, 800, 1_000]


@pytest.mark.parametrize(("step", "decimals"), [(500.0, 0), (1.0, 0), (0.5, 1), (0.02, 2)])
def test_a_step_has_the_decimals_that_it_needs(step, decimals):
    assert decimals_of(step) == decimals


def test_numbers_are_grouped_and_have_a_true_minus_and_no_minus_zero():
    assert number_text(-1234.5, 1) == "\N{MINUS SIGN}1,234.5"
    assert number_text(-0.001, 2) == "0.00"


def test_time_ticks_fall_on_round_instants():
    ticks = time_ticks(DAY_AT_NS + 1, DAY_AT_NS + 86_400 * NS_PER_S)
    assert [tick_text(at, step_ns=1, first=False) for at in ticks[:2]] == [
        "03:00:00",
        "06:00:00",
    ]
    assert all(tick % (3 * 3_600 * NS_PER_S) == 0 for tick in ticks)


def test_a_first_tick_names_its_day():
    hour = 3_600 * NS_PER_S
    assert tick_text(DAY_AT_NS + hour, step_ns=hour, first=True) == "08 Aug 01:00"
    assert tick_text(DAY_AT_NS + hour, step_ns=hour, first=False) == "01:00"
    assert tick_text(DAY_AT_NS, step_ns=24 * hour, first=True) == "08 Aug 2024"


def test_instants_and_durations_read_as_people_write_them():
    assert time_text(DAY_AT_NS + 61 * NS_PER_S) == "2024-08-08 00:01:01"
    assert duration_text(90_061 * NS_PER_S) == "1 d 1 h"
    assert duration_text(59 * NS_PER_S) == "59 s"
    assert duration_text(0) == "0 s"
