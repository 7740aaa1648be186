"""The USD-M account: a listen key that is kept, queries in windows, both books of orders."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import NS_PER_MS, NS_PER_S, UtcNs
from holdfast.domain.instrument import Product
from holdfast.domain.ports import HttpAnswer
from holdfast.errors import CredentialsRefused, NotFound, VenueUnavailable
from holdfast.testing.clock import START_NS, ManualClock
from holdfast.testing.market import instrument
from holdfast.testing.network import FakeNetwork, FakeWebSocket
from holdfast.venues.binance.dialect import USDM
from holdfast.venues.binance.options import Credentials, Endpoints, Options
from holdfast.venues.binance.rest import Rest
from holdfast.venues.binance.usdm_view import ROWS_A_PAGE, WINDOW_NS, UsdmAccountView
from holdfast.venues.binance.wire.usdm_events import HELD_FOR_NS
from tests.unit.venues.binance.sinks import KeptAccount, turn, until

BTC = Symbol("BTCUSDT")
DAY_NS = 86_400 * NS_PER_S
START_MS = START_NS // NS_PER_MS
ORDER: dict[str, Any] = {
    "symbol": "BTCUSDT", "orderId": 28, "clientOrderId": "HABCDE1", "price": "100.0",
    "origQty": "1", "executedQty": "0", "status": "NEW", "type": "LIMIT", "side": "BUY",
    "updateTime": START_MS,
}  # fmt: skip
ALGO: dict[str, Any] = {
    "symbol": "BTCUSDT", "algoId": 7, "clientAlgoId": "HSTOP1", "orderType": "STOP_MARKET",
    "side": "SELL", "algoStatus": "NEW", "quantity": "1", "triggerPrice": "90",
    "updateTime": START_MS,
}  # fmt: skip
TRADE: dict[str, Any] = {
    "symbol": "BTCUSDT", "id": 1, "orderId": 28, "side": "BUY", "price": "100", "qty": "1",
    "commission": "0.1", "commissionAsset": "USDT", "time": START_MS, "maker": True,
}  # fmt: skip
Params = dict[str, str]
Story = Callable[["Desk"], Coroutine[None, None, None]]


class Desk:
    """An account view before a venue that is the test."""

    def __init__(self) -> None:
        self.network = FakeNetwork(self.answer)
        self.clock = ManualClock()
        self.sink = KeptAccount()
        self.asked: list[str] = []
        self.keys = ["KEY1", "KEY2", "KEY3"]
        self.renewed = HttpAnswer(200, {}, b"{}")
        self.pages: dict[str, Callable[[Params], HttpAnswer]] = {}
        chosen = Options(silence_limit_s=0, query_timeout_s=5.0)
        ends = Endpoints("https://venue", "wss://venue/ws", "wss://venue/api")
        rest = Rest(
            self.network,
            self.clock,
            origin=ends.rest,
            credentials=Credentials("KEY", "SECRET"),
            options=chosen,
            dialect=USDM,
        )
        self.view = UsdmAccountView(
            self.network,
            self.clock,
            endpoints=ends,
            rest=rest,
            jitter=lambda: 0.0,
            options=chosen,
        )

    def answer(self, method: str, target: str) -> HttpAnswer | None:
        parts = urlsplit(target)
        self.asked.append(f"{method} {parts.path}")
        if parts.path == "/fapi/v1/time":
            return HttpAnswer(200, {}, b'{"serverTime":%d}' % START_MS)
        if parts.path == "/fapi/v1/listenKey":
            assert "signature" not in parts.query
            if method == "PUT":
                return self.renewed
            return body({"listenKey": self.keys[0]})
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self.pages[parts.path](params)

    @property
    def socket(self) -> FakeWebSocket:
        return self.network.sockets[-1]


def run(story: Story) -> None:
    async def whole() -> None:
        desk = Desk()
        traded = [instrument(product=Product.LINEAR, tick="0.1", step="0.001")]
        await desk.view.start(traded, desk.sink)
        try:
            await story(desk)
        finally:
            await desk.view.close()

    asyncio.run(whole())


def body(content: object) -> HttpAnswer:
    return HttpAnswer(200, {}, json.dumps(content).encode())


def refused(code: int) -> HttpAnswer:
    return HttpAnswer(400, {}, json.dumps({"code": code, "msg": "no"}).encode())


def test_the_key_stands_in_the_address_of_the_private_route() -> None:
    async def story(desk: Desk) -> None:
        assert desk.socket.url == "wss://venue/private/ws?listenKey=KEY1"
        assert desk.socket.sent == []
        assert desk.sink.story == ["connected"]

    run(story)


def test_the_key_is_prolonged_every_half_hour() -> None:
    async def story(desk: Desk) -> None:
        for hours in range(1, 4):
            desk.clock.wait(1_800 * NS_PER_S)
            await turn(20)
            assert desk.asked.count("PUT /fapi/v1/listenKey") == hours
        assert desk.sink.story == ["connected"]

    run(story)


def test_a_prolongation_that_fails_is_tried_again_a_minute_later() -> None:
    async def story(desk: Desk) -> None:
        desk.renewed = HttpAnswer(502, {}, b"<html>")
        desk.clock.wait(1_800 * NS_PER_S)
        await turn(20)
        desk.renewed = HttpAnswer(200, {}, b"{}")
        desk.clock.wait(60 * NS_PER_S)
        await turn(20)
        assert desk.asked.count("PUT /fapi/v1/listenKey") == 2
        assert desk.sink.story == ["connected"]

    run(story)


@pytest.mark.parametrize("is_told", [True, False])
def test_a_key_that_is_gone_is_replaced_and_the_account_compared(is_told: bool) -> None:
    async def story(desk: Desk) -> None:
        desk.keys.pop(0)
        if is_told:
            desk.socket.receive('{"e":"listenKeyExpired","E":"1","listenKey":"KEY1"}')
        else:
            desk.renewed = refused(-1125)
            desk.clock.wait(1_800 * NS_PER_S)
        await turn(30)
        assert desk.socket.url.endswith("=KEY2")
        assert [line.partition(":")[0] for line in desk.sink.story] == [
            "connected", "lost", "connected",
        ]  # fmt: skip

    run(story)


def test_a_wrong_key_ends_the_start_with_one_line() -> None:
    async def whole() -> None:
        desk = Desk()
        desk.keys = []
        desk.answer = lambda _method, _target: HttpAnswer(  # type: ignore[method-assign]
            401, {}, b'{"code":-2015,"msg":"Invalid API-key"}'
        )
        desk.network.answers = desk.answer
        with pytest.raises(CredentialsRefused, match="Invalid API-key"):
            await desk.view.start([instrument()], desk.sink)
        await turn(30)
        assert desk.network.sockets == []

    asyncio.run(whole())


def test_funding_and_transfers_say_that_the_account_changed() -> None:
    async def story(desk: Desk) -> None:
        for reason in ("FUNDING_FEE", "DEPOSIT", "ORDER"):
            told = {"e": "ACCOUNT_UPDATE", "E": START_MS, "a": {"m": reason, "B": [], "P": []}}
            desk.socket.receive(json.dumps(told))
        changed = [line for line in desk.sink.story if line.startswith("changed")]
        assert changed == ["changed: FUNDING_FEE", "changed: DEPOSIT"]

    run(story)


def test_an_order_of_a_strange_stop_is_told_in_time_though_no_message_follows() -> None:
    async def story(desk: Desk) -> None:
        said = {
            "s": "BTCUSDT", "c": "web_1", "S": "SELL", "o": "MARKET", "ot": "STOP_MARKET",
            "q": "1", "p": "0", "x": "NEW", "X": "NEW", "i": 5, "z": "0", "sp": "90",
        }  # fmt: skip
        told = {"e": "ORDER_TRADE_UPDATE", "E": START_MS, "o": said}
        desk.socket.receive(json.dumps(told, separators=(",", ":")))
        assert desk.sink.reports == []
        desk.clock.wait(HELD_FOR_NS)
        assert [r.client_order_id for r in desk.sink.reports] == ["web_1"]

    run(story)


def test_open_orders_are_those_that_rest_and_the_stops_that_wait() -> None:
    async def story(desk: Desk) -> None:
        desk.pages["/fapi/v1/openOrders"] = lambda _: body([ORDER])
        desk.pages["/fapi/v1/openAlgoOrders"] = lambda _: body([ALGO])
        found = await desk.view.open_orders(BTC)
        assert [o.client_order_id for o in found] == ["HSTOP1", "HABCDE1"]

    run(story)


def test_an_order_is_looked_for_in_both_books() -> None:
    async def story(desk: Desk) -> None:
        desk.pages["/fapi/v1/order"] = lambda params: (
            body({**ORDER, "orderId": 99, "status": "FILLED", "executedQty": "1"})
            if params.get("orderId") == "99"
            else refused(-2013)
        )
        triggered = {**ALGO, "algoStatus": "FINISHED", "actualOrderId": "99"}
        known = {"HSTOP1": ALGO, "HSTOP2": {**triggered, "clientAlgoId": "HSTOP2"}}
        desk.pages["/fapi/v1/algoOrder"] = lambda params: (
            body(known[params["clientAlgoId"]])
            if params["clientAlgoId"] in known
            else refused(-2013)
        )
        waiting = await desk.view.order(BTC, ClientOrderId("HSTOP1"))
        became = await desk.view.order(BTC, ClientOrderId("HSTOP2"))
        assert waiting is not None
        assert waiting.venue_order_id == "algo:7"
        assert became is not None
        assert (became.venue_order_id, became.client_order_id) == ("99", "HSTOP2")
        assert (became.status_text, became.cum_quantity) == ("FILLED", 10**8)
        assert await desk.view.order(BTC, ClientOrderId("nope")) is None

    run(story)


def test_trades_after_an_id_are_asked_for_without_times_page_by_page() -> None:
    asked: list[Params] = []

    def page(params: Params) -> HttpAnswer:
        asked.append(params)
        first = int(params["fromId"])
        return body([{**TRADE, "id": n} for n in range(first, min(first + ROWS_A_PAGE, 1_500))])

    async def story(desk: Desk) -> None:
        desk.pages["/fapi/v1/userTrades"] = page
        trades = await desk.view.trades(BTC, after=ExecId("9"))
        assert [int(t.execution.exec_id) for t in trades] == list(range(10, 1_500))
        assert [p["fromId"] for p in asked] == ["10", "1010"]
        assert not any("Time" in name for params in asked for name in params)

    run(story)


def test_a_venue_that_repeats_its_page_does_not_hold_us_for_ever() -> None:
    async def story(desk: Desk) -> None:
        rows = [{**TRADE, "id": n} for n in range(1, ROWS_A_PAGE + 1)]
        desk.pages["/fapi/v1/userTrades"] = lambda _: body(rows)
        with pytest.raises(VenueUnavailable, match="a page from"):
            await desk.view.trades(BTC, after=ExecId("0"))

    run(story)


def test_orders_after_a_stops_id_are_the_newest_page() -> None:
    async def story(desk: Desk) -> None:
        desk.pages["/fapi/v1/allAlgoOrders"] = lambda _: body([ALGO])
        desk.pages["/fapi/v1/allOrders"] = lambda params: (
            body([ORDER]) if "orderId" not in params else body([])
        )
        assert len(await desk.view.orders(BTC, after=VenueOrderId("algo:7"))) == 1
        assert await desk.view.orders(BTC, after=VenueOrderId("28")) == []
        assert desk.asked.count("GET /fapi/v1/allAlgoOrders") == 1
        desk.socket.drop("cut")
        await until(lambda: len(desk.network.sockets) == 2)
        await desk.view.orders(BTC, after=VenueOrderId("28"))
        assert desk.asked.count("GET /fapi/v1/allAlgoOrders") == 2

    run(story)


def moved(number: int, at_ns: int, kind: str = "FUNDING_FEE") -> dict[str, Any]:
    return {
        "incomeType": kind, "income": "-0.5", "asset": "USDT", "time": at_ns // NS_PER_MS,
        "tranId": number, "symbol": "BTCUSDT", "tradeId": "",
    }  # fmt: skip


def test_income_comes_from_all_windows_and_pages_once_and_without_executions() -> None:
    rows = [
        moved(
            n, START_NS - 20 * DAY_NS + n * NS_PER_MS * 3, "COMMISSION" if n % 5 == 0 else "F"
        )
        for n in range(2_500)
    ] + [moved(9_999, START_NS - DAY_NS)]
    windows: list[int] = []

    def page(params: Params) -> HttpAnswer:
        start, end = int(params["startTime"]), int(params["endTime"])
        windows.append((end - start) * NS_PER_MS)
        return body([r for r in rows if start <= r["time"] <= end][:ROWS_A_PAGE])

    async def story(desk: Desk) -> None:
        desk.pages["/fapi/v1/income"] = page
        after_ns = UtcNs(START_NS - 20 * DAY_NS)
        found = await desk.view.income(after_ns=after_ns)
        expected = [r["tranId"] for r in rows[1:] if r["incomeType"] != "COMMISSION"]
        assert [int(row.tran_id) for row in found] == expected
        assert max(windows) <= WINDOW_NS
        assert found[-1].amount == -5 * 10**17

    run(story)


def test_more_movements_in_a_millisecond_than_a_page_has_are_not_passed_over() -> None:
    async def story(desk: Desk) -> None:
        rows = [moved(n, START_NS - DAY_NS) for n in range(ROWS_A_PAGE)]
        desk.pages["/fapi/v1/income"] = lambda _: body(rows)
        with pytest.raises(VenueUnavailable, match="one millisecond"):
            await desk.view.income(after_ns=UtcNs(START_NS - 2 * DAY_NS))

    run(story)


def test_positions_of_contracts_that_are_not_traded_here_are_shown_too() -> None:
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.1"},
        {"filterType": "LOT_SIZE", "stepSize": "0.001"},
    ]
    listed = [
        {"symbol": s, "baseAsset": s[:3], "quoteAsset": "USDT", "filters": filters}
        for s in ("BTCUSDT", "ETHUSDT")
    ]
    held = [
        {"symbol": "ETHUSDT", "positionAmt": "-2", "positionSide": "SHORT", "entryPrice": "9"},
        {"symbol": "BTCUSDT", "positionAmt": "0.000"},
    ]

    async def story(desk: Desk) -> None:
        desk.pages["/fapi/v1/exchangeInfo"] = lambda _: body({"symbols": listed})
        desk.pages["/fapi/v3/positionRisk"] = lambda _: body(held)
        desk.pages["/fapi/v1/symbolConfig"] = lambda _: body(
            [{"symbol": "ETHUSDT", "marginType": "ISOLATED", "leverage": 5}]
        )
        (position,) = await desk.view.positions()
        assert (position.symbol, position.quantity) == ("ETHUSDT", -2 * 10**8)
        assert (position.leverage, position.margin_type) == (5, "isolated")

    run(story)


def test_a_position_of_a_contract_that_was_listed_meanwhile_is_shown() -> None:
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.1"},
        {"filterType": "LOT_SIZE", "stepSize": "0.001"},
    ]
    strange = [{"filterType": "PRICE_FILTER", "tickSize": "1e-30"}]
    listed = [
        {"symbol": "BTCUSDT", "baseAsset": "BTC", "quoteAsset": "USDT", "filters": filters},
        {"symbol": "ODDUSDT", "baseAsset": "ODD", "quoteAsset": "USDT", "filters": strange},
    ]
    held = [{"symbol": "NEWUSDT", "positionAmt": "3"}]

    async def story(desk: Desk) -> None:
        desk.pages["/fapi/v1/exchangeInfo"] = lambda _: body({"symbols": listed})
        desk.pages["/fapi/v3/positionRisk"] = lambda _: body([])
        desk.pages["/fapi/v1/symbolConfig"] = lambda _: body([])
        assert await desk.view.positions() == []
        desk.pages["/fapi/v3/positionRisk"] = lambda _: body(held)
        with pytest.raises(VenueUnavailable, match="'NEWUSDT' is held and not listed"):
            await desk.view.positions()
        listed.append({**listed[0], "symbol": "NEWUSDT"})
        (position,) = await desk.view.positions()
        assert (position.symbol, position.quantity) == ("NEWUSDT", 3 * 10**8)

    run(story)


def test_a_symbol_that_was_not_started_is_not_found() -> None:
    async def story(desk: Desk) -> None:
        desk.pages["/fapi/v1/openAlgoOrders"] = lambda _: body([])
        with pytest.raises(NotFound, match="ETHUSDT"):
            await desk.view.open_orders(Symbol("ETHUSDT"))

    run(story)
