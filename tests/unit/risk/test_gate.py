"""The two reviews: all reasons are kept, failures refuse, and nothing gets around them."""

import pytest

from holdfast.domain import events as ev
from holdfast.domain.approval import Accepted, Approved, Refused
from holdfast.domain.ids import IntentId
from holdfast.domain.submission import WithheldReason
from holdfast.risk.gate import (
    APPROVAL_LIFE_NS,
    Gate,
    Gates,
    recheck,
    review_intent,
    review_order,
)
from holdfast.risk.halt import UNRECONCILED
from holdfast.risk.standard import STANDARD
from holdfast.runtime.supervise import guard
from holdfast.testing.desk import TREND, TradingDesk
from holdfast.testing.market import instrument

BTCUSDT = instrument()
INTENT = IntentId("i")


@pytest.fixture
def desk() -> TradingDesk:
    desk = TradingDesk(BTCUSDT)
    desk.quote("99.99", "100.01")
    return desk


def gates_of(verdict: object) -> list[str]:
    assert isinstance(verdict, Refused)
    return [refusal.gate for refusal in verdict.refusals]


def test_a_wish_within_all_limits_becomes_an_approved_order(desk: TradingDesk) -> None:
    approved = desk.trade(desk.intent("buy", "2", price="100"))
    assert isinstance(approved, Approved)
    assert approved.order.quantity_text == "2"
    assert approved.expires_at_ns == desk.now_ns + APPROVAL_LIFE_NS
    assert approved.order.client_order_id in desk.account.orders


def test_every_reason_of_a_refusal_is_kept(desk: TradingDesk) -> None:
    desk.halts.block("the journal lags", "300 ms")
    verdict = desk.review(desk.intent("buy", "2000.000001", price="100"))
    assert gates_of(verdict) == ["halt", "filters", "notional", "position", "gross", "balance"]


def test_no_gates_at_all_refuse(desk: TradingDesk) -> None:
    nothing = Gates((), guard=guard)
    intent = desk.intent("buy", "1", price="100")
    accepted = desk.review(intent)
    assert isinstance(accepted, Accepted)
    order = desk.child(accepted)
    refused = review_intent(intent, desk.view(), gates=nothing, intent_id=INTENT)
    assert gates_of(refused) == ["no gates"]
    assert gates_of(review_order(order, desk.view(), gates=nothing, parent=accepted)) == [
        "no gates"
    ]


def test_a_gate_that_fails_refuses_and_is_named(desk: TradingDesk) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    gates = (*STANDARD, Gate(name="planted", check=broken, intents=True, orders=True))
    fenced = Gates(gates, guard=guard)
    refused = review_intent(
        desk.intent("buy", "1", price="100"), desk.view(), gates=fenced, intent_id=INTENT
    )
    assert isinstance(refused, Refused)
    [refusal] = refused.refusals
    assert (refusal.gate, refusal.reason) == ("gate failed", "planted")
    assert "a bug" in refusal.asked


def test_a_gate_that_fails_only_now_and_then_refuses_too(desk: TradingDesk) -> None:
    calls = []

    def moody(*_: object) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("once")

    fenced = Gates((Gate(name="moody", check=moody, intents=True),), guard=guard)
    intent = desk.intent("buy", "1", price="100")
    refused = review_intent(intent, desk.view(), gates=fenced, intent_id=INTENT)
    assert gates_of(refused) == ["gate failed"]


def test_an_order_needs_an_accepted_intent_that_holds_enough(desk: TradingDesk) -> None:
    accepted = desk.review(desk.intent("buy", "1", price="100"))
    assert isinstance(accepted, Accepted)
    order = desk.child(accepted)
    assert gates_of(review_order(order, desk.view(), gates=desk.gates)) == ["duplicate"]
    other = desk.review(desk.intent("buy", "0.5", price="100"))
    assert isinstance(other, Accepted)
    borrowed = review_order(order, desk.view(), gates=desk.gates, parent=other)
    assert gates_of(borrowed) == ["duplicate"]
    assert isinstance(
        review_order(order, desk.view(), gates=desk.gates, parent=accepted), Approved
    )


def test_an_order_is_reviewed_once(desk: TradingDesk) -> None:
    accepted = desk.review(desk.intent("buy", "1", price="100"))
    assert isinstance(accepted, Accepted)
    order = desk.child(accepted)
    held = accepted.reservation
    desk.account.approve(order, held.asset, amount=held.amount)
    again = review_order(order, desk.view(), gates=desk.gates, parent=accepted)
    assert gates_of(again) == ["duplicate"]


def test_the_view_of_another_strategy_refuses(desk: TradingDesk) -> None:
    accepted = desk.review(desk.intent("buy", "1", price="100"))
    assert isinstance(accepted, Accepted)
    strange = desk.view(strategy=TREND + "2")  # type: ignore[arg-type]
    verdict = review_order(desk.child(accepted), strange, gates=desk.gates, parent=accepted)
    assert gates_of(verdict) == ["order"]


def test_an_order_at_the_market_is_held_at_the_far_end_of_the_collar(desk: TradingDesk) -> None:
    accepted = desk.review(desk.intent("buy", "1"))
    assert isinstance(accepted, Accepted)
    order = desk.child(accepted)
    assert BTCUSDT.price_text(order.worst_price) == "101.02"
    worst = BTCUSDT.notional(order.worst_price, order.quantity)
    assert accepted.reservation.amount == worst + worst // 1_000


def test_without_a_market_price_an_order_at_the_market_is_refused() -> None:
    desk = TradingDesk(BTCUSDT)
    assert gates_of(desk.review(desk.intent("buy", "1"))) == ["price"]


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_a_quantity_that_is_not_positive_is_refused(desk: TradingDesk, quantity: str) -> None:
    assert gates_of(desk.review(desk.intent("buy", quantity, price="100"))) == ["quantity"]


def test_after_the_commit_halts_and_the_book_are_asked_again(desk: TradingDesk) -> None:
    approved = desk.trade(desk.intent("buy", "1", price="100"))
    assert isinstance(approved, Approved)
    view = desk.view()
    assert recheck(approved.order, view) is None
    view.book_is_valid = False
    withheld = recheck(approved.order, view)
    assert withheld is not None
    assert withheld.reason is WithheldReason.BOOK_INVALID
    view.book_is_valid = True
    desk.quote("100.02", "100.01")
    withheld = recheck(approved.order, view)
    assert withheld is not None
    assert withheld.reason is WithheldReason.BOOK_INVALID
    desk.halts.block(UNRECONCILED, "reconnected")
    withheld = recheck(approved.order, view)
    assert withheld is not None
    assert withheld.reason is WithheldReason.NOT_RECONCILED
    desk.halts.unblock(UNRECONCILED)
    desk.halts.block("the journal lags", "")
    withheld = recheck(approved.order, view)
    assert withheld is not None
    assert withheld.reason is WithheldReason.HALTED


@pytest.mark.parametrize(
    "event",
    [
        ev.StrategyHalted("another", "it raised"),
        ev.TradingPaused("another", "me", "lunch"),
        ev.TradingPaused("ETHUSDT", "me", "lunch"),
    ],
)
def test_what_is_halted_or_paused_elsewhere_withholds_nothing(
    desk: TradingDesk, event: ev.Event
) -> None:
    approved = desk.trade(desk.intent("buy", "1", price="100"))
    assert isinstance(approved, Approved)
    desk.halts.apply(event)
    assert not desk.halts.is_clear
    assert recheck(approved.order, desk.view()) is None
    assert isinstance(desk.review(desk.intent("buy", "1", price="99")), Accepted)
