"""What is known of a symbol's market: newest top, health, age, and honest counts."""

import msgspec
import pytest

from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.domain.market import BookTop
from holdfast.market.feed import Feed, FeedCounts, Invalid
from holdfast.testing.market import Market, instrument


@pytest.fixture
def market():
    return Market(instrument())


@pytest.fixture
def feed(market):
    return Feed(market.symbol)


def at(event, **stamps):
    return msgspec.structs.replace(event, **stamps)


def test_a_top_without_depth_is_published_at_once(market, feed):
    top = market.top("99", "101")
    assert feed.on_top(top) is top
    assert feed.is_healthy(market.now_ns)


def test_an_older_top_is_counted_and_dropped(market, feed):
    first = market.top("99", "101")
    second = market.top("99.5", "101")
    feed.on_top(second)
    assert feed.on_top(first) is None
    assert feed.top is second
    assert feed.counts.old_tops == 1


@pytest.mark.parametrize(("bid", "ask"), [("101", "101"), ("102", "101"), ("0", "101")])
def test_a_crossed_locked_or_empty_top_is_never_published(market, feed, bid, ask):
    good = market.top("99", "101")
    feed.on_top(good)
    answer = feed.on_top(market.top(bid, ask))
    assert isinstance(answer, Invalid)
    assert feed.top is good
    assert feed.counts.crossed == 1
    assert not feed.is_healthy(market.now_ns)
    assert isinstance(feed.on_top(market.top("99", "101")), BookTop)
    assert feed.is_healthy(market.now_ns)


def test_it_says_only_once_that_a_book_became_invalid(market, feed):
    feed.on_top(market.top("99", "101"))
    assert isinstance(feed.on_top(market.top("102", "101")), Invalid)
    assert feed.on_top(market.top("103", "101")) is None


def test_no_top_is_shown_while_the_book_waits_for_its_snapshot(market, feed):
    assert feed.on_diff(market.diff(bids=[("99", "1")])) is None
    assert feed.on_top(market.top("99", "101")) is None
    assert not feed.is_healthy(market.now_ns)
    assert feed.valuation == market.instrument.price("100")
    shown = feed.on_snapshot(market.snapshot([("98", "1")], [("101", "1")]))
    assert isinstance(shown, BookTop)
    assert feed.is_healthy(market.now_ns)


def test_the_newest_of_ticker_and_depth_is_the_top(market, feed):
    feed.on_snapshot(market.snapshot([("98", "1")], [("101", "1")]))
    diff = market.diff(bids=[("98.5", "1")])
    ticker = market.top("99", "101")
    assert feed.on_top(ticker) is ticker
    assert feed.on_diff(diff) is None
    assert feed.top is ticker
    newer = at(market.diff(bids=[("99.5", "2")]), first_id=diff.last_id + 1)
    shown = feed.on_diff(newer)
    assert isinstance(shown, BookTop)
    assert (feed.top, shown.bid) == (shown, market.instrument.price("99.5"))


def test_a_diff_that_leaves_the_top_alone_confirms_it(market, feed):
    shown = feed.on_snapshot(market.snapshot([("98", "1")], [("101", "1")]))
    far = market.diff(bids=[("50", "1")])
    assert feed.on_diff(far) is None
    assert feed.top is shown
    confirmed = feed.confirmed_top
    assert (confirmed.bid, confirmed.ask) == (shown.bid, shown.ask)
    assert (confirmed.update_id, confirmed.received_at_ns) == (far.last_id, far.received_at_ns)
    ticker = market.top("98.5", "101")
    feed.on_top(ticker)
    assert feed.confirmed_top is ticker


def test_a_gap_makes_the_feed_invalid_until_a_snapshot_joins(market, feed):
    feed.on_snapshot(market.snapshot([("98", "1")], [("101", "1")]))
    market.diff()
    told = feed.on_diff(market.diff(bids=[("99", "1")]))
    assert isinstance(told, Invalid)
    assert "gap" in told.reason
    assert feed.wants_snapshot(market.now_ns)
    assert feed.on_top(market.top("99", "101")) is None
    shown = feed.on_snapshot(market.snapshot([("98", "1")], [("101", "1")]))
    assert isinstance(shown, BookTop)
    assert (feed.counts.gaps, feed.counts.resyncs) == (1, 1)


def test_a_book_that_loses_a_side_is_invalid_until_it_has_two(market, feed):
    feed.on_snapshot(market.snapshot([("98", "1")], [("101", "1")]))
    assert isinstance(feed.on_diff(market.diff(asks=[("101", "0")])), Invalid)
    assert feed.on_diff(market.diff(bids=[("97", "1")])) is None
    assert isinstance(feed.on_diff(market.diff(asks=[("102", "1")])), BookTop)
    assert feed.counts.gaps == 0


def test_a_broken_stream_makes_the_feed_invalid(market, feed):
    feed.on_top(market.top("99", "101"))
    assert feed.lose("disconnected") == Invalid(market.symbol, "disconnected")
    assert feed.lose("disconnected") is None
    assert feed.unhealthy_reason(market.now_ns) == "disconnected"


def test_silence_makes_a_feed_stale(market, feed):
    feed.on_top(market.top("99", "101"))
    now = market.now_ns
    assert feed.is_healthy(now + 5 * NS_PER_S)
    assert not feed.is_healthy(now + 5 * NS_PER_S + 1)
    assert feed.unhealthy_reason(now + 6 * NS_PER_S) == "stale: nothing came for 6000 ms"
    assert feed.age_ns(now + 6 * NS_PER_S) == 6 * NS_PER_S


def test_a_feed_that_saw_nothing_is_unhealthy_and_has_no_age(feed):
    assert not feed.is_healthy(0)
    assert feed.unhealthy_reason(0) == "no book yet"
    assert feed.age_ns(5) is None
    assert feed.valuation == 0


def test_a_trade_counts_once_and_missing_ones_are_seen(market, feed):
    first, missed, third = market.trade("100"), market.trade("101"), market.trade("102")
    assert missed is not third
    assert feed.on_trade(first)
    assert feed.on_trade(third)
    assert not feed.on_trade(third)
    counts = feed.counts
    assert (counts.trades, counts.trade_gaps, counts.repeated) == (2, 1, 1)
    assert feed.valuation == market.instrument.price("102")


def test_trades_without_an_id_are_all_counted(market, feed):
    trade = at(market.trade("100"), trade_id=0)
    assert feed.on_trade(trade)
    assert feed.on_trade(trade)
    assert feed.counts.trades == 2


def test_lag_is_taken_from_what_carries_a_time_of_the_venue(market, feed):
    feed.on_top(at(market.top("99", "101"), venue_at_ns=0))
    assert feed.lag_ns is None
    trade = market.trade("100")
    feed.on_trade(at(trade, venue_at_ns=trade.received_at_ns - 7))
    assert feed.lag_ns == 7
    feed.offset_ns = 100
    trade = market.trade("100")
    feed.on_trade(at(trade, venue_at_ns=trade.received_at_ns))
    assert feed.lag_ns == 100


def test_the_market_object_of_a_run_sums_symbols_and_keeps_the_greatest_age(market, feed):
    feed.on_top(market.top("99", "101"))
    market.now_ns += 250 * NS_PER_MS
    feed.on_trade(market.trade("100"))
    feed.on_diff(market.diff())
    other = FeedCounts(messages=2, trades=1, gaps=3, resyncs=3, max_age_ns=9 * NS_PER_MS)
    other.add(feed.counts)
    assert other.market() == {
        "messages": 5,
        "trades": 2,
        "depth_updates": 1,
        "gaps": 3,
        "resyncs": 3,
        "max_age_ms": 251,
    }


def test_a_book_behind_its_limit_is_unhealthy_by_the_measured_clock(market, feed):
    feed.offset_ns = 2 * NS_PER_S
    top = market.top("99", "101")
    feed.on_top(at(top, venue_at_ns=top.received_at_ns - 3 * NS_PER_S))
    assert feed.is_healthy(market.now_ns)
    top = market.top("99", "101")
    feed.on_top(at(top, venue_at_ns=top.received_at_ns - 4 * NS_PER_S))
    assert feed.unhealthy_reason(market.now_ns) == "behind: the newest message was 6000 ms old"


def test_a_book_that_contradicts_the_ticker_of_its_own_update_is_lost_and_joins_again(
    market, feed
):
    feed.on_snapshot(market.snapshot([("99", "1")], [("101", "1")]))
    frozen = market.diff()
    ticker = at(market.top("99", "100.5"), update_id=frozen.last_id)
    assert feed.on_top(ticker) is ticker
    told = feed.on_diff(frozen)
    assert isinstance(told, Invalid)
    assert "contradicts the top" in told.reason
    assert feed.counts.contradicted == 1
    assert feed.wants_snapshot(market.now_ns)
    market.update_id = frozen.last_id
    feed.on_snapshot(market.snapshot([("99", "1")], [("100.5", "1")]))
    assert not feed.invalid_reason


def test_a_book_that_agrees_with_the_ticker_of_its_update_goes_on(market, feed):
    feed.on_snapshot(market.snapshot([("99", "1")], [("101", "1")]))
    moved = market.diff(asks=[("100.5", "1")])
    feed.on_top(at(market.top("99", "100.5"), update_id=moved.last_id))
    assert not isinstance(feed.on_diff(moved), Invalid)
    assert not feed.invalid_reason
