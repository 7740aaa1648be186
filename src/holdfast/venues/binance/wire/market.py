"""Messages of the market streams and the depth snapshot.

A combined frame is `{"stream":NAME,"data":{...}}`. The bytes where the name stands, which is
ours because we asked for it, pick the decoder, so that a message is decoded once, straight from
the socket's buffer into the struct of its kind.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Instrument
from holdfast.domain.market import (
    BookTop,
    DepthDiff,
    DepthSnapshot,
    Level,
    MarketEvent,
    MarkPrice,
    TradePrint,
)
from holdfast.venues.binance.wire.numbers import (
    decimal_text,
    instant,
    price_table,
    quantity_table,
)
from holdfast.venues.binance.wire.unreadable import READ_ERRORS, Unreadable

_NAME_STARTS = len(b'{"stream":"')
_KEY_ENDS = _NAME_STARTS + 20
_AFTER_NAME = '","data":{"'
_NO_TIME = UtcNs(0)
TOP = "bookTicker"
TRADE = "trade"
DEPTH = "depth@100ms"
AGG_TRADE = "aggTrade"
MARK = "markPrice@1s"
_OF_THE_MARKET = "MARKET"
SPOT_KINDS = (TOP, TRADE, DEPTH)
_SHUTDOWN = "serverShutdown"

Text: TypeAlias = tuple[str, str]
Read: TypeAlias = Callable[[memoryview, UtcNs], MarketEvent | None]


class Shutdown(msgspec.Struct, frozen=True):
    """The venue says that it will close this connection; another one is due now."""


class _Top(msgspec.Struct, gc=False):
    u: int
    b: str
    B: str
    a: str
    A: str
    E: int = 0


class _Trade(msgspec.Struct, gc=False):
    E: int
    t: int
    p: str
    q: str
    m: bool
    X: str = _OF_THE_MARKET


class _AggTrade(msgspec.Struct, gc=False):
    E: int
    a: int
    p: str
    q: str
    m: bool


class _Mark(msgspec.Struct, gc=False):
    E: int
    p: str
    i: str
    r: str = ""
    T: int = 0


class _Diff(msgspec.Struct, gc=False):
    E: int
    U: int
    u: int
    b: list[Text]
    a: list[Text]
    pu: int = -1


class _TopFrame(msgspec.Struct, gc=False):
    data: _Top


class _TradeFrame(msgspec.Struct, gc=False):
    data: _Trade


class _AggTradeFrame(msgspec.Struct, gc=False):
    data: _AggTrade


class _MarkFrame(msgspec.Struct, gc=False):
    data: _Mark


class _DiffFrame(msgspec.Struct, gc=False):
    data: _Diff


class _Snapshot(msgspec.Struct, rename="camel"):
    last_update_id: int
    bids: list[Text]
    asks: list[Text]


class _Envelope(msgspec.Struct):
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")
    e: str = ""


class _Event(msgspec.Struct):
    e: str = ""


_TYPES: dict[str, type] = {
    TOP: BookTop,
    TRADE: TradePrint,
    AGG_TRADE: TradePrint,
    DEPTH: DepthDiff,
    MARK: MarkPrice,
}
_TOP = msgspec.json.Decoder(_TopFrame)
_TRADE = msgspec.json.Decoder(_TradeFrame)
_AGG_TRADE = msgspec.json.Decoder(_AggTradeFrame)
_MARK = msgspec.json.Decoder(_MarkFrame)
_DIFF = msgspec.json.Decoder(_DiffFrame)
_SNAPSHOT = msgspec.json.Decoder(_Snapshot)
_ENVELOPE = msgspec.json.Decoder(_Envelope)
_EVENT = msgspec.json.Decoder(_Event)


class Seen(msgspec.Struct):
    """The newest message of each stream of a symbol."""

    symbol: Symbol
    top: BookTop | None = None
    trade: TradePrint | None = None
    diff: DepthDiff | None = None
    mark: MarkPrice | None = None


class MarketWire:
    """The streams of some instruments, by name, each with the decoder of its kind."""

    def __init__(
        self, instruments: list[Instrument], kinds: tuple[str, ...] = SPOT_KINDS
    ) -> None:
        self.kinds = kinds
        self.instruments = {instrument.symbol: instrument for instrument in instruments}
        self._streams: dict[str, tuple[Read, Symbol]] = {}
        self._tables = {instrument.symbol: _Tables(instrument) for instrument in instruments}
        for symbol, tables in self._tables.items():
            reads: dict[str, Read] = {
                TOP: tables.top,
                TRADE: tables.trade,
                AGG_TRADE: tables.agg_trade,
                DEPTH: tables.diff,
                MARK: tables.mark,
            }
            for kind in kinds:
                self._streams[f"{symbol.lower()}@{kind}"] = (reads[kind], symbol)
        self._by_key = _by_key(self._streams)
        self._tops = {tables.top for tables in self._tables.values()}

    @property
    def streams(self) -> list[str]:
        """Give the names to subscribe to."""
        return list(self._streams)

    @property
    def keys(self) -> list[tuple[type, Symbol]]:
        """Give type and symbol of the events of each stream."""
        return [(_TYPES[name.partition("@")[2]], at) for name, (_, at) in self._streams.items()]

    def top_of(self, frame: memoryview) -> Symbol | None:
        """Give whose top a frame tells, read no further than its name; None for the rest."""
        found = self._by_key.get(frame[_NAME_STARTS:_KEY_ENDS].tobytes())
        return found[1] if found is not None and found[0] in self._tops else None

    def seen(self, symbol: Symbol) -> "Seen":
        """Give what a symbol's streams said last."""
        return self._tables[symbol].seen

    def forget(self) -> None:
        """Forget what was said: the connection that said it is gone."""
        for tables in self._tables.values():
            seen = tables.seen
            seen.top = seen.trade = seen.diff = seen.mark = None

    @property
    def symbols(self) -> list[Symbol]:
        """Give whose streams these are."""
        return list(self._tables)

    def decode(
        self, frame: memoryview, received_at_ns: UtcNs
    ) -> MarketEvent | Shutdown | Unreadable | None:
        """Read one frame of a combined stream; None for what needs no attention."""
        found = self._by_key.get(frame[_NAME_STARTS:_KEY_ENDS].tobytes())
        if found is None:
            return self._decode_slowly(frame, received_at_ns)
        try:
            return found[0](frame, received_at_ns)
        except READ_ERRORS as error:
            return Unreadable(str(error), found[1])

    def snapshot(
        self, symbol: Symbol, body: bytes, *, received_at_ns: UtcNs
    ) -> DepthSnapshot | Unreadable:
        """Read the answer of a depth query."""
        tables = self._tables[symbol]
        try:
            read = _SNAPSHOT.decode(body)
            bids, asks = tables.levels(read.bids), tables.levels(read.asks)
        except READ_ERRORS as error:
            return Unreadable(str(error), symbol)
        return DepthSnapshot(symbol, read.last_update_id, bids, asks, received_at_ns)

    def _decode_slowly(
        self, frame: memoryview, received_at_ns: UtcNs
    ) -> MarketEvent | Shutdown | Unreadable | None:
        """Read a frame that is written in another way than usual, or is no market message."""
        symbol = None
        try:
            envelope = _ENVELOPE.decode(frame)
            found = self._streams.get(envelope.stream)
            if found is not None:
                symbol = found[1]
                return found[0](frame, received_at_ns)
            kind = envelope.e or _EVENT.decode(envelope.data).e
        except READ_ERRORS as error:
            return Unreadable(str(error), symbol) if symbol else Unreadable(str(error))
        return Shutdown() if kind == _SHUTDOWN else None


def _by_key(streams: dict[str, tuple[Read, Symbol]]) -> dict[bytes, tuple[Read, Symbol]]:
    """Find streams by the bytes at a fixed place; a key that two of them share is left out."""
    keys: dict[bytes, list[tuple[Read, Symbol]]] = {}
    for name, stream in streams.items():
        key = (name + _AFTER_NAME).encode()[: _KEY_ENDS - _NAME_STARTS]
        keys.setdefault(key, []).append(stream)
    return {
        key: found[0]
        for key, found in keys.items()
        if len(found) == 1 and len(key) == _KEY_ENDS - _NAME_STARTS
    }


def funding_rate(text: str) -> str:
    """Check a funding rate, which may be below zero."""
    return decimal_text(text) if text else "0"


class _Tables:
    """An instrument with the remembered texts of its prices and quantities."""

    def __init__(self, instrument: Instrument) -> None:
        self.seen = Seen(instrument.symbol)
        self._symbol = instrument.symbol
        self._prices = price_table(instrument.price_exponent)
        self._quantities = quantity_table(instrument.quantity_exponent)

    def levels(self, texts: list[Text]) -> list[Level]:
        prices, quantities = self._prices, self._quantities
        return [(prices[p], quantities[q]) for p, q in texts]

    def top(self, frame: memoryview, received_at_ns: UtcNs) -> BookTop:
        read = _TOP.decode(frame).data
        prices, quantities = self._prices, self._quantities
        event = self.seen.top = BookTop(
            self._symbol,
            read.u,
            prices[read.b],
            quantities[read.B],
            prices[read.a],
            quantities[read.A],
            instant(read.E) if read.E else _NO_TIME,
            received_at_ns,
        )
        return event

    def trade(self, frame: memoryview, received_at_ns: UtcNs) -> TradePrint | None:
        """Read a trade; what the insurance fund or deleveraging took has no market price."""
        read = _TRADE.decode(frame).data
        if read.X != _OF_THE_MARKET:
            return None
        event = self.seen.trade = TradePrint(
            self._symbol,
            read.t,
            self._prices[read.p],
            self._quantities[read.q],
            read.m,
            instant(read.E),
            received_at_ns,
        )
        return event

    def agg_trade(self, frame: memoryview, received_at_ns: UtcNs) -> TradePrint:
        """Read what one taker took at one price; a group has an id of its own."""
        read = _AGG_TRADE.decode(frame).data
        event = self.seen.trade = TradePrint(
            self._symbol,
            read.a,
            self._prices[read.p],
            self._quantities[read.q],
            read.m,
            instant(read.E),
            received_at_ns,
        )
        return event

    def mark(self, frame: memoryview, received_at_ns: UtcNs) -> MarkPrice:
        """Read mark and index price; a contract without funding has no rate."""
        read = _MARK.decode(frame).data
        event = self.seen.mark = MarkPrice(
            self._symbol,
            self._prices[read.p],
            self._prices[read.i],
            funding_rate(read.r),
            instant(read.T),
            instant(read.E),
            received_at_ns,
        )
        return event

    def diff(self, frame: memoryview, received_at_ns: UtcNs) -> DepthDiff:
        read = _DIFF.decode(frame).data
        event = self.seen.diff = DepthDiff(
            self._symbol,
            read.U,
            read.u,
            read.pu,
            self.levels(read.b),
            self.levels(read.a),
            instant(read.E),
            received_at_ns,
        )
        return event
