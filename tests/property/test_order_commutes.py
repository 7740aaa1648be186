"""Decisions are in force at once and the venue's word when durable; the state is the same.

A trader folds a decision before reports that stand ahead of it in the journal. Reading the
journal folds them in its order. Both must end in one state, or the hashes of the live state and
of the journal would differ.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.account import Account
from holdfast.domain.ids import AccountId
from holdfast.domain.order import Order
from holdfast.testing import happenings as told
from holdfast.testing.market import instrument

BTCUSDT, ETHUSDT = instrument(), instrument("ETHUSDT")
OPENING = told.opening(
    BTCUSDT, ETHUSDT, balances={"USDT": "100000", "BTC": "10", "ETH": "50", "BNB": "3"}
)
QUICK = settings(max_examples=1_000, database=None, derandomize=True, phases=[Phase.generate])
Fold = Callable[[Account, ev.Event], None]


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[ev.Event], list[ev.Event]]:
    """Decisions in their order, and what the venue says in its order."""
    decisions: list[ev.Event] = []
    heard: list[ev.Event] = []
    exec_id = 0
    accepted: set[str] = set()
    for number in range(draw(st.integers(1, 4))):
        traded = draw(st.sampled_from([BTCUSDT, ETHUSDT]))
        side = draw(st.sampled_from(["buy", "sell"]))
        strategy = draw(st.sampled_from(["trend", "quotes"]))
        price = str(draw(st.integers(90, 110)))
        intent_id = f"i{number // 2}" if draw(st.booleans()) else ""
        if intent_id and intent_id not in accepted:
            accepted.add(intent_id)
            decisions.append(
                told.accepted(
                    traded,
                    side,
                    intent_id=intent_id,
                    quantity="4",
                    price=price,
                    strategy=strategy,
                )
            )
        order = told.approved(
            traded,
            side,
            client_order_id=f"o{number}",
            quantity="3",
            price=price,
            strategy=strategy,
            intent_id=intent_id,
        )
        decisions.append(order)
        if draw(st.booleans()):
            decisions.append(ev.IntentClosed(intent_id, strategy, traded.symbol, ""))
        requests = draw(st.integers(0, 2))
        decisions += [told.cancel_requested(order)] * requests
        if draw(st.booleans()):
            decisions.append(told.withheld(order))
            continue
        heard += draw(st.lists(st.sampled_from([told.acked(order), told.doubted(order)])))
        for _ in range(draw(st.integers(0, 3))):
            exec_id += 1
            fee = {"fee": "0.001", "fee_asset": draw(st.sampled_from(["USDT", "BNB"]))}
            heard.append(told.filled(order, str(exec_id), price=price, **fee))
        heard += [told.cancel_rejected(order)] * draw(st.integers(0, requests))
        ends = [told.canceled(order, cum_quantity="2"), told.expired(order), told.acked(order)]
        heard += draw(st.lists(st.sampled_from(ends), max_size=2))
    return decisions, draw(st.permutations(heard))


@st.composite
def weavings(draw: st.DrawFn) -> tuple[list[ev.Event], list[ev.Event]]:
    """One story in two orders: each keeps the order of decisions and that of reports."""
    decisions, heard = draw(stories())
    return _weave(draw, decisions, heard), _weave(draw, decisions, heard)


def _weave(draw: st.DrawFn, decisions: list[ev.Event], heard: list[ev.Event]) -> list[ev.Event]:
    """Mix the two, with no report of an order before its approval."""
    decided, reports, mixed = list(decisions), list(heard), []
    known: set[str] = set()
    while decided or reports:
        is_ready = bool(reports) and reports[0].client_order_id in known  # type: ignore[attr-defined]
        if is_ready and (not decided or draw(st.booleans())):
            mixed.append(reports.pop(0))
        else:
            decision = decided.pop(0)
            if isinstance(decision, ev.OrderApproved):
                known.add(decision.client_order_id)
            mixed.append(decision)
    return mixed


def canonical(happened: list[ev.Event], apply: Fold) -> dict[str, Any]:
    account = Account(AccountId("demo"))
    for event in [*OPENING, *happened]:
        apply(account, event)
    return account.canonical()


def check_same_end(apply: Fold, weaving: tuple[list[ev.Event], list[ev.Event]]) -> None:
    one, other = weaving
    assert canonical(one, apply) == canonical(other, apply)


def flag_for_a_cancel(account: Account, event: ev.Event) -> None:
    """A planted bug: a refused cancel takes back every request, also one made later."""

    def forget(order: Order) -> None:
        order.cancels_rejected_count = order.cancels_requested_count

    if isinstance(event, ev.CancelRejected):
        account.change(event.client_order_id, forget)
    else:
        fold.apply(account, event)


def release_on_fill(account: Account, event: ev.Event) -> None:
    """A planted bug: a fill lets go of everything that its intent holds."""
    fold.apply(account, event)
    if isinstance(event, ev.OrderFilled):
        for held in list(account.orders.values()):
            account.release(held.order.request.intent_id)


def cancel_ends_an_order(account: Account, event: ev.Event) -> None:
    """A planted bug: an order counts as done when its cancel was sent."""
    if isinstance(event, ev.OrderFilled):
        order = account.orders.get(event.client_order_id)  # type: ignore[call-overload]
        if order is not None and order.order.cancel_requested:
            return
    fold.apply(account, event)


@given(weavings())
def test_decisions_and_reports_may_be_folded_in_either_order(weaving):
    check_same_end(fold.apply, weaving)


@pytest.mark.parametrize("planted", [flag_for_a_cancel, release_on_fill, cancel_ends_an_order])
def test_a_planted_dependence_on_the_order_is_caught(planted):
    @QUICK
    @given(weavings())
    def law(weaving):
        check_same_end(planted, weaving)

    with pytest.raises(AssertionError):
        law()


@given(stories())
def test_the_same_events_folded_twice_give_the_same_account(story):
    decisions, heard = story
    events = [*decisions, *heard]
    assert canonical(events, fold.apply) == canonical(events, fold.apply)


def check_repetition(apply: Fold, story: tuple[list[ev.Event], list[ev.Event]]) -> None:
    decisions, heard = story
    once = [*decisions, *heard]
    answers = [event for event in heard if not isinstance(event, ev.CancelRejected)]
    assert canonical(once, apply) == canonical([*once, *answers], apply)


def book_by_what_is_left(account: Account, event: ev.Event) -> None:
    """A planted bug: an execution is known by the order's leaves and not by its id."""
    if isinstance(event, ev.OrderFilled):
        order = account.find(event.client_order_id)  # type: ignore[arg-type]
        count = len(order.executions) if order is not None else 0
        event = msgspec.structs.replace(event, exec_id=f"{event.exec_id}{count}")
    fold.apply(account, event)


@given(stories())
def test_the_venues_word_told_twice_changes_nothing(story):
    check_repetition(fold.apply, story)


def test_a_planted_booking_without_ids_is_caught():
    @QUICK
    @given(stories())
    def law(story):
        check_repetition(book_by_what_is_left, story)

    with pytest.raises(AssertionError):
        law()
