"""What has to happen at an instant of market time, or a while from now.

While market time stands, what waits for a delay goes on in real time, so that it never waits
for ever; what waits for an instant stays. At speed max market time also stands while a client
withholds its pong, perhaps until an answer comes that is delayed: there a delay is over after
as much real time, too.
"""

import asyncio
import heapq
from collections.abc import Callable

from holdfast.simexchange.model import NEVER_NS
from holdfast.simexchange.pacing import SECOND_NS, MarketClock

SOONEST_REAL_S = 1.0


class Due:
    """One thing that waits; `cancel` before it happens and it never does."""

    def __init__(self, at_ns: int, act: Callable[[], None], *, is_delay: bool) -> None:
        self.at_ns = at_ns
        self.act = act
        self.is_delay = is_delay
        self._timer: asyncio.TimerHandle | None = None
        self._is_done = False

    def cancel(self) -> None:
        """Let it never happen; what it would have touched may go."""
        self._is_done = True
        self.act = _nothing
        if self._timer is not None:
            self._timer.cancel()

    def run(self) -> None:
        """Let it happen, once."""
        if not self._is_done:
            self._is_done = True
            if self._timer is not None:
                self._timer.cancel()
            self.act()

    def run_in(self, delay_s: float) -> None:
        """Let it happen after a while of real time."""
        if not self._is_done:
            self._timer = asyncio.get_running_loop().call_later(delay_s, self.run)


class Timetable:
    """All that waits; `next_ns` is when the first of it is due by market time."""

    def __init__(self, clock: MarketClock, *, is_moving: Callable[[], bool]) -> None:
        self.next_ns = NEVER_NS
        self._clock = clock
        self._is_moving = is_moving
        self._due: list[tuple[int, int, Due]] = []
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    def at(self, at_ns: int, act: Callable[[], None]) -> Due:
        """Do it when market time has come so far."""
        due = Due(at_ns, act, is_delay=False)
        self._push(due)
        return due

    def after(self, delay_ns: int, act: Callable[[], None]) -> Due:
        """Do it a while from now."""
        due = Due(self._clock.now_ns() + delay_ns, act, is_delay=True)
        delay_s = delay_ns / SECOND_NS
        if not self._is_moving():
            due.run_in(delay_s)
            return due
        self._push(due)
        if self._clock.speed is None:
            due.run_in(max(SOONEST_REAL_S, delay_s))
        return due

    def run(self, now_ns: int) -> None:
        """Do what is due, in its order."""
        while self._due and self._due[0][0] <= now_ns:
            heapq.heappop(self._due)[2].run()
        self._arm()

    def moved(self) -> None:
        """Take into account that market time began to move, or stands now."""
        if self._is_moving():
            self._arm()
            return
        waiting, self._due = self._due, []
        now_ns = self._clock.now_ns()
        for entry in waiting:
            due = entry[2]
            if due.is_delay:
                due.run_in(max(0, due.at_ns - now_ns) / SECOND_NS)
            else:
                heapq.heappush(self._due, entry)
        self._arm()

    def close(self) -> None:
        """Let nothing happen any more."""
        for _, _, due in self._due:
            due.cancel()
        self._due.clear()
        self._arm()

    def _push(self, due: Due) -> None:
        self._count += 1
        heapq.heappush(self._due, (due.at_ns, self._count, due))
        self._arm()

    def _arm(self) -> None:
        self.next_ns = self._due[0][0] if self._due else NEVER_NS
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        clock = self._clock
        if self._due and clock.speed is not None and self._is_moving():
            delay_s = clock.seconds_until(self.next_ns)
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(delay_s, lambda: self.run(clock.now_ns()))


def _nothing() -> None:
    pass
