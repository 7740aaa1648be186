"""Bars as a market: each becomes a fixed path of four trades with one level a side before each.

The path, its times, volumes and sides are those that `bars.toml` states. Bars of mark prices
(no volume anywhere) are refused: nobody traded there.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from holdfast.errors import DataError
from holdfast.simexchange.assumptions import TouchAssumptions
from holdfast.simexchange.model import SymbolRules, Ticker, Trade
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.source.bounds import (
    MOST_QUANTITY,
    instant_ns,
    integer,
    valid_ns,
)
from holdfast.simexchange.source.formats import MARKET_MEANS, Detected, Format
from holdfast.simexchange.source.lines import check_order, exact, malformed, read_lines
from holdfast.simexchange.source.seen import Seen, decimals_needed
from holdfast.simexchange.source.touch import Touch

_BINANCE = "open_time,open,high,low,close,volume,close_time,..."
_FTX = "timestamp,open,high,low,close,volume"
_BINANCE_COLUMNS = 7
_FTX_COLUMNS = 6
_NS_PER_S = 1_000_000_000
_MINUTE_NS = 60 * _NS_PER_S
_MS_NS = 1_000_000


class BarRow(NamedTuple):
    """One bar; `volume` is in the base asset, or in the quote asset for FTX files."""

    open_ns: int
    close_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int


def scan(path: Path, detected: Detected) -> Seen:
    """Check every row, and learn the start, the first price and the decimals."""
    start_ns = first_price = price_decimals = quantity_decimals = volume = 0
    last_ns = 0
    for number, columns in _rows(path, detected):
        bar = _bar(path, number, columns, detected.kind)
        check_order(path, number, before_ns=last_ns, at_ns=bar.open_ns)
        check_order(path, number, before_ns=bar.open_ns, at_ns=bar.close_ns)
        last_ns = bar.close_ns
        if not start_ns:
            start_ns, first_price = bar.open_ns, bar.open
        volume += bar.volume
        decimals = max(decimals_needed(column) for column in columns[1:5])
        price_decimals = max(price_decimals, decimals)
        quantity_decimals = max(quantity_decimals, decimals_needed(columns[5]))
    if not start_ns:
        raise malformed(path, 1, what="no bar follows", expected=f"rows {_BINANCE}")
    if not volume:
        raise DataError(
            f"{path} holds bars without any volume (mark prices), where nobody traded; "
            f"{MARKET_MEANS}"
        )
    return Seen(start_ns, first_price, price_decimals, quantity_decimals)


def read(
    path: Path, rules: SymbolRules, *, assumed: TouchAssumptions, detected: Detected
) -> Iterator[Ticker | Trade]:
    """Yield the market's records; `at_ns` never decreases."""
    touch: Touch | None = None
    maker: BarPath | None = None
    in_quote = detected.kind is Format.QUOTE_VOLUME_BARS
    for number, columns in _rows(path, detected):
        bar = _bar(path, number, columns, detected.kind)
        touch = touch or Touch(rules, assumed, start_ns=bar.open_ns)
        maker = maker or BarPath(rules, start_ns=bar.open_ns)
        if in_quote:
            bar = bar._replace(volume=bar.volume * E8 // bar.close)
        trades = maker.trades(bar)
        if not trades:
            yield touch.around(bar.open, at_ns=bar.open_ns)
        for trade in trades:
            yield touch.before(trade)
            yield trade


class BarPath:
    """Turns bars into trades, remembering the last price, side and id.

    Ids rise from the first bar's second, so those of a later file follow.
    """

    def __init__(self, rules: SymbolRules, *, start_ns: int) -> None:
        self._rules = rules
        self._last_price = 0
        self._sold = False
        self._next_id = start_ns // _NS_PER_S

    def trades(self, bar: BarRow) -> list[Trade]:
        """Return the bar's trades in time order; none for a bar without volume."""
        step = self._rules.step
        volume = bar.volume - bar.volume % step
        quarter = volume // 4
        quarter -= quarter % step
        fell = bar.close < bar.open
        third = (bar.close_ns - bar.open_ns) // 3
        second, fourth = (bar.high, bar.low) if fell else (bar.low, bar.high)
        stops = (
            (bar.open_ns, bar.open, quarter),
            (bar.open_ns + third, second, quarter),
            (bar.open_ns + 2 * third, fourth, quarter),
            (bar.close_ns, bar.close, volume - 3 * quarter),
        )
        return [self._trade(*stop) for stop in stops if stop[2]]

    def _trade(self, at_ns: int, price: int, quantity: int) -> Trade:
        if self._last_price and price != self._last_price:
            self._sold = price < self._last_price
        self._last_price = price
        trade_id = self._next_id
        self._next_id += 1
        symbol = self._rules.symbol
        return Trade(at_ns, symbol, trade_id, price, quantity, self._sold, trade_id, trade_id)


def _rows(path: Path, detected: Detected) -> Iterator[tuple[int, list[bytes]]]:
    lines = read_lines(path)
    if detected.has_header:
        next(lines)
    for number, line in enumerate(lines, 2 if detected.has_header else 1):
        if line:
            yield number, line.split(b",")


def _bar(path: Path, number: int, columns: list[bytes], kind: Format) -> BarRow:
    is_ftx = kind is Format.QUOTE_VOLUME_BARS
    expected = _FTX if is_ftx else _BINANCE
    if len(columns) < (_FTX_COLUMNS if is_ftx else _BINANCE_COLUMNS):
        raise malformed(path, number, what=f"{len(columns)} columns", expected=expected)
    try:
        if is_ftx:
            stamp = datetime.fromisoformat(columns[0].decode()).replace(tzinfo=UTC)
            open_ns = valid_ns(int(stamp.timestamp()) * _NS_PER_S)
            close_ns = open_ns + _MINUTE_NS - _MS_NS
        else:
            open_ns, close_ns = (instant_ns(integer(columns[at])) for at in (0, 6))
    except ValueError as error:
        raise malformed(path, number, what=f"time: {error}", expected=expected) from error
    names = ("open", "high", "low", "close")
    prices = [
        exact(path, number, column=name, text=text)
        for name, text in zip(names, columns[1:5], strict=True)
    ]
    opening, high, low, close = prices
    if not 0 < low <= min(opening, close) <= max(opening, close) <= high or close_ns <= open_ns:
        raise malformed(
            path,
            number,
            what="open, high, low, close or times contradict each other",
            expected="0 < low <= open, close <= high and open time < close time",
        )
    volume = _volume(path, number, columns[5], is_ftx=is_ftx)
    return BarRow(open_ns, close_ns, opening, high, low, close, volume)


def _volume(path: Path, number: int, text: bytes, *, is_ftx: bool) -> int:
    if is_ftx:
        whole, _, fraction = text.partition(b".")
        text = whole + b"." + (fraction[:8] or b"0")
    return exact(path, number, column="volume", text=text, most=MOST_QUANTITY)
