"""The dead man's switch: what is guarded, when it is refreshed, and what is said (XCH-4)."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TypeVar

from holdfast.domain import events as ev
from holdfast.domain.ids import AccountId, Shard, Symbol
from holdfast.domain.instant import NS_PER_S
from holdfast.errors import CredentialsRefused, HoldfastError, VenueUnavailable
from holdfast.journal.writer import Journal
from holdfast.runtime.dead_man import DeadMan, DeadManRule
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.state import State
from holdfast.testing import happenings as told
from holdfast.testing.clock import ManualClock
from holdfast.testing.market import instrument
from tests.unit.journal.kit import MemoryStore

BTCUSDT = instrument()
SYMBOL = BTCUSDT.symbol
IDS = told.order_ids()
FIRST = Shard(0)
Kind = TypeVar("Kind", bound=ev.Event)


class Venue:
    """Takes countdowns, or does not."""

    error: HoldfastError = VenueUnavailable("down")

    def __init__(self) -> None:
        self.asked: list[tuple[Symbol, int]] = []
        self.is_down = False

    async def countdown(self, symbol: Symbol, *, ms: int) -> None:
        if self.is_down:
            raise self.error
        self.asked.append((symbol, ms))


class Listening(Recorder):
    """A recorder that keeps what was decided."""

    def __init__(self, journal: Journal, state: State) -> None:
        super().__init__(journal, state, flush=lambda: None)
        self.decided: list[ev.Event] = []

    def decide(self, event: ev.Event, shard: Shard = FIRST) -> int:
        self.decided.append(event)
        return super().decide(event, shard)


class Desk:
    """A dead man's switch over an account that a test fills."""

    def __init__(self, **rule: bool) -> None:
        self.clock = ManualClock()
        self.state = State(AccountId("demo"))
        journal = Journal(
            MemoryStore(),
            self.clock,
            account=AccountId("demo"),
            durable_callback=lambda _: None,
        )
        self.recorder = Listening(journal, self.state)
        for event in told.opening(BTCUSDT, balances={"USDT": "10000"}):
            self.recorder.decide(event)
        self.venue = Venue()
        self.is_alive = True
        self.said: list[str] = []
        self.dead_man = DeadMan(
            self.venue,
            self.state.account,
            recorder=self.recorder,
            clock=self.clock,
            is_alive=lambda: self.is_alive,
            tell=self.said.append,
            rule=DeadManRule(**rule),
        )

    def rest(self, side: str = "buy") -> ev.OrderApproved:
        order = told.approved(BTCUSDT, side, client_order_id=IDS.next())
        self.recorder.decide(order)
        return order

    def written(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.recorder.decided if isinstance(event, kind)]

    async def pass_s(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.wait(NS_PER_S)
            for _ in range(5):
                await asyncio.sleep(0)


def run(desk: Desk, story: Callable[[Desk], Coroutine[None, None, None]]) -> None:
    async def whole() -> None:
        desk.dead_man.start()
        await story(desk)
        await desk.dead_man.close()

    asyncio.run(whole())


def test_nothing_is_armed_while_nothing_rests() -> None:
    async def story(desk: Desk) -> None:
        await desk.pass_s(100)
        assert desk.venue.asked == []

    run(Desk(), story)


def test_a_resting_order_is_guarded_and_refreshed_every_half_minute() -> None:
    async def story(desk: Desk) -> None:
        desk.rest()
        await desk.pass_s(95)
        assert set(desk.venue.asked) == {(SYMBOL, 120_000)}
        assert 3 <= len(desk.venue.asked) <= 5
        assert len(desk.written(ev.DeadManArmed)) == 1
        assert len(desk.written(ev.DeadManRefreshed)) == len(desk.venue.asked) - 1

    run(Desk(), story)


def test_a_position_ends_the_countdown_of_its_symbol_so_that_its_stop_stays() -> None:
    async def story(desk: Desk) -> None:
        order = desk.rest()
        await desk.pass_s(2)
        desk.recorder.decide(told.filled(order, "1", quantity="0.5"))
        await desk.pass_s(1)
        assert desk.venue.asked[-1] == (SYMBOL, 0)
        assert not desk.dead_man.armed_until_ns
        (ended,) = desk.written(ev.DeadManDisarmed)
        assert "its stop must stay" in ended.reason

    run(Desk(), story)


def test_who_has_seen_that_stops_survive_may_guard_positions_too() -> None:
    async def story(desk: Desk) -> None:
        order = desk.rest()
        desk.recorder.decide(told.filled(order, "1", quantity="0.5"))
        await desk.pass_s(2)
        assert desk.venue.asked == [(SYMBOL, 120_000)]

    run(Desk(with_positions=True), story)


def test_a_refused_key_is_a_failure_to_arm_and_ends_nothing() -> None:
    async def story(desk: Desk) -> None:
        desk.rest()
        desk.venue.is_down, desk.venue.error = True, CredentialsRefused("address not listed")
        await desk.pass_s(5)
        desk.venue.is_down = False
        await desk.pass_s(2)
        assert desk.venue.asked == [(SYMBOL, 120_000)]

    run(Desk(), story)


def test_a_loop_that_does_not_handle_fills_does_not_refresh() -> None:
    async def story(desk: Desk) -> None:
        desk.rest()
        await desk.pass_s(2)
        desk.is_alive = False
        count = len(desk.venue.asked)
        await desk.pass_s(200)
        assert len(desk.venue.asked) == count

    run(Desk(), story)


def test_an_end_with_nothing_resting_ends_the_countdown_and_one_with_orders_lets_it_run() -> (
    None
):
    async def story(desk: Desk) -> None:
        order = desk.rest()
        await desk.pass_s(2)
        desk.recorder.decide(told.canceled(order))

    desk = Desk()
    run(desk, story)
    assert desk.venue.asked[-1] == (SYMBOL, 0)

    async def leave(desk: Desk) -> None:
        desk.rest()
        await desk.pass_s(2)

    desk = Desk()
    run(desk, leave)
    assert desk.venue.asked[-1] == (SYMBOL, 120_000)


def test_a_switch_that_fails_for_a_whole_countdown_is_told_once_and_so_is_its_return() -> None:
    async def story(desk: Desk) -> None:
        desk.venue.is_down = True
        desk.rest()
        await desk.pass_s(300)
        assert len(desk.said) == 1
        assert "does not work" in desk.said[0]
        assert len(desk.written(ev.IncidentOpened)) == 1
        desk.venue.is_down = False
        await desk.pass_s(40)
        assert desk.said[1:] == ["the dead man's switch at the venue works again"]

    run(Desk(), story)
