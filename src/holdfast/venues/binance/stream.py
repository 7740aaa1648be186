"""A WebSocket that stands: opened again whenever it ends, with growing, jittered pauses.

It knows sockets and nothing of trading. What was not answered when a connection ended is lost;
its owner is told so, and is told again when the next connection is open. Where somebody can
hear two connections an old one is replaced before it ends: the next one is opened beside it,
and takes its place once it is said that nothing will be missed.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine

from holdfast.domain.instant import NS_PER_S
from holdfast.domain.ports import Network, WebSocket
from holdfast.errors import HoldfastError, VenueUnavailable
from holdfast.venues.binance.doors import Doors
from holdfast.venues.binance.options import Rotation
from holdfast.venues.binance.overlap import Verdict
from holdfast.venues.binance.owners import OPEN_GATE, Gate, OverlapOwner, SocketOwner

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
STEADY_NS = 5 * NS_PER_S
"""What a connection has to last for the next pause to be a short one again."""
MOST_HASTY = 6
"""How often pauses double between connections that worked and did not last."""
_MOST_DOUBLINGS = 10
_LOOK_AGAIN_S = 1.0
_NO_ROTATION = Rotation(after_s=0)


def pause_s(attempt: int, chance: float) -> float:
    """Give the pause before an attempt: anything up to a bound that doubles ("full jitter")."""
    bound = FIRST_PAUSE_S * 2.0 ** min(attempt, _MOST_DOUBLINGS)
    return chance * min(bound, LONGEST_PAUSE_S)


async def _no_path() -> str:
    return ""


class StandingSocket:
    """One connection at a time, two while one takes over, from `open` to `close`.

    `overlap` hears two of them; without it a rotation is a new connection after the old one.
    `path` is asked for what follows the address before each connection, `gate` whether there
    may be one.
    """

    def __init__(
        self,
        network: Network,
        doors: Doors,
        *,
        owner: SocketOwner,
        jitter: Callable[[], float],
        overlap: OverlapOwner | None = None,
        rotation: Rotation = _NO_ROTATION,
        path: Callable[[], Awaitable[str]] = _no_path,
        gate: Gate = OPEN_GATE,
    ) -> None:
        self._network = network
        self._doors = doors
        self._owner = owner
        self._overlap = overlap
        self._rotation = rotation
        self._path = path
        self._gate = gate
        self._jitter = jitter
        self._silence_limit_s = gate.silence_limit_s
        self._life: _Life | None = None
        self._successor: _Life | None = None
        self._is_rotating = False
        self._is_proven = False
        self._attempt = 0
        self._is_closing = False
        self._aging: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Tell whether bytes could be written."""
        life = self._life
        return life is not None and life.socket is not None and life.socket.is_open

    async def open(self) -> None:
        """Connect for the first time, by any door; VenueUnavailable when none opens."""
        for left in range(self._doors.count - 1, -1, -1):
            try:
                await self._connect()
                break
            except OSError as error:
                url = self._doors.current
                self._doors.leave()
                if not left:
                    raise VenueUnavailable(f"{url}: no connection ({error})") from error
        if self._silence_limit_s:
            self._spawn(self._watch())

    def open_later(self) -> None:
        """Go on trying to connect, for who has another way meanwhile."""
        if self._silence_limit_s:
            self._spawn(self._watch())
        self._spawn(self._reconnect())

    def send(self, message: bytes) -> None:
        """Write one message before returning; ConnectionError when nothing was written."""
        life = self._life
        if life is None or life.socket is None:
            raise ConnectionError(f"{self._doors.current}: not connected")
        life.socket.send(message)

    def proven(self) -> None:
        """Note that this connection does its work; the next pause is short if it lasts, too."""
        self._attempt = min(self._attempt, MOST_HASTY)
        self._is_proven = True
        self._doors.worked()

    def reopen(self, reason: str) -> None:
        """End this connection and open another one."""
        life = self._life
        if life is not None and life.socket is not None:
            self._drop_successor()
            self.ended(life, reason)
            life.socket.close()

    def rotate(self, reason: str) -> None:
        """Open a successor beside this connection, or instead of it where two are too many."""
        if self._overlap is None:
            self.reopen(reason)
        elif not self._is_rotating and not self._is_closing and self.is_open:
            self._is_rotating = True
            self._spawn(self._succeed(self._overlap, reason))

    async def close(self) -> None:
        """End the connection for good; idempotent."""
        self._is_closing = True
        self._stop_aging()
        self.reopen("closed")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def ended(self, life: "_Life", reason: str) -> None:
        """Learn from a connection that it is over; those that were left do not matter."""
        if life is self._successor:
            self._drop_successor()
        if life is not self._life:
            return
        self._life = None
        self._stop_aging()
        if life.socket is None:
            return
        if not self._is_proven:
            self._doors.failed()
        elif life.has_lasted:
            self._attempt = 0
        if self._successor is not None and self._successor.socket is not None:
            self._switch(reason)
            return
        self._successor = None
        self._owner.on_lost(reason)
        if not self._is_closing:
            self._spawn(self._reconnect())

    # The one connection.

    def _new_life(self) -> "_Life":
        return _Life(self, self._owner, monotonic_ns=self._doors.monotonic_ns)

    async def _connect(self) -> None:
        life = self._life = self._new_life()
        self._is_proven = False
        life.hear(self._owner.on_text)
        try:
            socket = await self._knock(self._doors.current, life)
        except (OSError, HoldfastError):
            self._life = None
            raise
        if self._life is not life:
            socket.close()
            raise ConnectionResetError("closed while it was opened")
        life.take(socket)
        self._begin_aging()
        try:
            self._owner.on_open()
        except ConnectionError as error:
            self.ended(life, str(error))
            socket.close()

    async def _knock(self, url: str, life: "_Life") -> WebSocket:
        """Open one connection, unless the venue wants to be left alone."""
        if wait_s := self._gate.wait_s():
            raise ConnectionRefusedError(f"the venue asked us to wait for {wait_s:.0f} s")
        self._gate.entered()
        try:
            return await self._network.websocket(url + await self._path(), life)
        except OSError as error:
            self._gate.refused(error)
            raise

    async def _reconnect(self) -> None:
        while not self._is_closing:
            await asyncio.sleep(pause_s(self._attempt, self._jitter()))
            if wait_s := self._gate.wait_s():
                await asyncio.sleep(min(wait_s, _LOOK_AGAIN_S))
                continue
            if self.is_open:
                return
            self._attempt += 1
            if self._doors.may_go_back():
                self._doors.go_back()
            try:
                await self._connect()
            except (OSError, HoldfastError):
                self._doors.failed()
                continue
            return

    async def _watch(self) -> None:
        """Cut a connection on which nothing came, not even a ping, for the whole limit."""
        seen: tuple[_Life | None, int] = (None, -1)
        while not self._is_closing:
            await asyncio.sleep(self._silence_limit_s)
            life = self._life
            now = (life, life.frames if life is not None else -1)
            if life is not None and now == seen:
                self.reopen(f"silent for {self._silence_limit_s:g} s")
            seen = now

    # The next connection beside it.

    async def _succeed(self, overlap: OverlapOwner, reason: str) -> None:
        """Open a successor, again and again, until one took over or the old one is gone."""
        try:
            for attempt in itertools.count():
                life = await self._open_successor(overlap)
                if life is not None and await self._oversee(life, overlap, reason):
                    return
                if self._life is None or self._is_closing:
                    return
                await asyncio.sleep(max(1.0, pause_s(attempt + 3, self._jitter())))
        finally:
            self._is_rotating = False

    async def _open_successor(self, overlap: OverlapOwner) -> "_Life | None":
        goes_back = self._doors.may_go_back()
        door = self._doors.wanted if goes_back else self._doors.current
        life = self._successor = self._new_life()
        life.hear(overlap.on_new_text)
        try:
            socket = await self._knock(door, life)
        except (OSError, HoldfastError):
            self._successor = None
            if goes_back:
                self._doors.stay()
            return None
        if self._successor is not life or self._life is None:
            self._successor = None
            socket.close()
            return None
        if goes_back:
            self._doors.go_back()
        life.take(socket)
        self._life.hear(overlap.on_old_text)
        try:
            overlap.on_successor(socket.send)
        except ConnectionError:
            self._drop_successor()
            return None
        return life

    async def _oversee(self, life: "_Life", overlap: OverlapOwner, reason: str) -> bool:
        """Wait until the successor took over; False when it is no more."""
        age_s = 0.0
        while self._successor is life:
            await asyncio.sleep(self._rotation.look_every_s)
            age_s += self._rotation.look_every_s
            verdict = overlap.judge(age_s)
            if self._successor is not life:
                break
            if verdict is Verdict.SWITCH:
                self._switch(reason)
            elif verdict is Verdict.ABANDON:
                self._drop_successor()
        return self._life is life

    def _switch(self, reason: str) -> None:
        """Let the successor be the one connection; the old one is closed without a word."""
        overlap, life = self._overlap, self._successor
        assert overlap is not None
        assert life is not None
        old, self._life, self._successor = self._life, life, None
        life.hear(self._owner.on_text)
        if old is not None and old.socket is not None:
            old.hear(_nobody)
            old.socket.close()
        self.proven()
        self._begin_aging()
        overlap.on_switch(reason)

    def _drop_successor(self) -> None:
        life, self._successor = self._successor, None
        if life is None:
            return
        if self._life is not None:
            self._life.hear(self._owner.on_text)
        if life.socket is not None:
            life.hear(_nobody)
            life.socket.close()
            if self._overlap is not None:
                self._overlap.on_successor_lost()

    def _begin_aging(self) -> None:
        """Have this connection replaced before the venue cuts it, or to go back home."""
        self._stop_aging()
        rotation = self._rotation
        if self._overlap is None or not rotation.after_s:
            return
        after_s = rotation.after_s - self._jitter() * rotation.jitter_s
        if self._doors.is_elsewhere:
            after_s = min(after_s, rotation.way_back_s)
        self._aging = asyncio.get_running_loop().call_later(
            max(0.0, after_s), self.rotate, f"{after_s:.0f} s old"
        )

    def _stop_aging(self) -> None:
        if self._aging is not None:
            self._aging.cancel()
            self._aging = None

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Life:
    """One connection of a standing socket, and what its pings are answered on."""

    def __init__(
        self,
        standing: StandingSocket,
        owner: SocketOwner,
        *,
        monotonic_ns: Callable[[], int],
    ) -> None:
        self.socket: WebSocket | None = None
        self.frames = 0
        self._standing = standing
        self._on_text: Callable[[memoryview], None] = _nobody
        self._owner = owner
        self._early_pongs: list[bytes] = []
        self._monotonic_ns = monotonic_ns
        self._steady_at_ns = 0

    def hear(self, on_text: Callable[[memoryview], None]) -> None:
        """Have messages given to somebody from here on."""
        self._on_text = on_text

    @property
    def has_lasted(self) -> bool:
        """Tell whether this connection was up for a while."""
        return self._monotonic_ns() >= self._steady_at_ns

    def take(self, socket: WebSocket) -> None:
        self.socket = socket
        self._steady_at_ns = self._monotonic_ns() + STEADY_NS
        for payload in self._early_pongs:
            socket.pong(payload)
        self._early_pongs.clear()

    def pong(self, payload: bytes) -> None:
        """Answer a ping; one that came while the connection was opened is answered then."""
        if self.socket is None:
            self._early_pongs.append(payload)
        else:
            self.socket.pong(payload)

    def on_text(self, frame: memoryview) -> None:
        self.frames += 1
        self._on_text(frame)

    def on_ping(self, payload: bytes) -> None:
        self.frames += 1
        self._owner.on_ping(self, payload)

    def on_closed(self, reason: str) -> None:
        self._standing.ended(self, reason)


def _nobody(_frame: memoryview) -> None:
    """Hear nothing; stands on a connection that was left."""
