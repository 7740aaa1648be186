"""Instants are integer nanoseconds UTC; the clock is a port, `runtime/clock.py` its edge."""

from collections.abc import Callable
from typing import NewType, Protocol

UtcNs = NewType("UtcNs", int)

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


class Timer(Protocol):
    """A callback that is due at an instant."""

    def cancel(self) -> None:
        """Take the timer back; nothing happens when it already ran or was taken back."""


class Clock(Protocol):
    """Market time and its timers, and the monotonic clock that latency is measured on.

    Timers with equal instants run in the order in which they were set. `now_ns` never goes
    backwards.
    """

    def now_ns(self) -> UtcNs:
        """Give market time: the wall clock live, the simulator's time in paper and replay."""

    def monotonic_ns(self) -> int:
        """Give the monotonic clock; only differences mean anything."""

    def call_at(self, at_ns: int, callback: Callable[[], None]) -> Timer:
        """Run a callback once when market time reaches an instant."""
