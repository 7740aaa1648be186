"""The REST interface: what is answered, what is refused, and in which words."""

import asyncio

import pytest

from holdfast.simexchange.accounts import DEMO_API_KEY, DEMO_ED25519_API_KEY
from tests.unit.simexchange_wire.venue_kit import (
    START_NS,
    Client,
    ed25519_base64,
    hmac_hex,
    open_venue,
    run,
)

START_MS = START_NS // 10**6


def test_public_market_data_has_the_venue_s_shapes() -> None:
    async def story() -> None:
        async with open_venue() as client:
            assert await client.get("/api/v3/ping") == {}
            assert await client.get("/api/v3/time") == {"serverTime": START_MS}
            micro = await client.send(
                "GET", "/api/v3/time", headers={"X-MBX-TIME-UNIT": "MICROSECOND"}
            )
            assert micro == {"serverTime": START_MS * 1000}
            depth = await client.get("/api/v3/depth?symbol=BTCUSDT&limit=2")
            assert depth == {
                "lastUpdateId": 100,
                "bids": [["49999.00000000", "1.00000000"], ["49998.00000000", "1.00000000"]],
                "asks": [["50001.00000000", "1.00000000"], ["50002.00000000", "1.00000000"]],
            }
            best = await client.get("/api/v3/ticker/bookTicker?symbol=BTCUSDT")
            assert best["bidPrice"] == "49999.00000000"
            rows = await client.get("/api/v3/ticker/price?symbols=%5B%22BTCUSDT%22%5D")
            assert [row["symbol"] for row in rows] == ["BTCUSDT"]
            assert (await client.get("/api/v3/klines?symbol=BTCUSDT&interval=1m")) == []
            assert (await client.get("/api/v3/avgPrice?symbol=BTCUSDT"))["mins"] == 5
            day = await client.get("/api/v3/ticker/24hr?symbol=BTCUSDT&type=MINI")
            assert "bidPrice" not in day
            assert (await client.get("/sapi/v1/system/status"))["status"] == 0
            assert (await client.get("/fapi/v1/exchangeInfo"))["symbols"] == []

    run(story())


def test_exchange_info_declares_limits_and_filters() -> None:
    async def story() -> None:
        async with open_venue() as client:
            info = await client.get("/api/v3/exchangeInfo?symbol=BTCUSDT")
            kinds = {limit["rateLimitType"] for limit in info["rateLimits"]}
            assert kinds == {"REQUEST_WEIGHT", "ORDERS", "RAW_REQUESTS"}
            assert all("count" not in limit for limit in info["rateLimits"])
            (symbol,) = info["symbols"]
            filters = {one["filterType"]: one for one in symbol["filters"]}
            assert filters["PRICE_FILTER"]["tickSize"] == "0.01000000"
            assert filters["LOT_SIZE"]["stepSize"] == "0.00001000"
            assert filters["NOTIONAL"]["minNotional"] == "5.00000000"
            assert client.headers["X-MBX-USED-WEIGHT-1M"] == "20"

    run(story())


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/api/v3/depth", -1102, "'symbol' was not sent"),
        ("/api/v3/depth?symbol=BTCUSDT&symbol=BTCUSDT", -1101, "Duplicate values"),
        ("/api/v3/depth?symbol=BTCUSDT&colour=red", -1101, "expected '1' and received '2'"),
        ("/api/v3/depth?symbol=ETHUSDT", -1121, "Invalid symbol"),
        ("/api/v3/depth?symbol=BTC%20USDT", -1100, "Illegal characters"),
        ("/api/v3/depth?symbol=BTCUSDT&limit=", -1105, "'limit' was empty"),
        ("/api/v3/depth?symbol=BTCUSDT&limit=ten", -1100, "Illegal characters"),
        ("/api/v3/klines?symbol=BTCUSDT&interval=7m", -1120, "Invalid interval"),
        ("/api/v3/ticker/price?symbols=BTCUSDT", -1100, "Illegal characters"),
        ("/api/v3/account", -2014, "API-key format invalid"),
    ],
)
def test_a_wrong_request_is_refused_with_code_and_text(
    path: str, code: int, words: str
) -> None:
    async def story() -> None:
        async with open_venue() as client:
            body = await client.get(path)
            assert body["code"] == code
            assert words in body["msg"]
            assert client.status == (401 if code == -2014 else 400)

    run(story())


def test_an_order_is_placed_seen_and_canceled() -> None:
    async def story() -> None:
        async with open_venue() as client:
            placed = await client.order(newClientOrderId="mine-1")
            assert placed["status"] == "NEW"
            assert placed["fills"] == []
            assert client.headers["X-MBX-ORDER-COUNT-10S"] == "1"
            assert client.headers["X-MBX-ORDER-COUNT-1D"] == "1"
            by_id = {"symbol": "BTCUSDT", "origClientOrderId": "mine-1"}
            found = await client.signed("GET", "/api/v3/order", **by_id)
            assert (found["orderId"], found["isWorking"]) == (placed["orderId"], True)
            assert len(await client.signed("GET", "/api/v3/openOrders")) == 1
            account = await client.signed("GET", "/api/v3/account")
            usdt = next(held for held in account["balances"] if held["asset"] == "USDT")
            assert usdt["locked"] == "490.00000000"
            assert account["updateTime"] > 0
            canceled = await client.signed("DELETE", "/api/v3/order", **by_id)
            assert canceled["status"] == "CANCELED"
            assert canceled["origClientOrderId"] == "mine-1"
            assert canceled["clientOrderId"] != "mine-1"
            again = await client.signed("DELETE", "/api/v3/order", **by_id)
            assert (again["code"], again["msg"]) == (-2011, "Unknown order sent.")

    run(story())


def test_a_market_order_takes_the_book_and_its_trades_are_listed() -> None:
    async def story() -> None:
        async with open_venue() as client:
            filled = await client.signed(
                "POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET",
                quantity="1.5",
            )  # fmt: skip
            assert filled["status"] == "FILLED"
            assert client.headers["X-MBX-ORDER-COUNT-10S"] == "1"
            counts = await client.signed("GET", "/api/v3/rateLimit/order")
            assert [limit["count"] for limit in counts] == [0, 0]  # of unfilled orders
            assert [fill["price"] for fill in filled["fills"]] == [
                "50001.00000000",
                "50002.00000000",
            ]
            trades = await client.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT")
            assert [trade["id"] for trade in trades] == [
                fill["tradeId"] for fill in filled["fills"]
            ]
            truth = await client.get("/sim/truth?account=demo")
            assert [trade["id"] for trade in truth["trades"]] == [row["id"] for row in trades]
            assert (await client.get("/sim/truth?account=nobody"))["error"]

    run(story())


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"side": "HOLD"}, -1117, "Invalid side."),
        ({"type": "MAYBE"}, -1116, "Invalid orderType."),
        ({"timeInForce": "GTD"}, -1115, "Invalid timeInForce."),
        ({"type": "STOP_LOSS"}, -1106, "'timeInForce' sent when not required"),
        ({"type": "STOP_LOSS_LIMIT"}, -1102, "'stopPrice' or 'trailingDelta'"),
        ({"type": "STOP_LOSS_LIMIT", "stopPrice": "49000"}, -2010, "trigger immediately"),
        ({"stopPrice": "49000"}, -1106, "sent when not required"),
        ({"strategyType": "7"}, -1134, "strategyType"),
        ({"strategyId": "-9999999999999999999"}, -1108, "overflowed"),
        ({"icebergQty": "0.00001", "timeInForce": "IOC"}, -2010, "combination"),
        ({"price": "49000.001"}, -1013, "PRICE_FILTER"),
        ({"price": "1e5"}, -1100, "Illegal characters"),
        ({"price": "0"}, -1013, "Invalid price."),
        ({"quantity": "0.000001"}, -1013, "LOT_SIZE"),
        ({"quantity": "0.0000000001"}, -1111, "too much precision"),
        ({"quantity": "0.00001"}, -1013, "NOTIONAL"),
        ({"quantity": "100"}, -2010, "insufficient balance"),
        ({"quoteOrderQty": "100"}, -1106, "sent when not required"),
        ({"selfTradePreventionMode": "MAYBE"}, -1130, "is not valid"),
        ({"newClientOrderId": "no%20blanks"}, -1100, "Illegal characters"),
        ({"colour": "red"}, -1104, "Not all sent parameters were read"),
    ],
)
def test_a_wrong_order_is_refused_before_it_exists(
    changed: dict[str, str], code: int, words: str
) -> None:
    async def story() -> None:
        async with open_venue() as client:
            body = await client.order(**changed)
            assert body["code"] == code
            assert words in body["msg"]
            assert client.status == 400
            assert "X-MBX-ORDER-COUNT-10S" not in client.headers
            assert (await client.get("/sim/truth"))["open_order_ids"] == []

    run(story())


def test_a_body_is_signed_after_the_query_and_the_query_wins() -> None:
    async def story() -> None:
        async with open_venue() as client:
            query = "symbol=BTCUSDT&side=BUY&type=LIMIT"
            body = f"side=SELL&timeInForce=GTC&quantity=0.01&price=49000&timestamp={START_MS}"
            body += f"&signature={hmac_hex(query + body)}"
            headers = {"X-MBX-APIKEY": DEMO_API_KEY}
            placed = await client.send(
                "POST", f"/api/v3/order?{query}", body=body, headers=headers
            )
            assert placed["side"] == "BUY"

    run(story())


def test_an_ed25519_key_signs_rest_requests_too() -> None:
    async def story() -> None:
        async with open_venue() as client:
            query = f"timestamp={START_MS}"
            signature = ed25519_base64(query).replace("+", "%2B").replace("=", "%3D")
            path = f"/api/v3/account?{query}&signature={signature.replace('/', '%2F')}"
            headers = {"X-MBX-APIKEY": DEMO_ED25519_API_KEY}
            assert (await client.send("GET", path, headers=headers))["canTrade"] is True

    run(story())


async def refused(client: Client, query: str, key: str = DEMO_API_KEY) -> tuple[int, int]:
    body = await client.send("GET", f"/api/v3/account?{query}", headers={"X-MBX-APIKEY": key})
    return client.status, body["code"]


def test_keys_signatures_and_times_are_checked_for_real() -> None:
    async def story() -> None:
        async with open_venue() as client:
            fresh, late = f"timestamp={START_MS}", f"timestamp={START_MS - 5001}"
            early = f"timestamp={START_MS + 60_000}"
            long = f"recvWindow=60001&{fresh}"
            assert await refused(client, f"{fresh}&signature=00") == (400, -1022)
            assert await refused(client, fresh) == (400, -1102)
            assert await refused(client, f"signature={hmac_hex('')}") == (400, -1102)
            assert await refused(client, fresh, key="unknown") == (401, -2015)
            for query, code in ((late, -1021), (early, -1021), (long, -1131)):
                signed = f"{query}&signature={hmac_hex(query)}"
                assert await refused(client, signed) == (400, code)

    run(story())


def test_an_order_test_checks_and_does_nothing() -> None:
    async def story() -> None:
        async with open_venue() as client:
            order = {
                "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
                "quantity": "0.01",
            }  # fmt: skip
            right = await client.signed("POST", "/api/v3/order/test", **order, price="49000")
            assert right == {}
            wrong = await client.signed("POST", "/api/v3/order/test", **order, price="0.001")
            assert wrong["code"] == -1013
            assert (await client.get("/sim/truth"))["orders"] == []

    run(story())


def test_cancel_replace_says_what_became_of_both_halves() -> None:
    async def story() -> None:
        async with open_venue() as client:
            first = await client.order()
            order = {
                "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
                "quantity": "0.02", "price": "48000", "cancelReplaceMode": "STOP_ON_FAILURE",
            }  # fmt: skip
            path = "/api/v3/order/cancelReplace"
            both = await client.signed("POST", path, **order, cancelOrderId=first["orderId"])
            assert (both["cancelResult"], both["newOrderResult"]) == ("SUCCESS", "SUCCESS")
            neither = await client.signed("POST", path, **order, cancelOrderId=first["orderId"])
            assert (client.status, neither["code"]) == (400, -2022)
            assert neither["data"]["newOrderResult"] == "NOT_ATTEMPTED"
            order["cancelReplaceMode"] = "ALLOW_FAILURE"
            half = await client.signed("POST", path, **order, cancelOrderId=first["orderId"])
            assert (client.status, half["code"]) == (409, -2021)
            assert half["data"]["newOrderResult"] == "SUCCESS"

    run(story())


@pytest.mark.parametrize(
    ("path", "weight"),
    [
        ("/api/v3/ping", 1),
        ("/api/v3/depth?symbol=BTCUSDT", 5),
        ("/api/v3/depth?symbol=BTCUSDT&limit=500", 25),
        ("/api/v3/depth?symbol=BTCUSDT&limit=1000", 50),
        ("/api/v3/depth?symbol=BTCUSDT&limit=5000", 250),
        ("/api/v3/trades?symbol=BTCUSDT", 25),
        ("/api/v3/aggTrades?symbol=BTCUSDT", 4),
        ("/api/v3/klines?symbol=BTCUSDT&interval=1m", 2),
        ("/api/v3/ticker/price?symbol=BTCUSDT", 2),
        ("/api/v3/ticker/price", 4),
        ("/api/v3/ticker/24hr", 80),
    ],
)
def test_a_request_weighs_what_the_table_says(path: str, weight: int) -> None:
    async def story() -> None:
        async with open_venue() as client:
            await client.get(path)
            assert client.headers["X-MBX-USED-WEIGHT-1M"] == str(weight)

    run(story())


def test_an_order_weighs_nothing_when_it_succeeds_and_one_when_it_fails() -> None:
    async def story() -> None:
        async with open_venue() as client:
            await client.order(timestamp=START_MS)
            assert client.headers["X-MBX-USED-WEIGHT-1M"] == "0"
            await client.order(timestamp=START_MS, price="0.001")
            assert client.headers["X-MBX-USED-WEIGHT-1M"] == "1"

    run(story())


def test_a_malformed_request_is_one_line_and_the_venue_lives(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async def story() -> None:
        async with open_venue() as client:
            port = int(client.rest.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /api/v3/ping?\xff HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b" 400 " in await reader.readline()
            writer.close()
            assert await client.get("/api/v3/ping") == {}

    run(story())
    said = capfd.readouterr().err
    assert "Traceback" not in said
    assert said.count("\n") <= 1


def test_weight_runs_out_with_retry_after_and_comes_back() -> None:
    async def story() -> None:
        async with open_venue() as client:
            for _ in range(24):
                await client.get("/api/v3/depth?symbol=BTCUSDT&limit=5000")
            body = await client.get("/api/v3/ping")
            assert (client.status, body["code"]) == (429, -1003)
            assert 1 <= int(client.headers["Retry-After"]) <= 60

    run(story())
