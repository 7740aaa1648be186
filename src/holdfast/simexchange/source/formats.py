"""Tell what a data file holds by its content, and refuse what is no market, with the reason."""

import re
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from holdfast.errors import DataError
from holdfast.simexchange.source.lines import read_lines

MARKET_MEANS = "a market is a file with trades, order-book depth or traded bars"
_L2_LINE = re.compile(rb"^\d+ \{")
_ZIP_MAGIC = b"PK\x03\x04"
_NUMBER = re.compile(rb"^-?\d+(\.\d+)?$")
_BAR_COLUMNS = 12
_AGG_COLUMNS = (7, 8)
_REFUSED_HEADERS = {
    b"timestamp,percentage,depth": "depth by distance from the price (bookDepth)",
    b"funding_time_ms,symbol,funding_rate": "funding rates",
    b"calc_time,funding_interval_hours": "funding rates",
}


_OTHER_FORMS = {
    _ZIP_MAGIC: "is a zip archive; unpack it, plain and gzip files are read",
    b"\xef\xbb\xbf": "begins with a byte order mark; save it as UTF-8 without one",
    b"\xff\xfe": "is UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "is UTF-16 text; save it as UTF-8",
    b"\x1f\x8b": "is gzip within gzip; unpack it once",
}


class Format(Enum):
    """The kinds of market files."""

    L2 = "recorded Binance streams"
    AGG_TRADES = "Binance aggregated trades"
    BINANCE_BARS = "Binance bars"
    QUOTE_VOLUME_BARS = "FTX bars"
    RECORDING = "a recording in Parquet"


class Detected(NamedTuple):
    """A kind, and whether the first line is a header."""

    kind: Format
    has_header: bool


def detect(path: Path) -> Detected:
    """Recognise a file by its first lines; raise DataError with the reason when it is none."""
    lines = read_lines(path)
    first = next(lines, b"").strip()
    if not first:
        raise DataError(f"{path} is empty; {MARKET_MEANS}")
    for magic, what in _OTHER_FORMS.items():
        if first.startswith(magic):
            raise DataError(f"{path} {what}")
    if _L2_LINE.match(first):
        return Detected(Format.L2, has_header=False)
    lowered = first.lower()
    for header, what in _REFUSED_HEADERS.items():
        if lowered.startswith(header):
            raise DataError(f"{path} holds {what}, no market; {MARKET_MEANS}")
    if lowered.startswith(b"agg_trade_id,"):
        return Detected(Format.AGG_TRADES, has_header=True)
    if lowered.startswith(b"open_time,open,high,low,close,volume,close_time"):
        return Detected(Format.BINANCE_BARS, has_header=True)
    if lowered == b"timestamp,open,high,low,close,volume":
        return Detected(Format.QUOTE_VOLUME_BARS, has_header=True)
    return _detect_bare(path, first)


def _detect_bare(path: Path, first: bytes) -> Detected:
    columns = first.split(b",")
    if len(columns) == _BAR_COLUMNS and all(_NUMBER.match(column) for column in columns):
        return Detected(Format.BINANCE_BARS, has_header=False)
    is_flagged = columns[-1].lower() in (b"true", b"false")
    numbers = columns[:6]
    if (
        len(columns) in _AGG_COLUMNS
        and is_flagged
        and all(_NUMBER.match(column) for column in numbers)
    ):
        return Detected(Format.AGG_TRADES, has_header=False)
    shown = first[:60].decode("utf-8", "replace")
    if not shown.isprintable() or "\ufffd" in shown:
        raise DataError(f"{path}, line 1: no text, but binary data; {MARKET_MEANS}")
    raise DataError(
        f"{path}, line 1: {shown!r} is not recognised; expected recorded Binance streams "
        "(time and JSON), aggregated trades, Binance bars or FTX bars"
    )
