"""Work that goes on beside everything else, and whose end by a bug nobody waits for."""

import asyncio
from collections.abc import Coroutine


def beside(work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
    """Begin work that lasts; what it raises goes to the loop at once and does not vanish."""
    task = asyncio.get_running_loop().create_task(work)
    task.add_done_callback(_tell)
    return task


def _tell(task: "asyncio.Task[None]") -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        task.get_loop().call_exception_handler(
            {"message": "what watches over a stream has ended", "exception": error}
        )
