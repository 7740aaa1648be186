"""One WebSocket of a client, written without waiting: frames out, pacing pings counted.

A push and the ping that follows it leave in one write, so nothing can come between them. The
connection never suspends the market: a client that does not read is cut off when its backlog
is over the limit.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

import msgspec

from holdfast.simexchange.limits import SPOT

TEXT = 0x1
BINARY = 0x2
CLOSE = 0x8
PING = 0x9
PONG = 0xA
FINAL = 0x80
SHORT_BYTES = 126
MEDIUM_BYTES = 1 << 16
BACKLOG_LIMIT_BYTES = 64 << 20
GOING_AWAY = 1001
POLICY_VIOLATION = 1008


def frame(opcode: int, payload: bytes) -> bytes:
    """Encode one whole server frame."""
    size = len(payload)
    if size < SHORT_BYTES:
        return bytes((FINAL | opcode, size)) + payload
    if size < MEDIUM_BYTES:
        return struct.pack(">BBH", FINAL | opcode, 126, size) + payload
    return struct.pack(">BBQ", FINAL | opcode, 127, size) + payload


Role: TypeAlias = Literal["market", "api", "user"]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a socket is for, whose it is, and how often it has to show that it lives."""

    product: str = SPOT.product
    role: Role = "market"
    address: str = ""
    ping_s: float = SPOT.ping_s
    pong_s: float = SPOT.pong_s


class Outlet(Protocol):
    """What takes the bytes of a connection instead of its network."""

    def write(self, out: bytes) -> bool:
        """Take bytes; return whether the connection may go on."""


def farewell(at_ms: int) -> bytes:
    """Say that the server will shut this connection down, as a raw stream does."""
    return b'{"e":"serverShutdown","E":%d}' % at_ms


class Connection:
    """One open socket of a client.

    `window` is how many messages go out before a ping asks for their answer; None stands for a
    connection that is not paced. `now_ns` is the market time, the text of a ping. `outlet`
    takes the bytes instead of the network and `alter` each message before it leaves; both are
    None at a healthy venue. `farewell` builds what is said before a shutdown.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        *,
        window: int | None,
        now_ns: Callable[[], int],
        on_ping: Callable[[], None],
        on_settled: Callable[[], None],
        clock: Callable[[], float],
        terms: Terms = Terms(),  # noqa: B008
    ) -> None:
        self.terms = terms
        self.outlet: Outlet | None = None
        self.alter: Callable[[bytes], bytes] | None = None
        self.farewell: Callable[[int], bytes] = farewell
        self.pinged = clock()
        self.transport = transport
        self._window = window
        self._now_ns = now_ns
        self._count_ping = on_ping
        self._on_settled = on_settled
        self._clock = clock
        self._unstamped = 0
        self._counts_pings = True
        self._pings: deque[tuple[bytes, float]] = deque()
        self._heard_ns = now_ns()
        self.closed = False

    @property
    def outstanding(self) -> int:
        """Count the pings that wait for their pong."""
        return len(self._pings)

    @property
    def waiting_since(self) -> float | None:
        """Return the monotonic instant of the oldest unanswered ping."""
        return self._pings[0][1] if self._pings else None

    def is_stale(self, since_ns: int) -> bool:
        """Tell whether this open connection has heard nothing since then."""
        return not self.closed and self._heard_ns < since_ns

    def push(self, payload: bytes, *, opcode: int = TEXT) -> None:
        """Send a message, with the market time after it when this connection is paced."""
        if self.closed:
            return
        if self.alter is not None and opcode == TEXT:
            payload = self.alter(payload)
        out = frame(opcode, payload)
        if self._window is not None:
            self._heard_ns = self._now_ns()
            self._unstamped += 1
            if self._unstamped >= self._window:
                out += self._ping()
        self._write(out)

    def ping(self, text: bytes | None = None) -> None:
        """Send a ping that counts until it is answered; its text is the market time."""
        if not self.closed:
            self._write(self._ping(text))

    def pong(self, payload: bytes) -> None:
        """Answer a ping of the client."""
        if not self.closed:
            self._write(frame(PONG, payload))

    def answered(self, payload: bytes) -> bool:
        """Take a pong; return whether it answers one of ours (older ones are answered too)."""
        if not any(sent == payload for sent, _ in self._pings):
            return False
        while self._pings.popleft()[0] != payload:
            pass
        if not self._pings:
            self._on_settled()
        return True

    def expect_nothing(self) -> None:
        """Send pings as before without waiting for pongs, because they are not read."""
        self._counts_pings = False
        self._pings.clear()
        self._on_settled()

    def abort(self) -> None:
        """Cut the connection without a word, as a lost network does."""
        self.transport.abort()
        self.drop()

    def close(self, code: int) -> None:
        """Send a close frame and end the connection."""
        if not self.closed:
            self._write(frame(CLOSE, struct.pack(">H", code)))
            self.transport.close()
            self.drop()

    def drop(self) -> None:
        """Stop counting this connection."""
        self.closed = True
        self._pings.clear()
        self._on_settled()

    def _ping(self, text: bytes | None = None) -> bytes:
        self._unstamped = 0
        self._count_ping()
        self._heard_ns = self._now_ns()
        if text is None:
            text = b"%d" % self._heard_ns
        if self._counts_pings:
            self._pings.append((text, self._clock()))
        return frame(PING, text)

    def _write(self, out: bytes) -> None:
        if self.transport.is_closing():
            self.drop()
            return
        if self.outlet is not None:
            if not self.outlet.write(out):
                self.abort()
            return
        self.transport.write(out)
        if self.transport.get_write_buffer_size() > BACKLOG_LIMIT_BYTES:
            self.abort()
