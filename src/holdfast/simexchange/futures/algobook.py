"""The conditional orders of one symbol, by the price that each waits for.

Whether a price triggers anything is known from the nearest trigger on either side; only
trailing orders are looked at one by one.
"""

from bisect import insort
from typing import NamedTuple

from holdfast.simexchange.futures.model import AlgoOrder
from holdfast.simexchange.numbers import E8

_PERCENT = 100 * E8


class _Waiting(NamedTuple):
    trigger: int
    algo_id: int
    algo: AlgoOrder


class AlgoBook:
    """Untriggered orders that watch one kind of price."""

    __slots__ = ("_falling", "_rising", "_trailing", "count")

    def __init__(self) -> None:
        self._rising: list[_Waiting] = []
        self._falling: list[_Waiting] = []
        self._trailing: dict[int, AlgoOrder] = {}
        self.count = 0

    def add(self, algo: AlgoOrder) -> None:
        """Let an order wait."""
        self.count += 1
        if algo.order_type == "TRAILING_STOP_MARKET":
            self._trailing[algo.algo_id] = algo
            return
        line = self._rising if rises(algo) else self._falling
        insort(line, _Waiting(algo.trigger_price, algo.algo_id, algo), key=lambda w: w[:2])

    def remove(self, algo: AlgoOrder) -> None:
        """Let an order, that waits, wait no more."""
        self.count -= 1
        self._trailing.pop(algo.algo_id, None)
        self._rising = [waiting for waiting in self._rising if waiting.algo is not algo]
        self._falling = [waiting for waiting in self._falling if waiting.algo is not algo]

    def reached(self, price: int) -> list[AlgoOrder]:
        """Return who is triggered at a price, by age; trailing orders follow the price."""
        found: list[AlgoOrder] = []
        for waiting in self._rising:
            if waiting.trigger > price:
                break
            found.append(waiting.algo)
        for waiting in reversed(self._falling):
            if waiting.trigger < price:
                break
            found.append(waiting.algo)
        if self._trailing:
            found += [algo for algo in self._trailing.values() if trails(algo, price)]
        return sorted(found, key=lambda algo: algo.algo_id) if len(found) > 1 else found


def rises(algo: AlgoOrder) -> bool:
    """Tell whether an order waits for a price that is higher than now."""
    is_stop = algo.order_type in ("STOP", "STOP_MARKET")
    return is_stop == (algo.side == "BUY")


def is_reached(algo: AlgoOrder, price: int) -> bool:
    """Tell whether a price triggers an order that does not trail."""
    return price >= algo.trigger_price if rises(algo) else price <= algo.trigger_price


def trails(algo: AlgoOrder, price: int) -> bool:
    """Let a trailing order see a price; tell whether it turned back by the callback rate.

    It is activated by a price at or beyond its activation price, and measures from the best
    price since then.
    """
    is_sell = algo.side == "SELL"
    if not algo.is_activated:
        if price < algo.activate_price if is_sell else price > algo.activate_price:
            return False
        algo.is_activated = True
        algo.extreme_price = price
    if is_sell:
        algo.extreme_price = max(algo.extreme_price, price)
        return price * _PERCENT <= algo.extreme_price * (_PERCENT - algo.callback_rate)
    algo.extreme_price = min(algo.extreme_price, price)
    return price * _PERCENT >= algo.extreme_price * (_PERCENT + algo.callback_rate)
