"""Aggregated trades as a market: each row is a one-level best bid and ask, then the trade."""

from collections.abc import Iterator
from pathlib import Path

from holdfast.simexchange.assumptions import TouchAssumptions
from holdfast.simexchange.model import SymbolRules, Ticker, Trade
from holdfast.simexchange.source.bounds import MOST_QUANTITY, instant_ns, integer
from holdfast.simexchange.source.lines import check_order, exact, malformed, read_lines
from holdfast.simexchange.source.seen import Seen, decimals_needed
from holdfast.simexchange.source.touch import Touch

_EXPECTED = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,time,is_buyer_maker"
_MIN_COLUMNS = 7
_FLAGS = {b"true": True, b"True": True, b"false": False, b"False": False}


def scan(path: Path, *, has_header: bool) -> Seen:
    """Check every row, and learn the start, the first price and the decimals."""
    start_ns = first_price = price_decimals = quantity_decimals = now_ns = 0
    for number, row in _rows(path, has_header=has_header):
        trade = _trade(path, number, row, "")
        check_order(path, number, before_ns=now_ns, at_ns=trade.at_ns)
        now_ns = trade.at_ns
        if not start_ns:
            start_ns, first_price = trade.at_ns, trade.price
        price_decimals = max(price_decimals, decimals_needed(row[1]))
        quantity_decimals = max(quantity_decimals, decimals_needed(row[2]))
    if not start_ns:
        raise malformed(path, 1, what="no trade follows", expected=f"rows {_EXPECTED}")
    return Seen(start_ns, first_price, price_decimals, quantity_decimals)


def read(
    path: Path, rules: SymbolRules, *, assumed: TouchAssumptions, has_header: bool
) -> Iterator[Ticker | Trade]:
    """Yield the market's records; `at_ns` never decreases."""
    touch: Touch | None = None
    now_ns = 0
    for number, row in _rows(path, has_header=has_header):
        trade = _trade(path, number, row, rules.symbol)
        check_order(path, number, before_ns=now_ns, at_ns=trade.at_ns)
        now_ns = trade.at_ns
        touch = touch or Touch(rules, assumed, start_ns=now_ns)
        yield touch.before(trade)
        yield trade


def _rows(path: Path, *, has_header: bool) -> Iterator[tuple[int, list[bytes]]]:
    lines = read_lines(path)
    if has_header:
        next(lines)
    for number, line in enumerate(lines, 2 if has_header else 1):
        if line:
            yield number, line.split(b",")


def _trade(path: Path, number: int, row: list[bytes], symbol: str) -> Trade:
    if len(row) < _MIN_COLUMNS:
        raise malformed(path, number, what=f"{len(row)} columns", expected=_EXPECTED)
    try:
        trade_id, first_id, last_id = integer(row[0]), integer(row[3]), integer(row[4])
        at_ns = instant_ns(integer(row[5]))
        buyer_is_maker = _FLAGS[row[6]]
    except ValueError as error:
        raise malformed(path, number, what=str(error), expected=_EXPECTED) from error
    except KeyError as error:
        raise malformed(
            path, number, what=f"{error} cannot be read", expected=_EXPECTED
        ) from error
    price = exact(path, number, column="price", text=row[1])
    quantity = exact(path, number, column="quantity", text=row[2], most=MOST_QUANTITY)
    if not price or not quantity or last_id < first_id:
        raise malformed(
            path,
            number,
            what="a price, quantity or id range of nothing",
            expected=_EXPECTED,
        )
    return Trade(at_ns, symbol, trade_id, price, quantity, buyer_is_maker, first_id, last_id)
