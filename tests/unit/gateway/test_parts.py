"""The parts of the gateway: fence, used ids, budget, breakers (XCH-6, XCH-7, XCH-12)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain import fold
from holdfast.domain.ids import AccountId, ClientOrderIds, Epoch, JournalId, Shard
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.order import NewOrder, Purpose
from holdfast.domain.submission import Acked, Rejected, Submission, Unknown
from holdfast.gateway.breaker import Breakers
from holdfast.gateway.budget import DAY_NS, SHORT_NS, BudgetLimits, OrderBudget
from holdfast.gateway.epoch import Epochs
from holdfast.gateway.ids import UsedIds
from holdfast.testing import happenings as told
from holdfast.testing.market import instrument
from holdfast.traffic.breaker import ENTRIES, EXITS, BreakerState

JOURNAL = JournalId("TEST1")
ACKED, LOST = Acked("7"), Unknown("timeout")  # type: ignore[arg-type]


BTCUSDT = instrument()


def order(purpose: Purpose) -> NewOrder:
    """Give an order that is there for a purpose."""
    approved = told.approved(
        BTCUSDT, "buy", client_order_id=ids().next(), purpose=purpose.value
    )
    return fold.new_order(approved, AccountId("demo"), instrument=BTCUSDT)


def ids(*, shard: int = 0, epoch: int = 1) -> ClientOrderIds:
    return ClientOrderIds(JOURNAL, Shard(shard), Epoch(epoch))


def test_each_shard_has_an_epoch_of_its_own() -> None:
    epochs = Epochs(lambda *_: None)
    epochs.take(Shard(0), Epoch(1))
    epochs.take(Shard(1), Epoch(2))
    assert epochs.admits_order(ids(shard=1, epoch=2).next(), Epoch(2))
    assert not epochs.admits_order(ids(shard=0, epoch=2).next(), Epoch(2))
    assert not epochs.admits_order(ids(shard=2, epoch=1).next(), Epoch(1))


def test_an_epoch_that_cannot_be_persisted_is_not_served() -> None:
    def full_disk(*_: object) -> None:
        raise OSError("no space")

    epochs = Epochs(full_disk)
    with pytest.raises(OSError, match="no space"):
        epochs.take(Shard(0), Epoch(1))
    assert not epochs.admits_order(ids().next(), Epoch(1))


def test_what_was_known_before_a_restart_is_refused_after_it() -> None:
    epochs = Epochs(lambda *_: None, known={Shard(0): Epoch(5)})
    assert not epochs.take(Shard(0), Epoch(5))
    assert epochs.take(Shard(0), Epoch(6))


def test_an_order_of_another_epoch_cannot_borrow_the_newest_one() -> None:
    epochs = Epochs(lambda *_: None)
    epochs.take(Shard(0), Epoch(2))
    assert not epochs.admits_order(ids(epoch=1).next(), Epoch(2))
    assert not epochs.admits_order("manual-1", Epoch(2))


def test_a_strangers_order_is_canceled_by_the_newest_epoch_only() -> None:
    epochs = Epochs(lambda *_: None)
    assert not epochs.admits_cancel("web_1", Epoch(1))
    epochs.take(Shard(0), Epoch(2))
    assert epochs.admits_cancel("web_1", Epoch(2))
    assert not epochs.admits_cancel("web_1", Epoch(1))
    assert epochs.admits_cancel(ids(epoch=1).next(), Epoch(2))


@given(st.integers(1, 8), st.lists(st.integers(0, 30), max_size=60))
def test_no_id_passes_twice_however_few_are_remembered(kept: int, order: list[int]) -> None:
    numbers = ids()
    named = [numbers.next() for _ in range(31)]
    used, passed = UsedIds(kept=kept), []
    for index in order:
        if used.claim(named[index]):
            passed.append(index)
    assert len(passed) == len(set(passed))


def test_ids_in_their_order_all_pass_however_few_are_remembered() -> None:
    used = UsedIds(kept=2)
    numbers, others = ids(), ids(epoch=2)
    assert all(used.claim(numbers.next()) for _ in range(100))
    assert all(used.claim(others.next()) for _ in range(100))


@given(st.lists(st.integers(0, 3 * NS_PER_S), max_size=80))
def test_no_aligned_window_of_the_venue_holds_more_than_its_limit(waits: list[int]) -> None:
    budget, limit = OrderBudget(BudgetLimits(orders_per_10s_count=10)), 10
    now_ns, sent = 0, []
    for wait_ns in waits:
        now_ns += wait_ns
        if not budget.refusal(now_ns, is_entry=False):
            budget.spend(now_ns)
            sent.append(now_ns)
    windows = [instant // SHORT_NS for instant in sent]
    assert all(windows.count(window) <= limit for window in set(windows))


def test_entries_leave_a_tenth_of_the_budget_to_exits() -> None:
    budget = OrderBudget(BudgetLimits(orders_per_10s_count=20))
    for _ in range(18):
        budget.spend(0)
    assert budget.refusal(0, is_entry=True) == "18 orders in 10 s, at most 18"
    assert budget.refusal(0, is_entry=False) == ""
    assert budget.refusal(SHORT_NS, is_entry=True) == ""


def test_the_days_budget_begins_anew_with_the_day() -> None:
    budget = OrderBudget(BudgetLimits(orders_per_10s_count=1_000, orders_per_day_count=10))
    for _ in range(10):
        budget.spend(0)
    assert budget.refusal(DAY_NS - 1, is_entry=False) == "10 orders today, at most 10"
    assert budget.refusal(DAY_NS, is_entry=True) == ""


def note(breakers: Breakers, answer: Submission, *, purpose: Purpose = Purpose.ENTRY) -> None:
    """Let an order leave and be answered."""
    sent = order(purpose)
    breakers.sent(sent, 0)
    breakers.answered(sent.client_order_id, answer, now_ns=0)


def test_lost_answers_hold_entries_and_never_the_ways_out() -> None:
    breakers = Breakers()
    for _ in range(ENTRIES.failures_in_a_row):
        note(breakers, LOST)
    assert "does not answer" in breakers.refusal(order(Purpose.ENTRY), 0)
    assert breakers.refusal(order(Purpose.EXIT), 0) == ""
    assert breakers.refusal(order(Purpose.PROTECTIVE), 0) == ""


def test_lost_exits_open_the_breaker_of_exits_alone_and_for_a_second_at_most() -> None:
    breakers = Breakers()
    for _ in range(EXITS.failures_in_a_row):
        note(breakers, LOST, purpose=Purpose.EXIT)
    assert breakers.refusal(order(Purpose.ENTRY), 0) == ""
    assert breakers.refusal(order(Purpose.EXIT), 0)
    assert breakers.refusal(order(Purpose.EXIT), NS_PER_S) == ""


def test_a_rejection_is_an_answer_and_a_refusal_of_our_own_is_none() -> None:
    breakers = Breakers()
    for _ in range(20):
        note(breakers, Rejected(-2010, "no"))
    for _ in range(ENTRIES.failures_in_a_row - 1):
        note(breakers, LOST)
    note(breakers, Rejected(0, "not connected; nothing was sent"))
    assert breakers.refusal(order(Purpose.ENTRY), 0) == ""
    note(breakers, LOST)
    assert breakers.refusal(order(Purpose.ENTRY), 0)


def test_maintenance_closes_both_ways_and_is_told_with_its_class() -> None:
    breakers = Breakers()
    said: list[tuple[str, BreakerState, str]] = []
    breakers.on_change = lambda name, state, reason: said.append((name, state, reason))
    breakers.maintain(0, is_maintained=True)
    assert [name for name, _, _ in said] == ["entries", "exits"]
    assert breakers.refusal(order(Purpose.EXIT), 10**15)
    breakers.maintain(10**15, is_maintained=False)
    assert breakers.refusal(order(Purpose.EXIT), 10**15) == ""
