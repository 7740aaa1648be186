"""Open a venue: one port for REST, market streams, WebSocket API and insight."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from holdfast.errors import ConfigError
from holdfast.simexchange import admin, insight, rest
from holdfast.simexchange.arguments import ServeOptions
from holdfast.simexchange.desk import Desk
from holdfast.simexchange.everystream import JoinedStreams
from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.faults import Faults
from holdfast.simexchange.faults.acts import check_names
from holdfast.simexchange.faults.at_http import door
from holdfast.simexchange.floor import Floor
from holdfast.simexchange.limits import USDM
from holdfast.simexchange.notes import host_notes, opening_notes
from holdfast.simexchange.pacing import MarketClock, Pacer
from holdfast.simexchange.port import Port
from holdfast.simexchange.pump import Pump, prime
from holdfast.simexchange.sockets import Sockets
from holdfast.simexchange.trouble import trouble_log
from holdfast.simexchange.usdm.routes import ROUTES
from holdfast.simexchange.usdm.sockets import UsdmSockets

if TYPE_CHECKING:
    from holdfast.simexchange.source import Market

LARGEST_BODY_BYTES = 1 << 20
GRACE_S = 1.0


class Venue(NamedTuple):
    """An open venue: its floor, its port, and the task that plays its market."""

    floor: Floor
    port: int
    playing: asyncio.Task[None]


@asynccontextmanager
async def open_floor(
    exchange: Exchange, market: "Market", *, options: ServeOptions, faults: Faults
) -> AsyncIterator["Venue"]:
    """Open a venue on a port and play its market; yield what is open."""
    loop = asyncio.get_running_loop()
    records = prime(exchange, market.records())
    start_ns = max(exchange.now_ns, market.start_ns)
    clock = MarketClock(start_ns, speed=options.speed, monotonic=loop.time)
    pacer = Pacer(clock, window=options.window if options.speed is None else None)
    floor = Floor(exchange, clock, pacer, faults=faults)
    _check_faults(floor)
    desk = Desk(floor)
    floor.on_first_fill = desk.give_back
    floor.is_full = options.profile == "full"
    app = web.Application(client_max_size=LARGEST_BODY_BYTES, middlewares=[door(floor)])
    rest.add_routes(app, desk)
    _add_usdm(app, desk, day_cut_ns=options.day_cut_ns)
    notes = [*market.notes, *opening_notes(exchange.accounts.specs())]
    notes += host_notes(options.host)
    insight.add_routes(app, floor, notes=notes)
    admin.add_routes(app, floor)
    runner = web.AppRunner(app, access_log=None, logger=trouble_log(), shutdown_timeout=GRACE_S)
    await runner.setup()
    pump = Pump(floor, records)
    server = runner.server
    assert server is not None, "a runner that is set up has a server"
    port = floor.port = Port(options.host, server, faults=faults)
    try:
        await port.open(options.port)
        floor.opened()
        playing = loop.create_task(pump.run())
        floor.tasks += [playing, loop.create_task(pacer.watch())]
        yield Venue(floor, port.number, playing)
    finally:
        port.close()
        floor.timetable.close()
        for task in floor.tasks:
            task.cancel()
        await asyncio.gather(*floor.tasks, return_exceptions=True)
        await runner.cleanup()


def _check_faults(floor: Floor) -> None:
    for armed in floor.faults.armed:
        try:
            check_names(floor, armed.entry)
        except ValueError as error:
            raise ConfigError(f"fault {armed.entry.kind.value}: {error}") from None


def _add_usdm(app: web.Application, spot: Desk, *, day_cut_ns: int) -> None:
    """Serve USD-M beside spot; the addresses without a route serve the streams of both."""
    floor = spot.floor
    desk = Desk(floor, symbols=floor.usdm.rules, quotas=USDM)
    rest.add_routes(app, desk, routes=ROUTES)
    doors = UsdmSockets(desk, Sockets(desk, day_cut_ns=day_cut_ns))
    doors.add_routes(app)
    every = JoinedStreams([floor.spot, doors.unrouted()])
    Sockets(spot, streams=every, day_cut_ns=day_cut_ns).add_routes(app)
