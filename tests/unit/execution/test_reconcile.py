"""Reconciliation, case by case: what the venue says, and what becomes of it."""

import asyncio
from typing import Any

import msgspec
import pytest

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.approval import Reservation
from holdfast.domain.ids import (
    UNATTRIBUTED,
    ClientOrderId,
    Epoch,
    ExecId,
    JournalId,
    VenueOrderId,
    journal_of,
)
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Product
from holdfast.domain.latest import LatestOrders
from holdfast.domain.money import AmountUnits, Asset
from holdfast.domain.order import OrderType, PositionSide
from holdfast.domain.venue import OrderReport, PositionReport
from holdfast.execution.answers import Absence, Question, VenueAnswers, inquire
from holdfast.execution.comparison import Ours, Reconciled
from holdfast.execution.reconcile import reconcile
from holdfast.testing import happenings as told
from holdfast.testing.market import instrument
from holdfast.testing.venue import TrueAccount, TrueOrder

BTCUSDT = instrument()
SYMBOL = BTCUSDT.symbol
BALANCES = {"USDT": "1000", "BTC": "2"}
SETTLE_NS = 6 * NS_PER_S
IDS = told.order_ids()
FIRST = IDS.next()
ORDER = told.approved(BTCUSDT, "buy", client_order_id=FIRST, quantity="2", price="100")
BEGUN = ev.ReconciliationCompleted("start", 0, 0, [], True, {SYMBOL: "0"})


class Case:
    """An account after events, and a venue that knows one order if told so."""

    def __init__(self, *happened: ev.Event, known: bool = True) -> None:
        opening = told.opening(BTCUSDT, balances=BALANCES)
        self.account = told.account_of([*opening, BEGUN, ORDER, *happened])
        self.venue = TrueAccount(BALANCES)
        self.order = TrueOrder(FIRST, BTCUSDT, side="buy", quantity="2", price="100")
        if known:
            self.venue.place(self.order)

    def ours(self, **changes: Any) -> Ours:
        named = {"journal_id": told.JOURNAL, "epoch": Epoch(2), **changes}
        return Ours(
            account=self.account,
            settle_ns=SETTLE_NS,
            fee_value=lambda *_: ("0", "test"),
            reserve=lambda traded, _: Reservation(traded.quote, AmountUnits(5)),
            mark_of=lambda _: ("100", "USDT"),
            **named,
        )

    def ask(self, earlier: VenueAnswers | None = None, *, at_ns: int = 0) -> VenueAnswers:
        asking = inquire(self.venue, self.account, now_ns=lambda: at_ns, earlier=earlier)
        return asyncio.run(asking)

    def reconcile(self, answers: VenueAnswers | None = None) -> Reconciled:
        result = reconcile(self.ours(), answers or self.ask())
        for event in result.events:
            fold.apply(self.account, event)
        return result


def kinds(result: Reconciled) -> list[str]:
    return [type(event).__name__ for event in result.events]


def test_two_that_agree_are_clean_and_say_nothing() -> None:
    result = Case(told.acked(ORDER)).reconcile()
    assert (result.events, result.differences, result.clean) == ([], [], True)
    assert result.orders_count == 1


def test_a_doubt_is_settled_by_what_rests() -> None:
    case = Case(told.doubted(ORDER))
    assert kinds(case.reconcile()) == ["OrderAcked"]
    assert not case.account.orders[FIRST].order.is_unknown


def test_executions_that_the_stream_lost_are_booked_by_their_ids() -> None:
    case = Case(told.acked(ORDER))
    case.venue.execute(case.order, "0.5")
    case.venue.execute(case.order, "0.25", fee="0.01")
    fold.apply(case.account, told.filled(ORDER, "2", quantity="0.25", fee="0.01"))
    result = case.reconcile()
    assert kinds(result) == ["OrderFilled"]
    assert result.events[0].exec_id == "1"  # type: ignore[attr-defined]
    assert case.account.orders[FIRST].order.cum_quantity == BTCUSDT.quantity("0.75")
    assert result.clean


class TrueStop(TrueOrder):
    """A stop of spot as the venue has it."""

    def report(self, **more: Any) -> OrderReport:
        return msgspec.structs.replace(
            super().report(**more),
            order_type=OrderType.STOP_MARKET,
            price=BTCUSDT.price("0"),
            trigger_price=BTCUSDT.price("95"),
        )


def test_a_stop_that_the_journal_lost_guards_its_strategys_position_and_nobody_elses() -> None:
    protected = ev.ProtectionSet(
        ORDER.strategy, SYMBOL, "both", "95", "0", "last", "asked", "sell"
    )
    for protections, owner, purpose in (
        ([protected], ORDER.strategy, "protective"),
        ([], UNATTRIBUTED, "entry"),
    ):
        case = Case(told.acked(ORDER), *protections)
        lost = TrueStop(IDS.next(), BTCUSDT, side="sell", quantity="1", price="95")
        case.venue.place(lost)
        (adopted,) = case.reconcile().events
        assert isinstance(adopted, ev.OrderAdopted)
        assert (adopted.strategy, adopted.purpose) == (owner, purpose)
        order = case.account.orders[lost.client_order_id].order
        assert order.request.trigger_price == BTCUSDT.price("95")
        assert order.request.is_conditional


@pytest.mark.parametrize(
    ("state", "kind"),
    [("canceled", "OrderCanceled"), ("expired", "OrderExpired"), ("rejected", "OrderRejected")],
)
def test_an_end_that_was_not_heard_is_learned(state: str, kind: str) -> None:
    case = Case(told.acked(ORDER))
    case.order.state = state
    result = case.reconcile()
    assert kinds(result) == [kind]
    assert not case.account.orders


def test_an_execution_that_a_report_names_and_no_trade_shows_is_waited_for() -> None:
    case = Case(told.acked(ORDER))
    case.order.cum_quantity = BTCUSDT.quantity("1")
    case.order.state = "canceled"
    result = case.reconcile()
    assert not result.clean
    assert result.unresolved == [FIRST]
    assert case.account.orders[FIRST].order.leaves_quantity == BTCUSDT.quantity("1")
    assert "ReconciliationCompleted" not in kinds(result)
    assert result.completed("test").through == {}


def test_one_answer_that_an_order_is_not_known_proves_nothing() -> None:
    case = Case(told.doubted(ORDER), known=False)
    result = case.reconcile()
    assert result.events == []
    assert (result.clean, result.unresolved) == (False, [FIRST])


def test_a_second_answer_too_soon_proves_nothing_either() -> None:
    case = Case(told.doubted(ORDER), known=False)
    soon = case.ask(case.ask(), at_ns=SETTLE_NS - 1)
    assert case.reconcile(soon).unresolved == [FIRST]
    late = case.ask(soon, at_ns=SETTLE_NS)
    assert late.absences[ClientOrderId(FIRST)] == Absence(0, SETTLE_NS, 3)
    result = case.reconcile(late)
    assert kinds(result) == ["OrderRejected"]
    assert result.clean


def test_an_order_that_was_at_the_venue_and_is_gone_has_expired() -> None:
    case = Case(told.acked(ORDER), told.filled(ORDER, "1", quantity="0.5"), known=False)
    case.venue.totals[Asset("USDT")] -= 50 * 10**18
    case.venue.totals[Asset("BTC")] += 5 * 10**17
    result = case.reconcile(case.ask(case.ask(), at_ns=SETTLE_NS))
    assert kinds(result) == ["OrderExpired"]
    assert result.events[0].cum_quantity == "0.5"  # type: ignore[attr-defined]
    assert not case.account.orders


def test_what_an_earlier_epoch_approved_and_nobody_knows_is_in_doubt() -> None:
    case = Case(known=False)
    assert kinds(case.reconcile()) == ["OrderDoubted"]
    assert case.account.orders[FIRST].order.is_unknown


def test_what_this_epoch_approved_may_still_be_on_its_way() -> None:
    case = Case(known=False)
    assert reconcile(case.ours(epoch=Epoch(1)), case.ask()).events == []


def test_an_order_with_our_journals_id_is_adopted() -> None:
    case = Case(told.acked(ORDER))
    lost = TrueOrder(IDS.next(), BTCUSDT, side="sell", quantity="1", price="120")
    case.venue.place(lost)
    case.venue.execute(lost, "0.25")
    result = case.reconcile()
    assert kinds(result) == ["OrderAdopted", "OrderFilled"]
    adopted = case.account.orders[lost.client_order_id]
    assert adopted.order.request.strategy == UNATTRIBUTED
    assert adopted.order.cum_quantity == BTCUSDT.quantity("0.25")
    assert case.account.position(UNATTRIBUTED, SYMBOL) == -BTCUSDT.quantity("0.25")
    assert result.clean


@pytest.mark.parametrize(
    ("state", "kind"), [("canceled", "OrderCanceled"), ("expired", "OrderExpired")]
)
def test_an_order_that_ended_before_it_was_recorded_is_adopted_with_its_end(
    state: str, kind: str
) -> None:
    case = Case(told.acked(ORDER))
    lost = case.venue.place(
        TrueOrder(IDS.next(), BTCUSDT, side="sell", quantity="1", price="120")
    )
    case.venue.execute(lost, "0.25")
    lost.state = state
    reserved = dict(case.account.reserved)
    result = case.reconcile()
    assert kinds(result) == ["OrderAdopted", kind, "OrderFilled"]
    assert result.clean
    assert set(case.account.orders) == {FIRST}
    ended = case.account.find(lost.client_order_id)
    assert ended is not None
    assert (ended.status.value, ended.cum_quantity) == (state, BTCUSDT.quantity("0.25"))
    assert (case.reconcile().events, case.account.reserved) == ([], reserved)


def test_an_order_that_filled_before_it_was_recorded_is_adopted_with_its_executions() -> None:
    case = Case(told.acked(ORDER))
    lost = case.venue.place(
        TrueOrder(IDS.next(), BTCUSDT, side="sell", quantity="1", price="120")
    )
    case.venue.execute(lost, "1")
    result = case.reconcile()
    assert kinds(result) == ["OrderAdopted", "OrderFilled"]
    assert result.clean
    assert case.account.position(UNATTRIBUTED, SYMBOL) == -BTCUSDT.quantity("1")


def test_strangers_orders_that_ended_are_nobodys_business() -> None:
    case = Case(told.acked(ORDER))
    stranger = told.order_ids(journal=JournalId("THEM1")).next()
    for name in (stranger, "web_123"):
        order = TrueOrder(name, BTCUSDT, side="sell", quantity="1", price="120")
        case.venue.place(order).state = "canceled"
    result = case.reconcile()
    assert (result.events, result.others, result.clean) == ([], {}, True)


def test_the_newest_orders_are_those_after_the_last_that_the_journal_knows() -> None:
    case = Case()
    case.ask()
    assert f"orders {SYMBOL} None" in case.venue.questions
    fold.apply(case.account, told.acked(ORDER))
    case.ask()
    assert case.venue.questions[-1] == f"orders {SYMBOL} V{FIRST}"


def test_a_strangers_order_of_which_nobody_spoke_is_found_below_known_ones() -> None:
    case = Case()
    case.order.venue_order_id = VenueOrderId("9")
    stranger = TrueOrder("web_1", BTCUSDT, side="sell", quantity="1", price="120")
    stranger.venue_order_id = VenueOrderId("7")
    case.venue.place(stranger)
    case.venue.execute(stranger, "1")
    fold.apply(case.account, msgspec.structs.replace(told.acked(ORDER), venue_order_id="9"))
    result = case.reconcile()
    assert case.venue.questions[-1] == f"orders {SYMBOL} 6"
    assert "ForeignFillSeen" in kinds(result)
    assert result.clean


def test_until_a_new_epoch_agrees_its_own_orders_hide_none_of_the_one_before() -> None:
    case = Case(told.acked(ORDER), ev.EpochTaken(2, [0], "resumed"))
    lost = TrueOrder(IDS.next(), BTCUSDT, side="sell", quantity="1", price="120")
    case.venue.place(lost).state = "canceled"
    later = told.approved(BTCUSDT, "buy", client_order_id=IDS.next(), quantity="1", price="100")
    for event in (later, told.acked(later), ev.EpochTaken(3, [0], "resumed")):
        fold.apply(case.account, event)
    case.venue.place(TrueOrder(IDS.next(), BTCUSDT, side="buy", quantity="1", price="100"))
    case.ask()
    assert case.venue.questions[-1] == f"orders {SYMBOL} V{FIRST}"
    assert "OrderAdopted" in kinds(case.reconcile())
    fold.apply(case.account, BEGUN)
    case.ask()
    assert case.venue.questions[-1] > f"orders {SYMBOL} V{lost.client_order_id}"


def test_the_last_order_that_is_known_is_the_one_with_the_greatest_number() -> None:
    latest = LatestOrders()
    for number in ("9", "10", "2", ""):
        latest.see(SYMBOL, VenueOrderId(number))
    assert latest.after(SYMBOL) == "10"


def test_an_order_of_ours_that_the_stream_spoke_of_is_asked_for_by_its_id() -> None:
    case = Case(told.acked(ORDER))
    lost = TrueOrder(IDS.next(), BTCUSDT, side="sell", quantity="1", price="120")
    case.venue.place(lost).state = "canceled"
    named = {lost.client_order_id: SYMBOL, ClientOrderId(FIRST): SYMBOL}
    question = Question(named=named, with_newest=False)
    asking = inquire(case.venue, case.account, question=question, now_ns=lambda: 0)
    answers = asyncio.run(asking)
    assert case.venue.questions[-1] == f"order {SYMBOL} {lost.client_order_id}"
    assert kinds(case.reconcile(answers)) == ["OrderAdopted", "OrderCanceled"]


def test_another_journal_of_ours_is_named_and_never_adopted() -> None:
    case = Case(told.acked(ORDER))
    stranger = told.order_ids(journal=JournalId("THEM1")).next()
    case.venue.place(TrueOrder(stranger, BTCUSDT, side="sell", quantity="1", price="120"))
    result = case.reconcile()
    assert kinds(result) == ["ForeignOrderSeen", "IncidentOpened"]
    (detail,) = result.others.values()
    assert detail == f"order {stranger} of {SYMBOL}, of journal {journal_of(stranger)}"
    assert stranger not in case.account.orders
    again = case.reconcile()
    assert (again.events, again.others) == ([], result.others)
    known = frozenset(result.others)
    answers = case.ask()
    assert reconcile(case.ours(acknowledged=known), answers).others == {}


def test_what_people_trade_by_hand_is_noted_and_booked_to_nobody() -> None:
    case = Case(told.acked(ORDER))
    manual = case.venue.place(
        TrueOrder("web_123", BTCUSDT, side="buy", quantity="1", price="90")
    )
    case.venue.execute(manual, "0.5")
    result = case.reconcile()
    assert kinds(result) == ["ForeignOrderSeen", "ForeignFillSeen"]
    assert result.others == {}
    assert case.account.position(UNATTRIBUTED, SYMBOL) == BTCUSDT.quantity("0.5")
    assert case.reconcile().events == []


def test_an_execution_whose_order_is_not_shown_yet_is_nobodys() -> None:
    case = Case(told.acked(ORDER))
    other = TrueOrder("web_9", BTCUSDT, side="buy", quantity="1", price="90")
    case.venue.execute(other, "0.5")
    result = case.reconcile()
    assert result.events == []
    assert not result.clean
    case.venue.place(other)
    assert kinds(case.reconcile()) == ["ForeignOrderSeen", "ForeignFillSeen"]


def test_an_execution_of_an_order_that_is_under_way_is_booked_to_it() -> None:
    case = Case()
    case.venue.execute(case.order, "0.5")
    question = Question(with_newest=False, with_holdings=False, left_before_ns=1)
    case.account.orders[FIRST].expires_at_ns = 2
    case.order.state = "filled"
    asking = inquire(case.venue, case.account, question=question, now_ns=lambda: 0)
    result = case.reconcile(asyncio.run(asking))
    assert kinds(result) == ["OrderFilled"]
    assert result.clean


def test_a_balance_is_adjusted_only_when_every_symbol_was_asked_about() -> None:
    eth = instrument("ETHUSDT")
    case = Case(told.acked(ORDER))
    fold.apply(case.account, told.opening(eth, balances={})[0])
    fold.apply(case.account, BEGUN)
    case.venue.totals[Asset("USDT")] += 5
    question = Question(symbols=(SYMBOL,), with_newest=False)
    asking = inquire(case.venue, case.account, question=question, now_ns=lambda: 0)
    result = case.reconcile(asyncio.run(asking))
    assert result.events == []
    assert not result.clean
    assert "BalanceAdjusted" in kinds(case.reconcile())


def test_executions_from_before_the_journal_are_not_booked() -> None:
    case = Case(told.acked(ORDER))
    case.account.reconciled_through.clear()
    old = case.venue.place(TrueOrder("old", BTCUSDT, side="buy", quantity="1", price="90"))
    case.venue.execute(old, "1")
    case.venue.totals = dict(case.account.balances)  # type: ignore[arg-type]
    result = case.reconcile()
    assert (result.events, result.clean) == ([], True)
    assert result.completed("start").through == {SYMBOL: "1"}


def test_the_next_question_begins_where_the_last_comparison_ended() -> None:
    case = Case(told.acked(ORDER))
    case.venue.execute(case.order, "0.5")
    fold.apply(case.account, case.reconcile().completed("test"))
    assert case.account.reconciled_through == {SYMBOL: ExecId("1")}
    case.venue.questions.clear()
    case.ask()
    assert f"trades {SYMBOL} 1" in case.venue.questions
    assert f"trades {SYMBOL} 0" not in case.venue.questions


def test_a_balance_that_differs_for_no_reason_is_adjusted_and_said() -> None:
    case = Case(told.acked(ORDER))
    case.venue.totals[Asset("BNB")] = 3 * 10**17
    case.venue.totals[Asset("BTC")] -= 10**18
    result = case.reconcile()
    assert result.events == [
        ev.BalanceAdjusted("BNB", "0.3", "100", "USDT", "the venue's balance differs"),
        ev.BalanceAdjusted("BTC", "-1", "100", "USDT", "the venue's balance differs"),
    ]
    assert result.clean
    assert case.reconcile().events == []


def test_balances_are_not_compared_when_an_execution_came_in_between() -> None:
    case = Case(told.acked(ORDER))
    answers = case.ask()
    case.venue.execute(case.order, "1")
    fold.apply(case.account, told.filled(ORDER, "1", quantity="1"))
    result = case.reconcile(answers)
    assert (result.events, result.clean) == ([], False)


def test_an_execution_while_the_venue_is_asked_is_noticed() -> None:
    class Busy(TrueAccount):
        async def balances(self):  # type: ignore[no-untyped-def]
            known = await super().balances()
            order = next(iter(self.known.values()))
            if not self.executed:
                self.execute(order, "1")
            return known

    case = Case(told.acked(ORDER))
    case.venue = Busy(BALANCES)
    case.venue.place(case.order)
    answers = case.ask()
    assert answers.balances is None
    result = case.reconcile(answers)
    assert kinds(result) == ["OrderFilled"]
    assert not result.clean
    assert case.reconcile().clean


def test_what_ended_here_and_rests_there_is_canceled() -> None:
    case = Case(told.rejected(ORDER))
    result = case.reconcile()
    assert [cancel.client_order_id for cancel in result.cancels] == [FIRST]
    assert not result.clean


def test_a_cancel_whose_answer_was_lost_is_sent_again() -> None:
    case = Case(told.acked(ORDER), told.cancel_requested(ORDER))
    result = case.reconcile()
    assert [cancel.client_order_id for cancel in result.cancels] == [FIRST]
    assert result.clean


def test_a_contracts_position_that_differs_is_left_to_a_person() -> None:
    case = Case(told.acked(ORDER))
    answers = case.ask()
    answers.positions = [
        PositionReport(
            symbol=SYMBOL, position_side=PositionSide.BOTH, quantity=BTCUSDT.quantity("1")
        )
    ]
    result = case.reconcile(answers)
    assert result.differences == ["the position of BTCUSDT (both) differs by 1"]
    assert not result.clean


def test_a_contracts_position_that_the_venue_does_not_show_differs() -> None:
    contract = instrument(product=Product.LINEAR)
    order = told.approved(contract, "sell", client_order_id=FIRST, quantity="1", price="100")
    case = Case()
    happened = [BEGUN, order, told.acked(order), told.filled(order, "1")]
    case.account = told.account_of([*told.opening(contract, balances=BALANCES), *happened])
    result = case.reconcile(VenueAnswers(balances=[], bookings_count=1))
    assert result.unsettled[SYMBOL] == ["the position of BTCUSDT (both) differs by 1"]
    assert not result.clean


def test_the_end_says_how_it_ended() -> None:
    case = Case(told.doubted(ORDER))
    case.venue.execute(case.order, "0.5")
    completed = case.reconcile().completed("reconnected")
    assert (completed.trigger, completed.orders, completed.fills) == ("reconnected", 1, 1)
    assert completed.clean
    assert len(completed.differences) == 2


def test_an_order_that_could_no_longer_leave_needs_no_second_wait() -> None:
    case = Case(told.doubted(ORDER), known=False)
    case.account.orders[FIRST].expires_at_ns = NS_PER_S
    first = case.ask(at_ns=NS_PER_S + SETTLE_NS - 2)
    assert case.reconcile(case.ask(first, at_ns=NS_PER_S + SETTLE_NS - 1)).events == []
    assert case.reconcile(case.ask(first, at_ns=NS_PER_S + SETTLE_NS - 2)).events == []
    late = case.ask(first, at_ns=NS_PER_S + SETTLE_NS)
    assert kinds(case.reconcile(late)) == ["OrderRejected"]
