"""The governor: portions, reserve, corrections by the venue, holds and bans (XCH-3)."""

from typing import TYPE_CHECKING

from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.testing.clock import ManualClock
from holdfast.traffic.governor import GRANTED, Governor
from holdfast.traffic.limits import Cost, Limit
from holdfast.traffic.pool import MemoryPool, Pool

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE = Limit("weight", 60 * NS_PER_S, 1_000, "address")
ORDERS = Limit("orders", 10 * NS_PER_S, 100, "account")
ONE = Cost(weight=1, orders=1)


def governed(
    *limits: Limit, pool: Pool | None = None, clock: ManualClock | None = None
) -> tuple[Governor, ManualClock]:
    clock = clock or ManualClock(0)
    governor = Governor(
        clock,
        limits,
        account="account",
        pool=pool or MemoryPool(),
        run=lambda work: work(),
        post=lambda w: w(),
    )
    return governor, clock


def spend(governor: Governor, cost: Cost, *, is_urgent: bool = False) -> int:
    """Ask until an instant comes back, and say how often it was granted."""
    count = 0
    while count < 10_000 and governor.ask(cost, is_urgent=is_urgent) == GRANTED:
        count += 1
    return count


def test_what_is_not_urgent_leaves_a_fifth_of_the_limit() -> None:
    governor, _ = governed(MINUTE)
    assert spend(governor, Cost(weight=1)) == 800


def test_the_answer_to_too_much_is_the_end_of_the_window() -> None:
    governor, _ = governed(MINUTE)
    spend(governor, Cost(weight=1))
    assert governor.ask(Cost(weight=1)) == 60 * NS_PER_S


def test_a_cancel_goes_where_an_entry_waits() -> None:
    governor, _ = governed(MINUTE)
    spend(governor, Cost(weight=1))
    assert governor.ask(Cost(weight=1), is_urgent=True) == GRANTED


def test_the_next_window_begins_with_a_portion_at_hand() -> None:
    governor, clock = governed(ORDERS)
    spend(governor, ONE)
    clock.advance(10 * NS_PER_S)
    assert governor.ask(ONE) == GRANTED


def test_windows_turn_by_the_venues_clock() -> None:
    governor, clock = governed(ORDERS)
    governor.offset_ns = 4 * NS_PER_S
    spend(governor, ONE)
    assert governor.ask(ONE) == 6 * NS_PER_S
    clock.advance(6 * NS_PER_S)
    assert governor.ask(ONE) == GRANTED


def test_what_strangers_used_is_not_given_out() -> None:
    governor, clock = governed(MINUTE)
    clock.advance(5 * NS_PER_S)
    assert governor.ask(Cost(weight=1)) == GRANTED
    governor.learn("weight", 60 * NS_PER_S, used=700)
    assert 100 <= spend(governor, Cost(weight=1)) <= 200


def test_a_count_that_comes_at_the_turn_is_not_taken_for_the_new_windows() -> None:
    governor, clock = governed(MINUTE, ORDERS)
    clock.advance(60 * NS_PER_S + 100 * NS_PER_MS)
    governor.learn("weight", 60 * NS_PER_S, used=990)
    governor.learn("orders", 10 * NS_PER_S, used=100)
    assert spend(governor, ONE) == 80
    clock.advance(62 * NS_PER_S)
    governor.learn("weight", 60 * NS_PER_S, used=990)
    clock.advance(70 * NS_PER_S)
    assert spend(governor, ONE) < 80


def test_two_processes_never_use_more_than_there_is() -> None:
    pool, clock = MemoryPool(), ManualClock(0)
    first, _ = governed(MINUTE, pool=pool, clock=clock)
    second, _ = governed(MINUTE, pool=pool, clock=clock)
    total = 0
    for _ in range(1_000):
        total += first.ask(Cost(weight=1)) == GRANTED
        total += second.ask(Cost(weight=1)) == GRANTED
    assert 700 <= total <= 800


def test_a_429_holds_everything_but_cancels_to_the_millisecond() -> None:
    governor, clock = governed(MINUTE)
    governor.obey(until_ns=7_001 * NS_PER_MS, is_ban=False)
    assert governor.ask(Cost(weight=1)) == 7_001 * NS_PER_MS
    assert governor.ask(Cost(weight=1), is_urgent=True) == GRANTED
    clock.advance(7_001 * NS_PER_MS - 1)
    assert governor.ask(Cost(weight=1)) == 7_001 * NS_PER_MS
    clock.advance(7_001 * NS_PER_MS)
    assert governor.ask(Cost(weight=1)) == GRANTED


def test_a_ban_holds_cancels_too() -> None:
    governor, _ = governed(MINUTE)
    governor.obey(until_ns=NS_PER_S, is_ban=True)
    assert governor.ask(Cost(), is_urgent=True) == NS_PER_S


def test_a_ban_of_one_process_holds_the_others_of_its_address() -> None:
    pool, clock = MemoryPool(), ManualClock(0)
    first, _ = governed(MINUTE, pool=pool, clock=clock)
    second = Governor(
        clock,
        [MINUTE],
        account="account",
        pool=pool,
        run=lambda work: work(),
        post=lambda work: work(),
        watch_ns=100 * NS_PER_MS,
    )
    first.obey(until_ns=120 * NS_PER_S, is_ban=True)
    clock.advance(100 * NS_PER_MS)
    assert second.ask(Cost(), is_urgent=True) == 120 * NS_PER_S


def test_a_lease_that_is_still_under_way_lets_nothing_through_that_is_not_there() -> None:
    waiting: list[Callable[[], None]] = []
    governor = Governor(
        ManualClock(0),
        [ORDERS],
        account="account",
        pool=MemoryPool(),
        run=waiting.append,
        post=lambda w: w(),
    )
    assert governor.ask(ONE) != GRANTED
    for work in waiting:
        work()
    assert governor.ask(ONE) == GRANTED


def test_limits_of_the_venue_take_the_place_of_the_assumed_ones() -> None:
    governor, _ = governed(MINUTE)
    governor.adopt([Limit("weight", 60 * NS_PER_S, 100, "address")])
    assert spend(governor, Cost(weight=1)) == 80
