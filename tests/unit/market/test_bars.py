"""Bars from trades: when they close, what they contain, and what comes too late."""

import msgspec
import pytest

from holdfast.domain.instant import NS_PER_S
from holdfast.market.bars import GRACE_NS, Bars
from holdfast.testing.market import Market, instrument

MINUTE = 60 * NS_PER_S
START = 1_000 * MINUTE


@pytest.fixture
def market():
    return Market(instrument(), start_ns=START - 1, step_ns=1)


@pytest.fixture
def bars(market):
    return Bars(market.symbol, MINUTE)


def test_a_bar_has_open_high_low_close_and_volume_of_its_trades(market, bars):
    for price, quantity in (("10", "1"), ("12", "2"), ("9", "3"), ("11", "4")):
        assert bars.on_trade(market.trade(price, quantity)) is None
    market.now_ns = START + MINUTE - 1
    bar = bars.on_trade(market.trade("50"))
    write = market.instrument
    assert [write.price_text(p) for p in (bar.open, bar.high, bar.low, bar.close)] == [
        "10", "12", "9", "11",
    ]  # fmt: skip
    assert (write.quantity_text(bar.volume), bar.trade_count) == ("10", 4)
    assert (bar.open_at_ns, bar.interval_ns) == (START, MINUTE)


def test_the_last_nanosecond_belongs_to_the_bar_and_the_boundary_to_the_next(market, bars):
    bars.on_trade(market.trade("10"))
    market.now_ns = START + MINUTE - 2
    assert bars.on_trade(market.trade("11")) is None
    assert bars.on_trade(market.trade("12")).close == market.instrument.price("11")


def test_a_timer_closes_a_bar_after_its_grace(market, bars):
    assert bars.due_at_ns == 0
    bars.on_trade(market.trade("10"))
    assert bars.due_at_ns == START + MINUTE + GRACE_NS
    assert bars.close_due(bars.due_at_ns - 1) is None
    assert bars.close_due(bars.due_at_ns).trade_count == 1
    assert bars.close_due(START + 9 * MINUTE) is None


def test_a_late_trade_is_counted_and_opens_nothing_again(market, bars):
    bars.on_trade(market.trade("10"))
    bars.close_due(START + MINUTE + GRACE_NS)
    assert bars.on_trade(market.trade("11")) is None
    assert (bars.late_count, bars.due_at_ns) == (1, 0)
    market.now_ns = START + MINUTE
    bars.on_trade(market.trade("12"))
    market.now_ns = START
    assert bars.on_trade(market.trade("99")) is None
    assert bars.late_count == 2


def test_an_interval_without_a_trade_has_no_bar(market, bars):
    bars.on_trade(market.trade("10"))
    market.now_ns = START + 5 * MINUTE
    assert bars.on_trade(market.trade("11")).open_at_ns == START
    market.now_ns = START + 6 * MINUTE
    assert bars.on_trade(market.trade("12")).open_at_ns == START + 5 * MINUTE


def test_a_trade_without_a_time_of_the_venue_counts_by_its_arrival(market, bars):
    bars.on_trade(msgspec.structs.replace(market.trade("10"), venue_at_ns=0))
    assert bars.due_at_ns == START + MINUTE + GRACE_NS


def test_no_bars_have_no_length():
    with pytest.raises(ValueError, match="no bars of 0 ns"):
        Bars("BTCUSDT", 0)
