"""Equal refusals: written once, then as counts of market seconds, and none is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain.approval import Refusal, Refused
from holdfast.domain.events import IntentRefused
from holdfast.domain.ids import StrategyId
from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.domain.intent import SizedIntent
from holdfast.domain.order import Side
from holdfast.risk import refusals as refusals_module
from holdfast.risk.refusals import Refusals
from holdfast.testing.market import instrument

BTCUSDT = instrument()
STALE = Refused((Refusal("stale", "too old", "5001 ms", "5000 ms"),))
RATE = Refused((Refusal("rate", "too many"),))


def note(
    refusals: Refusals, refused: Refused, *, at_ns: int, strategy: str = "trend"
) -> list[IntentRefused]:
    asked = SizedIntent(
        symbol=BTCUSDT.symbol,
        side=Side.BUY,
        quantity=BTCUSDT.quantity("1.5"),
        price=BTCUSDT.price("100"),
    )
    return refusals.note(
        refused, asked, strategy=StrategyId(strategy), instrument=BTCUSDT, now_ns=at_ns
    )


def test_the_first_is_written_at_once_and_whole() -> None:
    [event] = note(Refusals(), STALE, at_ns=7)
    assert (event.strategy, event.symbol, event.side) == ("trend", "BTCUSDT", "buy")
    assert (event.quantity, event.price, event.stage) == ("1.5", "100", "intent")
    assert event.refusals == list(STALE.refusals)
    assert (event.count, event.first_at_ns) == (1, 7)


def test_equal_ones_of_a_second_are_written_as_a_count_when_it_is_over() -> None:
    refusals = Refusals()
    note(refusals, STALE, at_ns=0)
    for at_ms in (1, 500, 999):
        assert note(refusals, STALE, at_ns=at_ms * NS_PER_MS) == []
    [counted] = refusals.flush(NS_PER_S)
    assert (counted.count, counted.first_at_ns) == (3, NS_PER_MS)
    assert refusals.flush(2 * NS_PER_S) == []


def test_different_reasons_strategies_or_seconds_are_not_equal() -> None:
    refusals = Refusals()
    assert len(note(refusals, STALE, at_ns=0)) == 1
    assert len(note(refusals, RATE, at_ns=1)) == 1
    assert len(note(refusals, STALE, at_ns=2, strategy="quotes")) == 1
    assert len(note(refusals, STALE, at_ns=NS_PER_S)) == 1


def test_what_was_asked_may_differ_between_equal_refusals() -> None:
    refusals = Refusals()
    note(refusals, STALE, at_ns=0)
    older = Refused((Refusal("stale", "too old", "5002 ms", "5000 ms"),))
    assert note(refusals, older, at_ns=1) == []
    assert refusals.close()[0].refusals == list(older.refusals)


def test_kinds_are_bounded_and_the_oldest_is_closed_first() -> None:
    refusals = Refusals()
    note(refusals, STALE, at_ns=0)
    note(refusals, STALE, at_ns=1)
    events = [
        event
        for number in range(refusals_module.KINDS_KEPT)
        for event in note(refusals, STALE, at_ns=2, strategy=f"s{number}")
    ]
    assert len(events) == refusals_module.KINDS_KEPT + 1
    assert (events[-1].strategy, events[-1].count) == ("trend", 1)


steps = st.lists(
    st.tuples(st.sampled_from([STALE, RATE]), st.integers(0, 700 * NS_PER_MS)), max_size=60
)


@given(steps)
@pytest.mark.parametrize("flush_between", [True, False])
def test_every_refusal_is_in_exactly_one_count(
    flush_between: bool, steps: list[tuple[Refused, int]]
) -> None:
    refusals, now_ns = Refusals(), 0
    written: list[IntentRefused] = []
    for refused, wait_ns in steps:
        now_ns += wait_ns
        if flush_between:
            written += refusals.flush(now_ns)
        written += note(refusals, refused, at_ns=now_ns)
    written += refusals.close()
    for refused in (STALE, RATE):
        kind = [event for event in written if event.refusals == list(refused.refusals)]
        assert sum(event.count for event in kind) == [r for r, _ in steps].count(refused)
        firsts = [event.first_at_ns for event in kind]
        assert firsts == sorted(firsts)
    assert len(written) <= 4 * (now_ns // NS_PER_S + 1) + 2
