"""A venue's limits as values: what is counted, over which window, for whom.

Binance counts in windows that are aligned to its clock (every minute, every 10 s), request
weight and raw requests for an IP address, orders for an account.
Source: Binance spot REST documentation, "Limits"; exchangeInfo.rateLimits is the truth.
"""

import msgspec


class Limit(msgspec.Struct, frozen=True):
    """At most `most` of a kind in each aligned window; `scope` names who is counted.

    `kind` is `weight`, `requests` or `orders`. `scope` is an address's or an account's name,
    and processes that share it share the limit.
    """

    kind: str
    window_ns: int
    most: int
    scope: str

    def window(self, now_ns: int) -> int:
        """Give the number of the window in which an instant of the venue's clock lies."""
        return now_ns // self.window_ns

    def ends_at_ns(self, now_ns: int) -> int:
        """Give the instant at which the window of an instant is over."""
        return (self.window(now_ns) + 1) * self.window_ns


class Cost(msgspec.Struct, frozen=True):
    """What one request uses of each kind of limit."""

    weight: int = 0
    requests: int = 1
    orders: int = 0

    def of(self, kind: str) -> int:
        """Give the cost of one kind; a kind that is not known here costs nothing."""
        return int(getattr(self, kind, 0))


class Hold(msgspec.Struct, frozen=True):
    """Until when the venue wants to hear nothing: of requests (429), or at all (418)."""

    requests_until_ns: int = 0
    all_until_ns: int = 0

    def and_also(self, other: "Hold") -> "Hold":
        """Give the hold that obeys both."""
        return Hold(
            max(self.requests_until_ns, other.requests_until_ns),
            max(self.all_until_ns, other.all_until_ns),
        )


NO_HOLD = Hold()
