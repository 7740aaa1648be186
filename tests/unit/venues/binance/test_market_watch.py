"""Liveness by content: a mute stream is left, a quiet market is not taken for one (XCH-2)."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.domain.instrument import Product
from holdfast.domain.market import BookTop, TradePrint
from holdfast.domain.ports import HttpAnswer
from holdfast.errors import NotFound
from holdfast.testing.clock import START_NS, ManualClock
from holdfast.testing.market import instrument
from holdfast.testing.network import FakeNetwork, FakeWebSocket
from holdfast.venues.binance.dialect import SPOT, USDM, Dialect
from holdfast.venues.binance.market_data import BinanceMarketData
from holdfast.venues.binance.options import Endpoints, Liveness, Options
from holdfast.venues.binance.rest import Rest
from tests.unit.venues.binance.sinks import KeptMarket, until

LOOK_S = 0.002
RULE = Liveness(look_every_s=LOOK_S, grace_s=LOOK_S)


class Desk:
    """Market data whose venue says what the test wants it to say."""

    def __init__(self, dialect: Dialect = SPOT, **options: Any) -> None:
        self.network = FakeNetwork(self.answer)
        self.clock = ManualClock()
        self.sink = KeptMarket()
        self.bid = "1.0"
        self.asked: list[str] = []
        self.offsets: list[int] = []
        self.server_ahead_ms = 0
        self.dialect = dialect
        ends = Endpoints("https://venue", "wss://venue", "wss://venue/api")
        chosen = Options(**{"silence_limit_s": 0, "liveness": RULE, **options})
        rest = Rest(
            self.network,
            self.clock,
            origin=ends.rest,
            credentials=None,
            options=chosen,
            dialect=dialect,
        )
        self.data = BinanceMarketData(
            self.network,
            self.clock,
            endpoints=ends,
            rest=rest,
            jitter=lambda: 0.0,
            options=chosen,
            dialect=dialect,
        )

    def answer(self, _method: str, target: str) -> HttpAnswer | None:
        path = urlsplit(target).path
        self.asked.append(path.rpartition("/")[2])
        if path.endswith("/time"):
            now_ms = self.clock.now_ns() // NS_PER_MS + self.server_ahead_ms
            return HttpAnswer(200, {}, b'{"serverTime":%d}' % now_ms)
        top = {"bidPrice": self.bid, "bidQty": "1", "askPrice": "9", "askQty": "1"}
        return HttpAnswer(200, {}, json.dumps({"symbol": "BTCUSDT", **top}).encode())

    @property
    def socket(self) -> FakeWebSocket:
        return self.network.sockets[0]

    def top(self, number: int, bid: str) -> None:
        data = {"u": number, "s": "BTCUSDT", "b": bid, "B": "1", "a": "9", "A": "1"}
        self.say("bookTicker", data)

    def diff(self, first: int, last: int, *, late_ms: int = 0) -> None:
        at_ms = self.clock.now_ns() // NS_PER_MS - late_ms
        self.say("depth@100ms", {"E": at_ms, "U": first, "u": last, "b": [], "a": []})

    def say(self, kind: str, data: dict[str, Any], *, socket: int = 0) -> None:
        text = json.dumps({"stream": f"btcusdt@{kind}", "data": data}, separators=(",", ":"))
        self.network.sockets[socket].receive(text)

    async def looks(self, times: int = 5) -> None:
        await asyncio.sleep(times * LOOK_S)

    async def __aenter__(self) -> "Desk":
        self.data.hand_offset_to(self.offsets.append)
        product = Product.LINEAR if self.dialect is USDM else Product.SPOT
        await self.data.start([instrument(product=product)], self.sink)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.data.close()


def test_a_silent_top_of_a_market_that_moves_is_left_in_less_than_five_seconds() -> None:
    async def story() -> None:
        async with Desk() as desk:
            desk.top(1, "1.0")
            desk.bid = "1.5"
            await desk.looks()
            assert desk.sink.invalid == []
            desk.clock.wait(int(2.1 * NS_PER_S))
            await until(lambda: bool(desk.sink.invalid))
            assert "the top of BTCUSDT is mute" in desk.sink.invalid[0][1]
            assert not desk.socket.is_open
            seen_after_s = (desk.clock.now_ns() - START_NS) / NS_PER_S + RULE.look_every_s
            assert seen_after_s + Liveness().grace_s + 2 * Liveness().look_every_s < 5

    asyncio.run(story())


def test_a_quiet_market_is_asked_about_ever_more_seldom_and_never_left() -> None:
    async def story() -> None:
        async with Desk() as desk:
            desk.top(1, "1.0")
            for _ in range(60):
                desk.clock.wait(NS_PER_S)
                await desk.looks(2)
            assert desk.sink.invalid == []
            assert 3 <= desk.asked.count("bookTicker") <= 6

    asyncio.run(story())


def test_what_the_stream_brings_while_rest_answers_is_no_muteness() -> None:
    async def story() -> None:
        desk = Desk(liveness=Liveness(look_every_s=LOOK_S, grace_s=0.1))
        async with desk:
            desk.top(1, "1.0")
            desk.bid = "1.5"
            desk.clock.wait(3 * NS_PER_S)
            await until(lambda: "bookTicker" in desk.asked)
            desk.top(2, "1.5")
            await asyncio.sleep(0.15)
            assert desk.sink.invalid == []

    asyncio.run(story())


def test_a_stream_that_never_brought_a_top_is_mute_only_when_the_market_moves() -> None:
    async def story() -> None:
        async with Desk() as desk:
            await desk.looks()
            desk.clock.wait(3 * NS_PER_S)
            await until(lambda: "bookTicker" in desk.asked)
            await desk.looks()
            assert desk.sink.invalid == []
            desk.bid = "1.5"
            desk.clock.wait(5 * NS_PER_S)
            await until(lambda: bool(desk.sink.invalid))

    asyncio.run(story())


def test_depth_that_stays_behind_the_top_is_mute_and_depth_that_catches_up_is_not() -> None:
    async def story() -> None:
        async with Desk() as desk:
            for number in range(2, 12):
                desk.diff(number - 1, number)
                desk.top(number, desk.bid)
                desk.clock.wait(NS_PER_S)
                await desk.looks(2)
            assert desk.sink.invalid == []
            for number in range(12, 15):
                desk.top(number, desk.bid)
                desk.clock.wait(NS_PER_S)
                await desk.looks(3)
            desk.clock.wait(NS_PER_S // 10)
            await until(lambda: bool(desk.sink.invalid))
            assert "the depth of BTCUSDT is mute" in desk.sink.invalid[0][1]

    asyncio.run(story())


def test_depth_that_is_always_a_moment_behind_the_top_is_not_mute() -> None:
    async def story() -> None:
        async with Desk() as desk:
            desk.diff(1, 2)
            for number in range(2, 30):
                desk.top(number + 1, desk.bid)
                desk.clock.wait(NS_PER_S // 2)
                await desk.looks(2)
                desk.diff(number, number)
            assert desk.sink.invalid == []

    asyncio.run(story())


def test_mark_prices_have_a_rhythm_and_their_own_connection() -> None:
    async def story() -> None:
        async with Desk(USDM) as desk:
            public, market = desk.network.sockets
            assert "/public/stream?streams=btcusdt@bookTicker/btcusdt@depth" in public.url
            assert "/market/stream?streams=btcusdt@aggTrade/btcusdt@markPrice@1s" in market.url
            mark = {"E": START_NS // NS_PER_MS, "p": "1", "i": "1", "r": "-0.0001", "T": 0}
            for _ in range(5):
                desk.say("markPrice@1s", mark, socket=1)
                desk.clock.wait(NS_PER_S)
                await desk.looks(2)
            assert market.is_open
            desk.clock.wait(4 * NS_PER_S)
            await until(lambda: not market.is_open)
            assert public.is_open

    asyncio.run(story())


def test_without_an_answer_of_rest_nothing_is_left() -> None:
    async def story() -> None:
        async with Desk() as desk:
            desk.top(1, "1.0")
            desk.bid = "not a price"
            desk.clock.wait(9 * NS_PER_S)
            await desk.looks(20)
            assert desk.sink.invalid == []
            assert "bookTicker" in desk.asked

    asyncio.run(story())


def test_behind_only_the_newest_top_is_kept_and_no_trade_or_depth_is_dropped() -> None:
    async def story() -> None:
        async with Desk() as desk:
            desk.diff(1, 2, late_ms=900)
            await until(lambda: desk.data.is_behind)
            before = len(desk.sink.events)
            for number in range(3, 50):
                desk.top(number, f"1.{number:02}")
                desk.say("trade", {"E": 1, "t": number, "p": "1", "q": "1", "m": True})
                desk.diff(number, number, late_ms=900)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            told = desk.sink.events[before:]
            assert [e.update_id for e in told if isinstance(e, BookTop)] == [49]
            assert sum(isinstance(e, TradePrint) for e in told) == 47
            assert len(told) == 1 + 2 * 47
            desk.diff(50, 50, late_ms=10)
            await until(lambda: not desk.data.is_behind)
            desk.top(51, "1.5")
            assert isinstance(desk.sink.events[-1], BookTop)

    asyncio.run(story())


def test_the_clocks_offset_is_measured_again_and_told() -> None:
    async def story() -> None:
        async with Desk(measure_every_s=10) as desk:
            desk.server_ahead_ms = 70
            desk.clock.wait(11 * NS_PER_S)
            await until(lambda: desk.data.offset_ns == 70 * NS_PER_MS)
            assert desk.offsets[-1] == 70 * NS_PER_MS

    asyncio.run(story())


def test_spot_has_no_mark_price() -> None:
    async def story() -> None:
        async with Desk() as desk:
            with pytest.raises(NotFound, match="no contract of this session"):
                await desk.data.mark(Symbol("BTCUSDT"))

    asyncio.run(story())
