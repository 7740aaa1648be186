"""The same faults befall USD-M, and `product` keeps the two apart (XCH-5)."""

import asyncio
import contextlib
from typing import Any

import aiohttp
import msgspec
import pytest

from holdfast.simexchange.faults import FaultKind
from tests.unit.simexchange_faults.story import fault, happened
from tests.unit.simexchange_wire.venue_kit import RULES, Client, open_venue, run

LINEAR = msgspec.structs.replace(RULES, product="linear")
ORDER = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTX",
    "quantity": "0.01", "price": "49000",
}  # fmt: skip
NEW, ENDED = ["NEW"], ["NEW", "EXPIRED"]


async def ordered(client: Client) -> tuple[Any, list[str]]:
    """Order post-only; give the answer and the executions that the account heard of."""
    headers = {"X-MBX-APIKEY": client.key}
    key = (await client.send("POST", "/fapi/v1/listenKey", headers=headers))["listenKey"]
    answer: Any = None
    found: list[str] = []
    async with client.session.ws_connect(f"{client.ws}/private/ws?listenKey={key}") as socket:
        with contextlib.suppress(aiohttp.ClientError):
            answer = await client.signed("POST", "/fapi/v1/order", **ORDER)
        with contextlib.suppress(asyncio.TimeoutError):
            while True:
                event = await socket.receive_json(timeout=0.15)
                if event["e"] == "ORDER_TRADE_UPDATE":
                    found.append(event["o"]["x"])
    return answer, found


@pytest.mark.parametrize(
    ("kind", "code", "executions"),
    [
        (FaultKind.ORDER_UNKNOWN_1007, -1007, NEW),
        (FaultKind.ORDER_ANSWER_LOST, None, NEW),
        (FaultKind.ORDER_UNAVAILABLE_503, -1000, []),
        (FaultKind.ORDER_THROTTLED_1008, -1008, []),
        (FaultKind.ORDER_PART_FILLED_EXPIRED, 0, ["NEW", "TRADE", "EXPIRED"]),
        (FaultKind.ORDER_GTX_EXPIRED, 0, ENDED),
        (FaultKind.ORDER_STP_EXPIRED, 0, ENDED),
        (FaultKind.USER_EVENT_DROPPED, 0, []),
        (FaultKind.DUPLICATE_USER_EVENT, 0, ["NEW", "NEW"]),
    ],
)
def test_a_fault_befalls_an_order_of_usdm(
    kind: FaultKind, code: int | None, executions: list[str]
) -> None:
    async def story() -> None:
        async with open_venue(rules=LINEAR, faults=[fault(kind, product="usdm")]) as client:
            answer, heard = await ordered(client)
            assert (None if answer is None else answer.get("code", 0)) == code
            assert heard == executions
            assert await happened(client) == {kind.value: 1}
        async with open_venue(rules=LINEAR, faults=[fault(kind, product="spot")]) as client:
            answer, heard = await ordered(client)
            assert (answer["status"], heard) == ("NEW", NEW)
            assert await happened(client) == {}

    run(story())


def test_a_cancel_of_usdm_comes_too_late() -> None:
    async def story() -> None:
        entries = [fault(FaultKind.CANCEL_FILL_RACE)]
        async with open_venue(rules=LINEAR, faults=entries) as client:
            placed = await client.signed("POST", "/fapi/v1/order", **ORDER)
            asked = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
            assert (await client.signed("DELETE", "/fapi/v1/order", **asked))["code"] == -2011
            found = await client.signed("GET", "/fapi/v1/order", **asked)
            assert found["status"] == "FILLED"

    run(story())
