"""Clocks: timers in their order, time that never goes back, and time that runs by itself."""

import asyncio

import pytest

from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.runtime.clock import PingedClock, RunningClock, VirtualClock, run_name

YEAR_2020_NS = 1_577_836_800 * NS_PER_S


def test_timers_run_by_instant_and_equal_ones_in_the_order_of_their_setting() -> None:
    clock, ran = VirtualClock(), []
    for at_ns, name in ((30, "c"), (10, "a"), (20, "b1"), (20, "b2"), (20, "b3")):
        clock.call_at(at_ns, lambda name=name: ran.append((name, clock.now_ns())))  # type: ignore[misc]
    clock.advance(25)
    assert ran == [("a", 10), ("b1", 20), ("b2", 20), ("b3", 20)]
    assert clock.now_ns() == 25
    clock.advance(30)
    assert ran[-1] == ("c", 30)


def test_a_canceled_timer_does_not_run() -> None:
    clock, ran = VirtualClock(), []
    timer = clock.call_at(10, lambda: ran.append("canceled"))
    clock.call_at(10, lambda: ran.append("kept"))
    timer.cancel()
    clock.advance(10)
    assert ran == ["kept"]


def test_a_timer_that_is_set_by_a_timer_runs_in_the_same_advance_if_it_is_due() -> None:
    clock, ran = VirtualClock(), []

    def again() -> None:
        ran.append(clock.now_ns())
        if len(ran) < 3:
            clock.call_at(clock.now_ns() + 10, again)

    clock.call_at(5, again)
    clock.advance(100)
    assert ran == [5, 15, 25]


def test_a_timer_in_the_past_runs_at_the_next_advance_and_time_does_not_go_back() -> None:
    clock, ran = VirtualClock(100), []
    clock.call_at(50, lambda: ran.append(clock.now_ns()))
    clock.advance(90)
    assert ran == [100]
    assert clock.now_ns() == 100


def test_a_timer_that_is_moved_over_and_over_takes_no_more_room() -> None:
    clock, ran = VirtualClock(), []
    kept = [
        clock.call_at(10**9 + number, lambda number=number: ran.append(number))  # type: ignore[misc]
        for number in range(10)
    ]
    for number in range(20_000):
        clock.call_at(10**12 + number, lambda: ran.append(-1)).cancel()
    assert len(clock._heap) < 3_000
    clock.advance(10**13)
    assert ran == list(range(len(kept)))


def test_the_next_due_instant_is_known() -> None:
    clock = VirtualClock()
    assert clock.next_due_ns == float("inf")
    clock.call_at(20, lambda: None)
    clock.call_at(10, lambda: None)
    assert clock.next_due_ns == 10
    clock.advance(10)
    assert clock.next_due_ns == 20


def test_in_replay_latency_is_market_time_and_with_pings_it_is_the_machines() -> None:
    virtual, pinged = VirtualClock(7), PingedClock(7)
    assert virtual.monotonic_ns() == 7
    first = pinged.monotonic_ns()
    assert first > 7
    assert pinged.monotonic_ns() >= first


def test_a_running_clock_goes_on_at_its_speed_and_never_back() -> None:
    clock = RunningClock(YEAR_2020_NS, speed=1_000_000)
    stamps = [clock.now_ns() for _ in range(100)]
    assert stamps == sorted(stamps)
    assert stamps[-1] > stamps[0] >= YEAR_2020_NS


def test_a_running_clock_that_does_not_move_yet_stands_until_it_is_synchronised() -> None:
    clock = RunningClock(YEAR_2020_NS, speed=1_000, is_moving=False)
    assert clock.now_ns() == clock.now_ns() == YEAR_2020_NS
    clock.synchronise(YEAR_2020_NS + NS_PER_S)
    assert clock.now_ns() >= YEAR_2020_NS + NS_PER_S


def test_a_synchronisation_to_an_earlier_instant_does_not_turn_time_back() -> None:
    clock = RunningClock(YEAR_2020_NS, speed=1.0)
    before = clock.now_ns()
    clock.synchronise(YEAR_2020_NS - NS_PER_S)
    assert clock.now_ns() >= before


def test_a_wall_clock_that_is_put_back_does_not_hold_time_up() -> None:
    wall = [YEAR_2020_NS]
    clock = RunningClock(wall_ns=lambda: wall[0])
    before = clock.now_ns()
    wall[0] -= 3_600 * NS_PER_S
    assert clock.now_ns() == before
    wall[0] += 5 * NS_PER_S
    assert clock.now_ns() == before + 5 * NS_PER_S


def test_without_a_start_it_is_the_wall_clock() -> None:
    assert RunningClock().now_ns() > YEAR_2020_NS


@pytest.mark.parametrize("is_moving", [True, False])
def test_a_running_clock_wakes_its_timers_in_their_order(is_moving: bool) -> None:
    async def story() -> list[str]:
        clock = RunningClock(YEAR_2020_NS, speed=1_000, is_moving=is_moving)
        ran: list[str] = []
        done = asyncio.get_running_loop().create_future()
        clock.call_at(YEAR_2020_NS + 300 * NS_PER_MS, lambda: done.set_result(None))
        clock.call_at(YEAR_2020_NS + 200 * NS_PER_MS, lambda: ran.append("second"))
        clock.call_at(YEAR_2020_NS + 100 * NS_PER_MS, lambda: ran.append("first"))
        clock.call_at(YEAR_2020_NS + 100 * NS_PER_MS, lambda: ran.append("never")).cancel()
        if not is_moving:
            clock.synchronise(YEAR_2020_NS)
        await asyncio.wait_for(done, 5)
        return ran

    assert asyncio.run(story()) == ["first", "second"]


def test_a_timer_that_raises_does_not_stop_the_ones_after_it() -> None:
    async def story() -> int:
        strays: list[str] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: strays.append(str(context["exception"])))
        clock = RunningClock(YEAR_2020_NS, speed=1_000)
        done = loop.create_future()

        def fall() -> None:
            raise RuntimeError("fell")

        clock.call_at(YEAR_2020_NS + 10 * NS_PER_MS, fall)
        clock.call_at(YEAR_2020_NS + 20 * NS_PER_MS, lambda: done.set_result(None))
        await asyncio.wait_for(done, 5)
        return strays.count("fell")

    assert asyncio.run(story()) == 1


def test_runs_are_named_by_the_second() -> None:
    assert len(run_name()) == len("20240101-000000")
