"""Orders that wait for a price: stops, profit takers and trailing stops of one symbol.

The last recorded trade decides. An order is in here exactly as long as it is open and has not
begun to work.
"""

from bisect import bisect_left, insort

from holdfast.simexchange.model import SimOrder

ALGO_TYPES = frozenset({"STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"})
BASIS = 10_000
"""Deltas are basis points: 100 is one per cent."""


def is_above(order_type: str, side: str) -> bool:
    """Tell whether the stop price lies above the market.

    Above: STOP_LOSS BUY and TAKE_PROFIT SELL; below: the other two. Source: the venue's rules
    of trigger orders in its description of new orders.
    """
    return order_type.startswith("STOP_LOSS") == (side == "BUY")


def would_trigger(order: SimOrder, last: int) -> bool:
    """Tell whether the stop price is met by the last price already."""
    if not order.stop_price or not last:
        return False
    if is_above(order.order_type, order.side):
        return last >= order.stop_price
    return last <= order.stop_price


class Trail:
    """A trailing stop: the best price since it follows the market, 0 before it does."""

    __slots__ = ("best", "order")

    def __init__(self, order: SimOrder) -> None:
        self.order = order
        self.best = 0

    def follow(self, price: int, at_ns: int) -> None:
        """Begin to follow the market."""
        self.best = price
        self.order.trailing_ns = at_ns

    def fires(self, price: int, at_ns: int) -> bool:
        """Take a trade in; tell whether it moved against the best price by the delta.

        The first trade that meets the stop price only sets the best price.
        """
        order = self.order
        if not self.best:
            if not order.stop_price or would_trigger(order, price):
                self.follow(price, at_ns)
            return False
        if order.side == "SELL":
            self.best = max(self.best, price)
            return price * BASIS <= self.best * (BASIS - order.trailing_delta)
        self.best = min(self.best, price)
        return price * BASIS >= self.best * (BASIS + order.trailing_delta)


class TriggerBook:
    """All waiting orders of a symbol; what a trade fired stands in `fired` until taken."""

    __slots__ = ("_falling", "_rising", "_trails", "fired", "orders")

    def __init__(self) -> None:
        self.orders: dict[int, SimOrder] = {}
        self.fired: list[SimOrder] = []
        self._rising: list[tuple[int, int]] = []
        self._falling: list[tuple[int, int]] = []
        self._trails: dict[int, Trail] = {}

    def add(self, order: SimOrder, *, last: int) -> None:
        """Let an order wait; a trail without a stop price follows the last price at once."""
        self.orders[order.order_id] = order
        if not order.trailing_delta:
            insort(self._side(order), self._key(order))
            return
        trail = self._trails[order.order_id] = Trail(order)
        if last and not order.stop_price:
            trail.follow(last, order.created_ns)

    def remove(self, order: SimOrder) -> bool:
        """Forget an order; False when it does not wait here."""
        if self.orders.pop(order.order_id, None) is None:
            return False
        if self._trails.pop(order.order_id, None) is None:
            side = self._side(order)
            del side[bisect_left(side, self._key(order))]
        return True

    def passed(self, price: int, at_ns: int) -> None:
        """Take a trade in; orders that it fires leave the book, the oldest first."""
        count = len(self.fired)
        rising, falling = self._rising, self._falling
        while rising and rising[0][0] <= price:
            self._fire(rising[0][1])
        while falling and -falling[0][0] >= price:
            self._fire(falling[0][1])
        for trail in list(self._trails.values()):
            if trail.fires(price, at_ns):
                self._fire(trail.order.order_id)
        if len(self.fired) > count + 1:
            self.fired[count:] = sorted(self.fired[count:], key=lambda order: order.order_id)

    def take_fired(self) -> list[SimOrder]:
        """Hand out what was fired."""
        fired, self.fired = self.fired, []
        return fired

    def _fire(self, order_id: int) -> None:
        order = self.orders[order_id]
        self.remove(order)
        self.fired.append(order)

    def _side(self, order: SimOrder) -> list[tuple[int, int]]:
        return self._rising if is_above(order.order_type, order.side) else self._falling

    @staticmethod
    def _key(order: SimOrder) -> tuple[int, int]:
        is_rising = is_above(order.order_type, order.side)
        return (order.stop_price if is_rising else -order.stop_price, order.order_id)
