"""Keep the loop awake: it asks its sockets again and again instead of waiting for a call.

Waking a sleeping process costs more than answering a tick. A loop that polls takes a core for
itself and has no such cost, nor that of being woken by the journal's thread: what the thread
posts is found in the next turn. Where something waits for the disk the loop sleeps until that
is done, because the thread may have no other core. It is begun when everything is connected.
"""

import os
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable
from typing import Any


class BusyPoll:
    """Turns a loop without pause from `start` to `close`; threads `post` to it at any time."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._posted: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._waits: Callable[[], bool] = _never
        self._is_on = False
        self._is_turning = False

    def post(self, callback: Callable[..., object], *arguments: object) -> None:
        """Have a callback run on the loop's thread, in the order of posting.

        It is put down before anybody looks whether the loop turns, and a loop that ends to turn
        looks afterwards for what was put down; so nothing is left lying between the two.
        """
        self._posted.append((callback, arguments))
        if not self._is_turning:
            self._loop.call_soon_threadsafe(self._wake)

    def start(self, *, waits: Callable[[], bool]) -> None:
        """Begin to turn; while `waits` is true, the next post is waited for instead."""
        self._waits = waits
        self._is_on = True
        self._wake()

    def close(self) -> None:
        """Let the loop sleep again; idempotent."""
        self._is_on = self._is_turning = False
        self._take()

    def _wake(self) -> None:
        self._take()
        if self._is_on and not self._is_turning:
            self._is_turning = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._take()
        if not self._is_turning:
            return
        if self._waits():
            self._is_turning = False
            if self._posted:
                self._loop.call_soon(self._wake)
            return
        os.sched_yield()  # others may have no other core either
        self._loop.call_soon(self._turn)

    def _take(self) -> None:
        posted = self._posted
        while posted:
            callback, arguments = posted.popleft()
            callback(*arguments)


def _never() -> bool:
    """Wait for nothing."""
    return False
