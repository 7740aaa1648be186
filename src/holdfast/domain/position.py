"""A sub-position: what one strategy holds of one instrument, with its lots first in first out.

Everything is exact in the instrument's units: realized and cost are price x quantity products,
turned into money by `Instrument.notional(1, product)` alone. Nothing is averaged, so nothing
rounds.
"""

from collections import deque

import msgspec

from holdfast.domain.money import PriceUnits, QuantityUnits


class Position(msgspec.Struct):
    """Signed quantity of a sub-position and the open lots behind it.

    `realized` is the price result of closed lots as a sum of price x quantity units, without
    fees. The lots are (price, signed quantity), all of one sign, and sum to `quantity`.
    """

    quantity: QuantityUnits = QuantityUnits(0)
    realized: int = 0
    lots: deque[tuple[PriceUnits, QuantityUnits]] = msgspec.field(default_factory=deque)

    def trade(self, price: PriceUnits, quantity: QuantityUnits) -> None:
        """Book a signed quantity at a price: close opposite lots, then open with the rest."""
        rest: int = quantity
        lots = self.lots
        while rest and lots and (lots[0][1] > 0) != (rest > 0):
            lot_price, lot_quantity = lots[0]
            closed = -rest if abs(rest) < abs(lot_quantity) else lot_quantity
            self.realized += (price - lot_price) * closed
            rest += closed
            if closed == lot_quantity:
                lots.popleft()
            else:
                lots[0] = (lot_price, QuantityUnits(lot_quantity - closed))
        if rest:
            lots.append((price, QuantityUnits(rest)))
        self.quantity = QuantityUnits(self.quantity + quantity)

    @property
    def cost(self) -> int:
        """Give the open lots' price x quantity, signed like the position."""
        return sum(price * quantity for price, quantity in self.lots)

    def unrealized(self, mark: PriceUnits) -> int:
        """Give the open lots' result at a mark, as price x quantity units."""
        return mark * self.quantity - self.cost
