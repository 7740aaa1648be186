"""Bars of a longer interval, joined from shorter ones."""

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_S, UtcNs
from holdfast.domain.market import Bar, longer_bars
from holdfast.domain.money import PriceUnits, QuantityUnits

MINUTE_NS = 60 * NS_PER_S


def bar(minute: int, prices: tuple[int, int, int, int], *, trades: int = 1) -> Bar:
    opened, high, low, closed = map(PriceUnits, prices)
    return Bar(
        Symbol("BTCUSDT"), MINUTE_NS, UtcNs(minute * MINUTE_NS),
        opened, high, low, closed, QuantityUnits(10 * trades), trades,
    )  # fmt: skip


def test_joined_bars_keep_the_first_open_the_last_close_and_the_extremes() -> None:
    joined = longer_bars(
        [bar(3, (10, 12, 9, 11)), bar(4, (11, 20, 11, 15)), bar(5, (15, 16, 2, 3))],
        3 * MINUTE_NS,
    )
    assert [(b.open, b.high, b.low, b.close) for b in joined] == [(10, 20, 2, 3)]
    assert joined[0].open_at_ns == 3 * MINUTE_NS
    assert joined[0].interval_ns == 3 * MINUTE_NS
    assert (joined[0].volume, joined[0].trade_count) == (30, 3)


def test_an_interval_without_a_trade_has_no_bar_and_moves_no_price() -> None:
    quiet = bar(1, (99, 99, 99, 99), trades=0)
    joined = longer_bars([bar(0, (1, 2, 1, 2)), quiet, bar(4, (5, 5, 4, 4))], 2 * MINUTE_NS)
    assert [b.open_at_ns // MINUTE_NS for b in joined] == [0, 4]
    assert joined[0].high == 2
    assert longer_bars([quiet], 2 * MINUTE_NS) == []


def test_the_bars_that_were_joined_stay_as_they_were() -> None:
    short = [bar(0, (1, 2, 1, 2)), bar(1, (2, 9, 2, 9))]
    longer_bars(short, 2 * MINUTE_NS)
    assert short[0].high == 2
    assert short[0].interval_ns == MINUTE_NS
