"""A made-up perpetual and short ways to trade it over the wire."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from holdfast.simexchange.accounts import DEMO_API_KEY, DEMO_SECRET
from holdfast.simexchange.numbers import E8
from tests.unit.simexchange_wire.venue_kit import RULES, Client, open_venue

KEY = {"X-MBX-APIKEY": DEMO_API_KEY}
SIGNER = (DEMO_API_KEY, DEMO_SECRET)
LINEAR = msgspec.structs.replace(
    RULES,
    product="linear",
    tick=E8 // 10,
    step=E8 // 1000,
    min_price=E8 // 10,
    min_quantity=E8 // 1000,
)


@asynccontextmanager
async def open_usdm(**how: Any) -> AsyncIterator[Client]:
    """Serve the made-up perpetual and yield a client."""
    async with open_venue(rules=LINEAR, **how) as client:
        yield client


async def place(client: Client, **params: object) -> Any:
    """Place a limit order far below the market unless told otherwise."""
    limit: dict[str, object] = {"timeInForce": "GTC", "price": "49000"}
    given = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.010"}
    if params.get("type", "LIMIT") == "LIMIT":
        given |= limit  # type: ignore[arg-type]
    return await client.signed("POST", "/fapi/v1/order", **(given | params))


async def market(client: Client, side: str, quantity: str, **params: object) -> Any:
    """Trade at the market and answer with the result."""
    given = {"type": "MARKET", "side": side, "quantity": quantity, "newOrderRespType": "RESULT"}
    return await place(client, **(given | params))


async def stop(client: Client, **params: object) -> Any:
    """Place a stop below the market that sells unless told otherwise."""
    given: dict[str, object] = {
        "algoType": "CONDITIONAL",
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "STOP_MARKET",
        "quantity": "0.010",
        "triggerPrice": "48000",
    }
    return await client.signed("POST", "/fapi/v1/algoOrder", **(given | params))


async def position(client: Client, side: str = "BOTH") -> Any:
    """Return the position, flat ones too."""
    rows = await client.signed("GET", "/fapi/v2/positionRisk", symbol="BTCUSDT")
    return next(row for row in rows if row["positionSide"] == side)
