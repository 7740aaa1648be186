"""The recorded market as public data, played record by record on a clock that it moves.

What is due is done first, each thing at its own instant; then the record is absorbed by the
exchange and shown to the sink, and then come the fills that it caused: the order in which a
venue would send them.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Protocol

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_S, Clock
from holdfast.domain.instrument import Instrument
from holdfast.domain.market import Bar, longer_bars
from holdfast.domain.venue import MarketSink
from holdfast.errors import NotFound
from holdfast.simexchange.model import Record
from holdfast.venues.paper.floor import Floor
from holdfast.venues.paper.reports import (
    bar_of,
    depth_snapshot,
    instrument_of,
    market_event,
)

_ALL_LEVELS = 1_000_000
_MINUTE_NS = 60 * NS_PER_S


class PlayedClock(Clock, Protocol):
    """A clock that stands still until it is told to move."""

    def advance(self, to_ns: int) -> None:
        """Move to an instant, running what falls due on the way, each at its own time."""


class PaperMarketData:
    """Public data of the simulated exchange; needs no key."""

    def __init__(self, floor: Floor, clock: PlayedClock, records: Iterable[Record]) -> None:
        self.is_ended = False
        self.played_count = 0
        self._floor = floor
        self._clock = clock
        self._records = iter(records)
        self._symbols: frozenset[str] = frozenset()
        self._sink: MarketSink | None = None
        self._wanted: list[Symbol] = []
        self._is_paused = False

    async def instruments(self, symbols: list[Symbol]) -> list[Instrument]:
        """Give the instruments; `NotFound` names the first unknown symbol."""
        known = self._floor.exchange.symbols
        for symbol in symbols:
            if symbol not in known:
                raise NotFound(
                    f"symbol '{symbol}' is not in the data; it has {', '.join(sorted(known))}"
                )
        return [instrument_of(known[symbol]) for symbol in symbols]

    async def bars(self, symbol: Symbol, *, interval_ns: int, count: int) -> list[Bar]:
        """Give the closed bars of the last `count` intervals that the data has reached."""
        name, base_ns = ("1s", NS_PER_S) if interval_ns % _MINUTE_NS else ("1m", _MINUTE_NS)
        now_ns = self._clock.now_ns()
        end_ns = now_ns - now_ns % interval_ns
        found = self._floor.exchange.market.klines(
            symbol,
            name,
            start_ns=max(0, end_ns - count * interval_ns),
            limit=count * interval_ns // base_ns,
        )
        return longer_bars(
            (bar_of(bar, base_ns) for bar in found if bar.close_ns < end_ns), interval_ns
        )

    async def start(self, instruments: list[Instrument], sink: MarketSink) -> None:
        """Choose what is shown; nothing flows before `play`."""
        self._symbols = frozenset(instrument.symbol for instrument in instruments)
        self._sink = sink
        self._floor.on_published = self._show

    def request_snapshot(self, symbol: Symbol) -> None:
        """Have the book of a symbol handed over after the record in hand."""
        if symbol not in self._wanted:
            self._wanted.append(symbol)

    def play(self, *, limit: int) -> bool:
        """Play up to `limit` records, fewer after `pause`; False once the data has ended."""
        sink, symbols, wanted = self._sink, self._symbols, self._wanted
        if sink is None:
            return False
        advance, absorb, deliver = (
            self._clock.advance,
            self._floor.exchange.absorb,
            self._floor.deliver,
        )
        on_market, on_frame_end = sink.on_market, sink.on_frame_end
        self._is_paused = False
        count = 0
        for record in islice(self._records, limit):
            count += 1
            advance(record.at_ns)
            emissions = absorb(record)
            if record.symbol in symbols:
                event = market_event(record)
                if event is not None:
                    on_market(event)
            if emissions:
                deliver(emissions)
            if wanted:
                self._hand_snapshots(sink)
            on_frame_end()
            if self._is_paused:
                break
        self.played_count += count
        self.is_ended = count < limit and not self._is_paused
        return not self.is_ended

    def pause(self) -> None:
        """Return from `play` after the record in hand, for what needs the event loop."""
        self._is_paused = True

    async def close(self) -> None:
        """Show nothing any more; idempotent."""
        self._floor.on_published = None
        self._sink = None

    def _show(self, record: Record) -> None:
        """Show what the exchange itself published: the marks that it makes."""
        event = market_event(record)
        if self._sink is not None and event is not None and record.symbol in self._symbols:
            self._sink.on_market(event)

    def _hand_snapshots(self, sink: MarketSink) -> None:
        wanted = self._wanted[:]
        self._wanted.clear()
        for symbol in wanted:
            view = self._floor.exchange.market.depth(symbol, limit=_ALL_LEVELS)
            sink.on_market(depth_snapshot(view, self._clock.now_ns()))
