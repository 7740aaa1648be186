"""Market data: subscribed by name, handed over in order, snapshots fetched when asked for."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.domain.market import DepthSnapshot
from holdfast.domain.ports import HttpAnswer
from holdfast.errors import ConfigError, NotFound, VenueUnavailable
from holdfast.testing.clock import START_NS, ManualClock
from holdfast.testing.market import instrument
from holdfast.testing.network import FakeNetwork, FakeWebSocket
from holdfast.venues.binance.market_data import BinanceMarketData
from holdfast.venues.binance.options import Endpoints, Options
from holdfast.venues.binance.rest import Rest
from tests.unit.venues.binance.sinks import KeptMarket, turn
from tests.unit.venues.binance.test_instruments_wire import FILTERS
from tests.unit.venues.binance.test_market_wire import DIFF, TOP, TRADE

BTC = Symbol("BTCUSDT")
BOOK = b'{"lastUpdateId":7,"bids":[["1.00000000","2.00000000"]],"asks":[]}'
Story = Callable[["Desk"], Coroutine[None, None, None]]


class Desk:
    """Market data of a venue that is the test."""

    def __init__(self, *, ws: str = "wss://venue:9443/ws", **options: Any) -> None:
        self.network = FakeNetwork(self.answer)
        self.clock = ManualClock()
        self.sink = KeptMarket()
        self.depths: list[HttpAnswer] = []
        self.asked: list[str] = []
        endpoints = Endpoints("https://venue", ws, "wss://venue/api")
        chosen = Options(**{"silence_limit_s": 0, **options})
        rest = Rest(
            self.network, self.clock, origin=endpoints.rest, credentials=None, options=chosen
        )
        self.data = BinanceMarketData(
            self.network,
            self.clock,
            endpoints=endpoints,
            rest=rest,
            jitter=lambda: 0.0,
            options=chosen,
        )

    def answer(self, _method: str, target: str) -> HttpAnswer | None:
        parts = urlsplit(target)
        self.asked.append(parts.path)
        if parts.path == "/api/v3/time":
            return HttpAnswer(200, {}, b'{"serverTime":%d}' % (START_NS // 10**6 + 2000))
        if parts.path == "/api/v3/depth":
            return self.depths.pop(0) if self.depths else HttpAnswer(200, {}, BOOK)
        symbols = json.loads(parse_qs(parts.query)["symbols"][0])
        if set(symbols) - {"BTCUSDT", "ETHUSDT"}:
            return HttpAnswer(400, {}, b'{"code":-1121,"msg":"Invalid symbol."}')
        listed = [
            {"symbol": s, "baseAsset": s[:3], "quoteAsset": "USDT", "filters": FILTERS}
            for s in symbols
        ]
        return HttpAnswer(200, {}, json.dumps({"symbols": listed}).encode())

    @property
    def socket(self) -> FakeWebSocket:
        return self.network.sockets[-1]


def run(story: Story, desk: Desk | None = None) -> None:
    async def whole() -> None:
        used = desk or Desk()
        await used.data.start([instrument()], used.sink)
        try:
            await story(used)
        finally:
            await used.data.close()

    asyncio.run(whole())


@pytest.mark.parametrize("ws", ["wss://v:9443", "wss://v:9443/", "wss://v:9443/ws"])
def test_all_streams_of_all_symbols_are_asked_for_at_once(ws: str) -> None:
    async def story(desk: Desk) -> None:
        assert desk.socket.url == (
            "wss://v:9443/stream?streams=btcusdt@bookTicker/btcusdt@trade/btcusdt@depth@100ms"
        )

    run(story, Desk(ws=ws))


def test_messages_are_handed_over_in_their_order_stamped_with_our_clock() -> None:
    async def story(desk: Desk) -> None:
        for frame in (TOP, TRADE, DIFF):
            desk.clock.wait(NS_PER_MS)
            desk.socket.receive(frame)
        assert [type(e).__name__ for e in desk.sink.events] == [
            "BookTop", "TradePrint", "DepthDiff",
        ]  # fmt: skip
        stamps = [event.received_at_ns - START_NS for event in desk.sink.events]
        assert stamps == [NS_PER_MS, 2 * NS_PER_MS, 3 * NS_PER_MS]
        assert desk.sink.frames == 3

    run(story)


def test_the_clocks_offset_is_measured_at_the_start_but_not_in_paper() -> None:
    async def live(desk: Desk) -> None:
        assert desk.data.offset_ns == 2000 * NS_PER_MS

    async def paper(desk: Desk) -> None:
        assert desk.data.offset_ns == 0
        assert "/api/v3/time" not in desk.asked

    run(live)
    run(paper, Desk(paper_pings=True))


def test_a_lost_connection_makes_every_book_invalid_and_is_opened_again() -> None:
    async def story(desk: Desk) -> None:
        desk.socket.drop("reset")
        assert desk.sink.invalid == [(BTC, "disconnected: reset")]
        await turn()
        desk.socket.receive(TOP)
        assert len(desk.sink.events) == 1

    run(story)


def test_an_unreadable_message_makes_the_book_of_its_symbol_invalid() -> None:
    async def story(desk: Desk) -> None:
        desk.socket.receive(DIFF.replace('"25351.19000000"', '"many"'))
        ((symbol, reason),) = desk.sink.invalid
        assert symbol == BTC
        assert "unreadable" in reason
        assert desk.sink.events == []

    run(story)


def test_a_shutdown_notice_opens_another_connection_at_once() -> None:
    async def story(desk: Desk) -> None:
        desk.socket.receive('{"e":"serverShutdown","E":1}')
        await turn()
        assert len(desk.network.sockets) == 2

    run(story)


def test_a_snapshot_comes_when_it_is_asked_for_and_only_once_at_a_time() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(3):
            desk.data.request_snapshot(BTC)
        await turn(20)
        assert [type(event) for event in desk.sink.events] == [DepthSnapshot]
        assert desk.asked.count("/api/v3/depth") == 1

    run(story)


def test_snapshots_of_a_symbol_are_kept_apart_in_market_time() -> None:
    async def story(desk: Desk) -> None:
        desk.data.request_snapshot(BTC)
        await turn(20)
        desk.data.request_snapshot(BTC)
        await turn(20)
        assert desk.asked.count("/api/v3/depth") == 1
        desk.clock.wait(250 * NS_PER_MS)
        await turn(20)
        assert desk.asked.count("/api/v3/depth") == 2

    run(story)


def test_a_book_that_breaks_again_and_again_is_fetched_ever_more_seldom() -> None:
    async def story(desk: Desk) -> None:
        at_s: list[float] = []
        for _ in range(10 * 60 * 4):
            before = desk.asked.count("/api/v3/depth")
            desk.data.request_snapshot(BTC)
            desk.clock.wait(250 * NS_PER_MS)
            await turn(3)
            if desk.asked.count("/api/v3/depth") > before:
                at_s.append((desk.clock.now_ns() - START_NS) / NS_PER_S)
        assert at_s[2] < 1
        assert len(at_s) < 20
        assert max(b - a for a, b in pairwise(at_s)) <= 61
        desk.clock.wait(120 * NS_PER_S)
        await turn(3)
        count = desk.asked.count("/api/v3/depth")
        desk.data.request_snapshot(BTC)
        await turn(3)
        assert desk.asked.count("/api/v3/depth") == count + 1

    run(story)


def test_a_snapshot_that_fails_is_fetched_again() -> None:
    async def story(desk: Desk) -> None:
        desk.depths = [HttpAnswer(502, {}, b"<html>"), HttpAnswer(200, {}, b"{}")]
        desk.data.request_snapshot(BTC)
        async with asyncio.timeout(10):
            await desk.sink.heard.wait()
        assert desk.asked.count("/api/v3/depth") == 3

    run(story)


def test_closing_stops_a_fetch_and_tells_nothing_more() -> None:
    async def story(desk: Desk) -> None:
        desk.data.request_snapshot(BTC)
        await desk.data.close()
        await desk.data.close()
        await turn()
        assert desk.sink.events == []
        assert desk.sink.invalid == []

    run(story)


def test_pings_are_left_to_the_sink_in_paper_and_answered_at_once_live() -> None:
    async def live(desk: Desk) -> None:
        desk.socket.ping(b"1")
        assert (desk.socket.pongs, desk.sink.pings) == ([b"1"], [])

    async def paper(desk: Desk) -> None:
        desk.socket.ping(b"1")
        assert desk.socket.pongs == []
        desk.sink.pings[0][0].pong(b"1")
        assert desk.socket.pongs == [b"1"]

    run(live)
    run(paper, Desk(paper_pings=True))


def test_instruments_come_in_the_order_asked_for() -> None:
    async def whole() -> None:
        desk = Desk()
        names = [Symbol("ETHUSDT"), BTC]
        assert [i.symbol for i in await desk.data.instruments(names)] == names
        assert await desk.data.instruments([]) == []

    asyncio.run(whole())


def test_the_first_unknown_symbol_is_named() -> None:
    async def whole() -> None:
        desk = Desk()
        with pytest.raises(NotFound, match="'NOPE' is no symbol of this venue"):
            await desk.data.instruments([BTC, Symbol("NOPE"), Symbol("NADA")])

    asyncio.run(whole())


def test_a_venue_that_is_not_there_is_one_clear_line() -> None:
    async def whole() -> None:
        desk = Desk()
        desk.network.refusals = 5
        with pytest.raises(VenueUnavailable, match="https://venue: no connection"):
            await desk.data.instruments([BTC])

    asyncio.run(whole())


def test_more_streams_than_a_connection_takes_are_refused() -> None:
    async def whole() -> None:
        desk = Desk()
        many = [instrument(f"A{n}USDT") for n in range(342)]
        with pytest.raises(ConfigError, match="1026 streams"):
            await desk.data.start(many, desk.sink)

    asyncio.run(whole())
