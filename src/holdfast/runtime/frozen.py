"""Ends a call into somebody else's code that does not return.

A thread looks twice a second whether one guarded call is still the same; after the limit it
signals the main thread, where an exception then ends that call. Code that blocks without
running Python cannot be ended so; that is the watchdog's work.
"""

import signal
import threading
from itertools import count
from types import FrameType

LIMIT_S = 10.0
_TICK_S = 0.5


class FrozenCall(BaseException):
    """Raised inside a guarded call that took too long; not to be caught by that call."""


class CallWatch:
    """Knows whether a guarded call is under way.

    Who guards a call sets `running` to a `next_number` before it and to 0 after it: calls of
    methods would cost as much as the rest of the guard, for each message of the market.
    """

    def __init__(self) -> None:
        self.next_number = count(1).__next__
        self.running = 0
        self._accused = 0
        self._limit_s = LIMIT_S
        self._over: threading.Event | None = None

    def start(self, *, limit_s: float = LIMIT_S) -> None:
        """Watch from here on; only on the main thread, which alone can be signaled."""
        self._limit_s = limit_s
        self._over = threading.Event()
        signal.signal(signal.SIGALRM, self._interrupt)
        threading.Thread(
            target=self._watch,
            args=(self._over, threading.main_thread().ident or 0),
            name="call-watch",
            daemon=True,
        ).start()

    def stop(self) -> None:
        """Watch no more; idempotent."""
        if self._over is not None:
            self._over.set()
            self._over = None
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def _watch(self, over: threading.Event, main: int) -> None:
        seen, ticks = 0, 0
        while not over.wait(_TICK_S):
            running = self.running
            ticks = ticks + 1 if running and running == seen else 0
            seen = running
            if ticks * _TICK_S >= self._limit_s and not over.is_set():
                self._accused = running
                signal.pthread_kill(main, signal.SIGALRM)
                ticks = 0

    def _interrupt(self, _: int, __: FrameType | None) -> None:
        if self.running and self.running == self._accused:
            raise FrozenCall(f"did not return within {self._limit_s:g} s")
