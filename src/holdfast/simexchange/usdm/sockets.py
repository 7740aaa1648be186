"""The WebSocket doors of USD-M: routed streams, user data by listen key, WebSocket API."""

from aiohttp import web

from holdfast.simexchange.connection import Connection, Role
from holdfast.simexchange.desk import Desk
from holdfast.simexchange.everystream import JoinedStreams, Streams
from holdfast.simexchange.limits import USDM
from holdfast.simexchange.marketsocket import MarketSession
from holdfast.simexchange.sockets import Sockets
from holdfast.simexchange.usdm.listenkeys import VALID_NS
from holdfast.simexchange.usdm.streams import Route, is_public
from holdfast.simexchange.usdm.userdata import PrivateStreams, tell_expiry
from holdfast.simexchange.usdm.wsapi import UsdmApiSession
from holdfast.simexchange.wsapi import CONNECT_WEIGHT


class UsdmSockets:
    """Accept USD-M's WebSocket connections; `doors` serves each to its end."""

    def __init__(self, desk: Desk, doors: Sockets) -> None:
        floor = desk.floor
        self._desk = desk
        self._doors = doors
        self._private = PrivateStreams(floor)
        self._routes: dict[str, Streams] = {
            "public": Route(floor.usdm.streams, carries=is_public),
            "market": Route(floor.usdm.streams, carries=lambda name: not is_public(name)),
            "private": self._private,
        }
        keys = floor.usdm.listen_keys
        keys.on_expiry = lambda key: tell_expiry(floor, key)
        keys.on_renewal = lambda _key: floor.timetable.after(VALID_NS, keys.expire_due)

    def add_routes(self, app: web.Application) -> None:
        """Serve every WebSocket path."""
        for route in self._routes:
            for path in ("ws", "ws/{names:.*}", "stream"):
                app.router.add_get(f"/{route}/{path}", self.routed)
        app.router.add_get("/ws-fapi/v1", self.api)

    def unrouted(self) -> JoinedStreams:
        """Return what the old addresses without a route offer: streams and listen keys."""
        return JoinedStreams([self._desk.floor.usdm.streams, self._private])

    async def routed(self, request: web.Request) -> web.StreamResponse:
        """Serve a connection to one route, raw or combined."""
        _, route, form, *_ = request.path.split("/")
        names = request.match_info.get("names", "").split("/")
        names += request.query.get("streams", "").split("/")
        names.append(request.query.get("listenKey", ""))

        def make(connection: Connection) -> MarketSession:
            session = MarketSession(
                self._routes[route],
                connection,
                clock=self._desk.floor.clock,
                is_combined=form == "stream",
                messages_per_second=USDM.messages_per_second,
            )
            session.open([name for name in names if name])
            return session

        role: Role = "user" if route == "private" else "market"
        return await self._doors.serve(request, make, role=role)

    async def api(self, request: web.Request) -> web.StreamResponse:
        """Serve a WebSocket API connection."""
        address = request.remote or ""
        limits = self._desk.address(address)
        limits.weight.add(CONNECT_WEIGHT, self._desk.floor.clock.limits_now_ns())

        def make(connection: Connection) -> UsdmApiSession:
            return UsdmApiSession(
                self._desk,
                connection,
                address=address,
                shows_limits=request.query.get("returnRateLimits", "true") != "false",
            )

        return await self._doors.serve(request, make, role="api")
