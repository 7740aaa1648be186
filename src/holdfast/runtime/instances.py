"""Another instance of ours on the same account: how it is noticed, and how that ends.

A sign is an order with our mark and another journal's id, resting or reported. From its first
sign the account takes no new risk. That ends when a comparison of the whole account finds none
resting and the last sign is a minute old, or when a person says that it is over: then the
orders known at that moment block no more, and only a new one, or a change, is another sign.
"""

from collections.abc import Callable, Mapping

from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_S, Clock
from holdfast.execution.ownership import ACCOUNT, ANOTHER
from holdfast.risk.halt import ANOTHER_INSTANCE
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.state import State

QUIET_NS = 60 * NS_PER_S
SIGNS_KEPT = 1_000
"""How many orders of other journals are remembered as acknowledged, the latest by their ids."""


class OtherInstance:
    """Blocks the account while another instance trades it; `ask` has the venue compared."""

    def __init__(
        self, state: State, recorder: Recorder, *, clock: Clock, ask: Callable[[str], None]
    ) -> None:
        self._state = state
        self._recorder = recorder
        self._clock = clock
        self._ask = ask
        self._last_sign_ns = 0
        self._seen: set[str] = set()
        self._is_waiting = False

    def see(self, sign: str, detail: str) -> None:
        """Take a sign of it: an order as far as it is; one that is acknowledged is none."""
        if sign in self._state.acknowledged:
            return
        self._seen.add(sign)
        self._last_sign_ns = self._clock.now_ns()
        self._state.halts.block(ANOTHER_INSTANCE, detail)
        if (ANOTHER, ACCOUNT) not in self._state.incidents:
            self._recorder.decide(ev.IncidentOpened(ANOTHER, ACCOUNT, detail))
        self._wait()

    def look(self, others: Mapping[str, str]) -> None:
        """Learn which orders of it rest, by a comparison of everything."""
        for sign, detail in others.items():
            self.see(sign, detail)
        if not others and self._clock.now_ns() >= self._last_sign_ns + QUIET_NS:
            self._seen.clear()
            self.end("no sign of it for a minute")

    def end(self, reason: str) -> bool:
        """Let the account trade again; tell whether it was kept from it.

        What was seen until now is acknowledged, beside what was before.
        """
        was_blocked = ANOTHER_INSTANCE in self._state.halts.blocks
        acknowledged = sorted(self._state.acknowledged | self._seen) if self._seen else []
        self._seen.clear()
        self._state.halts.unblock(ANOTHER_INSTANCE)
        if (ANOTHER, ACCOUNT) in self._state.incidents:
            closed = ev.IncidentClosed(ANOTHER, ACCOUNT, reason, acknowledged[-SIGNS_KEPT:])
            self._recorder.decide(closed)
        return was_blocked

    def _wait(self) -> None:
        """Ask again once it may be over; one timer stands for all signs."""
        if self._is_waiting:
            return
        self._is_waiting = True

        def ask() -> None:
            self._is_waiting = False
            if ANOTHER_INSTANCE not in self._state.halts.blocks:
                return
            if self._clock.now_ns() < self._last_sign_ns + QUIET_NS:
                self._wait()
            else:
                self._ask("is the other instance gone?")

        self._clock.call_at(self._last_sign_ns + QUIET_NS, ask)
