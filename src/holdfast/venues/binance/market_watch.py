"""Whether market streams are alive, judged by what they bring and not by their pongs.

A top that did not change for a while is compared with an answer of REST. Where the two differ,
and the stream does not bring the difference in time, it is mute and its connection is replaced.
A quiet market agrees with its stream, and is asked about ever more seldom. The depth stream is
measured against the top, which shares its numbers, and mark prices against their rhythm.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_S, Clock
from holdfast.domain.market import BookTop
from holdfast.errors import HoldfastError
from holdfast.venues.binance.dialect import Dialect
from holdfast.venues.binance.market_stream import MarketStream
from holdfast.venues.binance.options import Options
from holdfast.venues.binance.rest import Rest
from holdfast.venues.binance.stray import beside
from holdfast.venues.binance.wire.market import DEPTH, MARK, TOP
from holdfast.venues.binance.wire.quotes import Ticker, tickers
from holdfast.venues.binance.wire.unreadable import Unreadable

ASKED_AT_ONCE = 5
ASKED_EVERY_NS = 2 * NS_PER_S
"""How often tops are asked for at most, whatever many symbols are quiet: weight is shared."""


class _Quiet(msgspec.Struct):
    """A symbol's top that has not changed, and when to ask about it.

    `said` is what REST said of a stream that has brought no top yet: only when that changes
    should the stream have brought it.
    """

    top: BookTop | None
    due_ns: int
    pause_ns: int
    said: Ticker | None = None

    def agrees(self, ticker: Ticker) -> bool:
        """Tell whether the stream would be silent if this is the market's top."""
        top = self.top
        if top is not None:
            return ticker == (top.bid, top.bid_quantity, top.ask, top.ask_quantity)
        self.said = self.said or ticker
        return ticker == self.said


class MarketWatch:
    """Looks after the streams of one product, from `start` to `close`."""

    def __init__(
        self,
        clock: Clock,
        *,
        rest: Rest,
        dialect: Dialect,
        streams: Sequence[MarketStream],
        options: Options,
        on_offset: Callable[[int], None],
    ) -> None:
        self._clock = clock
        self._rest = rest
        self._dialect = dialect
        self._streams = streams
        self._options = options
        self._rule = options.liveness
        self._on_offset = on_offset
        self._quiet: dict[Symbol, _Quiet] = {}
        self._next_ask_ns = 0
        self._depth_behind: dict[Symbol, tuple[BookTop, int]] = {}
        self._marks_since: dict[Symbol, tuple[object, int]] = {}
        self._measured_ns = clock.now_ns()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to look."""
        self._tasks.append(beside(self._keep_pace()))
        if self._rule.suspect_after_s:
            self._tasks.append(beside(self._keep_looking()))

    async def close(self) -> None:
        """Look no more; idempotent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep_pace(self) -> None:
        """See how late messages are read, by their own times and by the loop's."""
        pause_s, monotonic_ns = self._rule.look_every_s, self._clock.monotonic_ns
        while True:
            due_ns = monotonic_ns() + int(pause_s * NS_PER_S)
            await asyncio.sleep(pause_s)
            late_ns = monotonic_ns() - due_ns
            for stream in self._streams:
                self._pace(stream, late_ns)

    def _pace(self, stream: MarketStream, late_ns: int) -> None:
        """Have a stream keep only the newest tops while it is behind, with some stiffness."""
        lag_ns = late_ns
        for symbol in stream.wire.symbols:
            diff = stream.wire.seen(symbol).diff
            if diff is not None:
                ahead_ns = diff.received_at_ns + self._rest.offset_ns - diff.venue_at_ns
                lag_ns = max(lag_ns, ahead_ns)
        limit_ns = self._options.behind_after_ns
        if lag_ns > limit_ns and not stream.is_behind:
            stream.fall_behind(is_behind=True)
        elif stream.is_behind and lag_ns <= limit_ns // 2:
            stream.fall_behind(is_behind=False)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._rule.look_every_s)
            try:
                await self._measure_again()
                for stream in self._streams:
                    await self._look(stream)
            except (HoldfastError, ConnectionError):
                continue  # without an answer nothing is known of any stream

    async def _measure_again(self) -> None:
        now_ns = self._clock.now_ns()
        if now_ns >= self._measured_ns + int(self._options.measure_every_s * NS_PER_S):
            self._measured_ns = now_ns
            await self._rest.measure_offset()
            self._on_offset(self._rest.offset_ns)

    async def _look(self, stream: MarketStream) -> None:
        if not stream.is_open:
            return
        kinds = stream.wire.kinds
        now_ns = self._clock.now_ns()
        if MARK in kinds and await self._are_marks_mute(stream, now_ns):
            stream.reopen("mark prices are mute while the venue answers")
        elif DEPTH in kinds and (symbol := self._mute_depth(stream, now_ns)):
            stream.reopen(f"the depth of {symbol} is mute while its top moves")
        elif TOP in kinds and (symbol := await self._mute_top(stream, now_ns)):
            stream.reopen(f"the top of {symbol} is mute while the market moves")

    def _mute_depth(self, stream: MarketStream, now_ns: int) -> Symbol | None:
        """Find a book whose diffs have stayed behind its top for too long."""
        for symbol in stream.wire.symbols:
            seen = stream.wire.seen(symbol)
            top, diff = seen.top, seen.diff
            if top is None or (diff is not None and diff.last_id >= top.update_id):
                self._depth_behind.pop(symbol, None)
                continue
            first, since_ns = self._depth_behind.setdefault(symbol, (top, now_ns))
            if diff is not None and diff.last_id >= first.update_id:
                self._depth_behind[symbol] = (top, now_ns)  # it follows, a moment behind
                continue
            if diff is None and top is first:
                continue  # its diff may have been sent before we listened
            if now_ns - since_ns > self._rule.suspect_after_s * NS_PER_S:
                del self._depth_behind[symbol]
                return symbol
        return None

    async def _are_marks_mute(self, stream: MarketStream, now_ns: int) -> bool:
        """Tell whether no mark price came while the venue answers otherwise."""
        limit_ns = int(self._rule.rhythm_s * NS_PER_S)
        newest_ns = 0
        for symbol in stream.wire.symbols:
            mark = stream.wire.seen(symbol).mark
            known, since_ns = self._marks_since.get(symbol, (None, now_ns))
            if mark is not known or symbol not in self._marks_since:
                self._marks_since[symbol] = (mark, now_ns)
                since_ns = now_ns
            newest_ns = max(newest_ns, since_ns)
        if now_ns - newest_ns <= limit_ns:
            return False
        self._marks_since.clear()
        await self._rest.server_time_ns()
        return True

    async def _mute_top(self, stream: MarketStream, now_ns: int) -> Symbol | None:
        """Find a symbol whose top moved at the venue and not on its stream."""
        due = [s for s in stream.wire.symbols if self._is_due(stream, s, now_ns)]
        due.sort(key=lambda symbol: self._quiet[symbol].pause_ns)
        if not due or now_ns < self._next_ask_ns:
            return None
        self._next_ask_ns = now_ns + ASKED_EVERY_NS
        before = {symbol: stream.wire.seen(symbol).top for symbol in due}
        said = await self._tickers(stream, due)
        differ = [
            symbol
            for symbol in due
            if symbol in said and not self._quiet[symbol].agrees(said[symbol])
        ]
        for symbol in due:
            quiet = self._quiet[symbol]
            longest_ns = int(self._rule.longest_s * NS_PER_S)
            quiet.pause_ns = min(2 * quiet.pause_ns, longest_ns)
            quiet.due_ns = self._clock.now_ns() + quiet.pause_ns
        if not differ:
            return None
        await asyncio.sleep(self._rule.grace_s)
        return next(
            (s for s in differ if stream.is_open and stream.wire.seen(s).top is before[s]), None
        )

    def _is_due(self, stream: MarketStream, symbol: Symbol, now_ns: int) -> bool:
        top = stream.wire.seen(symbol).top
        quiet = self._quiet.get(symbol)
        if quiet is None or quiet.top is not top:
            pause_ns = int(self._rule.suspect_after_s * NS_PER_S)
            since_ns = top.received_at_ns if top is not None else now_ns
            self._quiet[symbol] = _Quiet(top, since_ns + pause_ns, pause_ns)
            return False
        return now_ns >= quiet.due_ns

    async def _tickers(
        self, stream: MarketStream, symbols: Sequence[Symbol]
    ) -> dict[Symbol, Ticker]:
        """Ask for the tops of some symbols: one by one, or of all at once."""
        question, found = self._dialect.ticker, {}
        asked: Sequence[Symbol | None] = symbols if len(symbols) < ASKED_AT_ONCE else [None]
        for symbol in asked:
            body = await self._rest.get(
                question.path,
                {"symbol": symbol} if symbol else {},
                weight=question.weight if symbol else 3 * question.weight,
            )
            read = tickers(body, stream.wire.instruments)
            if not isinstance(read, Unreadable):
                found.update(read)
        return found
