"""Books against a naive oracle under random diffs, losses and repeats, and planted bugs."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from holdfast.domain.market import DepthDiff, DepthSnapshot
from holdfast.domain.order import Side
from holdfast.market.book import Book, HalfBook
from holdfast.market.sync import BookSync, Step

SYMBOL = "BTCUSDT"
MID = 1_000
NARROW = 40
BIDS = st.tuples(st.integers(MID - NARROW, MID - 1), st.integers(0, 3))
ASKS = st.tuples(st.integers(MID + 1, MID + NARROW), st.integers(0, 3))
DIFFS = st.lists(
    st.tuples(st.lists(BIDS, max_size=40), st.lists(ASKS, max_size=40)), max_size=30
)
FATES = st.lists(st.tuples(st.sampled_from([1, 1, 1, 0, 2]), st.integers(0, 4)), max_size=30)
"""How often a diff comes, and how old a snapshot comes after it, 3 and more meaning none."""
FEW = settings(max_examples=60)


class NaiveBook:
    """Two dictionaries, and every question answered by sorting them."""

    def __init__(self):
        self.sides = {Side.BUY: {}, Side.SELL: {}}

    def apply(self, bids, asks):
        for side, levels in ((Side.BUY, bids), (Side.SELL, asks)):
            for price, quantity in levels:
                self.sides[side][price] = quantity
            self.sides[side] = {p: q for p, q in self.sides[side].items() if q}

    def levels(self, side):
        return sorted(self.sides[side].items(), reverse=side is Side.BUY)

    def walk(self, side, quantity):
        taken, cost = 0, 0
        for price, standing in self.levels(side.opposite):
            part = min(standing, quantity - taken)
            taken, cost = taken + part, cost + part * price
        return taken, cost


def check_fold(make, diffs):
    """Every question to the book has the oracle's answer after every diff."""
    book, naive = make(SYMBOL), NaiveBook()
    for number, (bids, asks) in enumerate(diffs, 1):
        best = [naive.levels(side)[:1] for side in Side]
        changed = book.apply_diff(DepthDiff(SYMBOL, number, number, -1, bids, asks, 0, 0))
        naive.apply(bids, asks)
        assert changed == ([naive.levels(side)[:1] for side in Side] != best)
        for side, best in ((Side.BUY, book.best_bid), (Side.SELL, book.best_ask)):
            assert book.levels(side, 9_999) == naive.levels(side)
            assert best == (naive.levels(side) or [(0, 0)])[0][0]
            walk = book.walk(side, 37)
            assert (walk.quantity, walk.cost) == naive.walk(side, 37)


def check_stream(make, diffs, fates, *, is_chained):
    """A book that says it is ready is the venue's at its id; only a loss makes it unready."""
    sync, venue = make(SYMBOL), NaiveBook()
    states = [{side: [] for side in Side}]
    sync.on_snapshot(DepthSnapshot(SYMBOL, 0, [], [], 0))
    lost, joined_at = 0, 0
    for number, (bids, asks) in enumerate(diffs, 1):
        times, age = fates[number - 1] if number <= len(fates) else (1, 4)
        venue.apply(bids, asks)
        states.append({side: venue.levels(side) for side in Side})
        previous = number - 1 if is_chained else -1
        diff = DepthDiff(SYMBOL, number, number, previous, bids, asks, 0, 0)
        lost = lost if times else number
        for _ in range(times):
            assert sync.on_diff(diff) is not Step.LOST or lost > joined_at
        if age < 3 and number > age:
            shown, was_ready = states[number - age], sync.is_ready
            sync.on_snapshot(
                DepthSnapshot(SYMBOL, number - age, shown[Side.BUY], shown[Side.SELL], 0)
            )
            assert sync.is_ready or was_ready or age or not times
            joined_at = joined_at if was_ready or not sync.is_ready else number - age
        if sync.is_ready:
            for side in Side:
                assert sync.book.levels(side, 9_999) == states[sync.book.last_id][side]
            assert sync.book.last_id == number or lost > joined_at
    assert sync.counts.joins == 1 + sync.counts.resyncs
    assert sync.counts.gaps >= sync.counts.resyncs


class Narrow(HalfBook):
    """The product's side of a book, made to cut and refill often."""

    FEWEST, NEAR, MOST = 2, 4, 8


def with_halves(half):
    class Halved(Book):
        __slots__ = ()

        def __init__(self, symbol):
            super().__init__(symbol)
            self.bids, self.asks = half(is_bids=True), half(is_bids=False)

    return Halved


class ForgetsRemovals(HalfBook):
    """A planted bug: a level near the market stays in the list when it is removed."""

    def change(self, levels):
        near = list(self.near)
        super().change(levels)
        self.near = sorted({*near, *self.near})


class AddsQuantities(HalfBook):
    """A planted bug: a quantity is taken for a change and not for the new value."""

    def change(self, levels):
        super().change([(p, q and q + self.quantities.get(p, 0)) for p, q in levels])


class ForgetsTheFar(Narrow):
    """A planted bug: what was cut from the list is not shown."""

    def prices(self):
        yield from reversed(self.near) if self.is_bids else self.near


class NeverRefills(Narrow):
    """A planted bug: a list that runs short is left so."""

    FEWEST, NEAR, MOST = 0, 1, 2


class CutsTheBest(Narrow):
    """A planted bug: the list is cut at the wrong end."""

    def _cut(self):
        if self.is_bids:
            del self.near[self.NEAR :]
            self.high = self.near[-1]
        else:
            super()._cut()


class CallsTheTopUnchanged(Book):
    """A planted bug: only a new best price counts, not a new quantity there."""

    def apply_diff(self, diff):
        best = self.best_bid, self.best_ask
        super().apply_diff(diff)
        return best != (self.best_bid, self.best_ask)


class IgnoresGaps(BookSync):
    """A planted bug: every newer diff follows."""

    def _follows(self, diff):
        return diff.last_id > self.book.last_id


class LosesTheRest(BookSync):
    """A planted bug: what came before the snapshot is forgotten and not joined to it."""

    def on_snapshot(self, snapshot):
        if not self.is_ready:
            self._buffer.clear()
        return super().on_snapshot(snapshot)


class KeepsOldLevels(BookSync):
    """A planted bug: a snapshot is laid over what was there."""

    def on_snapshot(self, snapshot):
        bids, asks = ([*self.book.levels(s, 9_999)] for s in (Side.BUY, Side.SELL))
        whole = DepthSnapshot(
            SYMBOL, snapshot.last_id, bids + snapshot.bids, asks + snapshot.asks, 0
        )
        return super().on_snapshot(whole)


class TakesRepeats(BookSync):
    """A planted bug: a repeated diff is a gap."""

    def _is_past(self, diff):
        return False


@FEW
@given(DIFFS)
def test_a_book_answers_as_a_naive_one_does(diffs):
    check_fold(Book, diffs)


@FEW
@given(DIFFS)
def test_where_the_list_of_near_prices_ends_makes_no_difference(diffs):
    check_fold(with_halves(Narrow), diffs)


@FEW
@given(DIFFS, FATES, st.booleans())
def test_a_ready_book_is_the_venues_book_whatever_the_stream_does(diffs, fates, is_chained):
    check_stream(BookSync, diffs, fates, is_chained=is_chained)


@pytest.mark.parametrize(
    "planted",
    [
        with_halves(ForgetsRemovals),
        with_halves(AddsQuantities),
        with_halves(ForgetsTheFar),
        with_halves(NeverRefills),
        with_halves(CutsTheBest),
        CallsTheTopUnchanged,
    ],
)
def test_a_planted_bug_in_the_fold_is_caught(planted):
    @settings(database=None, phases=[Phase.generate], max_examples=200, derandomize=True)
    @given(DIFFS)
    def attack(diffs):
        check_fold(planted, diffs)

    with pytest.raises((AssertionError, KeyError)):
        attack()


@pytest.mark.parametrize("planted", [IgnoresGaps, LosesTheRest, KeepsOldLevels, TakesRepeats])
def test_a_planted_bug_in_the_joining_is_caught(planted):
    @settings(database=None, phases=[Phase.generate], max_examples=200, derandomize=True)
    @given(DIFFS, FATES, st.booleans())
    def attack(diffs, fates, is_chained):
        check_stream(planted, diffs, fates, is_chained=is_chained)

    with pytest.raises((AssertionError, KeyError)):
        attack()
