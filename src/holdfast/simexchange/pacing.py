"""Market time and what lets it move.

At a numeric speed market time is start + speed x monotonic time since the first subscription to
a market stream. At speed max it stands until every ping has been answered by its pong: the
text of a ping is the market time in nanoseconds, and whatever a client sent before its pong is
read before the next record. While nobody listens to the market, market time stands.

Rate limits need time that always ends: they run on market time plus the time it stood idle.
"""

import asyncio
from collections.abc import Callable

from holdfast.simexchange.connection import POLICY_VIOLATION, Connection

SECOND_NS = 10**9
READ_TURNS = 6
WATCH_S = 5.0
KEEPALIVE_S = 20.0
PONG_TIMEOUT_S = 60.0


class MarketClock:
    """Say what time it is on the market; `speed` None is as fast as the clients answer."""

    def __init__(
        self, start_ns: int, *, speed: float | None, monotonic: Callable[[], float]
    ) -> None:
        self.start_ns = start_ns
        self.speed = speed
        self._monotonic = monotonic
        self._began: float | None = None
        self._paced_ns = start_ns
        self._idle_since: float | None = monotonic()
        self._idle_s = 0.0

    @property
    def has_begun(self) -> bool:
        """Tell whether anybody ever subscribed to the market."""
        return self._began is not None

    def now_ns(self) -> int:
        """Return the market time."""
        if self.speed is None or self._began is None:
            return self._paced_ns
        elapsed = self._monotonic() - self._began
        return self.start_ns + int(elapsed * self.speed * SECOND_NS)

    def limits_now_ns(self) -> int:
        """Return the time that windows of rate limits and bans run on."""
        return self.now_ns() + self.stood_ns()

    def stood_ns(self) -> int:
        """Return for how long market time stood still so far."""
        idle_s = self._idle_s
        if self._idle_since is not None:
            idle_s += self._monotonic() - self._idle_since
        return int(idle_s * SECOND_NS)

    def begin(self) -> None:
        """Start the clock at the first subscription; later calls change nothing."""
        if self._began is None:
            self._began = self._monotonic()

    def set_moving(self, moving: bool, /) -> None:
        """Note whether market time moves, so that limits go on while it stands."""
        if moving and self._idle_since is not None:
            self._idle_s += self._monotonic() - self._idle_since
            self._idle_since = None
        elif not moving and self._idle_since is None:
            self._idle_since = self._monotonic()

    def move_to(self, now_ns: int) -> None:
        """Move market time at speed max; it never goes back."""
        self._paced_ns = max(self._paced_ns, now_ns)

    def seconds_until(self, at_ns: int) -> float:
        """Return how long to sleep until this market time at a numeric speed."""
        if self.speed is None:
            return 0.0
        return max(0.0, (at_ns - self.now_ns()) / (self.speed * SECOND_NS))


class Pacer:
    """All open sockets, and whether each has answered; `window` None does not pace."""

    def __init__(self, clock: MarketClock, *, window: int | None) -> None:
        self._clock = clock
        self._window = window
        self._loop = asyncio.get_running_loop()
        self._connections: set[Connection] = set()
        self._settled: asyncio.Future[None] | None = None
        self.ping_count = 0

    def connect(self, transport: asyncio.Transport) -> Connection:
        """Take a new socket into account."""
        connection = Connection(
            transport,
            window=self._window,
            now_ns=self._clock.now_ns,
            on_ping=self._count_ping,
            on_settled=self._on_settled,
            clock=self._loop.time,
        )
        self._connections.add(connection)
        return connection

    def disconnect(self, connection: Connection) -> None:
        """Stop waiting for a socket that closed."""
        self._connections.discard(connection)
        connection.drop()

    @property
    def is_settled(self) -> bool:
        """Tell whether no ping waits for its pong."""
        return not any(connection.outstanding for connection in self._connections)

    async def settle(self) -> None:
        """Wait until every ping is answered, then read what the sockets already hold."""
        while True:
            while not self.is_settled:
                self._settled = self._loop.create_future()
                await self._settled
            for _ in range(READ_TURNS):
                await asyncio.sleep(0)
            if self.is_settled:
                return

    async def watch(self) -> None:
        """Close sockets that do not answer; ping quiet ones when market time runs by itself."""
        pinged = self._loop.time()
        while True:
            await asyncio.sleep(WATCH_S)
            now = self._loop.time()
            keep_alive = self._window is None and now - pinged >= KEEPALIVE_S
            if keep_alive:
                pinged = now
            for connection in list(self._connections):
                since = connection.waiting_since
                if since is not None and now - since > PONG_TIMEOUT_S:
                    connection.close(POLICY_VIOLATION)
                elif keep_alive:
                    connection.ping()

    def close_all(self, code: int) -> None:
        """Send every client a close frame."""
        for connection in list(self._connections):
            connection.close(code)

    def _count_ping(self) -> None:
        self.ping_count += 1

    def _on_settled(self) -> None:
        if self._settled is not None and not self._settled.done() and self.is_settled:
            self._settled.set_result(None)
