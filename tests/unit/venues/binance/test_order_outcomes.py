"""The written table of order outcomes, row by row, driven through the adapter (XCH-6)."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Product
from holdfast.domain.order import NewOrder, OrderType, Side
from holdfast.domain.submission import Acked, Rejected, Unknown
from holdfast.domain.venue import CancelAcked, CancelRefused
from holdfast.venues.binance.wire.verdicts import (
    ASKS,
    CANCELING,
    FAILURES,
    RULES,
    Ask,
    Failure,
    Rule,
    Verdict,
    rule_of,
)
from tests.unit.venues.binance.entry_desk import Desk, run
from tests.unit.venues.binance.outcomes import (
    DOCUMENT,
    Case,
    Said,
    cases_of,
    document,
)
from tests.unit.venues.binance.sinks import cancel, order

WAYS = ("socket", "http")
ASKED = [(product, ask) for product, asks in ASKS.items() for ask in asks]
KINDS: dict[Verdict, tuple[type, type]] = {
    Verdict.NOT_DONE: (Rejected, CancelRefused),
    Verdict.IN_DOUBT: (Unknown, Unknown),
}
PLACED = {
    Ask.PLACE: ["A"],
    Ask.PLACE_ALGO: ["A"],
    Ask.PLACE_LIST: ["A", "B"],
    Ask.REPLACE: ["A"],
}
CANCELED = {Ask.REPLACE: ["C"], Ask.CANCEL: ["C"], Ask.CANCEL_ALGO: ["C"]}


def exit_pair() -> tuple[NewOrder, NewOrder]:
    shared: dict[str, Any] = {"order_list_id": "L", "contingency": "OCO", "side": Side.SELL}
    return (
        order("A", order_type=OrderType.STOP_MARKET, trigger_price=1, **shared),
        order("B", order_type=OrderType.LIMIT_MAKER, **shared),
    )


def ask(desk: Desk, asked: Ask) -> None:
    match asked:
        case Ask.PLACE:
            desk.entry.submit(order("A"))
        case Ask.PLACE_ALGO:
            desk.entry.submit(order("A", order_type=OrderType.STOP_MARKET, trigger_price=1))
        case Ask.PLACE_LIST:
            desk.entry.submit_list(exit_pair())
        case Ask.REPLACE:
            desk.entry.replace(cancel("C"), order("A"))
        case Ask.CANCEL:
            desk.entry.cancel(cancel("C"))
        case Ask.CANCEL_ALGO:
            stop = msgspec.structs.replace(cancel("C"), order_type=OrderType.STOP_MARKET)
            desk.entry.cancel(stop)


def say(desk: Desk, way: str, said: Said) -> None:
    """Let the venue refuse, by the way that was asked; code 0 is a page that is not its own."""
    error = {"code": said.code, "msg": said.text}
    if way == "socket":
        desk.reply(said.status, **({"error": error} if said.code else {}))
    elif said.code:
        desk.fallback.answer(said.status, json.dumps(error).encode())
    else:
        desk.fallback.answer(said.status, b"<html>not the venue</html>")


def succeed(desk: Desk, way: str, body: object) -> None:
    if way == "socket":
        desk.reply(200, result=body)
    else:
        desk.fallback.answer(200, json.dumps(body).encode())


def check(desk: Desk, asked: Ask, verdict: Verdict) -> None:
    """Each order and each cancel has one answer, of the kind that the table says."""
    submitted, canceled = KINDS[verdict]
    assert [name for name, _ in desk.sink.answers] == PLACED.get(asked, [])
    assert [name for name, _ in desk.sink.cancels] == CANCELED.get(asked, [])
    assert {type(answer) for _, answer in desk.sink.answers} <= {submitted}
    assert {type(answer) for _, answer in desk.sink.cancels} <= {canceled}


def live(
    product: Product, way: str, story: Callable[[Desk], None], *, written_count: int = 1
) -> None:
    """Live a story at one product by one way; nothing is ever written twice."""

    async def whole(desk: Desk) -> None:
        if way == "http":
            desk.leave_http_alone()
        story(desk)
        desk.clock.wait(60 * NS_PER_S)
        written = sum(len(socket.sent) for socket in desk.network.sockets) + sum(
            method != "GET" for http in desk.network.https for method, *_ in http.requests
        )
        assert written == written_count

    run(whole, Desk(product=product))


def drive(case: Case) -> None:
    for way in WAYS:

        def story(desk: Desk, way: str = way) -> None:
            ask(desk, case.ask)
            say(desk, way, case.said)
            check(desk, case.ask, case.verdict)

        live(case.product, way, story)


LATE = (Failure.NO_ANSWER, Failure.LOST, Failure.UNREADABLE, Failure.STRANGE)
EARLY = (Failure.NOT_CONNECTED, Failure.HELD, Failure.BANNED, Failure.UNSUPPORTED)


def test_every_failure_is_driven() -> None:
    assert {*LATE, *EARLY, Failure.CLOSED} == set(Failure) == {row[0] for row in FAILURES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code} {rule.why}")
def test_each_row_decides_what_it_describes(rule: Rule) -> None:
    cases = list(cases_of(rule))
    assert cases
    for case in cases:
        said = case.said
        found = rule_of(
            said.status, said.code, text=said.text, product=case.product, ask=case.ask
        )
        assert found is rule
        drive(case)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("product", "asked"), ASKED)
@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 599])
def test_no_code_makes_a_server_error_certain_except_where_it_is_documented(
    product: Product, asked: Ask, way: str, status: int
) -> None:
    def story(desk: Desk) -> None:
        ask(desk, asked)
        say(desk, way, Said(status, -2010, "Account has insufficient balance"))
        check(desk, asked, Verdict.IN_DOUBT)

    live(product, way, story)


DONE: dict[Ask, dict[str, Any]] = {
    Ask.PLACE: {"orderId": 7, "clientOrderId": "A"},
    Ask.PLACE_ALGO: {"algoId": 7, "clientAlgoId": "A"},
    Ask.PLACE_LIST: {
        "orders": [
            {"orderId": 7, "clientOrderId": "A"},
            {"orderId": 8, "clientOrderId": "B"},
        ]
    },
    Ask.REPLACE: {
        "cancelResult": "SUCCESS",
        "newOrderResult": "SUCCESS",
        "cancelResponse": {"origClientOrderId": "C", "executedQty": "0.5"},
        "newOrderResponse": {"orderId": 7, "clientOrderId": "A"},
    },
    Ask.CANCEL: {"origClientOrderId": "C", "executedQty": "0.5"},
    Ask.CANCEL_ALGO: {"algoId": 7, "clientAlgoId": "C", "code": "200", "msg": "success"},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("product", "asked"), ASKED)
def test_a_success_is_acked(product: Product, asked: Ask, way: str) -> None:
    def story(desk: Desk) -> None:
        ask(desk, asked)
        succeed(desk, way, DONE[asked])
        venue_id = "algo:7" if asked is Ask.PLACE_ALGO else "7"
        expected = [("A", Acked(venue_id)), ("B", Acked("8"))]
        assert desk.sink.answers == expected[: len(PLACED.get(asked, []))]
        executed = 0 if asked is Ask.CANCEL_ALGO else 50000000
        assert desk.sink.cancels == [
            (name, CancelAcked(executed)) for name in CANCELED.get(asked, [])
        ]

    live(product, way, story)


def spoiled(body: object) -> object:
    """Give the same success of some other order."""
    text = json.dumps(body)
    for name in "ABC":
        text = text.replace(f'"{name}"', f'"other{name}"')
    return json.loads(text)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("product", "asked"), ASKED)
@pytest.mark.parametrize("failure", LATE, ids=lambda failure: failure.name)
def test_an_answer_that_fails_proves_nothing(
    failure: Failure, product: Product, asked: Ask, way: str
) -> None:
    assert (failure, Verdict.IN_DOUBT) in [row[:2] for row in FAILURES]
    live(product, way, lambda desk: late(desk, failure, asked, way=way))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("product", "asked"), ASKED)
@pytest.mark.parametrize("failure", EARLY, ids=lambda failure: failure.name)
def test_a_request_that_never_left_was_certainly_not_done(
    failure: Failure, product: Product, asked: Ask, way: str
) -> None:
    assert (failure, Verdict.NOT_DONE) in [row[:2] for row in FAILURES]
    goes_on = failure is Failure.HELD and asked in CANCELING

    def story(desk: Desk) -> None:
        early(desk, failure, asked, way=way)
        desk.clock.wait(0)
        if goes_on:
            succeed(desk, way, DONE[asked])
            assert [type(answer) for _, answer in desk.sink.cancels] == [CancelAcked]
            return
        check(desk, asked, Verdict.NOT_DONE)
        told = [*desk.sink.answers, *desk.sink.cancels]
        assert all("nothing was sent" in answer.message for _, answer in told)  # type: ignore[union-attr]

    held = failure in (Failure.HELD, Failure.BANNED)
    live(product, way, story, written_count=int(held) + int(goes_on))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("product", "asked"), ASKED)
def test_what_waits_when_the_trader_disconnects_is_unknown(
    product: Product, asked: Ask, way: str
) -> None:
    desk = Desk(product=product)

    async def story(desk: Desk) -> None:
        if way == "http":
            desk.leave_http_alone()
        ask(desk, asked)

    run(story, desk)
    assert (Failure.CLOSED, Verdict.IN_DOUBT) in [row[:2] for row in FAILURES]
    check(desk, asked, Verdict.IN_DOUBT)


def late(desk: Desk, failure: Failure, asked: Ask, *, way: str) -> None:
    """Let a request leave, and something go wrong with its answer."""
    ask(desk, asked)
    match failure:
        case Failure.NO_ANSWER:
            if way == "socket":
                desk.socket.receive("{half a frame")
            desk.clock.wait(10 * NS_PER_S)
        case Failure.LOST if way == "socket":
            desk.socket.drop("reset by peer")
        case Failure.LOST:
            desk.fallback.close()
        case Failure.UNREADABLE:
            succeed(desk, way, [])
        case Failure.STRANGE:
            succeed(desk, way, spoiled(DONE[asked]))
        case _:
            raise AssertionError(f"{failure} is not about an answer")
    check(desk, asked, Verdict.IN_DOUBT)


def early(desk: Desk, failure: Failure, asked: Ask, *, way: str) -> None:
    """Let something keep a request from leaving at all."""
    match failure:
        case Failure.NOT_CONNECTED:
            desk.leave_http_alone()
            desk.close_lines()
            ask(desk, asked)
        case Failure.HELD | Failure.BANNED:
            is_ban = failure is Failure.BANNED
            desk.entry.submit(order("first"))
            say(desk, way, Said(418 if is_ban else 429, -1003, "too much"))
            desk.sink.answers.clear()
            ask(desk, asked)
        case _:
            refuse_by_kind(desk, asked)


def refuse_by_kind(desk: Desk, asked: Ask) -> None:
    """Ask for what the product has not."""
    foreign = Symbol("XYZ")
    match asked:
        case Ask.PLACE | Ask.PLACE_ALGO:
            desk.entry.submit(order("A", order_type=OrderType.STOP_MARKET))
        case Ask.PLACE_LIST:
            desk.entry.submit_list((order("A"), order("B")))
        case Ask.REPLACE:
            desk.entry.replace(cancel("C"), order("A", symbol=foreign))
        case _:
            desk.entry.cancel(msgspec.structs.replace(cancel("C"), symbol=foreign))


def test_usdm_has_neither_lists_nor_replacements() -> None:
    def story(desk: Desk) -> None:
        ask(desk, Ask.PLACE_LIST)
        ask(desk, Ask.REPLACE)
        desk.clock.wait(0)
        assert [type(answer) for _, answer in desk.sink.answers] == [Rejected] * 3
        assert [type(answer) for _, answer in desk.sink.cancels] == [CancelRefused]

    live(Product.LINEAR, "socket", story, written_count=0)


def test_the_document_says_what_the_table_says() -> None:
    assert DOCUMENT.read_text() == document(), (
        "write it anew: python -m tests.unit.venues.binance.outcomes"
    )
