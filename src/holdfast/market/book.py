"""An order book as a fold of a snapshot and diffs; whether they join up is `sync.py`'s.

Each side is a map from price to quantity and a sorted list of its prices with the best at the
tail (asks negated), so that what happens near the market moves little memory. Every price of
a list has a positive quantity in its map, and no other price is in either.
"""

from bisect import bisect_left

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import UtcNs
from holdfast.domain.market import BookTop, DepthDiff, DepthSnapshot, Level
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import Side


class Walk(msgspec.Struct, frozen=True):
    """What taking a quantity from a side of the book would do.

    `cost` is the sum of price x quantity units over what could be filled; `quantity` is less
    than asked when the known book ends; `worst_price` is the last level touched, 0 for none.
    """

    quantity: QuantityUnits
    cost: int
    worst_price: PriceUnits
    level_count: int


class Book:
    """The levels of one instrument at one update id."""

    __slots__ = (
        "_ask_quantities", "_asks", "_bid_quantities", "_bids",
        "last_id", "received_at_ns", "symbol", "venue_at_ns",
    )  # fmt: skip

    def __init__(self, symbol: Symbol) -> None:
        self.symbol = symbol
        self._bid_quantities: dict[int, int] = {}
        self._ask_quantities: dict[int, int] = {}
        self._bids: list[int] = []
        self._asks: list[int] = []
        self.last_id = 0
        self.venue_at_ns = UtcNs(0)
        self.received_at_ns = UtcNs(0)

    def apply_snapshot(self, snapshot: DepthSnapshot) -> None:
        """Replace every level."""
        self._bid_quantities = {
            price: quantity for price, quantity in snapshot.bids if quantity
        }
        self._ask_quantities = {
            price: quantity for price, quantity in snapshot.asks if quantity
        }
        self._bids = sorted(self._bid_quantities)
        self._asks = sorted(-price for price in self._ask_quantities)
        self.last_id = snapshot.last_id
        self.venue_at_ns = UtcNs(0)
        self.received_at_ns = snapshot.received_at_ns

    def apply_diff(self, diff: DepthDiff) -> bool:
        """Set the levels that a diff names; tell whether the best of a side changed."""
        bids, asks = self._bids, self._asks
        bid_quantities, ask_quantities = self._bid_quantities, self._ask_quantities
        bid = bids[-1] if bids else 0
        bid_quantity = bid_quantities.get(bid)
        ask = -asks[-1] if asks else 0
        ask_quantity = ask_quantities.get(ask)
        for price, quantity in diff.bids:
            if quantity:
                if price not in bid_quantities:
                    bids.insert(bisect_left(bids, price), price)
                bid_quantities[price] = quantity
            elif price in bid_quantities:
                del bid_quantities[price]
                del bids[bisect_left(bids, price)]
        for price, quantity in diff.asks:
            if quantity:
                if price not in ask_quantities:
                    asks.insert(bisect_left(asks, -price), -price)
                ask_quantities[price] = quantity
            elif price in ask_quantities:
                del ask_quantities[price]
                del asks[bisect_left(asks, -price)]
        self.last_id = diff.last_id
        self.venue_at_ns = diff.venue_at_ns
        self.received_at_ns = diff.received_at_ns
        return (
            bid != (bids[-1] if bids else 0)
            or ask != (-asks[-1] if asks else 0)
            or bid_quantities.get(bid) != bid_quantity
            or ask_quantities.get(ask) != ask_quantity
        )

    @property
    def best_bid(self) -> PriceUnits:
        """Give the highest bid, 0 when there is none."""
        return PriceUnits(self._bids[-1] if self._bids else 0)

    @property
    def best_ask(self) -> PriceUnits:
        """Give the lowest ask, 0 when there is none."""
        return PriceUnits(-self._asks[-1] if self._asks else 0)

    @property
    def is_two_sided(self) -> bool:
        """Tell whether there is a bid and an ask."""
        return bool(self._bids and self._asks)

    @property
    def is_crossed(self) -> bool:
        """Tell whether the best bid is at the best ask (locked) or above it (crossed)."""
        bids, asks = self._bids, self._asks
        return bool(bids and asks) and bids[-1] >= -asks[-1]

    def top(self) -> BookTop | None:
        """Give best bid and ask; None for a book that lacks a side or is crossed."""
        bids, asks = self._bids, self._asks
        if not bids or not asks or bids[-1] >= -asks[-1]:
            return None
        bid, ask = PriceUnits(bids[-1]), PriceUnits(-asks[-1])
        return BookTop(
            self.symbol,
            self.last_id,
            bid,
            QuantityUnits(self._bid_quantities[bid]),
            ask,
            QuantityUnits(self._ask_quantities[ask]),
            self.venue_at_ns,
            self.received_at_ns,
        )

    def levels(self, side: Side, count: int) -> list[Level]:
        """Give the best levels of a side: bids for BUY, asks for SELL, best first."""
        if side is Side.BUY:
            quantities, prices = self._bid_quantities, self._bids[: -count - 1 : -1]
        else:
            quantities = self._ask_quantities
            prices = [-price for price in self._asks[: -count - 1 : -1]]
        return [(PriceUnits(price), QuantityUnits(quantities[price])) for price in prices]

    def depth(self) -> tuple[int, int]:
        """Give how many levels each side has, bids first."""
        return len(self._bids), len(self._asks)

    def walk(self, side: Side, quantity: QuantityUnits) -> Walk:
        """Take a quantity as an order of this side would: a buy takes asks, a sell bids."""
        rest: int = quantity
        cost = price = count = 0
        if side is Side.BUY:
            prices, quantities, sign = self._asks, self._ask_quantities, -1
        else:
            prices, quantities, sign = self._bids, self._bid_quantities, 1
        for key in reversed(prices):
            if rest <= 0:
                break
            price = key * sign
            taken = quantities[price]
            if taken > rest:
                taken = rest
            cost += price * taken
            rest -= taken
            count += 1
        return Walk(QuantityUnits(quantity - rest), cost, PriceUnits(price), count)
