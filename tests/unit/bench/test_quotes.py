"""The quotes of the replays are the same in every run and never crossed."""

from itertools import pairwise

from bench.quotes import GAP_NS, quotes


def test_two_walks_are_the_same() -> None:
    assert quotes(1_000) == quotes(1_000)


def test_bids_are_below_asks_and_time_goes_on() -> None:
    made = quotes(1_000)
    assert all(0 < quote.bid < quote.ask for quote in made)
    assert {b.at_ns - a.at_ns for a, b in pairwise(made)} == {GAP_NS}
