"""Orders of USD-M over REST: forms of answers, batches, changes, stops (XCH-8, XCH-10)."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.unit.simexchange_wire.usdm_kit import market, open_usdm, place, position, stop
from tests.unit.simexchange_wire.venue_kit import Client, run

ORDER = "/fapi/v1/order"
BATCH = "/fapi/v1/batchOrders"


def batch(*orders: dict[str, str]) -> str:
    """Write orders as the batch endpoint reads them."""
    filled = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    return quote(json.dumps([filled | order for order in orders]))


async def query(client: Client, order_id: int) -> Any:
    """Ask for an order by its id."""
    return await client.signed("GET", ORDER, symbol="BTCUSDT", orderId=order_id)


def test_an_answer_never_tells_a_price_but_a_query_does() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            filled = await market(client, "BUY", "0.010")
            assert (filled["status"], filled["executedQty"]) == ("FILLED", "0.010")
            assert not {"avgPrice", "cumQuote"} & filled.keys()
            found = await query(client, filled["orderId"])
            assert float(found["avgPrice"]) == 50_001
            assert float(found["cumQuote"]) == pytest.approx(500.01)

    run(story())


def test_an_acknowledgement_does_not_tell_what_the_order_did() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            accepted = await market(client, "BUY", "0.010", newOrderRespType="ACK")
            assert (accepted["status"], accepted["executedQty"]) == ("NEW", "0.000")
            assert (await query(client, accepted["orderId"]))["status"] == "FILLED"

    run(story())


def test_a_change_keeps_the_order_and_is_remembered() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            order = await place(client, newClientOrderId="mine-1")
            ids = {"symbol": "BTCUSDT", "orderId": order["orderId"]}
            terms = {"side": "BUY", "quantity": "0.020", "price": "48000"}
            changed = await client.signed("PUT", ORDER, **ids, **terms)
            assert (changed["orderId"], changed["origQty"]) == (order["orderId"], "0.020")
            assert client.headers["X-MBX-ORDER-COUNT-10S"] == "2"
            (change,) = await client.signed("GET", "/fapi/v1/orderAmendment", **ids)
            assert change["amendment"] == {
                "price": {"before": "49000.0", "after": "48000.0"},
                "origQty": {"before": "0.010", "after": "0.020"},
                "count": 1,
            }
            again = await client.signed("PUT", ORDER, **ids, **terms)
            assert again["code"] == -5027

    run(story())


def test_a_batch_answers_in_order_with_orders_and_errors() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            orders = batch(
                {"quantity": "0.010", "price": "49000"},
                {"quantity": "0.010", "price": "49000.55"},
                {"quantity": "0.010", "price": "48000", "colour": "red"},
                {"quantity": "0.010", "price": "47000"},
            )
            answers = await client.signed("POST", BATCH, batchOrders=orders)
            assert client.status == 200
            assert [answer.get("code") for answer in answers] == [None, -4014, -1104, None]
            assert client.headers["X-MBX-USED-WEIGHT-1M"] == "5"
            assert client.headers["X-MBX-ORDER-COUNT-10S"] == "2"
            ids = [answers[0]["orderId"], 999, answers[3]["orderId"]]
            canceled = await client.signed(
                "DELETE", BATCH, symbol="BTCUSDT", orderIdList=quote(json.dumps(ids))
            )
            assert [answer.get("code") for answer in canceled] == [None, -2011, None]
            assert await client.signed("GET", "/fapi/v1/openOrders") == []

    run(story())


@pytest.mark.parametrize(
    "orders", ["[]", "{}", "nonsense", "[1]", json.dumps([{}] * 6), "[" * 1500]
)
def test_a_batch_that_is_none_is_refused_as_a_whole(orders: str) -> None:
    async def story() -> None:
        async with open_usdm() as client:
            refused = await client.signed("POST", BATCH, batchOrders=quote(orders))
            assert (client.status, refused["code"]) in {(400, -4082), (400, -1130)}

    run(story())


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"side": "UP"}, -1117),
        ({"type": "STOP_MARKET", "stopPrice": "1"}, -4120),
        ({"timeInForce": "NOW"}, -1115),
        ({"price": "49000.05"}, -4014),
        ({"price": "0"}, -4001),
        ({"quantity": "0"}, -4003),
        ({"quantity": "0.0001"}, -1111),
        ({"quantity": "9999"}, -4005),
        ({"newClientOrderId": "no%20blanks"}, -4015),
        ({"newOrderRespType": "FULL"}, -1130),
        ({"positionSide": "LONG"}, -4061),
        ({"quantity": "0.001", "price": "100"}, -4164),
        ({"quantity": "500"}, -2019),
        ({"timeInForce": "GTX", "price": "50001"}, -5022),
        ({"reduceOnly": "true"}, -2022),
        ({"timeInForce": "GTD"}, -1102),
        ({"colour": "red"}, -1104),
    ],
)
def test_a_wrong_order_is_refused_with_its_code(wrong: dict[str, str], code: int) -> None:
    async def story() -> None:
        async with open_usdm() as client:
            refused = await place(client, **wrong)
            assert (client.status, refused["code"]) == (400, code)

    run(story())


def test_hedge_mode_asks_for_a_side_and_keeps_both() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            await client.signed("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
            assert (await place(client))["code"] == -4061
            await market(client, "BUY", "0.010", positionSide="LONG")
            await market(client, "SELL", "0.020", positionSide="SHORT")
            assert (await position(client, "LONG"))["positionAmt"] == "0.010"
            assert (await position(client, "SHORT"))["positionAmt"] == "-0.020"
            rows = await client.signed("GET", "/fapi/v3/positionRisk")
            assert {row["positionSide"] for row in rows} == {"LONG", "SHORT"}

    run(story())


def test_a_conditional_order_stands_in_a_book_of_its_own() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            placed = await stop(client, clientAlgoId="stop-1", reduceOnly="true")
            assert (placed["algoStatus"], placed["triggerPrice"]) == ("NEW", "48000.0")
            assert placed["algoType"] == "CONDITIONAL"
            assert client.headers["X-MBX-ORDER-COUNT-10S"] == "1"
            assert await client.signed("GET", "/fapi/v1/openOrders") == []
            by_id = {"algoId": placed["algoId"]}
            found = await client.signed("GET", "/fapi/v1/algoOrder", **by_id)
            assert (found["actualOrderId"], found["clientAlgoId"]) == ("", "stop-1")
            gone = await client.signed("DELETE", "/fapi/v1/algoOrder", **by_id)
            assert (gone["algoId"], gone["code"]) == (placed["algoId"], "200")
            again = await client.signed("DELETE", "/fapi/v1/algoOrder", **by_id)
            assert again["code"] == -2011
            missing = await client.signed("GET", "/fapi/v1/algoOrder", algoId=77)
            assert missing["code"] == -2013
            every = await client.signed("GET", "/fapi/v1/allAlgoOrders", symbol="BTCUSDT")
            assert [one["algoStatus"] for one in every] == ["CANCELED"]

    run(story())


def test_a_stop_that_is_already_passed_is_refused() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            refused = await stop(client, triggerPrice="60000")
            assert refused["code"] == -2021

    run(story())


def test_all_plain_orders_are_canceled_and_all_stops_apart() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            await place(client)
            await stop(client)
            at = {"symbol": "BTCUSDT"}
            done = await client.signed("DELETE", "/fapi/v1/allOpenOrders", **at)
            assert done["code"] == 200
            assert await client.signed("GET", "/fapi/v1/openOrders", **at) == []
            assert len(await client.signed("GET", "/fapi/v1/openAlgoOrders", **at)) == 1
            done = await client.signed("DELETE", "/fapi/v1/algoOpenOrders", **at)
            assert done["code"] == 200
            assert await client.signed("GET", "/fapi/v1/openAlgoOrders", **at) == []

    run(story())


def test_executions_and_income_are_listed() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            bought = await market(client, "BUY", "0.010")
            await market(client, "SELL", "0.010", reduceOnly="true")
            trades = await client.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")
            assert [(one["side"], one["maker"]) for one in trades] == [
                ("BUY", False),
                ("SELL", False),
            ]
            assert float(trades[1]["realizedPnl"]) == pytest.approx(-0.02)
            one = await client.signed(
                "GET", "/fapi/v1/userTrades", symbol="BTCUSDT", orderId=bought["orderId"]
            )
            assert [row["id"] for row in one] == [trades[0]["id"]]
            later = await client.signed(
                "GET", "/fapi/v1/userTrades", symbol="BTCUSDT", fromId=trades[1]["id"]
            )
            assert [row["id"] for row in later] == [trades[1]["id"]]
            income = await client.signed("GET", "/fapi/v1/income")
            assert sorted(row["incomeType"] for row in income) == [
                "COMMISSION", "COMMISSION", "REALIZED_PNL",
            ]  # fmt: skip
            fees = await client.signed("GET", "/fapi/v1/income", incomeType="COMMISSION")
            assert len(fees) == 2

    run(story())


def test_an_order_without_a_fill_is_forgotten_three_days_after() -> None:
    async def story() -> None:
        async with open_usdm(count=80, step_ns=3600 * 10**9) as client:
            at = {"symbol": "BTCUSDT"}
            filled = await market(client, "BUY", "0.010")
            bare = await place(client)
            await client.signed("DELETE", ORDER, **at, orderId=bare["orderId"])
            assert (await query(client, bare["orderId"]))["status"] == "CANCELED"
            prices = await client.open("/public/ws/btcusdt@bookTicker")
            await prices.until_end()
            assert (await query(client, bare["orderId"]))["code"] == -2013
            every = await client.signed("GET", "/fapi/v1/allOrders", **at)
            assert [order["orderId"] for order in every] == [filled["orderId"]]

    run(story())
