"""Market time and what lets it move.

At a numeric speed market time is start + speed x monotonic time since the first subscription to
a market stream. At speed max it stands until every ping has been answered by its pong: the
text of a ping is the market time in nanoseconds, and whatever a client sent before its pong is
read before the next record. While nobody listens to the market, market time stands.

Rate limits need time that always ends: they run on market time plus the time it stood idle.
"""

import asyncio
from collections.abc import Callable

from holdfast.simexchange.connection import POLICY_VIOLATION, Connection, Terms

SECOND_NS = 10**9
READ_TURNS = 6
WATCH_S = 1.0


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
        self.skew_ns = 0

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

    def told_ns(self) -> int:
        """Return the time that the server tells and checks requests by; it may be wrong."""
        return self.now_ns() + self.skew_ns

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

    def connect(
        self,
        transport: asyncio.Transport,
        *,
        terms: Terms = Terms(),  # noqa: B008
    ) -> Connection:
        """Take a new socket into account."""
        connection = Connection(
            transport,
            window=self._window,
            now_ns=self._clock.now_ns,
            on_ping=self._count_ping,
            on_settled=self._on_settled,
            clock=self._loop.time,
            terms=terms,
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

    def connections(self) -> list[Connection]:
        """List the open sockets."""
        return list(self._connections)

    async def watch(self) -> None:
        """Close sockets that do not answer; ping quiet ones when market time runs by itself."""
        while True:
            await asyncio.sleep(WATCH_S)
            self.inspect()

    def inspect(self) -> None:
        """Look at every socket once: ping it when it is time, close it when it is too late."""
        now = self._loop.time()
        for connection in list(self._connections):
            terms, since = connection.terms, connection.waiting_since
            if since is not None and now - since > terms.pong_s:
                connection.close(POLICY_VIOLATION)
            elif self._window is None and now - connection.pinged >= terms.ping_s:
                connection.pinged = now
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
