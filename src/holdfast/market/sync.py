"""A book kept in step with its stream by the venue's documented rules, or known to be out.

It calls nobody: whoever owns it hands over `DepthDiff` and `DepthSnapshot` as they were
received, asks `wants_snapshot` after each, and has a snapshot fetched when it says so. The
stream has to be subscribed before the snapshot is fetched.

Spot: a snapshot older than the first buffered diff is useless; diffs with `last_id <= L` are
dropped; the first kept has `first_id <= L + 1 <= last_id`; from then on `first_id` is at most
the book's id + 1. USD-M: diffs with `last_id < L` are dropped; the first kept has
`first_id <= L <= last_id`, or `previous_id == L`, which proves as much; from then on
`previous_id` is the book's id. Anything else is a gap: the book is invalid until a newer
snapshot joins the stream. A crossed or locked result is counted and invalidates, and is never
published.
"""

from collections import deque
from enum import Enum

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.market import DepthDiff, DepthSnapshot
from holdfast.market.book import Book

BUFFERED_DIFFS = 5_000
SNAPSHOT_PAUSE_NS = NS_PER_S
LONGEST_PAUSE_NS = 60 * NS_PER_S
PEACE = 5
"""How many pauses without a question make the next pause a short one."""


class Step(Enum):
    """What a message did to a book."""

    APPLIED = "the book moved on, its top is as it was"
    TOP_CHANGED = "the book moved on, and its top with it"
    READY = "the book joined the stream and can be trusted"
    LOST = "the book cannot be trusted until a snapshot joins the stream again"
    NOTHING = "buffered, repeated, or not wanted"


class SyncCounts(msgspec.Struct):
    """What happened to a book since the start: a gap or a crossing ends in a resync.

    Two gaps may share one resync, when the second comes before the book has joined again.
    """

    gaps: int = 0
    joins: int = 0
    resyncs: int = 0
    crossed: int = 0
    repeated: int = 0
    overflows: int = 0


class BookSync:
    """One book, its buffer while it waits for a snapshot, and what went wrong so far."""

    __slots__ = (
        "_asked_at_ns", "_buffer", "_is_bridged", "_pause_ns",
        "book", "counts", "is_ready", "reason",
    )  # fmt: skip

    def __init__(self, symbol: Symbol) -> None:
        self.book = Book(symbol)
        self.counts = SyncCounts()
        self.is_ready = False
        self.reason = "no snapshot yet"
        self._buffer: deque[DepthDiff] = deque()
        self._is_bridged = False
        self._asked_at_ns: int | None = None
        self._pause_ns = SNAPSHOT_PAUSE_NS

    def on_diff(self, diff: DepthDiff) -> Step:
        """Take the next diff of the stream."""
        if not self.is_ready:
            return self._keep(diff)
        if not self._follows(diff):
            return self._skip(diff)
        book = self.book
        changed = book.apply_diff(diff)
        self._is_bridged = True
        if book.is_crossed:
            return self._cross()
        return Step.TOP_CHANGED if changed else Step.APPLIED

    def on_snapshot(self, snapshot: DepthSnapshot) -> Step:
        """Take a snapshot; one that nobody needs, or that is too old, changes nothing."""
        if self.is_ready:
            return Step.NOTHING
        buffer, book = self._buffer, self.book
        if buffer and snapshot.last_id < buffer[0].first_id:
            return Step.NOTHING
        book.apply_snapshot(snapshot)
        self._is_bridged = False
        while buffer:
            diff = buffer[0]
            if self._follows(diff):
                book.apply_diff(diff)
                self._is_bridged = True
            elif not self._is_past(diff):
                self.counts.gaps += 1
                self.reason = self._gap(diff)
                return Step.NOTHING
            buffer.popleft()
        if book.is_crossed:
            self._cross()
            return Step.NOTHING
        return self._join()

    def lose(self, reason: str) -> Step:
        """Learn that the stream broke; what was buffered does not join what comes."""
        was_ready = self.is_ready
        self.is_ready = False
        self.reason = reason
        self._buffer.clear()
        return Step.LOST if was_ready else Step.NOTHING

    def wants_snapshot(self, now_ns: int) -> bool:
        """Tell whether to fetch a snapshot now; answering yes counts as asking.

        Two answers of yes are a second apart, then two, doubling to a minute, so that a venue
        is not asked to death: neither by a snapshot that does not come, nor by a stream that
        breaks again as soon as its book has joined. A long peace makes the pause short again.
        """
        if self.is_ready:
            return False
        if self._asked_at_ns is not None:
            since_ns = now_ns - self._asked_at_ns
            if since_ns < self._pause_ns:
                return False
            if since_ns >= PEACE * self._pause_ns:
                self._pause_ns = SNAPSHOT_PAUSE_NS
            else:
                self._pause_ns = min(LONGEST_PAUSE_NS, 2 * self._pause_ns)
        self._asked_at_ns = now_ns
        return True

    def _follows(self, diff: DepthDiff) -> bool:
        last_id = self.book.last_id
        if diff.previous_id < 0:
            return diff.first_id <= last_id + 1 <= diff.last_id
        if diff.previous_id == last_id:
            return diff.last_id > last_id
        return not self._is_bridged and diff.first_id <= last_id <= diff.last_id

    def _is_past(self, diff: DepthDiff) -> bool:
        """Tell whether everything in a diff is in the book already."""
        return diff.last_id <= self.book.last_id

    def _skip(self, diff: DepthDiff) -> Step:
        if self._is_past(diff):
            self.counts.repeated += 1
            return Step.NOTHING
        self.counts.gaps += 1
        self.lose(self._gap(diff))
        self._buffer.append(diff)
        return Step.LOST

    def _gap(self, diff: DepthDiff) -> str:
        return f"gap: update {diff.first_id} does not follow {self.book.last_id}"

    def _keep(self, diff: DepthDiff) -> Step:
        if len(self._buffer) >= BUFFERED_DIFFS:
            self.counts.overflows += 1
            self._buffer.clear()
        self._buffer.append(diff)
        return Step.NOTHING

    def _cross(self) -> Step:
        self.counts.crossed += 1
        return self.lose(f"crossed or locked at update {self.book.last_id}")

    def _join(self) -> Step:
        if self.counts.joins:
            self.counts.resyncs += 1
        self.counts.joins += 1
        self.is_ready = True
        self.reason = ""
        return Step.READY
