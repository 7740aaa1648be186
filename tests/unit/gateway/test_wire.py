"""What crosses to a gateway in another process comes out as it went in."""

import msgspec
import pytest

from holdfast.domain.approval import Approved
from holdfast.domain.ids import Epoch, Shard
from holdfast.domain.instant import UtcNs
from holdfast.domain.money import QuantityUnits
from holdfast.domain.submission import (
    Acked,
    Rejected,
    Unknown,
    Withheld,
    WithheldReason,
)
from holdfast.domain.venue import CancelAcked, CancelOrder, CancelRefused
from holdfast.gateway import wire
from holdfast.testing.desk import TradingDesk
from holdfast.testing.market import instrument

BTCUSDT = instrument()
CANCEL = CancelOrder(BTCUSDT.symbol, "HTEST1000010000001")  # type: ignore[arg-type]


def approved() -> Approved:
    desk = TradingDesk(BTCUSDT)
    desk.quote("99.99", "100.01")
    verdict = desk.trade(desk.intent("buy", "1.5", price="99"))
    assert isinstance(verdict, Approved)
    return verdict


def test_requests_come_out_as_they_went_in() -> None:
    for request in (
        wire.TakeEpoch(Shard(3), Epoch(9)),
        wire.SubmitOrder(approved(), Epoch(9)),
        wire.SubmitCancel(CANCEL, Epoch(9)),
        wire.SubmitList((approved(), approved()), Epoch(9)),
        wire.SubmitReplace(CANCEL, approved(), Epoch(9)),
    ):
        assert wire.decode_request(wire.encode(request).strip()) == request


def test_answers_come_out_as_they_went_in() -> None:
    name = CANCEL.client_order_id
    refused = CancelRefused(-2011, "unknown")
    answers: list[wire.Answer] = [
        wire.OrderWasWithheld(name, Withheld(WithheldReason.HALTED, "paused")),
        wire.CancelWasWithheld(CANCEL, Withheld(WithheldReason.NOT_CONNECTED)),
        wire.CancelWasAnswered(CANCEL, CancelAcked(QuantityUnits(10**22))),
        wire.CancelWasAnswered(CANCEL, refused),
        wire.CancelWasAnswered(CANCEL, Unknown("timeout")),
    ]
    for submission in (Acked("7"), Rejected(-2010, "no"), Unknown("timeout")):  # type: ignore[arg-type]
        answers.append(wire.OrderWasAnswered(name, submission))
    for answer in answers:
        assert wire.decode_answer(wire.encode(answer).strip()) == answer


def test_counts_beyond_64_bits_stay_exact() -> None:
    whole = approved()
    order = msgspec.structs.replace(whole.order, quantity=QuantityUnits(10**24 + 1))
    request = wire.SubmitOrder(Approved(order, UtcNs(1), UtcNs(2)), Epoch(1))
    read = wire.decode_request(wire.encode(request).strip())
    assert isinstance(read, wire.SubmitOrder)
    assert read.approved.order.quantity == 10**24 + 1


def test_lines_are_cut_wherever_the_stream_was() -> None:
    stream = b"".join(wire.encode(wire.TakeEpoch(Shard(i), Epoch(i))) for i in range(5))
    lines = wire.Lines()
    cut = [line for at in range(0, len(stream), 7) for line in lines.feed(stream[at : at + 7])]
    assert [wire.decode_request(line).epoch for line in cut] == [0, 1, 2, 3, 4]


def test_a_line_without_an_end_is_refused() -> None:
    lines = wire.Lines()
    assert lines.feed(b"x" * wire.LINE_LIMIT_BYTES) == []
    with pytest.raises(ValueError, match="longer than"):
        lines.feed(b"x")


def test_what_is_no_request_is_refused() -> None:
    for line in (b"", b"{}", b'{"type":"SubmitOrder"}', b'{"type":"Sell everything"}'):
        with pytest.raises(msgspec.MsgspecError):
            wire.decode_request(line)
