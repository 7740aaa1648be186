"""What a strategy may ask of the trader: instruments, positions, market time and timers."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from holdfast.decision.view import PositionView
from holdfast.domain.ids import StrategyId, Symbol
from holdfast.domain.instant import Clock, Timer, UtcNs
from holdfast.domain.instrument import Instrument

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
        on_timer: Callable[[str, int], None],
        parameters: Mapping[str, Any] = _NO_PARAMETERS,
    ) -> None:
        self.strategy = strategy
        self.instruments = instruments
        self.parameters = parameters
        self._clock = clock
        self._position = position
        self._on_timer = on_timer
        self._timers: dict[str, Timer] = {}

    @property
    def now_ns(self) -> UtcNs:
        """Give market time."""
        return self._clock.now_ns()

    def position(self, symbol: str) -> PositionView:
        """Give what this strategy holds and has in the market of a symbol."""
        return self._position(Symbol(symbol))

    def set_timer(self, at_ns: int, name: str) -> None:
        """Call `timer(name, at_ns)` at an instant; a name set again moves its timer."""
        self.cancel_timer(name)

        def ring() -> None:
            del self._timers[name]
            self._on_timer(name, at_ns)

        self._timers[name] = self._clock.call_at(at_ns, ring)

    def cancel_timer(self, name: str) -> None:
        """Take a timer back; nothing happens when none has that name."""
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def cancel_timers(self) -> None:
        """Take every timer back; a strategy that has ended wakes no more."""
        for name in list(self._timers):
            self.cancel_timer(name)
