"""A market out of a seed: endless, the same for the same seed, with depth and trades.

One of the two places of the product that make random numbers; only `Random.random` is used,
whose sequence is the same on every version of Python. The book is never crossed.
"""

import math
from collections.abc import Iterator
from datetime import datetime
from random import Random

import msgspec

from holdfast.errors import ConfigError
from holdfast.simexchange.assumptions import Assumptions, SyntheticAssumptions
from holdfast.simexchange.model import (
    Depth,
    Level,
    Record,
    Snapshot,
    SymbolRules,
    Ticker,
    Trade,
)
from holdfast.simexchange.numbers import E8, decimals_of
from holdfast.simexchange.source.instruments import Product, derive_rules, split_symbol
from holdfast.simexchange.source.seen import Seen

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
_BPS = 10_000 * E8
_TRADE_SHARE = 0.4
_RESIZED = 3
_UNIFORMS = 4
_DEVIATION = math.sqrt(_UNIFORMS / 12)


def rules(symbol: str, assumptions: Assumptions, *, product: Product = "spot") -> SymbolRules:
    """Return the rules of the synthetic symbol, under another name if one is given."""
    assumed = assumptions.synthetic
    name = symbol or assumed.base + assumed.quote
    base, quote = split_symbol(name) if symbol else (assumed.base, assumed.quote)
    price_decimals, quantity_decimals = decimals_of(assumed.tick), decimals_of(assumed.step)
    seen = Seen(start_ns(assumed), assumed.price, price_decimals, quantity_decimals)
    made = derive_rules(name, product, seen=seen, assumed=assumptions.filters)
    return msgspec.structs.replace(
        made, base=base, quote=quote, filters_source="the assumptions of the synthetic market"
    )


def start_ns(assumed: SyntheticAssumptions) -> int:
    """Return when the market opens."""
    try:
        moment = datetime.fromisoformat(assumed.start)
    except ValueError as error:
        raise ConfigError(f"assumptions file synthetic.toml: start: {error}") from error
    if moment.tzinfo is None:
        raise ConfigError("assumptions file synthetic.toml: start needs a zone, such as ...Z")
    return int(moment.timestamp()) * _NS_PER_S


def read(rules: SymbolRules, assumed: SyntheticAssumptions, *, seed: int) -> Iterator[Record]:
    """Yield records for ever: a snapshot first, then trades, best prices and diffs."""
    walk = _Walk(rules, assumed, seed)
    now_ns = start_ns(assumed)
    yield walk.snapshot(now_ns)
    gap_ns = _NS_PER_S // assumed.events_per_second
    while True:
        now_ns += int(gap_ns * (0.5 + walk.random())) // _NS_PER_MS * _NS_PER_MS
        yield from walk.event(now_ns)


class _Walk:
    """The price, the levels around it, and the ids handed out so far."""

    def __init__(self, rules: SymbolRules, assumed: SyntheticAssumptions, seed: int) -> None:
        self.random = Random(seed).random
        self._rules = rules
        self._assumed = assumed
        self._spread = assumed.spread_ticks * rules.tick
        self._gap = assumed.level_gap_ticks * rules.tick
        walks = assumed.events_per_second * (1 - _TRADE_SHARE)
        self._volatility = assumed.volatility_per_second_bps / _BPS / math.sqrt(walks)
        self._bid = rules.first_price - rules.first_price % rules.tick
        self._levels: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._published: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._last_id = 1_000
        self._trade_id = 1

    def snapshot(self, at_ns: int) -> Snapshot:
        """Fill the book and return it."""
        self._change()
        bids, asks = self._levels
        return Snapshot(
            at_ns,
            self._rules.symbol,
            self._last_id,
            sorted(bids.items(), reverse=True),
            sorted(asks.items()),
        )

    def event(self, at_ns: int) -> Iterator[Record]:
        """Let one thing happen."""
        if self.random() < _TRADE_SHARE:
            yield self._trade(at_ns)
        else:
            self._move()
        bids, asks = self._change()
        if not bids and not asks:
            return
        first_id = self._last_id + 1
        self._last_id += len(bids) + len(asks)
        symbol, ask = self._rules.symbol, self._bid + self._spread
        bid_size, ask_size = self._levels[0][self._bid], self._levels[1][ask]
        yield Ticker(at_ns, symbol, self._last_id, self._bid, bid_size, ask, ask_size)
        yield Depth(at_ns, symbol, first_id, self._last_id, 0, bids, asks)

    def _trade(self, at_ns: int) -> Trade:
        sells = self.random() < 0.5  # noqa: PLR2004  a fair coin
        side = self._levels[0] if sells else self._levels[1]
        price = self._bid if sells else self._bid + self._spread
        quantity = min(self._size(self._assumed.trade_size), side[price])
        side[price] -= quantity
        if not side[price]:
            self._bid += -self._rules.tick if sells else self._rules.tick
        trade_id = self._trade_id
        self._trade_id += 1
        symbol = self._rules.symbol
        return Trade(at_ns, symbol, trade_id, price, quantity, sells, trade_id, trade_id)

    def _move(self) -> None:
        random = self.random
        uniforms = random() + random() + random() + random() - _UNIFORMS / 2
        tick = self._rules.tick
        ticks = int(self._bid * self._volatility * uniforms / _DEVIATION / tick)
        self._bid = max(self._bid + ticks * tick, self._spread)
        for _ in range(_RESIZED):
            side = self._levels[0] if self.random() < 0.5 else self._levels[1]  # noqa: PLR2004
            prices = list(side)
            side[prices[int(self.random() * len(prices))]] = 0

    def _change(self) -> tuple[list[Level], list[Level]]:
        """Make the levels fit the price and return what changed of bids and asks."""
        bids, asks = self._prices(self._bid, -1), self._prices(self._bid + self._spread, 1)
        return self._fit(0, bids), self._fit(1, asks)

    def _prices(self, touch: int, direction: int) -> list[int]:
        """Return the touch and then whole multiples of the gap, away from the other side."""
        gap = self._gap
        start = touch - touch % gap + (gap if direction > 0 else 0)
        if start == touch:
            start += direction * gap
        count = self._assumed.levels - 1
        prices = [touch, *(start + direction * gap * at for at in range(count))]
        return [price for price in prices if price > 0]

    def _fit(self, index: int, prices: list[int]) -> list[Level]:
        levels, published = self._levels[index], self._published[index]
        fitted = {p: levels.get(p) or self._size(self._assumed.level_size) for p in prices}
        changes = [(price, 0) for price in published if price not in fitted]
        changes += [(p, q) for p, q in fitted.items() if published.get(p) != q]
        levels.clear()
        levels.update(fitted)
        self._published[index].clear()
        self._published[index].update(fitted)
        return changes

    def _size(self, typical: int) -> int:
        """Draw a size between nothing and about four times the typical one."""
        drawn = self.random()
        size = int(typical * 4 * drawn * drawn)
        return max(size - size % self._rules.step, self._rules.step)
