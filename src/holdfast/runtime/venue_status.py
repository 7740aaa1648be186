"""Watches what the venue says of itself, and closes the ways out while it is in maintenance.

Not being able to ask says nothing about maintenance; the breakers learn that from the answers
to orders (XCH-7).
"""

import asyncio
from collections.abc import Awaitable, Callable

from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_S, Clock
from holdfast.errors import HoldfastError
from holdfast.gateway.breaker import Breakers
from holdfast.runtime.recorder import Recorder
from holdfast.traffic.breaker import BreakerState

EVERY_NS = 30 * NS_PER_S
EVERY_IN_MAINTENANCE_NS = 5 * NS_PER_S
BELIEVED_NS = 300 * NS_PER_S
"""How long maintenance is believed in when nobody says it any more: exits wait for it, too."""


class VenueStatus:
    """Asks for the status from time to time, and journals its changes and the breakers'.

    `ask` gives whether the venue is normal, and its word for it.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[tuple[bool, str]]],
        breakers: Breakers,
        *,
        clock: Clock,
        recorder: Recorder,
        tell: Callable[[str], None],
    ) -> None:
        self.is_normal = True
        self._ask = ask
        self._breakers = breakers
        self._clock = clock
        self._recorder = recorder
        self._tell = tell
        self._told_at_ns = 0
        self._due = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        breakers.on_change = self._on_breaker

    def start(self) -> None:
        """Ask now and from here on."""
        self._task = asyncio.get_running_loop().create_task(self._keep_asking())

    async def close(self) -> None:
        """Ask no more; idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def hurry(self) -> None:
        """Ask now and not when the time has come."""
        self._due.set()

    async def look(self) -> None:
        """Ask once and act on the answer; no answer changes nothing, for a while."""
        try:
            is_normal, word = await self._ask()
        except HoldfastError as error:
            if self._clock.now_ns() - self._told_at_ns >= BELIEVED_NS:
                self._take(is_normal=True, word=f"not told any more: {error}")
            return
        self._told_at_ns = self._clock.now_ns()
        self._take(is_normal=is_normal, word=word)

    def _take(self, *, is_normal: bool, word: str) -> None:
        if is_normal == self.is_normal:
            return
        self.is_normal = is_normal
        self._recorder.decide(ev.VenueStatusChanged(is_normal, word))
        self._breakers.maintain(self._clock.now_ns(), is_maintained=not is_normal)
        self._recorder.flush()
        self._tell(
            f"the venue is normal again ({word})"
            if is_normal
            else f"the venue is in maintenance ({word}): no order leaves until it is normal"
        )

    async def _keep_asking(self) -> None:
        while True:
            await self.look()
            self._due.clear()
            pause_ns = EVERY_NS if self.is_normal else EVERY_IN_MAINTENANCE_NS
            timer = self._clock.call_at(self._clock.now_ns() + pause_ns, self._due.set)
            try:
                await self._due.wait()
            finally:
                timer.cancel()

    def _on_breaker(self, endpoint_class: str, state: BreakerState, reason: str) -> None:
        self._recorder.decide(ev.BreakerChanged(endpoint_class, state.value, reason))
