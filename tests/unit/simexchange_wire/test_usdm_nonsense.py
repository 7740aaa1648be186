"""Nonsense sent to every endpoint of USD-M is answered in the venue's form (XCH-4)."""

import random
from typing import Any
from urllib.parse import quote

import pytest

from holdfast.simexchange.desk import SIGNED, Operation
from holdfast.simexchange.usdm.routes import ROUTES
from tests.unit.simexchange_wire.usdm_kit import KEY, open_usdm
from tests.unit.simexchange_wire.venue_kit import Client, run

SENSE = {
    "symbol": ["BTCUSDT"],
    "pair": ["BTCUSDT"],
    "side": ["BUY", "SELL"],
    "quantity": ["0.01", "3"],
    "price": ["49000", "50001", "52000"],
    "type": ["LIMIT", "MARKET", "STOP_MARKET", "STOP", "TRAILING_STOP_MARKET"],
    "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    "algoType": ["CONDITIONAL"],
    "triggerPrice": ["48000", "52000"],
    "interval": ["1m", "8h"],
    "contractType": ["PERPETUAL"],
    "leverage": ["1", "125"],
    "marginType": ["ISOLATED", "CROSSED"],
}
NONSENSE = [
    "", "0", "-1", "1", "9" * 19, "9" * 25, "1.5", "abc", "true", "[]", "[1]", "{}", '["a"]',
    "[[[[", "1700000000000", "LONG", "BOTH", "\x00", "é", "RESULT", "99999999999999999999",
    "QUEUE_5", "MARK_PRICE", "GTD", "ETHUSDT", "500",
]  # fmt: skip


def drawn(chance: random.Random, operation: Operation) -> dict[str, str]:
    """Draw parameters, some of which make sense."""
    params = {}
    for name in operation.names:
        good = SENSE.get(name, [])
        if chance.random() < (0.9 if good else 0.15):
            choices = good if good and chance.random() < 0.9 else NONSENSE
            params[name] = quote(chance.choice(choices))
    return params


async def ask(client: Client, route: tuple[str, str, Operation], params: Any) -> Any:
    """Send a request with the proof that it needs."""
    method, path, operation = route
    if operation.security in SIGNED:
        return await client.signed(method, path, **params)
    query = "&".join(f"{name}={value}" for name, value in params.items())
    return await client.send(method, f"{path}?{query}", headers=KEY)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nonsense_is_refused_with_a_code_and_no_wallet_leaks(seed: int) -> None:
    async def story() -> None:
        chance = random.Random(seed)
        async with open_usdm() as client:
            for _ in range(600):
                route = chance.choice(ROUTES)
                params = drawn(chance, route[2])
                answer = await ask(client, route, params)
                assert client.status < 500, (route[:2], params, answer)
                assert isinstance(answer, dict | list), (route[:2], params, answer)
                if client.status >= 400:
                    assert answer["code"] < 0, (route[:2], params, answer)
                for desk in client.floor.desks:
                    desk.address("127.0.0.1").weight.add(-2400, client.floor.clock.now_ns())
            truth = (await client.get("/sim/truth"))["usdm"]
            moved = sum(float(entry["income"]) for entry in truth["income"])
            wallet = float(truth["wallets"][0]["walletBalance"])
            assert wallet == pytest.approx(100_000 + moved, abs=1e-8)

    run(story())
