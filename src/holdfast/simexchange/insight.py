"""Insight for tests and reports: the simulator's own account of the truth, no venue has it.

These paths are outside the venue's interface; they need no key, weigh nothing and serve
loopback only.
"""

import msgspec
from aiohttp import web

from holdfast.simexchange.addresses import ready_line, usdm_addresses
from holdfast.simexchange.floor import Floor
from holdfast.simexchange.numbers import format_e8
from holdfast.simexchange.payloads import orders as shown
from holdfast.simexchange.usdm import insight as usdm

EVERYTHING = 1 << 31


def add_routes(app: web.Application, floor: Floor, *, notes: list[str]) -> None:
    """Serve `/sim/status`, `/sim/truth`, `/sim/log` and `/sim/assumptions`."""

    async def status(_request: web.Request) -> web.Response:
        return _json(_status(floor))

    async def truth(request: web.Request) -> web.Response:
        account = request.query.get("account", "demo")
        try:
            return _json(_truth(floor, account))
        except KeyError:
            return _json({"error": f"no account {account!r}"}, status=404)

    async def log(request: web.Request) -> web.Response:
        return _json(floor.chronicle.told(request.query.get("account", "demo")))

    async def assumptions(_request: web.Request) -> web.Response:
        return _json({"notes": notes})

    app.router.add_get("/sim/status", status)
    app.router.add_get("/sim/truth", truth)
    app.router.add_get("/sim/log", log)
    app.router.add_get("/sim/assumptions", assumptions)


def _status(floor: Floor) -> dict[str, object]:
    clock = floor.clock
    return {
        "market_time_ns": clock.now_ns(),
        "start_ns": clock.start_ns,
        "speed": "max" if clock.speed is None else clock.speed,
        "moving": floor.is_moving,
        "ended": floor.has_ended,
        "records": floor.record_count,
        "symbols": sorted(floor.exchange.symbols),
        "products": {
            symbol: rules.product for symbol, rules in sorted(floor.exchange.symbols.items())
        },
        **(ready_line(floor.port.number, floor.port.host) if floor.port else {}),
        **(usdm_addresses(floor.port.number, floor.port.host) if floor.port else {}),
        "faults": floor.faults.happened,
    }


def _truth(floor: Floor, account: str) -> dict[str, object]:
    accounts = floor.exchange.accounts
    spec = accounts.spec(account)
    orders, trades = [], []
    for symbol in sorted(floor.spot_symbols):
        found = accounts.all_orders(account, symbol, order_id=0, limit=EVERYTHING)
        orders += [shown.queried(order, unit_ns=1) for order in found]
        executed = accounts.my_trades(account, symbol, from_id=0, limit=EVERYTHING)
        trades += [shown.own_trade(trade, unit_ns=1) for trade in executed]
    return {
        "account": spec.name,
        "market_time_ns": floor.clock.now_ns(),
        "opening": {
            asset: format_e8(amount) for asset, amount in sorted(spec.balances.items())
        },
        "balances": [shown.balance(held) for held in accounts.balances(account)],
        "orders": orders,
        "open_order_ids": [order.order_id for order in accounts.open_orders(account)],
        "trades": trades,
        "usdm": usdm.truth(floor, account),
    }


def _json(body: object, *, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json"
    )
