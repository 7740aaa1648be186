"""A recording in Parquet (`recording/1`) as a market: one symbol of it at a time.

The form is that of `holdfast data record`, read here without its code. A book begins with the
first snapshot, handed out before what came ahead of it; diffs that it holds already are left
out. After a gap the book begins anew with the next snapshot. `at_ns` is the venue's event time,
as in the other recordings: a message without one takes the highest before it.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from holdfast.errors import ConfigError, DataError
from holdfast.simexchange.model import (
    Depth,
    Level,
    Mark,
    Record,
    Snapshot,
    SymbolRules,
    Ticker,
    Trade,
)
from holdfast.simexchange.numbers import DECIMALS, E8, decimals_of
from holdfast.simexchange.source.bounds import MOST_PRICE, MOST_QUANTITY, number_e8, valid_ns
from holdfast.simexchange.source.seen import Seen

MAGIC = b"PAR1"
SUFFIX = ".parquet"
_FORM = "recording/1"
_MOST_WAITING = 200_000
_GAP = "gap"


class _About(msgspec.Struct):
    form: str
    product: str
    session: str
    segment: int
    instruments: list[dict[str, Any]]


def is_recording(path: Path) -> bool:
    """Tell whether a path is a folder with segments, or a segment."""
    if path.is_dir():
        return any(path.rglob(f"*{SUFFIX}"))
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def symbols_of(path: Path) -> list[str]:
    """Name the symbols of a recording."""
    return [one["symbol"] for one in _segments(path)[0][1].instruments]


def scan(path: Path, symbol: str) -> tuple[Seen, SymbolRules]:
    """Learn start, first price and rules of a symbol; DataError when it is not there."""
    about = _segments(path)[0][1]
    found = next((one for one in about.instruments if one["symbol"] == symbol), None)
    if found is None:
        known = ", ".join(one["symbol"] for one in about.instruments)
        raise DataError(f"{path} holds {known}, not {symbol}; name a symbol it holds")
    first = next((one for one in read(path, symbol) if isinstance(one, Trade | Ticker)), None)
    if first is None:
        raise DataError(f"{path}: no price of {symbol} is in it, so no market")
    price = first.price if isinstance(first, Trade) else first.bid
    rules = _rules(path, found, first_price=price)
    decimals = (decimals_of(rules.tick), decimals_of(rules.step))
    product = "linear" if about.product == "linear" else "spot"
    return Seen(first.at_ns, price, *decimals, symbol, product), rules


def read(path: Path, symbol: str) -> Iterator[Record]:
    """Yield the market's records; `at_ns` never decreases."""
    waiting: list[Record] | None = []
    now_ns = 0
    for row in _rows(path, symbol):
        if row["kind"] == _GAP:
            yield from waiting or ()
            waiting = []
            continue
        record = _record(path, row, now_ns)
        now_ns = record.at_ns
        if isinstance(record, Snapshot) and waiting is not None:
            begin_ns = waiting[0].at_ns if waiting else now_ns
            yield msgspec.structs.replace(record, at_ns=begin_ns)
            yield from (one for one in waiting if not _is_held(one, record))
            waiting = None
        elif isinstance(record, Snapshot):
            continue  # fetched beside a book that went on
        elif waiting is None:
            yield record
        else:
            waiting.append(record)
            if len(waiting) > _MOST_WAITING:
                raise DataError(f"{path}: no book of {symbol} in {_MOST_WAITING} messages")
    yield from (one for one in waiting or () if not isinstance(one, Depth))


def _is_held(record: Record, snapshot: Snapshot) -> bool:
    """Tell whether a diff says nothing that the snapshot does not hold."""
    return isinstance(record, Depth) and record.last_id <= snapshot.last_update_id


def _rows(path: Path, symbol: str) -> Iterator[dict[str, Any]]:
    pa = _arrow()
    session, next_seq = "", 0
    for file, about in _segments(path):
        is_broken = about.session != session
        session = about.session
        try:
            with pa.parquet.ParquetFile(file, page_checksum_verification=True) as stream:
                for batch in stream.iter_batches():
                    for row in batch.to_pylist():
                        if (is_broken or row["seq"] != next_seq) and next_seq:
                            yield {"kind": _GAP}
                        is_broken = False
                        next_seq = row["seq"] + 1
                        if row["symbol"] in (symbol, ""):
                            yield row
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{file} is damaged: {error}") from None


def _segments(path: Path) -> list[tuple[Path, _About]]:
    files = sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]
    found = [(file, _about(file)) for file in files]
    return sorted(found, key=lambda one: (one[1].session, one[1].segment))


def _about(path: Path) -> _About:
    pa = _arrow()
    try:
        said = (pa.parquet.read_metadata(path).metadata or {}).get(b"holdfast", b"")
        about = msgspec.json.decode(said, type=_About)
    except (OSError, pa.ArrowException, msgspec.DecodeError) as error:
        raise DataError(f"{path} is no recording of holdfast data record ({error})") from None
    if about.form != _FORM:
        raise DataError(f"{path} has the form {about.form}; this program reads {_FORM}")
    return about


def _record(path: Path, row: dict[str, Any], before_ns: int) -> Record:
    try:
        at_ns = max(before_ns, valid_ns(row["venue_at_ns"]) if row["venue_at_ns"] else 0)
        record: Record = _KINDS[row["kind"]](row, at_ns)
        return record
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}, row {row.get('seq')}: {error!r} cannot be read") from None


def _price(text: str) -> int:
    return number_e8(text, MOST_PRICE)


def _quantity(text: str) -> int:
    return number_e8(text, MOST_QUANTITY)


def _levels(levels: list[dict[str, str]]) -> list[Level]:
    return [(_price(one["price"]), _quantity(one["quantity"])) for one in levels]


def _snapshot(row: dict[str, Any], at_ns: int) -> Snapshot:
    bids, asks = _levels(row["bids"]), _levels(row["asks"])
    return Snapshot(at_ns, row["symbol"], row["last_id"], bids, asks)


def _depth(row: dict[str, Any], at_ns: int) -> Depth:
    first, last, previous = row["first_id"], row["last_id"], max(0, row["previous_id"])
    bids, asks = _levels(row["bids"]), _levels(row["asks"])
    return Depth(at_ns, row["symbol"], first, last, previous, bids, asks)


def _top(row: dict[str, Any], at_ns: int) -> Ticker:
    bid = (_price(row["bid"]), _quantity(row["bid_quantity"]))
    ask = (_price(row["ask"]), _quantity(row["ask_quantity"]))
    return Ticker(at_ns, row["symbol"], row["last_id"], *bid, *ask)


def _trade(row: dict[str, Any], at_ns: int) -> Trade:
    number = row["last_id"]
    price, quantity = _price(row["price"]), _quantity(row["quantity"])
    is_maker = row["buyer_is_maker"]
    return Trade(at_ns, row["symbol"], number, price, quantity, is_maker, number, number)


def _mark(row: dict[str, Any], at_ns: int) -> Mark:
    rate = row["rate"]
    sign = -1 if rate.startswith("-") else 1
    return Mark(
        at_ns=at_ns,
        symbol=row["symbol"],
        mark=_price(row["price"]),
        index=_price(row["index"]),
        funding_rate=sign * number_e8(rate.removeprefix("-"), MOST_PRICE),
        next_funding_ns=row["next_at_ns"],
    )


_KINDS: dict[str, Any] = {
    "snapshot": _snapshot,
    "depth": _depth,
    "top": _top,
    "trade": _trade,
    "mark": _mark,
}


def _rules(path: Path, one: dict[str, Any], *, first_price: int) -> SymbolRules:
    """Make the rules of the filters that were recorded, in units of the recording."""
    try:
        price, quantity = _unit(one["price_exponent"]), _unit(one["quantity_exponent"])
        return SymbolRules(
            symbol=one["symbol"],
            base=one["base"],
            quote=one["quote"],
            product="linear" if one["product"] == "linear" else "spot",
            tick=one["tick"] * price,
            step=one["step"] * quantity,
            min_price=one["min_price"] * price,
            max_price=one["max_price"] * price,
            min_quantity=one["min_quantity"] * quantity,
            max_quantity=one["max_quantity"] * quantity,
            market_step=one["market_step"] * quantity,
            market_max_quantity=one["market_max_quantity"] * quantity,
            min_notional=number_e8(one["min_notional"], MOST_PRICE * E8),
            first_price=first_price,
            filters_source="the venue, at the recording",
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: the filters of {one.get('symbol')}: {error!r}") from None


def _unit(exponent: int) -> int:
    if not 0 <= exponent <= DECIMALS:
        raise ValueError(f"units of 10^-{exponent}; at most {DECIMALS} decimals are known here")
    return int(10 ** (DECIMALS - exponent))


def _arrow() -> Any:
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError:
        raise ConfigError(
            "recordings need the package pyarrow: pip install 'holdfast[data]'"
        ) from None
