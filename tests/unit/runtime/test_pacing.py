"""Pings: time moves with them, and none is answered while something waits (XCH-6)."""

from holdfast.runtime.clock import PingedClock
from holdfast.runtime.pacing import Pacer
from holdfast.traffic.governor import Governor
from holdfast.traffic.pool import MemoryPool


class Wire:
    """A connection that keeps its pongs."""

    def __init__(self) -> None:
        self.pongs: list[bytes] = []

    def pong(self, payload: bytes) -> None:
        self.pongs.append(payload)


class Stage:
    """A pacer whose trader is busy or idle as a test says."""

    def __init__(self, *, has_clock: bool = True) -> None:
        self.clock = PingedClock(100)
        self.wire = Wire()
        self.is_idle = True
        self.flushes = 0
        self.ended = 0
        self.pacer = Pacer(
            self.clock if has_clock else None,
            is_idle=lambda: self.is_idle,
            flush=self.flush,
            on_end=self.end,
        )

    def flush(self) -> None:
        self.flushes += 1

    def end(self) -> None:
        self.ended += 1


def test_an_idle_trader_answers_at_once_after_moving_its_clock() -> None:
    stage, order = Stage(), []
    stage.clock.call_at(150, lambda: order.append(len(stage.wire.pongs)))
    stage.pacer.on_ping(stage.wire, b"200")
    assert stage.clock.now_ns() == 200
    assert order == [0]
    assert stage.wire.pongs == [b"200"]
    assert stage.flushes == 1


def test_a_ping_is_held_while_something_waits_and_released_in_order() -> None:
    stage = Stage()
    other = Wire()
    stage.is_idle = False
    stage.pacer.on_ping(stage.wire, b"200")
    stage.pacer.on_ping(other, b"201")
    stage.pacer.on_ping(stage.wire, b"202")
    assert stage.wire.pongs == other.pongs == []
    assert stage.clock.now_ns() == 202
    stage.pacer.release()
    assert stage.wire.pongs == []
    stage.is_idle = True
    stage.pacer.release()
    assert stage.wire.pongs == [b"200", b"202"]
    assert other.pongs == [b"201"]


def test_a_timer_that_writes_keeps_its_own_ping_waiting() -> None:
    stage = Stage()

    def busy() -> None:
        stage.is_idle = False

    stage.clock.call_at(150, busy)
    stage.pacer.on_ping(stage.wire, b"200")
    assert stage.wire.pongs == []


def test_the_last_ping_ends_the_data_and_is_answered() -> None:
    stage = Stage()
    stage.pacer.on_ping(stage.wire, b"end:300")
    assert stage.ended == 1
    assert stage.clock.now_ns() == 300
    assert stage.wire.pongs == [b"end:300"]


def test_a_ping_without_time_moves_nothing_and_is_answered() -> None:
    stage = Stage()
    stage.pacer.on_ping(stage.wire, b"hello")
    stage.pacer.on_ping(stage.wire, b"")
    assert stage.clock.now_ns() == 100
    assert stage.wire.pongs == [b"hello", b""]


def test_with_a_clock_of_its_own_pings_carry_no_time() -> None:
    stage = Stage(has_clock=False)
    stage.pacer.on_ping(stage.wire, b"200")
    assert stage.clock.now_ns() == 100
    assert stage.wire.pongs == [b"200"]


def test_time_goes_on_while_a_question_waits_until_it_may_be_asked() -> None:
    stage = Stage()
    governor = Governor(
        stage.clock, [], account="a", pool=MemoryPool(), run=lambda w: w(), post=lambda w: w()
    )
    stage.pacer = Pacer(
        stage.clock,
        is_idle=lambda: stage.pacer.must_go_on,
        flush=stage.flush,
        on_end=stage.end,
    )
    stage.pacer.mind(governor)
    stage.pacer.on_ping(stage.wire, b"200")
    assert stage.wire.pongs == []
    with governor.waiting():
        assert stage.wire.pongs == [b"200"]
    stage.pacer.on_ping(stage.wire, b"300")
    assert stage.wire.pongs == [b"200"]
