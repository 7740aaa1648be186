"""Funding rates of perpetuals from a file: no market, but what is paid beside one.

Rows are `funding_time_ms,symbol,funding_rate` by rising time for each symbol; the rate is a
fraction of the notional for the interval that ends at that time, and may be below zero.
"""

import zlib
from collections.abc import Sequence
from pathlib import Path

from holdfast.errors import DataError
from holdfast.simexchange.numbers import E8, parse_e8
from holdfast.simexchange.source.bounds import instant_ns, integer
from holdfast.simexchange.source.lines import check_order, malformed, open_bytes, read_lines

HEADER = b"funding_time_ms,symbol,funding_rate"
_EXPECTED = "funding_time_ms,symbol,funding_rate with a rate between -1 and 1"
_COLUMNS = 3
_HEAD_BYTES = 64

Rates = dict[str, list[tuple[int, int]]]


def is_funding(path: Path) -> bool:
    """Tell by its first line whether a file holds funding rates."""
    if not path.is_file():
        return False
    try:
        with open_bytes(path) as stream:
            return stream.read(_HEAD_BYTES).lower().startswith(HEADER)
    except (OSError, EOFError, zlib.error):
        return False


def read_rates(paths: Sequence[Path]) -> Rates:
    """Return instants and rates by symbol; DataError where a row cannot be read."""
    rates: Rates = {}
    for path in paths:
        for number, line in enumerate(read_lines(path), 1):
            if number == 1 or not line:
                continue
            symbol, at_ns, rate = _row(path, number, line)
            known = rates.setdefault(symbol, [])
            check_order(path, number, before_ns=known[-1][0] if known else 0, at_ns=at_ns)
            if known and known[-1][0] == at_ns:
                raise malformed(path, number, what="a time twice", expected=_EXPECTED)
            known.append((at_ns, rate))
    return rates


def _row(path: Path, number: int, line: bytes) -> tuple[str, int, int]:
    columns = line.split(b",")
    if len(columns) != _COLUMNS:
        raise malformed(path, number, what=f"{len(columns)} columns", expected=_EXPECTED)
    try:
        at_ns = instant_ns(integer(columns[0]))
        rate = parse_e8(columns[2].decode())
    except ValueError as error:
        raise malformed(path, number, what=str(error), expected=_EXPECTED) from error
    if not -E8 < rate < E8:
        raise malformed(path, number, what="such a rate", expected=_EXPECTED)
    return columns[1].decode("utf-8", "replace"), at_ns, rate


def check_covered(rates: Rates, symbols: Sequence[str]) -> None:
    """Raise DataError when funding is given of no symbol that trades."""
    if rates and not set(rates) & set(symbols):
        raise DataError(
            f"the funding rates are of {', '.join(sorted(rates)[:5])}, none of which trades "
            f"here ({', '.join(symbols)}); leave that file out"
        )
