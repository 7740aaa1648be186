"""The recorded book: diffs by the venue's rules, under the newest best bid and ask."""

from hypothesis import given
from hypothesis import strategies as st

from holdfast.simexchange.book import Book, Ladder
from holdfast.simexchange.model import Depth, Level, Snapshot, Ticker


def book() -> Book:
    made = Book("X", step=1)
    made.reset(Snapshot(1, "X", 10, [(99, 5), (98, 7)], [(101, 5), (102, 7)]))
    return made


def test_a_diff_sets_and_removes_levels() -> None:
    made = book()
    assert made.update(Depth(2, "X", 11, 12, 0, [(99, 0), (97, 1), (50, 0)], [(100, 3)]))
    view = made.view(limit=9)
    assert (view.bids, view.asks) == ([(98, 7), (97, 1)], [(100, 3), (101, 5), (102, 7)])
    assert view.last_update_id == 12


def test_a_diff_that_the_snapshot_holds_already_is_ignored() -> None:
    made = book()
    assert not made.update(Depth(2, "X", 8, 10, 0, [(99, 0)], []))
    assert made.best_price(is_bid=True) == 99
    assert made.gaps == 0


def test_a_missing_diff_is_counted() -> None:
    made = book()
    made.update(Depth(2, "X", 13, 14, 0, [], []))
    assert made.gaps == 1


def test_futures_diffs_follow_by_their_previous_id() -> None:
    made = book()
    made.update(Depth(2, "X", 4, 20, 9, [], []))
    made.update(Depth(3, "X", 33, 34, 20, [], []))
    assert made.gaps == 0
    made.update(Depth(4, "X", 41, 44, 40, [], []))
    assert made.gaps == 1


def test_a_newer_ticker_stands_above_the_depth_and_hides_what_it_contradicts() -> None:
    made = book()
    made.touch(Ticker(2, "X", 11, 98, 2, 100, 4))
    assert list(made.available(is_bid=True)) == [(98, 2)]
    assert list(made.available(is_bid=False)) == [(100, 4), (101, 5), (102, 7)]
    assert made.recorded(99, is_bid=True) == 0
    made.update(Depth(3, "X", 11, 12, 0, [], []))
    assert made.best() == Ticker(3, "X", 12, 99, 5, 101, 5)


def test_an_older_ticker_is_not_believed() -> None:
    made = book()
    made.touch(Ticker(2, "X", 10, 90, 2, 110, 4))
    assert made.best_price(is_bid=True) == 99


def test_a_book_without_depth_has_one_level_a_side() -> None:
    made = Book("X", step=1)
    assert made.best() is None
    made.touch(Ticker(2, "X", 1, 98, 2, 100, 4))
    view = made.view(limit=5)
    assert (view.bids, view.asks, view.last_update_id) == ([(98, 2)], [(100, 4)], 1)


def test_only_whole_steps_can_be_taken() -> None:
    made = Book("X", step=10)
    made.reset(Snapshot(1, "X", 1, [(99, 25), (98, 9)], []))
    assert list(made.available(is_bid=True)) == [(99, 20)]


levels = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 3)), max_size=6)


@given(
    levels, st.lists(st.tuples(levels, st.booleans()), max_size=12), st.sampled_from([1, -1])
)
def test_a_ladder_is_what_a_sorted_dictionary_would_be(
    start: list[Level], diffs: list[tuple[list[Level], bool]], sign: int
) -> None:
    ladder = Ladder(sign)
    ladder.reset(start)
    plain = {price: size for price, size in dict(start).items() if size}
    for diff, looks in diffs:
        ladder.update(diff)
        plain.update(diff)
        plain = {price: size for price, size in plain.items() if size}
        if looks:
            assert list(ladder.best_first()) == sorted(plain.items(), reverse=sign > 0)
    assert list(ladder.best_first()) == sorted(plain.items(), reverse=sign > 0)
