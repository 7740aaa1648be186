"""What watches over a trader, and when it stops (XCH-4)."""

import asyncio
from contextlib import AsyncExitStack

from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_S
from holdfast.runtime.config import GuardsEntry
from holdfast.runtime.guards import Guards
from holdfast.traffic.breaker import BreakerState
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


def test_orders_try_again_at_once_when_the_account_was_compared_after_a_loss() -> None:
    async def story(scene: Scene) -> None:
        asked: list[str] = []

        async def ask() -> tuple[bool, str]:
            asked.append("status")
            return len(asked) > 1, "maintenance"

        breakers = scene.floor.node.gateway.breakers
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
            assert set(breakers.states.values()) == {BreakerState.OPEN}
            scene.reconciler.on_agreed()
            for _ in range(4):
                await asyncio.sleep(0)
            now_ns = scene.floor.clock.now_ns()
            assert len(asked) == 2
            assert all(each.allows(now_ns) for each in breakers._by_class.values())

    play(story)
