"""Replies of the WebSocket API and answers of the order requests of REST, as answers to us.

What is asked of the table is which product and which request an answer belongs to; a success
counts only when it can be read and names our own order.
"""

from typing import TypeAlias

import msgspec

from holdfast.domain.ids import ClientOrderId, VenueOrderId
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.money import QuantityUnits
from holdfast.domain.submission import Acked, Rejected, Submission, Unknown
from holdfast.domain.venue import CancelAcked, CancelAnswer, CancelRefused
from holdfast.venues.binance.wire.instruments import KINDS, SECONDS
from holdfast.venues.binance.wire.unreadable import READ_ERRORS, Unreadable
from holdfast.venues.binance.wire.verdicts import KEY_CODES, Ask, Failure, Verdict, judge
from holdfast.venues.binance.wire.words import algo_order_id

OK = 200
_NO_BODY = msgspec.Raw(b"{}")
_NOTHING = msgspec.Raw()
_NO_COUNTS = msgspec.Raw(b"[]")
_NOT_JSON = "not the venue's JSON: "
_SUCCESS = "SUCCESS"
_FAILURE = "FAILURE"
_NOT_ATTEMPTED = "NOT_ATTEMPTED"
_REFUSED = 400


class ErrorData(msgspec.Struct, rename="camel"):
    """What comes with an error of a limit or of a cancel-and-replace; instants in ms."""

    server_time: int = 0
    retry_after: int = 0
    cancel_result: str = ""
    new_order_result: str = ""
    cancel_response: msgspec.Raw = _NOTHING
    new_order_response: msgspec.Raw = _NOTHING


class ErrorBody(msgspec.Struct):
    """A refusal in the venue's words."""

    code: int = 0
    msg: str = ""
    data: ErrorData | None = None


class Count(msgspec.Struct, rename="camel"):
    """How much of a limit the venue has counted in its present window."""

    rate_limit_type: str
    interval: str
    interval_num: int
    count: int

    @property
    def kind_and_window(self) -> tuple[str, int]:
        """Give the kind and the window's length; nothing that is known for other words."""
        window_ns = SECONDS.get(self.interval, 0) * self.interval_num * NS_PER_S
        return KINDS.get(self.rate_limit_type, ""), window_ns


_COUNTS = msgspec.json.Decoder(list[Count])


class Reply(msgspec.Struct, rename={"rate_limits": "rateLimits"}):
    """A reply of the WebSocket API, or an event of a subscription (else `event` is empty)."""

    id: int | str | None = None
    status: int = 0
    result: msgspec.Raw = _NO_BODY
    error: ErrorBody | None = None
    event: msgspec.Raw = _NOTHING
    rate_limits: msgspec.Raw = _NO_COUNTS

    def counts(self) -> list[Count]:
        """Read the counts; none that cannot be read, because an answer matters more."""
        try:
            return _COUNTS.decode(self.rate_limits)
        except READ_ERRORS:
            return []


class _Acked(msgspec.Struct, rename="camel"):
    order_id: int | None = None
    algo_id: int | None = None
    client_order_id: str = ""
    client_algo_id: str = ""


class _Listed(msgspec.Struct, rename="camel"):
    orders: list[_Acked]


class _Canceled(msgspec.Struct, rename="camel"):
    executed_qty: str | None = None
    orig_client_order_id: str = ""
    client_algo_id: str = ""
    order_reports: list["_Canceled"] = []


Body: TypeAlias = msgspec.Raw | bytes

_REPLY = msgspec.json.Decoder(Reply)
_ERROR = msgspec.json.Decoder(ErrorBody)
_ACKED = msgspec.json.Decoder(_Acked)
_LISTED = msgspec.json.Decoder(_Listed)
_CANCELED = msgspec.json.Decoder(_Canceled)
_REPLACED = msgspec.json.Decoder(ErrorData)


class Answered(msgspec.Struct, frozen=True):
    """One answer as it came: status, the refusal if it is one, the body of a success."""

    status: int
    error: ErrorBody | None
    body: Body


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
        text = body[: 80 - len(_NOT_JSON)].decode("utf-8", "replace")
        return ErrorBody(0, f"{_NOT_JSON}{text}")


def submission(
    answered: Answered, order_id: ClientOrderId, *, product: Product, ask: Ask = Ask.PLACE
) -> Submission:
    """Turn the answer to an order into one of the three."""
    if answered.status != OK or answered.error is not None:
        return _refused(answered, product=product, ask=ask)
    try:
        return _acked(_ACKED.decode(answered.body), order_id)
    except READ_ERRORS as failure:
        return Unknown(f"{Failure.UNREADABLE.value}: {failure}")


def list_submissions(
    answered: Answered, order_ids: list[ClientOrderId], *, product: Product
) -> list[Submission]:
    """Turn the answer to a list into one answer for each of its orders."""
    if answered.status != OK or answered.error is not None:
        return [_refused(answered, product=product, ask=Ask.PLACE_LIST)] * len(order_ids)
    try:
        listed = {one.client_order_id: one for one in _LISTED.decode(answered.body).orders}
    except READ_ERRORS as failure:
        return [Unknown(f"{Failure.UNREADABLE.value}: {failure}")] * len(order_ids)
    strange = Unknown(Failure.STRANGE.value)
    return [
        _acked(listed[order_id], order_id) if order_id in listed else strange
        for order_id in order_ids
    ]


def cancel_answer(
    answered: Answered,
    order_id: ClientOrderId,
    *,
    instrument: Instrument,
    product: Product,
    ask: Ask = Ask.CANCEL,
) -> CancelAnswer:
    """Turn the answer to a cancel into one of the three."""
    if answered.status != OK or answered.error is not None:
        return _cancel_refused(answered, product=product, ask=ask)
    try:
        return _canceled(_CANCELED.decode(answered.body), order_id, instrument)
    except READ_ERRORS as failure:
        return Unknown(f"{Failure.UNREADABLE.value}: {failure}")


def replace_answers(
    answered: Answered,
    canceled_id: ClientOrderId,
    *,
    order_id: ClientOrderId,
    instrument: Instrument,
    product: Product,
) -> tuple[CancelAnswer, Submission]:
    """Turn the answer to a cancel-and-replace into its two.

    The parts are read where the venue says what became of each; else the whole is judged.
    """
    succeeded = answered.status == OK and answered.error is None
    try:
        parts = _REPLACED.decode(answered.body) if succeeded else _parts_of(answered.error)
    except READ_ERRORS as failure:
        doubt = Unknown(f"{Failure.UNREADABLE.value}: {failure}")
        return doubt, doubt
    if not (parts.cancel_result and parts.new_order_result):
        if succeeded:
            doubt = Unknown(Failure.UNREADABLE.value)
            return doubt, doubt
        return (
            _cancel_refused(answered, product=product, ask=Ask.REPLACE),
            _refused(answered, product=product, ask=Ask.REPLACE),
        )
    canceled = _part(parts.cancel_result, parts.cancel_response)
    verdict = cancel_answer(canceled, canceled_id, instrument=instrument, product=product)
    if parts.new_order_result == _NOT_ATTEMPTED:
        return verdict, Rejected(0, "not attempted: the cancel failed")
    placed = _part(parts.new_order_result, parts.new_order_response)
    return verdict, submission(placed, order_id, product=product)


def _parts_of(error: ErrorBody | None) -> ErrorData:
    return (error.data if error is not None else None) or ErrorData()


def _part(result: str, response: msgspec.Raw) -> Answered:
    """Give one half of a cancel-and-replace as an answer of its own."""
    if result == _SUCCESS:
        return Answered(OK, None, response)
    if result == _FAILURE:
        return Answered(_REFUSED, error_body(bytes(response)), b"")
    return Answered(0, ErrorBody(0, result[:40]), b"")


def _acked(read: _Acked, order_id: ClientOrderId) -> Submission:
    named = read.client_order_id or read.client_algo_id
    if named and named != order_id:
        return Unknown(Failure.STRANGE.value)
    if read.order_id is not None:
        return Acked(VenueOrderId(str(read.order_id)))
    if read.algo_id is not None:
        return Acked(algo_order_id(read.algo_id))
    return Unknown(f"{Failure.UNREADABLE.value}: it names no order")


def _canceled(read: _Canceled, order_id: ClientOrderId, instrument: Instrument) -> CancelAnswer:
    """Read what was executed before the cancel; of a list, the order that was meant."""
    if read.order_reports:
        meant = [one for one in read.order_reports if one.orig_client_order_id == order_id]
        if not meant:
            return Unknown(Failure.STRANGE.value)
        read = meant[0]
    named = read.orig_client_order_id or read.client_algo_id
    if named and named != order_id:
        return Unknown(Failure.STRANGE.value)
    if read.executed_qty is not None:
        return CancelAcked(instrument.quantity(read.executed_qty))
    if read.client_algo_id:
        return CancelAcked(QuantityUnits(0))
    return Unknown(f"{Failure.UNREADABLE.value}: it names no quantity")


def _refused(answered: Answered, *, product: Product, ask: Ask) -> Submission:
    error = answered.error or ErrorBody()
    if _verdict(answered.status, error, product, ask=ask) is Verdict.NOT_DONE:
        return Rejected(error.code, error.msg, error.code in KEY_CODES)
    return Unknown(_doubt(answered.status, error))


def _cancel_refused(answered: Answered, *, product: Product, ask: Ask) -> CancelAnswer:
    error = answered.error or ErrorBody()
    if _verdict(answered.status, error, product, ask=ask) is Verdict.NOT_DONE:
        return CancelRefused(error.code, error.msg)
    return Unknown(_doubt(answered.status, error))


def _verdict(status: int, error: ErrorBody, product: Product, *, ask: Ask) -> Verdict:
    return judge(status, error.code, text=error.msg, product=product, ask=ask)


def _doubt(status: int, error: ErrorBody) -> str:
    return f"status {status}, code {error.code}: {error.msg[:120]}"
