"""Request weight, order counts and bans, in fixed windows aligned to the clock they are given.

A refused request counts its weight too; only an accepted order adds to the order counts.
Going on after a 429 leads to a 418 ban that doubles each time, from two minutes to three days.
Spot and USD-M count apart, because they are hosts of their own.
"""

from typing import Literal

import msgspec

from holdfast.simexchange.refusals import Refusal

SECOND_NS = 10**9
MINUTE_NS = 60 * SECOND_NS
DAY_NS = 86_400 * SECOND_NS
RAW_WINDOW_NS = 5 * MINUTE_NS
TOO_MANY = 429
BANNED = 418
STRIKES_BEFORE_BAN = 10
FIRST_BAN_NS = 2 * MINUTE_NS
LONGEST_BAN_NS = 3 * DAY_NS
NS_PER_MS = 10**6
INTERVAL_NS = {"SECOND": SECOND_NS, "MINUTE": MINUTE_NS, "DAY": DAY_NS}
TAKER_GIVES_BACK = 1
MAKER_GIVES_BACK = 5  # https://developers.binance.com, FAQ "Spot Unfilled Order Count Rules"


class OrderQuota(msgspec.Struct, frozen=True):
    """How many orders an account may place in an interval; `interval` as exchangeInfo says."""

    interval: Literal["SECOND", "MINUTE", "DAY"]
    interval_num: int
    limit: int

    @property
    def length_ns(self) -> int:
        """Return the length of the window."""
        return self.interval_num * INTERVAL_NS[self.interval]

    @property
    def text(self) -> str:
        """Return the interval as an answer's text names it."""
        return f"{self.interval_num} {self.interval}"

    @property
    def header(self) -> str:
        """Return the header of an accepted order that shows the count."""
        return f"X-MBX-ORDER-COUNT-{self.interval_num}{self.interval[0]}"


class Quotas(msgspec.Struct, frozen=True, kw_only=True):
    """What one product's host allows; a raw limit of 0 stands for none.

    `gives_back` tells that orders count while they are unfilled, as on spot. Sockets are
    pinged after `ping_s` and closed when `pong_s` have passed without a pong.
    """

    product: Literal["spot", "usdm"]
    weight_limit: int
    raw_limit: int
    orders: tuple[OrderQuota, ...]
    gives_back: bool
    messages_per_second: int
    ping_s: float
    pong_s: float


SPOT = Quotas(
    product="spot",
    weight_limit=6000,
    raw_limit=300_000,
    orders=(OrderQuota("SECOND", 10, 100), OrderQuota("DAY", 1, 200_000)),
    gives_back=True,
    messages_per_second=5,
    ping_s=20.0,
    pong_s=60.0,
)
USDM = Quotas(
    product="usdm",
    weight_limit=2400,
    raw_limit=0,
    orders=(OrderQuota("SECOND", 10, 300), OrderQuota("MINUTE", 1, 1200)),
    gives_back=False,
    messages_per_second=10,
    ping_s=180.0,
    pong_s=600.0,
)


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
    """What one network address has used of a host."""

    def __init__(self, quotas: Quotas = SPOT) -> None:
        self.weight = Window(MINUTE_NS, quotas.weight_limit)
        self.raw = Window(RAW_WINDOW_NS, quotas.raw_limit)
        self._strikes = 0
        self._ban_ns = FIRST_BAN_NS
        self._full_until_ns = 0
        self._banned_until_ns = 0

    def charge(self, weight: int, now_ns: int) -> None:
        """Count a request; raise 429 over the limit, 418 for going on after it."""
        if now_ns < self._banned_until_ns:
            raise self._banned()
        used = self.weight.add(weight, now_ns)
        raw = self.raw.add(1, now_ns)
        is_raw = 0 < self.raw.limit < raw
        if used <= self.weight.limit and not is_raw and now_ns >= self._full_until_ns:
            self._strikes = 0
            return
        self._strikes += 1
        if self._strikes > STRIKES_BEFORE_BAN:
            raise self.ban(now_ns)
        raise self._too_many(now_ns, is_raw=is_raw)

    def refund(self, weight: int, now_ns: int) -> None:
        """Take back the weight of an order request that succeeded."""
        self.weight.add(-min(weight, self.weight.count(now_ns)), now_ns)

    def fill_up(self, now_ns: int, *, until_ns: int) -> Refusal:
        """Hold the address to be over its limit until then; return the refusal that it gets."""
        self._full_until_ns = until_ns
        self.weight.add(max(0, self.weight.limit + 1 - self.weight.count(now_ns)), now_ns)
        return self._too_many(now_ns, is_raw=False)

    def ban(self, now_ns: int, *, until_ns: int | None = None) -> Refusal:
        """Ban the address, by default for longer each time; return the refusal."""
        if until_ns is None:
            until_ns = now_ns + self._ban_ns
            self._ban_ns = min(self._ban_ns * 2, LONGEST_BAN_NS)
        self._banned_until_ns = until_ns
        self._strikes = 0
        return self._banned()

    def _too_many(self, now_ns: int, *, is_raw: bool) -> Refusal:
        window = self.raw if is_raw else self.weight
        text = (
            f"Too many requests; current limit is {self.raw.limit} requests per 5 MINUTE."
            if is_raw
            else f"Too much request weight used; current limit is {self.weight.limit} request "
            "weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid "
            "polling the API."
        )
        ends_at_ns = max(window.ends_at_ns(now_ns), self._full_until_ns)
        if now_ns < self._full_until_ns:
            ends_at_ns = self._full_until_ns
        return Refusal(-1003, text, status=TOO_MANY, retry_at_ns=ends_at_ns)

    def _banned(self) -> Refusal:
        until_ms = self._banned_until_ns // NS_PER_MS
        text = (
            f"Way too much request weight used; IP banned until {until_ms}. "
            "Please use WebSocket Streams for live updates to avoid bans."
        )
        return Refusal(-1003, text, status=BANNED, retry_at_ns=self._banned_until_ns)


class OrderLimits:
    """How many orders one account has placed, by all its keys and interfaces."""

    def __init__(self, orders: tuple[OrderQuota, ...] = SPOT.orders) -> None:
        self.windows = [(quota, Window(quota.length_ns, quota.limit)) for quota in orders]

    def check(self, now_ns: int) -> None:
        """Raise when one order more would be over a limit."""
        for quota, window in self.windows:
            if window.count(now_ns) >= window.limit:
                raise too_many_orders(quota, window.ends_at_ns(now_ns))

    def add(self, now_ns: int, *, amount: int = 1) -> None:
        """Count accepted orders."""
        for _, window in self.windows:
            window.add(amount, now_ns)

    def give_back(self, now_ns: int, *, amount: int = TAKER_GIVES_BACK) -> None:
        """Take back what an order's first fill gives back: the count is of unfilled orders."""
        for _, window in self.windows:
            window.add(-min(amount, window.count(now_ns)), now_ns)

    def headers(self, now_ns: int) -> dict[str, str]:
        """Return the counts as the answer to an accepted order shows them."""
        return {quota.header: str(window.count(now_ns)) for quota, window in self.windows}


def too_many_orders(quota: OrderQuota, ends_at_ns: int) -> Refusal:
    """Refuse an order over the count of a window."""
    text = f"Too many new orders; current limit is {quota.limit} orders per {quota.text}."
    return Refusal(-1015, text, status=TOO_MANY, retry_at_ns=ends_at_ns)


class RateLimit(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """One limit, in the words of exchangeInfo; with `count` what has been used of it."""

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int
    count: int | None = None


def declared(quotas: Quotas = SPOT) -> list[RateLimit]:
    """List the limits that exchangeInfo announces."""
    orders = [
        RateLimit("ORDERS", quota.interval, quota.interval_num, quota.limit)
        for quota in quotas.orders
    ]
    listed = [RateLimit("REQUEST_WEIGHT", "MINUTE", 1, quotas.weight_limit), *orders]
    if quotas.raw_limit:
        listed.append(RateLimit("RAW_REQUESTS", "MINUTE", 5, quotas.raw_limit))
    return listed


def order_counts(limits: OrderLimits, now_ns: int) -> list[RateLimit]:
    """List the order limits with what an account has used of them."""
    return [
        RateLimit(
            "ORDERS", quota.interval, quota.interval_num, quota.limit, window.count(now_ns)
        )
        for quota, window in limits.windows
    ]


def weight_count(limits: AddressLimits, now_ns: int) -> RateLimit:
    """Show the weight limit with what an address has used of it."""
    window = limits.weight
    return RateLimit("REQUEST_WEIGHT", "MINUTE", 1, window.limit, window.count(now_ns))
