"""Open a venue: one port for REST, market streams, WebSocket API and insight."""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from aiohttp import web

from holdfast.errors import UsageError
from holdfast.simexchange import insight, rest
from holdfast.simexchange.arguments import ServeOptions
from holdfast.simexchange.desk import Desk
from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.faults import Faults
from holdfast.simexchange.floor import Floor
from holdfast.simexchange.pacing import MarketClock, Pacer
from holdfast.simexchange.pump import Pump, prime
from holdfast.simexchange.sockets import Sockets

if TYPE_CHECKING:
    from holdfast.simexchange.source import Market

HOST = "127.0.0.1"
BACKLOG = 128
LARGEST_BODY_BYTES = 1 << 20
GRACE_S = 1.0


@asynccontextmanager
async def open_floor(
    exchange: Exchange, market: "Market", *, options: ServeOptions, faults: Faults
) -> AsyncIterator[tuple[Floor, int]]:
    """Open a venue on a port and play its market; yield the floor and the port."""
    loop = asyncio.get_running_loop()
    records = prime(exchange, market.records())
    start_ns = max(exchange.now_ns, market.start_ns)
    clock = MarketClock(start_ns, speed=options.speed, monotonic=loop.time)
    pacer = Pacer(clock, window=options.window if options.speed is None else None)
    floor = Floor(exchange, clock, pacer, faults=faults)
    desk = Desk(floor)
    app = web.Application(client_max_size=LARGEST_BODY_BYTES)
    rest.add_routes(app, desk)
    Sockets(desk).add_routes(app)
    insight.add_routes(app, floor, notes=list(market.notes))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE_S)
    await runner.setup()
    pump = Pump(floor, records)
    tasks: list[asyncio.Task[None]] = []
    try:
        port = await _listen(runner, options.port)
        tasks = [loop.create_task(pump.run()), loop.create_task(pacer.watch())]
        yield floor, port
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> int:
    site = web.TCPSite(runner, HOST, port, backlog=BACKLOG, reuse_address=True)
    try:
        await site.start()
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        reason = "in use" if error.errno == errno.EADDRINUSE else "not permitted"
        raise UsageError(
            f"--port {port} is {reason} on {HOST}; another one, or 0 for a free one, "
            "would be right"
        ) from error
    address = runner.addresses[0]
    return int(address[1])
