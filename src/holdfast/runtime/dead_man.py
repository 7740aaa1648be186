"""The dead man's switch at the venue, kept alive as a lease: it fires when we fall silent.

The lease is refreshed on the loop that handles fills, and only while that loop does its work:
the user stream is up and the journal takes records. It is held for symbols with orders of ours
that may rest there and without a position, because nobody has shown yet what the countdown does
to conditional orders, and a position must not lose its stop (XCH-4).
"""

import asyncio
from collections.abc import Callable

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.account import Account
from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_MS, NS_PER_S, Clock, Timer
from holdfast.domain.venue import CountdownCancel
from holdfast.errors import HoldfastError
from holdfast.runtime.recorder import Recorder

_NOT_ARMED = "the countdown could not be"


class DeadManRule(msgspec.Struct, frozen=True, kw_only=True):
    """How long the venue waits, and how often it hears from us.

    The venue's documents advise a heartbeat of 30 s for a countdown of 120 s. A change of what
    has to be guarded is told to the venue within `check_ns`. `with_positions` also arms symbols
    that have a position: for who has seen that conditional orders survive the countdown.
    """

    countdown_ms: int = 120_000
    heartbeat_ns: int = 30 * NS_PER_S
    check_ns: int = NS_PER_S
    with_positions: bool = False


class DeadMan:
    """Arms, refreshes and disarms the countdowns of one account.

    `is_alive` says whether the loop does its work. `tell` says a line to the user when the
    venue has not taken a countdown for as long as one lasts.
    """

    def __init__(
        self,
        venue: CountdownCancel,
        account: Account,
        *,
        recorder: Recorder,
        clock: Clock,
        is_alive: Callable[[], bool],
        tell: Callable[[str], None],
        rule: DeadManRule,
    ) -> None:
        self.armed_until_ns: dict[Symbol, int] = {}
        self._venue = venue
        self._account = account
        self._recorder = recorder
        self._clock = clock
        self._is_alive = is_alive
        self._tell = tell
        self._rule = rule
        self._timer: Timer | None = None
        self._next_beat_ns = 0
        self._task: asyncio.Task[None] | None = None
        self._failing_since_ns = 0
        self._has_told = False

    def start(self) -> None:
        """Guard from here on."""
        self._tick()

    async def close(self) -> None:
        """End the countdowns of symbols where nothing rests; the others run out."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        for symbol in sorted(self.armed_until_ns.keys() - self._wanted()):
            await self._disarm(symbol, "the trader ends and nothing rests")
        self._recorder.flush()

    def _tick(self) -> None:
        self._timer = self._clock.call_at(
            self._clock.now_ns() + self._rule.check_ns, self._tick
        )
        is_due = bool(self.armed_until_ns) and self._clock.now_ns() >= self._next_beat_ns
        if is_due or self._wanted() != self.armed_until_ns.keys():
            self._act()

    def _wanted(self) -> set[Symbol]:
        """Give the symbols with orders of ours open and, unless told otherwise, no position."""
        account = self._account
        return {
            symbol
            for (_, symbol), orders in account.working.items()
            if any(not order.ending for order in orders.values())
            and (self._rule.with_positions or not self._has_position(symbol))
        }

    def _has_position(self, symbol: Symbol) -> bool:
        """Tell whether anything is held, in whichever direction; hedged is not flat."""
        return any(
            position.quantity and held == symbol
            for (_, held, _), position in self._account.positions.items()
        )

    def _act(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._beat())

    async def _beat(self) -> None:
        """Tell the venue what is to be guarded, and refresh what is, while we are alive."""
        wanted = self._wanted()
        for symbol in sorted(self.armed_until_ns.keys() - wanted):
            await self._disarm(symbol, self._why_not(symbol))
        if not self._is_alive():
            return
        now_ns = self._clock.now_ns()
        is_due = now_ns >= self._next_beat_ns
        refreshed: list[str] = []
        for symbol in sorted(wanted):
            was_armed = symbol in self.armed_until_ns
            if (is_due or not was_armed) and await self._arm(symbol):
                if was_armed:
                    refreshed.append(symbol)
                else:
                    self._record(ev.DeadManArmed(symbol, self._rule.countdown_ms))
        if is_due:
            self._next_beat_ns = now_ns + self._rule.heartbeat_ns
        if refreshed:
            self._record(ev.DeadManRefreshed(refreshed, self._rule.countdown_ms))

    async def _arm(self, symbol: Symbol) -> bool:
        asked_at_ns = self._clock.now_ns()
        try:
            await self._venue.countdown(symbol, ms=self._rule.countdown_ms)
        except HoldfastError as error:
            self._note_failure(f"{symbol}: {_NOT_ARMED} started ({error})")
            return False
        self._note_success()
        self.armed_until_ns[symbol] = asked_at_ns + self._rule.countdown_ms * NS_PER_MS
        return True

    async def _disarm(self, symbol: Symbol, reason: str) -> None:
        try:
            await self._venue.countdown(symbol, ms=0)
        except HoldfastError as error:
            self._note_failure(f"{symbol}: {_NOT_ARMED} ended ({error})")
            return
        self._note_success()
        self.armed_until_ns.pop(symbol, None)
        self._record(ev.DeadManDisarmed(symbol, reason))

    def _why_not(self, symbol: Symbol) -> str:
        if self._has_position(symbol):
            return "a position is open, and its stop must stay"
        return "nothing rests"

    def _note_success(self) -> None:
        self._failing_since_ns = 0
        if self._has_told:
            self._has_told = False
            self._tell("the dead man's switch at the venue works again")

    def _note_failure(self, line: str) -> None:
        now_ns = self._clock.now_ns()
        self._failing_since_ns = self._failing_since_ns or now_ns
        too_long = now_ns - self._failing_since_ns >= self._rule.countdown_ms * NS_PER_MS
        if too_long and not self._has_told:
            self._has_told = True
            self._tell(f"the dead man's switch at the venue does not work: {line}")
            self._record(ev.IncidentOpened("dead man", "account", line))

    def _record(self, event: ev.Event) -> None:
        self._recorder.decide(event)
        self._recorder.flush()
