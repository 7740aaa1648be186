"""Read a recording back: its rows in order, as values or as the market events they were.

The segments of a session follow each other without a hole in `seq`; where one is missing, a gap
of all symbols stands in its place, so nobody builds a book across it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from holdfast.domain.ids import Symbol
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
from holdfast.errors import DataError
from holdfast.recording.form import FORM, METADATA_KEY, SUFFIX, About, Kind, arrow

BATCH_ROWS = 8_192
_ABOUT = msgspec.json.Decoder(About)


class Segment(msgspec.Struct, frozen=True):
    """One file of a recording and what it says of itself."""

    path: Path
    about: About
    rows: int


class Gap(msgspec.Struct, frozen=True):
    """Messages of a symbol are missing here, or of all where it is empty."""

    symbol: Symbol
    note: str
    at_ns: int


def segments_of(path: Path) -> list[Segment]:
    """Give the segments of a folder or file, in their order; DataError names what is wrong."""
    if not path.exists():
        raise DataError(f"{path} does not exist; a recording is a folder or a {SUFFIX} file")
    files = [path] if path.is_file() else sorted(path.rglob(f"*{SUFFIX}"))
    if not files:
        raise DataError(f"{path} holds no {SUFFIX} file, so no recording")
    found = [_segment(file) for file in files]
    return sorted(found, key=lambda one: (one.about.session, one.about.segment))


def _segment(path: Path) -> Segment:
    pa = arrow()
    try:
        meta = pa.parquet.read_metadata(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is no Parquet file that can be read: {error}") from None
    try:
        about = _ABOUT.decode((meta.metadata or {}).get(METADATA_KEY, b""))
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise DataError(f"{path} is Parquet, but no recording of this program") from None
    if about.form != FORM:
        raise DataError(f"{path} has the form {about.form}; this program reads {FORM}")
    return Segment(path, about, meta.num_rows)


def rows_of(segment: Segment) -> Iterator[dict[str, Any]]:
    """Give the rows of a segment as plain values; DataError where a page is damaged."""
    pa = arrow()
    try:
        with pa.parquet.ParquetFile(segment.path, page_checksum_verification=True) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{segment.path} is damaged: {error}") from None


def events_of(segments: list[Segment]) -> Iterator[MarketEvent | Gap]:
    """Give what was recorded, in order; a hole between segments is a gap of all symbols."""
    session, next_seq = "", 1
    for segment in segments:
        instruments = {
            one.symbol: one
            for one in msgspec.convert(segment.about.instruments, list[Instrument])
        }
        if segment.about.session != session:
            if session:
                yield Gap(Symbol(""), f"session {segment.about.session} begins", 0)
            session, next_seq = segment.about.session, 1
        for row in rows_of(segment):
            if row["seq"] != next_seq:
                note = f"rows {next_seq} to {row['seq'] - 1} of session {session} are missing"
                yield Gap(Symbol(""), note, row["received_at_ns"])
            next_seq = row["seq"] + 1
            yield _event(row, instruments, segment.path)


def _event(
    row: dict[str, Any], instruments: dict[Symbol, Instrument], path: Path
) -> MarketEvent | Gap:
    try:
        kind = Kind(row["kind"])
        if kind is Kind.GAP:
            return Gap(Symbol(row["symbol"]), row["note"], row["received_at_ns"])
        event: MarketEvent = _EVENTS[kind](row, instruments[Symbol(row["symbol"])])
        return event
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}, row {row.get('seq')}: {error!r} cannot be read") from None


def _levels(instrument: Instrument, levels: list[dict[str, str]]) -> list[Level]:
    return [
        (instrument.price(level["price"]), instrument.quantity(level["quantity"]))
        for level in levels
    ]


def _snapshot(row: dict[str, Any], instrument: Instrument) -> DepthSnapshot:
    return DepthSnapshot(
        instrument.symbol,
        row["last_id"],
        _levels(instrument, row["bids"]),
        _levels(instrument, row["asks"]),
        row["received_at_ns"],
    )


def _depth(row: dict[str, Any], instrument: Instrument) -> DepthDiff:
    return DepthDiff(
        instrument.symbol,
        row["first_id"],
        row["last_id"],
        row["previous_id"],
        _levels(instrument, row["bids"]),
        _levels(instrument, row["asks"]),
        row["venue_at_ns"],
        row["received_at_ns"],
    )


def _top(row: dict[str, Any], instrument: Instrument) -> BookTop:
    return BookTop(
        instrument.symbol,
        row["last_id"],
        instrument.price(row["bid"]),
        instrument.quantity(row["bid_quantity"]),
        instrument.price(row["ask"]),
        instrument.quantity(row["ask_quantity"]),
        row["venue_at_ns"],
        row["received_at_ns"],
    )


def _trade(row: dict[str, Any], instrument: Instrument) -> TradePrint:
    return TradePrint(
        instrument.symbol,
        row["last_id"],
        instrument.price(row["price"]),
        instrument.quantity(row["quantity"]),
        row["buyer_is_maker"],
        row["venue_at_ns"],
        row["received_at_ns"],
    )


def _mark(row: dict[str, Any], instrument: Instrument) -> MarkPrice:
    return MarkPrice(
        instrument.symbol,
        instrument.price(row["price"]),
        instrument.price(row["index"]),
        row["rate"],
        row["next_at_ns"],
        row["venue_at_ns"],
        row["received_at_ns"],
    )


_EVENTS: dict[Kind, Any] = {
    Kind.SNAPSHOT: _snapshot,
    Kind.DEPTH: _depth,
    Kind.TOP: _top,
    Kind.TRADE: _trade,
    Kind.MARK: _mark,
}
