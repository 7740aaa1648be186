"""The gateway's breakers: entries wait for a venue that does not answer, exits keep their own.

A lost answer is a failure; anything certain, a rejection too, shows that the venue works. What
this side refused by itself says nothing about the venue. Cancels pass whatever a breaker says.
"""

from collections.abc import Callable

from holdfast.domain.ids import ClientOrderId
from holdfast.domain.order import NewOrder, Purpose
from holdfast.domain.submission import Rejected, Submission, Unknown
from holdfast.traffic.breaker import ENTRIES, EXITS, Breaker, BreakerRule, BreakerState

_ENTRY = Purpose.ENTRY  # an enum looks its members up anew each time
ENTRIES_CLASS = "entries"
EXITS_CLASS = "exits"
_RULES = {ENTRIES_CLASS: ENTRIES, EXITS_CLASS: EXITS}

OnBreaker = Callable[[str, BreakerState, str], None]
"""Learns the class of a breaker, its new state and the reason."""


class Breakers:
    """One breaker for entries, one for what reduces risk, fed by the answers to orders."""

    def __init__(self) -> None:
        self.on_change: OnBreaker | None = None
        self._by_class = {name: self._breaker(name, rule) for name, rule in _RULES.items()}
        self._entries = self._by_class[ENTRIES_CLASS]
        self._exits = self._by_class[EXITS_CLASS]
        self._sent: dict[ClientOrderId, tuple[Breaker, int]] = {}

    @property
    def states(self) -> dict[str, BreakerState]:
        """Give the state of each class."""
        return {name: breaker.state for name, breaker in self._by_class.items()}

    def refusal(self, order: NewOrder, now_ns: int) -> str:
        """Say why an order has to wait; empty when it may leave, and then it is the trial."""
        breaker = self._of(order)
        if breaker.state is BreakerState.CLOSED or breaker.allows(now_ns):
            return ""
        return "the venue does not answer; one order tries from time to time"

    def sent(self, order: NewOrder, now_ns: int) -> None:
        """Note an order that leaves."""
        self._sent[order.client_order_id] = (self._of(order), now_ns)

    def answered(
        self, client_order_id: ClientOrderId, answer: Submission, *, now_ns: int
    ) -> None:
        """Take the answer to an order."""
        sent = self._sent.pop(client_order_id, None)
        if sent is None or (isinstance(answer, Rejected) and answer.code == 0):
            return
        breaker, at_ns = sent
        breaker.note(now_ns, is_good=not isinstance(answer, Unknown), took_ns=now_ns - at_ns)

    def maintain(self, now_ns: int, *, is_maintained: bool) -> None:
        """Take what the venue says of itself; in maintenance neither way is open."""
        for breaker in self._by_class.values():
            breaker.maintain(now_ns, is_maintained=is_maintained)

    def hear(self, now_ns: int) -> None:
        """Learn that the venue answers again, from something else than orders."""
        for breaker in self._by_class.values():
            breaker.hear(now_ns)

    def _of(self, order: NewOrder) -> Breaker:
        return self._entries if order.purpose is _ENTRY else self._exits

    def _breaker(self, name: str, rule: BreakerRule) -> Breaker:
        def tell(state: BreakerState, reason: str) -> None:
            if self.on_change is not None:
                self.on_change(name, state, reason)

        return Breaker(rule, on_change=tell)
