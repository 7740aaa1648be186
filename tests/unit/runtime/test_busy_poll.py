"""A loop that polls runs what is posted to it, from any thread and in any of its states."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from holdfast.runtime.busy_poll import BusyPoll

POSTS = 20_000
Story = Callable[[], Coroutine[Any, Any, None]]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Story], None]:
    return lambda story: request.param(asyncio.wait_for(story(), 30))


def test_what_a_thread_posts_runs_in_its_order_through_every_change(
    run: Callable[[Story], None],
) -> None:
    async def story() -> None:
        poll = BusyPoll(asyncio.get_running_loop())
        heard: list[int] = []
        done = asyncio.Event()

        def hear(number: int) -> None:
            heard.append(number)
            if number == POSTS - 1:
                done.set()

        def speak() -> None:
            for number in range(POSTS):
                poll.post(hear, number)

        thread = threading.Thread(target=speak)
        thread.start()
        while not done.is_set():
            poll.start(waits=lambda: len(heard) % 3 == 0)
            await asyncio.sleep(0)
            if len(heard) % 7 == 0:
                poll.close()
                await asyncio.sleep(0)
        poll.close()
        thread.join()
        assert heard == list(range(POSTS))

    run(story)


def test_a_loop_that_waits_sleeps_until_the_next_post_and_turns_again(
    run: Callable[[Story], None],
) -> None:
    async def story() -> None:
        looks: list[bool] = []
        waits = [False]

        def look() -> bool:
            looks.append(waits[0])
            return waits[0]

        poll = BusyPoll(asyncio.get_running_loop())
        poll.start(waits=look)
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(looks) > 5
        waits[0] = True
        for _ in range(10):
            await asyncio.sleep(0)
        assert looks.count(True) == 1

        def go_on() -> None:
            waits[0] = False

        before = len(looks)
        poll.post(go_on)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(looks) > before + 5
        poll.close()
        after = len(looks)
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(looks) == after

    run(story)


def test_before_its_start_and_after_its_end_posts_are_heard_too(
    run: Callable[[Story], None],
) -> None:
    async def story() -> None:
        poll = BusyPoll(asyncio.get_running_loop())
        for _ in range(2):
            heard = asyncio.Event()
            threading.Thread(target=poll.post, args=(heard.set,)).start()
            await heard.wait()
            poll.start(waits=lambda: False)
            poll.close()
        assert heard.is_set()

    run(story)
