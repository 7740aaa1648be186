"""Lots of one asset in one currency, first in first out, long or short.

All lots of a pool have the sign of its quantity. What a lot cost never changes but by being
closed, and the parts of a lot add up to the whole of it, to the last digit.
"""

from collections import deque

from holdfast.ledger.amount import share


class LotPool:
    """Open lots as (size, price, rest): each has cost size x price + rest.

    Sizes and prices count 10^-18, costs 10^-36. `rest` is 0 for a lot that was bought at a
    price, so its parts need no division. `cost` is signed like `quantity`.
    """

    __slots__ = ("cost", "lots", "quantity")

    def __init__(self) -> None:
        self.lots: deque[tuple[int, int, int]] = deque()
        self.quantity = 0
        self.cost = 0

    def trade(self, quantity: int, price: int, *, rest: int = 0) -> int:
        """Trade a signed quantity for size x price + rest; give what closing lots realized.

        Opposite lots close first; what is left opens a lot, so one trade may turn the pool.
        """
        held = self.quantity
        if not quantity:
            return 0
        size = quantity if quantity > 0 else -quantity
        self.quantity = held + quantity
        if not held or (held > 0) is (quantity > 0):
            self.lots.append((size, price, rest))
            cost = price * size + rest
            self.cost += cost if quantity > 0 else -cost
            return 0
        closing = min(size, abs(held))
        basis = self._close(closing)
        value = price * size + rest
        part = value if closing == size else self._turn(size, closing, price=price, rest=rest)
        if held > 0:
            self.cost -= basis + value - part
            return part - basis
        self.cost += basis + value - part
        return basis - part

    def exchange(self, quantity: int, value: int) -> int:
        """Trade a signed quantity for an amount that is not a price times a quantity."""
        price, rest = divmod(value, abs(quantity)) if quantity else (0, 0)
        return self.trade(quantity, price, rest=rest)

    def open_lots(self) -> list[tuple[int, int]]:
        """Give (quantity, cost) of every lot, oldest first, signed like the pool."""
        sign = 1 if self.quantity >= 0 else -1
        return [(sign * size, sign * (size * price + rest)) for size, price, rest in self.lots]

    def _close(self, size: int) -> int:
        """Take the oldest lots for a size that the pool has; give what they cost."""
        lots = self.lots
        basis = 0
        while True:
            lot_size, price, rest = lots[0]
            if size < lot_size:
                break
            lots.popleft()
            basis += lot_size * price + rest
            size -= lot_size
            if not size:
                return basis
        part = share(lot_size * price + rest, size, whole=lot_size) if rest else size * price
        lots[0] = (lot_size - size, price, rest + size * price - part)
        return basis + part

    def _turn(self, size: int, closing: int, *, price: int, rest: int) -> int:
        """Open a lot with what is left after closing everything; give the closing's value."""
        value = price * size + rest
        part = share(value, closing, whole=size) if rest else price * closing
        left = size - closing
        self.lots.append((left, price, value - part - price * left))
        return part
