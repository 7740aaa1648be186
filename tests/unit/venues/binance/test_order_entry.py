"""Orders and cancels: written at once, once, and each given one answer whatever happens."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from holdfast.domain.ids import AccountId
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.order import OrderType
from holdfast.domain.ports import WebSocketListener
from holdfast.domain.submission import Acked, Rejected, Unknown
from holdfast.domain.venue import CancelAcked, CancelRefused
from holdfast.errors import CredentialsRefused, InvariantBroken, VenueUnavailable
from holdfast.testing.clock import START_NS
from holdfast.testing.network import FakeWebSocket
from holdfast.venues.binance.options import Credentials, Options, Rotation
from tests.unit.venues.binance.entry_desk import Desk, run
from tests.unit.venues.binance.sinks import cancel, order, turn, until


def test_an_order_is_written_before_submit_returns_and_acked_once() -> None:
    async def story(desk: Desk) -> None:
        desk.entry.submit(order())
        message = desk.sent()
        assert message["method"] == "order.place"
        assert message["params"]["newClientOrderId"] == order().client_order_id
        assert message["params"]["timestamp"] == START_NS // 10**6
        assert desk.sink.answers == []
        for _ in range(2):
            desk.reply(200, result={"symbol": "BTCUSDT", "orderId": 28})
        assert desk.sink.answers == [(order().client_order_id, Acked("28"))]

    run(story)


def test_a_refusal_reaches_the_order_that_it_is_about() -> None:
    async def story(desk: Desk) -> None:
        for name in ("A", "B"):
            desk.entry.submit(order(name))
        first = desk.sent(0)["id"]
        error = {"code": -2010, "msg": "Account has insufficient balance"}
        desk.socket.receive(json.dumps({"id": first, "status": 400, "error": error}))
        assert desk.sink.answers == [("A", Rejected(-2010, error["msg"]))]

    run(story)


def test_a_cancel_is_answered_with_what_was_executed() -> None:
    async def story(desk: Desk) -> None:
        desk.entry.cancel(cancel())
        assert desk.sent()["params"]["origClientOrderId"] == cancel().client_order_id
        desk.reply(200, result={"executedQty": "0.00400000"})
        desk.entry.cancel(cancel())
        desk.reply(400, error={"code": -2011, "msg": "Unknown order sent."})
        desk.entry.cancel(cancel())
        desk.reply(504, error={"code": -1007, "msg": "Timeout"})
        answers = [answer for _, answer in desk.sink.cancels]
        assert answers[:2] == [CancelAcked(400000), CancelRefused(-2011, "Unknown order sent.")]
        assert isinstance(answers[2], Unknown)

    run(story)


def test_what_a_lost_connection_left_open_is_unknown_and_is_not_sent_again() -> None:
    async def story(desk: Desk) -> None:
        desk.entry.submit(order("A"))
        desk.entry.cancel(cancel("B"))
        desk.socket.drop("reset by peer")
        assert [name for name, _ in desk.sink.answers] == ["A"]
        assert isinstance(desk.sink.answers[0][1], Unknown)
        assert isinstance(desk.sink.cancels[0][1], Unknown)
        await turn(30)
        assert len(desk.network.sockets) == 2
        assert desk.socket.sent == []
        assert all(
            method == "GET" for http in desk.network.https for method, *_ in http.requests
        )

    run(story)


def test_an_answer_that_does_not_come_in_time_is_unknown_and_a_late_one_changes_nothing() -> (
    None
):
    async def story(desk: Desk) -> None:
        desk.entry.submit(order("A"))
        desk.clock.wait(3 * NS_PER_S)
        desk.entry.submit(order("B"))
        desk.socket.receive(json.dumps({"id": 99, "status": 200}))
        desk.clock.wait(8 * NS_PER_S)
        assert desk.sink.answers == [("A", Unknown("no answer in time"))]
        desk.socket.receive(
            json.dumps({"id": desk.sent(0)["id"], "status": 200, "result": {"orderId": 1}})
        )
        desk.reply(200, result={"orderId": 2})
        desk.clock.wait(30 * NS_PER_S)
        assert desk.sink.answers[1:] == [("B", Acked("2"))]

    run(story)


def test_orders_go_by_http_while_the_socket_is_down() -> None:
    async def story(desk: Desk) -> None:
        desk.network.refusals = 1000
        desk.socket.drop("gone")
        assert desk.entry.is_connected
        desk.entry.submit(order("A"))
        desk.entry.cancel(cancel("B"))
        (place, place_target, headers), (delete, delete_target, _) = desk.fallback.requests
        assert (place, delete) == ("POST", "DELETE")
        assert headers == {"X-MBX-APIKEY": "KEY"}
        assert parse_qs(urlsplit(place_target).query)["newClientOrderId"] == ["A"]
        assert parse_qs(urlsplit(delete_target).query)["origClientOrderId"] == ["B"]
        desk.fallback.answer(200, b'{"orderId":5}')
        desk.fallback.answer(400, b'{"code":-2011,"msg":"Unknown order sent."}')
        assert desk.sink.answers == [("A", Acked("5"))]
        assert desk.sink.cancels == [("B", CancelRefused(-2011, "Unknown order sent."))]

    run(story)


def test_a_start_without_the_websocket_api_trades_by_http_until_it_is_there() -> None:
    async def whole() -> None:
        desk = Desk()
        down = asyncio.Event()
        open_one = desk.network.websocket

        async def websocket(url: str, listener: WebSocketListener) -> FakeWebSocket:
            if not down.is_set():
                raise ConnectionRefusedError("down")
            return await open_one(url, listener)

        desk.network.websocket = websocket  # type: ignore[method-assign]
        await desk.start()
        assert desk.entry.is_connected
        desk.entry.submit(order("A"))
        desk.fallback.answer(200, b'{"orderId":5}')
        assert desk.sink.answers == [("A", Acked("5"))]
        down.set()
        await until(lambda: bool(desk.network.sockets))
        desk.entry.submit(order("B"))
        assert desk.sent()["params"]["newClientOrderId"] == "B"
        await desk.entry.close()

    asyncio.run(whole())


def test_an_http_connection_that_ends_leaves_its_orders_unknown() -> None:
    async def story(desk: Desk) -> None:
        desk.network.refusals = 1000
        desk.socket.drop("gone")
        desk.entry.submit(order("A"))
        desk.fallback.close()
        assert desk.sink.answers == [("A", Unknown("the connection was lost"))]
        assert not desk.entry.is_connected

    run(story)


def test_with_no_way_out_an_order_is_refused_as_certainly_not_sent() -> None:
    async def story(desk: Desk) -> None:
        desk.leave_http_alone()
        desk.close_lines()
        desk.entry.submit(order("A"))
        desk.entry.cancel(cancel("B"))
        assert desk.sink.answers == []
        desk.clock.wait(0)
        reason = "not connected; nothing was sent"
        assert desk.sink.answers == [("A", Rejected(0, reason))]
        assert desk.sink.cancels == [("B", CancelRefused(0, reason))]
        desk.clock.wait(60 * NS_PER_S)
        assert len(desk.sink.answers) == len(desk.sink.cancels) == 1

    run(story)


def test_a_page_of_a_proxy_leaves_the_order_unknown() -> None:
    async def story(desk: Desk) -> None:
        desk.network.refusals = 1000
        desk.socket.drop("gone")
        desk.entry.submit(order("A"))
        desk.fallback.answer(403, b"<html>request blocked</html>")
        assert isinstance(desk.sink.answers[0][1], Unknown)

    run(story)


def test_after_429_cancels_go_on_and_orders_wait() -> None:
    until_ms = START_NS // 10**6 + 9000
    limit = {"code": -1015, "msg": "Too many new orders", "data": {"retryAfter": until_ms}}

    async def story(desk: Desk) -> None:
        desk.entry.submit(order("A"))
        desk.reply(429, error=limit)
        assert not desk.entry.is_connected
        assert desk.entry.can_cancel
        desk.entry.submit(order("B"))
        desk.entry.cancel(cancel("C"))
        assert desk.sent()["method"] == "order.cancel"
        assert len(desk.socket.sent) == 2
        desk.clock.wait(9 * NS_PER_S)
        assert desk.entry.is_connected
        assert [name for name, _ in desk.sink.answers] == ["A", "B"]
        assert all(isinstance(answer, Rejected) for _, answer in desk.sink.answers)

    run(story)


@pytest.mark.parametrize("retry_after", [0, 30, -1, 10**30])
def test_a_429_that_names_no_sensible_instant_holds_all_the_same(retry_after: int) -> None:
    limit = {"code": -1003, "msg": "Too much weight", "data": {"retryAfter": retry_after}}

    async def story(desk: Desk) -> None:
        desk.entry.submit(order("A"))
        desk.reply(429, error=limit)
        desk.clock.wait(59 * NS_PER_S)
        assert not desk.entry.is_connected
        desk.clock.wait(3 * 86_400 * NS_PER_S)
        assert desk.entry.is_connected

    run(story)


def test_a_429_to_a_cancel_holds_cancels_too_before_it_becomes_a_ban() -> None:
    until_ms = START_NS // 10**6 + 9000
    limit = {"code": -1003, "msg": "Too much weight", "data": {"retryAfter": until_ms}}

    async def story(desk: Desk) -> None:
        desk.entry.cancel(cancel("A"))
        desk.reply(429, error=limit)
        assert not desk.entry.can_cancel
        desk.entry.cancel(cancel("B"))
        assert len(desk.socket.sent) == 1
        desk.clock.wait(9 * NS_PER_S)
        assert desk.entry.can_cancel
        assert all(isinstance(answer, CancelRefused) for _, answer in desk.sink.cancels)

    run(story)


def test_after_418_nothing_is_written_at_all() -> None:
    async def story(desk: Desk) -> None:
        desk.network.refusals = 1000
        desk.socket.drop("gone")
        desk.entry.submit(order("A"))
        desk.fallback.answer(418, b'{"code":-1003,"msg":"banned"}', retry_after="120")
        desk.entry.submit(order("B"))
        desk.entry.cancel(cancel("C"))
        assert len(desk.fallback.requests) == 1
        desk.clock.wait(119 * NS_PER_S)
        assert not desk.entry.is_connected
        assert not desk.entry.can_cancel
        desk.clock.wait(NS_PER_S)
        assert desk.entry.is_connected
        assert isinstance(desk.sink.cancels[0][1], CancelRefused)

    run(story)


def test_a_refused_time_stamp_measures_the_clock_and_sends_nothing_again() -> None:
    async def story(desk: Desk) -> None:
        asked = desk.asked_time
        desk.entry.submit(order("A"))
        desk.reply(400, error={"code": -1021, "msg": "outside of the recvWindow"})
        await turn()
        assert desk.asked_time == asked + 1
        assert len(desk.socket.sent) == 1
        assert isinstance(desk.sink.answers[0][1], Rejected)

    run(story)


def test_an_unreadable_reply_is_left_to_the_deadline() -> None:
    async def story(desk: Desk) -> None:
        desk.entry.submit(order("A"))
        desk.socket.receive("{{{")
        assert desk.sink.answers == []
        desk.clock.wait(10 * NS_PER_S)
        assert isinstance(desk.sink.answers[0][1], Unknown)

    run(story)


@pytest.mark.parametrize(
    "extra",
    [
        {"rateLimits": None},
        {"rateLimits": [{"rateLimitType": 7}]},
        {"rateLimits": "none", "brandNew": {"a": [1]}},
        {
            "rateLimits": [
                {"rateLimitType": "X", "interval": "EON", "intervalNum": 1, "count": 2}
            ]
        },
    ],
)
def test_counts_that_cannot_be_read_hide_no_answer(extra: dict[str, Any]) -> None:
    async def story(desk: Desk) -> None:
        desk.entry.submit(order("A"))
        desk.reply(200, result={"orderId": 7}, **extra)
        assert desk.sink.answers == [("A", Acked("7"))]

    run(story)


def test_no_frame_however_bad_keeps_the_next_answer_from_its_order() -> None:
    bad = [b"", b"\xff", b"[", b"{" * 50_000, b"null", b"7", b'{"id":{}}', b'{"id":true}']
    bad += [b'{"id":9223372036854775808,"status":200}', b'{"id":1,"status":1e999}']

    async def story(desk: Desk) -> None:
        desk.entry.submit(order("A"))
        for frame in bad:
            desk.socket.receive(frame)
        assert desk.sink.answers == []
        desk.reply(200, result={"orderId": 7})
        assert desk.sink.answers == [("A", Acked("7"))]

    run(story)


def test_the_venue_is_obeyed_for_three_days_at_most() -> None:
    error = {"code": -1003, "msg": "banned", "data": {"retryAfter": 10**30}}

    async def story(desk: Desk) -> None:
        desk.entry.submit(order("A"))
        desk.reply(418, error=error)
        desk.clock.wait(3 * 86_400 * NS_PER_S - 1)
        assert not desk.entry.is_connected
        desk.clock.wait(1)
        assert desk.entry.is_connected

    run(story)


def test_closing_answers_what_is_open() -> None:
    async def story(desk: Desk) -> None:
        desk.entry.submit(order("A"))
        await desk.entry.close()
        await desk.entry.close()
        assert [name for name, _ in desk.sink.answers] == ["A"]
        assert isinstance(desk.sink.answers[0][1], Unknown)

    run(story)


def test_an_order_that_cannot_be_written_is_refused() -> None:
    async def story(desk: Desk) -> None:
        desk.entry.submit(order("A", order_type=OrderType.TRAILING_STOP))
        desk.clock.wait(0)
        assert isinstance(desk.sink.answers[0][1], Rejected)
        assert desk.socket.sent == []

    run(story)


def test_an_order_of_another_account_is_a_broken_invariant() -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(InvariantBroken):
            desk.entry.submit(order("A", account=AccountId("other")))
        assert desk.socket.sent == []

    run(story)


def test_pings_are_answered_at_once_or_by_whom_they_were_handed_to() -> None:
    async def story(desk: Desk) -> None:
        desk.socket.ping(b"1")
        assert desk.socket.pongs == [b"1"]
        kept: list[tuple[Any, bytes]] = []
        desk.entry.hand_pings_to(lambda connection, payload: kept.append((connection, payload)))
        desk.socket.ping(b"2")
        assert desk.socket.pongs == [b"1"]
        kept[0][0].pong(kept[0][1])
        assert desk.socket.pongs == [b"1", b"2"]

    run(story)


def test_a_shutdown_notice_opens_another_connection_at_once() -> None:
    async def story(desk: Desk) -> None:
        desk.socket.receive('{"event":{"e":"serverShutdown","E":1}}')
        await turn()
        assert len(desk.network.sockets) == 2
        assert desk.entry.is_connected

    run(story)


def test_a_shutdown_notice_lets_answers_come_and_sends_new_orders_the_other_way() -> None:
    async def story(desk: Desk) -> None:
        desk.entry.submit(order("A"))
        old = desk.socket
        old.receive('{"event":{"e":"serverShutdown","E":1}}')
        await turn()
        assert desk.entry.is_connected
        desk.entry.submit(order("B"))
        assert len(old.sent) == 1
        assert len(desk.fallback.requests) == 1
        desk.reply(200, result={"orderId": 7})
        async with asyncio.timeout(5):
            while len(desk.network.sockets) == 1:  # noqa: ASYNC110 - the turn is what is awaited
                await asyncio.sleep(0.001)
        assert desk.sink.answers == [("A", Acked("7"))]
        desk.entry.submit(order("C"))
        assert desk.sent()["params"]["newClientOrderId"] == "C"

    run(story)


def test_a_connection_is_changed_before_the_venue_cuts_it() -> None:
    async def story(desk: Desk) -> None:
        async with asyncio.timeout(5):
            while len(desk.network.sockets) < 3:  # noqa: ASYNC110 - the turn is what is awaited
                await asyncio.sleep(0.001)
        assert desk.entry.is_connected

    run(story, Desk(rotation=Rotation(after_s=0.01)))


def ed25519() -> Credentials:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Credentials("KEY", pem)


def test_an_ed25519_key_logs_on_once_and_then_sends_plain_orders() -> None:
    async def whole() -> None:
        desk = Desk(ed25519())
        starting = asyncio.create_task(desk.start())
        await turn()
        assert desk.sent()["method"] == "session.logon"
        assert not starting.done()
        desk.reply(200, result={"apiKey": "KEY"})
        await starting
        desk.entry.submit(order())
        assert "signature" not in desk.sent()["params"]
        await desk.entry.close()

    asyncio.run(whole())


def test_a_logon_that_nobody_answers_is_tried_on_another_connection() -> None:
    async def whole() -> None:
        desk = Desk(ed25519())
        starting = asyncio.create_task(desk.start())
        await turn()
        desk.reply(200, result={})
        await starting
        desk.entry._session._options = Options(query_timeout_s=0.02)
        desk.socket.drop("cut")
        await until(lambda: len(desk.network.sockets) == 3)
        desk.reply(200, result={})
        assert desk.entry._session.is_ready
        await asyncio.sleep(0.04)
        assert len(desk.network.sockets) == 3
        await desk.entry.close()

    asyncio.run(whole())


def test_a_connection_that_answers_nothing_is_left_when_an_order_is_overdue() -> None:
    async def story(desk: Desk) -> None:
        desk.entry.submit(order("A"))
        desk.socket.ping(b"alive")
        desk.clock.wait(10 * NS_PER_S)
        assert desk.sink.answers == [("A", Unknown("no answer in time"))]
        await until(lambda: len(desk.network.sockets) == 2)
        desk.entry.submit(order("B"))
        assert desk.sent()["params"]["newClientOrderId"] == "B"
        desk.clock.wait(NS_PER_S)
        desk.socket.receive(json.dumps({"id": 99, "status": 200, "result": {}}))
        desk.clock.wait(9 * NS_PER_S)
        await turn()
        assert len(desk.network.sockets) == 2

    run(story)


def test_many_refused_time_stamps_are_one_measurement() -> None:
    async def story(desk: Desk) -> None:
        before = desk.asked_time
        for name in "ABCDE":
            desk.entry.submit(order(name))
            desk.reply(400, error={"code": -1021, "msg": "ahead"})
        await turn()
        assert desk.asked_time == before + 1

    run(story)


def test_a_logon_that_is_refused_ends_the_start_with_one_line() -> None:
    async def whole() -> None:
        desk = Desk(ed25519())
        starting = asyncio.create_task(desk.start())
        await turn()
        desk.reply(401, error={"code": -2015, "msg": "Invalid API-key"})
        with pytest.raises(CredentialsRefused, match="Invalid API-key"):
            await starting
        assert not desk.entry.is_connected

    asyncio.run(whole())


def test_a_venue_that_is_not_there_ends_the_start_with_one_line() -> None:
    async def whole() -> None:
        desk = Desk()
        desk.network.refusals = 10
        with pytest.raises(VenueUnavailable):
            await desk.start()
        assert not desk.entry.is_connected

    asyncio.run(whole())
