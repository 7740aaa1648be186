"""What a strategy may ask: time, timers by name, its position."""

import pytest

from holdfast import Context, PositionView
from holdfast.domain.ids import StrategyId
from holdfast.domain.instant import NS_PER_MS
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
        rung.append(at_ns - start) or context.set_timer(at_ns + 2 * NS_PER_MS, name)
    )
    context.set_timer(start + 30, "again")
    clock.wait(5 * NS_PER_MS)
    assert rung == [30, 30 + 2 * NS_PER_MS, 30 + 4 * NS_PER_MS]


@pytest.mark.parametrize("ahead_ns", [-5, 0, 1])
def test_a_timer_that_sets_itself_again_at_once_rings_a_millisecond_later(
    context, clock, rung, ahead_ns
):
    context._on_timer = lambda name, at_ns: (
        rung.append(clock.now_ns()) or context.set_timer(clock.now_ns() + ahead_ns, name)
    )
    start = clock.now_ns()
    context.set_timer(start - 5, "again")
    clock.wait(3 * NS_PER_MS)
    assert rung == [start + n * NS_PER_MS for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("at_ns", "name", "error", "line"),
    [
        ("x", "y", ValueError, "set_timer(at_ns='x'); write an instant in whole ns"),
        (float("inf"), "y", ValueError, "set_timer(at_ns=inf); write an instant"),
        (True, "y", ValueError, "set_timer(at_ns=True); write an instant"),
        (10**30, "y", ValueError, "write an instant in whole ns"),
        (1, [], TypeError, "set_timer(name=[]); write a text"),
    ],
)
def test_a_timer_of_nonsense_is_refused_where_it_is_set(context, at_ns, name, error, line):
    with pytest.raises(error) as raised:
        context.set_timer(at_ns, name)
    assert line in str(raised.value)


def test_nothing_of_the_trader_can_be_changed_through_it(context):
    for mapping in (context.instruments, context.parameters):
        with pytest.raises(TypeError):
            mapping["BTCUSDT"] = None
        with pytest.raises(AttributeError):
            mapping.clear()
