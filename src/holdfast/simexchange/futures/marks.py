"""The mark price and the funding of one symbol, by market time.

A mark is made once a second of market time at most. A recording's own marks replace ours from
the first one on.
"""

from collections.abc import Sequence

from holdfast.simexchange.futures.model import ContractRules, FundingPoint, Mark
from holdfast.simexchange.pair import Pair

SECOND_NS = 1_000_000_000
_POINTS_KEPT = 1_000


class Marks:
    """Where the mark of a symbol stands, and when and at what rate funding is next."""

    __slots__ = (
        "_at",
        "_pair",
        "_sampled_ns",
        "_schedule",
        "_smoothing_ns",
        "awaited_ns",
        "contract",
        "index",
        "is_recorded",
        "mark",
        "marked_ns",
        "next_funding_ns",
        "next_ns",
        "points",
        "rate",
    )

    def __init__(
        self,
        contract: ContractRules,
        pair: Pair,
        *,
        smoothing_s: int,
        schedule: Sequence[tuple[int, int]],
    ) -> None:
        self.contract = contract
        self._pair = pair
        self._smoothing_ns = smoothing_s * SECOND_NS
        self._schedule = list(schedule)
        self._at = 0
        self._sampled_ns = 0
        self.mark = self.index = contract.rules.first_price
        self.rate = contract.funding_rate
        self.is_recorded = False
        self.marked_ns = 0
        self.next_ns = 0
        self.next_funding_ns = 0
        self.awaited_ns = 0
        self.points: list[FundingPoint] = []

    def begin(self, now_ns: int) -> None:
        """Find the first funding after the market's first instant."""
        while self._at < len(self._schedule) and self._schedule[self._at][0] <= now_ns:
            self._at += 1
        self._plan(now_ns)

    def sample(self, now_ns: int) -> bool:
        """Make the mark of this second of the book; False while there is none to make."""
        self.next_ns = now_ns - now_ns % SECOND_NS + SECOND_NS
        if self.is_recorded:
            return False
        best = self._pair.book.best()
        if best is None:
            return False
        mid = (best.bid + best.ask) // 2
        elapsed = now_ns - self._sampled_ns
        if not self._sampled_ns or elapsed >= self._smoothing_ns:
            self.index = mid
        else:
            self.index += (mid - self.index) * elapsed // self._smoothing_ns
        self._sampled_ns = self.marked_ns = now_ns
        self.mark = self.index
        return True

    def take(self, mark: Mark) -> None:
        """Take a mark of the recording, whose index and funding may be 0 for unknown.

        What depends on it is looked at with this very record, hence `next_ns`.
        """
        self.next_ns = 0
        self.is_recorded = True
        self.mark = mark.mark
        self.index = mark.index or mark.mark
        self.marked_ns = mark.at_ns
        if mark.next_funding_ns > mark.at_ns:
            self.rate = mark.funding_rate
            self.next_funding_ns = mark.next_funding_ns

    def shown(self, at_ns: int) -> Mark:
        """Return the mark as it is published."""
        return Mark(
            at_ns=at_ns,
            symbol=self.contract.symbol,
            mark=self.mark,
            index=self.index,
            funding_rate=self.rate,
            next_funding_ns=self.next_funding_ns,
        )

    def fund(self, at_ns: int) -> FundingPoint:
        """Note that funding is paid now, and find the next."""
        contract = self.contract
        rate = max(contract.funding_floor, min(contract.funding_cap, self.rate))
        point = FundingPoint(at_ns, contract.symbol, rate, self.mark)
        self.points.append(point)
        del self.points[:-_POINTS_KEPT]
        if self._at < len(self._schedule) and self._schedule[self._at][0] <= at_ns:
            self._at += 1
        self._plan(at_ns)
        return point

    def _plan(self, after_ns: int) -> None:
        if self._at < len(self._schedule):
            self.next_funding_ns, self.rate = self._schedule[self._at]
            return
        interval = self.contract.funding_interval_ns
        self.next_funding_ns = after_ns - after_ns % interval + interval
        if self._schedule:
            self.rate = self.contract.funding_rate
