"""An order book as a fold of a snapshot and diffs; whether they join up is `sync.py`'s.

A side is a map from price to quantity, and a sorted list of the prices near the best. Most
levels of a diff are far from the market: for those the map is all that is touched. The list is
cut when it grows and refilled from the map when it runs short, so what it shows never depends
on where its edge is.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import ClassVar

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import UtcNs
from holdfast.domain.market import BookTop, DepthDiff, DepthSnapshot, Level
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import Side

_EVERYTHING = (0, 1 << 127)


class Walk(msgspec.Struct, frozen=True):
    """What taking a quantity from a side of the book would do.

    `cost` is the sum of price x quantity units over what could be filled; `quantity` is less
    than asked when the known book ends; `worst_price` is the last level touched, 0 for none.
    """

    quantity: QuantityUnits
    cost: int
    worst_price: PriceUnits
    level_count: int


class HalfBook:
    """The levels of one side.

    `near` has, sorted, exactly the prices of `quantities` from `low` to `high`, the best among
    them; quantities are positive. The list is cut to `NEAR` when it passes `MOST`, and refilled
    when it has fewer than `FEWEST`.
    """

    __slots__ = ("high", "is_bids", "low", "near", "quantities")
    FEWEST: ClassVar[int] = 16
    NEAR: ClassVar[int] = 128
    MOST: ClassVar[int] = 512

    def __init__(self, *, is_bids: bool) -> None:
        self.is_bids = is_bids
        self.set([])

    def set(self, levels: list[Level]) -> None:
        """Replace every level."""
        self.quantities: dict[int, int] = {
            price: quantity for price, quantity in levels if quantity
        }
        self._refill()

    def change(self, levels: list[Level]) -> None:
        """Set the named levels; a quantity of 0 removes one, also one that is not there."""
        quantities, near, low, high = self.quantities, self.near, self.low, self.high
        for price, quantity in levels:
            if quantity:
                if low <= price <= high and price not in quantities:
                    insort(near, price)
                quantities[price] = quantity
            elif price in quantities:
                del quantities[price]
                if low <= price <= high:
                    del near[bisect_left(near, price)]
        if len(near) > self.MOST:
            self._cut()
        elif len(near) < self.FEWEST and len(near) < len(quantities):
            self._refill()

    @property
    def best(self) -> int:
        """Give the best price, 0 when there is none."""
        if not self.near:
            return 0
        return self.near[-1] if self.is_bids else self.near[0]

    def prices(self) -> Iterator[int]:
        """Give every price, best first."""
        near = self.near
        yield from reversed(near) if self.is_bids else near
        if len(near) < len(self.quantities):
            far = [price for price in self.quantities if not self.low <= price <= self.high]
            far.sort(reverse=self.is_bids)
            yield from far

    def _refill(self) -> None:
        self.near = sorted(self.quantities)
        self.low, self.high = _EVERYTHING
        if len(self.near) > self.MOST:
            self._cut()

    def _cut(self) -> None:
        if self.is_bids:
            del self.near[: -self.NEAR]
            self.low = self.near[0]
        else:
            del self.near[self.NEAR :]
            self.high = self.near[-1]


class Book:
    """The levels of one instrument at one update id."""

    __slots__ = ("asks", "bids", "last_id", "received_at_ns", "symbol", "venue_at_ns")

    def __init__(self, symbol: Symbol) -> None:
        self.symbol = symbol
        self.bids = HalfBook(is_bids=True)
        self.asks = HalfBook(is_bids=False)
        self.last_id = 0
        self.venue_at_ns = UtcNs(0)
        self.received_at_ns = UtcNs(0)

    def apply_snapshot(self, snapshot: DepthSnapshot) -> None:
        """Replace every level."""
        self.bids.set(snapshot.bids)
        self.asks.set(snapshot.asks)
        self.last_id = snapshot.last_id
        self.venue_at_ns = UtcNs(0)
        self.received_at_ns = snapshot.received_at_ns

    def apply_diff(self, diff: DepthDiff) -> bool:
        """Set the levels that a diff names; tell whether the best of a side changed."""
        bids, asks = self.bids, self.asks
        bid, ask = bids.best, asks.best
        bid_quantity, ask_quantity = bids.quantities.get(bid), asks.quantities.get(ask)
        bids.change(diff.bids)
        asks.change(diff.asks)
        self.last_id = diff.last_id
        self.venue_at_ns = diff.venue_at_ns
        self.received_at_ns = diff.received_at_ns
        return (
            bids.quantities.get(bid) != bid_quantity
            or asks.quantities.get(ask) != ask_quantity
            or bids.best != bid
            or asks.best != ask
        )

    @property
    def best_bid(self) -> PriceUnits:
        """Give the highest bid, 0 when there is none."""
        return PriceUnits(self.bids.best)

    @property
    def best_ask(self) -> PriceUnits:
        """Give the lowest ask, 0 when there is none."""
        return PriceUnits(self.asks.best)

    @property
    def is_crossed(self) -> bool:
        """Tell whether the best bid is at the best ask (locked) or above it (crossed)."""
        bids, asks = self.bids.near, self.asks.near
        return bool(bids and asks) and bids[-1] >= asks[0]

    def top(self) -> BookTop | None:
        """Give best bid and ask; None for a book that lacks a side or is crossed."""
        bid, ask = self.best_bid, self.best_ask
        if not bid or not ask or bid >= ask:
            return None
        return BookTop(
            self.symbol,
            self.last_id,
            bid,
            QuantityUnits(self.bids.quantities[bid]),
            ask,
            QuantityUnits(self.asks.quantities[ask]),
            self.venue_at_ns,
            self.received_at_ns,
        )

    def levels(self, side: Side, count: int) -> list[Level]:
        """Give the best levels of a side: bids for BUY, asks for SELL, best first."""
        half = self.bids if side is Side.BUY else self.asks
        return [
            (PriceUnits(price), QuantityUnits(half.quantities[price]))
            for price, _ in zip(half.prices(), range(count), strict=False)
        ]

    def walk(self, side: Side, quantity: QuantityUnits) -> Walk:
        """Take a quantity as an order of this side would: a buy takes asks, a sell bids."""
        half = self.asks if side is Side.BUY else self.bids
        quantities = half.quantities
        rest: int = quantity
        cost = worst = count = 0
        if rest > 0:
            for price in half.prices():
                worst = price
                count += 1
                standing = quantities[price]
                if standing >= rest:
                    cost += price * rest
                    rest = 0
                    break
                cost += price * standing
                rest -= standing
        return Walk(QuantityUnits(quantity - rest), cost, PriceUnits(worst), count)
