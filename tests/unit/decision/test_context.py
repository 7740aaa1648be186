"""What a strategy may ask: time, timers by name, its position."""

import pytest

from holdfast import Context, PositionView
from holdfast.domain.ids import StrategyId
from holdfast.testing.clock import ManualClock
from holdfast.testing.market import instrument

TRADED = instrument()


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def rung():
    return []


@pytest.fixture
def context(clock, rung):
    return Context(
        StrategyId("mine"),
        instruments={TRADED.symbol: TRADED},
        clock=clock,
        position=lambda symbol: PositionView(symbol, 7),
        on_timer=lambda name, at_ns: rung.append((name, at_ns)),
        parameters={"fast": 3},
    )


def test_it_shows_time_instruments_parameters_and_positions(context, clock):
    assert context.now_ns == clock.now_ns()
    assert context.instruments[TRADED.symbol] is TRADED
    assert context.parameters["fast"] == 3
    assert context.position("BTCUSDT").filled == 7


def test_a_timer_rings_once_at_its_instant(context, clock, rung):
    at_ns = clock.now_ns() + 10
    context.set_timer(at_ns, "exit")
    clock.wait(9)
    assert rung == []
    clock.wait(1)
    clock.wait(100)
    assert rung == [("exit", at_ns)]


def test_a_name_set_again_moves_its_timer(context, clock, rung):
    start = clock.now_ns()
    context.set_timer(start + 10, "exit")
    context.set_timer(start + 20, "exit")
    context.set_timer(start + 15, "other")
    clock.wait(100)
    assert rung == [("other", start + 15), ("exit", start + 20)]


def test_a_timer_can_be_taken_back_and_set_from_its_own_ring(context, clock, rung):
    start = clock.now_ns()
    context.set_timer(start + 10, "exit")
    context.cancel_timer("exit")
    context.cancel_timer("never set")
    clock.wait(20)
    assert rung == []
    context._on_timer = lambda name, at_ns: (
        rung.append(at_ns - start) or context.set_timer(at_ns + 10, name)
    )
    context.set_timer(start + 30, "again")
    clock.wait(35)
    assert rung == [30, 40, 50]
