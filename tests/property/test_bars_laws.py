"""Bars made trade by trade equal bars recomputed from all trades, and planted bugs."""

from itertools import groupby

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from holdfast.domain.market import Bar, TradePrint
from holdfast.market.bars import Bars

SYMBOL = "BTCUSDT"
INTERVAL, GRACE = 10, 3
TRADES = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 9), st.integers(1, 9), st.booleans()),
    max_size=60,
)


def tape(steps):
    """Give (trade, whether the timer is looked at before it), in order of time."""
    at_ns = 1_000
    for number, (wait, price, quantity, rings) in enumerate(steps, 1):
        at_ns += wait
        yield TradePrint(SYMBOL, number, price, quantity, False, at_ns, at_ns), rings


def batch(trades):
    """Recompute every bar at once."""
    bars = []
    for start, group in groupby(trades, lambda t: t.venue_at_ns // INTERVAL * INTERVAL):
        inside = list(group)
        prices = [trade.price for trade in inside]
        volume = sum(trade.quantity for trade in inside)
        bars.append(
            Bar(
                SYMBOL, INTERVAL, start, prices[0], max(prices), min(prices), prices[-1],
                volume, len(inside),
            )
        )  # fmt: skip
    return bars


def check_batch(make, steps, *, timers):
    """In order of time nothing is late, and timers change when a bar closes, never the bar."""
    bars = make(SYMBOL, INTERVAL, grace_ns=GRACE)
    closed = []
    for trade, rings in tape(steps):
        if timers and rings:
            closed.append(bars.close_due(trade.venue_at_ns))
        closed.append(bars.on_trade(trade))
    closed.append(bars.close_due(1 << 60))
    assert [bar for bar in closed if bar is not None] == batch([t for t, _ in tape(steps)])
    assert bars.late_count == 0


def check_disorder(make, steps, offsets):
    """Out of order, every trade is in exactly one bar or late, and no bar comes twice."""
    bars = make(SYMBOL, INTERVAL, grace_ns=GRACE)
    closed, count = [], 0
    for (trade, rings), offset in zip(tape(steps), offsets, strict=False):
        count += 1
        trade.venue_at_ns -= offset
        if rings:
            closed.append(bars.close_due(trade.received_at_ns))
        closed.append(bars.on_trade(trade))
    closed.append(bars.close_due(1 << 60))
    made = [bar for bar in closed if bar is not None]
    starts = [bar.open_at_ns for bar in made]
    assert starts == sorted(set(starts))
    assert sum(bar.trade_count for bar in made) + bars.late_count == count
    assert all(bar.low <= min(bar.open, bar.close) for bar in made)
    assert all(bar.high >= max(bar.open, bar.close) for bar in made)


class OpensAtTheFirstTrade(Bars):
    """A planted bug: a bar begins with its first trade and not on the boundary."""

    def on_trade(self, trade):
        closed = super().on_trade(trade)
        if self._bar is not None and self._bar.trade_count == 1:
            self._bar.open_at_ns = trade.venue_at_ns
        return closed


class ForgetsTheLow(Bars):
    """A planted bug: one trade that sets both extremes sets only the high."""

    def on_trade(self, trade):
        low = self._bar.low if self._bar is not None else None
        closed = super().on_trade(trade)
        if self._bar is not None and self._bar.trade_count > 1:
            self._bar.low = low
        return closed


class ReopensBars(Bars):
    """A planted bug: a trade of a closed bar opens it again."""

    def on_trade(self, trade):
        self._closed_to_ns = 0
        return super().on_trade(trade)


class HasNoGrace(Bars):
    """A planted bug: the timer closes before the grace, so what is in time comes late."""

    def close_due(self, now_ns):
        return super().close_due(now_ns + self.interval_ns)


@given(TRADES, st.booleans())
def test_bars_equal_their_recomputation(steps, timers):
    check_batch(Bars, steps, timers=timers)


@given(TRADES, st.lists(st.integers(0, 25), min_size=60, max_size=60))
def test_every_trade_is_in_one_bar_or_late(steps, offsets):
    check_disorder(Bars, steps, offsets)


@pytest.mark.parametrize("planted", [OpensAtTheFirstTrade, ForgetsTheLow, HasNoGrace])
def test_a_planted_bug_in_making_bars_is_caught(planted):
    @settings(database=None, phases=[Phase.generate], max_examples=300, derandomize=True)
    @given(TRADES)
    def attack(steps):
        check_batch(planted, steps, timers=True)

    with pytest.raises(AssertionError):
        attack()


@pytest.mark.parametrize("planted", [ReopensBars])
def test_a_planted_bug_with_late_trades_is_caught(planted):
    @settings(database=None, phases=[Phase.generate], max_examples=300, derandomize=True)
    @given(TRADES, st.lists(st.integers(0, 25), min_size=60, max_size=60))
    def attack(steps, offsets):
        check_disorder(planted, steps, offsets)

    with pytest.raises(AssertionError):
        attack()
