"""A storm of all faults at once: the venue's own account of the truth stays right (XCH-5)."""

import asyncio
import contextlib
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from holdfast.simexchange.faults import TRAITS, Fault, FaultKind, Occasion
from tests.unit.simexchange_faults.story import START_MS, fault
from tests.unit.simexchange_wire.venue_kit import Client, open_venue, signed_params

STORM_S = 4.0
USER = "/ws-api/v3"
ENDS = (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR)
QUIET = frozenset(
    {
        FaultKind.REQUEST_REFUSED,
        FaultKind.WEIGHT_EXCEEDED_429,
        FaultKind.ADDRESS_BANNED_418,
        FaultKind.READING_STOPPED,
    }
)
"""What needs settings, and what would leave nothing for the others."""
TIMED: tuple[Fault, ...] = (
    fault(FaultKind.DEPOSIT, account="demo", asset="USDT", amount="1", every="2s", count=0),
    fault(FaultKind.FOREIGN_ORDER, account="demo", symbol="BTCUSDT", side="SELL",
          quantity="0.01", every="1s", count=0),
    fault(FaultKind.FOREIGN_CANCEL, account="demo", symbol="BTCUSDT", every="5s", count=0),
    fault(FaultKind.FILTER_CHANGE, symbol="BTCUSDT", rules={"max_orders": "50"}, every="3s",
          count=0),
    fault(FaultKind.SYMBOL_HALT, symbol="BTCUSDT", lasts="1s", every="7s", count=0),
    fault(FaultKind.SYMBOL_BREAK, symbol="BTCUSDT", lasts="1s", every="11s", count=0),
    fault(FaultKind.MAINTENANCE, lasts="1s", from_="5s", every="20s", count=0),
    fault(FaultKind.LISTENER_CLOSED, lasts="100ms", from_="9s", every="30s", count=0),
    fault(FaultKind.CLOCK_JUMP, offset="500ms", lasts="1s", every="2s", count=0),
    fault(FaultKind.FEE_IN_BNB, lasts="2s", every="9s", count=0),
    fault(FaultKind.SERVER_SHUTDOWN, delay="1s", from_="8s", every="25s", count=0),
)  # fmt: skip


def storm() -> list[Fault]:
    """Arm every kind that befalls an occasion, rarely, and some acts."""
    short = {"lasts": "200ms"}
    entries = [
        fault(
            kind,
            probability=0.03,
            count=0,
            **(short if traits.lasts else {}),
            **({"delay": "300ms"} if traits.delay else {}),
        )
        for kind, traits in TRAITS.items()
        if Occasion.TIME not in traits.occasions and kind not in QUIET
    ]
    return [*entries, *TIMED]


async def order_on(client: Client, number: int) -> None:
    """Order, and cancel every second one, by REST."""
    price = "50001" if number % 3 == 0 else "49000"
    placed = await client.order(price=price, newClientOrderId=f"storm{number}")
    if number % 2 and isinstance(placed, dict) and "orderId" in placed:
        await client.signed(
            "DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=placed["orderId"]
        )


async def keep_asking(client: Client) -> int:
    """Order on and on; what fails is tried again."""
    number = 0
    while True:
        number += 1
        with contextlib.suppress(aiohttp.ClientError, KeyError, TypeError, TimeoutError):
            await asyncio.wait_for(order_on(client, number), 0.5)
        await asyncio.sleep(0.005)


async def keep_listening(client: Client, path: str) -> None:
    """Listen on and on, whatever comes; user data on the WebSocket API."""
    asked = {
        "id": 1,
        "method": "userDataStream.subscribe.signature",
        "params": signed_params(timestamp=START_MS),
    }
    while True:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with client.session.ws_connect(client.ws + path, max_msg_size=0) as socket:
                if path == USER:
                    await socket.send_json(asked)
                while (await socket.receive(1)).type not in ENDS:
                    pass
        await asyncio.sleep(0.05)


def test_a_storm_of_faults_leaves_the_truth_of_the_venue_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def story() -> dict[str, Any]:
        async with open_venue(
            speed=10.0, count=2000, faults=storm(), profile="full", latency_us=2000
        ) as client:
            tasks = [
                asyncio.create_task(keep_asking(client)),
                asyncio.create_task(keep_listening(client, USER)),
                asyncio.create_task(keep_listening(client, "/ws/btcusdt@depth")),
                asyncio.create_task(keep_listening(client, "/stream?streams=btcusdt@trade")),
            ]
            await asyncio.sleep(STORM_S)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            return await told_at_once(client)

    told = asyncio.run(asyncio.wait_for(story(), 30))
    said = capsys.readouterr().err
    assert "Error handling request" not in said, said
    assert "Traceback" not in said, said
    struck = told["faults"]["happened"]
    assert len(struck) > 35, struck
    assert len(told["orders"]) > 20
    assert len(told["trades"]) > 5
    hold(told, deposits=struck["deposit"])


async def told_at_once(client: Client) -> dict[str, Any]:
    """Ask for the truth and for the strikes of one instant."""
    async with aiohttp.ClientSession() as session:
        while True:
            answers: list[dict[str, Any]] = []
            with contextlib.suppress(aiohttp.ClientError):
                for path in ("/sim/faults", "/sim/truth", "/sim/faults"):
                    async with session.get(client.rest + path) as answer:
                        answers.append(await answer.json(content_type=None))
                before, told, after = answers
                if before["happened"]["deposit"] == after["happened"]["deposit"]:
                    return {**told, "faults": after}
            await asyncio.sleep(0.02)


def hold(told: dict[str, Any], *, deposits: int) -> None:
    """Hold the balances against opening, deposits, executions and fees."""
    expected = {asset: Decimal(amount) for asset, amount in told["opening"].items()}
    expected["USDT"] += deposits
    for trade in told["trades"]:
        sign = 1 if trade["isBuyer"] else -1
        expected["BTC"] += sign * Decimal(trade["qty"])
        expected["USDT"] -= sign * Decimal(trade["quoteQty"])
        asset = trade["commissionAsset"]
        expected[asset] = expected.get(asset, Decimal(0)) - Decimal(trade["commission"])
    held = {
        one["asset"]: Decimal(one["free"]) + Decimal(one["locked"]) for one in told["balances"]
    }
    bnb = held.pop("BNB", Decimal(0)) - expected.pop("BNB", Decimal(0))
    assert bnb in (0, 1), "who has no BNB is given one"
    assert held == expected
    filled = sum((Decimal(one["executedQty"]) for one in told["orders"]), Decimal(0))
    assert filled == sum((Decimal(one["qty"]) for one in told["trades"]), Decimal(0))
