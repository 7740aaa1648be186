"""How the products of the venue differ, as data: paths, weights, pages, streams.

One adapter speaks both dialects; a difference that is no value here is a method of its own
somewhere else. Paths and weights are those of the venue's documents of spot and USD-M.
"""

import msgspec

from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Product
from holdfast.venues.binance.wire.instruments import RateLimit
from holdfast.venues.binance.wire.market import AGG_TRADE, DEPTH, MARK, TOP, TRADE

_MINUTE_NS = 60 * NS_PER_S
PING_GRACE_S = 20.0
Weights = tuple[tuple[int, int], ...]
"""Pairs of a greatest page size and what a page up to it costs, smallest first."""


class Question(msgspec.Struct, frozen=True):
    """A path that is asked by GET, what it costs, and the most rows of an answer."""

    path: str
    weight: int = 1
    page: int = 0


class Route(msgspec.Struct, frozen=True):
    """The streams of a symbol that one connection carries, and where it is opened."""

    path: str
    kinds: tuple[str, ...]

    def carries(self, kind: str) -> bool:
        """Tell whether streams of a kind are here."""
        return kind in self.kinds


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One product's public side.

    `info_takes_symbols` says whether exchangeInfo can be asked of some symbols alone.
    `depth_pages` are the sizes of a snapshot that the venue knows. `limits` are assumed until
    exchangeInfo has told. A quiet connection is pinged every `ping_every_s`.
    """

    product: Product
    time: Question
    info: Question
    info_takes_symbols: bool
    depth: Question
    depth_weights: Weights
    depth_pages: tuple[int, ...] = ()
    klines: Question
    klines_weights: Weights
    ticker: Question
    mark: Question | None = None
    limits: tuple[RateLimit, ...]
    routes: tuple[Route, ...]
    ping_every_s: float

    def silence_s(self, limit_s: float) -> float:
        """Give how long a connection may say nothing, which is longer than between two pings.

        0 stays 0: it waits for ever.
        """
        return max(limit_s, self.ping_every_s + PING_GRACE_S) if limit_s else 0.0

    def levels(self, wanted: int) -> int:
        """Give the size of a snapshot that the venue knows and that holds so many levels."""
        if not self.depth_pages:
            return wanted
        return min((p for p in self.depth_pages if p >= wanted), default=self.depth_pages[-1])

    def trading(self, *, each_trade: bool) -> tuple[Route, ...]:
        """Give the routes; with `each_trade` single trades stand for those in groups.

        USD-M's single trades are on the first route, as its clients ask for them.
        """
        if not each_trade or self.routes[0].carries(TRADE):
            return self.routes
        first, *rest = self.routes
        return (
            Route(first.path, (*first.kinds, TRADE)),
            *(Route(r.path, tuple(k for k in r.kinds if k != AGG_TRADE)) for r in rest),
        )


SPOT = Dialect(
    product=Product.SPOT,
    time=Question("/api/v3/time"),
    info=Question("/api/v3/exchangeInfo", 20),
    info_takes_symbols=True,
    depth=Question("/api/v3/depth", page=5_000),
    depth_weights=((100, 5), (500, 25), (1_000, 50), (5_000, 250)),
    klines=Question("/api/v3/klines", page=1_000),
    klines_weights=((1_000, 2),),
    ticker=Question("/api/v3/ticker/bookTicker", 2),
    limits=(
        RateLimit("weight", _MINUTE_NS, 6_000),
        RateLimit("requests", 5 * _MINUTE_NS, 300_000),
        RateLimit("orders", _MINUTE_NS // 6, 100),
        RateLimit("orders", 1_440 * _MINUTE_NS, 200_000),
    ),
    routes=(Route("/stream", (TOP, TRADE, DEPTH)),),
    ping_every_s=20.0,
)

USDM = Dialect(
    product=Product.LINEAR,
    time=Question("/fapi/v1/time"),
    info=Question("/fapi/v1/exchangeInfo"),
    info_takes_symbols=False,
    depth=Question("/fapi/v1/depth", page=1_000),
    depth_weights=((50, 2), (100, 5), (500, 10), (1_000, 20)),
    depth_pages=(5, 10, 20, 50, 100, 500, 1_000),
    klines=Question("/fapi/v1/klines", page=1_500),
    klines_weights=((99, 1), (499, 2), (1_000, 5), (1_500, 10)),
    ticker=Question("/fapi/v1/ticker/bookTicker", 2),
    mark=Question("/fapi/v1/premiumIndex"),
    limits=(
        RateLimit("weight", _MINUTE_NS, 2_400),
        RateLimit("orders", _MINUTE_NS // 6, 300),
        RateLimit("orders", _MINUTE_NS, 1_200),
    ),
    routes=(
        Route("/public/stream", (TOP, DEPTH)),
        Route("/market/stream", (AGG_TRADE, MARK)),
    ),
    ping_every_s=180.0,
)


def weight_of(weights: Weights, size: int) -> int:
    """Give what an answer of a size costs; the highest price where none is named."""
    return next((cost for most, cost in weights if size <= most), weights[-1][1])
