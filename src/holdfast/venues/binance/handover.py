"""What is heard while a connection and its successor are both open: each message once.

`MarketHandover` knows messages by their numbers, stream by stream; `UserHandover` knows events
by what they are, because a user stream numbers nothing. Both are asked by the standing socket
when the old connection can go, and give what is left when it has gone.
"""

from collections.abc import Callable, Sequence
from enum import Enum

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import UtcNs
from holdfast.domain.market import BookTop, DepthDiff, MarketEvent, MarkPrice, TradePrint
from holdfast.venues.binance.options import Rotation
from holdfast.venues.binance.overlap import Named, Numbered, Verdict, judge
from holdfast.venues.binance.subscription import Confirmed, Refusal, Subscription
from holdfast.venues.binance.wire.market import MarketWire, Shutdown
from holdfast.venues.binance.wire.unreadable import Unreadable


class Switched(Enum):
    """How far a successor was when the old connection was over."""

    AGREED = "it had told what the old one did"
    CONFIRMED = "it was subscribed"
    ASKED = "its subscription was not confirmed yet"


Pairs = dict[tuple[type, Symbol], Numbered[MarketEvent]]


class MarketHandover:
    """Two connections of the same market streams; `on_other` takes what is no event."""

    def __init__(
        self,
        wire: MarketWire,
        *,
        now_ns: Callable[[], UtcNs],
        hand_over: Callable[[Sequence[MarketEvent]], None],
        on_other: Callable[[object], None],
        rotation: Rotation,
    ) -> None:
        self._wire = wire
        self._now_ns = now_ns
        self._hand_over = hand_over
        self._on_other = on_other
        self._rotation = rotation
        self._pairs: Pairs = {}

    def on_successor(self, send: Callable[[bytes], None]) -> None:  # noqa: ARG002
        """Begin to compare two connections, stream by stream."""
        for key in self._wire.keys:
            self._pairs.setdefault(key, Numbered())

    def on_old_text(self, frame: memoryview) -> None:
        """Take a message of the connection that will go."""
        event = self._wire.decode(frame, self._now_ns())
        if isinstance(event, Shutdown | Unreadable | None):
            if not isinstance(event, Shutdown):
                self._on_other(event)
        else:
            self._hand_over(self._pair(event).old(_span(event)[1], event))

    def on_new_text(self, frame: memoryview) -> None:
        """Take a message of the connection that will stay; an unreadable one comes again."""
        event = self._wire.decode(frame, self._now_ns())
        if not isinstance(event, Shutdown | Unreadable | None):
            first, last = _span(event)
            self._hand_over(self._pair(event).new(last, event, first=first))

    def judge(self, age_s: float) -> Verdict:
        """Say whether every stream has been found on the successor."""
        return judge(self._pairs.values(), age_s=age_s, settle_s=self._rotation.settle_s)

    def on_switch(self, reason: str) -> None:  # noqa: ARG002
        """Hand over what the old connection would have brought; gaps show by their ids."""
        pairs, self._pairs = self._pairs, {}
        for pair in pairs.values():
            self._hand_over(pair.rest())

    def on_successor_lost(self) -> None:
        """Forget what a successor brought and the old connection will bring."""
        self._pairs = {}

    def _pair(self, event: MarketEvent) -> Numbered[MarketEvent]:
        """Find what is known of a stream; a successor may speak while it is still opened."""
        return self._pairs.setdefault((type(event), event.symbol), Numbered())


class UserHandover:
    """Two connections of the same user stream.

    `on_switched` is told why the old one is over and how far the new one was by then.
    """

    def __init__(
        self,
        subscription: Subscription,
        *,
        hand_over: Callable[[Sequence[bytes]], None],
        on_unreadable: Callable[[str], None],
        on_switched: Callable[[str, Switched], None],
        rotation: Rotation,
    ) -> None:
        self._subscription = subscription
        self._hand_over = hand_over
        self._on_unreadable = on_unreadable
        self._on_switched = on_switched
        self._rotation = rotation
        self._pair: Named[bytes] = Named()
        self._confirmed_s: float | None = None
        self._is_confirmed = self._is_refused = self._is_agreed = False

    def on_successor(self, send: Callable[[bytes], None]) -> None:
        """Subscribe on the successor too."""
        hello = self._subscription.hello()
        if hello:
            send(hello)
        else:
            self._is_confirmed = True

    def on_old_text(self, frame: memoryview) -> None:
        """Take an event of the connection that will go."""
        found = self._subscription.unwrap(frame)
        if isinstance(found, bytes):
            self._hand_over(self._pair.old(found, found))
        elif isinstance(found, Unreadable):
            self._on_unreadable(found.reason)

    def on_new_text(self, frame: memoryview) -> None:
        """Take an event of the connection that will stay, or the answer to its subscription."""
        found = self._subscription.unwrap(frame)
        if isinstance(found, bytes):
            self._hand_over(self._pair.new(found, found))
        elif isinstance(found, Confirmed):
            self._is_confirmed = True
        elif isinstance(found, Unreadable | Refusal):
            self._is_refused = True

    def judge(self, age_s: float) -> Verdict:
        """Say whether the successor tells what the old connection does."""
        settle_s = self._rotation.settle_s
        if self._is_refused:
            return Verdict.ABANDON
        if not self._is_confirmed:
            return Verdict.WAIT if age_s < settle_s else Verdict.ABANDON
        if self._confirmed_s is None:
            self._confirmed_s = age_s
        verdict = judge([self._pair], age_s=age_s - self._confirmed_s, settle_s=settle_s)
        self._is_agreed = verdict is Verdict.SWITCH
        return verdict

    def on_switch(self, reason: str) -> None:
        """Say how the two stood, and hand over what the old connection would have told."""
        rest = self._pair.rest()
        switched = Switched.CONFIRMED if self._is_confirmed else Switched.ASKED
        if self._is_agreed:
            switched = Switched.AGREED
        self._forget()
        self._on_switched(reason, switched)
        self._hand_over(rest)

    def on_successor_lost(self) -> None:
        """Forget what a successor brought and the old connection will bring."""
        self._forget()

    def _forget(self) -> None:
        self._pair = Named()
        self._confirmed_s = None
        self._is_confirmed = self._is_refused = self._is_agreed = False


def _span(event: MarketEvent) -> tuple[int, int]:
    """Give the numbers that a message spans; see `Numbered`."""
    if isinstance(event, DepthDiff):
        first = event.first_id if event.previous_id < 0 else event.previous_id + 1
        return first, event.last_id
    if isinstance(event, TradePrint):
        return event.trade_id, event.trade_id
    if isinstance(event, MarkPrice):
        return event.venue_at_ns + 1, event.venue_at_ns
    assert isinstance(event, BookTop)
    return event.update_id + 1, event.update_id
