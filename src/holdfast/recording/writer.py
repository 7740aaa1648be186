"""Write a recording: rows are collected, and leave as whole segments.

A segment ends after so many rows or so much time, whichever is first, so what a crash can lose
is bounded by both; memory is bounded by the rows of one segment.
"""

from pathlib import Path
from typing import Any

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_S
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
from holdfast.recording.form import (
    COLUMNS,
    PART_SUFFIX,
    SUFFIX,
    About,
    Kind,
    arrow,
    schema,
)

COMPRESSION_LEVEL = 6
_PLACE = {name: place for place, name in enumerate(COLUMNS)}


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """When a segment ends."""

    rows: int = 100_000
    length_ns: int = 60 * NS_PER_S


class SessionTaken(DataError):
    """A session of this name is in the folder, or is being recorded there."""


class RecordingWriter:
    """Records one session into a folder; a name belongs to the writer that was there first."""

    def __init__(
        self,
        folder: Path,
        instruments: list[Instrument],
        *,
        venue: str,
        session: str,
        rotation: Rotation | None = None,
    ) -> None:
        """Make the folder and claim the name; DataError when either cannot be."""
        self.rows = 0
        self.segments: list[Path] = []
        self._folder = folder
        self._rotation = rotation or Rotation()
        self._instruments = {one.symbol: one for one in instruments}
        self._about = About(
            venue=venue,
            product=instruments[0].product.value,
            session=session,
            segment=0,
            instruments=[msgspec.to_builtins(one) for one in instruments],
        )
        self._columns: list[list[Any]] = [[] for _ in COLUMNS]
        self._began_ns = 0
        arrow()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            known = sorted(folder.glob(f"{session}-*{SUFFIX}*"))
            if not known:
                self._part(0).touch(exist_ok=False)
        except OSError as error:
            if not (isinstance(error, FileExistsError) and folder.is_dir()):
                raise DataError(f"{folder}: nothing can be recorded there ({error})") from None
            known = [self._part(0)]
        if known:
            raise SessionTaken(f"{known[0]} is there already; give the session another name")

    def add(self, event: MarketEvent, *, received_at_ns: int) -> None:
        """Record a message; DataError when its segment cannot be written."""
        _ROWS[type(event)](self, event)
        self._end_row(received_at_ns)

    def gap(self, symbol: Symbol, note: str, *, at_ns: int) -> None:
        """Mark that messages of a symbol, or with an empty one of all, are missing here."""
        self._begin_row(Kind.GAP, symbol, note=note, venue_at_ns=0, received_at_ns=at_ns)
        self._end_row(at_ns)

    def close(self) -> None:
        """Write what is left; idempotent."""
        self.rotate()
        if not self.segments:
            self._part(0).unlink(missing_ok=True)

    def rotate(self) -> None:
        """End the present segment, and write it as a whole."""
        if not self._columns[0]:
            return
        pa = arrow()
        about = msgspec.structs.replace(self._about, segment=len(self.segments))
        part = self._part(about.segment)
        place = part.with_suffix("")
        form = schema(about)
        arrays = [
            pa.array(column, type=form.field(name).type)
            for name, column in zip(COLUMNS, self._columns, strict=True)
        ]
        try:
            pa.parquet.write_table(
                pa.Table.from_arrays(arrays, schema=form),
                part,
                compression="zstd",
                compression_level=COMPRESSION_LEVEL,
                write_page_checksum=True,
            )
            part.replace(place)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise DataError(f"{part}: the segment cannot be written ({error})") from None
        self.segments.append(place)
        self._columns = [[] for _ in COLUMNS]

    def _part(self, segment: int) -> Path:
        """Name the file in which a segment grows; the first one claims the session's name."""
        return self._folder / f"{self._about.session}-{segment:06d}{SUFFIX}{PART_SUFFIX}"

    def _begin_row(self, kind: Kind, symbol: Symbol, **values: Any) -> None:
        self.rows += 1
        values |= {"seq": self.rows, "kind": kind.value, "symbol": symbol}
        for name, column in zip(COLUMNS, self._columns, strict=True):
            column.append(values.get(name))

    def _end_row(self, now_ns: int) -> None:
        count = len(self._columns[0])
        if count == 1:
            self._began_ns = now_ns
        if count >= self._rotation.rows or now_ns >= self._began_ns + self._rotation.length_ns:
            self.rotate()

    def _levels(self, instrument: Instrument, levels: list[Level]) -> list[dict[str, str]]:
        price, quantity = instrument.price_text, instrument.quantity_text
        return [{"price": price(p), "quantity": quantity(q)} for p, q in levels]

    def _snapshot(self, event: DepthSnapshot) -> None:
        instrument = self._instruments[event.symbol]
        self._begin_row(
            Kind.SNAPSHOT,
            event.symbol,
            venue_at_ns=0,
            received_at_ns=event.received_at_ns,
            last_id=event.last_id,
            bids=self._levels(instrument, event.bids),
            asks=self._levels(instrument, event.asks),
        )

    def _depth(self, event: DepthDiff) -> None:
        instrument = self._instruments[event.symbol]
        self._begin_row(
            Kind.DEPTH,
            event.symbol,
            venue_at_ns=event.venue_at_ns,
            received_at_ns=event.received_at_ns,
            first_id=event.first_id,
            last_id=event.last_id,
            previous_id=event.previous_id,
            bids=self._levels(instrument, event.bids),
            asks=self._levels(instrument, event.asks),
        )

    def _top(self, event: BookTop) -> None:
        instrument = self._instruments[event.symbol]
        self._begin_row(
            Kind.TOP,
            event.symbol,
            venue_at_ns=event.venue_at_ns,
            received_at_ns=event.received_at_ns,
            last_id=event.update_id,
            bid=instrument.price_text(event.bid),
            bid_quantity=instrument.quantity_text(event.bid_quantity),
            ask=instrument.price_text(event.ask),
            ask_quantity=instrument.quantity_text(event.ask_quantity),
        )

    def _trade(self, event: TradePrint) -> None:
        instrument = self._instruments[event.symbol]
        self._begin_row(
            Kind.TRADE,
            event.symbol,
            venue_at_ns=event.venue_at_ns,
            received_at_ns=event.received_at_ns,
            last_id=event.trade_id,
            price=instrument.price_text(event.price),
            quantity=instrument.quantity_text(event.quantity),
            buyer_is_maker=event.buyer_is_maker,
        )

    def _mark(self, event: MarkPrice) -> None:
        instrument = self._instruments[event.symbol]
        self._begin_row(
            Kind.MARK,
            event.symbol,
            venue_at_ns=event.venue_at_ns,
            received_at_ns=event.received_at_ns,
            price=instrument.price_text(event.mark),
            index=instrument.price_text(event.index),
            rate=event.funding_rate,
            next_at_ns=event.next_funding_at_ns,
        )


_ROWS: dict[type, Any] = {
    DepthSnapshot: RecordingWriter._snapshot,
    DepthDiff: RecordingWriter._depth,
    BookTop: RecordingWriter._top,
    TradePrint: RecordingWriter._trade,
    MarkPrice: RecordingWriter._mark,
}
