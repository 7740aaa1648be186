"""Spot's orders on the wire (XCH-10): stops, lists, amendments, replacements, prevention."""

from typing import Any

import pytest

from tests.unit.simexchange_wire.venue_kit import Client, open_venue, run, signed_params

API = "/api/v3"
PAIR = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "quantity": "0.01",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "51000",
    "belowType": "STOP_LOSS_LIMIT",
    "belowStopPrice": "49000",
    "belowPrice": "48900",
    "belowTimeInForce": "GTC",
}


async def stop_order(client: Client, **changed: object) -> Any:
    """Place a stop-limit sale under the market."""
    terms = {"side": "SELL", "type": "STOP_LOSS_LIMIT", "price": "48900", "stopPrice": "49000"}
    return await client.order(**(terms | changed))


def test_a_stop_shows_its_stop_price_and_that_it_does_not_work_yet() -> None:
    async def story() -> None:
        async with open_venue() as client:
            placed = await stop_order(client, newOrderRespType="RESULT", trailingDelta="100")
            assert placed["stopPrice"] == "49000.00000000"
            assert (placed["trailingDelta"], placed["trailingTime"]) == (100, -1)
            assert (placed["status"], placed["workingTime"]) == ("NEW", -1)
            asked = await client.signed(
                "GET", f"{API}/order", symbol="BTCUSDT", orderId=placed["orderId"]
            )
            assert asked["isWorking"] is False
            assert asked["stopPrice"] == "49000.00000000"

    run(story())


def test_a_stop_is_acknowledged_shortly_unless_more_is_asked_for() -> None:
    async def story() -> None:
        async with open_venue() as client:
            placed = await stop_order(client)
            assert set(placed) == {
                "symbol",
                "orderId",
                "orderListId",
                "clientOrderId",
                "transactTime",
            }

    run(story())


def test_a_pair_is_answered_queried_listed_and_canceled_as_a_list() -> None:
    async def story() -> None:
        async with open_venue() as client:
            placed = await client.signed("POST", f"{API}/orderList/oco", **PAIR)
            assert client.headers["X-MBX-ORDER-COUNT-10S"] == "2"
            assert (placed["contingencyType"], placed["listStatusType"]) == (
                "OCO",
                "EXEC_STARTED",
            )
            kinds = [report["type"] for report in placed["orderReports"]]
            assert kinds == ["LIMIT_MAKER", "STOP_LOSS_LIMIT"]
            list_id = placed["orderListId"]
            assert {one["orderListId"] for one in placed["orderReports"]} == {list_id}
            one = await client.signed("GET", f"{API}/orderList", orderListId=list_id)
            assert one["orders"] == placed["orders"]
            assert await client.signed("GET", f"{API}/openOrderList") == [one]
            canceled = await client.signed(
                "DELETE", f"{API}/orderList", symbol="BTCUSDT", orderListId=list_id
            )
            assert canceled["listOrderStatus"] == "ALL_DONE"
            assert [one["status"] for one in canceled["orderReports"]] == ["CANCELED"] * 2
            assert await client.signed("GET", f"{API}/openOrderList") == []
            (known,) = await client.signed("GET", f"{API}/allOrderList")
            assert known["listOrderStatus"] == "ALL_DONE"

    run(story())


def test_a_cancel_of_one_order_and_of_all_orders_answers_with_the_list() -> None:
    async def story() -> None:
        async with open_venue() as client:
            placed = await client.signed("POST", f"{API}/orderList/oco", **PAIR)
            order_id = placed["orders"][0]["orderId"]
            one = await client.signed(
                "DELETE", f"{API}/order", symbol="BTCUSDT", orderId=order_id
            )
            assert len(one["orderReports"]) == 2
            await client.order()
            await client.signed("POST", f"{API}/orderList/oco", **PAIR)
            rows = await client.signed("DELETE", f"{API}/openOrders", symbol="BTCUSDT")
            assert ["orderReports" in row for row in rows] == [False, True]

    run(story())


def test_the_deprecated_pair_still_works() -> None:
    async def story() -> None:
        async with open_venue() as client:
            placed = await client.signed(
                "POST",
                f"{API}/order/oco",
                symbol="BTCUSDT",
                side="BUY",
                quantity="0.01",
                price="49000",
                stopPrice="51000",
                stopLimitPrice="51100",
                stopLimitTimeInForce="GTC",
                listClientOrderId="old",
            )
            kinds = [report["type"] for report in placed["orderReports"]]
            assert kinds == ["STOP_LOSS_LIMIT", "LIMIT_MAKER"]
            assert placed["listClientOrderId"] == "old"

    run(story())


WORKING = {
    "symbol": "BTCUSDT",
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingPrice": "49000",
    "workingQuantity": "0.01",
    "workingTimeInForce": "GTC",
    "pendingSide": "SELL",
}
PENDING_PAIR = {
    "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "51000",
    "pendingBelowType": "STOP_LOSS",
    "pendingBelowStopPrice": "48000",
}


@pytest.mark.parametrize(
    ("path", "more", "count"),
    [
        ("oto", {"pendingType": "MARKET", "pendingQuantity": "0.01"}, 2),
        ("otoco", PENDING_PAIR | {"pendingQuantity": "0.01"}, 3),
        ("opo", {"pendingType": "MARKET"}, 2),
        ("opoco", PENDING_PAIR, 3),
    ],
)
def test_every_list_that_triggers_is_placed_with_its_orders_pending(
    path: str, more: dict[str, str], count: int
) -> None:
    async def story() -> None:
        async with open_venue() as client:
            terms = WORKING | more
            placed = await client.signed("POST", f"{API}/orderList/{path}", **terms)
            assert placed["contingencyType"] == "OTO", placed
            stands = [one["status"] for one in placed["orderReports"]]
            assert stands == ["NEW", *["PENDING_NEW"] * (count - 1)]
            assert client.headers["X-MBX-ORDER-COUNT-10S"] == str(count)
            pending = placed["orderReports"][1]
            assert pending["workingTime"] == -1
            assert ("origQty" in pending) == (not path.startswith("opo"))

    run(story())


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"aboveType": "MARKET"}, -1158),
        ({"aboveType": "STOP_LOSS", "aboveStopPrice": "51000", "abovePrice": "51000"}, -1106),
        ({"belowType": "LIMIT_MAKER", "belowTimeInForce": "GTC"}, -1106),
        ({"belowStopPrice": "52000"}, -2010),
        ({"quantity": "100"}, -2010),
        ({"quantity": "0.000001"}, -1013),
        ({"side": "BOTH"}, -1117),
        ({"colour": "red"}, -1104),
    ],
)
def test_a_wrong_pair_is_refused_whole(changed: dict[str, str], code: int) -> None:
    async def story() -> None:
        async with open_venue() as client:
            body = await client.signed("POST", f"{API}/orderList/oco", **(PAIR | changed))
            assert body["code"] == code
            assert (await client.get("/sim/truth"))["open_order_ids"] == []

    run(story())


def test_an_amendment_answers_with_the_smaller_order_and_is_remembered() -> None:
    async def story() -> None:
        async with open_venue() as client:
            placed = await client.order(newClientOrderId="big", quantity="0.02")
            done = await client.signed(
                "PUT",
                f"{API}/order/amend/keepPriority",
                symbol="BTCUSDT",
                origClientOrderId="big",
                newClientOrderId="small",
                newQty="0.01",
            )
            order = done["amendedOrder"]
            assert (order["origClientOrderId"], order["clientOrderId"]) == ("big", "small")
            assert (order["qty"], order["preventedQty"]) == ("0.01000000", "0.00000000")
            rows = await client.signed(
                "GET",
                f"{API}/order/amendments",
                symbol="BTCUSDT",
                orderId=placed["orderId"],
            )
            assert [(row["origQty"], row["newQty"]) for row in rows] == [
                ("0.02000000", "0.01000000")
            ]
            again = await client.signed(
                "PUT",
                f"{API}/order/amend/keepPriority",
                symbol="BTCUSDT",
                orderId=placed["orderId"],
                newQty="0.015",
            )
            assert (again["code"], client.status) == (-2038, 400)

    run(story())


def test_a_replacement_says_what_became_of_both_halves() -> None:
    async def story() -> None:
        async with open_venue() as client:
            terms = {
                "symbol": "BTCUSDT",
                "side": "BUY",
                "type": "LIMIT_MAKER",
                "quantity": "0.01",
                "cancelReplaceMode": "STOP_ON_FAILURE",
            }
            placed = await client.order()
            path = f"{API}/order/cancelReplace"
            half = await client.signed(
                "POST", path, **terms, price="50001", cancelOrderId=placed["orderId"]
            )
            assert (client.status, half["code"]) == (409, -2021)
            assert half["data"]["cancelResult"] == "SUCCESS"
            assert half["data"]["newOrderResponse"]["code"] == -2010
            none = await client.signed(
                "POST", path, **terms, price="49000", cancelOrderId=placed["orderId"]
            )
            assert (client.status, none["code"]) == (400, -2022)
            assert none["data"]["newOrderResult"] == "NOT_ATTEMPTED"
            assert none["data"]["newOrderResponse"] is None
            wrong = await client.signed(
                "POST", path, **terms, price="0.001", cancelOrderId=placed["orderId"]
            )
            assert (wrong["code"], "data" in wrong) == (-1013, False)
            restricted = await client.signed(
                "POST",
                path,
                **terms,
                price="49000",
                cancelOrderId=placed["orderId"],
                cancelRestrictions="SOME",
            )
            assert restricted["code"] == -1145

    run(story())


def test_a_prevented_match_shows_in_the_answer_and_in_its_query() -> None:
    async def story() -> None:
        async with open_venue() as client:
            first = await client.order(side="SELL", price="50000.5", quantity="0.02")
            taker = await client.order(
                price="50000.5", selfTradePreventionMode="DECREMENT", quantity="0.01"
            )
            assert taker["status"] == "EXPIRED_IN_MATCH"
            assert taker["preventedQuantity"] == "0.01000000"
            (match,) = taker["preventedMatches"]
            assert match["makerOrderId"] == first["orderId"]
            (row,) = await client.signed(
                "GET",
                f"{API}/myPreventedMatches",
                symbol="BTCUSDT",
                orderId=first["orderId"],
            )
            assert row["preventedMatchId"] == match["preventedMatchId"]
            assert row["selfTradePreventionMode"] == "DECREMENT"

    run(story())


def test_a_listener_hears_of_lists_amendments_and_money() -> None:
    async def story() -> None:
        async with open_venue() as client:
            api = await client.open("/ws-api/v3")
            timed = signed_params(timestamp=await client.now_ms())
            await api.call("userDataStream.subscribe.signature", **timed)
            await client.signed("POST", f"{API}/orderList/oco", **PAIR)
            status = (await api.next())["event"]
            assert (status["e"], status["l"], status["c"]) == (
                "listStatus",
                "EXEC_STARTED",
                "OCO",
            )
            reports = [(await api.next())["event"] for _ in range(3)]
            orders = [one for one in reports if one["e"] == "executionReport"]
            assert [one["o"] for one in orders] == ["LIMIT_MAKER", "STOP_LOSS_LIMIT"]
            assert {one["g"] for one in orders} == {status["g"]}
            assert orders[1]["P"] == "49000.00000000"
            assert ("W" in orders[0], "W" in orders[1]) == (True, False)
            floor = client.floor
            floor.deliver(
                floor.exchange.operator.deposit("demo", "USDT", amount=10**8, at_ns=1)
            )
            money = (await api.next())["event"]
            assert (money["e"], money["a"], money["d"]) == (
                "balanceUpdate",
                "USDT",
                "1.00000000",
            )

    run(story())


def test_the_websocket_api_takes_lists_amendments_and_their_queries_too() -> None:
    async def story() -> None:
        async with open_venue() as client:
            api = await client.open("/ws-api/v3")

            async def ask(method: str, **params: object) -> Any:
                timed = signed_params(**params, timestamp=await client.now_ms())
                reply = await api.call(method, **timed)
                return reply.get("result", reply.get("error"))

            placed = await ask("orderList.place.oco", **PAIR)
            list_id = placed["orderListId"]
            assert (await ask("orderList.status", orderListId=list_id))["symbol"] == "BTCUSDT"
            assert len(await ask("openOrderLists.status")) == 1
            order_id = placed["orders"][1]["orderId"]
            done = await ask(
                "order.amend.keepPriority", symbol="BTCUSDT", orderId=order_id, newQty="0.005"
            )
            assert done["listStatus"]["orderListId"] == list_id
            rows = await ask("order.amendments", symbol="BTCUSDT", orderId=order_id)
            assert len(rows) == 1
            gone = await ask("orderList.cancel", symbol="BTCUSDT", orderListId=list_id)
            assert [one["origQty"] for one in gone["orderReports"]] == ["0.00500000"] * 2
            again = await ask("orderList.cancel", symbol="BTCUSDT", orderListId=list_id)
            assert again["code"] == -2011
            assert (await ask("myFilters", symbol="BTCUSDT"))["symbolFilters"]
            assert (await ask("orderList.place.oto", **WORKING))["code"] == -1102
            assert len(await ask("allOrderLists")) == 1

    run(story())
