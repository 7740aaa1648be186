"""Run one asynchronous job of a command to its end, on the loop that trading uses."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


def run_loop(job: Coroutine[Any, Any, T]) -> T:
    """Run a job and give what it returns; what it raises is raised."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(job)
