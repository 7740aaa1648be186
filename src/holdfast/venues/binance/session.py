"""The two ways on which orders are written: a WebSocket API session, and HTTP that stands by.

It logs on where the key allows it, keeps both ways up from `start` to `close`, and knows
nothing of orders. Whatever is written is written once.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Protocol

from holdfast.domain.instant import NS_PER_S, Clock
from holdfast.domain.ports import HttpAnswer, Network
from holdfast.domain.venue import Pingable
from holdfast.errors import HoldfastError, VenueTimeout, VenueUnavailable
from holdfast.venues.binance.doors import Doors
from holdfast.venues.binance.entrance import API_CONNECT, Entrance
from holdfast.venues.binance.options import Credentials, Endpoints, Options
from holdfast.venues.binance.rest import Rest, refusal
from holdfast.venues.binance.signing import signer
from holdfast.venues.binance.standby import Standby
from holdfast.venues.binance.stream import StandingSocket
from holdfast.venues.binance.wire.account import Ended, Reported, event
from holdfast.venues.binance.wire.replies import OK, ErrorBody, Reply, reply
from holdfast.venues.binance.wire.requests import Call, Params, request, signed
from holdfast.venues.binance.wire.unreadable import Unreadable

LOOKS = 100
LOOK_EVERY_S = 0.01
"""How long a connection that ends is given for its last answers: a second."""
TIME_CODE = -1021
LOGON_ID = 0
_NOTHING_REPORTED = Reported([])


class SessionOwner(Protocol):
    """Who writes by a session, and is told what comes back."""

    def on_reply(self, read: Reply) -> None:
        """Take a reply to a request that was numbered."""

    def on_session_lost(self, reason: str) -> None:
        """Learn that what was not answered on the socket will not be."""

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing that was written to the socket waits for its answer."""


class OrderSession:
    """One session; requests are numbered from 1 by its owner."""

    def __init__(
        self,
        network: Network,
        clock: Clock,
        *,
        endpoints: Endpoints,
        credentials: Credentials,
        rest: Rest,
        jitter: Callable[[], float],
        options: Options,
        owner: SessionOwner,
    ) -> None:
        self.is_ready = False
        self._clock = clock
        self._credentials = credentials
        self._rest = rest
        self._options = options
        self._owner = owner
        self._jitter = jitter
        self._opened_count = 0
        self._is_measuring = False
        self._heard_at_ns = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._take_ping: Callable[[Pingable, bytes], None] | None = None
        self._logon: asyncio.Future[None] | None = None
        self._standby = Standby(rest, monotonic_ns=clock.monotonic_ns)
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket = StandingSocket(
            network,
            Doors((endpoints.ws_api, *endpoints.other_ws_api), monotonic_ns=clock.monotonic_ns),
            owner=self,
            jitter=jitter,
            gate=Entrance(rest, cost=API_CONNECT),
        )

    @property
    def is_open(self) -> bool:
        """Tell whether one of the two ways could take bytes."""
        return self.is_ready or self._standby.is_open

    def hand_pings_to(self, take: Callable[[Pingable, bytes], None]) -> None:
        """Let somebody answer this connection's pings in due time; without, at once."""
        self._take_ping = take

    async def start(self) -> None:
        """Open both ways; returns when requests can be written, holds until `close`.

        HTTP alone is enough: who starts while the WebSocket API is down may have to get out.
        """
        if not self._options.paper_pings:
            await self._rest.measure_offset()
        self._logon = asyncio.get_running_loop().create_future()
        try:
            await self._standby.open()
            await self._log_on(self._logon)
        except TimeoutError as error:
            await self.close()
            raise VenueTimeout("the order session was not confirmed in time") from error
        except HoldfastError:
            await self.close()
            raise
        finally:
            self._logon = None
        self._spawn(self._standby.keep(self._may_connect))
        if not self._options.paper_pings:
            self._spawn(self._keep_time())
            self._spawn(self._keep_young())

    async def _log_on(self, logon: "asyncio.Future[None]") -> None:
        try:
            await self._socket.open()
        except VenueUnavailable:
            self._socket.open_later()
            return
        async with asyncio.timeout(self._options.query_timeout_s):
            await logon

    def send(self, message: bytes) -> bool:
        """Write to the WebSocket API; False when it is certain that nothing was written."""
        try:
            self._socket.send(message)
        except ConnectionError:
            return False
        return True

    def post(self, call: Call, *, on_answer: Callable[[HttpAnswer | None], None]) -> bool:
        """Write to an HTTP connection; False when it is certain that nothing was written."""
        return self._standby.send(call, on_answer=on_answer)

    def measure(self) -> None:
        """Measure the clock's offset, because the venue refused a time stamp."""
        if not self._is_measuring:
            self._is_measuring = True
            self._spawn(self._measure())

    def doubt(self, waited_s: float) -> None:
        """Leave a connection that has said nothing since something was asked on it."""
        if self._clock.monotonic_ns() - self._heard_at_ns >= waited_s * NS_PER_S:
            self._socket.reopen(f"no answer for {waited_s:g} s")

    async def close(self) -> None:
        """Disconnect; what is unanswered by HTTP is answered with None; idempotent."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()
        self._standby.close()
        await self._rest.close()

    # What the socket says.

    def on_open(self) -> None:
        """Log on where the key allows it, else be ready at once."""
        self._opened_count += 1
        self._heard_at_ns = self._clock.monotonic_ns()
        if not self._credentials.is_ed25519:
            self._ready()
            return
        params: Params = {
            "apiKey": self._credentials.api_key,
            "recvWindow": self._options.recv_window_ms,
            "timestamp": self._rest.timestamp_ms(),
        }
        keyed = signed(params, signer(self._credentials).sign)
        self._socket.send(request(LOGON_ID, "session.logon", params=keyed))
        self._deadline = asyncio.get_running_loop().call_later(
            self._options.query_timeout_s, self._socket.reopen, "the logon was not answered"
        )

    def on_text(self, frame: memoryview) -> None:
        """Hand a reply over; what cannot be read is left to the deadlines of its owner."""
        self._heard_at_ns = self._clock.monotonic_ns()
        read = reply(frame)
        if isinstance(read, Unreadable):
            return
        if raw := bytes(read.event):
            ended = event(raw, _NOTHING_REPORTED, received_at_ns=self._clock.now_ns())
            if isinstance(ended, Ended):
                self._retire(ended.reason)
        elif read.id == LOGON_ID:
            self._on_logon(read)
        else:
            self._owner.on_reply(read)

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Answer at once, or leave it to who asked for pings."""
        self._socket.proven()
        if self._take_ping is not None:
            self._take_ping(connection, payload)
        else:
            connection.pong(payload)

    def on_lost(self, reason: str) -> None:
        """Be ready no more, and say so."""
        self.is_ready = False
        self._await_no_logon()
        if self._logon is not None and not self._logon.done():
            self._logon.set_exception(VenueUnavailable(f"order session: {reason}"))
        self._owner.on_session_lost(reason)

    def _ready(self) -> None:
        self.is_ready = True
        if self._logon is not None and not self._logon.done():
            self._logon.set_result(None)

    def _await_no_logon(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _on_logon(self, read: Reply) -> None:
        self._await_no_logon()
        if read.status == OK:
            self._socket.proven()
            self._ready()
            return
        error = read.error or ErrorBody()
        if error.code == TIME_CODE:
            self.measure()
        if self._logon is not None and not self._logon.done():
            self._logon.set_exception(refusal(read.status, error, what="order session"))
        else:
            self._socket.reopen(f"logon refused: {error.msg}")

    # Time.

    def _retire(self, reason: str) -> None:
        """Change the connection once its answers are in; what is new goes by HTTP meanwhile."""
        self.is_ready = self.is_ready and not self._standby.is_open
        if self._owner.is_idle:
            self._socket.reopen(reason)
        else:
            self._spawn(self._drain(reason, self._opened_count))

    async def _drain(self, reason: str, number: int) -> None:
        for _ in range(LOOKS):
            if self._owner.is_idle:
                break
            await asyncio.sleep(LOOK_EVERY_S)
        if number == self._opened_count:
            self._socket.reopen(reason)

    async def _keep_young(self) -> None:
        """Change the connection in a moment of ours: the venue cuts it after 24 h."""
        rotation = self._options.rotation
        while rotation.after_s:
            await asyncio.sleep(rotation.after_s - self._jitter() * rotation.jitter_s)
            self._retire("it is a day old")

    async def _measure(self) -> None:
        try:
            with suppress(HoldfastError):
                await self._rest.measure_offset()
        finally:
            self._is_measuring = False

    def _may_connect(self) -> bool:
        """Tell whether the venue may be connected to now; not while it bans us."""
        return self._clock.now_ns() >= self._rest.governor.held_until_ns(is_urgent=True)

    async def _keep_time(self) -> None:
        """Measure the clock's offset from time to time: clocks drift over days."""
        while True:
            await asyncio.sleep(self._options.measure_every_s)
            await self._measure()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
