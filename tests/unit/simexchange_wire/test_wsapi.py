"""The WebSocket API: sessions, orders, user data."""

import json
from typing import Any

from tests.unit.simexchange_wire.venue_kit import (
    START_NS,
    Client,
    Socket,
    ed25519_params,
    open_venue,
    run,
    signed_params,
)

START_MS = START_NS // 10**6
BUY = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "49000",
}
REPORT_FIELDS = [
    "e", "E", "s", "c", "S", "o", "f", "q", "p", "P", "F", "g", "C", "x", "X", "r", "i", "l",
    "z", "L", "n", "N", "T", "t", "I", "w", "m", "M", "O", "Z", "Y", "Q", "W", "V",
]  # fmt: skip


async def api(client: Client, query: str = "") -> Socket:
    return await client.open(f"/ws-api/v3{query}")


async def events(socket: Socket, count: int) -> list[Any]:
    """Read some user data events, out of their envelopes."""
    found = [await socket.next() for _ in range(count)]
    assert {message["subscriptionId"] for message in found} == {0}
    return [message["event"] for message in found]


def test_a_request_is_answered_under_its_id_with_the_limits() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await api(client)
            reply = await socket.call("time")
            assert (reply["status"], reply["result"]) == (200, {"serverTime": START_MS})
            (weight,) = reply["rateLimits"]
            assert (weight["rateLimitType"], weight["count"]) == ("REQUEST_WEIGHT", 3)
            depth = await socket.call("depth", symbol="BTCUSDT", limit=1)
            assert depth["result"]["bids"] == [["49999.00000000", "1.00000000"]]
            info = await socket.call("exchangeInfo", symbols=["BTCUSDT"])
            assert info["result"]["symbols"][0]["symbol"] == "BTCUSDT"
            silent = await socket.call("ping", returnRateLimits=False)
            assert silent == {"id": 4, "status": 200, "result": {}}
            quiet = await api(client, "?returnRateLimits=false&timeUnit=MICROSECOND")
            reply = await quiet.call("time")
            assert reply == {
                "id": 1,
                "status": 200,
                "result": {"serverTime": START_MS * 1000},
            }

    run(story())


def test_a_session_logs_on_with_an_ed25519_key_and_then_signs_nothing() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await api(client)
            reply = await socket.call("session.logon", **signed_params(timestamp=START_MS))
            assert (reply["status"], reply["error"]["code"]) == (400, -4056)
            reply = await socket.call("session.logon", **ed25519_params(timestamp=START_MS))
            assert reply["result"]["authorizedSince"] == START_MS
            placed = await socket.call("order.place", **BUY, timestamp=START_MS)
            assert placed["result"]["status"] == "NEW"
            counts = {
                (limit["rateLimitType"], limit["interval"]): limit["count"]
                for limit in placed["rateLimits"]
            }
            assert counts[("ORDERS", "SECOND")] == counts[("ORDERS", "DAY")] == 1
            timeless = await socket.call("account.status")
            assert timeless["error"]["code"] == -1102
            status = await socket.call("session.status")
            assert status["result"]["apiKey"] is not None
            await socket.call("session.logout")
            refused = await socket.call("order.place", **BUY, timestamp=START_MS)
            assert (refused["status"], refused["error"]["code"]) == (401, -2014)

    run(story())


def test_user_data_comes_by_a_signed_subscription_with_every_field() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await api(client)
            reply = await socket.call(
                "userDataStream.subscribe.signature", **signed_params(timestamp=START_MS)
            )
            assert reply["result"] == {"subscriptionId": 0}
            again = await socket.call(
                "userDataStream.subscribe.signature", **signed_params(timestamp=START_MS)
            )
            assert again["error"]["code"] == -2035
            order = signed_params(**BUY, newClientOrderId="mine-1", timestamp=START_MS)
            placed = await socket.call("order.place", **order)
            report, position = await events(socket, 2)
            assert list(report) == REPORT_FIELDS
            assert (report["x"], report["c"], report["C"]) == ("NEW", "mine-1", "")
            assert (report["t"], report["N"]) == (-1, None)
            assert position["e"] == "outboundAccountPosition"
            assert position["B"][0] == {
                "a": "USDT",
                "f": "99510.00000000",
                "l": "490.00000000",
            }
            cancel = signed_params(
                symbol="BTCUSDT", orderId=placed["result"]["orderId"], timestamp=START_MS
            )
            canceled = await socket.call("order.cancel", **cancel)
            report, _ = await events(socket, 2)
            assert (report["x"], report["C"]) == ("CANCELED", "mine-1")
            assert report["c"] == canceled["result"]["clientOrderId"] != "mine-1"
            again = await socket.call("order.cancel", **cancel)
            assert (again["status"], again["error"]["code"]) == (400, -2011)

    run(story())


def test_a_fill_is_reported_with_its_fee_and_the_order_can_be_asked_for() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await api(client)
            await socket.call("session.logon", **ed25519_params(timestamp=START_MS))
            await socket.call("userDataStream.subscribe")
            order = BUY | {"price": "50001", "newOrderRespType": "ACK"}
            placed = await socket.call("order.place", **order, timestamp=START_MS)
            assert set(placed["result"]) == {
                "symbol", "orderId", "orderListId", "clientOrderId", "transactTime",
            }  # fmt: skip
            found = await events(socket, 4)
            traded = next(event for event in found if event.get("x") == "TRADE")
            assert (traded["X"], traded["l"], traded["L"]) == (
                "FILLED", "0.01000000", "50001.00000000",
            )  # fmt: skip
            assert (traded["n"], traded["N"], traded["m"]) == ("0.00001000", "BTC", False)
            query = {"symbol": "BTCUSDT", "orderId": placed["result"]["orderId"]}
            status = await socket.call("order.status", **query, timestamp=START_MS)
            assert status["result"]["status"] == "FILLED"
            trades = await socket.call("myTrades", symbol="BTCUSDT", timestamp=START_MS)
            assert [trade["id"] for trade in trades["result"]] == [traded["t"]]

    run(story())


def test_open_orders_are_listed_and_canceled_at_once() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await api(client)
            await socket.call("session.logon", **ed25519_params(timestamp=START_MS))
            for price in ("49000", "48000"):
                await socket.call("order.place", **(BUY | {"price": price}), timestamp=START_MS)
            listed = await socket.call("openOrders.status", timestamp=START_MS)
            assert len(listed["result"]) == 2
            everything = {"symbol": "BTCUSDT", "timestamp": START_MS}
            gone = await socket.call("openOrders.cancelAll", **everything)
            assert [order["status"] for order in gone["result"]] == ["CANCELED", "CANCELED"]
            none = await socket.call("openOrders.cancelAll", **everything)
            assert none["error"]["code"] == -2011

    run(story())


def test_an_ended_subscription_says_so_and_hears_nothing_more() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await api(client)
            await socket.call(
                "userDataStream.subscribe.signature", **signed_params(timestamp=START_MS)
            )
            await socket.ask("userDataStream.unsubscribe", subscriptionId=0)
            ended = await socket.next()
            assert ended["event"]["e"] == "eventStreamTerminated"
            assert (await socket.next())["result"] == {}
            again = await socket.call("userDataStream.unsubscribe")
            assert again["error"]["code"] == -2036
            placed = await socket.call(
                "order.place", **signed_params(**BUY, timestamp=START_MS)
            )
            assert placed["status"] == 200
            assert (await socket.call("session.subscriptions"))["result"] == []

    run(story())


def test_nonsense_is_answered_and_the_connection_lives() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await api(client)
            for text, code in (
                ("no json", -1135),
                ("[]", -1130),
                ("[" * 100_000, -1130),
                ('{"id":1,"x":' + "[" * 100_000, -1135),
                ('{"id":1,"method":"depth","params":{"x":' + "[" * 100_000, -1135),
                ('{"id":1,"method":"sing"}', -1130),
                ('{"id":1.5,"method":"time"}', -1130),
                (json.dumps({"id": "x" * 37, "method": "time"}), -1130),
                ('{"id":2,"method":"depth","params":{}}', -1102),
                ('{"id":2,"method":"time","params":{"colour":"red"}}', -1101),
            ):
                await socket.socket.send_str(text)
                reply = await socket.next()
                assert (reply["status"], reply["error"]["code"]) == (400, code), text
            wrong = signed_params(timestamp=START_MS) | {"signature": "00"}
            assert (await socket.call("account.status", **wrong))["error"]["code"] == -1022
            assert (await socket.call("ping"))["status"] == 200

    run(story())


def test_numbers_are_signed_in_the_digits_that_were_sent() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await api(client)
            numbers = BUY | {"quantity": 0.01, "price": 49000, "recvWindow": 5000}
            placed = await socket.call(
                "order.place", **signed_params(**numbers, timestamp=START_MS)
            )
            assert placed["result"]["price"] == "49000.00000000"

    run(story())


def test_over_the_weight_limit_the_reply_says_when_to_come_back() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await api(client)
            for _ in range(24):
                reply = await socket.call("depth", symbol="BTCUSDT", limit=5000)
            assert (reply["status"], reply["error"]["code"]) == (429, -1003)
            data = reply["error"]["data"]
            assert data["serverTime"] == START_MS
            assert START_MS < data["retryAfter"] <= START_MS + 60_000

    run(story())
