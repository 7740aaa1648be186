"""Open recorded files, or a seeded synthetic market, as one stream of records by time.

The format comes from the content; symbol and product from the caller, else from the content,
else from the file's name. Everything is checked before the first record is handed out.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import msgspec

from holdfast.errors import DataError, UsageError
from holdfast.simexchange.assumptions import Assumptions
from holdfast.simexchange.model import Record, SymbolRules
from holdfast.simexchange.notes import contract_note, trading_notes
from holdfast.simexchange.numbers import plain_e8
from holdfast.simexchange.source import agg_trades, bars, l2, recording, synthetic
from holdfast.simexchange.source.formats import Detected, Format, detect
from holdfast.simexchange.source.funding import Rates, check_covered, is_funding, read_rates
from holdfast.simexchange.source.instruments import Product, derive_rules, load_instruments
from holdfast.simexchange.source.lines import check_whole
from holdfast.simexchange.source.seen import Seen

_NAMES = (
    (re.compile(r"^binance-spot-([A-Z0-9]+)-"), "spot"),
    (re.compile(r"^binance-usdm-([A-Z0-9_]+)-"), "linear"),
    (re.compile(r"^ftx-([A-Z0-9]+-PERP)-"), "linear"),
    (re.compile(r"^([A-Z0-9]{5,20})-(?:1m|aggTrades)-"), ""),
)
_SYMBOL = re.compile(r"^[A-Z0-9][A-Z0-9._-]{0,19}$")
_PRODUCTS: dict[str, Product] = {"spot": "spot", "usdm": "linear", "linear": "linear"}
_OWN_NOTE = (
    "our own orders are not displayed and our trades are not printed: published market data "
    "are the recording's own"
)


class Market:
    """A stream of records and what was assumed to make it; `records` may be asked for again.

    `funding` holds the funding rates that are known, as instants and rates by symbol.
    """

    def __init__(
        self,
        symbols: dict[str, SymbolRules],
        *,
        start_ns: int,
        notes: list[str],
        records: Callable[[], Iterator[Record]],
        funding: Rates | None = None,
    ) -> None:
        self.symbols = symbols
        self.funding = funding or {}
        self.start_ns = start_ns
        self.notes = notes
        self._records = records

    def records(self) -> Iterator[Record]:
        """Yield the records from the beginning, lazily; `at_ns` never decreases.

        Raise DataError where a file turns out to be malformed.
        """
        return self._records()


class _File(NamedTuple):
    path: Path
    detected: Detected
    seen: Seen
    symbol: str
    product: Product
    rules: SymbolRules | None = None


def open_market(
    paths: Sequence[Path],
    symbol: str | Sequence[str] | None = None,
    *,
    instruments: Path | None = None,
    seed: int = 0,
    assumptions: Assumptions,
    for_ns: int | None = None,
) -> Market:
    """Open files by their content, or without any path the synthetic market of the seed.

    A folder that is no recording stands for the files in it.
    `symbol` is one for all files, or one for each, in their order: a name such as BTCUSDT,
    with `spot:` or `usdm:` before it where neither content nor file name tells the product.
    A file of funding rates among the others says what perpetuals pay, and needs no name.
    `for_ns` ends the stream that long after its start.
    """
    names = [symbol] if isinstance(symbol, str) else list(symbol or ())
    given = load_instruments(instruments) if instruments is not None else {}
    paths = [file for path in paths for file in _files_of(path)]
    rated = [path for path in paths if is_funding(path)]
    paths = [path for path in paths if path not in rated] or paths
    if not paths:
        market = _synthetic(names, given, seed=seed, assumptions=assumptions)
    else:
        market = _recorded(_identified(paths, names), given, assumptions=assumptions)
    missing = sorted(set(market.symbols) - set(given))
    if instruments is not None and missing:
        raise UsageError(
            f"instruments file {instruments} has {', '.join(sorted(given)) or 'no symbol'}, "
            f"but not {', '.join(missing)}; add it, or leave --instruments out"
        )
    if rated:
        market.funding = read_rates(rated)
        check_covered(market.funding, list(market.symbols))
    if for_ns is None:
        return market
    end_ns = market.start_ns + for_ns
    return Market(
        market.symbols,
        start_ns=market.start_ns,
        notes=market.notes,
        records=lambda: takewhile(lambda record: record.at_ns < end_ns, market.records()),
        funding=market.funding,
    )


def _synthetic(
    names: list[str], given: dict[str, SymbolRules], *, seed: int, assumptions: Assumptions
) -> Market:
    symbols: dict[str, SymbolRules] = {}
    notes: list[str] = []
    for name in names or [""]:
        rules = _synthetic_rules(name, assumptions)
        if rules.symbol in symbols:
            raise UsageError(f"symbol {rules.symbol!r} stands there twice; a name is unique")
        if rules.symbol in given:
            first_price = rules.first_price
            rules = msgspec.structs.replace(given[rules.symbol], first_price=first_price)
        symbols[rules.symbol] = rules
        notes.append(f"{rules.symbol}: synthetic market of seed {seed}, not a recording")

    def records() -> Iterator[Record]:
        streams = [
            synthetic.read(rules, assumptions.synthetic, seed=seed + number)
            for number, rules in enumerate(symbols.values())
        ]
        return streams[0] if len(streams) == 1 else _merged(streams)

    return Market(
        symbols,
        start_ns=synthetic.start_ns(assumptions.synthetic),
        notes=[*notes, _OWN_NOTE, *trading_notes(symbols.values(), assumptions)],
        records=records,
    )


def _synthetic_rules(wish: str, assumptions: Assumptions) -> SymbolRules:
    wished_product, _, name = wish.rpartition(":")
    if wished_product and wished_product not in _PRODUCTS:
        raise UsageError(f"symbol {wish!r}: the product is spot or usdm, as in spot:BTCUSDT")
    if name and not _SYMBOL.match(name):
        raise UsageError(f"symbol {name!r} has to be capital letters and digits, as BTCUSDT")
    return synthetic.rules(name, assumptions, product=_PRODUCTS.get(wished_product, "spot"))


def _merged(streams: list[Iterator[Record]]) -> Iterator[Record]:
    return merge(*streams, key=lambda record: record.at_ns)


def _recorded(
    files: list[_File], given: dict[str, SymbolRules], *, assumptions: Assumptions
) -> Market:
    symbols: dict[str, SymbolRules] = {}
    notes = [_OWN_NOTE]
    for name in dict.fromkeys(file.symbol for file in files):
        of_symbol = [file for file in files if file.symbol == name]
        symbols[name] = _rules(of_symbol, given, assumptions)
        notes += _notes(of_symbol, symbols[name], assumptions)
    notes += trading_notes(symbols.values(), assumptions)

    def records() -> Iterator[Record]:
        streams = [_read(file, symbols[file.symbol], assumptions) for file in files]
        if len(streams) == 1:
            return streams[0]
        return _merged(streams)

    start_ns = min(file.seen.start_ns for file in files)
    return Market(symbols, start_ns=start_ns, notes=notes, records=records)


def _identified(paths: Sequence[Path], names: list[str]) -> list[_File]:
    recordings = [path for path in paths if recording.is_recording(path)]
    if recordings:
        return _of_recordings(paths, recordings, names)
    if len(names) not in (0, 1, len(paths)):
        raise UsageError(
            f"{len(names)} symbols for {len(paths)} files; give one for all, or one for each"
        )
    if len(names) == 1:
        names = names * len(paths)
    return [_identify(path, names[at] if names else "") for at, path in enumerate(paths)]


def _files_of(path: Path) -> list[Path]:
    """Give the market files of a folder; anything else stands for itself."""
    if not path.is_dir() or recording.is_recording(path):
        return [path]
    found = sorted(each for each in path.iterdir() if each.is_file() and _is_market(each.name))
    if not found:
        raise DataError(f"{path}: a folder without a market data file (.csv, .txt, .gz)")
    return found


def _is_market(name: str) -> bool:
    return not name.startswith(".") and name.endswith((".csv", ".txt", ".gz"))


def _of_recordings(
    paths: Sequence[Path], recordings: list[Path], names: list[str]
) -> list[_File]:
    """Give each symbol of a recording that is wanted, or all of them."""
    if len(paths) > 1:
        raise UsageError(f"{recordings[0]} is a recording, which is data enough; name it alone")
    path = paths[0]
    files = []
    for symbol in [name.rpartition(":")[2] for name in names] or recording.symbols_of(path):
        seen, rules = recording.scan(path, symbol)
        detected = Detected(Format.RECORDING, has_header=False)
        files.append(_File(path, detected, seen, symbol, rules.product, rules))
    return files


def _identify(path: Path, wish: str) -> _File:
    check_whole(path)
    detected = detect(path)
    if detected.kind is Format.L2:
        seen = l2.scan(path)
    elif detected.kind is Format.AGG_TRADES:
        seen = agg_trades.scan(path, has_header=detected.has_header)
    else:
        seen = bars.scan(path, detected)
    wished_product, _, wished = wish.rpartition(":")
    if wished_product and wished_product not in _PRODUCTS:
        raise UsageError(f"symbol {wish!r}: the product is spot or usdm, as in spot:BTCUSDT")
    if wished and not _SYMBOL.match(wished):
        raise UsageError(f"symbol {wished!r} has to be capital letters and digits, as BTCUSDT")
    named, named_product = _from_name(path)
    if wished and seen.symbol and wished != seen.symbol:
        raise DataError(f"{path} holds {seen.symbol}, not {wished}; name the symbol it holds")
    symbol = wished or seen.symbol or named
    if not symbol:
        raise DataError(
            f"{path}: neither content nor file name tells the symbol; give --symbol, such as "
            "spot:BTCUSDT or usdm:BTCUSDT"
        )
    product = _PRODUCTS.get(wished_product) or seen.product or named_product
    if not product and not wished and detected.kind is not Format.L2:
        raise DataError(
            f"{path}: the file name does not tell spot from usdm; give --symbol spot:{symbol} "
            f"or --symbol usdm:{symbol}"
        )
    return _File(path, detected, seen, symbol, "linear" if product == "linear" else "spot")


def _from_name(path: Path) -> tuple[str, str]:
    for pattern, product in _NAMES:
        found = pattern.match(path.name)
        if found:
            return found.group(1), product
    return "", ""


def _rules(
    files: list[_File], given: dict[str, SymbolRules], assumptions: Assumptions
) -> SymbolRules:
    first = min(files, key=lambda file: file.seen.start_ns)
    if len({file.product for file in files}) > 1:
        raise UsageError(
            f"{first.symbol}: one file is spot, another usdm; run them apart or name it"
        )
    if first.symbol in given:
        rules = given[first.symbol]
        if rules.product != first.product:
            raise UsageError(
                f"{first.symbol} is {rules.product} in the instruments file, but the data is "
                f"{first.product}; correct `product` there, or name the data's with --symbol"
            )
        return msgspec.structs.replace(rules, first_price=first.seen.first_price)
    if given:
        raise UsageError(
            f"{first.symbol} is not in the instruments file, which has "
            f"{', '.join(sorted(given)[:5])}; add it"
        )
    if first.rules is not None:
        return first.rules
    seen = first.seen._replace(
        price_decimals=max(file.seen.price_decimals for file in files),
        quantity_decimals=max(file.seen.quantity_decimals for file in files),
    )
    rules = derive_rules(first.symbol, first.product, seen=seen, assumed=assumptions.filters)
    if any(file.detected.kind is Format.QUOTE_VOLUME_BARS for file in files):
        step = int(assumptions.filters.quote_volume_step)
        rules = msgspec.structs.replace(rules, step=step, min_quantity=step)
    return rules


def _notes(files: list[_File], rules: SymbolRules, assumptions: Assumptions) -> list[str]:
    name = rules.symbol
    kinds = {file.detected.kind for file in files}
    beyond = "as much" if assumptions.queue.unseen_level_as_touch else "nothing"
    notes = [
        f"{name}: filters from {rules.filters_source}: tick {plain_e8(rules.tick)}, "
        f"step {plain_e8(rules.step)}, orders from {plain_e8(rules.min_notional)} {rules.quote}"
    ]
    if rules.product == "linear":
        notes.append(contract_note(rules, assumptions.futures))
    if Format.L2 in kinds:
        notes.append(
            f"{name}: the recorded snapshot stands before the first message; old diffs follow"
        )
    for kind, touch in (
        (Format.AGG_TRADES, assumptions.bars.trades),
        (Format.BINANCE_BARS, assumptions.bars.bars),
        (Format.QUOTE_VOLUME_BARS, assumptions.bars.bars),
    ):
        if kind in kinds:
            notes.append(
                f"{name}: {kind.value} without depth: one level a side, spread "
                f"{touch.spread_ticks} tick or {plain_e8(touch.spread_bps)} bps, the wider, "
                f"each side worth {plain_e8(touch.size_quote)} {rules.quote}; beyond it a "
                f"resting order waits behind {beyond}"
            )
    if Format.QUOTE_VOLUME_BARS in kinds:
        notes.append(f"{name}: FTX stamps taken as open times; base volume is volume / close")
    return notes


def _read(file: _File, rules: SymbolRules, assumptions: Assumptions) -> Iterator[Record]:
    if file.detected.kind is Format.RECORDING:
        return recording.read(file.path, file.symbol)
    if file.detected.kind is Format.L2:
        return l2.Reader(file.path).records()
    if file.detected.kind is Format.AGG_TRADES:
        return agg_trades.read(
            file.path,
            rules,
            assumed=assumptions.bars.trades,
            has_header=file.detected.has_header,
        )
    return bars.read(file.path, rules, assumed=assumptions.bars.bars, detected=file.detected)
