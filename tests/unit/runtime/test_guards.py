"""What watches over a trader, and when it stops (XCH-4)."""

import asyncio
from contextlib import AsyncExitStack

from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_S
from holdfast.runtime.config import GuardsEntry
from holdfast.runtime.guards import Guards
from tests.unit.runtime.test_reconciler import Scene, play


def test_nothing_is_written_after_a_runs_last_words() -> None:
    async def story(scene: Scene) -> None:
        asked: list[int] = []

        async def ask() -> tuple[bool, str]:
            asked.append(scene.floor.clock.now_ns())
            return len(asked) == 1, "maintenance"

        guards = Guards(
            scene.floor.node,
            scene.floor.trader,
            scene.reconciler,
            rule=GuardsEntry(),
            countdown=None,
            ask_status=ask,
            judge_key=None,
            breakers={},
        )
        async with AsyncExitStack() as stack:
            guards.start(stack)
            await asyncio.sleep(0)
            await guards.finish()
            scene.floor.trader.sinks.is_account_up = False
            await scene.pass_time(90 * NS_PER_S)
        assert len(asked) == 1
        assert not scene.floor.written(ev.ConnectionLapsed)
        assert not scene.floor.written(ev.VenueStatusChanged)

    play(story)
