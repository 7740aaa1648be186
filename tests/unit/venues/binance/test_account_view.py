"""The account: a subscription that stands, reports in their order, and queries page by page."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.ports import HttpAnswer
from holdfast.errors import CredentialsRefused, NotFound, VenueRefused, VenueTimeout
from holdfast.testing.clock import START_NS, ManualClock
from holdfast.testing.market import instrument
from holdfast.testing.network import FakeNetwork, FakeWebSocket
from holdfast.venues.binance.account_view import (
    ORDERS_A_PAGE,
    TRADES_A_PAGE,
    BinanceAccountView,
)
from holdfast.venues.binance.options import Credentials, Endpoints, Options
from holdfast.venues.binance.rest import Rest
from holdfast.venues.binance.subscription import SUBSCRIBE
from tests.unit.venues.binance.sinks import KeptAccount, turn, until
from tests.unit.venues.binance.test_account_wire import ORDER, REPORT, TRADE

KEYS = Credentials("KEY", "SECRET")
BTC = Symbol("BTCUSDT")
Story = Callable[["Desk"], Coroutine[None, None, None]]


class Desk:
    """An account view before a venue that is the test."""

    def __init__(self, **options: Any) -> None:
        self.network = FakeNetwork(self.answer)
        self.clock = ManualClock()
        self.sink = KeptAccount()
        self.server_ms = START_NS // 10**6
        self.pages: dict[str, Callable[[dict[str, str]], HttpAnswer]] = {}
        endpoints = Endpoints("https://venue", "wss://venue", "wss://venue/api")
        chosen = Options(**{"silence_limit_s": 0, "query_timeout_s": 5.0, **options})
        rest = Rest(
            self.network, self.clock, origin=endpoints.rest, credentials=KEYS, options=chosen
        )
        self.view = BinanceAccountView(
            self.network,
            self.clock,
            endpoints=endpoints,
            credentials=KEYS,
            rest=rest,
            jitter=lambda: 0.0,
            options=chosen,
        )

    def answer(self, _method: str, target: str) -> HttpAnswer | None:
        parts = urlsplit(target)
        if parts.path == "/api/v3/time":
            return HttpAnswer(200, {}, b'{"serverTime":%d}' % self.server_ms)
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self.pages[parts.path](params)

    @property
    def socket(self) -> FakeWebSocket:
        return self.network.sockets[-1]

    def confirm(self, status: int = 200, **content: Any) -> None:
        number = json.loads(self.socket.sent[-1])["id"]
        self.socket.receive(json.dumps({"id": number, "status": status, **content}))

    def tell(self, **changes: Any) -> None:
        told = {"subscriptionId": 0, "event": {**REPORT, **changes}}
        self.socket.receive(json.dumps(told, separators=(",", ":")))

    async def start(self) -> None:
        starting = asyncio.create_task(self.view.start([instrument()], self.sink))
        await turn()
        self.confirm(result={"subscriptionId": 0})
        await starting


def run(story: Story, desk: Desk | None = None) -> None:
    async def whole() -> None:
        used = desk or Desk()
        await used.start()
        try:
            await story(used)
        finally:
            await used.view.close()

    asyncio.run(whole())


def body(content: object) -> HttpAnswer:
    return HttpAnswer(200, {}, json.dumps(content).encode())


def test_the_subscription_is_signed_and_told_when_it_is_confirmed() -> None:
    async def story(desk: Desk) -> None:
        message = json.loads(desk.socket.sent[0])
        assert message["method"] == SUBSCRIBE
        assert set(message["params"]) == {"apiKey", "recvWindow", "timestamp", "signature"}
        assert desk.sink.story == ["connected"]

    run(story)


def test_reports_arrive_in_their_order_each_with_the_end_of_its_frame() -> None:
    async def story(desk: Desk) -> None:
        desk.tell(c="A")
        desk.tell(c="B", x="CANCELED", X="CANCELED", C="A")
        assert desk.sink.story[1:] == ["acked A", "frame", "canceled A", "frame"]

    run(story)


def test_after_every_reconnect_the_account_has_to_be_compared_again() -> None:
    async def story(desk: Desk) -> None:
        desk.socket.drop("reset")
        await turn()
        assert desk.sink.story == ["connected", "lost: reset"]
        desk.confirm(result={"subscriptionId": 0})
        assert desk.sink.story[-1] == "connected"

    run(story)


@pytest.mark.parametrize(
    "message",
    [
        "{{",
        '{"subscriptionId":0,"event":{"e":"executionReport"}}',
        '{"event":{"e":"eventStreamTerminated","E":1}}',
    ],
)
def test_what_cannot_be_read_and_what_ends_the_stream_start_it_anew(message: str) -> None:
    async def story(desk: Desk) -> None:
        desk.socket.receive(message)
        assert desk.sink.story[-1].startswith("lost: ")
        await turn()
        assert len(desk.network.sockets) == 2

    run(story)


def test_a_shutdown_notice_opens_a_second_stream_and_loses_nothing() -> None:
    async def story(desk: Desk) -> None:
        desk.socket.receive('{"event":{"e":"serverShutdown","E":1}}')
        await turn()
        assert len(desk.network.sockets) == 2
        old, new = desk.network.sockets
        number = json.loads(new.sent[-1])["id"]
        new.receive(json.dumps({"id": number, "status": 200, "result": {}}))
        told = json.dumps({"subscriptionId": 0, "event": {**REPORT, "c": "A"}})
        new.receive(told)
        assert desk.sink.story == ["connected"]
        old.receive(told)
        new.receive(told)
        await until(lambda: not old.is_open)
        new.receive(told.replace('"A"', '"B"'))
        assert desk.sink.story == ["connected", "acked A", "frame", "acked B", "frame"]

    run(story)


def test_a_stream_that_is_cut_while_the_next_one_is_asked_for_is_compared_anew() -> None:
    async def story(desk: Desk) -> None:
        desk.socket.receive('{"event":{"e":"serverShutdown","E":1}}')
        await turn()
        desk.network.sockets[0].drop("cut")
        assert desk.sink.story == ["connected", "lost: cut"]
        desk.confirm(result={})
        assert desk.sink.story == ["connected", "lost: cut", "connected"]

    run(story)


def test_a_refused_key_ends_the_start_with_one_line() -> None:
    async def whole() -> None:
        desk = Desk()
        starting = asyncio.create_task(desk.view.start([instrument()], desk.sink))
        await turn()
        desk.confirm(400, error={"code": -1022, "msg": "Signature is not valid."})
        with pytest.raises(CredentialsRefused, match="Signature is not valid"):
            await starting
        await turn(30)
        assert len(desk.network.sockets) == 1

    asyncio.run(whole())


def test_a_silent_start_is_a_time_out() -> None:
    async def whole() -> None:
        desk = Desk(query_timeout_s=0.01)
        with pytest.raises(VenueTimeout, match="not confirmed in time"):
            await desk.view.start([instrument()], desk.sink)

    asyncio.run(whole())


def test_a_refused_time_stamp_is_measured_and_the_subscription_asked_again() -> None:
    async def whole() -> None:
        desk = Desk(paper_pings=True)
        desk.server_ms += 7000
        starting = asyncio.create_task(desk.view.start([instrument()], desk.sink))
        await turn()
        desk.confirm(400, error={"code": -1021, "msg": "ahead"})
        await turn()
        assert json.loads(desk.socket.sent[-1])["params"]["timestamp"] == desk.server_ms
        desk.confirm(result={"subscriptionId": 0})
        await starting
        assert desk.sink.story == ["connected"]
        await desk.view.close()

    asyncio.run(whole())


def test_a_time_stamp_that_is_refused_twice_ends_the_connection_and_is_no_storm() -> None:
    async def story(desk: Desk) -> None:
        before = len(desk.network.https[0].requests)
        desk.socket.drop("cut")
        await until(lambda: len(desk.network.sockets) == 2)
        for _ in range(2):
            desk.confirm(400, error={"code": -1021, "msg": "ahead"})
            await turn()
        assert [len(one.sent) for one in desk.network.sockets] == [1, 2, 1]
        assert len(desk.network.https[0].requests) == before + 1

    run(story)


def test_a_subscription_that_nobody_answers_is_asked_on_another_connection() -> None:
    async def story(desk: Desk) -> None:
        desk.socket.drop("cut")
        await until(lambda: len(desk.network.sockets) == 3)
        desk.confirm(result={"subscriptionId": 0})
        assert desk.sink.story[-1] == "connected"
        assert "lost: the subscription was not answered" in desk.sink.story
        await asyncio.sleep(0.04)
        assert len(desk.network.sockets) == 3

    run(story, Desk(query_timeout_s=0.02))


def test_a_connection_that_changes_while_time_is_measured_is_subscribed_once() -> None:
    async def story(desk: Desk) -> None:
        desk.socket.drop("cut")
        await until(lambda: len(desk.network.sockets) == 2)
        desk.confirm(400, error={"code": -1021, "msg": "ahead"})
        desk.socket.drop("cut again")
        await until(lambda: len(desk.network.sockets) == 3)
        await turn()
        assert len(desk.socket.sent) == 1

    run(story)


def test_pings_are_left_to_the_sink_in_paper_and_answered_at_once_live() -> None:
    async def live(desk: Desk) -> None:
        desk.socket.ping(b"1")
        assert (desk.socket.pongs, desk.sink.pings) == ([b"1"], [])

    async def paper(desk: Desk) -> None:
        desk.socket.ping(b"1")
        assert desk.socket.pongs == []
        desk.sink.pings[0][0].pong(b"1")
        assert desk.socket.pongs == [b"1"]

    run(live)
    run(paper, Desk(paper_pings=True))


def test_an_order_that_the_venue_does_not_know_is_none() -> None:
    async def story(desk: Desk) -> None:
        unknown = HttpAnswer(400, {}, b'{"code":-2013,"msg":"Order does not exist."}')
        desk.pages["/api/v3/order"] = lambda params: (
            body(ORDER) if params["origClientOrderId"] == "HABCDE1" else unknown
        )
        assert await desk.view.order(BTC, ClientOrderId("nope")) is None
        found = await desk.view.order(BTC, ClientOrderId("HABCDE1"))
        assert found is not None
        assert found.venue_order_id == "28"

    run(story)


def test_another_refusal_is_not_taken_for_an_unknown_order() -> None:
    async def story(desk: Desk) -> None:
        refused = HttpAnswer(400, {}, b'{"code":-1100,"msg":"Illegal characters"}')
        desk.pages["/api/v3/order"] = lambda _params: refused
        with pytest.raises(VenueRefused, match="Illegal characters"):
            await desk.view.order(BTC, ClientOrderId("x"))

    run(story)


def test_executions_after_an_id_come_from_all_pages() -> None:
    asked: list[dict[str, str]] = []

    def page(params: dict[str, str]) -> HttpAnswer:
        asked.append(params)
        first = int(params["fromId"])
        last = min(first + TRADES_A_PAGE, 1500)
        return body([{**TRADE, "id": number} for number in range(first, last)])

    async def story(desk: Desk) -> None:
        desk.pages["/api/v3/myTrades"] = page
        trades = await desk.view.trades(BTC, after=ExecId("9"))
        assert [int(t.execution.exec_id) for t in trades] == list(range(10, 1500))
        assert [params["fromId"] for params in asked] == ["10", "1010"]

    run(story)


def test_orders_after_one_of_the_venue_come_from_all_pages_in_any_state() -> None:
    asked: list[dict[str, str]] = []
    states = ["NEW", "FILLED", "CANCELED", "EXPIRED"]

    def page(params: dict[str, str]) -> HttpAnswer:
        asked.append(params)
        first = int(params["orderId"])
        last = min(first + ORDERS_A_PAGE, 1500)
        return body(
            [
                {**ORDER, "orderId": number, "status": states[number % 4]}
                for number in range(first, last)
            ]
        )

    async def story(desk: Desk) -> None:
        desk.pages["/api/v3/allOrders"] = page
        orders = await desk.view.orders(BTC, after=VenueOrderId("9"))
        assert [int(found.venue_order_id) for found in orders] == list(range(10, 1500))
        assert [found.kind.value for found in orders[:4]] == [
            "canceled",
            "expired",
            "acked",
            "status",
        ]
        assert [params["orderId"] for params in asked] == ["10", "1010"]
        assert {params["limit"] for params in asked} == {"1000"}

    run(story)


def test_the_newest_orders_are_one_page_without_a_first_id() -> None:
    async def story(desk: Desk) -> None:
        desk.pages["/api/v3/allOrders"] = lambda params: (
            body([ORDER]) if "orderId" not in params else body([])
        )
        assert len(await desk.view.orders(BTC, after=None)) == 1

    run(story)


def test_the_newest_executions_are_one_page_without_a_first_id() -> None:
    async def story(desk: Desk) -> None:
        desk.pages["/api/v3/myTrades"] = lambda params: (
            body([TRADE]) if "fromId" not in params else body([])
        )
        assert len(await desk.view.trades(BTC, after=None)) == 1

    run(story)


def test_open_orders_balances_and_spots_empty_positions() -> None:
    async def story(desk: Desk) -> None:
        desk.pages["/api/v3/openOrders"] = lambda _params: body([ORDER])
        desk.pages["/api/v3/account"] = lambda _params: body(
            {"balances": [{"asset": "BTC", "free": "1", "locked": "2"}]}
        )
        assert [o.client_order_id for o in await desk.view.open_orders(BTC)] == ["HABCDE1"]
        assert [b.total for b in await desk.view.balances()] == [3 * 10**18]
        assert await desk.view.positions() == []

    run(story)


def test_a_symbol_that_was_not_started_is_not_found() -> None:
    async def story(desk: Desk) -> None:
        desk.pages["/api/v3/openOrders"] = lambda _params: body([])
        with pytest.raises(NotFound, match="ETHUSDT"):
            await desk.view.open_orders(Symbol("ETHUSDT"))

    run(story)
