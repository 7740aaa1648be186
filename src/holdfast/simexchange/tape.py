"""The recorded trades of one symbol, and the candles and statistics made from them.

Taking a trade in is one append; candles are folded in batches and when somebody asks. Minute
candles are kept for the whole run, single trades (and so candles of a second) to 20,000.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice, takewhile

from holdfast.simexchange.model import Bar, DayStatistics, Trade
from holdfast.simexchange.numbers import E8

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
DAY_NS = 1440 * MINUTE_NS
RECENT_COUNT = 1_000
_TRADES_KEPT = 20_000
_BATCH = 4_096
_MONDAY_NS = 4 * DAY_NS  # the epoch was a Thursday
_MONTH = "1M"

INTERVALS_NS = {
    "1s": SECOND_NS,
    "1m": MINUTE_NS,
    "3m": 3 * MINUTE_NS,
    "5m": 5 * MINUTE_NS,
    "15m": 15 * MINUTE_NS,
    "30m": 30 * MINUTE_NS,
    "1h": 60 * MINUTE_NS,
    "2h": 120 * MINUTE_NS,
    "4h": 240 * MINUTE_NS,
    "6h": 360 * MINUTE_NS,
    "8h": 480 * MINUTE_NS,
    "12h": 720 * MINUTE_NS,
    "1d": DAY_NS,
    "3d": 3 * DAY_NS,
    "1w": 7 * DAY_NS,
    _MONTH: 31 * DAY_NS,
}


class Candle:
    """A candle that still grows; `quote` and `buy_quote` are counts of 10^-16."""

    __slots__ = (
        "buy_quote",
        "buy_volume",
        "close",
        "count",
        "first_id",
        "high",
        "last_id",
        "low",
        "open",
        "open_ns",
        "quote",
        "volume",
    )

    def __init__(self, open_ns: int, price: int, first_id: int) -> None:
        self.open_ns = open_ns
        self.open = self.high = self.low = self.close = price
        self.volume = self.quote = self.buy_volume = self.buy_quote = self.count = 0
        self.first_id = first_id
        self.last_id = first_id - 1

    def merge(self, later: "Candle") -> None:
        """Take a later candle in."""
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.volume += later.volume
        self.quote += later.quote
        self.count += later.count
        self.last_id = later.last_id
        self.buy_volume += later.buy_volume
        self.buy_quote += later.buy_quote


class Series:
    """Candles of one width by rising time."""

    def __init__(self, width_ns: int) -> None:
        self._width_ns = width_ns
        self.opens: list[int] = []
        self.candles: list[Candle] = []

    def extend(self, trades: Iterable[Trade]) -> None:
        """Take trades in; time never goes back. Written flat, for every trade comes by here."""
        candle, end_ns = self._last()
        for trade in trades:
            price, quantity = trade.price, trade.quantity
            if trade.at_ns >= end_ns:
                open_ns = trade.at_ns - trade.at_ns % self._width_ns
                end_ns = open_ns + self._width_ns
                candle = Candle(open_ns, price, trade.first_id)
                self.opens.append(open_ns)
                self.candles.append(candle)
            elif price > candle.high:
                candle.high = price
            elif price < candle.low:
                candle.low = price
            candle.close = price
            candle.volume += quantity
            quote = price * quantity
            candle.quote += quote
            last_id = candle.last_id = trade.last_id
            candle.count += last_id - trade.first_id + 1
            if not trade.buyer_is_maker:
                candle.buy_volume += quantity
                candle.buy_quote += quote

    def since(self, open_ns: int) -> list[Candle]:
        """Return the candles that open at an instant or later."""
        return self.candles[bisect_left(self.opens, open_ns) :]

    def close_before(self, open_ns: int) -> Candle | None:
        """Return the last candle that opens before an instant."""
        index = bisect_left(self.opens, open_ns)
        return self.candles[index - 1] if index else None

    def _last(self) -> tuple[Candle, int]:
        if not self.candles:
            return Candle(0, 0, 0), 0
        return self.candles[-1], self.opens[-1] + self._width_ns


class Tape:
    """All that is remembered of a symbol's recorded trades."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self._pending: list[Trade] = []
        self._recent: deque[Trade] = deque(maxlen=_TRADES_KEPT)
        self._minutes = Series(MINUTE_NS)
        self.last: Trade | None = None

    def add(self, trade: Trade) -> None:
        """Take a trade in."""
        self.last = trade
        self._pending.append(trade)
        if len(self._pending) >= _BATCH:
            self._fold()

    def recent(self) -> list[Trade]:
        """Return the newest trades, oldest first."""
        self._fold()
        newest = list(islice(reversed(self._recent), RECENT_COUNT))
        newest.reverse()
        return newest

    def since(self, at_ns: int) -> list[Trade]:
        """Return the kept trades of an instant and later, the newest first."""
        self._fold()
        return list(takewhile(lambda trade: trade.at_ns >= at_ns, reversed(self._recent)))

    def average(self, *, now_ns: int, minutes: int) -> int:
        """Return the volume-weighted price of the last minutes; the last price without one."""
        self._fold()
        this_minute = now_ns - now_ns % MINUTE_NS
        candles = (
            self._minutes.since(this_minute - (minutes - 1) * MINUTE_NS) if minutes else []
        )
        volume = sum(candle.volume for candle in candles)
        if not volume:
            return self.last.price if self.last else 0
        return sum(candle.quote for candle in candles) // volume

    def day(self, *, now_ns: int, start_ns: int | None = None) -> DayStatistics:
        """Return the rolling 24 hours, or what was since the minute of `start_ns`."""
        self._fold()
        start = now_ns - now_ns % MINUTE_NS - DAY_NS + MINUTE_NS
        if start_ns is not None:
            start = start_ns - start_ns % MINUTE_NS
        candles = self._minutes.since(start)
        total = Candle(start, candles[0].open, candles[0].first_id) if candles else None
        last = self.last
        if total is None or last is None:
            price = last.price if last else 0
            return DayStatistics(
                symbol=self.symbol,
                open_ns=start,
                close_ns=now_ns,
                open=price,
                high=price,
                low=price,
                last=price,
                last_quantity=0,
                volume=0,
                quote_volume=0,
                weighted_average=price,
                first_trade_id=-1,
                last_trade_id=-1,
                trade_count=0,
            )
        for candle in candles:
            total.merge(candle)
        average = total.quote // total.volume if total.volume else last.price
        return DayStatistics(
            symbol=self.symbol,
            open_ns=start,
            close_ns=now_ns,
            open=total.open,
            high=total.high,
            low=total.low,
            last=last.price,
            last_quantity=last.quantity,
            volume=total.volume,
            quote_volume=total.quote // E8,
            weighted_average=average,
            first_trade_id=total.first_id,
            last_trade_id=total.last_id,
            trade_count=total.count,
        )

    def bars(
        self,
        interval: str,
        *,
        now_ns: int,
        start_ns: int | None,
        end_ns: int | None,
        limit: int,
        ahead_ns: int = 0,
    ) -> list[Bar]:
        """Return candles of an interval; see `MarketQueries.klines`."""
        if interval not in INTERVALS_NS:
            raise ValueError(f"unknown interval {interval!r}")
        self._fold()
        series = self._seconds() if interval == "1s" else self._minutes
        if not series.opens or limit <= 0:
            return []

        def opens_at(at_ns: int) -> int:
            return interval_open(at_ns + ahead_ns, interval) - ahead_ns

        def after(open_ns: int) -> int:
            return _after(open_ns + ahead_ns, interval) - ahead_ns

        first = opens_at(series.opens[0])
        last = opens_at(min(now_ns, now_ns if end_ns is None else end_ns))
        if start_ns is not None:
            opening = opens_at(start_ns)
            begin = max(first, opening if opening == start_ns else after(opening))
        else:
            begin = first
            span = INTERVALS_NS[interval] * limit
            begin = max(first, opens_at(max(0, last - span)))
        opens: list[int] = []
        while begin <= last and (start_ns is None or len(opens) < limit):
            opens.append(begin)
            begin = after(begin)
        opens = opens[-limit:]
        return self._build(series, opens, [after(opening) for opening in opens], interval)

    def _build(
        self, series: Series, opens: list[int], ends: list[int], interval: str
    ) -> list[Bar]:
        if not opens:
            return []
        bars = []
        candles = series.since(opens[0])
        before = series.close_before(opens[0])
        close, last_id = (before.close, before.last_id) if before else (0, -1)
        position = 0
        for open_ns, end in zip(opens, ends, strict=True):
            total: Candle | None = None
            while position < len(candles) and candles[position].open_ns < end:
                candle = candles[position]
                if total is None:
                    total = Candle(open_ns, candle.open, candle.first_id)
                total.merge(candle)
                position += 1
            if total is None:
                total = Candle(open_ns, close, last_id + 1)
            close, last_id = total.close, total.last_id
            bars.append(_bar(self.symbol, interval, total, end))
        return bars

    def _fold(self) -> None:
        pending = self._pending
        if not pending:
            return
        self._recent.extend(pending)
        self._minutes.extend(pending)
        pending.clear()

    def _seconds(self) -> Series:
        series = Series(SECOND_NS)
        series.extend(self._recent)
        return series


def interval_open(at_ns: int, interval: str) -> int:
    """Return when the interval that holds an instant opened; weeks open on Monday (UTC)."""
    if interval == _MONTH:
        day = datetime.fromtimestamp(at_ns // SECOND_NS, UTC)
        month = day.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return int(month.timestamp()) * SECOND_NS
    width = INTERVALS_NS[interval]
    offset = _MONDAY_NS if interval == "1w" else 0
    return at_ns - (at_ns - offset) % width


def _after(open_ns: int, interval: str) -> int:
    if interval == _MONTH:
        return interval_open(open_ns + INTERVALS_NS[_MONTH], interval)
    return open_ns + INTERVALS_NS[interval]


def _bar(symbol: str, interval: str, candle: Candle, end_ns: int) -> Bar:
    return Bar(
        symbol=symbol,
        interval=interval,
        open_ns=candle.open_ns,
        close_ns=end_ns - 1,
        open=candle.open,
        high=candle.high,
        low=candle.low,
        close=candle.close,
        volume=candle.volume,
        quote_volume=candle.quote // E8,
        trade_count=candle.count,
        taker_buy_volume=candle.buy_volume,
        taker_buy_quote_volume=candle.buy_quote // E8,
        first_trade_id=candle.first_id,
        last_trade_id=candle.last_id,
    )
