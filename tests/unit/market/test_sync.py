"""A book joins its stream by the venue's rules, and knows when it is out of step."""

import pytest

from holdfast.domain.instant import NS_PER_S
from holdfast.domain.market import DepthDiff, DepthSnapshot
from holdfast.market.sync import BUFFERED_DIFFS, BookSync, Step

ASKS = [(110, 5)]


def spot(first, last, bid=100, quantity=1):
    return DepthDiff("BTCUSDT", first, last, -1, [(bid, quantity)], [], 0, 0)


def usdm(first, last, previous, bid=100, quantity=1):
    return DepthDiff("BTCUSDT", first, last, previous, [(bid, quantity)], [], 0, 0)


def snapshot(last, bid=90):
    return DepthSnapshot("BTCUSDT", last, [(bid, 1)], ASKS, 0)


@pytest.fixture
def sync():
    return BookSync("BTCUSDT")


def test_diffs_wait_for_a_snapshot_and_are_then_applied(sync):
    assert sync.on_diff(spot(1, 5)) is Step.NOTHING
    assert sync.on_diff(spot(6, 8, bid=101)) is Step.NOTHING
    assert not sync.is_ready
    assert sync.on_snapshot(snapshot(3)) is Step.READY
    assert (sync.book.last_id, sync.book.best_bid) == (8, 101)


def test_diffs_that_the_snapshot_contains_are_dropped(sync):
    sync.on_diff(spot(1, 5, bid=105))
    sync.on_diff(spot(6, 8, bid=101))
    assert sync.on_snapshot(snapshot(5)) is Step.READY
    assert (sync.book.last_id, sync.book.best_bid) == (8, 101)


def test_a_snapshot_older_than_the_first_diff_is_useless(sync):
    sync.on_diff(spot(10, 12))
    assert sync.on_snapshot(snapshot(9)) is Step.NOTHING
    assert not sync.is_ready
    assert sync.on_snapshot(snapshot(10)) is Step.READY
    assert sync.counts.gaps == 0


def test_a_snapshot_newer_than_every_diff_stands_until_the_next(sync):
    sync.on_diff(spot(1, 5))
    assert sync.on_snapshot(snapshot(20)) is Step.READY
    assert sync.on_diff(spot(18, 20)) is Step.NOTHING
    assert sync.on_diff(spot(19, 22)) is Step.TOP_CHANGED
    assert sync.on_diff(spot(23, 24)) is Step.APPLIED
    assert (sync.counts.repeated, sync.counts.gaps) == (1, 0)


def test_a_diff_that_skips_an_update_is_a_gap_and_starts_over(sync):
    sync.on_snapshot(snapshot(5))
    assert sync.on_diff(spot(7, 9)) is Step.LOST
    assert not sync.is_ready
    assert "7 does not follow 5" in sync.reason
    assert sync.counts.gaps == 1
    assert sync.on_snapshot(snapshot(8)) is Step.READY
    assert (sync.book.last_id, sync.counts.resyncs) == (9, 1)


def test_a_gap_among_the_buffered_diffs_needs_a_newer_snapshot(sync):
    sync.on_diff(spot(1, 5))
    sync.on_diff(spot(9, 12, bid=103))
    assert sync.on_snapshot(snapshot(3)) is Step.NOTHING
    assert (sync.is_ready, sync.counts.gaps) == (False, 1)
    assert sync.on_snapshot(snapshot(7)) is Step.NOTHING
    assert sync.on_snapshot(snapshot(9)) is Step.READY
    assert sync.book.best_bid == 103


def test_a_repeated_diff_is_counted_and_changes_nothing(sync):
    sync.on_snapshot(snapshot(5))
    sync.on_diff(spot(6, 8, bid=101))
    assert sync.on_diff(spot(6, 8, bid=101)) is Step.NOTHING
    assert (sync.is_ready, sync.counts.repeated) == (True, 1)


def test_usdm_starts_with_the_diff_around_the_snapshot_and_follows_the_chain(sync):
    sync.on_diff(usdm(1, 4, 0, bid=105))
    sync.on_diff(usdm(6, 9, 4, bid=101))
    sync.on_diff(usdm(11, 12, 9, bid=102))
    assert sync.on_snapshot(snapshot(7)) is Step.READY
    assert (sync.book.last_id, sync.book.best_bid) == (12, 102)
    assert sync.on_diff(usdm(20, 25, 12, bid=103)) is Step.TOP_CHANGED
    assert sync.on_diff(usdm(26, 27, 24, bid=103)) is Step.LOST
    assert sync.counts.gaps == 1


def test_usdm_takes_a_first_diff_that_ends_at_the_snapshot(sync):
    sync.on_diff(usdm(5, 7, 4))
    sync.on_diff(usdm(9, 11, 7, bid=104))
    assert sync.on_snapshot(snapshot(7)) is Step.READY
    assert (sync.book.last_id, sync.book.best_bid) == (11, 104)


def test_usdm_does_not_start_with_a_diff_after_the_snapshot(sync):
    assert sync.on_snapshot(snapshot(7)) is Step.READY
    assert sync.on_diff(usdm(8, 9, 6)) is Step.LOST


@pytest.mark.parametrize("bid", [110, 111])
def test_a_locked_or_crossed_book_is_counted_and_not_trusted(sync, bid):
    sync.on_snapshot(snapshot(5))
    assert sync.on_diff(spot(6, 6, bid=bid)) is Step.LOST
    assert (sync.is_ready, sync.counts.crossed) == (False, 1)
    assert sync.on_diff(spot(7, 7, bid=bid, quantity=0)) is Step.NOTHING
    assert sync.on_snapshot(snapshot(7)) is Step.READY
    assert sync.book.top().bid == 90


def test_a_crossed_snapshot_is_not_trusted(sync):
    assert sync.on_snapshot(snapshot(5, bid=110)) is Step.NOTHING
    assert (sync.is_ready, sync.counts.crossed) == (False, 1)


def test_a_broken_stream_forgets_what_was_buffered(sync):
    sync.on_diff(spot(1, 5))
    assert sync.lose("closed") is Step.NOTHING
    sync.on_diff(spot(50, 51))
    assert sync.on_snapshot(snapshot(20)) is Step.NOTHING
    assert sync.on_snapshot(snapshot(50)) is Step.READY
    assert sync.lose("closed") is Step.LOST
    assert sync.reason == "closed"


def test_a_snapshot_that_nobody_needs_changes_nothing(sync):
    sync.on_snapshot(snapshot(5))
    sync.on_diff(spot(6, 8, bid=101))
    assert sync.on_snapshot(snapshot(7)) is Step.NOTHING
    assert (sync.book.last_id, sync.counts.resyncs) == (8, 0)


def test_snapshots_are_asked_for_at_a_slowing_pace(sync):
    asked = [second for second in range(400) if sync.wants_snapshot(second * NS_PER_S)]
    assert asked == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363]


def test_nothing_is_asked_for_while_the_book_is_in_step(sync):
    assert sync.wants_snapshot(0)
    sync.on_snapshot(snapshot(5))
    assert not sync.wants_snapshot(10 * NS_PER_S)
    sync.on_diff(spot(7, 8))
    assert sync.wants_snapshot(10 * NS_PER_S)
    assert not sync.wants_snapshot(10 * NS_PER_S + 1)


def test_the_buffer_is_bounded_and_its_overflow_counted(sync):
    for update in range(1, BUFFERED_DIFFS + 2):
        sync.on_diff(spot(update, update))
    assert sync.counts.overflows == 1
    assert sync.on_snapshot(snapshot(BUFFERED_DIFFS)) is Step.NOTHING
    assert sync.on_snapshot(snapshot(BUFFERED_DIFFS + 1)) is Step.READY


def test_a_stream_that_breaks_as_soon_as_its_book_joined_is_asked_for_ever_more_seldom(sync):
    asked, update = [], 5
    for second in range(200):
        if sync.wants_snapshot(second * NS_PER_S):
            asked.append(second)
            sync.on_snapshot(snapshot(update))
            update += 3
            sync.on_diff(spot(update, update))
            assert not sync.is_ready
            sync.lose("again")
    assert asked == [0, 1, 3, 7, 15, 31, 63, 123, 183]


def test_a_long_peace_lets_the_next_snapshot_be_asked_for_at_once(sync):
    for at_s in (0, 1, 100, 101):
        assert sync.wants_snapshot(at_s * NS_PER_S)
