"""The one file that reads a clock, and the timer heap that every mode shares.

Timers are keyed (instant, sequence), so two that are due together run in the order in which
they were set. Market time never goes backwards: live it is the wall clock held monotonic, in
paper it is the simulator's, in replay it is virtual.
"""

import asyncio
import heapq
import time
from collections.abc import Callable

from holdfast.domain.instant import NS_PER_S, UtcNs

_SOONEST_WAKE_S = 0.000_05
_TIDY_FROM = 1_024


class HeapTimer:
    """A timer in a heap; canceled ones stay there until they are due, or too many."""

    __slots__ = ("at_ns", "callback", "sequence")

    def __init__(self, at_ns: int, sequence: int, callback: Callable[[], None]) -> None:
        self.at_ns = at_ns
        self.sequence = sequence
        self.callback: Callable[[], None] | None = callback

    def __lt__(self, other: "HeapTimer") -> bool:
        return (self.at_ns, self.sequence) < (other.at_ns, other.sequence)

    def cancel(self) -> None:
        """Take the timer back."""
        self.callback = None


class Timers:
    """A heap of timers; `heap[0]` is due first."""

    __slots__ = ("_sequence", "_tidy_at", "heap")

    def __init__(self) -> None:
        self.heap: list[HeapTimer] = []
        self._sequence = 0
        self._tidy_at = _TIDY_FROM

    def add(self, at_ns: int, callback: Callable[[], None]) -> HeapTimer:
        """Add a timer; those that were canceled go before the heap has doubled."""
        self._sequence += 1
        timer = HeapTimer(at_ns, self._sequence, callback)
        heap = self.heap
        heapq.heappush(heap, timer)
        if len(heap) >= self._tidy_at:
            heap[:] = [kept for kept in heap if kept.callback is not None]
            heapq.heapify(heap)
            self._tidy_at = max(_TIDY_FROM, 2 * len(heap))
        return timer


class VirtualClock:
    """Time that moves only when it is told to; replay runs on it."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now = start_ns
        self._timers = Timers()
        self._heap = self._timers.heap
        self.next_due_ns: float = float("inf")

    def now_ns(self) -> UtcNs:
        """Give market time."""
        return self._now  # type: ignore[return-value]  # a call of UtcNs costs as much again

    def monotonic_ns(self) -> int:
        """Give market time again: in replay nothing may depend on the machine."""
        return self._now

    def call_at(self, at_ns: int, callback: Callable[[], None]) -> HeapTimer:
        """Run a callback when time reaches an instant."""
        timer = self._timers.add(at_ns, callback)
        self.next_due_ns = self._heap[0].at_ns
        return timer

    def advance(self, to_ns: int) -> None:
        """Move to an instant, running what falls due on the way, each at its own time."""
        if to_ns < self.next_due_ns:
            if to_ns > self._now:
                self._now = to_ns
            return
        heap = self._heap
        while heap and heap[0].at_ns <= to_ns:
            timer = heapq.heappop(heap)
            self.next_due_ns = heap[0].at_ns if heap else float("inf")
            if timer.callback is not None:
                self._now = max(self._now, timer.at_ns)
                timer.callback()
        self._now = max(self._now, to_ns)


class PingedClock(VirtualClock):
    """Paper time at full speed: the simulator's pings carry it; latency is real."""

    def monotonic_ns(self) -> int:
        """Give the machine's monotonic clock."""
        return time.monotonic_ns()


class RunningClock:
    """Market time that runs by itself: the wall clock, or a start plus speed x elapsed.

    With `start_ns` None it is the wall clock. When that is put back, this one goes on from
    where it was and stays ahead: time that stood still would hold every timer. One that does
    not move yet stands at its start until it is synchronised. Timers wake by the event loop.
    """

    def __init__(
        self,
        start_ns: int | None = None,
        *,
        speed: float = 1.0,
        is_moving: bool = True,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._wall_ns = wall_ns
        self._origin = time.monotonic_ns()
        self._start = start_ns
        self._speed = speed
        self._is_moving = is_moving
        self._ahead = 0
        self._last = 0
        self._timers = Timers()
        self._heap = self._timers.heap
        self._wake: asyncio.TimerHandle | None = None

    def now_ns(self) -> UtcNs:
        """Give market time."""
        if self._start is None:
            now = self._wall_ns() + self._ahead
            if now < self._last:
                self._ahead += self._last - now
        elif not self._is_moving:
            now = self._start
        else:
            now = self._start + int((time.monotonic_ns() - self._origin) * self._speed)
        if now > self._last:
            self._last = now
        return self._last  # type: ignore[return-value]  # a call of UtcNs costs as much again

    def monotonic_ns(self) -> int:
        """Give the machine's monotonic clock."""
        return time.monotonic_ns()

    def synchronise(self, now_ns: int) -> None:
        """Take the simulator's time as the start from here on, and run."""
        self._start = now_ns
        self._origin = time.monotonic_ns()
        self._is_moving = True
        if self._wake is not None:
            self._schedule()

    def call_at(self, at_ns: int, callback: Callable[[], None]) -> HeapTimer:
        """Run a callback when market time reaches an instant."""
        timer = self._timers.add(at_ns, callback)
        if self._heap[0] is timer:
            self._schedule()
        return timer

    def _schedule(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if self._heap:
            market_s = (self._heap[0].at_ns - self.now_ns()) / NS_PER_S
            delay = max(_SOONEST_WAKE_S, market_s / self._speed)
            self._wake = asyncio.get_running_loop().call_later(delay, self._run_due)

    def _run_due(self) -> None:
        self._wake = None
        now = self.now_ns()
        try:
            while self._heap and self._heap[0].at_ns <= now:
                callback = heapq.heappop(self._heap).callback
                if callback is not None:
                    callback()
        finally:
            self._schedule()


def wall_ns() -> int:
    """Give the wall clock, for names of files and for nothing that is hashed."""
    return time.time_ns()


def stopwatch_ns() -> int:
    """Give the monotonic clock, for progress and measurements."""
    return time.monotonic_ns()


def utc_text(at_ns: int) -> str:
    """Write an instant as people and other programs read it, to the second, UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_ns // NS_PER_S))


def run_name() -> str:
    """Name a run by the wall clock, to the second, UTC."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime())
