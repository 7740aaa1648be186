"""The recorded book of one symbol, refined by the newest best bid and ask.

The depth part is exactly what the recording's diffs say, so it fits the published stream; what
can be traded is that part under the newest ticker, less what our takers consumed. Neither is
ever crossed when the recording is not.
"""

from bisect import bisect_left
from collections.abc import Iterator

from holdfast.simexchange.model import Depth, DepthView, Level, Snapshot, Ticker

_CHANGES_KEPT = 4_096
_SORTED_FROM = 4  # sorting all is faster once a quarter may have moved


class Ladder:
    """One side's levels; keys are prices, negated for asks, so the best key is the last.

    A diff only notes quantities (0 for a level that is gone); the order of the prices is put
    right when somebody asks for it.
    """

    __slots__ = ("_changed", "_keys", "consumed", "quantities", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.quantities: dict[int, int] = {}
        self.consumed: dict[int, int] = {}
        self._keys: list[int] = []
        self._changed: list[Level] = []

    def reset(self, levels: list[Level]) -> None:
        """Hold these levels and no other."""
        self.quantities = dict(levels)
        self.consumed.clear()
        self._sort()

    def update(self, levels: list[Level]) -> None:
        """Set absolute quantities; 0 removes a level, and removing an absent one is normal."""
        if self.consumed:
            for price, _ in levels:
                self.consumed.pop(price, None)
        self.quantities.update(levels)
        self._changed += levels
        if len(self._changed) > _CHANGES_KEPT:
            self._sort()

    def keys(self) -> list[int]:
        """Return the keys of the levels, the best last."""
        if len(self._changed) * _SORTED_FROM > len(self._keys):
            self._sort()
        elif self._changed:
            keys, quantities, sign = self._keys, self.quantities, self.sign
            for price, _ in self._changed:
                key = sign * price
                at = bisect_left(keys, key)
                is_known = at < len(keys) and keys[at] == key
                if quantities.get(price):
                    if not is_known:
                        keys.insert(at, key)
                    continue
                quantities.pop(price, None)
                if is_known:
                    del keys[at]
            self._changed.clear()
        return self._keys

    def best_first(self) -> Iterator[Level]:
        """Yield the levels of the depth part from the best on."""
        for key in reversed(self.keys()):
            price = self.sign * key
            yield price, self.quantities[price]

    def touched(self, best: int) -> None:
        """Forget consumption at the touch and at what the recording has left behind."""
        for price in [p for p in self.consumed if self.sign * p >= self.sign * best]:
            del self.consumed[price]

    def _sort(self) -> None:
        self._changed.clear()
        self.quantities = {price: size for price, size in self.quantities.items() if size}
        self._keys = sorted(self.sign * price for price in self.quantities)


class Book:
    """Depth, ticker and consumption of one symbol."""

    __slots__ = (
        "asks",
        "at_ns",
        "bids",
        "gaps",
        "has_depth",
        "is_consumed",
        "last_id",
        "step",
        "symbol",
        "ticker",
    )

    def __init__(self, symbol: str, *, step: int) -> None:
        self.symbol = symbol
        self.step = step
        self.bids = Ladder(1)
        self.asks = Ladder(-1)
        self.last_id = -1
        self.at_ns = 0
        self.has_depth = False
        self.gaps = 0
        self.is_consumed = False
        self.ticker: Ticker | None = None

    def reset(self, snapshot: Snapshot) -> None:
        """Start from a snapshot."""
        self.bids.reset(snapshot.bids)
        self.asks.reset(snapshot.asks)
        self.last_id = snapshot.last_update_id
        self.at_ns = snapshot.at_ns
        self.has_depth = True

    def update(self, depth: Depth) -> bool:
        """Apply a diff by the venue's rules; False for one that the book is already past."""
        if depth.last_id <= self.last_id:
            return False
        if self.last_id >= 0 and not self._follows(depth):
            self.gaps += 1
        self.bids.update(depth.bids)
        self.asks.update(depth.asks)
        self.last_id = depth.last_id
        self.at_ns = depth.at_ns
        self.has_depth = True
        return True

    def touch(self, ticker: Ticker) -> None:
        """Take the newest best bid and ask; a level it changes is no longer consumed."""
        before = self.ticker
        self.ticker = ticker
        if not self.bids.consumed and not self.asks.consumed:
            self.is_consumed = False
            return
        if before is None or not self.has_depth:
            self.bids.consumed.clear()
            self.asks.consumed.clear()
            return
        if (before.bid, before.bid_quantity) != (ticker.bid, ticker.bid_quantity):
            self.bids.touched(ticker.bid)
        if (before.ask, before.ask_quantity) != (ticker.ask, ticker.ask_quantity):
            self.asks.touched(ticker.ask)

    def fresh_ticker(self) -> Ticker | None:
        """Return the ticker if it is newer than the depth part."""
        ticker = self.ticker
        return ticker if ticker is not None and ticker.update_id > self.last_id else None

    def best(self) -> Ticker | None:
        """Return the best bid and ask as recorded; None while a side is empty."""
        ticker = self.fresh_ticker()
        if ticker is not None:
            return ticker
        bid = next(self.bids.best_first(), None)
        ask = next(self.asks.best_first(), None)
        if bid is None or ask is None:
            return None
        return Ticker(self.at_ns, self.symbol, self.last_id, bid[0], bid[1], ask[0], ask[1])

    def best_price(self, *, is_bid: bool) -> int | None:
        """Return the best recorded price of a side."""
        ticker = self.fresh_ticker()
        if ticker is not None:
            return ticker.bid if is_bid else ticker.ask
        ladder = self.bids if is_bid else self.asks
        keys = ladder.keys()
        return ladder.sign * keys[-1] if keys else None

    def recorded(self, price: int, *, is_bid: bool) -> int:
        """Return the displayed quantity at a price, consumed or not."""
        ladder = self.bids if is_bid else self.asks
        ticker = self.fresh_ticker()
        if ticker is not None:
            touch = ticker.bid if is_bid else ticker.ask
            if price == touch:
                return ticker.bid_quantity if is_bid else ticker.ask_quantity
            if ladder.sign * price > ladder.sign * touch:
                return 0
        return ladder.quantities.get(price, 0)

    def available(self, *, is_bid: bool) -> Iterator[Level]:
        """Yield what a taker could still take, best first, in whole steps."""
        ladder = self.bids if is_bid else self.asks
        consumed, step = ladder.consumed, self.step
        for price, quantity in self._displayed(ladder, is_bid=is_bid):
            if consumed:
                quantity -= consumed.get(price, 0)
            quantity -= quantity % step
            if quantity > 0:
                yield price, quantity

    def consume(self, price: int, quantity: int, *, is_bid: bool) -> None:
        """Note that a taker of ours took from a level."""
        consumed = (self.bids if is_bid else self.asks).consumed
        consumed[price] = consumed.get(price, 0) + quantity
        self.is_consumed = True

    def view(self, *, limit: int) -> DepthView:
        """Return the depth part as recorded, or one level a side where there is none."""
        ticker = self.ticker
        if not self.has_depth:
            if ticker is None:
                return DepthView(self.symbol, 0, self.at_ns, [], [])
            bids = [(ticker.bid, ticker.bid_quantity)]
            asks = [(ticker.ask, ticker.ask_quantity)]
            return DepthView(self.symbol, ticker.update_id, ticker.at_ns, bids, asks)
        bids = [level for level, _ in zip(self.bids.best_first(), range(limit), strict=False)]
        asks = [level for level, _ in zip(self.asks.best_first(), range(limit), strict=False)]
        return DepthView(self.symbol, self.last_id, self.at_ns, bids, asks)

    def _follows(self, depth: Depth) -> bool:
        if depth.prev_id:
            return depth.prev_id <= self.last_id
        return depth.first_id <= self.last_id + 1

    def _displayed(self, ladder: Ladder, *, is_bid: bool) -> Iterator[Level]:
        ticker = self.fresh_ticker()
        if ticker is None:
            yield from ladder.best_first()
            return
        touch = ticker.bid if is_bid else ticker.ask
        yield touch, ticker.bid_quantity if is_bid else ticker.ask_quantity
        worst = ladder.sign * touch
        keys = ladder.keys()
        for at in range(bisect_left(keys, worst) - 1, -1, -1):
            key = keys[at]
            price = ladder.sign * key
            yield price, ladder.quantities[price]
