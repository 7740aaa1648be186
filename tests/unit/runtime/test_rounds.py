"""Rounds: at full intervals, one at the beginning of a gap and none in it."""

from holdfast.runtime.rounds import Rounds
from tests.unit.runtime.kit import Floor


def test_rounds_come_at_full_intervals_while_frames_come_and_stop_in_a_gap() -> None:
    floor = Floor()
    start_ns = floor.clock.now_ns()
    ran: list[int] = []
    Rounds(floor.clock, floor.trader.sinks).keep(
        lambda: ran.append(floor.clock.now_ns() - start_ns), every_ns=100
    )
    for after_ns in (30, 100, 100, 10**18, 70):
        floor.trader.sinks.on_frame_end()
        floor.clock.wait(after_ns)
    assert ran == [0, 100, 200, 300, 10**18 + 300]


def test_rounds_are_counted_from_the_instant_that_is_given() -> None:
    floor = Floor()
    floor.clock.wait(30 - floor.clock.now_ns() % 100)
    ran: list[int] = []
    Rounds(floor.clock, floor.trader.sinks).keep(
        lambda: ran.append(floor.clock.now_ns() % 100), every_ns=100, since_ns=0
    )
    floor.trader.sinks.on_frame_end()
    floor.clock.wait(70)
    assert ran == [30, 0]
