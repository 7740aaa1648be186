"""Our own resting orders of one symbol and their estimated place in the recorded queue.

`ahead` is the recorded quantity that has to trade or cancel before an order is first in line;
it only falls and is never below zero. Between our own orders, price then time decides.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator

from holdfast.simexchange.model import SimOrder
from holdfast.simexchange.numbers import E8


class Resting:
    """One resting order and its place; `visible` is what an iceberg still shows, else 0."""

    __slots__ = ("ahead", "order", "traded", "visible")

    def __init__(self, order: SimOrder, *, ahead: int) -> None:
        self.order = order
        self.ahead = ahead
        self.traded = 0
        self.visible = min(order.iceberg_quantity, order.leaves_quantity)

    @property
    def showing(self) -> int:
        """Return what of the order stands at this place in the queue."""
        leaves = self.order.leaves_quantity
        return min(self.visible, leaves) if self.visible else leaves


class OwnSide:
    """One side's resting orders, by price and then by arrival."""

    __slots__ = ("by_price", "keys", "sign")

    def __init__(self, *, is_bid: bool) -> None:
        self.sign = 1 if is_bid else -1
        self.keys: list[int] = []
        self.by_price: dict[int, list[Resting]] = {}

    def add(self, order: SimOrder, *, ahead: int) -> Resting:
        """Join the queue behind `ahead` and behind our earlier orders at that price."""
        line = self.by_price.get(order.price)
        if line is None:
            line = self.by_price[order.price] = []
            insort(self.keys, self.sign * order.price)
        elif line[-1].ahead > ahead:
            ahead = line[-1].ahead
        resting = Resting(order, ahead=ahead)
        line.append(resting)
        return resting

    def remove(self, order: SimOrder) -> None:
        """Leave the queue; the order has to be in it."""
        line = self.by_price[order.price]
        line[:] = [resting for resting in line if resting.order is not order]
        if not line:
            del self.by_price[order.price]
            del self.keys[bisect_left(self.keys, self.sign * order.price)]

    def best_price(self) -> int | None:
        """Return the best price of the side, or None."""
        return self.sign * self.keys[-1] if self.keys else None

    def best_first(self) -> Iterator[Resting]:
        """Yield the orders by priority; the caller may not change the side meanwhile."""
        for key in reversed(self.keys):
            yield from self.by_price[self.sign * key]

    def taken(self, price: int, quantity: int) -> None:
        """Shorten the queue at a price by what a taker took from the recorded level."""
        for resting in self.by_price.get(price, ()):
            resting.ahead = max(0, resting.ahead - quantity)

    def traded(self, price: int, quantity: int, *, step: int) -> list[tuple[Resting, int]]:
        """Let a recorded trade pass, hitting this side at `price`; return who is filled.

        Orders at better prices are filled first: the trade would have met them before. At its
        own price the trade first uses up the queue ahead. Never more is filled than traded.
        """
        fills: list[tuple[Resting, int]] = []
        left = quantity
        limit = self.sign * price
        for key in reversed(self.keys):
            if key < limit or left <= 0:
                break
            line = self.by_price[self.sign * key]
            left = _pass_through(line, left, fills, at_price=key == limit, step=step)
        return fills

    def level_changed(self, price: int, before: int, *, after: int, cancels_ahead: int) -> None:
        """Estimate how a new displayed quantity at a price moves our orders forward."""
        for resting in self.by_price[price]:
            canceled = before - after - resting.traded
            resting.traded = 0
            if canceled > 0:
                resting.ahead -= canceled * cancels_ahead // E8
            resting.ahead = max(0, min(resting.ahead, after))


def _pass_through(
    line: list[Resting],
    volume: int,
    fills: list[tuple[Resting, int]],
    *,
    at_price: bool,
    step: int,
) -> int:
    """Spend a trade's volume on one price's line; return what is left for worse prices."""
    left = volume
    filled = 0
    for resting in line:
        if at_price:
            resting.traded += volume
            market = volume - filled
            passed = min(resting.ahead, market)
            resting.ahead -= passed
            left = min(left, market - passed)
            quantity = min(resting.showing, left)
        else:
            resting.ahead = 0
            quantity = min(resting.order.leaves_quantity, left)
        quantity -= quantity % step
        if quantity > 0:
            fills.append((resting, quantity))
            filled += quantity
            left -= quantity
    return left
