"""One connection of market streams: its messages decoded and handed over in their order."""

from collections.abc import Callable

from holdfast.domain.instant import Clock
from holdfast.domain.ports import Network
from holdfast.domain.venue import MarketSink, Pingable
from holdfast.errors import ConfigError
from holdfast.venues.binance.options import Options
from holdfast.venues.binance.stream import StandingSocket
from holdfast.venues.binance.wire.market import MarketWire, Shutdown
from holdfast.venues.binance.wire.unreadable import Unreadable

STREAMS_A_CONNECTION = 1_024
_SPECIAL = (Shutdown, Unreadable)


class MarketStream:
    """The streams of one route, to one sink."""

    def __init__(
        self,
        network: Network,
        clock: Clock,
        *,
        url: str,
        wire: MarketWire,
        sink: MarketSink,
        jitter: Callable[[], float],
        options: Options,
    ) -> None:
        if len(wire.streams) > STREAMS_A_CONNECTION:
            raise ConfigError(
                f"{len(wire.symbols)} symbols are {len(wire.streams)} streams; "
                f"one connection takes {STREAMS_A_CONNECTION}"
            )
        self._clock = clock
        self._wire = wire
        self._sink: MarketSink | None = sink
        self._paper_pings = options.paper_pings
        self._is_fresh = True
        self._socket = StandingSocket(
            network,
            f"{url}?streams={'/'.join(wire.streams)}",
            owner=self,
            jitter=jitter,
            silence_limit_s=0 if options.paper_pings else options.silence_limit_s,
        )

    async def open(self) -> None:
        """Connect and subscribe; returns when data may flow, goes on until `close`."""
        await self._socket.open()

    async def close(self) -> None:
        """Disconnect; idempotent."""
        self._sink = None
        await self._socket.close()

    # What the socket says.

    def on_open(self) -> None:
        """Wait for the first message before this connection counts as a good one."""
        self._is_fresh = True

    def on_text(self, frame: memoryview) -> None:
        """Decode a message and hand it over."""
        sink = self._sink
        event = self._wire.decode(frame, self._clock.now_ns())
        if event is None or sink is None:
            return
        if isinstance(event, _SPECIAL):
            self._on_special(event, sink)
            return
        if self._is_fresh:
            self._socket.proven()
            self._is_fresh = False
        sink.on_market(event)
        sink.on_frame_end()

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Answer at once, or in paper mode leave it to the sink."""
        if self._paper_pings and self._sink is not None:
            self._sink.on_ping(connection, payload)
        else:
            connection.pong(payload)

    def on_lost(self, reason: str) -> None:
        """Say of every book that it cannot be trusted."""
        if self._sink is not None:
            for symbol in self._wire.symbols:
                self._sink.on_book_invalid(symbol, f"disconnected: {reason}")

    def _on_special(self, event: Shutdown | Unreadable, sink: MarketSink) -> None:
        if isinstance(event, Shutdown):
            self._socket.reopen("the venue shuts this connection down")
            return
        for symbol in [event.symbol] if event.symbol else self._wire.symbols:
            sink.on_book_invalid(symbol, f"unreadable message: {event.reason}")
