"""Market streams: who listens to what, and which message a record becomes.

A stream name is `<symbol in lower case>@<kind>`. A message is built once for a record and a
stream, and only when somebody listens.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from holdfast.simexchange.connection import Connection
from holdfast.simexchange.model import Depth, Record, Ticker, Trade
from holdfast.simexchange.pacing import MarketClock
from holdfast.simexchange.payloads import feed
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.slowstreams import (
    EVERY_SYMBOL,
    SLOW_KINDS,
    every_kind,
    every_message,
    slow_message,
)

if TYPE_CHECKING:
    from holdfast.simexchange.exchange import Exchange

SECOND_NS = 10**9
SLOW_NS = SECOND_NS
FAST_NS = SECOND_NS // 10
KLINE_NS = 2 * SECOND_NS
STREAM_LIMIT = 1024
CLOSED_LIMIT = 1000
INTERVALS = (
    "1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w",
    "1M",
)  # fmt: skip
ZONE = "@+08:00"
"""The one time zone that candles are streamed in besides UTC."""
ZONE_AHEAD_NS = 8 * 3600 * SECOND_NS
DEPTH_KINDS = ("depth", "depth@100ms")
PARTIAL_LIMITS = {
    f"depth{limit}{speed}": (limit, FAST_NS if speed else SLOW_NS)
    for limit in (5, 10, 20)
    for speed in ("", "@100ms", "@1000ms")
}
RECORD_KINDS = ("trade", "aggTrade", "bookTicker", *DEPTH_KINDS)


class Listener:
    """One connection with the streams that it asked for."""

    def __init__(
        self, connection: Connection, *, is_combined: bool, unit_ns: int = feed.MILLISECOND_NS
    ) -> None:
        self.connection = connection
        self.is_combined = is_combined
        self.unit_ns = unit_ns
        self.names: dict[str, None] = {}


class Topic:
    """One stream that has listeners."""

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        self.listeners: dict[Listener, None] = {}
        self.sent_ns = 0
        self.last_id = 0
        self.open_ns = 0
        self.closes_ns = 0
        self.changed: dict[str, None] = {}

    def is_due(self, at_ns: int, period_ns: int) -> bool:
        """Tell whether a throttled stream may send again, and note that it does."""
        if at_ns - self.sent_ns < period_ns:
            return False
        self.sent_ns = at_ns
        return True

    def send(self, build: Callable[[int], bytes]) -> None:
        """Build the message once for each form that is listened to, and push it."""
        built: dict[tuple[int, bool], bytes] = {}
        for listener in list(self.listeners):
            form = (listener.unit_ns, listener.is_combined)
            message = built.get(form)
            if message is None:
                message = build(listener.unit_ns)
                if listener.is_combined:
                    message = feed.wrap(self.name, message)
                built[form] = message
            listener.connection.push(message)


class MarketStreams:
    """All listeners to the market, and the only way a record gets to them."""

    def __init__(
        self,
        exchange: "Exchange",
        clock: MarketClock,
        *,
        on_change: Callable[[], None],
        symbols: Iterable[str] | None = None,
    ) -> None:
        listed = exchange.symbols if symbols is None else symbols
        self._exchange = exchange
        self._clock = clock
        self._on_change = on_change
        self._symbols = {symbol.lower(): symbol for symbol in listed}
        self._topics: dict[str, dict[str, Topic]] = {}
        self._listeners: dict[Listener, None] = {}
        self._has_depth: set[str] = set()

    @property
    def has_listeners(self) -> bool:
        """Tell whether any stream is listened to."""
        return bool(self._topics)

    def hears(self, symbol: str) -> bool:
        """Tell whether anybody listens to a symbol."""
        hears_every = EVERY_SYMBOL in self._topics and symbol.lower() in self._symbols
        return symbol in self._topics or hears_every

    def knows(self, name: str) -> bool:
        """Tell whether a stream of this name exists."""
        symbol, _, kind = name.partition("@")
        is_of_one = symbol in self._symbols and _is_known(kind)
        return is_of_one or every_kind(name) is not None

    def subscribe(self, listener: Listener, names: list[str]) -> None:
        """Add streams to a listener; unknown names are refused before anything is done."""
        found = [(name, *self._parse(name)) for name in names]
        if len(set(listener.names) | set(names)) > STREAM_LIMIT:
            raise Refusal(2, f"Invalid request: over {STREAM_LIMIT} streams on one connection")
        if found:
            self._listeners[listener] = None
        for name, symbol, kind in found:
            topics = self._topics.setdefault(symbol, {})
            topic = topics.setdefault(kind, Topic(name, kind))
            topic.listeners[listener] = None
            listener.names[name] = None
        self._on_change()

    def unsubscribe(self, listener: Listener, names: list[str]) -> None:
        """Take streams from a listener; names that it does not have are ignored."""
        for name in names:
            if self.knows(name):
                symbol, kind = self._parse(name)
                self._forget(symbol, kind, listener)
                listener.names.pop(name, None)
        if not listener.names:
            self._listeners.pop(listener, None)
        self._on_change()

    def drop(self, listener: Listener) -> None:
        """Forget a listener whose connection is gone."""
        topics = [topic for kinds in self._topics.values() for topic in kinds.values()]
        self.unsubscribe(
            listener, [topic.name for topic in topics if listener in topic.listeners]
        )
        self._listeners.pop(listener, None)

    def announce(self, text: bytes) -> None:
        """Ping every listening connection with a text."""
        for listener in list(self._listeners):
            listener.connection.ping(text)

    def is_stale(self, since_ns: int) -> bool:
        """Tell whether a listening connection has heard nothing since then."""
        return any(one.connection.is_stale(since_ns) for one in self._listeners)

    def tell_time(self, since_ns: int) -> None:
        """Tell the time to the listening connections that heard nothing since then."""
        for listener in list(self._listeners):
            if listener.connection.is_stale(since_ns):
                listener.connection.ping()

    def cut_all(self) -> None:
        """Cut every listening connection."""
        for listener in list(self._listeners):
            listener.connection.abort()
            self.drop(listener)

    def publish(self, record: Record) -> None:
        """Send what a record means to whoever listens; the core has absorbed it already."""
        topics = self._topics.get(record.symbol)
        if topics is not None:
            if isinstance(record, Depth):
                self._has_depth.add(record.symbol)
            for topic in list(topics.values()):
                self._publish_to(topic, record)
        if isinstance(record, Trade) and EVERY_SYMBOL in self._topics:
            for topic in list(self._topics[EVERY_SYMBOL].values()):
                self._send_every(topic, record)

    def _publish_to(self, topic: Topic, record: Record) -> None:
        kind = topic.kind
        if kind in RECORD_KINDS:
            _send_record(topic, record)
        elif kind in PARTIAL_LIMITS:
            self._send_partial(topic, record)
        elif kind.startswith("kline_"):
            self._send_klines(topic, record)
        elif topic.is_due(record.at_ns, SLOW_NS):
            self._send_day(topic, record)

    def _send_partial(self, topic: Topic, record: Record) -> None:
        changes_book = isinstance(record, Depth) or record.symbol not in self._has_depth
        limit, period_ns = PARTIAL_LIMITS[topic.kind]
        if changes_book and topic.is_due(record.at_ns, period_ns):
            view = self._exchange.market.depth(record.symbol, limit=limit)
            topic.send(lambda _unit: feed.partial_depth(view))

    def _send_klines(self, topic: Topic, record: Record) -> None:
        interval, _, zone = topic.kind.removeprefix("kline_").partition("@")
        ahead_ns = ZONE_AHEAD_NS if zone else 0
        period_ns = SLOW_NS if interval == "1s" else KLINE_NS
        period_ns = 0 if record.at_ns >= topic.closes_ns else period_ns
        if not topic.is_due(record.at_ns, period_ns):
            return
        market, since_ns = self._exchange.market, topic.open_ns or None
        limit = CLOSED_LIMIT if since_ns else 1
        bars = market.klines(
            record.symbol, interval, start_ns=since_ns, limit=limit, ahead_ns=ahead_ns
        )
        for bar in bars:
            is_closed = bar.close_ns < record.at_ns
            topic.open_ns = bar.close_ns + 1 if is_closed else bar.open_ns
            topic.closes_ns = bar.close_ns + 1
            topic.send(
                lambda unit_ns, bar=bar, is_closed=is_closed: feed.kline(  # type: ignore[misc]
                    bar, at_ns=record.at_ns, is_closed=is_closed, unit_ns=unit_ns
                )
            )

    def _send_day(self, topic: Topic, record: Record) -> None:
        market, kind = self._exchange.market, topic.kind
        topic.send(slow_message(market, record.symbol, kind=kind, at_ns=record.at_ns))

    def _send_every(self, topic: Topic, trade: Trade) -> None:
        topic.changed[trade.symbol] = None
        if not topic.is_due(trade.at_ns, SLOW_NS):
            return
        symbols, topic.changed = topic.changed, {}
        market = self._exchange.market
        topic.send(every_message(market, symbols, kind=topic.kind, at_ns=trade.at_ns))

    def _parse(self, name: str) -> tuple[str, str]:
        lowered, _, kind = name.partition("@")
        if not self.knows(name):
            raise Refusal(2, f"Invalid request: unknown stream {name!r}")
        every = every_kind(name)
        return (EVERY_SYMBOL, every) if every is not None else (self._symbols[lowered], kind)

    def _forget(self, symbol: str, kind: str, listener: Listener) -> None:
        topics = self._topics.get(symbol, {})
        topic = topics.get(kind)
        if topic is None:
            return
        topic.listeners.pop(listener, None)
        if not topic.listeners:
            del topics[kind]
        if not topics:
            del self._topics[symbol]


def _send_record(topic: Topic, record: Record) -> None:
    kind = topic.kind
    if isinstance(record, Ticker):
        if kind == "bookTicker":
            topic.send(lambda _unit: feed.book_ticker(record))
    elif isinstance(record, Trade):
        if kind == "trade":
            topic.send(lambda unit_ns: feed.trade(record, unit_ns=unit_ns))
        elif kind == "aggTrade":
            topic.send(lambda unit_ns: feed.agg_trade(record, unit_ns=unit_ns))
    elif isinstance(record, Depth) and kind in DEPTH_KINDS:
        topic.send(lambda unit_ns: feed.depth_update(record, unit_ns=unit_ns))


def _is_known(kind: str) -> bool:
    if kind in RECORD_KINDS or kind in SLOW_KINDS or kind in PARTIAL_LIMITS:
        return True
    interval = kind.removeprefix("kline_").removesuffix(ZONE)
    return kind.startswith("kline_") and interval in INTERVALS
