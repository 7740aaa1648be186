"""What happens by itself at an instant of market time: funding, expiry, countdowns."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import TypeAlias

from holdfast.simexchange.model import NEVER_NS

Action: TypeAlias = Callable[[int], None]


class Timers:
    """Actions by their instant, and then in the order in which they were set."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Action]] = []
        self._number = 0
        self.next_ns = NEVER_NS

    def at(self, at_ns: int, action: Action) -> None:
        """Have something done at an instant; the action is told which."""
        self._number += 1
        heappush(self._heap, (at_ns, self._number, action))
        self.next_ns = self._heap[0][0]

    def run_next(self) -> None:
        """Do what is next."""
        at_ns, _, action = heappop(self._heap)
        self.next_ns = self._heap[0][0] if self._heap else NEVER_NS
        action(at_ns)
