"""A key that may only read asks and listens; it neither places nor cancels."""

from typing import Any

import msgspec

from holdfast.simexchange.accounts import (
    DEMO_READ_API_KEY,
    DEMO_READ_SECRET,
    AccountSpec,
    demonstration_account,
)
from tests.unit.simexchange_wire.venue_kit import (
    RULES,
    START_NS,
    Client,
    ed25519_params,
    open_venue,
    run,
    signed_params,
)

START_MS = START_NS // 10**6
READER = (DEMO_READ_API_KEY, DEMO_READ_SECRET)
ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "49000",
}
REFUSED = (-2015, "Invalid API-key, IP, or permissions for action.")


def refusal(body: Any) -> tuple[int, str]:
    """Give the code and the text of a refusal."""
    return body["code"], body["msg"]


def reading_only() -> AccountSpec:
    """Give the demonstration account, none of whose keys may trade."""
    account = demonstration_account({"BTCUSDT": RULES})
    keys = tuple(msgspec.structs.replace(key, permissions="read") for key in account.keys)
    return msgspec.structs.replace(account, keys=keys)


def test_a_reading_key_asks_about_the_whole_account() -> None:
    async def story() -> None:
        async with open_venue() as client:
            placed = await client.order()
            client.key, client.secret = READER
            account = await client.signed("GET", "/api/v3/account")
            usdt = next(held for held in account["balances"] if held["asset"] == "USDT")
            assert usdt["locked"] == "490.00000000"
            resting = await client.signed("GET", "/api/v3/openOrders")
            assert [order["orderId"] for order in resting] == [placed["orderId"]]
            assert await client.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT") == []

    run(story())


def test_a_reading_key_neither_places_nor_cancels() -> None:
    async def story() -> None:
        async with open_venue() as client:
            placed = await client.order()
            by_id = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
            replace = ORDER | {
                "cancelReplaceMode": "ALLOW_FAILURE",
                "cancelOrderId": placed["orderId"],
            }
            client.key, client.secret = READER
            for method, path, params in (
                ("POST", "/api/v3/order", ORDER),
                ("POST", "/api/v3/order/test", ORDER),
                ("POST", "/api/v3/order/cancelReplace", replace),
                ("DELETE", "/api/v3/order", by_id),
                ("DELETE", "/api/v3/openOrders", {"symbol": "BTCUSDT"}),
            ):
                body = await client.signed(method, path, **params)
                assert refusal(body) == REFUSED, path
                assert client.status == 401
            resting = await client.signed("GET", "/api/v3/openOrders")
            assert [order["orderId"] for order in resting] == [placed["orderId"]]

    run(story())


def test_a_reading_key_hears_what_a_trading_key_does() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await client.open("/ws-api/v3")
            heard = await socket.call(
                "userDataStream.subscribe.signature",
                **signed_params(READER, timestamp=START_MS),
            )
            assert heard["result"] == {"subscriptionId": 0}
            refused = await socket.call(
                "order.place", **signed_params(READER, timestamp=START_MS, **ORDER)
            )
            assert (refused["status"], *refusal(refused["error"])) == (401, *REFUSED)
            placed = await client.order()
            event = (await socket.next())["event"]
            assert (event["e"], event["i"]) == ("executionReport", placed["orderId"])

    run(story())


def test_a_session_may_do_what_its_key_may() -> None:
    async def logged_on(client: Client) -> Any:
        socket = await client.open("/ws-api/v3")
        reply = await socket.call("session.logon", **ed25519_params(timestamp=START_MS))
        assert reply["status"] == 200
        listed = await socket.call("openOrders.status", timestamp=START_MS)
        assert listed["result"] == []
        return await socket.call("order.place", timestamp=START_MS, **ORDER)

    async def story() -> None:
        async with open_venue() as client:
            assert (await logged_on(client))["result"]["status"] == "NEW"
        async with open_venue(accounts=[reading_only()]) as client:
            assert refusal((await logged_on(client))["error"]) == REFUSED

    run(story())
