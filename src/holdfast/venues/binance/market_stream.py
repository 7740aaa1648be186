"""One connection of market streams: its messages decoded and handed over in their order.

While a successor takes over, every message is handed over once. When messages are read later
than they should be, of the tops that wait only each symbol's newest is decoded; trades and
depth are never left out.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from holdfast.domain.instant import Clock
from holdfast.domain.market import BookTop, MarketEvent
from holdfast.domain.ports import Network
from holdfast.domain.venue import MarketSink, Pingable
from holdfast.errors import ConfigError
from holdfast.venues.binance.doors import Doors
from holdfast.venues.binance.handover import MarketHandover
from holdfast.venues.binance.options import Options
from holdfast.venues.binance.owners import Gate
from holdfast.venues.binance.stream import StandingSocket
from holdfast.venues.binance.wire.market import MarketWire, Shutdown
from holdfast.venues.binance.wire.unreadable import Unreadable

if TYPE_CHECKING:
    from holdfast.domain.ids import Symbol

STREAMS_A_CONNECTION = 1_024
_NO_EVENT = frozenset((Shutdown, Unreadable, type(None)))


class MarketStream:
    """The streams of one route, to one sink."""

    def __init__(
        self,
        network: Network,
        clock: Clock,
        *,
        urls: Sequence[str],
        wire: MarketWire,
        sink: MarketSink,
        jitter: Callable[[], float],
        gate: Gate,
        options: Options,
    ) -> None:
        if len(wire.streams) > STREAMS_A_CONNECTION:
            raise ConfigError(
                f"{len(wire.symbols)} symbols are {len(wire.streams)} streams; "
                f"one connection takes {STREAMS_A_CONNECTION}"
            )
        self.wire = wire
        self._now_ns = clock.now_ns
        self._decode = wire.decode
        self._sink: MarketSink | None = sink
        self._options = options
        self._is_fresh = True
        self._is_behind = False
        self._waiting_tops: dict[Symbol, bytes] = {}
        live = not options.paper_pings
        handover = MarketHandover(
            wire,
            now_ns=clock.now_ns,
            hand_over=self._hand_over,
            on_other=self._on_special,
            rotation=options.rotation,
        )
        self._socket = StandingSocket(
            network,
            Doors(
                [f"{url}?streams={'/'.join(wire.streams)}" for url in urls],
                monotonic_ns=clock.monotonic_ns,
                way_back_ns=options.rotation.way_back_ns,
            ),
            owner=self,
            overlap=handover if live else None,
            rotation=options.rotation,
            jitter=jitter,
            gate=gate,
        )

    @property
    def is_open(self) -> bool:
        """Tell whether messages could come."""
        return self._socket.is_open

    @property
    def is_behind(self) -> bool:
        """Tell whether messages are read later than they should be."""
        return self._is_behind

    async def open(self) -> None:
        """Connect and subscribe; returns when data may flow, goes on until `close`."""
        await self._socket.open()

    async def close(self) -> None:
        """Disconnect; idempotent."""
        self._sink = None
        await self._socket.close()

    def reopen(self, reason: str) -> None:
        """Leave a connection that does not do its work, and open another."""
        self._socket.reopen(reason)

    def fall_behind(self, *, is_behind: bool) -> None:
        """Begin or end to keep only the newest top of each symbol."""
        self._is_behind = is_behind
        if not is_behind:
            self._show_tops()

    # What the socket says.

    def on_open(self) -> None:
        """Wait for the first message before this connection counts as a good one."""
        self._is_fresh = True

    def on_text(self, frame: memoryview) -> None:
        """Decode a message and hand it over."""
        if self._is_behind and self._is_put_off(frame):
            return
        event = self._decode(frame, self._now_ns())
        sink = self._sink
        if type(event) in _NO_EVENT or sink is None:
            self._on_special(event)
            return
        if self._is_fresh:
            self._socket.proven()
            self._is_fresh = False
        sink.on_market(event)  # type: ignore[arg-type]
        sink.on_frame_end()

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Answer at once, or in paper mode leave it to the sink."""
        if self._options.paper_pings and self._sink is not None:
            self._sink.on_ping(connection, payload)
        else:
            connection.pong(payload)

    def on_lost(self, reason: str) -> None:
        """Say of every book that it cannot be trusted."""
        self._waiting_tops.clear()
        self.wire.forget()
        if self._sink is not None:
            for symbol in self.wire.symbols:
                self._sink.on_book_invalid(symbol, f"disconnected: {reason}")

    def _hand_over(self, events: Sequence[MarketEvent]) -> None:
        sink = self._sink
        if sink is None:
            return
        for event in events:
            sink.on_market(event)
            sink.on_frame_end()

    # What is no event, and what comes too late.

    def _on_special(self, event: object) -> None:
        sink = self._sink
        if sink is None or event is None:
            return
        if isinstance(event, Shutdown):
            self._socket.rotate("the venue shuts this connection down")
        elif isinstance(event, Unreadable):
            for symbol in [event.symbol] if event.symbol else self.wire.symbols:
                sink.on_book_invalid(symbol, f"unreadable message: {event.reason}")

    def _is_put_off(self, frame: memoryview) -> bool:
        """Keep a top undecoded until the messages that are here have been read."""
        symbol = self.wire.top_of(frame)
        if symbol is None:
            return False
        if not self._waiting_tops:
            asyncio.get_running_loop().call_soon(self._show_tops)
        self._waiting_tops[symbol] = bytes(frame)
        return True

    def _show_tops(self) -> None:
        tops, self._waiting_tops = self._waiting_tops, {}
        for raw in tops.values():
            event = self._decode(memoryview(raw), self._now_ns())
            if isinstance(event, BookTop):
                self._hand_over([event])
            else:
                self._on_special(event)
