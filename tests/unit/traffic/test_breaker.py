"""Breakers: what opens them, how they close, and what the ways out are allowed (XCH-7)."""

from holdfast.domain.instant import NS_PER_S
from holdfast.traffic.breaker import ENTRIES, EXITS, Breaker, BreakerRule, BreakerState

RULE = BreakerRule(failures_in_a_row=3, least_calls=4, open_ns=NS_PER_S, slow_ns=NS_PER_S)


def opened(at_ns: int = 0) -> Breaker:
    breaker = Breaker(RULE)
    for _ in range(3):
        breaker.note(at_ns, is_good=False)
    return breaker


def test_failures_in_a_row_open_it_and_it_says_why() -> None:
    said: list[tuple[BreakerState, str]] = []
    breaker = Breaker(RULE, on_change=lambda state, reason: said.append((state, reason)))
    for _ in range(3):
        assert breaker.allows(0)
        breaker.note(0, is_good=False)
    assert not breaker.allows(1)
    assert said == [(BreakerState.OPEN, "3 failures in a row")]


def test_half_of_the_calls_failing_opens_it() -> None:
    breaker = Breaker(RULE)
    for number in range(8):
        breaker.note(number, is_good=number % 2 == 0)
    assert breaker.state is BreakerState.OPEN


def test_failures_older_than_the_window_are_forgotten() -> None:
    breaker = Breaker(RULE)
    for number in range(20):
        breaker.note(number * RULE.window_ns, is_good=number % 2 == 0)
    assert breaker.state is BreakerState.CLOSED


def test_slow_answers_count_as_failures() -> None:
    breaker = Breaker(RULE)
    for _ in range(3):
        breaker.note(0, is_good=True, took_ns=2 * NS_PER_S)
    assert breaker.state is BreakerState.OPEN


def test_one_call_tries_and_its_answer_closes_it() -> None:
    breaker = opened()
    assert not breaker.allows(NS_PER_S - 1)
    assert breaker.allows(NS_PER_S)
    assert not breaker.allows(NS_PER_S)
    breaker.note(NS_PER_S, is_good=True)
    assert breaker.state is BreakerState.CLOSED


def test_each_failed_trial_doubles_the_wait_up_to_its_bound() -> None:
    breaker = opened()
    now_ns, waits = 0, []
    for _ in range(8):
        before_ns = now_ns
        while not breaker.allows(now_ns):
            now_ns += NS_PER_S // 2
        waits.append((now_ns - before_ns) // NS_PER_S)
        breaker.note(now_ns, is_good=False)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_trial_whose_answer_never_comes_is_followed_by_another() -> None:
    breaker = opened()
    assert breaker.allows(NS_PER_S)
    assert breaker.allows(2 * NS_PER_S)


def test_an_answer_from_before_it_opened_does_not_close_it() -> None:
    breaker = opened()
    breaker.note(1, is_good=True)
    assert breaker.state is BreakerState.OPEN


def test_a_venue_that_answers_elsewhere_has_the_next_call_try_at_once() -> None:
    breaker = opened()
    assert not breaker.allows(1)
    breaker.hear(1)
    assert breaker.allows(1)
    assert not breaker.allows(2)
    breaker.note(3, is_good=True)
    assert breaker.state is BreakerState.CLOSED


def test_an_answer_elsewhere_opens_nothing_in_maintenance() -> None:
    breaker = Breaker(ENTRIES)
    breaker.maintain(0, is_maintained=True)
    breaker.hear(3_600 * NS_PER_S)
    assert not breaker.allows(3_600 * NS_PER_S)


def test_nothing_leaves_in_maintenance_and_one_call_tries_after_it() -> None:
    breaker = Breaker(ENTRIES)
    breaker.maintain(0, is_maintained=True)
    assert not breaker.allows(3_600 * NS_PER_S)
    breaker.maintain(3_601 * NS_PER_S, is_maintained=False)
    assert breaker.allows(3_601 * NS_PER_S)
    breaker.note(3_601 * NS_PER_S, is_good=True)
    assert breaker.state is BreakerState.CLOSED


def test_a_way_out_is_tried_again_within_a_second_for_ever() -> None:
    breaker = Breaker(EXITS)
    now_ns = 0
    for _ in range(EXITS.failures_in_a_row):
        breaker.note(now_ns, is_good=False)
    for _ in range(50):
        now_ns += NS_PER_S
        assert breaker.allows(now_ns)
        breaker.note(now_ns, is_good=False)
