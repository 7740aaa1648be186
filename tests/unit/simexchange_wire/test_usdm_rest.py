"""The REST interface of USD-M: public data, settings, limits, refusals (XCH-4, XCH-8)."""

import asyncio

import pytest

from tests.unit.simexchange_wire.usdm_kit import KEY, market, open_usdm, place, position, stop
from tests.unit.simexchange_wire.venue_kit import START_NS, run

START_MS = START_NS // 10**6
ORDERS = "/fapi/v1/order"


def test_usdm_public_data_has_the_venue_s_shapes() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            assert await client.get("/fapi/v1/ping") == {}
            assert await client.get("/fapi/v1/time") == {"serverTime": START_MS}
            depth = await client.get("/fapi/v1/depth?symbol=BTCUSDT&limit=5")
            assert depth["lastUpdateId"] == 100
            assert depth["T"] == START_MS
            assert depth["bids"][0] == ["49999.0", "1.000"]
            assert len(depth["asks"]) == 5
            best = await client.get("/fapi/v1/ticker/bookTicker?symbol=BTCUSDT")
            assert (best["bidPrice"], best["askQty"]) == ("49999.0", "1.000")
            prices = await client.get("/fapi/v2/ticker/price")
            assert [row["symbol"] for row in prices] == ["BTCUSDT"]
            day = await client.get("/fapi/v1/ticker/24hr?symbol=BTCUSDT")
            assert "bidPrice" not in day
            assert day["lastPrice"] == day["openPrice"] == "50000.0"
            index = await client.get("/fapi/v1/premiumIndex?symbol=BTCUSDT")
            assert float(index["markPrice"]) > 0
            assert index["nextFundingTime"] > START_MS
            assert (await client.get("/fapi/v1/fundingInfo"))[0]["fundingIntervalHours"] == 8
            assert await client.get("/fapi/v1/fundingRate") == []
            interest = await client.get("/fapi/v1/openInterest?symbol=BTCUSDT")
            assert interest["openInterest"] == "0.000"
            for path in ("klines", "markPriceKlines"):
                rows = await client.get(f"/fapi/v1/{path}?symbol=BTCUSDT&interval=1m")
                assert isinstance(rows, list)
            rows = await client.get("/fapi/v1/indexPriceKlines?pair=BTCUSDT&interval=1m")
            assert isinstance(rows, list)

    run(story())


def test_usdm_exchange_info_declares_limits_filters_and_contract() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            info = await client.get("/fapi/v1/exchangeInfo")
            limits = {
                (one["rateLimitType"], one["interval"], one["intervalNum"]): one["limit"]
                for one in info["rateLimits"]
            }
            assert limits == {
                ("REQUEST_WEIGHT", "MINUTE", 1): 2400,
                ("ORDERS", "SECOND", 10): 300,
                ("ORDERS", "MINUTE", 1): 1200,
            }
            (symbol,) = info["symbols"]
            assert (symbol["contractType"], symbol["marginAsset"]) == ("PERPETUAL", "USDT")
            assert {one["filterType"] for one in symbol["filters"]} == {
                "PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "MAX_NUM_ORDERS",
                "MAX_NUM_ALGO_ORDERS", "MIN_NOTIONAL", "PERCENT_PRICE",
            }  # fmt: skip
            filters = {one["filterType"]: one for one in symbol["filters"]}
            assert filters["PRICE_FILTER"]["tickSize"] == "0.1"
            assert filters["LOT_SIZE"]["stepSize"] == "0.001"
            assert filters["MIN_NOTIONAL"]["notional"] == "5"
            assert client.headers["X-MBX-USED-WEIGHT-1M"] == "1"

    run(story())


def test_each_product_lists_its_own_symbols_alone() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            assert (await client.get("/api/v3/exchangeInfo"))["symbols"] == []
            refused = await client.get("/api/v3/depth?symbol=BTCUSDT")
            assert refused["code"] == -1121
            status = await client.get("/sim/status")
            assert status["products"] == {"BTCUSDT": "linear"}
            assert (status["rest"], status["ws"]) == (client.rest, client.ws)
            assert status["ws_api"] == f"{client.ws}/ws-api/v3"
            assert status["fapi"] == f"{client.rest}/fapi"
            assert status["fstream"] == client.ws
            assert status["ws_fapi"] == f"{client.ws}/ws-fapi/v1"

    run(story())


@pytest.mark.parametrize(
    ("path", "weight"),
    [
        ("/fapi/v1/depth?symbol=BTCUSDT&limit=5", 2),
        ("/fapi/v1/depth?symbol=BTCUSDT&limit=100", 5),
        ("/fapi/v1/depth?symbol=BTCUSDT", 10),
        ("/fapi/v1/depth?symbol=BTCUSDT&limit=1000", 20),
        ("/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=99", 1),
        ("/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=1500", 10),
        ("/fapi/v1/aggTrades?symbol=BTCUSDT", 20),
        ("/fapi/v1/premiumIndex", 10),
        ("/fapi/v1/ticker/24hr", 40),
    ],
)
def test_a_usdm_request_weighs_what_the_venue_says(path: str, weight: int) -> None:
    async def story() -> None:
        async with open_usdm() as client:
            await client.get(path)
            assert (client.status, client.headers["X-MBX-USED-WEIGHT-1M"]) == (200, str(weight))

    run(story())


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/fapi/v1/depth?symbol=ETHUSDT", -1121),
        ("/fapi/v1/depth?symbol=BTCUSDT&limit=7", -4021),
        ("/fapi/v1/klines?symbol=BTCUSDT&interval=7m", -1120),
        ("/fapi/v1/klines?symbol=BTCUSDT", -1102),
        ("/fapi/v1/depth?symbol=BTCUSDT&colour=red", -1101),
        ("/fapi/v3/account", -2014),
        ("/fapi/v1/historicalTrades?symbol=BTCUSDT", -2014),
    ],
)
def test_a_wrong_usdm_request_is_refused_with_its_code(path: str, code: int) -> None:
    async def story() -> None:
        async with open_usdm() as client:
            assert (await client.get(path))["code"] == code

    run(story())


def test_a_flat_account_shows_its_wallet_and_no_position() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            for version in ("v2", "v3"):
                (held,) = await client.signed("GET", f"/fapi/{version}/balance")
                assert (held["asset"], held["balance"]) == ("USDT", "100000.00000000")
                assert held["updateTime"] > 0
            account = await client.signed("GET", "/fapi/v3/account")
            assert account["positions"] == []
            assert account["availableBalance"] == "100000.00000000"
            assert account["assets"][0]["updateTime"] > 0
            old = await client.signed("GET", "/fapi/v2/account")
            assert [row["positionAmt"] for row in old["positions"]] == ["0.000"]
            assert await client.signed("GET", "/fapi/v3/positionRisk") == []
            assert (await position(client))["positionAmt"] == "0.000"

    run(story())


def test_settings_are_changed_and_shown() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            made = await client.signed(
                "POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=5
            )
            assert (made["leverage"], made["symbol"]) == (5, "BTCUSDT")
            bad = await client.signed(
                "POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=500
            )
            assert bad["code"] == -4028
            kind = {"symbol": "BTCUSDT", "marginType": "ISOLATED"}
            assert (await client.signed("POST", "/fapi/v1/marginType", **kind))["code"] == 200
            assert (await client.signed("POST", "/fapi/v1/marginType", **kind))["code"] == -4046
            (config,) = await client.signed("GET", "/fapi/v1/symbolConfig", symbol="BTCUSDT")
            assert (config["marginType"], config["leverage"]) == ("ISOLATED", 5)
            dual = "/fapi/v1/positionSide/dual"
            assert await client.signed("GET", dual) == {"dualSidePosition": False}
            done = await client.signed("POST", dual, dualSidePosition="true")
            assert done == {"code": 200, "msg": "success"}
            again = await client.signed("POST", dual, dualSidePosition="true")
            assert again["code"] == -4059
            assert await client.signed("GET", dual) == {"dualSidePosition": True}
            rows = await client.signed("GET", "/fapi/v2/positionRisk", symbol="BTCUSDT")
            assert {row["positionSide"] for row in rows} == {"LONG", "SHORT"}
            multi = await client.signed("GET", "/fapi/v1/multiAssetsMargin")
            assert multi == {"multiAssetsMargin": False}

    run(story())


def test_isolated_margin_is_added_taken_away_and_remembered() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            kind = {"symbol": "BTCUSDT", "marginType": "ISOLATED"}
            await client.signed("POST", "/fapi/v1/marginType", **kind)
            await market(client, "BUY", "0.010")
            before = float((await position(client))["isolatedWallet"])
            more = {"symbol": "BTCUSDT", "amount": "10", "type": 1}
            done = await client.signed("POST", "/fapi/v1/positionMargin", **more)
            assert (done["code"], done["type"]) == (200, 1)
            assert float((await position(client))["isolatedWallet"]) == before + 10
            (row,) = await client.signed(
                "GET", "/fapi/v1/positionMargin/history", symbol="BTCUSDT"
            )
            assert (row["amount"], row["type"]) == ("10", 1)

    run(story())


def test_the_leverage_table_is_made_of_numbers() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            (table,) = await client.signed("GET", "/fapi/v1/leverageBracket", symbol="BTCUSDT")
            first = table["brackets"][0]
            assert first["notionalFloor"] == 0
            assert 0 < first["maintMarginRatio"] < 1
            rates = await client.signed("GET", "/fapi/v1/commissionRate", symbol="BTCUSDT")
            assert float(rates["takerCommissionRate"]) > 0

    run(story())


def test_orders_count_in_both_windows_and_are_shown_in_headers() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            await place(client)
            assert client.headers["X-MBX-ORDER-COUNT-10S"] == "1"
            assert client.headers["X-MBX-ORDER-COUNT-1M"] == "1"
            assert client.headers["X-MBX-USED-WEIGHT-1M"] == "0"
            await place(client)
            limits = await client.signed("GET", "/fapi/v1/rateLimit/order")
            assert [(one["interval"], one["count"]) for one in limits] == [
                ("SECOND", 2),
                ("MINUTE", 2),
            ]

    run(story())


def test_a_listen_key_is_the_same_until_it_is_closed() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            path = "/fapi/v1/listenKey"
            gone = await client.send("PUT", path, headers=KEY)
            assert gone["code"] == -1125
            first = (await client.send("POST", path, headers=KEY))["listenKey"]
            assert (await client.send("POST", path, headers=KEY))["listenKey"] == first
            assert (await client.send("PUT", path, headers=KEY))["listenKey"] == first
            assert await client.send("DELETE", path, headers=KEY) == {}
            assert (await client.send("POST", path, headers=KEY))["listenKey"] != first

    run(story())


def test_the_truth_shows_wallets_positions_orders_and_income() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            await market(client, "BUY", "0.010")
            await place(client)
            await stop(client)
            truth = (await client.get("/sim/truth?account=demo"))["usdm"]
            assert truth["opening"] == {"USDT": "100000.00000000"}
            assert [row["positionAmt"] for row in truth["positions"]] == ["0.010"]
            assert len(truth["orders"]) == 2
            assert len(truth["open_order_ids"]) == len(truth["open_algo_ids"]) == 1
            assert len(truth["trades"]) == 1
            booked = sum(float(row["income"]) for row in truth["income"])
            wallet = float(truth["wallets"][0]["walletBalance"])
            assert wallet == pytest.approx(100_000 + booked)

    run(story())


def test_the_dead_man_s_switch_cancels_plain_orders() -> None:
    async def story() -> None:
        async with open_usdm(speed=50.0, count=400) as client:
            socket = await client.open("/public/ws/btcusdt@bookTicker")
            await place(client)
            await stop(client)
            path = "/fapi/v1/countdownCancelAll"
            armed = await client.signed("POST", path, symbol="BTCUSDT", countdownTime=1000)
            assert armed == {"symbol": "BTCUSDT", "countdownTime": "1000"}
            for _ in range(100):
                if not await client.signed("GET", "/fapi/v1/openOrders", symbol="BTCUSDT"):
                    break
                await asyncio.sleep(0.02)
            assert await client.signed("GET", "/fapi/v1/openOrders") == []
            assert len(await client.signed("GET", "/fapi/v1/openAlgoOrders")) == 1
            await socket.socket.close()

    run(story())
