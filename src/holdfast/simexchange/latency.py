"""Requests on their way to the matching core, due by market time; never reordered by account.

The jitter of a request is a pure function of the seed and the request's number.
"""

from heapq import heappop, heappush
from typing import Generic, Protocol, TypeVar

from holdfast.simexchange.assumptions import LatencyAssumptions
from holdfast.simexchange.model import NEVER_NS

_NS_PER_US = 1_000
_MASK = (1 << 64) - 1


class Traveling(Protocol):
    """A request with its number and the instant at which it takes effect."""

    ticket_id: int
    due_ns: int


Request = TypeVar("Request", bound=Traveling)


class Inbox(Generic[Request]):
    """The requests that have arrived and are not due yet."""

    def __init__(self, latency: LatencyAssumptions, *, seed: int) -> None:
        self._latency = latency
        self._seed = seed
        self._heap: list[tuple[int, int, Request]] = []
        self._last_due: dict[str, int] = {}

    def due_ns(self, account: str, *, arrived_ns: int, number: int, is_order: bool) -> int:
        """Return when a request takes effect."""
        delay = self._latency.order_us if is_order else self._latency.cancel_us
        jitter = scatter(self._seed, number) % (self._latency.jitter_us * _NS_PER_US + 1)
        due = arrived_ns + delay * _NS_PER_US + jitter
        due = max(due, self._last_due.get(account, 0))
        self._last_due[account] = due
        return due

    def add(self, ticket: Request) -> None:
        """Let a request travel."""
        heappush(self._heap, (ticket.due_ns, ticket.ticket_id, ticket))

    def next_due_ns(self) -> int:
        """Return when the next request is due, `NEVER_NS` when none travels."""
        return self._heap[0][0] if self._heap else NEVER_NS

    def pop(self) -> Request:
        """Take the request that is due first."""
        ticket = heappop(self._heap)[2]
        if not self._heap:
            self._last_due.clear()
        return ticket

    def __len__(self) -> int:
        return len(self._heap)


def scatter(seed: int, number: int) -> int:
    """Mix a seed and a number into 64 bits (the finalizer of SplitMix64)."""
    value = (seed * 0x9E3779B97F4A7C15 + number * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
