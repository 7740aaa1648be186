"""A clock that a test moves by hand."""

from holdfast.runtime.clock import VirtualClock

START_NS = 1_700_000_000_000_000_000


class ManualClock(VirtualClock):
    """Market time that stands still until a test lets some of it pass."""

    def __init__(self, start_ns: int = START_NS) -> None:
        super().__init__(start_ns)

    def wait(self, duration_ns: int) -> None:
        """Let time pass, running what falls due on the way."""
        self.advance(self.now_ns() + duration_ns)
