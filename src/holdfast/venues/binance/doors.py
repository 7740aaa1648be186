"""The addresses of one thing at the venue: the next one after failures, and the way back.

The first address is the wanted one. There is no socket here: who connects says what happened.
"""

from collections.abc import Callable, Sequence

from holdfast.domain.instant import NS_PER_S

FAILURES_A_DOOR = 3
WAY_BACK_NS = 600 * NS_PER_S


class Doors:
    """Alternates of one address, one of them in use."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        monotonic_ns: Callable[[], int],
        failures: int = FAILURES_A_DOOR,
        way_back_ns: int = WAY_BACK_NS,
    ) -> None:
        if not urls:
            raise ValueError("a venue without an address cannot be reached")
        self._urls = tuple(urls)
        self.monotonic_ns = monotonic_ns
        self._most = failures
        self._way_back_ns = way_back_ns
        self._at = 0
        self._failures = 0
        self._left_at_ns = 0

    @property
    def current(self) -> str:
        """Give the address to try now."""
        return self._urls[self._at]

    @property
    def wanted(self) -> str:
        """Give the address that is used when nothing fails."""
        return self._urls[0]

    @property
    def count(self) -> int:
        """Give how many addresses there are."""
        return len(self._urls)

    @property
    def is_elsewhere(self) -> bool:
        """Tell whether another address than the wanted one is in use."""
        return self._at != 0

    def failed(self) -> None:
        """Note a failure; after some in a row the next address is in use."""
        self._failures += 1
        if self._failures >= self._most:
            self.leave()

    def leave(self) -> None:
        """Use the next address; after the last one comes the first."""
        self._failures = 0
        self._at = (self._at + 1) % len(self._urls)
        self._left_at_ns = self.monotonic_ns()

    def worked(self) -> None:
        """Note that the address in use does its work."""
        self._failures = 0

    def may_go_back(self) -> bool:
        """Tell whether the wanted address is worth another trial."""
        return self.is_elsewhere and self.monotonic_ns() >= self._left_at_ns + self._way_back_ns

    def go_back(self) -> None:
        """Use the wanted address again; its first failure is one too many."""
        self._at, self._failures = 0, self._most - 1

    def stay(self) -> None:
        """Note that the wanted address failed a trial: the next one is later."""
        self._left_at_ns = self.monotonic_ns()
