"""Candles and statistics made from the trades seen."""

from itertools import pairwise

import pytest

from holdfast.simexchange.model import Trade
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.tape import MINUTE_NS, SECOND_NS, Tape, interval_open

DAY = 86_400 * SECOND_NS
START = 20_000 * DAY


def tape(*trades: tuple[int, int, int, bool]) -> Tape:
    """Make a tape of (seconds, price, quantity, sold)."""
    made = Tape("X")
    for at, (seconds, price, quantity, sold) in enumerate(trades, 1):
        at_ns = START + seconds * SECOND_NS
        made.add(Trade(at_ns, "X", at, price * E8, quantity * E8, sold, at, at))
    return made


def test_a_candle_has_open_high_low_close_volumes_and_ids() -> None:
    made = tape((0, 10, 1, False), (5, 14, 2, True), (59, 9, 1, False), (60, 11, 4, False))
    bars = made.bars("1m", now_ns=START + MINUTE_NS, start_ns=None, end_ns=None, limit=10)
    first, second = bars
    assert [first.open, first.high, first.low, first.close] == [
        10 * E8,
        14 * E8,
        9 * E8,
        9 * E8,
    ]
    assert (first.volume, first.quote_volume, first.trade_count) == (4 * E8, 47 * E8, 3)
    assert (first.taker_buy_volume, first.taker_buy_quote_volume) == (2 * E8, 19 * E8)
    assert (first.first_trade_id, first.last_trade_id) == (1, 3)
    assert (first.open_ns, first.close_ns) == (START, START + MINUTE_NS - 1)
    assert second.open == 11 * E8


def test_a_quiet_interval_repeats_the_close_without_volume() -> None:
    made = tape((0, 10, 1, False), (200, 12, 1, False))
    now_ns = START + 300 * SECOND_NS
    bars = made.bars("1m", now_ns=now_ns, start_ns=None, end_ns=None, limit=10)
    assert [bar.close // E8 for bar in bars] == [10, 10, 10, 12, 12, 12]
    assert bars[1].volume == bars[1].trade_count == 0


def test_candles_are_chosen_from_a_start_or_backwards_from_an_end() -> None:
    made = tape(*((60 * at, 10 + at, 1, False) for at in range(10)))
    now_ns = START + 600 * SECOND_NS

    def opens(start: int | None, end: int | None, limit: int) -> list[int]:
        start_ns = None if start is None else START + start * SECOND_NS
        end_ns = None if end is None else START + end * SECOND_NS
        bars = made.bars("1m", now_ns=now_ns, start_ns=start_ns, end_ns=end_ns, limit=limit)
        return [(bar.open_ns - START) // MINUTE_NS for bar in bars]

    assert opens(None, None, 3) == [8, 9, 10]
    assert opens(61, None, 3) == [2, 3, 4]
    assert opens(120, 239, 9) == [2, 3]
    assert opens(None, 239, 2) == [2, 3]
    assert opens(None, None, 0) == []


def test_wider_candles_are_made_of_minutes() -> None:
    made = tape(*((60 * at, 10 + at, 1, at % 2 == 0) for at in range(10)))
    bars = made.bars("5m", now_ns=START + 599 * SECOND_NS, start_ns=None, end_ns=None, limit=9)
    assert [(bar.open // E8, bar.close // E8, bar.volume // E8) for bar in bars] == [
        (10, 14, 5),
        (15, 19, 5),
    ]


def test_candles_of_a_second_are_made_of_the_newest_trades() -> None:
    made = tape((0, 10, 1, False), (0, 11, 1, False), (2, 12, 1, False))
    now_ns = START + 2 * SECOND_NS
    bars = made.bars("1s", now_ns=now_ns, start_ns=None, end_ns=None, limit=9)
    assert [bar.close // E8 for bar in bars] == [11, 11, 12]


def test_weeks_open_on_monday_and_months_on_the_first() -> None:
    wednesday = 1_700_000_000 * SECOND_NS
    monday = 1_699_833_600 * SECOND_NS
    first = 1_698_796_800 * SECOND_NS
    assert interval_open(wednesday, "1w") == monday
    assert interval_open(wednesday, "1M") == first


def test_an_unknown_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="7m"):
        tape().bars("7m", now_ns=START, start_ns=None, end_ns=None, limit=1)


def test_the_day_counts_24_hours_back() -> None:
    made = tape((0, 50, 1, False), (90_000, 10, 1, False), (90_060, 14, 3, True))
    day = made.day(now_ns=START + 90_100 * SECOND_NS)
    assert (day.open, day.high, day.low, day.last) == (10 * E8, 14 * E8, 10 * E8, 14 * E8)
    assert (day.volume, day.quote_volume, day.weighted_average) == (4 * E8, 52 * E8, 13 * E8)
    assert tape().day(now_ns=START).trade_count == 0


def test_the_average_price_looks_back_over_whole_minutes_and_falls_back_to_the_last() -> None:
    made = tape((0, 10, 1, False), (60, 20, 3, False))
    now_ns = START + 119 * SECOND_NS
    assert made.average(now_ns=now_ns, minutes=5) == 17_50000000
    assert made.average(now_ns=now_ns, minutes=1) == 20 * E8
    assert made.average(now_ns=now_ns + DAY, minutes=5) == 20 * E8
    assert tape().average(now_ns=START, minutes=5) == 0


def test_the_newest_thousand_trades_are_kept_in_order() -> None:
    made = tape(*((at, 10, 1, False) for at in range(1_500)))
    recent = made.recent()
    assert (len(recent), recent[0].trade_id, recent[-1].trade_id) == (1_000, 501, 1_500)


@pytest.mark.parametrize("interval", ["1h", "4h", "1d", "1w", "1M"])
def test_candles_of_a_time_zone_open_at_its_own_hours(interval: str) -> None:
    hour = 3600
    made = tape((0, 10, 1, False), (15 * hour, 11, 1, False), (17 * hour, 12, 1, False))
    ahead_ns = 8 * hour * SECOND_NS + 30 * MINUTE_NS
    bars = made.bars(
        interval,
        now_ns=START + 18 * hour * SECOND_NS,
        start_ns=None,
        end_ns=None,
        limit=50,
        ahead_ns=ahead_ns,
    )
    assert sum(bar.trade_count for bar in bars) == 3
    for bar, following in pairwise(bars):
        assert bar.close_ns + 1 == following.open_ns
    local = [bar.open_ns + ahead_ns for bar in bars]
    assert local == [interval_open(opens, interval) for opens in local]
