"""Maintenance: learned by asking, told once, and nothing leaves meanwhile (XCH-7)."""

import asyncio

from holdfast.domain import events as ev
from holdfast.domain.ids import AccountId
from holdfast.domain.instant import NS_PER_S
from holdfast.errors import VenueUnavailable
from holdfast.gateway.breaker import Breakers
from holdfast.journal.writer import Journal
from holdfast.runtime.state import State
from holdfast.runtime.venue_status import BELIEVED_NS, EVERY_IN_MAINTENANCE_NS, VenueStatus
from holdfast.testing.clock import ManualClock
from holdfast.traffic.breaker import BreakerState
from tests.unit.journal.kit import MemoryStore
from tests.unit.runtime.test_dead_man import Listening


class Desk:
    """A watch whose venue answers as a test says; None stands for no answer."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        journal = Journal(
            MemoryStore(),
            self.clock,
            account=AccountId("demo"),
            durable_callback=lambda _: None,
        )
        self.recorder = Listening(journal, State(AccountId("demo")))
        self.breakers = Breakers()
        self.said: list[str] = []
        self.answer: tuple[bool, str] | None = (True, "normal")
        self.asked = 0
        self.status = VenueStatus(
            self.ask,
            self.breakers,
            clock=self.clock,
            recorder=self.recorder,
            tell=self.said.append,
        )

    async def ask(self) -> tuple[bool, str]:
        self.asked += 1
        if self.answer is None:
            raise VenueUnavailable("down")
        return self.answer


def test_maintenance_opens_every_breaker_and_its_end_lets_one_order_try() -> None:
    async def story() -> None:
        desk = Desk()
        desk.answer = (False, "system maintenance")
        await desk.status.look()
        await desk.status.look()
        assert set(desk.breakers.states.values()) == {BreakerState.OPEN}
        desk.answer = (True, "normal")
        await desk.status.look()
        assert [type(event).__name__ for event in desk.recorder.decided] == [
            "VenueStatusChanged",
            "BreakerChanged",
            "BreakerChanged",
            "VenueStatusChanged",
        ]
        assert len(desk.said) == 2

    asyncio.run(story())


def test_maintenance_that_nobody_confirms_any_more_ends_by_itself() -> None:
    async def story() -> None:
        desk = Desk()
        desk.answer = (False, "system maintenance")
        await desk.status.look()
        desk.answer = None
        desk.clock.wait(BELIEVED_NS - 1)
        await desk.status.look()
        assert not desk.status.is_normal
        desk.clock.wait(1)
        await desk.status.look()
        assert desk.status.is_normal
        assert "not told any more" in desk.said[-1]

    asyncio.run(story())


def test_no_answer_says_nothing_about_maintenance() -> None:
    async def story() -> None:
        desk = Desk()
        desk.answer = None
        await desk.status.look()
        assert desk.recorder.decided == []
        assert desk.status.is_normal

    asyncio.run(story())


def test_it_asks_every_half_minute_until_it_is_closed() -> None:
    async def story() -> None:
        desk = Desk()
        desk.status.start()
        for _ in range(95):
            for _ in range(4):
                await asyncio.sleep(0)
            desk.clock.wait(NS_PER_S)
        await desk.status.close()
        await desk.status.close()
        assert desk.asked == 4

    asyncio.run(story())


def test_in_maintenance_it_asks_sooner_and_at_once_when_hurried() -> None:
    async def story() -> None:
        desk = Desk()
        desk.answer = (False, "system maintenance")
        desk.status.start()
        await _turns()
        desk.clock.wait(EVERY_IN_MAINTENANCE_NS)
        await _turns()
        assert desk.asked == 2
        desk.answer = (True, "normal")
        desk.status.hurry()
        await _turns()
        assert desk.status.is_normal
        assert desk.breakers.states["entries"] is BreakerState.OPEN
        assert desk.asked == 3
        await desk.status.close()

    async def _turns() -> None:
        for _ in range(4):
            await asyncio.sleep(0)

    asyncio.run(story())


def test_a_breaker_that_changes_is_journaled_with_its_reason() -> None:
    desk = Desk()
    assert desk.breakers.on_change is not None
    desk.breakers.on_change("entries", BreakerState.OPEN, "5 failures in a row")
    assert desk.recorder.decided == [
        ev.BreakerChanged("entries", "open", "5 failures in a row")
    ]
