"""Paper time: the simulator's pings carry market time, and a pong says that all is done.

A ping is answered only when nothing waits for durability, so the market never outruns an order
or a fill that is on its way to disk. The clock is set, and due timers run, before the pong.
"""

from collections import deque
from collections.abc import Callable

from holdfast.domain.venue import Pingable
from holdfast.runtime.clock import PingedClock
from holdfast.traffic.governor import Governor

_END = b"end:"


class Pacer:
    """Holds pings back until the trader is idle, then answers them in their order."""

    def __init__(
        self,
        clock: PingedClock | None,
        *,
        is_idle: Callable[[], bool],
        flush: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._is_idle = is_idle
        self._flush = flush
        self._on_end = on_end
        self._held: deque[tuple[Pingable, bytes]] = deque()
        self._governor: Governor | None = None

    def mind(self, governor: Governor) -> None:
        """Let time go on while a question waits until it may be asked."""
        self._governor = governor
        governor.on_waiting = self.release

    @property
    def must_go_on(self) -> bool:
        """Tell whether something waits for time itself."""
        return self._governor is not None and self._governor.waiting_count > 0

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Take a ping: move the clock to its time, then answer now or when idle."""
        end = payload.startswith(_END)
        digits = payload[len(_END) :] if end else payload
        if self._clock is not None and digits.isdigit():
            self._clock.advance(int(digits))
            self._flush()
        self._held.append((connection, payload))
        self.release()
        if end:
            self._on_end()

    def release(self) -> None:
        """Answer what is held, if nothing waits any more."""
        held = self._held
        while held and self._is_idle():
            connection, payload = held.popleft()
            connection.pong(payload)
