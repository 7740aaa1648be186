"""What waits for market time, or for a while, and what becomes of it while time stands."""

import asyncio

from holdfast.simexchange.model import NEVER_NS
from holdfast.simexchange.pacing import MarketClock
from holdfast.simexchange.timetable import Timetable

MILLISECOND_NS = 10**6


class Waiting:
    """A timetable at speed max that a test moves, with what has happened."""

    def __init__(self) -> None:
        self.clock = MarketClock(0, speed=None, monotonic=lambda: 0.0)
        self.is_moving = True
        self.table = Timetable(self.clock, is_moving=lambda: self.is_moving)
        self.happened: list[str] = []

    def at(self, ms: int, name: str) -> None:
        """Wait for an instant."""
        self.table.at(ms * MILLISECOND_NS, lambda: self.happened.append(name))

    def after(self, ms: int, name: str) -> None:
        """Wait for a while."""
        self.table.after(ms * MILLISECOND_NS, lambda: self.happened.append(name))

    def move_to(self, ms: int) -> None:
        """Move market time and do what is due."""
        self.clock.move_to(ms * MILLISECOND_NS)
        self.table.run(self.clock.now_ns())


def test_things_happen_in_the_order_of_their_instants_and_once() -> None:
    async def story() -> None:
        waiting = Waiting()
        waiting.at(20, "second")
        waiting.after(10, "first")
        waiting.at(20, "third")
        assert waiting.table.next_ns == 10 * MILLISECOND_NS
        waiting.move_to(9)
        assert waiting.happened == []
        waiting.move_to(30)
        waiting.move_to(40)
        assert waiting.happened == ["first", "second", "third"]
        assert waiting.table.next_ns == NEVER_NS

    asyncio.run(story())


def test_what_is_canceled_never_happens() -> None:
    async def story() -> None:
        waiting = Waiting()
        due = waiting.table.after(MILLISECOND_NS, lambda: waiting.happened.append("never"))
        due.cancel()
        waiting.at(5, "gone")
        waiting.table.close()
        waiting.move_to(10)
        assert waiting.happened == []

    asyncio.run(story())


def test_a_delay_goes_on_in_real_time_while_the_market_stands_and_an_instant_waits() -> None:
    async def story() -> None:
        waiting = Waiting()
        waiting.after(30, "a delay")
        waiting.at(30, "an instant")
        waiting.is_moving = False
        waiting.table.moved()
        waiting.after(10, "a delay of one that stands")
        await asyncio.sleep(0.1)
        assert waiting.happened == ["a delay of one that stands", "a delay"]
        waiting.is_moving = True
        waiting.table.moved()
        waiting.move_to(30)
        assert waiting.happened[2:] == ["an instant"]

    asyncio.run(story())


def test_a_delay_is_over_in_real_time_while_a_client_withholds_its_pong() -> None:
    async def story() -> None:
        waiting = Waiting()
        waiting.after(10, "answer")
        waiting.at(10, "instant")
        for _ in range(800):
            if not waiting.happened:
                await asyncio.sleep(0.01)
        waiting.move_to(20)
        assert waiting.happened == ["answer", "instant"]

    asyncio.run(asyncio.wait_for(story(), 10))
