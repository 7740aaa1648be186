"""The breaker: after several lost answers in a row entries wait; exits and cancels go on."""

from holdfast.domain.instant import NS_PER_S
from holdfast.domain.submission import Submission, Unknown

LOST_IN_A_ROW = 5
OPEN_FOR_NS = 5 * NS_PER_S


class Breaker:
    """Counts lost answers in a row; after the wait one entry tries, and its answer decides."""

    def __init__(self) -> None:
        self._lost = 0
        self._closed_again_at_ns = 0

    def is_open(self, now_ns: int) -> bool:
        """Tell whether an entry has to wait."""
        return self._lost >= LOST_IN_A_ROW and now_ns < self._closed_again_at_ns

    def note(self, answer: Submission, now_ns: int) -> None:
        """Take an answer; anything certain closes the breaker."""
        if isinstance(answer, Unknown):
            self._lost += 1
            self._closed_again_at_ns = now_ns + OPEN_FOR_NS
        else:
            self._lost = 0
