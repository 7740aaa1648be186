"""Record a venue's market streams: connect, keep every message, mark what is missing.

A book that breaks is marked as a gap and fetched anew, as a trader would do; nothing that came
is left out. The recording is whole up to its last segment whenever the program ends.
"""

import asyncio
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from holdfast.domain.ids import AccountId, Symbol
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.market import (
    BookTop,
    DepthDiff,
    DepthSnapshot,
    MarketEvent,
    TradePrint,
)
from holdfast.domain.venue import Pingable
from holdfast.errors import DataError, UsageError
from holdfast.market.feed import Feed, Invalid
from holdfast.recording.writer import RecordingWriter, Rotation, SessionTaken
from holdfast.runtime import random
from holdfast.runtime.clock import RunningClock, run_name, wall_ns
from holdfast.runtime.network import SocketNetwork
from holdfast.venues.binance.adapter import BinanceSpot, BinanceUsdm
from holdfast.venues.binance.market_data import BinanceMarketData
from holdfast.venues.binance.options import Endpoints, Options
from holdfast.venues.binance.profiles import hosts, profile

LOOK_EVERY_S = 0.2
MOST_AT_ONCE = 100
NOBODY = AccountId("")


class RecordOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to record, from where, and where to; a duration of 0 goes on until it is ended."""

    endpoints: Endpoints
    is_usdm: bool
    venue: str
    symbols: tuple[str, ...]
    folder: Path
    duration_ns: int = 0
    rotation: Rotation = Rotation()


def venue_of(network: str, url: str | None) -> tuple[Endpoints, bool, str]:
    """Give addresses, whether they speak USD-M, and a name, of a network or a simulator."""
    known = profile(network)
    is_usdm = known.product is Product.LINEAR
    if url is None:
        return known.endpoints, is_usdm, f"binance-{known.name}"
    address = urlsplit(url)
    if address.scheme != "http" or not address.netloc:
        raise UsageError(f"--venue-url {url}: not an address such as http://127.0.0.1:8080")
    socket = f"ws://{address.netloc}"
    api = "/ws-fapi/v1" if is_usdm else "/ws-api/v3"
    rest = f"http://{address.netloc}"
    return Endpoints(rest=rest, ws=socket, ws_api=socket + api), is_usdm, "simulated"


class Recorded(msgspec.Struct, kw_only=True):
    """What was recorded."""

    folder: str
    session: str
    rows: int = 0
    segments: int = 0
    gaps: int = 0
    why: str = ""


class StreamRecorder:
    """A `MarketSink` that writes everything down and asks for books that broke."""

    def __init__(
        self,
        writer: RecordingWriter,
        symbols: list[Symbol],
        *,
        now_ns: Callable[[], int],
        ask: Callable[[Symbol], None],
        fail: Callable[[DataError], None],
    ) -> None:
        self.gaps = 0
        self._writer = writer
        self._feeds = {symbol: Feed(symbol) for symbol in symbols}
        self._now_ns = now_ns
        self._ask = ask
        self._fail = fail

    def on_market(self, event: MarketEvent) -> None:
        """Write a message down; a hole in a book's numbers is marked before it."""
        now_ns = self._now_ns()
        feed = self._feeds[event.symbol]
        broke = _SEEN[type(event)](feed, event) if type(event) in _SEEN else None
        try:
            if isinstance(broke, Invalid):
                self._mark(event.symbol, broke.reason, now_ns)
            self._writer.add(event, received_at_ns=now_ns)
        except DataError as error:
            self._fail(error)
        if feed.wants_snapshot(now_ns):
            self._ask(event.symbol)

    def on_book_invalid(self, symbol: Symbol, reason: str) -> None:
        """Mark that messages are missing."""
        self._feeds[symbol].lose(reason)
        try:
            self._mark(symbol, reason, self._now_ns())
        except DataError as error:
            self._fail(error)

    def on_frame_end(self) -> None:
        """Nothing waits for the end of a frame."""

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Answer at once."""
        connection.pong(payload)

    def _mark(self, symbol: Symbol, reason: str, now_ns: int) -> None:
        self.gaps += 1
        self._writer.gap(symbol, reason, at_ns=now_ns)


_SEEN: dict[type, Callable[..., object]] = {
    BookTop: Feed.on_top,
    DepthDiff: Feed.on_diff,
    DepthSnapshot: Feed.on_snapshot,
    TradePrint: Feed.on_trade,
}


async def record(options: RecordOptions, *, progress: Callable[[Recorded], None]) -> Recorded:
    """Record until the time is over, a signal comes, or a segment cannot be written."""
    clock = RunningClock()
    network = SocketNetwork(hosts=hosts(options.endpoints))
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    end = partial(_end, ended)
    market = _market(options, network, clock)
    symbols = [Symbol(symbol) for symbol in options.symbols]
    instruments = await market.instruments(symbols)
    session, writer = _begin(options, instruments)
    failed: list[DataError] = []

    def fail(error: DataError) -> None:
        failed.append(error)
        end(str(error))

    sink = StreamRecorder(
        writer, symbols, now_ns=clock.now_ns, ask=market.request_snapshot, fail=fail
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        ended.get_loop().add_signal_handler(number, end, f"{number.name} received")
    until_ns = wall_ns() + options.duration_ns if options.duration_ns else 0
    said = Recorded(folder=str(options.folder), session=session)
    try:
        await market.start(instruments, sink)
        for symbol in symbols:
            market.request_snapshot(symbol)
        while not ended.done():
            _count(said, writer, sink)
            progress(said)
            if until_ns and wall_ns() >= until_ns:
                end("the time asked for is over")
            await asyncio.wait((ended,), timeout=LOOK_EVERY_S)
    finally:
        await market.close()
        writer.close()
    if failed:
        raise failed[0]
    _count(said, writer, sink)
    said.why = ended.result()
    return said


def _begin(
    options: RecordOptions, instruments: list[Instrument]
) -> tuple[str, RecordingWriter]:
    """Begin a session under a name of its own: another may begin here in the same second."""
    name = run_name()
    for number in range(1, MOST_AT_ONCE + 1):
        session = name if number == 1 else f"{name}-{number}"
        try:
            return session, RecordingWriter(
                options.folder,
                instruments,
                venue=options.venue,
                session=session,
                rotation=options.rotation,
            )
        except SessionTaken:
            continue
    raise DataError(f"{options.folder}: {MOST_AT_ONCE} recordings began in one second")


def _end(ended: "asyncio.Future[str]", reason: str) -> None:
    if not ended.done():
        ended.set_result(reason)


def _market(
    options: RecordOptions, network: SocketNetwork, clock: RunningClock
) -> BinanceMarketData:
    jitter = random.seeded(wall_ns() % (1 << 31), "reconnect").random
    kind = BinanceUsdm if options.is_usdm else BinanceSpot
    venue = kind(
        network,
        clock,
        endpoints=options.endpoints,
        credentials=None,
        account=NOBODY,
        jitter=jitter,
        options=Options(),
    )
    return venue.market_data


def _count(said: Recorded, writer: RecordingWriter, sink: StreamRecorder) -> None:
    said.rows, said.segments, said.gaps = writer.rows, len(writer.segments), sink.gaps
