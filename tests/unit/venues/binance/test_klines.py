"""Candles: which interval is asked for, how pages join, what cannot be read."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from urllib.parse import parse_qs, urlsplit

import pytest

from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.domain.ports import HttpAnswer
from holdfast.errors import NotFound, VenueUnavailable
from holdfast.testing.clock import START_NS
from holdfast.testing.market import instrument
from holdfast.venues.binance.dialect import SPOT
from holdfast.venues.binance.wire.klines import asked_interval, klines
from holdfast.venues.binance.wire.unreadable import Unreadable
from tests.unit.venues.binance.test_market_data import BTC, Desk

MINUTE_NS = 60 * NS_PER_S
ROW = (
    b'[[1700000040000,"100.00000000","120.00000000","90.00000000","110.00000000","2.50000000",'
    b'1700000099999,"260.0",7,"1.0","100.0","0"]]'
)
Story = Callable[["Candles"], Coroutine[None, None, None]]


class Candles(Desk):
    """A venue that has traded in every minute and in every second since its first."""

    def __init__(self, *, first_ns: int = 0) -> None:
        super().__init__(paper_pings=True)
        self.first_ns = first_ns
        self.queries: list[dict[str, str]] = []
        self.body: bytes | None = None

    def answer(self, method: str, target: str) -> HttpAnswer | None:
        parts = urlsplit(target)
        if parts.path != "/api/v3/klines":
            return super().answer(method, target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.queries.append(query)
        if self.body is not None:
            return HttpAnswer(200, {}, self.body)
        step = 1_000 if query["interval"] == "1s" else 60_000
        begin = max(int(query["startTime"]), self.first_ns // NS_PER_MS)
        opens = range(-(-begin // step) * step, int(query["endTime"]) + 1, step)
        rows = [
            [at, "1", "2", "1", "2", "0.5", at + step - 1, "1", 3, "0", "0", "0"]
            for at in opens[: int(query["limit"])]
        ]
        return HttpAnswer(200, {}, json.dumps(rows).encode())


def run(story: Story, desk: Candles | None = None) -> None:
    async def whole() -> None:
        used = desk or Candles()
        await used.data.instruments([BTC])
        try:
            await story(used)
        finally:
            await used.data.close()

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("seconds", "name"),
    [
        (60, "1m"),
        (120, "1m"),
        (300, "5m"),
        (600, "5m"),
        (15, "1s"),
        (90, "1s"),
        (172_800, "1d"),
    ],
)
def test_the_longest_interval_that_divides_is_asked_for(seconds: int, name: str) -> None:
    found, base_ns = asked_interval(seconds * NS_PER_S)
    assert found == name
    assert seconds * NS_PER_S % base_ns == 0


def test_a_row_becomes_a_bar_in_units() -> None:
    (bar,) = klines(ROW, instrument(), interval_ns=MINUTE_NS)  # type: ignore[misc]
    assert bar.open_at_ns == 1_700_000_040 * NS_PER_S
    assert [bar.open, bar.high, bar.low, bar.close] == [
        instrument().price(text) for text in ("100", "120", "90", "110")
    ]
    assert bar.volume == instrument().quantity("2.5")
    assert bar.trade_count == 7


@pytest.mark.parametrize("body", [b"{}", b"[[1]]", ROW.replace(b"120.00", b"many"), b"<html>"])
def test_what_cannot_be_read_is_a_value(body: bytes) -> None:
    assert isinstance(klines(body, instrument(), interval_ns=MINUTE_NS), Unreadable)


def test_the_closed_bars_of_the_last_intervals_are_given_oldest_first() -> None:
    async def story(desk: Candles) -> None:
        bars = await desk.data.bars(BTC, interval_ns=MINUTE_NS, count=5)
        end_ns = START_NS - START_NS % MINUTE_NS
        assert [bar.open_at_ns for bar in bars] == [
            end_ns - back * MINUTE_NS for back in (5, 4, 3, 2, 1)
        ]

    run(story)


def test_odd_intervals_are_joined_from_short_candles_over_many_pages() -> None:
    async def story(desk: Candles) -> None:
        bars = await desk.data.bars(BTC, interval_ns=7 * NS_PER_S, count=300)
        assert len(bars) == 300
        assert {bar.trade_count for bar in bars} == {21}
        assert len({bar.open_at_ns for bar in bars}) == 300
        assert len(desk.queries) == -(-2_100 // SPOT.klines.page)

    run(story)


def test_a_venue_with_fewer_bars_gives_what_it_has() -> None:
    async def story(desk: Candles) -> None:
        bars = await desk.data.bars(BTC, interval_ns=MINUTE_NS, count=50)
        assert 0 < len(bars) <= 3

    run(story, Candles(first_ns=START_NS - 3 * MINUTE_NS))


def test_unreadable_candles_and_unknown_symbols_are_named() -> None:
    async def story(desk: Candles) -> None:
        desk.body = b"[1]"
        with pytest.raises(VenueUnavailable, match="candles of BTCUSDT"):
            await desk.data.bars(BTC, interval_ns=MINUTE_NS, count=1)
        with pytest.raises(NotFound, match="DOGE"):
            await desk.data.bars("DOGE", interval_ns=MINUTE_NS, count=1)  # type: ignore[arg-type]

    run(story)
