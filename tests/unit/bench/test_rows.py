"""Rows are complete, chosen by name, and never silently missing."""

from collections.abc import Iterator

import pytest

from bench.__main__ import chosen, gather, text
from bench.machine import machine
from bench.rows import Row, check, skipped

ROW: Row = {
    "name": "journal.append.1_a_commit",
    "value": 1.5,
    "unit": "events/s",
    "baseline": "raw_file",
    "baseline_value": 3.0,
    "ratio": 0.5,
    "n": 9,
}


def test_a_row_without_a_baseline_is_refused() -> None:
    check(ROW)
    with pytest.raises(ValueError, match="baseline is ''"):
        check({**ROW, "baseline": ""})
    with pytest.raises(ValueError, match="ratio is None"):
        check({**ROW, "ratio": None})


@pytest.mark.parametrize(
    ("only", "benches"),
    [
        ("", {"tick_to_order", "market"}),
        ("tick", {"tick_to_order"}),
        ("tick_to_order.blocking.with_send.p50", {"tick_to_order"}),
        ("strategy.callback", {"market"}),
        ("nothing", set()),
    ],
)
def test_a_name_chooses_the_benchmarks_that_have_such_rows(
    only: str, benches: set[str]
) -> None:
    assert {name for name in ("tick_to_order", "market") if chosen(name, only)} == benches


def test_only_rows_of_the_name_are_kept_and_a_failure_is_told_with_what_was_measured() -> None:
    def rows() -> Iterator[Row]:
        yield ROW
        yield {**ROW, "name": "journal.verify"}
        yield skipped("journal.append.peer", "it is not installed")
        raise RuntimeError("the disk\nwent away")

    taken, fault = gather(rows, only="journal.append")
    assert [row["name"] for row in taken] == [
        "journal.append.1_a_commit",
        "journal.append.peer",
    ]
    assert fault == "the disk went away"


def test_the_machine_is_named_in_one_line() -> None:
    assert "Python" in machine()
    assert "\n" not in machine()


def test_large_numbers_are_written_with_commas_and_small_ones_with_four_digits() -> None:
    assert [text(386_188.4), text(0.51934), text(300_000), text("us")] == [
        "386,188", "0.5193", "300,000", "us",
    ]  # fmt: skip
