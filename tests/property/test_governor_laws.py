"""Laws of the rate governor: processes that share an address never meet the venue's 429.

A venue counts in aligned windows, as the real one does. Several governors share a pool whose
work is done later, in any order among them; a stranger on the same address uses some of the
limit, and shows in the counts that answers carry (XCH-3).
"""

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.testing.clock import ManualClock
from holdfast.traffic.governor import GRANTED, Governor
from holdfast.traffic.limits import Cost, Limit
from holdfast.traffic.pool import MemoryPool

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 100
LIMIT = Limit("weight", 10 * NS_PER_S, MOST, "address")
KEPT = 20
WELL_INSIDE_NS = 2 * NS_PER_S
"""Counts just after a window's turn may be of the one before, and are left out."""


class Venue:
    """Counts the weight of a window, as the venue does."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.used: dict[int, int] = {}

    def take(self, weight: int) -> int:
        """Count a request and give the count that its answer names."""
        window = self._clock.now_ns() // LIMIT.window_ns
        self.used[window] = self.used.get(window, 0) + weight
        return self.used[window]


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["ask", "ask", "ask", "work", "wait"]),
        st.integers(1, 10),
    ),
    max_size=200,
)


@given(STEPS)
def test_processes_together_stay_within_what_is_not_kept(
    steps: list[tuple[int, str, int]],
) -> None:
    clock, pool = ManualClock(0), MemoryPool()
    venue = Venue(clock)
    waiting: list[Callable[[], None]] = []
    governors = [
        Governor(
            clock,
            [LIMIT],
            account="account",
            pool=pool,
            run=waiting.append,
            post=lambda work: work(),
        )
        for _ in range(3)
    ]
    for who, act, size in steps:
        if act == "wait":
            clock.wait(size * 400 * NS_PER_MS)
        elif act == "work":
            while waiting:
                waiting.pop(0)()
        elif governors[who].ask(Cost(weight=size)) == GRANTED:
            governors[who].learn("weight", LIMIT.window_ns, used=venue.take(size))
    assert max(venue.used.values(), default=0) <= MOST - KEPT


@given(STEPS, st.integers(0, 60))
def test_a_stranger_is_made_room_for_once_the_venue_shows_it(
    steps: list[tuple[int, str, int]], stranger: int
) -> None:
    clock, pool = ManualClock(WELL_INSIDE_NS), MemoryPool()
    venue = Venue(clock)
    governor = Governor(
        clock,
        [LIMIT],
        account="account",
        pool=pool,
        run=lambda work: work(),
        post=lambda work: work(),
    )
    venue.take(stranger)
    for _, act, size in steps:
        if act != "wait" and governor.ask(Cost(weight=size)) == GRANTED:
            governor.learn("weight", LIMIT.window_ns, used=venue.take(size))
    assert venue.used[0] <= max(stranger, MOST)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=50))
def test_urgent_requests_are_never_held_for_want_of_a_portion(costs: list[int]) -> None:
    governor = Governor(
        ManualClock(0),
        [LIMIT],
        account="account",
        pool=MemoryPool(),
        run=lambda work: work(),
        post=lambda w: w(),
    )
    assert all(governor.ask(Cost(weight=cost), is_urgent=True) == GRANTED for cost in costs)
