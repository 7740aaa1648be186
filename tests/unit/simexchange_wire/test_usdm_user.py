"""User data of USD-M: three ways to attach, every event, keys that run out (XCH-4, XCH-8)."""

from typing import Any

import pytest

from holdfast.simexchange.accounts import DEMO_NAME
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.usdm.listenkeys import VALID_NS, ListenKeys, is_listen_key
from tests.unit.simexchange_wire.usdm_kit import (
    KEY,
    SIGNER,
    market,
    open_usdm,
    place,
    position,
    stop,
)
from tests.unit.simexchange_wire.venue_kit import (
    START_NS,
    Client,
    Socket,
    ed25519_params,
    run,
    signed_params,
)


async def listen(client: Client, form: str = "/private/ws?listenKey={}") -> Socket:
    """Open the user stream of the demonstration account."""
    made = await client.send("POST", "/fapi/v1/listenKey", headers=KEY)
    return await client.open(form.format(made["listenKey"]))


async def events(socket: Socket, count: int) -> list[Any]:
    """Return the next events, out of their envelopes."""
    heard = [await socket.next() for _ in range(count)]
    return [one.get("data", one) for one in heard]


@pytest.mark.parametrize(
    ("form", "is_wrapped"),
    [
        ("/private/ws?listenKey={}", False),
        ("/private/ws/{}", False),
        ("/private/stream?streams={}", True),
        ("/private/stream?listenKey={}", True),
        ("/ws/{}", False),
        ("/stream?streams={}", True),
    ],
)
def test_a_listen_key_attaches_in_the_address(form: str, is_wrapped: bool) -> None:
    async def story() -> None:
        async with open_usdm() as client:
            socket = await listen(client, form)
            placed = await place(client)
            message = await socket.next()
            assert ("stream" in message) is is_wrapped
            event = message.get("data", message)
            assert (event["e"], event["o"]["i"]) == ("ORDER_TRADE_UPDATE", placed["orderId"])

    run(story())


def test_a_listen_key_attaches_by_a_subscription() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            made = await client.send("POST", "/fapi/v1/listenKey", headers=KEY)
            key = made["listenKey"]
            socket = await client.open("/private/stream")
            assert (await socket.control("SUBSCRIBE", [key]))["result"] is None
            await place(client)
            message = await socket.next()
            assert (message["stream"], message["data"]["e"]) == (key, "ORDER_TRADE_UPDATE")
            await socket.control("UNSUBSCRIBE", [key])
            await place(client)
            assert (await socket.control("LIST_SUBSCRIPTIONS", []))["result"] == []

    run(story())


def test_a_key_that_is_not_valid_is_accepted_and_silent() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            socket = await client.open(f"/private/ws?listenKey={'a' * 64}")
            await place(client)
            listed = await socket.control("LIST_SUBSCRIPTIONS", [])
            assert listed["result"] == ["a" * 64]

    run(story())


def test_a_trade_is_told_by_order_wallet_and_position() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            socket = await listen(client)
            await market(client, "BUY", "0.010", newClientOrderId="mine-1")
            heard = await events(socket, 4)
            by_kind = {(one["e"], one.get("o", {}).get("x", "")): one for one in heard}
            opened = by_kind["ORDER_TRADE_UPDATE", "NEW"]["o"]
            assert (opened["c"], opened["t"], opened["X"]) == ("mine-1", 0, "NEW")
            assert "n" not in opened
            filled = by_kind["ORDER_TRADE_UPDATE", "TRADE"]["o"]
            assert (filled["X"], filled["l"], filled["L"]) == ("FILLED", "0.010", "50001.0")
            assert (filled["N"], float(filled["n"])) == ("USDT", pytest.approx(0.250005))
            assert (filled["ps"], filled["R"], filled["m"]) == ("BOTH", False, False)
            lite = by_kind["TRADE_LITE", ""]
            assert (lite["t"], lite["i"]) == (filled["t"], filled["i"])
            change = by_kind["ACCOUNT_UPDATE", ""]["a"]
            assert change["m"] == "ORDER"
            assert change["P"][0]["pa"] == "0.010"
            assert float(change["B"][0]["wb"]) == pytest.approx(100_000 - 0.250005)

    run(story())


def test_the_events_of_one_trade_agree_with_queries() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            socket = await listen(client)
            await market(client, "BUY", "1.500")
            heard = []
            while not any(one.get("o", {}).get("X") == "FILLED" for one in heard):
                heard += await events(socket, 1)
            fills = [one["o"] for one in heard if one.get("o", {}).get("x") == "TRADE"]
            listed = await client.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")
            assert [(fill["t"], fill["l"], fill["L"]) for fill in fills] == [
                (row["id"], row["qty"], row["price"]) for row in listed
            ]
            wallet = (await client.signed("GET", "/fapi/v3/balance"))[0]["balance"]
            updates = [one["a"] for one in heard if one["e"] == "ACCOUNT_UPDATE"]
            assert updates[-1]["B"][0]["wb"] == wallet

    run(story())


def test_a_change_and_a_cancel_are_told_under_the_order_s_own_id() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            order = await place(client, newClientOrderId="mine-1")
            socket = await listen(client)
            ids = {"symbol": "BTCUSDT", "orderId": order["orderId"]}
            terms = {"side": "BUY", "quantity": "0.020", "price": "48000"}
            await client.signed("PUT", "/fapi/v1/order", **ids, **terms)
            await client.signed("DELETE", "/fapi/v1/order", **ids)
            told = [one["o"] for one in await events(socket, 2)]
            assert [(one["x"], one["X"], one["c"]) for one in told] == [
                ("AMENDMENT", "NEW", "mine-1"),
                ("CANCELED", "CANCELED", "mine-1"),
            ]

    run(story())


def test_a_stop_is_told_as_a_conditional_order() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            socket = await listen(client)
            placed = await stop(client, clientAlgoId="stop-1")
            await client.signed("DELETE", "/fapi/v1/algoOrder", algoId=placed["algoId"])
            told = await events(socket, 2)
            assert [one["e"] for one in told] == ["ALGO_UPDATE"] * 2
            assert [one["o"]["X"] for one in told] == ["NEW", "CANCELED"]
            assert {one["o"]["caid"] for one in told} == {"stop-1"}
            assert {one["o"]["ai"] for one in told} == {""}

    run(story())


def test_a_stop_that_is_hit_becomes_a_plain_order_with_a_new_id() -> None:
    async def story() -> None:
        async with open_usdm(speed=None, count=60) as client:
            await market(client, "BUY", "0.010")
            socket = await listen(client)
            trailing = {"type": "TRAILING_STOP_MARKET", "callbackRate": "0.1"}
            refused = await client.signed(
                "POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", symbol="BTCUSDT",
                side="SELL", quantity="0.010", **(trailing | {"callbackRate": "0.01"}),
            )  # fmt: skip
            assert refused["code"] < 0
            placed = await stop(
                client, side="SELL", triggerPrice="49999", reduceOnly="true", quantity="0.010"
            )
            assert placed["algoStatus"] == "NEW"
            prices = await client.open("/public/ws/btcusdt@trade")
            heard: list[Any] = []
            while not any(one.get("o", {}).get("X") == "FINISHED" for one in heard):
                heard += await events(socket, 1)
            states = [one["o"]["X"] for one in heard if one["e"] == "ALGO_UPDATE"]
            assert states[0] == "NEW"
            assert states[-1] == "FINISHED"
            finished = [one["o"] for one in heard if one["e"] == "ALGO_UPDATE"][-1]
            plain = [one["o"] for one in heard if one["e"] == "ORDER_TRADE_UPDATE"]
            assert {str(one["i"]) for one in plain} == {finished["ai"]}
            assert {one["ot"] for one in plain} == {"STOP_MARKET"}
            assert (await position(client))["positionAmt"] == "0.000"
            await prices.socket.close()

    run(story())


def test_leverage_and_liquidation_are_told_to_the_account_and_to_everybody() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            socket = await listen(client)
            await client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=7)
            (config,) = await events(socket, 1)
            assert (config["e"], config["ac"]) == (
                "ACCOUNT_CONFIG_UPDATE",
                {"s": "BTCUSDT", "l": 7},
            )
            await market(client, "BUY", "0.010")
            await events(socket, 4)
            public = await client.open("/market/ws/btcusdt@forceOrder")
            floor = client.floor
            floor.deliver(
                floor.exchange.futures.demands.force_liquidation(DEMO_NAME, "BTCUSDT")
            )
            told = []
            while not any(one.get("o", {}).get("x") == "CALCULATED" for one in told):
                told += await events(socket, 1)
            forced = [one["o"] for one in told if one["e"] == "ORDER_TRADE_UPDATE"]
            assert all(one["c"].startswith("autoclose-") for one in forced)
            everybody = await public.next()
            assert (everybody["e"], everybody["o"]["S"]) == ("forceOrder", "SELL")
            (row,) = await client.signed("GET", "/fapi/v1/forceOrders", symbol="BTCUSDT")
            assert row["clientOrderId"].startswith("autoclose-")
            assert await client.signed("GET", "/fapi/v3/positionRisk") == []

    run(story())


def test_money_moved_by_hand_is_told_and_booked() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            socket = await listen(client)
            floor = client.floor
            demands = floor.exchange.futures.demands
            floor.deliver(demands.move_wallet(DEMO_NAME, "USDT", amount=5 * E8))
            (update,) = await events(socket, 1)
            assert (update["a"]["m"], update["a"]["B"][0]["bc"]) == ("DEPOSIT", "5.00000000")
            income = await client.signed("GET", "/fapi/v1/income", incomeType="TRANSFER")
            assert [row["income"] for row in income] == ["5.00000000"]

    run(story())


def test_a_key_that_runs_out_says_so_once_and_falls_silent() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            socket = await listen(client)
            assert client.floor.usdm.listen_keys.expire(DEMO_NAME) == 1
            (gone,) = await events(socket, 1)
            assert gone["e"] == "listenKeyExpired"
            assert is_listen_key(gone["listenKey"])
            await place(client)
            assert (await socket.control("LIST_SUBSCRIPTIONS", []))["id"] == 1

    run(story())


def test_a_key_lives_sixty_minutes_from_its_last_renewal() -> None:
    now_ns = 0
    keys = ListenKeys(lambda: now_ns)
    expired: list[str] = []
    keys.on_expiry = lambda key: expired.append(key.account)
    first = keys.open("demo")
    assert is_listen_key(first)
    assert keys.open("other") != first
    now_ns = VALID_NS - 1
    assert keys.renew("demo") == first
    now_ns = VALID_NS
    assert keys.account_of(first) == "demo"
    assert expired == ["other"]
    now_ns = 2 * VALID_NS
    assert keys.account_of(first) is None
    assert expired == ["other", "demo"]
    with pytest.raises(Refusal) as refused:
        keys.renew("demo")
    assert refused.value.code == -1125
    assert keys.open("demo") != first


def test_the_websocket_api_trades_by_logon_and_by_signature() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            socket = await client.open("/ws-fapi/v1")
            now = await client.now_ms()
            order = {
                "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
                "quantity": "0.010", "price": "49000", "timestamp": now,
            }  # fmt: skip
            placed = await socket.call("order.place", **signed_params(SIGNER, **order))
            assert (placed["status"], placed["result"]["status"]) == (200, "NEW")
            limits = {one["rateLimitType"] for one in placed["rateLimits"]}
            assert limits == {"ORDERS", "REQUEST_WEIGHT"}
            await socket.call("session.logon", **ed25519_params(timestamp=now))
            ids = {
                "symbol": "BTCUSDT",
                "orderId": placed["result"]["orderId"],
                "timestamp": now,
            }
            terms = {"side": "BUY", "quantity": "0.020", "price": "48000"}
            changed = await socket.call("order.modify", **ids, **terms)
            assert changed["result"]["origQty"] == "0.020"
            found = await socket.call("order.status", **ids)
            assert found["result"]["avgPrice"] == "0.00000000"
            gone = await socket.call("order.cancel", **ids)
            assert gone["result"]["status"] == "CANCELED"
            again = await socket.call("order.cancel", **ids)
            assert (again["status"], again["error"]["code"]) == (400, -2011)
            held = await socket.call("v2/account.balance", timestamp=now)
            assert held["result"][0]["asset"] == "USDT"
            unknown = await socket.call("userDataStream.subscribe", timestamp=now)
            assert unknown["error"]["code"] == -1130

    run(story())


def test_the_websocket_api_opens_renews_and_closes_listen_keys() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            socket = await client.open("/ws-fapi/v1")
            mine = {"apiKey": KEY["X-MBX-APIKEY"]}
            key = (await socket.call("userDataStream.start", **mine))["result"]["listenKey"]
            assert is_listen_key(key)
            renewed = await socket.call("userDataStream.ping", **mine)
            assert renewed["result"] == {"listenKey": key}
            assert (await socket.call("userDataStream.stop", **mine))["result"] == {}
            gone = await socket.call("userDataStream.ping", **mine)
            assert gone["error"]["code"] == -1125

    run(story())


def test_a_key_that_nobody_renews_is_told_to_be_gone_when_its_hour_is_over() -> None:
    async def story() -> None:
        async with open_usdm(speed=None, count=70, step_ns=60 * 10**9) as client:
            socket = await listen(client)
            prices = await client.open("/public/ws/btcusdt@bookTicker")
            (gone,) = await events(socket, 1)
            assert gone["e"] == "listenKeyExpired"
            assert gone["E"] * 10**6 >= START_NS + VALID_NS
            await prices.socket.close()

    run(story())
