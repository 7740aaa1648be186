"""Replies of the WebSocket API and answers of the order requests of REST, as answers to us."""

from typing import TypeAlias

import msgspec

from holdfast.domain.ids import VenueOrderId
from holdfast.domain.instrument import Instrument
from holdfast.domain.submission import Acked, Rejected, Submission, Unknown
from holdfast.domain.venue import CancelAcked, CancelAnswer, CancelRefused
from holdfast.venues.binance.wire.unreadable import READ_ERRORS, Unreadable
from holdfast.venues.binance.wire.verdicts import KEY_CODES, Verdict, judge

OK = 200
_NO_BODY = msgspec.Raw(b"{}")
_NOTHING = msgspec.Raw()


class ErrorData(msgspec.Struct, rename="camel"):
    """What comes with an error of a limit; instants are milliseconds of the venue."""

    server_time: int = 0
    retry_after: int = 0


class ErrorBody(msgspec.Struct):
    """A refusal in the venue's words."""

    code: int = 0
    msg: str = ""
    data: ErrorData | None = None


class Reply(msgspec.Struct):
    """A reply of the WebSocket API, or an event of a subscription (else `event` is empty)."""

    id: int | str | None = None
    status: int = 0
    result: msgspec.Raw = _NO_BODY
    error: ErrorBody | None = None
    event: msgspec.Raw = _NOTHING


class _Acked(msgspec.Struct, rename="camel"):
    order_id: int


class _Canceled(msgspec.Struct, rename="camel"):
    executed_qty: str


Body: TypeAlias = msgspec.Raw | bytes

_REPLY = msgspec.json.Decoder(Reply)
_ERROR = msgspec.json.Decoder(ErrorBody)
_ACKED = msgspec.json.Decoder(_Acked)
_CANCELED = msgspec.json.Decoder(_Canceled)


def reply(frame: memoryview | bytes) -> Reply | Unreadable:
    """Read a frame of the WebSocket API."""
    try:
        return _REPLY.decode(frame)
    except READ_ERRORS as error:
        return Unreadable(str(error))


def error_body(body: bytes) -> ErrorBody:
    """Read a refusal; code 0 and the beginning of the text when it is a proxy's page."""
    try:
        return _ERROR.decode(body)
    except READ_ERRORS:
        return ErrorBody(0, body[:80].decode("utf-8", "replace"))


def submission(status: int, error: ErrorBody | None, *, body: Body) -> Submission:
    """Turn the answer to an order into one of the three."""
    if status == OK:
        try:
            return Acked(VenueOrderId(str(_ACKED.decode(body).order_id)))
        except READ_ERRORS as failure:
            return Unknown(f"the acknowledgement cannot be read: {failure}")
    refusal = error or ErrorBody()
    if judge(status, refusal.code, text=refusal.msg) is Verdict.NOT_DONE:
        return Rejected(refusal.code, refusal.msg, refusal.code in KEY_CODES)
    return Unknown(_doubt(status, refusal))


def cancel_answer(
    status: int, error: ErrorBody | None, *, body: Body, instrument: Instrument
) -> CancelAnswer:
    """Turn the answer to a cancel into one of the three."""
    if status == OK:
        try:
            return CancelAcked(instrument.quantity(_CANCELED.decode(body).executed_qty))
        except READ_ERRORS as failure:
            return Unknown(f"the answer to the cancel cannot be read: {failure}")
    refusal = error or ErrorBody()
    if judge(status, refusal.code, text=refusal.msg) is Verdict.NOT_DONE:
        return CancelRefused(refusal.code, refusal.msg)
    return Unknown(_doubt(status, refusal))


def _doubt(status: int, refusal: ErrorBody) -> str:
    return f"status {status}, code {refusal.code}: {refusal.msg[:120]}"
