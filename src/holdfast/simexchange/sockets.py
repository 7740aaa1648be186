"""The WebSocket doors: market streams and WebSocket API, on the same port as REST.

Frames of one client are taken in the order in which they came, pongs among them: an order
that was sent before a pong is in the core before the pong counts.
"""

from collections.abc import Callable
from typing import Protocol

from aiohttp import WSMsgType, web

from holdfast.simexchange.connection import POLICY_VIOLATION, Connection, Role, Terms
from holdfast.simexchange.desk import Desk
from holdfast.simexchange.everystream import Streams
from holdfast.simexchange.faults.at_socket import befall, retire
from holdfast.simexchange.limits import MINUTE_NS, SPOT, USDM, Window
from holdfast.simexchange.marketsocket import MarketSession
from holdfast.simexchange.pacing import SECOND_NS
from holdfast.simexchange.payloads.feed import MICROSECOND_NS, MILLISECOND_NS
from holdfast.simexchange.profile import embellish
from holdfast.simexchange.timetable import Due
from holdfast.simexchange.wsapi import CONNECT_WEIGHT, ApiSession

CONNECTS_PER_WINDOW = 300
CONNECT_WINDOW_NS = 5 * MINUTE_NS
LARGEST_MESSAGE_BYTES = 1 << 20
LONGEST_LEAD_NS = 10 * SECOND_NS


class Session(Protocol):
    """What takes the frames of one connection."""

    def take(self, raw: bytes) -> None:
        """Take one text frame."""

    def count(self) -> bool:
        """Count a frame that is no request; return whether the connection may go on."""

    def drop(self) -> None:
        """Forget the connection."""


class Sockets:
    """Accept WebSocket connections; after `day_cut_ns` each is closed, 0 leaves it open."""

    def __init__(
        self, desk: Desk, *, streams: Streams | None = None, day_cut_ns: int = 0
    ) -> None:
        self._desk = desk
        self._streams = desk.floor.spot if streams is None else streams
        self._day_cut_ns = day_cut_ns
        self._connects: dict[str, Window] = {}

    def add_routes(self, app: web.Application) -> None:
        """Serve every WebSocket path."""
        for path in ("/ws", "/ws/{names:.*}", "/stream"):
            app.router.add_get(path, self.market)
        app.router.add_get("/ws-api/v3", self.api)

    async def market(self, request: web.Request) -> web.StreamResponse:
        """Serve a market stream connection, raw or combined."""
        is_combined = request.path == "/stream"
        names = (
            request.query.get("streams", "") if is_combined else request.match_info.get("names")
        )
        floor = self._desk.floor
        quotas = SPOT if self._desk.symbols else USDM

        def make(connection: Connection) -> MarketSession:
            session = MarketSession(
                self._streams,
                connection,
                clock=floor.clock,
                is_combined=is_combined,
                unit_ns=_unit_ns(request),
                messages_per_second=quotas.messages_per_second,
            )
            session.open([name for name in (names or "").split("/") if name])
            return session

        return await self.serve(request, make, role="market")

    async def api(self, request: web.Request) -> web.StreamResponse:
        """Serve a WebSocket API connection."""
        address = request.remote or ""
        limits = self._desk.address(address)
        limits.weight.add(CONNECT_WEIGHT, self._desk.floor.clock.limits_now_ns())

        def make(connection: Connection) -> ApiSession:
            return ApiSession(
                self._desk,
                connection,
                address=address,
                unit_ns=_unit_ns(request),
                shows_limits=request.query.get("returnRateLimits", "true") != "false",
            )

        return await self.serve(request, make, role="api")

    async def serve(
        self, request: web.Request, make: Callable[[Connection], Session], *, role: Role
    ) -> web.StreamResponse:
        """Serve one connection to its end, within the limits of the desk's product."""
        clock, pacer = self._desk.floor.clock, self._desk.floor.pacer
        window = self._connects.setdefault(
            request.remote or "", Window(CONNECT_WINDOW_NS, CONNECTS_PER_WINDOW)
        )
        if window.add(1, clock.limits_now_ns()) > CONNECTS_PER_WINDOW:
            return web.Response(status=429, text="Too many connections")
        socket = web.WebSocketResponse(
            autoping=False, compress=False, max_msg_size=LARGEST_MESSAGE_BYTES
        )
        await socket.prepare(request)
        transport = request.transport
        if transport is None:
            return socket
        connection = pacer.connect(transport, terms=self._terms(request, role))
        session = make(connection)
        end = self._befall(connection)
        try:
            await _read(socket, connection, session)
        finally:
            if end is not None:
                end.cancel()
            session.drop()
            pacer.disconnect(connection)
        return socket

    def _terms(self, request: web.Request, role: Role) -> Terms:
        quotas = self._desk.quotas
        return Terms(
            product=quotas.product,
            role=role,
            address=request.remote or "",
            ping_s=quotas.ping_s,
            pong_s=quotas.pong_s,
        )

    def _befall(self, connection: Connection) -> Due | None:
        """Let happen to a new socket what has to; return its end, if it has one."""
        floor = self._desk.floor
        if floor.is_full:
            connection.alter = embellish
        if floor.faults.on_socket:
            befall(floor, connection)
        if not self._day_cut_ns:
            return None
        lead_ns = min(LONGEST_LEAD_NS, self._day_cut_ns // 2)
        return floor.timetable.after(
            self._day_cut_ns - lead_ns, lambda: retire(floor, connection, lead_ns=lead_ns)
        )


async def _read(
    socket: web.WebSocketResponse, connection: Connection, session: Session
) -> None:
    async for message in socket:
        if message.type is WSMsgType.PONG:
            if not connection.answered(bytes(message.data)) and not session.count():
                return
        elif message.type is WSMsgType.PING:
            connection.pong(bytes(message.data))
            if not session.count():
                return
        elif message.type is WSMsgType.TEXT:
            session.take(message.data.encode())
        else:
            connection.close(POLICY_VIOLATION)
            return


def _unit_ns(request: web.Request) -> int:
    is_micro = request.query.get("timeUnit", "").upper() == "MICROSECOND"
    return MICROSECOND_NS if is_micro else MILLISECOND_NS
