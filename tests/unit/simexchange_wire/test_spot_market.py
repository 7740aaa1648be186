"""Spot's windows, rules of execution, filters and statuses on the wire."""

from typing import Any

import pytest

from holdfast.simexchange.numbers import E8
from holdfast.simexchange.quotas import HouseRules
from tests.unit.simexchange_wire.venue_kit import Client, Socket, open_venue, run

API = "/api/v3"


async def to_the_end(client: Client) -> Socket:
    """Let the whole market pass."""
    socket = await client.open("/ws/btcusdt@trade")
    await socket.until_end()
    return socket


def test_windows_count_the_trades_inside_them_alone() -> None:
    async def story() -> None:
        async with open_venue(count=30, step_ns=10**10) as client:
            await to_the_end(client)
            path = f"{API}/ticker?symbol=BTCUSDT&windowSize="
            long, short = await client.get(f"{path}1h"), await client.get(f"{path}1m")
            assert (long["count"], client.headers["X-MBX-USED-WEIGHT"]) == (30, "8")
            assert 6 <= short["count"] <= 12
            assert "bidPrice" not in long
            day = await client.get(f"{API}/ticker/tradingDay?symbol=BTCUSDT&timeZone=-1:00")
            assert day["openTime"] % 86_400_000 == 3_600_000
            rows = await client.get(f"{API}/ticker?symbols=%5B%22BTCUSDT%22%5D&type=MINI")
            assert [set(row) >= {"volume", "count"} for row in rows] == [True]

    run(story())


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("ticker", -1102),
        ("ticker?symbol=BTCUSDT&windowSize=60m", -1130),
        ("ticker?symbol=BTCUSDT&windowSize=1d2h", -1130),
        ("ticker?symbol=BTCUSDT&type=SOME", -1139),
        ("ticker/tradingDay?symbol=BTCUSDT&timeZone=15", -1130),
        ("ticker/tradingDay?symbol=BTCUSDT&timeZone=moon", -1130),
        ("ticker/price?symbol=BTCUSDT&symbolStatus=HALT", -1220),
        ("depth?symbol=BTCUSDT&symbolStatus=HALT", -1220),
        ("depth?symbol=BTCUSDT&symbolStatus=SLEEP", -1122),
        ("executionRules?symbol=BTCUSDT&symbolStatus=HALT", -1128),
        ("referencePrice?symbol=BTCUSDT", -2043),
        ("referencePrice/calculation?symbol=BTCUSDT", -2043),
    ],
)
def test_what_cannot_be_answered_is_refused(path: str, code: int) -> None:
    async def story() -> None:
        async with open_venue() as client:
            assert (await client.get(f"{API}/{path}"))["code"] == code

    run(story())


def test_the_reference_price_and_its_rules_can_be_asked_for() -> None:
    async def story() -> None:
        async with open_venue() as client:
            assert await client.get(f"{API}/executionRules") == {
                "symbolRules": [{"symbol": "BTCUSDT", "rules": []}]
            }
            exchange = client.floor.exchange
            exchange.change_rules("BTCUSDT", bid_range=(0, 2 * E8))
            exchange.operator.set_reference_price("BTCUSDT", 50_000 * E8)
            rules = await client.get(f"{API}/executionRules?symbol=BTCUSDT")
            (row,) = rules["symbolRules"]
            assert row["rules"] == [{"ruleType": "PRICE_RANGE", "bidLimitMultUp": "2"}]
            price = await client.get(f"{API}/referencePrice?symbol=BTCUSDT")
            assert price["referencePrice"] == "50000.00000000"
            how = await client.get(f"{API}/referencePrice/calculation?symbol=BTCUSDT")
            assert how["calculationType"] == "EXTERNAL"
            exchange.change_rules("BTCUSDT", reference_buckets=(1000, 10))
            how = await client.get(f"{API}/referencePrice/calculation?symbol=BTCUSDT")
            assert (how["bucketCount"], how["bucketWidthMs"]) == (10, 1000)

    run(story())


def test_a_changed_symbol_shows_at_the_next_question() -> None:
    async def story() -> None:
        async with open_venue() as client:
            placed = await client.order()
            client.floor.exchange.change_rules("BTCUSDT", status="CANCEL_ONLY", tick=E8)
            info = await client.get(f"{API}/exchangeInfo?symbol=BTCUSDT")
            assert info["symbols"][0]["status"] == "CANCEL_ONLY"
            assert info["symbols"][0]["filters"][0]["tickSize"] == "1.00000000"
            rows = await client.get(f"{API}/ticker/price?symbolStatus=TRADING")
            assert rows == []
            refused = await client.order()
            assert (refused["code"], refused["msg"]) == (-1013, "Market is closed.")
            gone = await client.signed(
                "DELETE", f"{API}/order", symbol="BTCUSDT", orderId=placed["orderId"]
            )
            assert gone["status"] == "CANCELED"

    run(story())


def test_an_account_sees_the_filters_that_bind_it() -> None:
    async def story() -> None:
        async with open_venue() as client:
            client.floor.exchange.operator.limit_accounts(HouseRules(max_orders=7))
            mine: dict[str, Any] = await client.signed(
                "GET", f"{API}/myFilters", symbol="BTCUSDT"
            )
            assert mine["exchangeFilters"] == [
                {"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": 7}
            ]
            kinds = {one["filterType"] for one in mine["symbolFilters"]}
            assert kinds >= {"TRAILING_DELTA", "ICEBERG_PARTS", "MAX_NUM_ORDER_LISTS"}
            info = await client.get(f"{API}/exchangeInfo?symbol=BTCUSDT")
            assert info["exchangeFilters"] == mine["exchangeFilters"]
            assert info["symbols"][0]["ocoAllowed"] is True

    run(story())
