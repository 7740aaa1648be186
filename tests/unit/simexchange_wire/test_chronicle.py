"""The venue's own log of requests and listeners, from which tests judge a trader (XCH-5)."""

import asyncio
from typing import Any

from holdfast.simexchange.chronicle import DEAF, LISTENED, Chronicle
from tests.unit.simexchange_wire.venue_kit import START_NS, open_venue, signed_params


def test_orders_questions_and_listeners_stand_in_the_order_in_which_they_came() -> None:
    async def story() -> dict[str, Any]:
        async with open_venue() as client:
            asked = {
                "id": 1,
                "method": "userDataStream.subscribe.signature",
                "params": signed_params(timestamp=START_NS // 10**6),
            }
            async with client.session.ws_connect(client.ws + "/ws-api/v3") as socket:
                await socket.send_json(asked)
                await socket.receive(5)
                await client.signed("GET", "/api/v3/account")
                await client.order(price="49000", newClientOrderId="mine")
            while True:
                async with client.session.get(client.rest + "/sim/log") as answer:
                    told: dict[str, Any] = await answer.json()
                if told["entries"][-1]["what"] == DEAF:
                    return told

    told = asyncio.run(asyncio.wait_for(story(), 20))
    kept = [(one["what"], one.get("ids", [])) for one in told["entries"]]
    assert kept[1:] == [
        (LISTENED, []),
        ("GET /api/v3/account", []),
        ("POST /api/v3/order", ["mine"]),
        (DEAF, []),
    ]
    assert told["dropped"] == 0


def test_the_newest_entries_are_kept_and_the_others_counted() -> None:
    chronicle = Chronicle(lambda: 5, most=3)
    for name in ("a", "b", "c"):
        values = {"newClientOrderId": name, "cancelOrigClientOrderId": "old"}
        chronicle.note("POST /api/v3/order", account="demo", product="spot", values=values)
    canceled = {"clientAlgoId": "c"}
    chronicle.note("algoOrder.cancel", account="demo", product="usdm", values=canceled)
    told = chronicle.told("demo")
    assert [entry.ids for entry in told["entries"]] == [["b"], ["c"], []]
    assert told["dropped"] == 1
    assert chronicle.told("other")["entries"] == []
