"""What a strategy may ask of the trader: instruments, positions, market time and timers."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from holdfast.decision.view import PositionView
from holdfast.domain.ids import StrategyId, Symbol
from holdfast.domain.instant import NS_PER_MS, Clock, Timer, UtcNs
from holdfast.domain.instrument import Instrument
from holdfast.domain.order import PositionSide

SOONEST_NS = NS_PER_MS
"""How far off a timer is at least that was set from a timer, or for what is no more to come."""
LATEST_NS = 2**63 - 1
_NO_PARAMETERS: Mapping[str, Any] = MappingProxyType({})


class Context:
    """The world of one strategy; nothing in it can send an order."""

    def __init__(
        self,
        strategy: StrategyId,
        *,
        instruments: Mapping[Symbol, Instrument],
        clock: Clock,
        position: Callable[[Symbol], PositionView],
        side_position: Callable[..., PositionView] | None = None,
        on_timer: Callable[[str, int], None],
        parameters: Mapping[str, Any] = _NO_PARAMETERS,
    ) -> None:
        self.strategy = strategy
        self.instruments: Mapping[Symbol, Instrument] = MappingProxyType(dict(instruments))
        self.parameters: Mapping[str, Any] = MappingProxyType(dict(parameters))
        self._clock = clock
        self._position = position
        self._side_position = side_position
        self._on_timer = on_timer
        self._timers: dict[str, Timer] = {}
        self._is_ringing = False

    @property
    def now_ns(self) -> UtcNs:
        """Give market time."""
        return self._clock.now_ns()

    def position(
        self, symbol: str, *, position_side: PositionSide = PositionSide.BOTH
    ) -> PositionView:
        """Give what this strategy holds and has in the market of a symbol.

        In hedge mode LONG or SHORT names one of the two positions; BOTH is their net.
        """
        if position_side is PositionSide.BOTH or self._side_position is None:
            return self._position(Symbol(symbol))
        return self._side_position(Symbol(symbol), side=position_side)

    def set_timer(self, at_ns: int, name: str) -> None:
        """Call `timer(name, at_ns)` at an instant; a name set again moves its timer.

        An instant that is not to come rings a millisecond from now, and what a timer sets
        rings a millisecond later at the earliest, so that time always goes on.
        """
        _check_timer(at_ns, name)
        self.cancel_timer(name)
        now_ns = self._clock.now_ns()
        due_ns: int = at_ns
        if self._is_ringing or at_ns <= now_ns:
            due_ns = max(at_ns, now_ns + SOONEST_NS)

        def ring() -> None:
            del self._timers[name]
            self._is_ringing = True
            try:
                self._on_timer(name, at_ns)
            finally:
                self._is_ringing = False

        self._timers[name] = self._clock.call_at(due_ns, ring)

    def cancel_timer(self, name: str) -> None:
        """Take a timer back; nothing happens when none has that name."""
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def cancel_timers(self) -> None:
        """Take every timer back; a strategy that has ended wakes no more."""
        for name in list(self._timers):
            self.cancel_timer(name)


def _check_timer(at_ns: Any, name: Any) -> None:
    if type(at_ns) is not int or not -LATEST_NS <= at_ns <= LATEST_NS:
        raise ValueError(f"set_timer(at_ns={at_ns!r}); write an instant in whole ns")
    if type(name) is not str:
        raise TypeError(f"set_timer(name={name!r}); write a text")
