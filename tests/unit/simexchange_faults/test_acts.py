"""What the venue does by itself or by somebody else's hand, at once or by its time (XCH-5)."""

import asyncio
from typing import Any

import msgspec
import pytest

from holdfast.simexchange.faults import FaultKind
from holdfast.simexchange.numbers import E8
from tests.unit.simexchange_faults.story import (
    START_MS,
    do,
    drained,
    fault,
    happened,
    order,
    post,
    proves,
    subscribed,
    truth,
)
from tests.unit.simexchange_wire.venue_kit import RULES, Client, open_venue, run

LINEAR = msgspec.structs.replace(RULES, product="linear")
USDM = {"symbol": "BTCUSDT", "account": "demo"}


async def events_until(socket: Any, name: str) -> list[Any]:
    """Read events until one of a name has come."""
    found: list[Any] = []
    while not found or found[-1]["e"] != name:
        message = await socket.next()
        assert message is not None
        found.append(message.get("event", message.get("data", message)))
    return found


@proves(FaultKind.DEPOSIT)
def test_a_balance_changes_without_an_execution() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await subscribed(client)
            await do(client, FaultKind.DEPOSIT, account="demo", asset="USDT", amount="12.5")
            events = await events_until(socket, "outboundAccountPosition")
            assert (events[0]["e"], events[0]["d"]) == ("balanceUpdate", "12.50000000")
            held = {one["asset"]: one["free"] for one in (await truth(client))["balances"]}
            assert held["USDT"] == "100012.50000000"

    run(story())


@proves(FaultKind.FOREIGN_ORDER, FaultKind.FOREIGN_CANCEL)
def test_somebody_else_places_and_cancels_on_the_account() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await subscribed(client)
            wanted = {"account": "demo", "symbol": "BTCUSDT", "side": "BUY"}
            limit = {**wanted, "quantity": "0.01", "price": "49000"}
            await do(client, FaultKind.FOREIGN_ORDER, **limit)
            report = (await socket.next())["event"]
            assert (report["x"], report["c"][:4]) == ("NEW", "web_")
            await do(client, FaultKind.FOREIGN_ORDER, **limit, client_order_id="hf-other-1")
            taken = await do(client, FaultKind.FOREIGN_ORDER, **wanted, quantity="0.02")
            assert taken["client_order_id"] != report["c"]
            told = await truth(client)
            assert [one["status"] for one in told["orders"]] == ["NEW", "NEW", "FILLED"]
            assert told["orders"][1]["clientOrderId"] == "hf-other-1"
            gone = await do(client, FaultKind.FOREIGN_CANCEL, account="demo", symbol="BTCUSDT")
            assert gone["canceled"] == 2
            assert (await truth(client))["open_order_ids"] == []

    run(story())


@proves(FaultKind.SYMBOL_HALT, FaultKind.SYMBOL_CANCEL_ONLY, FaultKind.SYMBOL_BREAK)
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FaultKind.SYMBOL_HALT, "HALT"),
        (FaultKind.SYMBOL_CANCEL_ONLY, "CANCEL_ONLY"),
        (FaultKind.SYMBOL_BREAK, "BREAK"),
    ],
)
def test_a_symbol_stops_for_a_while(kind: FaultKind, status: str) -> None:
    async def story() -> None:
        async with open_venue() as client:
            resting = await client.order()
            await do(client, kind, symbol="BTCUSDT", **{"for": "300ms"})
            info = await client.get("/api/v3/exchangeInfo?symbol=BTCUSDT")
            assert info["symbols"][0]["status"] == status
            assert (await client.order())["code"] < 0
            if kind is FaultKind.SYMBOL_CANCEL_ONLY:
                asked = {"symbol": "BTCUSDT", "orderId": resting["orderId"]}
                gone = await client.signed("DELETE", "/api/v3/order", **asked)
                assert gone["status"] == "CANCELED"
            await asyncio.sleep(0.35)
            assert "orderId" in await client.order()

    run(story())


@proves(FaultKind.FILTER_CHANGE)
def test_filters_change_while_orders_rest() -> None:
    async def story() -> None:
        async with open_venue() as client:
            await client.order(price="49000.01")
            changed = {"tick": "0.5", "max_orders": "3"}
            done = await do(client, FaultKind.FILTER_CHANGE, symbol="BTCUSDT", rules=changed)
            assert set(done["changed"]) == {"tick", "max_orders"}
            body = await client.order(price="49000.01")
            assert (body["code"], body["msg"]) == (-1013, "Filter failure: PRICE_FILTER")
            assert "orderId" in await client.order(price="49000.5")
            info = await client.get("/api/v3/exchangeInfo?symbol=BTCUSDT")
            filters = {one["filterType"]: one for one in info["symbols"][0]["filters"]}
            assert filters["PRICE_FILTER"]["tickSize"] == "0.50000000"
            assert filters["MAX_NUM_ORDERS"]["maxNumOrders"] == 3

    run(story())


@proves(FaultKind.CLOCK_SKEW, FaultKind.CLOCK_JUMP)
def test_the_clock_is_wrong_and_right_again() -> None:
    async def story() -> None:
        async with open_venue() as client:
            await do(client, FaultKind.CLOCK_SKEW, offset="-1270ms", **{"for": "250ms"})
            assert await client.now_ms() == START_MS - 1270
            assert "orderId" in await client.order()
            body = await client.order(timestamp=START_MS - 8000)
            assert body["code"] == -1021
            await asyncio.sleep(0.3)
            assert await client.now_ms() == START_MS
            offsets = set()
            for _ in range(4):
                await do(client, FaultKind.CLOCK_JUMP, offset="2s")
                offsets.add(await client.now_ms() - START_MS)
            assert len(offsets) == 4
            assert all(-2000 <= offset <= 2000 for offset in offsets)

    run(story())


@proves(FaultKind.FEE_IN_BNB)
def test_fees_are_paid_in_bnb_for_a_while() -> None:
    async def story() -> None:
        async with open_venue() as client:
            await do(client, FaultKind.FEE_IN_BNB, **{"for": "200ms"})
            for _ in range(2):
                await client.order(price="50001")
                await asyncio.sleep(0.25)
            trades = (await truth(client))["trades"]
            assert [one["commissionAsset"] for one in trades] == ["BNB", "BTC"]

    run(story())


@proves(FaultKind.MAINTENANCE)
def test_maintenance_closes_everything_and_ends() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await client.open("/ws-api/v3")
            await do(client, FaultKind.MAINTENANCE, **{"for": "300ms"})
            assert await socket.next() is None
            status = await client.get("/sapi/v1/system/status")
            assert status["status"] == 1
            assert (await client.get("/api/v3/time"))["msg"] == "Service Unavailable."
            assert client.status == 503
            await asyncio.sleep(0.35)
            assert (await client.get("/sapi/v1/system/status"))["status"] == 0
            assert (await (await client.open("/ws-api/v3")).call("ping"))["status"] == 200

    run(story())


def test_an_act_happens_at_its_market_time_and_again_after_every_period() -> None:
    async def story() -> None:
        deposit = fault(
            FaultKind.DEPOSIT, account="demo", asset="USDT", amount="1",
            from_="1s", every="1s", count=3,
        )  # fmt: skip
        async with open_venue(faults=[deposit]) as client:
            assert await happened(client) == {}
            socket = await client.open("/ws/btcusdt@trade")
            for _ in range(25):
                last = await socket.next()
            assert last["T"] == START_MS + 2500
            assert await happened(client) == {"deposit": 2}
            await drained_to_the_end(socket)
            held = {one["asset"]: one["free"] for one in (await truth(client))["balances"]}
            assert held["USDT"] == "100003.00000000"

    run(story())


async def drained_to_the_end(socket: Any) -> None:
    """Read until the recording is over."""
    await socket.until_end()


@proves(FaultKind.LIQUIDATION, FaultKind.ADL)
@pytest.mark.parametrize(
    ("kind", "prefix"),
    [(FaultKind.LIQUIDATION, "autoclose-"), (FaultKind.ADL, "adl_autoclose")],
)
def test_a_position_is_taken_over_on_demand(kind: FaultKind, prefix: str) -> None:
    async def story() -> None:
        async with open_venue(rules=LINEAR) as client:
            await buy_contract(client)
            await do(client, kind, **USDM)
            futures = client.floor.exchange.futures
            assert futures.margin.positions("demo", "BTCUSDT")[0].quantity == 0
            trades = futures.orders.user_trades("demo", "BTCUSDT")
            assert trades[-1].client_order_id.startswith(prefix)
            again = await post(client, "/sim/do", {"kind": kind.value, **USDM})
            assert "nothing: there is no position" in str(again)

    run(story())


@proves(FaultKind.ALGO_TRIGGERED)
def test_an_algo_order_is_triggered_under_a_new_id() -> None:
    async def story() -> None:
        async with open_venue(rules=LINEAR) as client:
            await buy_contract(client)
            placed = await client.signed(
                "POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", symbol="BTCUSDT",
                side="SELL", type="STOP_MARKET", triggerPrice="40000", quantity="0.1",
                reduceOnly="true",
            )  # fmt: skip
            assert "algoId" in placed, placed
            await do(client, FaultKind.ALGO_TRIGGERED, **USDM)
            algo = client.floor.exchange.futures.orders.algo("demo", algo_id=placed["algoId"])
            assert algo.actual_order_id not in (0, placed["algoId"])
            body = await post(client, "/sim/do", {"kind": "algo_triggered", **USDM})
            assert (client.status, "no algo order" in body["error"]) == (400, True)

    run(story())


@proves(FaultKind.LISTEN_KEY_EXPIRED)
def test_a_listen_key_expires_before_its_time() -> None:
    async def story() -> None:
        async with open_venue(rules=LINEAR) as client:
            headers = {"X-MBX-APIKEY": client.key}
            opened = await client.send("POST", "/fapi/v1/listenKey", headers=headers)
            socket = await client.open(f"/private/ws?listenKey={opened['listenKey']}")
            done = await do(client, FaultKind.LISTEN_KEY_EXPIRED, account="demo")
            assert done["expired"] == 1
            assert (await socket.next())["e"] == "listenKeyExpired"
            body = await client.send("PUT", "/fapi/v1/listenKey", headers=headers)
            assert body["code"] == -1125

    run(story())


def test_a_wallet_of_usdm_gets_money_without_a_trade() -> None:
    async def story() -> None:
        async with open_venue(rules=LINEAR) as client:
            gift = {"account": "demo", "asset": "USDT", "amount": "5", "product": "usdm"}
            await do(client, FaultKind.DEPOSIT, **gift)
            [wallet] = [
                one
                for one in client.floor.exchange.futures.margin.wallets("demo")
                if one.asset == "USDT"
            ]
            assert wallet.wallet == 100_005 * E8

    run(story())


async def buy_contract(client: Client) -> None:
    """Open a long position of 0.1."""
    wanted = {"account": "demo", "symbol": "BTCUSDT", "side": "BUY", "quantity": "0.1"}
    await do(client, FaultKind.FOREIGN_ORDER, **wanted)
    [position] = client.floor.exchange.futures.margin.positions("demo", "BTCUSDT")
    assert position.quantity == E8 // 10


@proves(FaultKind.SERVER_SHUTDOWN)
def test_a_shutdown_is_announced_on_each_socket_in_its_own_words() -> None:
    async def story() -> None:
        async with open_venue() as client:
            api = await client.open("/ws-api/v3")
            combined = await client.open("/stream?streams=btcusdt@depth5@1000ms")
            raw = await client.open("/ws")
            done = await do(client, FaultKind.SERVER_SHUTDOWN, delay="100ms")
            assert done["sockets"] == 3
            assert (await raw.next())["e"] == "serverShutdown"
            assert (await api.next())["event"]["e"] == "serverShutdown"
            found = [one for one in await drained(combined) if "!serverShutdown" in str(one)]
            assert found[0]["stream"] == "!serverShutdown"
            assert found[0]["data"]["e"] == "serverShutdown"
            assert await raw.next() is None
            assert await api.next() is None

    run(story())


def test_a_frozen_order_request_cannot_be_asked_for_without_its_settings() -> None:
    async def story() -> None:
        async with open_venue() as client:
            assert order()["signature"]
            for body, words in (
                ({"kind": "deposit", "account": "demo"}, "needs amount"),
                ({"kind": "deposit", "account": "x", "asset": "USDT", "amount": "1"}, "no acc"),
                ({"kind": "symbol_halt", "symbol": "NOPE"}, "no symbol"),
                ({"kind": "order_503"}, "arm it with /sim/faults"),
                ({"kind": "maintenance", "from": "1s"}, "arm it instead"),
                ({"kind": "filter_change", "symbol": "BTCUSDT", "rules": {"a": "1"}}, "no fil"),
                ({"kind": "filter_change", "symbol": "BTCUSDT", "rules": {"tick": "0"}}, "abo"),
                ({"kind": "liquidation", "symbol": "BTCUSDT", "account": "demo"}, "no USD-M"),
                ([], "would be right"),
            ):
                answer = await post(client, "/sim/do", body)
                assert client.status == 400
                assert words in answer["error"]
                assert "\n" not in answer["error"]
            assert await happened(client) == {}

    run(story())
