"""What each answer says about an order: the table row by row, and around it."""

import json

import pytest

from holdfast.domain.ids import ClientOrderId
from holdfast.domain.instrument import Product
from holdfast.domain.submission import Acked, Rejected, Unknown
from holdfast.domain.venue import CancelAcked, CancelRefused
from holdfast.testing.market import instrument
from holdfast.venues.binance.wire.replies import (
    Answered,
    Body,
    ErrorBody,
    Reply,
    cancel_answer,
    error_body,
    list_submissions,
    replace_answers,
    reply,
    submission,
)
from holdfast.venues.binance.wire.unreadable import Unreadable
from holdfast.venues.binance.wire.verdicts import Ask, Verdict, judge

SPOT, USDM = Product.SPOT, Product.LINEAR
NOT_DONE, IN_DOUBT = Verdict.NOT_DONE, Verdict.IN_DOUBT
BTC = instrument()


# Rows of the facts that the table has to agree with, written independently of it.
@pytest.mark.parametrize(
    ("status", "code", "text", "product", "verdict"),
    [
        (500, -1000, "An unknown error occurred while processing the request.", SPOT, IN_DOUBT),
        (502, 0, "<html>Bad Gateway</html>", SPOT, IN_DOUBT),
        (503, 0, "", SPOT, IN_DOUBT),
        (503, -1000, "Unknown error, please check your request", USDM, IN_DOUBT),
        (503, 0, "Service Unavailable.", USDM, NOT_DONE),
        (503, -1008, "Request throttled by system-level protection.", USDM, NOT_DONE),
        (504, -1007, "Timeout waiting for response from backend server.", SPOT, IN_DOUBT),
        (408, 0, "Request Timeout", USDM, IN_DOUBT),
        (400, -1006, "An unexpected response was received", SPOT, IN_DOUBT),
        (400, -1001, "Internal error; unable to process your request.", SPOT, IN_DOUBT),
        (503, -1001, "Internal error; unable to process your request.", USDM, NOT_DONE),
        (400, -2010, "Duplicate order sent.", SPOT, IN_DOUBT),
        (400, -2021, "Order would immediately trigger.", USDM, NOT_DONE),
        (400, -2022, "ReduceOnly Order is rejected.", USDM, NOT_DONE),
        (400, -2026, "ReduceOnly order type not supported", USDM, NOT_DONE),
        (409, -2021, "Order cancel-replace partially failed.", SPOT, IN_DOUBT),
        (400, -2022, "Order cancel-replace failed.", SPOT, IN_DOUBT),
        (400, -2026, "Order was canceled or expired with no executed qty", SPOT, IN_DOUBT),
        (400, -2011, "Unknown order sent.", SPOT, IN_DOUBT),
        (400, -2013, "Order does not exist.", SPOT, IN_DOUBT),
        (503, 0, "Service Unavailable.", SPOT, IN_DOUBT),
        (429, 0, "<html>slow down</html>", SPOT, IN_DOUBT),
        (409, -1, "Conflict", USDM, IN_DOUBT),
        (400, -2010, "Account has insufficient balance for requested action.", SPOT, NOT_DONE),
        (400, -4116, "ClientOrderId is duplicated.", USDM, IN_DOUBT),
        (400, -1013, "Filter failure: LOT_SIZE", SPOT, NOT_DONE),
        (400, -1021, "Timestamp is outside of the recvWindow.", SPOT, NOT_DONE),
        (400, -1022, "Signature for this request is not valid.", SPOT, NOT_DONE),
        (400, -1102, "Mandatory parameter 'side' was not sent", SPOT, NOT_DONE),
        (400, -5028, "Timestamp is outside of the ME recvWindow", USDM, NOT_DONE),
        (401, -2014, "API-key format invalid.", SPOT, NOT_DONE),
        (401, -2015, "Invalid API-key, IP, or permissions for action.", SPOT, NOT_DONE),
        (429, -1003, "Too much request weight used", SPOT, NOT_DONE),
        (429, -1015, "Too many new orders", SPOT, NOT_DONE),
        (418, 0, "banned", SPOT, NOT_DONE),
        (403, 0, "<html>WAF</html>", SPOT, IN_DOUBT),
        (404, 0, "", SPOT, IN_DOUBT),
        (301, 0, "", SPOT, IN_DOUBT),
        (202, 0, "", SPOT, IN_DOUBT),
        (599, -2010, "Account has insufficient balance", SPOT, IN_DOUBT),
        (0, -2010, "Account has insufficient balance", SPOT, IN_DOUBT),
    ],
)
def test_the_documented_answers_are_judged_as_documented(
    status: int, code: int, text: str, product: Product, verdict: Verdict
) -> None:
    assert judge(status, code, text=text, product=product) is verdict


@pytest.mark.parametrize("ask", [Ask.CANCEL, Ask.CANCEL_ALGO])
@pytest.mark.parametrize("code", [-2011, -2013, -2026, -2039])
def test_a_cancel_that_found_no_order_was_not_done(ask: Ask, code: int) -> None:
    assert judge(400, code, text="Unknown order sent.", ask=ask) is NOT_DONE


def answered(status: int, error: ErrorBody | None = None, *, body: Body = b"") -> Answered:
    return Answered(status, error, body)


def placed(whole: Answered, order_id: str = "A") -> object:
    return submission(whole, ClientOrderId(order_id), product=SPOT)


def canceled(whole: Answered, order_id: str = "A") -> object:
    return cancel_answer(whole, ClientOrderId(order_id), instrument=BTC, product=SPOT)


def test_an_acknowledgement_gives_the_venues_id() -> None:
    assert placed(answered(200, body=b'{"orderId":28,"x":[]}')) == Acked("28")
    assert placed(answered(200, body=b'{"orderId":28,"clientOrderId":"A"}')) == Acked("28")
    algo = b'{"algoId":7,"clientAlgoId":"A","algoStatus":"NEW"}'
    assert placed(answered(200, body=algo)) == Acked("algo:7")


def test_an_acknowledgement_of_another_order_proves_nothing() -> None:
    for body in (b'{"orderId":28,"clientOrderId":"B"}', b'{"algoId":28,"clientAlgoId":"B"}'):
        assert placed(answered(200, body=body)) == Unknown("the answer is about another order")


def test_a_success_with_an_error_in_it_is_no_success() -> None:
    both = answered(200, ErrorBody(-1013, "filter"), body=b'{"orderId":28}')
    assert isinstance(placed(both), Unknown)
    assert isinstance(canceled(both), Unknown)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"orderId":"28"}', b"<html>"])
def test_an_acknowledgement_that_cannot_be_read_leaves_the_order_unknown(body: bytes) -> None:
    assert isinstance(placed(answered(200, body=body)), Unknown)


def test_a_refusal_keeps_the_venues_words() -> None:
    answer = placed(answered(400, ErrorBody(-1013, "Filter failure: LOT_SIZE")))
    assert answer == Rejected(-1013, "Filter failure: LOT_SIZE")


def test_a_lost_answer_is_unknown_and_says_why() -> None:
    answer = placed(answered(504, ErrorBody(-1007, "Timeout")))
    assert isinstance(answer, Unknown)
    assert "-1007" in answer.reason
    assert isinstance(placed(answered(500)), Unknown)


def test_a_cancel_tells_what_was_executed_before_it() -> None:
    body = b'{"symbol":"BTCUSDT","executedQty":"0.30000000","status":"CANCELED"}'
    assert canceled(answered(200, body=body)) == CancelAcked(30000000)


def test_an_unknown_order_at_a_cancel_proves_nothing_about_it() -> None:
    answer = canceled(answered(400, ErrorBody(-2011, "Unknown order sent.")))
    assert answer == CancelRefused(-2011, "Unknown order sent.")


@pytest.mark.parametrize("body", [b"", b'{"executedQty":"many"}', b"[]"])
def test_an_answer_to_a_cancel_that_cannot_be_read_is_unknown(body: bytes) -> None:
    assert isinstance(canceled(answered(200, body=body)), Unknown)
    assert isinstance(canceled(answered(502, body=body)), Unknown)


def test_a_cancel_that_ended_a_whole_list_is_read_at_the_order_that_was_meant() -> None:
    reports = [
        {"origClientOrderId": "B", "executedQty": "0.1", "clientOrderId": "c"},
        {"origClientOrderId": "A", "executedQty": "0.2", "clientOrderId": "c"},
    ]
    body = json.dumps({"orderListId": 1, "orders": [], "orderReports": reports}).encode()
    assert canceled(answered(200, body=body)) == CancelAcked(20000000)
    assert isinstance(canceled(answered(200, body=body), "C"), Unknown)


def test_a_cancel_of_a_stop_that_waits_executed_nothing() -> None:
    body = b'{"algoId":7,"clientAlgoId":"A","code":"200","msg":"success"}'
    assert canceled(answered(200, body=body)) == CancelAcked(0)
    assert isinstance(canceled(answered(200, body=body), "B"), Unknown)


def test_each_order_of_a_list_has_an_answer_of_its_own() -> None:
    ids = [ClientOrderId("A"), ClientOrderId("B")]
    orders = [{"orderId": 4, "clientOrderId": "B"}, {"orderId": 5, "clientOrderId": "A"}]
    body = json.dumps({"orderListId": 1, "orders": orders}).encode()
    assert list_submissions(answered(200, body=body), ids, product=SPOT) == [
        Acked("5"), Acked("4"),
    ]  # fmt: skip
    half = json.dumps({"orders": orders[:1]}).encode()
    first, second = list_submissions(answered(200, body=half), ids, product=SPOT)
    assert isinstance(first, Unknown)
    assert second == Acked("4")
    refused = answered(400, ErrorBody(-1013, "Filter failure"))
    assert (
        list_submissions(refused, ids, product=SPOT) == [Rejected(-1013, "Filter failure")] * 2
    )
    for lost in (answered(200, body=b"[]"), answered(504, ErrorBody(-1007, "Timeout"))):
        assert all(isinstance(a, Unknown) for a in list_submissions(lost, ids, product=SPOT))


DONE_CANCEL = {"origClientOrderId": "A", "executedQty": "0.1"}
DONE_ORDER = {"orderId": 9, "clientOrderId": "B"}
TIMEOUT = {"code": -1007, "msg": "Timeout"}
BALANCE = {"code": -2010, "msg": "Account has insufficient balance"}
GONE = {"code": -2011, "msg": "Unknown order sent."}
BOTH = "cancelResult", "newOrderResult", "cancelResponse", "newOrderResponse"


@pytest.mark.parametrize(
    ("status", "code", "parts", "expected"),
    [
        (200, 0, ("SUCCESS", "SUCCESS", DONE_CANCEL, DONE_ORDER), (CancelAcked, Acked)),
        (409, -2021, ("SUCCESS", "FAILURE", DONE_CANCEL, BALANCE), (CancelAcked, Rejected)),
        (409, -2021, ("SUCCESS", "FAILURE", DONE_CANCEL, TIMEOUT), (CancelAcked, Unknown)),
        (400, -2022, ("FAILURE", "NOT_ATTEMPTED", GONE, None), (CancelRefused, Rejected)),
        (400, -2022, ("FAILURE", "NOT_ATTEMPTED", TIMEOUT, None), (Unknown, Rejected)),
        (409, -2021, ("FAILURE", "SUCCESS", GONE, DONE_ORDER), (CancelRefused, Acked)),
        (400, -2022, ("FAILURE", "FAILURE", GONE, BALANCE), (CancelRefused, Rejected)),
        (409, -2021, ("SUCCESS", "FAILURE", None, "<html>"), (Unknown, Unknown)),
        (409, -2021, ("MAYBE", "MAYBE", DONE_CANCEL, DONE_ORDER), (Unknown, Unknown)),
        (409, -2021, None, (Unknown, Unknown)),
        (400, -2022, None, (Unknown, Unknown)),
        (400, -1013, None, (CancelRefused, Rejected)),
        (504, -1007, None, (Unknown, Unknown)),
        (200, 0, None, (Unknown, Unknown)),
    ],
)
def test_of_a_replacement_each_part_is_judged_by_itself(
    status: int, code: int, parts: tuple[object, ...] | None, expected: tuple[type, type]
) -> None:
    said = dict(zip(BOTH, parts, strict=True)) if parts else {}
    error = None if status == 200 else {"code": code, "msg": "said", "data": said or None}
    frame = json.dumps({"id": 1, "status": status, "result": said, "error": error}).encode()
    read = reply(frame)
    assert isinstance(read, Reply)
    whole = Answered(read.status, read.error, read.result)
    cancel, order = replace_answers(
        whole, ClientOrderId("A"), order_id=ClientOrderId("B"), instrument=BTC, product=SPOT
    )
    assert (type(cancel), type(order)) == expected
    if status != 200:
        by_http = Answered(status, error_body(json.dumps(error).encode()), b"")
        assert replace_answers(
            by_http,
            ClientOrderId("A"),
            order_id=ClientOrderId("B"),
            instrument=BTC,
            product=SPOT,
        ) == (cancel, order)


def test_a_page_of_a_proxy_is_no_refusal_of_the_venue() -> None:
    read = error_body(b"<html>\xff" + b"x" * 500)
    assert read.code == 0
    assert len(read.msg) <= 80
    plain = error_body(b"Service Unavailable.")
    assert judge(503, plain.code, text=plain.msg, product=USDM) is IN_DOUBT


def test_a_reply_is_told_from_an_event() -> None:
    answered = reply(b'{"id":7,"status":200,"result":{"a":1},"rateLimits":[]}')
    assert isinstance(answered, Reply)
    assert (answered.id, answered.status, bytes(answered.event)) == (7, 200, b"")
    told = reply(b'{"subscriptionId":0,"event":{"e":"x"}}')
    assert isinstance(told, Reply)
    assert bytes(told.event) == b'{"e":"x"}'


def test_a_limit_says_until_when() -> None:
    limited = reply(
        b'{"id":1,"status":429,"error":{"code":-1003,"msg":"m",'
        b'"data":{"serverTime":5,"retryAfter":9}}}'
    )
    assert isinstance(limited, Reply)
    assert limited.error is not None
    assert limited.error.data is not None
    assert limited.error.data.retry_after == 9


def test_bytes_that_are_no_reply_are_unreadable() -> None:
    assert isinstance(reply(b"\xff"), Unreadable)
