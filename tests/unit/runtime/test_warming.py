"""Declared history: asked once for all, given to each, and asked again over a boundary."""

import asyncio

from holdfast.decision.strategy import Strategy
from holdfast.domain.ids import StrategyId, Symbol
from holdfast.domain.instant import NS_PER_S, UtcNs
from holdfast.domain.market import Bar
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.runtime.warming import warm
from tests.unit.runtime.kit import Floor

MINUTE_NS = 60 * NS_PER_S


class Short(Strategy):
    """Wants three minutes and three quarters of a minute."""

    bars = ("1m", "15s")
    history_bars = 3


class Long(Strategy):
    """Wants ten minutes."""

    bars = ("1m",)
    history_bars = 10


class Cold(Strategy):
    """Wants bars, but no history."""

    bars = ("1m",)


class Archive:
    """Market data that knows every bar; time passes while it answers."""

    def __init__(self, floor: Floor, *, takes_ns: int = 0) -> None:
        self.floor = floor
        self.takes_ns = takes_ns
        self.asked: list[tuple[Symbol, int, int]] = []

    async def bars(self, symbol: Symbol, *, interval_ns: int, count: int) -> list[Bar]:
        """Give the last closed bars."""
        self.asked.append((symbol, interval_ns, count))
        now_ns = self.floor.clock.now_ns()
        end_ns = now_ns - now_ns % interval_ns
        self.floor.clock.wait(self.takes_ns)
        self.takes_ns = 0
        one = PriceUnits(1)
        return [
            Bar(symbol, interval_ns, UtcNs(end_ns - back * interval_ns), one, one, one, one,
                QuantityUnits(1), 1)
            for back in range(count, 0, -1)
        ]  # fmt: skip


def warmed(floor: Floor, archive: Archive) -> None:
    asyncio.run(warm(floor.cast, archive, clock=floor.clock))  # type: ignore[arg-type]


def test_each_strategy_gets_the_bars_that_it_declared_in_the_order_of_their_closing() -> None:
    floor = Floor(short=Short(), long=Long(), cold=Cold())
    archive = Archive(floor)
    warmed(floor, archive)
    members = floor.cast.members
    assert [(i // NS_PER_S, n) for _, i, n in archive.asked] == [(15, 3), (60, 10)]
    short = members[StrategyId("short")].bars
    closes = [bar.open_at_ns + bar.interval_ns for bar in short]
    assert len(short) == 6
    assert closes == sorted(closes)
    assert len(members[StrategyId("long")].bars) == 10
    assert members[StrategyId("cold")].bars == ()


def test_a_boundary_that_passes_meanwhile_has_the_bars_asked_for_again() -> None:
    floor = Floor(long=Long())
    archive = Archive(floor, takes_ns=MINUTE_NS)
    warmed(floor, archive)
    assert len(archive.asked) == 2
    now_ns = floor.clock.now_ns()
    last = floor.cast.members[StrategyId("long")].bars[-1]
    assert last.open_at_ns + MINUTE_NS == now_ns - now_ns % MINUTE_NS


def test_strategies_without_history_ask_nothing() -> None:
    floor = Floor(cold=Cold())
    archive = Archive(floor)
    warmed(floor, archive)
    assert archive.asked == []
    assert not floor.cast.is_warming


def test_a_strategy_is_started_with_its_history() -> None:
    seen: list[int] = []

    class Keen(Long):
        def start(self, _context: object, history: object, *, saved: bytes | None) -> None:
            assert saved is None
            seen.append(len(history.bars))  # type: ignore[attr-defined]

    floor = Floor(keen=Keen())
    warmed(floor, Archive(floor))
    floor.cast.start()
    assert seen == [10]
