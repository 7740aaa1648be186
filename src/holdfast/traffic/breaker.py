"""Circuit breakers: closed lets all through, open none, half-open one that decides.

A breaker opens after failures in a row, when half of the calls in its window fail, when calls
are slow, or when the venue says that it is in maintenance. Each time that its trial fails it
stays open for twice as long, up to a bound (XCH-7).
"""

from collections import deque
from collections.abc import Callable
from enum import Enum

import msgspec

from holdfast.domain.instant import NS_PER_S


class BreakerState(Enum):
    """Whether calls may leave."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BreakerRule(msgspec.Struct, frozen=True, kw_only=True):
    """When a breaker opens, and for how long.

    `failures_in_a_row` and `failure_share` (of at least `least_calls` within `window_ns`) open
    it. A call that took longer than `slow_ns` counts as a failure; 0 switches that off. It
    stays open for `open_ns`, doubled by each failed trial up to `longest_open_ns`.
    """

    failures_in_a_row: int = 5
    failure_share: float = 0.5
    least_calls: int = 10
    window_ns: int = 30 * NS_PER_S
    slow_ns: int = 0
    open_ns: int = 5 * NS_PER_S
    longest_open_ns: int = 60 * NS_PER_S


ENTRIES = BreakerRule()
EXITS = BreakerRule(failure_share=1.1, open_ns=NS_PER_S // 2, longest_open_ns=NS_PER_S)
"""A way out is tried again within a second, whatever happened to the ones before."""
QUERIES = BreakerRule(slow_ns=8 * NS_PER_S, open_ns=NS_PER_S, longest_open_ns=30 * NS_PER_S)

OnChange = Callable[[BreakerState, str], None]


class Breaker:
    """One breaker of one class of calls; instants are of one clock that never goes back."""

    def __init__(self, rule: BreakerRule, *, on_change: OnChange | None = None) -> None:
        self.state = BreakerState.CLOSED
        self.on_change = on_change
        self._rule = rule
        self._in_a_row = 0
        self._calls: deque[tuple[int, bool]] = deque()
        self._failed = 0
        self._open_ns = rule.open_ns
        self._opened_until_ns = 0
        self._trial_at_ns = -1
        self._is_maintained = False

    def allows(self, now_ns: int) -> bool:
        """Tell whether a call may leave now; one that may while half-open is the trial."""
        if self.state is BreakerState.CLOSED:
            return True
        if self._is_maintained or now_ns < self._opened_until_ns:
            return False
        if self.state is BreakerState.HALF_OPEN and now_ns < self._trial_at_ns + self._open_ns:
            return False
        self._trial_at_ns = now_ns
        self._change(BreakerState.HALF_OPEN, "one call tries")
        return True

    def note(self, now_ns: int, *, is_good: bool, took_ns: int = 0) -> None:
        """Take the outcome of a call; a slow answer is as bad as none."""
        rule = self._rule
        is_slow = bool(rule.slow_ns) and took_ns > rule.slow_ns
        is_good = is_good and not is_slow
        if self.state is not BreakerState.CLOSED:
            self._judge_trial(now_ns, is_good=is_good)
            return
        self._in_a_row = 0 if is_good else self._in_a_row + 1
        self._count(now_ns, is_good=is_good)
        if self._in_a_row >= rule.failures_in_a_row:
            self._open(now_ns, f"{self._in_a_row} failures in a row")
        elif len(self._calls) >= rule.least_calls and self._failed >= rule.failure_share * len(
            self._calls
        ):
            self._open(now_ns, f"{self._failed} of {len(self._calls)} calls failed")

    def maintain(self, now_ns: int, *, is_maintained: bool) -> None:
        """Take what the venue says of itself: nothing leaves until it is normal again."""
        if is_maintained == self._is_maintained:
            return
        self._is_maintained = is_maintained
        if is_maintained:
            self._open(now_ns, "the venue is in maintenance")
        else:
            self._opened_until_ns = now_ns

    def hear(self, now_ns: int) -> None:
        """Learn that the venue answers elsewhere: the next call is the trial, at once."""
        if self.state is BreakerState.OPEN:
            self._opened_until_ns = now_ns

    def _judge_trial(self, now_ns: int, *, is_good: bool) -> None:
        """Let the trial decide; answers to calls from before it opened say nothing new."""
        if self.state is not BreakerState.HALF_OPEN:
            return
        if not is_good:
            self._open_ns = min(2 * self._open_ns, self._rule.longest_open_ns)
            self._open(now_ns, "the trial failed")
        elif not self._is_maintained:
            self._in_a_row = self._failed = 0
            self._calls.clear()
            self._open_ns = self._rule.open_ns
            self._change(BreakerState.CLOSED, "a call was answered")

    def _count(self, now_ns: int, *, is_good: bool) -> None:
        calls = self._calls
        calls.append((now_ns, is_good))
        self._failed += not is_good
        while calls[0][0] <= now_ns - self._rule.window_ns:
            self._failed -= not calls.popleft()[1]

    def _open(self, now_ns: int, reason: str) -> None:
        self._opened_until_ns = now_ns + self._open_ns
        self._trial_at_ns = -1
        self._change(BreakerState.OPEN, reason)

    def _change(self, state: BreakerState, reason: str) -> None:
        if state is not self.state:
            self.state = state
            if self.on_change is not None:
                self.on_change(state, reason)
