"""A WebSocket that stands: opened again whenever it ends, with growing, jittered pauses.

It knows sockets and nothing of trading. What was not answered when a connection ended is lost;
its owner is told so, and is told again when the next connection is open.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Protocol

from holdfast.domain.ports import Network, WebSocket
from holdfast.domain.venue import Pingable
from holdfast.errors import VenueUnavailable

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
_MOST_DOUBLINGS = 10


def pause_s(attempt: int, chance: float) -> float:
    """Give the pause before an attempt: anything up to a bound that doubles ("full jitter")."""
    bound = FIRST_PAUSE_S * 2.0 ** min(attempt, _MOST_DOUBLINGS)
    return chance * min(bound, LONGEST_PAUSE_S)


class SocketOwner(Protocol):
    """Who uses a standing socket; told of everything on the loop's thread."""

    def on_open(self) -> None:
        """Learn that messages can be sent."""

    def on_text(self, frame: memoryview) -> None:
        """Take one message; the view is valid only during the call."""

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Take a ping that `connection.pong` answers."""

    def on_lost(self, reason: str) -> None:
        """Learn that the connection ended, after `on_open` was called for it."""


class StandingSocket:
    """One connection at a time, from `open` to `close`."""

    def __init__(
        self,
        network: Network,
        url: str,
        *,
        owner: SocketOwner,
        jitter: Callable[[], float],
        silence_limit_s: float,
    ) -> None:
        self._network = network
        self._url = url
        self._owner = owner
        self._jitter = jitter
        self._silence_limit_s = silence_limit_s
        self._life: _Life | None = None
        self._attempt = 0
        self._is_closing = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Tell whether bytes could be written."""
        life = self._life
        return life is not None and life.socket is not None and life.socket.is_open

    async def open(self) -> None:
        """Connect for the first time; VenueUnavailable when that fails."""
        try:
            await self._connect()
        except OSError as error:
            raise VenueUnavailable(f"{self._url}: no connection ({error})") from error
        if self._silence_limit_s:
            self._spawn(self._watch())

    def send(self, message: bytes) -> None:
        """Write one message before returning; ConnectionError when nothing was written."""
        life = self._life
        if life is None or life.socket is None:
            raise ConnectionError(f"{self._url}: not connected")
        life.socket.send(message)

    def proven(self) -> None:
        """Note that this connection does its work: the next pause is a short one again."""
        self._attempt = 0

    def reopen(self, reason: str) -> None:
        """End this connection and open another one."""
        life = self._life
        if life is not None and life.socket is not None:
            self.ended(life, reason)
            life.socket.close()

    async def close(self) -> None:
        """End the connection for good; idempotent."""
        self._is_closing = True
        self.reopen("closed")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def ended(self, life: "_Life", reason: str) -> None:
        """Learn from a connection that it is over; only the present one matters."""
        if life is not self._life:
            return
        self._life = None
        if life.socket is None:
            return
        self._owner.on_lost(reason)
        if not self._is_closing:
            self._spawn(self._reconnect())

    async def _connect(self) -> None:
        life = self._life = _Life(self, self._owner)
        try:
            socket = await self._network.websocket(self._url, life)
        except OSError:
            self._life = None
            raise
        if self._life is not life:
            socket.close()
            raise ConnectionResetError("closed while it was opened")
        life.take(socket)
        try:
            self._owner.on_open()
        except ConnectionError as error:
            self.ended(life, str(error))
            socket.close()

    async def _reconnect(self) -> None:
        while not self._is_closing:
            await asyncio.sleep(pause_s(self._attempt, self._jitter()))
            self._attempt += 1
            try:
                await self._connect()
            except OSError:
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

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Life:
    """One connection of a standing socket, and what its pings are answered on."""

    def __init__(self, standing: StandingSocket, owner: SocketOwner) -> None:
        self.socket: WebSocket | None = None
        self.frames = 0
        self._standing = standing
        self._on_text = owner.on_text
        self._owner = owner
        self._early_pongs: list[bytes] = []

    def take(self, socket: WebSocket) -> None:
        self.socket = socket
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
