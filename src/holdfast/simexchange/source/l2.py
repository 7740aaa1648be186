"""Recorded Binance streams (`<time> <json>` lines) as a market, every message kept.

The snapshot line is handed out first, at the time of the first message, so that a book can be
had from the beginning; the diffs that it already holds follow and are known to be old by their
ids. `at_ns` is the venue's event time; a message without one (spot bookTicker, the snapshot)
takes the highest event time before it, and so does one whose event time lies behind that.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from holdfast.errors import DataError
from holdfast.simexchange.model import Depth, Level, Mark, Record, Snapshot, Ticker, Trade
from holdfast.simexchange.numbers import parse_e8
from holdfast.simexchange.source.bounds import (
    MOST_PRICE,
    MOST_QUANTITY,
    check_step,
    number_e8,
    valid_ns,
)
from holdfast.simexchange.source.l2_frames import (
    ANY,
    DEPTH,
    EXPECTED,
    MARK,
    MARK_WITHIN,
    SNAPSHOT,
    SNAPSHOT_MARK,
    TICKER,
    TRADE,
    AnyData,
    Pairs,
    SnapshotBody,
    decode,
)
from holdfast.simexchange.source.lines import malformed, read_lines
from holdfast.simexchange.source.seen import Seen, decimals_needed

_NS_PER_MS = 1_000_000
_USUAL_STEP_NS = 3_600 * 10**9
_HEAD_LINES = 20_000
_CACHE_LIMIT = 200_000
_CHECKED_RECORDS = 200_000


class Head(NamedTuple):
    """What the beginning of a recording says."""

    symbol: str
    is_usdm: bool
    start_ns: int
    snapshot: SnapshotBody | None
    snapshot_line: int


def read_head(path: Path) -> Head:
    """Read up to the snapshot, at most 20,000 lines; DataError for diffs without a snapshot."""
    symbol, start_ns, is_usdm, has_depth = "", 0, False, False
    snapshot: SnapshotBody | None = None
    snapshot_line = 0
    for number, line in enumerate(read_lines(path), 1):
        if number > _HEAD_LINES or (snapshot is not None and start_ns):
            break
        if SNAPSHOT_MARK in line[:MARK_WITHIN]:
            if snapshot is None:
                snapshot = decode(SNAPSHOT, line, path=path, number=number)
                snapshot_line = number
        elif line:
            data: AnyData = decode(ANY, line, path=path, number=number).data
            symbol = symbol or data.s
            start_ns = start_ns or _first_instant(path, number, data.E)
            has_depth = has_depth or b"@depth" in line[:MARK_WITHIN]
            has_mark = b"@markPrice" in line[:MARK_WITHIN]
            is_usdm = is_usdm or data.pu is not None or has_mark
    if not symbol or not start_ns:
        raise DataError(f"{path}: no message with symbol and event time; expected {EXPECTED}")
    if has_depth and snapshot is None:
        raise DataError(
            f"{path}: depth diffs without a depth snapshot in the first {_HEAD_LINES} lines; "
            "a line with the body of the REST depth snapshot is needed"
        )
    return Head(symbol, is_usdm, start_ns, snapshot, snapshot_line)


def _first_instant(path: Path, number: int, event_ms: int) -> int:
    if not event_ms:
        return 0
    try:
        return valid_ns(event_ms * _NS_PER_MS)
    except ValueError as error:
        raise malformed(path, number, what=str(error), expected=EXPECTED) from error


def scan(path: Path) -> Seen:
    """Check the messages, and learn symbol, product, start, first price and decimals.

    A very long file is checked in its first part here, and in the rest as it is read.
    """
    head = read_head(path)
    for _ in islice(Reader(path, head).records(), _CHECKED_RECORDS):
        pass
    prices: list[str] = []
    quantities: list[str] = []
    if head.snapshot is not None:
        for price, quantity in [*head.snapshot.bids, *head.snapshot.asks]:
            prices.append(price)
            quantities.append(quantity)
    else:
        for number, line in enumerate(read_lines(path), 1):
            if number > _HEAD_LINES:
                break
            if b"@trade" in line[:MARK_WITHIN]:
                data = decode(TRADE, line, path=path, number=number).data
                prices.append(data.p)
                quantities.append(data.q)
    if not prices:
        raise DataError(f"{path}: neither a depth snapshot nor a trade at its beginning")
    first_price = parse_e8(prices[0])
    product = "linear" if head.is_usdm else ""
    price_decimals = max(map(decimals_needed, prices))
    quantity_decimals = max(map(decimals_needed, quantities))
    return Seen(
        head.start_ns, first_price, price_decimals, quantity_decimals, head.symbol, product
    )


class _Numbers(dict[str, int]):
    """Decimal texts from 0 to a bound as counts of 10^-8, each read once; few are kept."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __missing__(self, text: str) -> int:
        value = number_e8(text, self._most)
        if len(self) > _CACHE_LIMIT:
            self.clear()
        self[text] = value
        return value


class Reader:
    """Turns the lines of one file into records."""

    def __init__(self, path: Path, head: Head | None = None) -> None:
        self._path = path
        self._head = head or read_head(path)
        self._symbol = self._head.symbol
        self._now_ns = 0
        self._prices = _Numbers(MOST_PRICE)
        self._quantities = _Numbers(MOST_QUANTITY)
        self._readers: dict[int, Callable[[bytes], Record | None]] = {
            ord("b"): self._best,
            ord("t"): self._print,
            ord("d"): self._diff,
            ord("m"): self._mark,
        }

    def records(self) -> Iterator[Record]:
        """Yield the snapshot, then every message in the order of the file."""
        self._now_ns = self._head.start_ns
        number = self._head.snapshot_line
        readers = self._readers
        try:
            if self._head.snapshot is not None:
                yield self._from_body(self._head.snapshot)
            for number, line in enumerate(read_lines(self._path), 1):
                at = line.find(b"@", 0, MARK_WITHIN)
                read = readers.get(line[at + 1]) if at >= 0 else self._other(number, line)
                if read is not None:
                    record = read(line[line.index(b" ") + 1 :])
                    if record is not None:
                        yield record
                elif at >= 0:
                    raise self._unknown(number, line)
        except (msgspec.DecodeError, ValueError) as error:
            raise malformed(self._path, number, what=str(error), expected=EXPECTED) from error

    def _best(self, body: bytes) -> Ticker:
        data = TICKER.decode(body).data
        prices, quantities = self._prices, self._quantities
        return Ticker(
            self._at(data.E, data.s),
            self._symbol,
            data.u,
            prices[data.b],
            quantities[data.B],
            prices[data.a],
            quantities[data.A],
        )

    def _print(self, body: bytes) -> Trade | None:
        data = TRADE.decode(body).data
        at_ns = self._at(data.E, data.s)
        price, quantity = self._prices[data.p], self._quantities[data.q]
        if data.X != "MARKET" or not price or not quantity:
            return None
        return Trade(at_ns, self._symbol, data.t, price, quantity, data.m, data.t, data.t)

    def _mark(self, body: bytes) -> Mark:
        data = MARK.decode(body).data
        at_ns = self._at(data.E, data.s)
        mark = self._prices[data.p]
        if not mark:
            raise ValueError("a mark price of nothing")
        return Mark(
            at_ns=at_ns,
            symbol=self._symbol,
            mark=mark,
            index=self._prices[data.i],
            funding_rate=parse_e8(data.r or "0"),
            next_funding_ns=data.T * _NS_PER_MS,
        )

    def _diff(self, body: bytes) -> Depth:
        data = DEPTH.decode(body).data
        return Depth(
            self._at(data.E, data.s),
            self._symbol,
            data.U,
            data.u,
            data.pu,
            self._levels(data.b),
            self._levels(data.a),
        )

    def _other(self, number: int, line: bytes) -> Callable[[bytes], Record | None] | None:
        """Tell how to read what is no stream's message: nothing, or a later snapshot."""
        if not line or number == self._head.snapshot_line:
            return None
        if SNAPSHOT_MARK in line[:MARK_WITHIN]:
            return lambda body: self._from_body(SNAPSHOT.decode(body))
        raise self._unknown(number, line)

    def _unknown(self, number: int, line: bytes) -> DataError:
        shown = line[:60].decode("utf-8", "replace")
        return malformed(self._path, number, what=f"{shown!r} is not known", expected=EXPECTED)

    def _from_body(self, body: SnapshotBody) -> Snapshot:
        return Snapshot(
            self._now_ns,
            self._symbol,
            body.lastUpdateId,
            self._levels(body.bids),
            self._levels(body.asks),
        )

    def _levels(self, pairs: Pairs) -> list[Level]:
        prices, quantities = self._prices, self._quantities
        return [(prices[price], quantities[quantity]) for price, quantity in pairs]

    def _at(self, event_ms: int, symbol: str) -> int:
        if symbol != self._symbol:
            raise ValueError(f"a message of {symbol} in a recording of {self._symbol}")
        at_ns = event_ms * _NS_PER_MS
        if not -_USUAL_STEP_NS < at_ns - self._now_ns < _USUAL_STEP_NS and event_ms:
            check_step(self._now_ns, valid_ns(at_ns))
        if at_ns > self._now_ns:
            self._now_ns = at_ns
        return self._now_ns
