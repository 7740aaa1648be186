"""Kept-alive HTTP connections that stand by for orders while the WebSocket API is down.

HTTP/1.1 answers in the order of asking, so a request goes to the connection with the fewest
unanswered ones: a cancel does not wait behind an order that the venue is slow about. A lost
connection is opened again at once, and after a failure every `PAUSE_S`. Nothing is resent.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from holdfast.domain.instant import NS_PER_S
from holdfast.domain.ports import HttpAnswer, HttpConnection
from holdfast.errors import VenueUnavailable
from holdfast.venues.binance.rest import Rest
from holdfast.venues.binance.wire.requests import Call

LINES = 3
PAUSE_S = 1.0
MUTE_NS = 15 * NS_PER_S
"""How long a connection may owe an answer: longer than an order's own deadline."""
OnAnswer = Callable[[HttpAnswer | None], None]


class _Line:
    """One connection and how many of its requests wait."""

    def __init__(
        self,
        connection: HttpConnection,
        on_lost: Callable[[], None],
        *,
        monotonic_ns: Callable[[], int],
    ) -> None:
        self._monotonic_ns = monotonic_ns
        self.connection = connection
        self._asked_at_ns: deque[int] = deque()
        self._on_lost = on_lost

    @property
    def unanswered(self) -> int:
        """Give how many requests wait."""
        return len(self._asked_at_ns)

    def is_mute(self) -> bool:
        """Tell whether the oldest request has waited for too long, and so do all behind it."""
        asked = self._asked_at_ns
        return bool(asked) and self._monotonic_ns() - asked[0] > MUTE_NS

    def send(self, call: Call, rest: Rest, *, on_answer: OnAnswer) -> bool:
        """Write a request; False when it is certain that nothing was written."""

        def answered(answer: HttpAnswer | None) -> None:
            self._asked_at_ns.popleft()
            if answer is None:
                self._on_lost()
            on_answer(answer)

        self._asked_at_ns.append(self._monotonic_ns())
        try:
            self.connection.send(
                call.method,
                rest.signed_target(call.path, call.params),
                headers=rest.headers,
                body=b"",
                on_answer=answered,
            )
        except ConnectionError:
            self._asked_at_ns.pop()
            self._on_lost()
            return False
        return True


class Standby:
    """The connections of one key; each request is written once, on one of them."""

    def __init__(self, rest: Rest, *, monotonic_ns: Callable[[], int]) -> None:
        self._rest = rest
        self._monotonic_ns = monotonic_ns
        self._lines: list[_Line] = []
        self._lost = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Tell whether a request could be written."""
        return any(line.connection.is_open for line in self._lines)

    async def open(self) -> None:
        """Open the first connection; VenueUnavailable when that fails."""
        connection = await self._rest.connect()
        self._lines.append(_Line(connection, self._lost.set, monotonic_ns=self._monotonic_ns))

    def send(self, call: Call, *, on_answer: OnAnswer) -> bool:
        """Write a request; False when it is certain that nothing was written."""
        lines = [line for line in self._lines if line.connection.is_open]
        lines.sort(key=lambda line: line.unanswered)
        sent = any(line.send(call, self._rest, on_answer=on_answer) for line in lines)
        if not sent:
            self._lost.set()
        return sent

    async def keep(self, may_connect: Callable[[], bool]) -> None:
        """Have all connections open, until canceled; venues end idle ones."""
        while True:
            if not may_connect():
                await asyncio.sleep(PAUSE_S)
                continue
            self._lost.clear()
            await self._fill()
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S):
                    await self._lost.wait()

    async def _fill(self) -> None:
        for line in self._lines:
            if line.is_mute():
                line.connection.close()
        self._lines = [line for line in self._lines if line.connection.is_open]
        while len(self._lines) < LINES:
            try:
                await self.open()
            except VenueUnavailable:
                await asyncio.sleep(PAUSE_S)
                return

    def close(self) -> None:
        """Disconnect; what is unanswered is answered with None; idempotent."""
        for line in self._lines:
            line.connection.close()
