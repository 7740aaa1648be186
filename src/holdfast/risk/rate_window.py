"""The instants of approvals in the last 10 s of market time, of each strategy and of all."""

from collections import deque

from holdfast.domain.ids import StrategyId
from holdfast.domain.instant import NS_PER_S

WINDOW_NS = 10 * NS_PER_S


class RateWindow:
    """A sliding window that forgets what is older than it."""

    def __init__(self) -> None:
        self._account: deque[int] = deque()
        self._strategies: dict[StrategyId, deque[int]] = {}

    def spend(self, strategy: StrategyId, now_ns: int) -> None:
        """Count one approval."""
        self._account.append(now_ns)
        self._strategies.setdefault(strategy, deque()).append(now_ns)

    def account_count(self, now_ns: int) -> int:
        """Give how many approvals of the account the window holds."""
        return _count(self._account, now_ns)

    def strategy_count(self, strategy: StrategyId, now_ns: int) -> int:
        """Give how many approvals of a strategy the window holds."""
        instants = self._strategies.get(strategy)
        return _count(instants, now_ns) if instants else 0


def _count(instants: deque[int], now_ns: int) -> int:
    start = now_ns - WINDOW_NS
    while instants and instants[0] <= start:
        instants.popleft()
    return len(instants)
