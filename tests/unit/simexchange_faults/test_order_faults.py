"""What befalls orders and requests: the answer is one thing and the truth another (XCH-5)."""

import asyncio

import aiohttp
import pytest

from holdfast.simexchange.faults import Fault, FaultKind
from tests.unit.simexchange_faults.story import (
    START_MS,
    do,
    fault,
    happened,
    open_count,
    order,
    proves,
    subscribed,
    truth,
)
from tests.unit.simexchange_wire.venue_kit import START_NS, open_venue, run, signed_params


@proves(FaultKind.ORDER_ANSWER_LOST)
def test_an_order_whose_answer_is_lost_lives() -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(FaultKind.ORDER_ANSWER_LOST)]) as client:
            with pytest.raises(aiohttp.ClientError):
                await client.order()
            assert await open_count(client) == 1
            assert await happened(client) == {"order_answer_lost": 1}

    run(story())


@proves(FaultKind.ORDER_UNKNOWN_1007)
def test_an_order_answered_with_1007_lives_at_once() -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(FaultKind.ORDER_UNKNOWN_1007)]) as client:
            body = await client.order()
            assert (client.status, body["code"]) == (504, -1007)
            assert await open_count(client) == 1

    run(story())


@proves(FaultKind.ORDER_LATE_1007)
def test_a_late_1007_is_a_fill_that_comes_after_queries_found_nothing() -> None:
    async def story() -> None:
        late = fault(FaultKind.ORDER_LATE_1007, delay="300ms")
        async with open_venue(faults=[late]) as client:
            socket = await subscribed(client)
            body = await client.order(price="50001", newClientOrderId="late")
            assert body["code"] == -1007
            asked = {"symbol": "BTCUSDT", "origClientOrderId": "late"}
            assert (await client.signed("GET", "/api/v3/order", **asked))["code"] == -2013
            kinds = [(await socket.next())["event"].get("x") for _ in range(3)]
            assert "TRADE" in kinds
            found = await client.signed("GET", "/api/v3/order", **asked)
            assert found["status"] == "FILLED"

    run(story())


@proves(FaultKind.ORDER_503, FaultKind.ORDER_408)
@pytest.mark.parametrize(
    ("kind", "answer"),
    [(FaultKind.ORDER_503, (503, -1000)), (FaultKind.ORDER_408, (408, -1007))],
)
def test_some_answers_say_nothing_and_some_of_their_orders_live(
    kind: FaultKind, answer: tuple[int, int]
) -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(kind, count=8)]) as client:
            for _ in range(8):
                body = await client.order()
                assert (client.status, body["code"]) == answer
            assert 0 < await open_count(client) < 8

    run(story())


@proves(FaultKind.ORDER_5XX)
def test_an_order_lives_through_a_failure_of_the_server() -> None:
    async def story() -> None:
        entries = [fault(FaultKind.ORDER_5XX), fault(FaultKind.ORDER_5XX, status=502, after=1)]
        async with open_venue(faults=entries) as client:
            statuses = []
            for _ in range(2):
                await client.order()
                statuses.append(client.status)
            assert statuses == [500, 502]
            assert await open_count(client) == 2

    run(story())


@proves(FaultKind.ORDER_UNAVAILABLE_503, FaultKind.ORDER_THROTTLED_1008)
@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        (FaultKind.ORDER_UNAVAILABLE_503, -1000, "Service Unavailable."),
        (FaultKind.ORDER_THROTTLED_1008, -1008, "throttled by system-level protection"),
    ],
)
def test_two_kinds_of_503_mean_that_there_is_no_order(
    kind: FaultKind, code: int, words: str
) -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(kind)]) as client:
            body = await client.order()
            assert (client.status, body["code"]) == (503, code)
            assert words in body["msg"]
            assert (await truth(client))["orders"] == []
            assert "orderId" in await client.order()

    run(story())


@proves(FaultKind.ORDER_COUNT_1015)
def test_too_many_orders_can_be_said_on_demand() -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(FaultKind.ORDER_COUNT_1015)]) as client:
            body = await client.order()
            assert (client.status, body["code"]) == (429, -1015)
            assert 1 <= int(client.headers["Retry-After"]) <= 10
            assert await open_count(client) == 0

    run(story())


@proves(FaultKind.ORDER_PART_FILLED_EXPIRED)
def test_an_order_is_filled_in_part_and_then_expires() -> None:
    async def story() -> None:
        entry = fault(FaultKind.ORDER_PART_FILLED_EXPIRED, fraction=0.25)
        async with open_venue(faults=[entry]) as client:
            socket = await subscribed(client)
            await socket.call("order.place", **order(quantity="0.04"))
            events = [(await socket.next())["event"] for _ in range(6)]
            kinds = [event["x"] for event in events if event["e"] == "executionReport"]
            assert kinds == ["NEW", "TRADE", "EXPIRED"]
            told = (await truth(client))["orders"][0]
            assert (told["status"], told["executedQty"]) == ("EXPIRED", "0.01000000")

    run(story())


@proves(FaultKind.ORDER_GTX_EXPIRED)
def test_a_post_only_order_expires_after_it_was_accepted_and_others_do_not() -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(FaultKind.ORDER_GTX_EXPIRED)]) as client:
            await client.order()
            assert await happened(client) == {}
            maker = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT_MAKER"}
            body = await client.signed(
                "POST", "/api/v3/order", **maker, quantity="0.01", price="49000"
            )
            assert "orderId" in body
            told = (await truth(client))["orders"]
            assert [one["status"] for one in told] == ["NEW", "EXPIRED"]
            assert told[1]["executedQty"] == "0.00000000"

    run(story())


@proves(FaultKind.ORDER_STP_EXPIRED)
def test_an_order_expires_by_self_trade_prevention() -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(FaultKind.ORDER_STP_EXPIRED)]) as client:
            socket = await subscribed(client)
            await socket.call("order.place", **order())
            events = [(await socket.next())["event"] for _ in range(4)]
            kinds = [(e["x"], e["X"]) for e in events if e["e"] == "executionReport"]
            assert kinds == [("NEW", "NEW"), ("TRADE_PREVENTION", "EXPIRED_IN_MATCH")]
            balances = {b["asset"]: b for b in (await truth(client))["balances"]}
            assert balances["USDT"]["locked"] == "0.00000000"

    run(story())


@proves(FaultKind.ORDER_PRICE_RANGE_EXPIRED)
def test_a_taker_expires_outside_the_price_range_and_the_next_one_trades() -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(FaultKind.ORDER_PRICE_RANGE_EXPIRED)]) as client:
            body = await client.order(price="50001", newOrderRespType="FULL")
            assert body["status"] == "EXPIRED"
            assert body["expiryReason"] == "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"
            assert body["fills"] == []
            again = await client.order(price="50001", newOrderRespType="FULL")
            assert again["status"] == "FILLED"

    run(story())


@proves(FaultKind.CANCEL_FILL_RACE)
def test_a_cancel_comes_too_late_because_the_order_was_just_filled() -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(FaultKind.CANCEL_FILL_RACE)]) as client:
            placed = await client.order()
            asked = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
            body = await client.signed("DELETE", "/api/v3/order", **asked)
            assert body["code"] == -2011
            told = await truth(client)
            assert told["orders"][0]["status"] == "FILLED"
            assert len(told["trades"]) == 1

    run(story())


@proves(FaultKind.EVENT_BEFORE_ACK)
def test_events_can_overtake_the_answer() -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(FaultKind.EVENT_BEFORE_ACK)]) as client:
            socket = await subscribed(client)
            await socket.ask("order.place", **order())
            three = [await socket.next() for _ in range(3)]
            assert ["id" in message for message in three] == [False, False, True]

    run(story())


@proves(FaultKind.ANSWER_LOST)
def test_any_answer_can_be_lost_and_the_request_is_done() -> None:
    async def story() -> None:
        entry = fault(FaultKind.ANSWER_LOST, endpoint="order.cancel")
        async with open_venue(faults=[entry]) as client:
            placed = await client.order()
            socket = await client.open("/ws-api/v3")
            wanted = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
            await socket.ask("order.cancel", **signed_params(**wanted, timestamp=START_MS))
            assert (await socket.call("ping"))["status"] == 200
            assert await open_count(client) == 0

    run(story())


@proves(FaultKind.ANSWER_DELAYED)
def test_an_answer_comes_late_and_what_was_asked_after_it_earlier() -> None:
    async def story() -> None:
        entry = fault(FaultKind.ANSWER_DELAYED, endpoint="order.place", delay="200ms")
        async with open_venue(faults=[entry]) as client:
            socket = await client.open("/ws-api/v3")
            placed = await socket.ask("order.place", **order())
            pinged = await socket.ask("ping")
            assert [(await socket.next())["id"] for _ in range(2)] == [pinged, placed]

    run(story())


@proves(FaultKind.REQUEST_REFUSED)
def test_a_request_is_refused_with_any_code_on_demand() -> None:
    async def story() -> None:
        entry = fault(
            FaultKind.REQUEST_REFUSED, code=-1021, message="Too late.", endpoint="*/account"
        )
        async with open_venue(faults=[entry]) as client:
            assert "canTrade" not in await client.get("/api/v3/time")
            body = await client.signed("GET", "/api/v3/account")
            assert (client.status, body) == (400, {"code": -1021, "msg": "Too late."})
            assert "canTrade" in await client.signed("GET", "/api/v3/account")

    run(story())


@proves(FaultKind.WEIGHT_EXCEEDED_429, FaultKind.ADDRESS_BANNED_418)
def test_429_grows_to_418_for_whoever_goes_on() -> None:
    async def story() -> None:
        entry = fault(FaultKind.WEIGHT_EXCEEDED_429, lasts="30s")
        async with open_venue(faults=[entry]) as client:
            statuses = []
            for _ in range(14):
                body = await client.get("/api/v3/ping")
                statuses.append(client.status)
            assert statuses[0] == 429
            assert statuses[-1] == 418
            assert body["code"] == -1003
            assert 100 < int(client.headers["Retry-After"]) <= 120

    run(story())


def test_a_ban_on_demand_ends_and_concerns_one_address() -> None:
    async def story() -> None:
        async with open_venue() as client:
            await do(client, FaultKind.ADDRESS_BANNED_418, **{"for": "200ms"})
            body = await client.get("/api/v3/ping")
            assert (client.status, body["code"]) == (418, -1003)
            other = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
            url = client.rest + "/api/v3/ping"
            async with (
                aiohttp.ClientSession(connector=other) as session,
                session.get(url) as answer,
            ):
                assert answer.status == 200
            await asyncio.sleep(0.25)
            await client.get("/api/v3/ping")
            assert client.status == 200

    run(story())


@proves(FaultKind.MICROSECOND_STAMPS)
def test_stamps_come_in_microseconds_although_nobody_asked() -> None:
    async def story() -> None:
        entry = fault(FaultKind.MICROSECOND_STAMPS, endpoint="GET /api/v3/time", count=0)
        async with open_venue(faults=[entry]) as client:
            assert (await client.get("/api/v3/time"))["serverTime"] == START_NS // 10**3
        async with open_venue(faults=[fault(FaultKind.MICROSECOND_STAMPS, count=0)]) as client:
            socket = await subscribed(client)
            await socket.ask("order.place", **order())
            messages = [await socket.next() for _ in range(3)]
            events = [one["event"] for one in messages if "event" in one]
            assert {event["E"] for event in events} == {START_NS // 10**3}

    run(story())


@proves(FaultKind.STALE_SNAPSHOT)
def test_a_snapshot_can_be_older_than_the_stream() -> None:
    async def story() -> None:
        entry = fault(FaultKind.STALE_SNAPSHOT, delay="1s", count=0)
        async with open_venue(faults=[entry], count=30) as client:
            socket = await client.open("/ws/btcusdt@depth")
            last = 0
            for _ in range(25):
                last = (await socket.next())["u"]
            book = await client.get("/api/v3/depth?symbol=BTCUSDT&limit=5")
            assert 100 <= book["lastUpdateId"] <= last - 9
            assert len(book["bids"]) == 5
            assert (await happened(client))["stale_snapshot"] == 1

    run(story())


def test_a_fault_concerns_only_its_account_symbol_endpoint_and_product() -> None:
    async def story() -> None:
        others: list[Fault] = [
            fault(FaultKind.ORDER_503, account="somebody"),
            fault(FaultKind.ORDER_503, symbol="ETHUSDT"),
            fault(FaultKind.ORDER_503, endpoint="order.place"),
            fault(FaultKind.ORDER_503, product="usdm"),
            fault(FaultKind.ORDER_503, address="127.0.0.9"),
        ]
        async with open_venue(faults=others) as client:
            assert "orderId" in await client.order()
            assert await happened(client) == {}
            socket = await client.open("/ws-api/v3")
            reply = await socket.call("order.place", **order())
            assert reply["status"] == 503
            assert [one["struck"] for one in (await client.get("/sim/faults"))["faults"]] == [
                0, 0, 1, 0, 0
            ]  # fmt: skip

    run(story())


def test_the_same_seed_and_requests_give_the_same_strikes() -> None:
    async def strikes() -> list[int]:
        entry = fault(FaultKind.ORDER_503, probability=0.4, count=0)
        async with open_venue(faults=[entry]) as client:
            statuses = []
            for number in range(12):
                params = signed_params(symbol="BTCUSDT", timestamp=START_MS)
                assert params
                await client.order(newClientOrderId=f"id{number}")
                statuses.append(client.status)
            return statuses

    first = asyncio.run(strikes())
    assert first == asyncio.run(strikes())
    assert set(first) == {200, 503}
