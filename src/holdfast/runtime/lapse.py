"""A venue out of reach for too long: entries and exits are canceled, stops stay (XCH-4).

Out of reach means that orders cannot be written, or that the account's or the market's stream
is gone. New risk is blocked from the lapse until the venue is back and compared. What could not
be canceled because nothing could be written is canceled as soon as something can.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_S, Clock, Timer
from holdfast.risk.halt import Halts
from holdfast.runtime.recorder import Recorder

OUT_OF_REACH = "the venue is out of reach"


class LapseRule(msgspec.Struct, frozen=True, kw_only=True):
    """How long a way may be lost, how often that is looked at, and cancels are repeated."""

    limit_ns: int = 60 * NS_PER_S
    check_ns: int = NS_PER_S
    again_ns: int = 5 * NS_PER_S


class Acts(NamedTuple):
    """What the watch can do: cancel entries and exits for a reason, and give how many, again if
    need be; tell whether an order could be written; have both sides compared; say a line.
    """

    cancel_all: Callable[[str], int]
    can_write: Callable[[], bool]
    compare: Callable[[str], None]
    tell: Callable[[str], None]


class Lapse:
    """Watches the ways to and from the venue; `ways` tell by name whether each is up."""

    def __init__(
        self,
        ways: dict[str, Callable[[], bool]],
        *,
        clock: Clock,
        recorder: Recorder,
        halts: Halts,
        acts: Acts,
        rule: LapseRule,
    ) -> None:
        self._ways = ways
        self._clock = clock
        self._recorder = recorder
        self._halts = halts
        self._acts = acts
        self._rule = rule
        self._lost_since_ns: dict[str, int] = {}
        self._lapsed: dict[str, int] = {}
        self._next_cancel_ns = 0
        self._timer: Timer | None = None

    @property
    def is_lapsed(self) -> bool:
        """Tell whether some way has been lost for too long."""
        return bool(self._lapsed)

    def start(self) -> None:
        """Watch from here on."""
        self._look()

    def close(self) -> None:
        """Watch no more; idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        now_ns = self._clock.now_ns()
        self._timer = self._clock.call_at(now_ns + self._rule.check_ns, self._look)
        for name, is_up in self._ways.items():
            if is_up():
                self._find(name, now_ns)
            else:
                self._lose(name, now_ns)
        if self._lapsed and now_ns >= self._next_cancel_ns and self._acts.can_write():
            self._next_cancel_ns = now_ns + self._rule.again_ns
            self._acts.cancel_all(OUT_OF_REACH)
            self._recorder.flush()

    def _lose(self, name: str, now_ns: int) -> None:
        since_ns = self._lost_since_ns.setdefault(name, now_ns)
        lost_ns = now_ns - since_ns
        if lost_ns < self._rule.limit_ns or name in self._lapsed:
            return
        self._lapsed[name] = since_ns
        self._halts.block(OUT_OF_REACH, name)
        count = self._acts.cancel_all(f"{name} lost for {lost_ns / NS_PER_S:.0f} s")
        self._next_cancel_ns = now_ns + self._rule.again_ns
        self._recorder.decide(ev.ConnectionLapsed(name, lost_ns, count))
        self._recorder.flush()
        self._acts.tell(
            f"{name} is lost for {lost_ns / NS_PER_S:.0f} s: entries and exits are canceled, "
            "stops of open positions stay"
        )

    def _find(self, name: str, now_ns: int) -> None:
        self._lost_since_ns.pop(name, None)
        since_ns = self._lapsed.pop(name, None)
        if since_ns is None:
            return
        self._recorder.decide(ev.ConnectionRestored(name, now_ns - since_ns))
        if not self._lapsed:
            self._acts.compare(f"{name} is back")
            self._halts.unblock(OUT_OF_REACH)
        self._recorder.flush()
