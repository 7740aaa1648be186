"""Acts that come round at full intervals of time, as long as there is a market.

The first frame after a round sets the next one. So a gap in a recording, of an hour or of a
year, has one round at its beginning and none after it, and costs nothing. Live, where a market
may be silent for another reason, a round sets the next one itself.
"""

from collections.abc import Callable

from holdfast.domain.instant import Clock
from holdfast.runtime.sinks import Sinks


class Rounds:
    """Keeps acts coming round on one clock and one market."""

    def __init__(self, clock: Clock, sinks: Sinks) -> None:
        self.by_market = True
        self._clock = clock
        self._sinks = sinks

    def keep(
        self,
        act: Callable[[], None],
        *,
        every_ns: int,
        since_ns: int | None = None,
        at_once: bool = True,
    ) -> None:
        """Act now and at each full interval from here on, counted from an instant or now."""
        clock, sinks = self._clock, self._sinks
        base_ns = clock.now_ns() if since_ns is None else since_ns

        def act_once() -> None:
            act()
            if self.by_market:
                sinks.next_frame.append(set_next)
            else:
                set_next()

        def set_next() -> None:
            now_ns = clock.now_ns()
            clock.call_at(now_ns - (now_ns - base_ns) % every_ns + every_ns, act_once)

        if at_once:
            act_once()
        else:
            set_next()
