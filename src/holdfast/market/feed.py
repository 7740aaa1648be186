"""What is known of one symbol's market now, how old it is, and whether it may be traded on.

The top is the newest of bookTicker and depth by update id, which share their numbering. A
crossed or locked top is never published: it is counted and makes the feed invalid. While the
feed is invalid nothing of the book reaches a strategy, and new risk is refused (`is_healthy`);
`valuation` goes on, because marks are needed to see a loss.
"""

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_MS, NS_PER_S, UtcNs
from holdfast.domain.market import BookTop, DepthDiff, DepthSnapshot, MarkPrice, TradePrint
from holdfast.domain.money import PriceUnits
from holdfast.market.sync import BookSync, Step

STALE_AFTER_NS = 5 * NS_PER_S
BEHIND_AFTER_NS = 5 * NS_PER_S


class FeedCounts(msgspec.Struct):
    """What came by one symbol's streams, or by all of them together."""

    messages: int = 0
    trades: int = 0
    depth_updates: int = 0
    tops: int = 0
    old_tops: int = 0
    gaps: int = 0
    resyncs: int = 0
    crossed: int = 0
    trade_gaps: int = 0
    repeated: int = 0
    contradicted: int = 0
    max_age_ns: int = 0

    def add(self, other: "FeedCounts") -> None:
        """Add another symbol's counts; of the ages the greatest stands."""
        for name in self.__struct_fields__:
            if name != "max_age_ns":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        self.max_age_ns = max(self.max_age_ns, other.max_age_ns)

    def market(self) -> dict[str, int]:
        """Give the `market` object of `run --json`."""
        return {
            "messages": self.messages,
            "trades": self.trades,
            "depth_updates": self.depth_updates,
            "gaps": self.gaps,
            "resyncs": self.resyncs,
            "max_age_ms": self.max_age_ns // NS_PER_MS,
        }


class Invalid(msgspec.Struct, frozen=True):
    """The book of a symbol cannot be trusted from here on, until its next top."""

    symbol: Symbol
    reason: str


class Feed:
    """One symbol: book, top, last trade, stamps, counts and health.

    Each `on_` method takes a message as received and gives what a strategy has to be told: a
    new `BookTop`, `Invalid` once when the book becomes so, or None. `expects_depth` is learned
    from the first diff or snapshot where it is not said; until the book has joined its stream
    such a feed is invalid. `offset_ns` is the venue's clock less ours, as measured; lag is
    counted with it. `mark` is the newest mark price of a contract.
    """

    __slots__ = (
        "_counts", "_last_trade_id", "behind_after_ns", "expects_depth", "invalid_reason",
        "lag_ns", "last_trade", "mark", "offset_ns", "received_at_ns", "stale_after_ns",
        "symbol", "sync", "top",
    )  # fmt: skip

    def __init__(
        self,
        symbol: Symbol,
        *,
        expects_depth: bool = False,
        stale_after_ns: int = STALE_AFTER_NS,
        behind_after_ns: int = BEHIND_AFTER_NS,
    ) -> None:
        self.symbol = symbol
        self.sync = BookSync(symbol)
        self.expects_depth = expects_depth
        self.stale_after_ns = stale_after_ns
        self.behind_after_ns = behind_after_ns
        self.top: BookTop | None = None
        self.last_trade: TradePrint | None = None
        self.mark: MarkPrice | None = None
        self.received_at_ns = 0
        self.lag_ns: int | None = None
        self.offset_ns = 0
        self.invalid_reason = "no book yet"
        self._counts = FeedCounts()
        self._last_trade_id = 0

    def on_top(self, top: BookTop) -> BookTop | Invalid | None:
        """Take a best bid and ask of the venue."""
        counts = self._counts
        counts.tops += 1
        received_at_ns, last = top.received_at_ns, self.received_at_ns
        if received_at_ns > last:  # as `_stamp` does; a call would cost as much as the rest
            if last and received_at_ns - last > counts.max_age_ns:
                counts.max_age_ns = received_at_ns - last
            self.received_at_ns = received_at_ns
        if top.venue_at_ns:
            self.lag_ns = received_at_ns + self.offset_ns - top.venue_at_ns
        known = self.top
        if known is not None and top.update_id < known.update_id:
            counts.old_tops += 1
            return None
        if not 0 < top.bid < top.ask:
            counts.crossed += 1
            return self._invalidate(f"crossed, locked or one-sided at update {top.update_id}")
        self.top = top
        if self.expects_depth and not self.sync.is_ready:
            return None
        self.invalid_reason = ""
        return top

    def on_diff(self, diff: DepthDiff) -> BookTop | Invalid | None:
        """Take a depth diff."""
        self._counts.depth_updates += 1
        self._stamp(diff.received_at_ns, diff.venue_at_ns)
        self.expects_depth = True
        step = self.sync.on_diff(diff)
        top = self.top
        if top is not None and top.update_id == diff.last_id and self._contradicts(top):
            return self._invalidate(f"book: {self.sync.reason}")
        if step is Step.APPLIED:
            if self.invalid_reason:
                return self._publish()
            return None
        if step is Step.TOP_CHANGED:
            return self._publish()
        return None if self.sync.is_ready else self._invalidate(f"book: {self.sync.reason}")

    def on_snapshot(self, snapshot: DepthSnapshot) -> BookTop | Invalid | None:
        """Take a depth snapshot."""
        self.expects_depth = True
        if self.sync.on_snapshot(snapshot) is Step.READY:
            return self._publish()
        return None if self.sync.is_ready else self._invalidate(f"book: {self.sync.reason}")

    def on_trade(self, trade: TradePrint) -> bool:
        """Take a trade; False for one that was seen before. Ids of 0 and below are no ids."""
        counts = self._counts
        self._stamp(trade.received_at_ns, trade.venue_at_ns)
        if trade.trade_id > 0:
            if trade.trade_id <= self._last_trade_id:
                counts.repeated += 1
                return False
            if self._last_trade_id and trade.trade_id != self._last_trade_id + 1:
                counts.trade_gaps += 1
            self._last_trade_id = trade.trade_id
        counts.trades += 1
        self.last_trade = trade
        return True

    def lose(self, reason: str) -> Invalid | None:
        """Learn that the stream broke: what was known of the book is worth nothing."""
        self.sync.lose(reason)
        return self._invalidate(reason)

    def wants_snapshot(self, now_ns: int) -> bool:
        """Tell whether to have a snapshot fetched now; answering yes counts as asking."""
        return self.expects_depth and self.sync.wants_snapshot(now_ns)

    def age_ns(self, now_ns: int) -> int | None:
        """Give how long ago anything came; None before the first message."""
        return now_ns - self.received_at_ns if self.received_at_ns else None

    def is_healthy(self, now_ns: int) -> bool:
        """Tell whether new risk may be taken on this market."""
        return not self.unhealthy_reason(now_ns)

    def unhealthy_reason(self, now_ns: int) -> str:
        """Say why new risk may not be taken; empty when it may."""
        if self.invalid_reason:
            return self.invalid_reason
        age = now_ns - self.received_at_ns
        if age > self.stale_after_ns:
            return f"stale: nothing came for {age // NS_PER_MS} ms"
        if self.lag_ns is not None and self.lag_ns > self.behind_after_ns:
            return f"behind: the newest message was {self.lag_ns // NS_PER_MS} ms old"
        return ""

    @property
    def valuation(self) -> PriceUnits:
        """Give the price to value at: the newest mid, else the last trade, else 0."""
        if self.top is not None:
            return PriceUnits((self.top.bid + self.top.ask) // 2)
        return self.last_trade.price if self.last_trade is not None else PriceUnits(0)

    @property
    def confirmed_top(self) -> BookTop | None:
        """Give the top as the newest message has it: a diff confirms what it leaves alone."""
        top, sync = self.top, self.sync
        if top is not None and sync.is_ready and sync.book.last_id > top.update_id:
            return sync.book.top()
        return top

    @property
    def counts(self) -> FeedCounts:
        """Give the counts so far, those of the book included."""
        counts, book = self._counts, self.sync.counts
        return msgspec.structs.replace(
            counts,
            messages=counts.tops + counts.depth_updates + counts.trades + counts.repeated,
            gaps=book.gaps,
            resyncs=book.resyncs,
            crossed=counts.crossed + book.crossed,
            repeated=counts.repeated + book.repeated,
        )

    def _contradicts(self, top: BookTop) -> bool:
        """Lose a book whose best levels are not those of the ticker of the same update.

        One frozen side shows so before the prices have crossed it.
        """
        sync = self.sync
        if not sync.is_ready:
            return False
        shown = sync.book.top()
        if shown is None or (
            shown.bid == top.bid
            and shown.ask == top.ask
            and shown.bid_quantity == top.bid_quantity
            and shown.ask_quantity == top.ask_quantity
        ):
            return False
        self._counts.contradicted += 1
        sync.lose(f"it contradicts the top at update {top.update_id}")
        return True

    def _publish(self) -> BookTop | Invalid | None:
        top = self.sync.book.top()
        if top is None:
            return self._invalidate("the book has one side only")
        known = self.top
        if known is not None and known.update_id > top.update_id:
            top = known
            if not self.invalid_reason:
                return None
        self.top = top
        self.invalid_reason = ""
        return top

    def _invalidate(self, reason: str) -> Invalid | None:
        was_valid = not self.invalid_reason
        self.invalid_reason = reason
        return Invalid(self.symbol, reason) if was_valid else None

    def _stamp(self, received_at_ns: UtcNs, venue_at_ns: UtcNs) -> None:
        last = self.received_at_ns
        if last and received_at_ns - last > self._counts.max_age_ns:
            self._counts.max_age_ns = received_at_ns - last
        if received_at_ns > last:
            self.received_at_ns = received_at_ns
        if venue_at_ns:
            self.lag_ns = received_at_ns + self.offset_ns - venue_at_ns
