"""Who listens to `bench.feeder`: the adapter with feeds behind it, or picows alone.

usage: python -m bench.intake_client bare|flooded|adapter PRODUCT:PORT...; it prints "ready"
when books can come, ends with its standard input, and prints then what it took as one JSON
object. Who is flooded with one kind of message takes no offence at the silence of the others.

The adapter is the one of live trading: sockets, decoding, watch over mute streams, snapshots
and books with their health. Nothing trades; no gateway is there.
"""

import asyncio
import os
import random
import resource
import sys
import time
from typing import Any

import msgspec
import uvloop
from picows import WSFrame, WSListener, WSTransport, ws_connect

from holdfast.domain.ids import AccountId, Symbol
from holdfast.domain.instant import NS_PER_MS, UtcNs
from holdfast.domain.market import (
    BookTop,
    DepthDiff,
    DepthSnapshot,
    MarketEvent,
    TradePrint,
)
from holdfast.domain.venue import Pingable
from holdfast.market.feed import Feed
from holdfast.runtime.clock import RunningClock
from holdfast.runtime.network import SocketNetwork
from holdfast.venues.binance.adapter import BinanceSpot, BinanceUsdm, Endpoints
from holdfast.venues.binance.options import Liveness, Options

SYMBOL = Symbol("BTCUSDT")
SAMPLE_S = 1.0
QUIET_S = 0.25
MOST_WAITS = 240
KEPT_LAGS = 97
STREAMS = "/stream?streams=btcusdt@bookTicker/btcusdt@trade/btcusdt@depth@100ms"
PRODUCTS: dict[str, type[BinanceSpot] | type[BinanceUsdm]] = {
    "spot": BinanceSpot,
    "usdm": BinanceUsdm,
}


class Taken:
    """How many messages came, and what they cost, the first left out."""

    def __init__(self) -> None:
        self.count = 0
        self._began = (0.0, 0.0)
        self._ended = (0.0, 0.0)

    def one(self) -> None:
        """Count a message; every thousandth looks at the clocks."""
        self.count += 1
        if self.count == 2:
            self._began = _clocks()
        elif not self.count % 1_000:
            self._ended = _clocks()

    def told(self) -> dict[str, Any]:
        """Say what it was."""
        wall, cpu = (b - a for a, b in zip(self._began, self._ended, strict=True))
        return {"count": self.count, "wall_s": wall, "cpu_s": cpu}


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


class Bare(WSListener):
    """Takes frames and looks at nothing."""

    def __init__(self) -> None:
        self.taken = Taken()

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        """Take one."""
        frame.get_payload_as_memoryview()
        self.taken.one()


class Feeds:
    """A sink of one product: the book and health of its symbol, as the pipeline keeps them."""

    def __init__(self, adapter: BinanceSpot | BinanceUsdm, clock: RunningClock) -> None:
        self.feed = Feed(SYMBOL)
        self.taken = Taken()
        self.invalid_count = 0
        self.lags_ms: list[int] = []
        self.adapter = adapter
        self._clock = clock

    def on_market(self, event: MarketEvent) -> None:
        """Take one message, as the pipeline does before strategies see it."""
        feed, kind = self.feed, type(event)
        self.taken.one()
        if kind is BookTop:
            feed.on_top(event)  # type: ignore[arg-type]
        elif kind is TradePrint:
            feed.on_trade(event)  # type: ignore[arg-type]
        elif kind is DepthDiff:
            feed.on_diff(event)  # type: ignore[arg-type]
        elif kind is DepthSnapshot:
            feed.on_snapshot(event)  # type: ignore[arg-type]
        else:
            feed.mark = event  # type: ignore[assignment]
        if feed.expects_depth and not feed.sync.is_ready:
            if feed.wants_snapshot(self._clock.now_ns()):
                self.adapter.market_data.request_snapshot(SYMBOL)
        elif not self.taken.count % KEPT_LAGS and feed.lag_ns is not None:
            self.lags_ms.append(feed.lag_ns // NS_PER_MS)

    def on_book_invalid(self, symbol: Symbol, reason: str) -> None:
        """Count what should not happen."""
        self.invalid_count += 1
        self.feed.lose(f"{symbol}: {reason}")

    def on_frame_end(self) -> None:
        """Nobody is woken."""

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Answer."""
        connection.pong(payload)

    def told(self, now_ns: UtcNs) -> dict[str, Any]:
        """Say what the market looks like from here."""
        feed = self.feed
        book = feed.sync.book
        return {
            **self.taken.told(),
            "counts": feed.counts.market(),
            "crossed": feed.counts.crossed,
            "trade_gaps": feed.counts.trade_gaps,
            "invalid": self.invalid_count,
            "unhealthy": feed.unhealthy_reason(now_ns),
            "lags_ms": self.lags_ms,
            "bids": dict(book.bids.quantities),
            "asks": dict(book.asks.quantities),
            "top": [feed.top.bid, feed.top.ask] if feed.top else [],
        }


async def listen(mode: str, places: list[str]) -> dict[str, Any]:
    """Listen until standard input ends."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    loop.add_reader(0, lambda: os.read(0, 100) or ended.done() or ended.set_result(None))
    if mode == "bare":
        listener = Bare()
        port = places[0].partition(":")[2]
        await ws_connect(lambda: listener, f"ws://127.0.0.1:{port}{STREAMS}")
        _say_ready()
        await ended
        await _quiet([listener.taken])
        return listener.taken.told()
    clock, network = RunningClock(), SocketNetwork()
    liveness = Liveness(suspect_after_s=0) if mode == "flooded" else Liveness()
    options = Options(each_trade=True, liveness=liveness)
    feeds = [await _feeds(place, network, clock=clock, options=options) for place in places]
    _say_ready()
    sizes = []
    while not ended.done():
        sizes.append(_resident_bytes())
        await asyncio.wait([ended], timeout=SAMPLE_S)
    await _quiet([one.taken for one in feeds])
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "feeds": [one.told(clock.now_ns()) for one in feeds],
        "resident_bytes": sizes,
        "cpu_s": used.ru_utime + used.ru_stime,
    }
    for one in feeds:
        await one.adapter.close()
    return told


async def _quiet(all_taken: list[Taken]) -> None:
    """Wait until what was sent has been read."""
    before = -1
    for _ in range(MOST_WAITS):
        now = sum(taken.count for taken in all_taken)
        if now == before:
            return
        before = now
        await asyncio.sleep(QUIET_S)


async def _feeds(
    place: str, network: SocketNetwork, *, clock: RunningClock, options: Options
) -> Feeds:
    """Connect one product."""
    product, _, port = place.partition(":")
    adapter = PRODUCTS[product](
        network,
        clock,
        endpoints=Endpoints(
            rest=f"http://127.0.0.1:{port}", ws=f"ws://127.0.0.1:{port}", ws_api=""
        ),
        credentials=None,
        account=AccountId("bench"),
        jitter=random.Random(1).random,
        options=options,
    )
    feeds = Feeds(adapter, clock)
    instruments = await adapter.market_data.instruments([SYMBOL])
    await adapter.market_data.start(instruments, feeds)
    return feeds


def _resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def main() -> None:
    """Run one client."""
    mode, *places = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = runner.run(listen(mode, places))
    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")


if __name__ == "__main__":
    main()
