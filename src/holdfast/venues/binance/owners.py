"""Who a standing socket speaks to: its user, who hears two at once, and who lets it in."""

from collections.abc import Callable
from typing import Protocol

from holdfast.domain.venue import Pingable
from holdfast.venues.binance.overlap import Verdict


class SocketOwner(Protocol):
    """Who uses a standing socket; told of everything on the loop's thread."""

    def on_open(self) -> None:
        """Learn that messages can be sent."""

    def on_text(self, frame: memoryview) -> None:
        """Take one message; the view is valid only during the call."""

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Take a ping that `connection.pong` answers."""

    def on_lost(self, reason: str) -> None:
        """Learn that the connection ended, after `on_open` was called for it."""


class OverlapOwner(Protocol):
    """Who hears a connection and its successor at once, for the owner of both."""

    def on_successor(self, send: Callable[[bytes], None]) -> None:
        """Learn that a successor is open, and how to write to it; it is heard from here on."""

    def on_old_text(self, frame: memoryview) -> None:
        """Take a message of the old connection while there are two."""

    def on_new_text(self, frame: memoryview) -> None:
        """Take a message of the successor."""

    def judge(self, age_s: float) -> Verdict:
        """Say whether the successor can take over, after so long beside the old one."""

    def on_switch(self, reason: str) -> None:
        """Learn that the successor is the only one now; the old one is over, for a reason."""

    def on_successor_lost(self) -> None:
        """Learn that there is only the old one again."""


class Gate(Protocol):
    """Who knows whether the venue may be connected to, and how its connections behave."""

    @property
    def silence_limit_s(self) -> float:
        """Give how long a connection may say nothing; 0 waits for ever."""

    def wait_s(self) -> float:
        """Give how long to wait before the next connect; 0 when it may be now."""

    def entered(self) -> None:
        """Count a connect."""

    def refused(self, error: Exception) -> None:
        """Learn why there is no connection."""


class _OpenGate:
    """Lets everybody in; stands where no limits are shared."""

    silence_limit_s = 0.0

    def wait_s(self) -> float:
        return 0.0

    def entered(self) -> None:
        pass

    def refused(self, error: Exception) -> None:
        pass


OPEN_GATE = _OpenGate()
