"""The USD-M market streams: depth that chains by `pu`, trades in groups, marks, all rows.

Streams are routed: /public carries the book and the prints, /market the rest. A stream that is
asked for on the other route is accepted there and stays silent.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import msgspec

from holdfast.simexchange.everystream import UNKNOWN_STREAM
from holdfast.simexchange.futures.model import ForcedOrder
from holdfast.simexchange.model import (
    DayStatistics,
    Depth,
    Mark,
    Record,
    SymbolRules,
    Ticker,
    Trade,
)
from holdfast.simexchange.pacing import MarketClock
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.streams import INTERVALS, Listener, MarketStreams, Topic
from holdfast.simexchange.usdm.marks import MarkBook
from holdfast.simexchange.usdm.payloads import feed
from holdfast.simexchange.usdm.payloads.digits import Digits
from holdfast.simexchange.usdm.tape import AggTape, Group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from holdfast.simexchange.exchange import Exchange

MILLISECOND_NS = 10**6
SECOND_NS = 10**9
DEPTH_NS = {
    "depth": 250 * MILLISECOND_NS,
    "depth@0ms": 0,
    "depth@100ms": 100 * MILLISECOND_NS,
    "depth@250ms": 250 * MILLISECOND_NS,
    "depth@500ms": 500 * MILLISECOND_NS,
    "rpiDepth@500ms": 500 * MILLISECOND_NS,
}
PARTIAL = {
    f"depth{limit}{speed}": (limit, ns)
    for limit in (5, 10, 20)
    for speed, ns in (
        ("", 250 * MILLISECOND_NS),
        ("@100ms", 100 * MILLISECOND_NS),
        ("@250ms", 250 * MILLISECOND_NS),
        ("@500ms", 500 * MILLISECOND_NS),
    )
}
KLINE_NS = 250 * MILLISECOND_NS
CLOSED_LIMIT = 1000
MARK_NS = {
    "markPrice": 3 * SECOND_NS,
    "markPrice@1s": SECOND_NS,
    "!markPrice@arr": 3 * SECOND_NS,
    "!markPrice@arr@1s": SECOND_NS,
}
EVERY_DAY = ("!ticker@arr", "!miniTicker@arr")
DAY = ("ticker", "miniTicker", *EVERY_DAY)
EVERY_KIND = (
    *EVERY_DAY, "!markPrice@arr", "!markPrice@arr@1s", "!bookTicker", "!forceOrder@arr",
    "!contractInfo", "!assetIndex@arr", "tradingSession",
)  # fmt: skip
PLAIN = (
    "trade", "aggTrade", "bookTicker", "ticker", "miniTicker", "forceOrder", "markPrice",
    "markPrice@1s",
)  # fmt: skip
PUBLIC = ("depth", "rpiDepth", "bookTicker", "!bookTicker", "trade")
CONTINUOUS = "_perpetual"
EVERY = ""


def is_public(name: str) -> bool:
    """Tell whether a stream is carried by /public; the others are by /market."""
    kind = name if name.startswith("!") else name.partition("@")[2]
    return kind.partition("@")[0].rstrip("0123456789") in PUBLIC


class UsdmStreams(MarketStreams):
    """All listeners to the USD-M market."""

    def __init__(
        self,
        exchange: "Exchange",
        clock: MarketClock,
        *,
        on_change: Callable[[], None],
        rules: "Mapping[str, SymbolRules]",
    ) -> None:
        super().__init__(exchange, clock, on_change=on_change, symbols=rules)
        self._rules = rules
        self.digits = {symbol: Digits(one) for symbol, one in rules.items()}
        self.tapes = {symbol: AggTape(self._recent_of(symbol)) for symbol in rules}
        self.marks = MarkBook(rules, clock.now_ns)
        self.on_mark: Callable[[], None] | None = None
        self._diffs: dict[Topic, feed.Diff] = {}
        self._last_ids: dict[str, int] = {}

    def digits_of(self, symbol: str) -> Digits:
        """Return how a symbol's numbers are written, by its rules of now."""
        rules, digits = self._rules[symbol], self.digits[symbol]
        if digits.rules is not rules:
            digits = self.digits[symbol] = Digits(rules)
        return digits

    def day_of(self, symbol: str) -> DayStatistics:
        """Return the rolling 24 hours; before the first trade its prices are the symbol's."""
        market = self._exchange.market
        day = market.ticker_24h(symbol)
        if day.last:
            return day
        price = market.ticker_price(symbol)
        return msgspec.structs.replace(
            day, open=price, high=price, low=price, last=price, weighted_average=price
        )

    def hears(self, symbol: str) -> bool:
        """Tell whether a symbol is listed: what nobody listens to is remembered too."""
        return symbol in self.digits

    def knows(self, name: str) -> bool:
        """Tell whether a stream of this name exists."""
        if name in EVERY_KIND:
            return True
        symbol, _, kind = name.partition("@")
        if symbol.endswith(CONTINUOUS):
            symbol = symbol.removesuffix(CONTINUOUS)
            return symbol in self._symbols and _interval(kind, "continuousKline_") is not None
        return symbol in self._symbols and _is_known(kind)

    def publish(self, record: Record) -> None:
        """Send what a record means to whoever listens; the core has absorbed it already."""
        if self._diffs:
            self._send_late_diffs(record.at_ns)
        prev_id = self._note(record)
        for symbol in (record.symbol, EVERY):
            for topic in list(self._topics.get(symbol, {}).values()):
                if isinstance(record, Depth) and topic.kind in DEPTH_NS:
                    self._collect(topic, record, prev_id)
                else:
                    self._publish_to(topic, record)

    def publish_forced(self, forced: ForcedOrder) -> None:
        """Tell everybody of a liquidation."""
        symbol = forced.order.symbol
        message = feed.force_order(forced, self.digits[symbol])
        for of, kind in ((symbol, "forceOrder"), (EVERY, "!forceOrder@arr")):
            topic = self._topics.get(of, {}).get(kind)
            if topic is not None:
                topic.send(lambda _unit: message)

    def _publish_to(self, topic: Topic, record: Record) -> None:
        kind, digits = topic.kind, self.digits[record.symbol]
        if isinstance(record, Ticker) and kind in ("bookTicker", "!bookTicker"):
            topic.send(lambda _unit: feed.book_ticker(record, digits))
        elif isinstance(record, Trade) and kind == "trade":
            topic.send(lambda _unit: feed.trade(record, digits))
        elif kind in PARTIAL:
            self._send_partial(topic, record)
        elif "line_" in kind:
            self._send_klines(topic, record)
        elif kind in DAY and topic.is_due(record.at_ns, SECOND_NS):
            self._send_day(topic, record)
        elif isinstance(record, Mark) and kind in MARK_NS:
            self._send_mark(topic, record)

    def _send_partial(self, topic: Topic, record: Record) -> None:
        changes_book = isinstance(record, Depth) or record.symbol not in self._has_depth
        limit, period_ns = PARTIAL[topic.kind]
        if changes_book and topic.is_due(record.at_ns, period_ns):
            view = self._exchange.market.depth(record.symbol, limit=limit)
            last_id = view.last_update_id
            diff = feed.Diff(
                at_ns=record.at_ns,
                first_id=last_id,
                last_id=last_id,
                prev_id=topic.last_id or last_id - 1,
                bids={},
                asks={},
            )
            topic.last_id = last_id
            message = feed.partial_depth(
                diff,
                view.symbol,
                digits=self.digits[view.symbol],
                bids=view.bids,
                asks=view.asks,
            )
            topic.send(lambda _unit: message)

    def _send_klines(self, topic: Topic, record: Record) -> None:
        kind, _, interval = topic.kind.partition("_")
        period_ns = 0 if record.at_ns >= topic.closes_ns else KLINE_NS
        if not topic.is_due(record.at_ns, period_ns):
            return
        write = feed.kline if kind == "kline" else feed.continuous_kline
        market, since_ns = self._exchange.market, topic.open_ns or None
        limit = CLOSED_LIMIT if since_ns else 1
        for bar in market.klines(record.symbol, interval, start_ns=since_ns, limit=limit):
            is_closed = bar.close_ns < record.at_ns
            topic.open_ns = bar.close_ns + 1 if is_closed else bar.open_ns
            topic.closes_ns = bar.close_ns + 1
            message = write(
                bar, self.digits[bar.symbol], at_ns=record.at_ns, is_closed=is_closed
            )
            topic.send(lambda _unit, message=message: message)  # type: ignore[misc]

    def _send_day(self, topic: Topic, record: Record) -> None:
        is_every = topic.kind in EVERY_DAY
        write = feed.mini_ticker if "mini" in topic.kind else feed.day_ticker
        symbols: Iterable[str] = self.digits if is_every else (record.symbol,)
        rows = [
            write(self.day_of(symbol), self.digits[symbol], at_ns=record.at_ns)
            for symbol in symbols
        ]
        message = msgspec.json.encode(rows if is_every else rows[0])
        topic.send(lambda _unit: message)

    def _send_mark(self, topic: Topic, mark: Mark) -> None:
        """Send a mark, the first of its period; periods begin with the clock's."""
        period_ns = MARK_NS[topic.kind]
        if mark.at_ns // period_ns == topic.sent_ns // period_ns:
            return
        topic.sent_ns = mark.at_ns
        message = msgspec.json.encode(feed.mark_price(mark))
        if topic.kind.startswith("!"):
            marks = [self._exchange.futures.margin.mark(symbol) for symbol in self.digits]
            message = msgspec.json.encode([feed.mark_price(one) for one in marks])
        topic.send(lambda _unit: message)

    def _collect(self, topic: Topic, depth: Depth, prev_id: int) -> None:
        """Put a diff to those that wait; over a gap nothing is put together."""
        waiting = self._diffs.get(topic)
        if waiting is not None and waiting.last_id != prev_id:
            self._send_diff(topic, depth.at_ns)
            waiting = None
        if waiting is None:
            waiting = self._diffs[topic] = feed.Diff(
                at_ns=depth.at_ns,
                first_id=depth.first_id,
                last_id=depth.last_id,
                prev_id=prev_id,
                bids={},
                asks={},
            )
        waiting.at_ns, waiting.last_id = depth.at_ns, depth.last_id
        waiting.bids.update(depth.bids)
        waiting.asks.update(depth.asks)
        if topic.is_due(depth.at_ns, DEPTH_NS[topic.kind]):
            self._send_diff(topic, depth.at_ns)

    def _send_diff(self, topic: Topic, at_ns: int) -> None:
        diff = self._diffs.pop(topic)
        symbol = self._parse(topic.name)[0]
        message = feed.depth_update(diff, symbol, digits=self.digits[symbol], at_ns=at_ns)
        topic.send(lambda _unit: message)

    def _send_late_diffs(self, at_ns: int) -> None:
        for topic in list(self._diffs):
            if not topic.listeners:
                del self._diffs[topic]
            elif topic.is_due(at_ns, DEPTH_NS[topic.kind]):
                self._send_diff(topic, at_ns)

    def _note(self, record: Record) -> int:
        """Remember a record; return the id before a diff's, where the diff before it ended."""
        symbol = record.symbol
        if isinstance(record, Trade):
            self._send_group(self.tapes[symbol].close(record.at_ns), record.at_ns)
            self._send_group(self.tapes[symbol].follow(record), record.at_ns)
            return 0
        for tape in self.tapes.values():
            if tape.is_open:
                self._send_group(tape.close(record.at_ns), record.at_ns)
        if isinstance(record, Mark):
            self.digits_of(symbol)
            self.marks.note(record)
            if self.on_mark is not None:
                self.on_mark()
        if not isinstance(record, Depth):
            return 0
        self._has_depth.add(symbol)
        before = self._last_ids.get(symbol, record.first_id - 1)
        self._last_ids[symbol] = record.last_id
        return record.prev_id or max(before, record.first_id - 1)

    def _send_group(self, group: Group | None, at_ns: int) -> None:
        if group is None:
            return
        topic = self._topics.get(group.symbol, {}).get("aggTrade")
        if topic is not None:
            message = feed.agg_trade(group, self.digits[group.symbol], at_ns=at_ns)
            topic.send(lambda _unit: message)

    def _parse(self, name: str) -> tuple[str, str]:
        if not self.knows(name):
            raise Refusal(UNKNOWN_STREAM, f"Invalid request: unknown stream {name!r}")
        if name in EVERY_KIND:
            return EVERY, name
        lowered, _, kind = name.partition("@")
        return self._symbols[lowered.removesuffix(CONTINUOUS)], kind

    def _recent_of(self, symbol: str) -> Callable[[], list[Trade]]:
        return lambda: self._exchange.market.recent_trades(symbol, limit=1000)


class Route:
    """The streams that one route carries; what another route carries stays silent here."""

    def __init__(self, streams: UsdmStreams, *, carries: Callable[[str], bool]) -> None:
        self._streams = streams
        self._carries = carries

    def knows(self, name: str) -> bool:
        """Tell whether a stream of this name exists."""
        return self._streams.knows(name)

    def subscribe(self, listener: Listener, names: list[str]) -> None:
        """Add streams to a listener; unknown names are refused before anything is done."""
        silent = [name for name in names if self.knows(name) and not self._carries(name)]
        self._streams.subscribe(listener, [name for name in names if name not in silent])
        listener.names |= dict.fromkeys(silent)

    def unsubscribe(self, listener: Listener, names: list[str]) -> None:
        """Take streams from a listener; names that it does not have are ignored."""
        carried = [name for name in names if self._carries(name)]
        self._streams.unsubscribe(listener, carried)
        for name in names:
            listener.names.pop(name, None)

    def drop(self, listener: Listener) -> None:
        """Forget a listener whose connection is gone."""
        self._streams.drop(listener)


def _is_known(kind: str) -> bool:
    if kind in PLAIN or kind in DEPTH_NS or kind in PARTIAL:
        return True
    return _interval(kind, "kline_") is not None


def _interval(kind: str, prefix: str) -> str | None:
    interval = kind.removeprefix(prefix)
    return interval if kind.startswith(prefix) and interval in (*INTERVALS, "1M") else None
