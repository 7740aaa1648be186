"""Requests half right, half nonsense: each is answered in the venue's form, none breaks it."""

import random
from typing import Any
from urllib.parse import quote

import pytest

from holdfast.simexchange.desk import Security
from holdfast.simexchange.rest import ROUTES
from tests.unit.simexchange_wire.venue_kit import START_NS, Client, open_venue, run

SPOT = [route for route in ROUTES if route[1].startswith("/api/")]
TYPES = [
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
]
ANYTHING = [
    "", "0", "-1", "0.01", "1e5", "99999999999999999999", "-9999999999999999999", "0.00001",
    "BTCUSDT", "BUY", *TYPES, "GTC", "IOC", "DECREMENT", "FULL", "true", "null", "[]",
    '["BTCUSDT"]', "é", "a" * 40, "STOP_ON_FAILURE", "ONLY_NEW", "1d", "8:00", "x y", "2",
]  # fmt: skip
FITTING = (
    ("symbols", ['["BTCUSDT"]']),
    ("symbol", ["BTCUSDT"]),
    ("resptype", ["ACK", "RESULT", "FULL"]),
    ("strategytype", ["1000000"]),
    ("type", TYPES),
    ("side", ["BUY", "SELL"]),
    ("qty", ["0.01", "0.02", "0.005"]),
    ("quantity", ["0.01", "0.02", "0.005"]),
    ("price", ["48000", "49000", "50000", "51000", "52000"]),
    ("timeinforce", ["GTC", "IOC", "FOK"]),
    ("delta", ["100", "500"]),
    ("mode", ["STOP_ON_FAILURE", "ALLOW_FAILURE", "DECREMENT", "EXPIRE_BOTH"]),
    ("orderid", ["1", "2", "3", "4"]),
    ("listid", ["1", "2"]),
    ("limit", ["5", "1000"]),
    ("interval", ["1m", "1M"]),
)


def value(chance: random.Random, name: str) -> str:
    """Give a parameter mostly what it takes."""
    if chance.random() < 0.9:
        for ending, values in FITTING:
            if name.lower().endswith(ending) and "client" not in name.lower():
                return chance.choice(values)
    return chance.choice(ANYTHING)


async def ask(client: Client, chance: random.Random) -> Any:
    """Send one request to a random route, with a random choice of its parameters."""
    method, path, operation = chance.choice(SPOT)
    names = [name for name in operation.names if chance.random() < 0.7]
    params: dict[str, object] = {name: quote(value(chance, name)) for name in names}
    if operation.security is Security.NONE:
        query = "&".join(f"{name}={sent}" for name, sent in params.items())
        return await client.get(f"{path}?{query}")
    return await client.signed(method, path, **params, timestamp=START_NS // 10**6)


@pytest.mark.parametrize("seed", range(4))
def test_every_request_is_answered_or_refused_in_the_venue_s_form(seed: int) -> None:
    async def story() -> None:
        chance = random.Random(seed)
        async with open_venue() as client:
            for desk in client.floor.desks:
                desk.address("127.0.0.1").weight.limit = 10**9
            done = 0
            for _ in range(500):
                body = await ask(client, chance)
                assert client.status in (200, 400, 409), (client.status, body)
                assert isinstance(body, dict | list)
                if client.status != 200:
                    assert isinstance(body, dict)
                    assert isinstance(body["code"], int)
                    assert body["msg"]
                done += client.status == 200
            assert done > 50
            held = (await client.get("/sim/truth"))["balances"]
            assert all(float(one["free"]) >= 0 <= float(one["locked"]) for one in held)

    run(story())
