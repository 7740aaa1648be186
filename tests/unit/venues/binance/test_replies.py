"""What each answer says about an order: the table row by row, and around it."""

import pytest

from holdfast.domain.instrument import Product
from holdfast.domain.submission import Acked, Rejected, Unknown
from holdfast.domain.venue import CancelAcked, CancelRefused
from holdfast.testing.market import instrument
from holdfast.venues.binance.wire.replies import (
    ErrorBody,
    Reply,
    cancel_answer,
    error_body,
    reply,
    submission,
)
from holdfast.venues.binance.wire.unreadable import Unreadable
from holdfast.venues.binance.wire.verdicts import RULES, Rule, Verdict, judge

SPOT, USDM = Product.SPOT, Product.LINEAR
NOT_DONE, IN_DOUBT = Verdict.NOT_DONE, Verdict.IN_DOUBT
BTC = instrument()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.why)
def test_every_row_decides_the_answers_that_it_describes(rule: Rule) -> None:
    code = -9999 if rule.code is None else rule.code
    status = next(s for s in (400, 500, 503, 408, 418, 429, 200) if _fits(rule, s))
    verdict = judge(status, code, text=rule.text, product=rule.product or SPOT)
    assert verdict is rule.verdict


def _fits(rule: Rule, status: int) -> bool:
    if not rule.first_status <= status <= rule.last_status:
        return False
    return rule.first_status > 0 or rule.code is not None or status == 200


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


def test_an_acknowledgement_gives_the_venues_id() -> None:
    assert submission(200, None, body=b'{"orderId":28,"x":[]}') == Acked("28")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"orderId":"28"}', b"<html>"])
def test_an_acknowledgement_that_cannot_be_read_leaves_the_order_unknown(body: bytes) -> None:
    assert isinstance(submission(200, None, body=body), Unknown)


def test_a_refusal_keeps_the_venues_words() -> None:
    answer = submission(400, ErrorBody(-1013, "Filter failure: LOT_SIZE"), body=b"")
    assert answer == Rejected(-1013, "Filter failure: LOT_SIZE")


def test_a_lost_answer_is_unknown_and_says_why() -> None:
    answer = submission(504, ErrorBody(-1007, "Timeout"), body=b"")
    assert isinstance(answer, Unknown)
    assert "-1007" in answer.reason
    assert isinstance(submission(500, None, body=b""), Unknown)


def test_a_cancel_tells_what_was_executed_before_it() -> None:
    body = b'{"symbol":"BTCUSDT","executedQty":"0.30000000","status":"CANCELED"}'
    assert cancel_answer(200, None, body=body, instrument=BTC) == CancelAcked(30000000)


def test_an_unknown_order_at_a_cancel_proves_nothing_about_it() -> None:
    answer = cancel_answer(
        400, ErrorBody(-2011, "Unknown order sent."), body=b"", instrument=BTC
    )
    assert answer == CancelRefused(-2011, "Unknown order sent.")


@pytest.mark.parametrize("body", [b"", b'{"executedQty":"many"}', b"[]"])
def test_an_answer_to_a_cancel_that_cannot_be_read_is_unknown(body: bytes) -> None:
    assert isinstance(cancel_answer(200, None, body=body, instrument=BTC), Unknown)
    assert isinstance(cancel_answer(502, None, body=body, instrument=BTC), Unknown)


def test_a_page_of_a_proxy_is_no_refusal_of_the_venue() -> None:
    read = error_body(b"<html>\xff" + b"x" * 500)
    assert read.code == 0
    assert len(read.msg) <= 80


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
