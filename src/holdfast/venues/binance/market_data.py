"""Market data of the venue: combined streams, snapshots on request, nothing kept here."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_MS, NS_PER_S, Clock
from holdfast.domain.instrument import Instrument
from holdfast.domain.market import Bar, MarkPrice, longer_bars
from holdfast.domain.ports import Network
from holdfast.domain.venue import MarketSink
from holdfast.errors import (
    HoldfastError,
    NotFound,
    VenueRefused,
    VenueUnavailable,
)
from holdfast.venues.binance.dialect import SPOT, Dialect, weight_of
from holdfast.venues.binance.entrance import Entrance
from holdfast.venues.binance.market_stream import MarketStream
from holdfast.venues.binance.market_watch import MarketWatch
from holdfast.venues.binance.options import Endpoints, Options
from holdfast.venues.binance.rest import Rest
from holdfast.venues.binance.stream import pause_s
from holdfast.venues.binance.wire.instruments import listing
from holdfast.venues.binance.wire.klines import asked_interval, klines
from holdfast.venues.binance.wire.market import MarketWire
from holdfast.venues.binance.wire.quotes import premium
from holdfast.venues.binance.wire.unreadable import Unreadable

if TYPE_CHECKING:
    from holdfast.venues.binance.wire.requests import Params

_SNAPSHOT_GAP_NS = 250 * NS_PER_MS
_LONGEST_GAP_NS = 60 * NS_PER_S
_IN_A_ROW_NS = 10 * NS_PER_S
_FREE_IN_A_ROW = 2
_MOST_IN_A_ROW = 12


class _Fetches(msgspec.Struct):
    """When a symbol's next snapshot may be fetched, and how many came close together."""

    due_ns: int = 0
    in_a_row: int = 0

    def next(self, now_ns: int) -> int:
        """Give when this fetch may be, and set when the next one may."""
        at_ns = max(self.due_ns, now_ns)
        is_close = self.due_ns > 0 and now_ns < self.due_ns + _IN_A_ROW_NS
        self.in_a_row = min(self.in_a_row + 1, _MOST_IN_A_ROW) if is_close else 0
        doublings = max(0, self.in_a_row - _FREE_IN_A_ROW)
        self.due_ns = at_ns + min(_SNAPSHOT_GAP_NS << doublings, _LONGEST_GAP_NS)
        return at_ns


class BinanceMarketData:
    """Top of book, trades and depth of some symbols, to one sink."""

    def __init__(
        self,
        network: Network,
        clock: Clock,
        *,
        endpoints: Endpoints,
        rest: Rest,
        jitter: Callable[[], float],
        options: Options,
        dialect: Dialect = SPOT,
    ) -> None:
        self._network = network
        self._clock = clock
        self._bases = endpoints.stream_origins
        self._rest = rest
        self._jitter = jitter
        self._options = options
        self._dialect = dialect
        self._wire = MarketWire([])
        self._instruments: dict[Symbol, Instrument] = {}
        self._sink: MarketSink | None = None
        self._streams: list[MarketStream] = []
        self._watch: MarketWatch | None = None
        self._take_offset: Callable[[int], None] = _nobody
        self._fetching: dict[Symbol, asyncio.Task[None]] = {}
        self._fetches: dict[Symbol, _Fetches] = {}

    @property
    def offset_ns(self) -> int:
        """Give how far the venue's clock is ahead of ours, as measured at the start."""
        return self._rest.offset_ns

    @property
    def is_behind(self) -> bool:
        """Tell whether messages are read later than they should be."""
        return any(stream.is_behind for stream in self._streams)

    async def instruments(self, symbols: list[Symbol]) -> list[Instrument]:
        """Fetch the instruments; `NotFound` names the first unknown symbol."""
        if not symbols:
            return []
        try:
            found = await self._listing(symbols)
        except VenueRefused:
            if not self._dialect.info_takes_symbols:
                raise
            found = {}
            for symbol in symbols:
                found.update(await self._one(symbol))
        for symbol in symbols:
            if symbol not in found:
                raise NotFound(f"{symbol!r} is no symbol of this venue")
        self._instruments.update(found)
        return [found[symbol] for symbol in symbols]

    async def bars(self, symbol: Symbol, *, interval_ns: int, count: int) -> list[Bar]:
        """Fetch the closed bars of the last `count` intervals, oldest first, page by page."""
        name, base_ns = asked_interval(interval_ns)
        now_ns = self._clock.now_ns() + self._rest.offset_ns
        end_ns = now_ns - now_ns % interval_ns
        from_ns = max(0, end_ns - count * interval_ns)
        found: list[Bar] = []
        while from_ns < end_ns:
            page = await self._klines(symbol, name, base_ns=base_ns, span=(from_ns, end_ns))
            found += page
            if len(page) < self._dialect.klines.page:
                break
            from_ns = page[-1].open_at_ns + base_ns
        return longer_bars(found, interval_ns)

    async def mark(self, symbol: Symbol) -> MarkPrice:
        """Fetch a contract's mark price and funding; NotFound where there is none."""
        question, instrument = self._dialect.mark, self._instruments.get(symbol)
        if question is None or instrument is None:
            raise NotFound(
                f"{symbol!r} is no contract of this session, so it has no mark price"
            )
        body = await self._rest.get(question.path, {"symbol": symbol}, weight=question.weight)
        read = premium(body, instrument, received_at_ns=self._clock.now_ns())
        if isinstance(read, Unreadable):
            raise VenueUnavailable(f"{question.path}: unreadable answer ({read.reason})")
        return read

    async def start(self, instruments: list[Instrument], sink: MarketSink) -> None:
        """Connect and subscribe; returns when data may flow, goes on until `close`."""
        if not self._options.paper_pings:
            await self._rest.measure_offset()
            self._take_offset(self._rest.offset_ns)
        self._wire = MarketWire(instruments)
        self._sink = sink
        routes = self._dialect.trading(each_trade=self._options.each_trade)
        self._streams = [
            MarketStream(
                self._network,
                self._clock,
                urls=[f"{base}{route.path}" for base in self._bases],
                wire=MarketWire(instruments, route.kinds),
                sink=sink,
                jitter=self._jitter,
                gate=Entrance(self._rest),
                options=self._options,
            )
            for route in routes
        ]
        for stream in self._streams:
            await stream.open()
        if not self._options.paper_pings:
            self._watch = MarketWatch(
                self._clock,
                rest=self._rest,
                dialect=self._dialect,
                streams=self._streams,
                options=self._options,
                on_offset=self._take_offset,
            )
            self._watch.start()

    def hand_offset_to(self, take: Callable[[int], None]) -> None:
        """Let somebody know the measured offset of the venue's clock, now and when it moves."""
        self._take_offset = take
        if self._rest.offset_ns:
            take(self._rest.offset_ns)

    def request_snapshot(self, symbol: Symbol) -> None:
        """Fetch a book; it comes by `on_market` as DepthSnapshot. One at a time a symbol.

        Fetches of a symbol are at least 250 ms of market time apart, ever more where a book
        breaks again and again, and are repeated with growing pauses until one succeeds.
        """
        if symbol not in self._fetching:
            task = asyncio.get_running_loop().create_task(self._fetch(symbol))
            self._fetching[symbol] = task
            task.add_done_callback(lambda _: self._fetching.pop(symbol, None))

    async def close(self) -> None:
        """Disconnect; idempotent."""
        self._sink = None
        fetching = list(self._fetching.values())
        for task in fetching:
            task.cancel()
        await asyncio.gather(*fetching, return_exceptions=True)
        if self._watch is not None:
            await self._watch.close()
        for stream in self._streams:
            await stream.close()
        await self._rest.close()

    async def _fetch(self, symbol: Symbol) -> None:
        attempt = 0
        await self._gap(symbol)
        while True:
            try:
                await self._fetch_once(symbol)
                return
            except HoldfastError:
                attempt += 1
                await asyncio.sleep(pause_s(attempt, 1.0))

    async def _gap(self, symbol: Symbol) -> None:
        """Wait in market time until the symbol's next fetch is due."""
        now_ns = self._clock.now_ns()
        due_ns = self._fetches.setdefault(symbol, _Fetches()).next(now_ns)
        if now_ns < due_ns:
            due = asyncio.Event()
            timer = self._clock.call_at(due_ns, due.set)
            try:
                await due.wait()
            finally:
                timer.cancel()

    async def _fetch_once(self, symbol: Symbol) -> None:
        dialect = self._dialect
        levels = dialect.levels(self._options.snapshot_levels)
        body = await self._rest.get(
            dialect.depth.path,
            {"symbol": symbol, "limit": levels},
            weight=weight_of(dialect.depth_weights, levels),
        )
        snapshot = self._wire.snapshot(symbol, body, received_at_ns=self._clock.now_ns())
        if isinstance(snapshot, Unreadable):
            raise VenueRefused(f"depth of {symbol}: {snapshot.reason}")
        if self._sink is not None:
            self._sink.on_market(snapshot)
            self._sink.on_frame_end()

    async def _klines(
        self, symbol: Symbol, name: str, *, base_ns: int, span: tuple[int, int]
    ) -> list[Bar]:
        """Fetch candles that open in a span of time, its end not included."""
        instrument = self._instruments.get(symbol)
        if instrument is None:
            raise NotFound(f"{symbol!r} is not among the instruments of this session")
        from_ns, end_ns = span
        asked = self._dialect.klines
        body = await self._rest.get(
            asked.path,
            {
                "symbol": symbol,
                "interval": name,
                "startTime": from_ns // NS_PER_MS,
                "endTime": end_ns // NS_PER_MS - 1,
                "limit": asked.page,
            },
            weight=weight_of(self._dialect.klines_weights, asked.page),
        )
        page = klines(body, instrument, interval_ns=base_ns)
        if isinstance(page, Unreadable):
            raise VenueUnavailable(f"candles of {symbol} cannot be read: {page.reason}")
        return [bar for bar in page if from_ns <= bar.open_at_ns < end_ns]

    async def _listing(self, symbols: list[Symbol]) -> dict[Symbol, Instrument]:
        dialect = self._dialect
        params: Params = {}
        if dialect.info_takes_symbols:
            params["symbols"] = msgspec.json.encode(symbols).decode()
        body = await self._rest.get(dialect.info.path, params, weight=dialect.info.weight)
        listed = listing(body, product=dialect.product, wanted=symbols)
        if isinstance(listed, Unreadable):
            raise VenueUnavailable(f"exchangeInfo cannot be read: {listed.reason}")
        if listed.limits:
            self._rest.adopt(listed.limits)
        return listed.instruments

    async def _one(self, symbol: Symbol) -> dict[Symbol, Instrument]:
        try:
            return await self._listing([symbol])
        except VenueRefused as error:
            raise NotFound(f"{symbol!r} is no symbol of this venue ({error})") from error


def _nobody(_: int) -> None:
    """Tell nobody; stands where nobody asked."""
