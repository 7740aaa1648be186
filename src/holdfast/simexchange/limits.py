"""Request weight, order counts and bans, in fixed windows aligned to the clock they are given.

A refused request counts its weight too; only an accepted order adds to the order counts.
Going on after a 429 leads to a 418 ban that doubles each time, from two minutes to three days.
"""

import msgspec

from holdfast.simexchange.refusals import Refusal

SECOND_NS = 10**9
MINUTE_NS = 60 * SECOND_NS
DAY_NS = 86_400 * SECOND_NS
WEIGHT_LIMIT = 6000
RAW_LIMIT = 300_000
RAW_WINDOW_NS = 5 * MINUTE_NS
ORDERS_10S_LIMIT = 100
ORDERS_DAY_LIMIT = 200_000
TOO_MANY = 429
BANNED = 418
STRIKES_BEFORE_BAN = 10
FIRST_BAN_NS = 2 * MINUTE_NS
LONGEST_BAN_NS = 3 * DAY_NS
NS_PER_MS = 10**6


class Window:
    """A counter that starts again at each multiple of its length."""

    def __init__(self, length_ns: int, limit: int) -> None:
        self.length_ns = length_ns
        self.limit = limit
        self._number = -1
        self._count = 0

    def count(self, now_ns: int) -> int:
        """Return what has been counted in the window of this instant."""
        if now_ns // self.length_ns != self._number:
            self._number = now_ns // self.length_ns
            self._count = 0
        return self._count

    def add(self, amount: int, now_ns: int) -> int:
        """Count more and return the sum."""
        self._count = self.count(now_ns) + amount
        return self._count

    def ends_at_ns(self, now_ns: int) -> int:
        """Return when the window of this instant is over."""
        return (now_ns // self.length_ns + 1) * self.length_ns


class AddressLimits:
    """What one network address has used."""

    def __init__(self, *, weight_limit: int = WEIGHT_LIMIT) -> None:
        self.weight = Window(MINUTE_NS, weight_limit)
        self.raw = Window(RAW_WINDOW_NS, RAW_LIMIT)
        self._strikes = 0
        self._ban_ns = FIRST_BAN_NS
        self._banned_until_ns = 0

    def charge(self, weight: int, now_ns: int) -> None:
        """Count a request; raise 429 over the limit, 418 for going on after it."""
        if now_ns < self._banned_until_ns:
            raise self._banned()
        used = self.weight.add(weight, now_ns)
        raw = self.raw.add(1, now_ns)
        if used <= self.weight.limit and raw <= self.raw.limit:
            self._strikes = 0
            return
        self._strikes += 1
        if self._strikes > STRIKES_BEFORE_BAN:
            self._banned_until_ns = now_ns + self._ban_ns
            self._ban_ns = min(self._ban_ns * 2, LONGEST_BAN_NS)
            self._strikes = 0
            raise self._banned()
        window = self.weight if used > self.weight.limit else self.raw
        text = (
            f"Too much request weight used; current limit is {self.weight.limit} request "
            "weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid "
            "polling the API."
        )
        ends_at_ns = window.ends_at_ns(now_ns)
        raise Refusal(-1003, text, status=TOO_MANY, retry_at_ns=ends_at_ns)

    def refund(self, weight: int, now_ns: int) -> None:
        """Take back the weight of an order request that succeeded."""
        self.weight.add(-min(weight, self.weight.count(now_ns)), now_ns)

    def _banned(self) -> Refusal:
        until_ms = self._banned_until_ns // NS_PER_MS
        text = (
            f"Way too much request weight used; IP banned until {until_ms}. "
            "Please use WebSocket Streams for live updates to avoid bans."
        )
        return Refusal(-1003, text, status=BANNED, retry_at_ns=self._banned_until_ns)


class OrderLimits:
    """How many orders one account has placed, by all its keys and interfaces."""

    def __init__(
        self, *, per_10s: int = ORDERS_10S_LIMIT, per_day: int = ORDERS_DAY_LIMIT
    ) -> None:
        self.short = Window(10 * SECOND_NS, per_10s)
        self.day = Window(DAY_NS, per_day)

    def check(self, now_ns: int) -> None:
        """Raise when one order more would be over a limit."""
        for window, what in ((self.short, "10 SECOND"), (self.day, "1 DAY")):
            if window.count(now_ns) >= window.limit:
                text = (
                    f"Too many new orders; current limit is {window.limit} orders per {what}."
                )
                ends_at_ns = window.ends_at_ns(now_ns)
                raise Refusal(-1015, text, status=TOO_MANY, retry_at_ns=ends_at_ns)

    def add(self, now_ns: int) -> None:
        """Count an accepted order."""
        self.short.add(1, now_ns)
        self.day.add(1, now_ns)

    def give_back(self, now_ns: int) -> None:
        """Take back one when an order gets its first fill: the count is of unfilled orders."""
        for window in (self.short, self.day):
            if window.count(now_ns) > 0:
                window.add(-1, now_ns)

    def headers(self, now_ns: int) -> dict[str, str]:
        """Return the counts as the answer to an accepted order shows them."""
        return {
            "X-MBX-ORDER-COUNT-10S": str(self.short.count(now_ns)),
            "X-MBX-ORDER-COUNT-1D": str(self.day.count(now_ns)),
        }


class RateLimit(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """One limit, in the words of exchangeInfo; with `count` what has been used of it."""

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int
    count: int | None = None


def declared() -> list[RateLimit]:
    """List the limits that exchangeInfo announces."""
    return [
        RateLimit("REQUEST_WEIGHT", "MINUTE", 1, WEIGHT_LIMIT),
        RateLimit("ORDERS", "SECOND", 10, ORDERS_10S_LIMIT),
        RateLimit("ORDERS", "DAY", 1, ORDERS_DAY_LIMIT),
        RateLimit("RAW_REQUESTS", "MINUTE", 5, RAW_LIMIT),
    ]


def order_counts(limits: OrderLimits, now_ns: int) -> list[RateLimit]:
    """List the order limits with what an account has used of them."""
    short, day = limits.short, limits.day
    return [
        RateLimit("ORDERS", "SECOND", 10, short.limit, short.count(now_ns)),
        RateLimit("ORDERS", "DAY", 1, day.limit, day.count(now_ns)),
    ]


def weight_count(limits: AddressLimits, now_ns: int) -> RateLimit:
    """Show the weight limit with what an address has used of it."""
    window = limits.weight
    return RateLimit("REQUEST_WEIGHT", "MINUTE", 1, window.limit, window.count(now_ns))
