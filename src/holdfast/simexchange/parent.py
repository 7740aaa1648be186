"""End with the parent: a simulator started by a run never outlives it."""

import asyncio
import os
import stat
from collections.abc import Callable

WATCH_S = 0.5


def follow_parent(end: Callable[[], None]) -> None:
    """Call `end` when the parent dies or closes our standard input."""
    _watch_parent(os.getppid(), end)
    mode = os.fstat(0).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        asyncio.get_running_loop().add_reader(0, _drain, end)


def _watch_parent(parent: int, end: Callable[[], None]) -> None:
    if os.getppid() != parent:
        end()
        return
    asyncio.get_running_loop().call_later(WATCH_S, _watch_parent, parent, end)


def _drain(end: Callable[[], None]) -> None:
    try:
        is_over = os.read(0, 4096) == b""
    except BlockingIOError:
        return
    except OSError:
        is_over = True
    if is_over:
        asyncio.get_running_loop().remove_reader(0)
        end()
