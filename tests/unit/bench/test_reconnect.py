"""A trader whose connections are cut agrees with the venue again, and that is timed."""

from bench.reconnect import rows


def test_each_cut_ends_in_agreement() -> None:
    measured = list(rows(cuts=2, warm_s=0.0))
    assert [row["n"] for row in measured] == [2, 2]
    assert min(row["value"] for row in measured) > 0
