"""What was asked and not answered yet; each is taken out once, by an answer or by its end."""

from collections import deque
from collections.abc import Callable

import msgspec

from holdfast.domain.instant import Clock, Timer
from holdfast.domain.order import NewOrder
from holdfast.domain.venue import CancelOrder


class OrderList(msgspec.Struct, frozen=True):
    """The orders of one list, asked together."""

    orders: tuple[NewOrder, ...]


class Replacement(msgspec.Struct, frozen=True):
    """A cancel and the order that takes its place, asked together."""

    cancel: CancelOrder
    order: NewOrder


Asked = NewOrder | CancelOrder | OrderList | Replacement


class _Request(msgspec.Struct):
    asked: Asked
    by_http: bool


class Pending:
    """Requests by number, with one timer for all deadlines.

    `on_overdue` is told what was asked, and whether it went by HTTP.
    """

    def __init__(
        self, clock: Clock, *, timeout_ns: int, on_overdue: Callable[[Asked, bool], None]
    ) -> None:
        self._clock = clock
        self._timeout_ns = timeout_ns
        self._on_overdue = on_overdue
        self._number = 0
        self._requests: dict[int, _Request] = {}
        self._deadlines: deque[tuple[int, int]] = deque()
        self._timer: Timer | None = None

    def add(self, asked: Asked, now_ns: int) -> int:
        """Note a request that is about to be written, and its deadline; give its number."""
        self._number += 1
        self._requests[self._number] = _Request(asked, by_http=False)
        self._deadlines.append((now_ns + self._timeout_ns, self._number))
        if self._timer is None:
            self._timer = self._clock.call_at(self._deadlines[0][0], self._sweep)
        return self._number

    def mark_http(self, number: int) -> None:
        """Note that a request went by HTTP, so the end of the socket is not its end."""
        self._requests[number].by_http = True

    def take(self, number: int) -> Asked | None:
        """Take a request out; None when it was answered before."""
        request = self._requests.pop(number, None)
        return None if request is None else request.asked

    def waits(self, *, by_http: bool) -> bool:
        """Tell whether something that was asked one way is not answered."""
        return any(request.by_http is by_http for request in self._requests.values())

    def take_all(self, *, by_http: bool) -> list[Asked]:
        """Take out everything that was asked one way, in its order."""
        numbers = [n for n, request in self._requests.items() if request.by_http is by_http]
        return [self._requests.pop(number).asked for number in numbers]

    def close(self) -> None:
        """Wait for no more deadlines; idempotent."""
        if self._timer is not None:
            self._timer.cancel()

    def _sweep(self) -> None:
        """Take out what is overdue or answered, and wait for the next deadline."""
        now_ns = self._clock.now_ns()
        deadlines = self._deadlines
        overdue = []
        while deadlines and (
            deadlines[0][0] <= now_ns or deadlines[0][1] not in self._requests
        ):
            request = self._requests.pop(deadlines.popleft()[1], None)
            if request is not None:
                overdue.append(request)
        self._timer = self._clock.call_at(deadlines[0][0], self._sweep) if deadlines else None
        for request in overdue:
            self._on_overdue(request.asked, request.by_http)
