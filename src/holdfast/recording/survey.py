"""Look through a recording: what it holds, from when to when, and what is missing."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from holdfast.domain.counted import counted
from holdfast.domain.instant import NS_PER_S
from holdfast.recording.form import Kind
from holdfast.recording.reader import Gap, Segment, events_of, rows_of, segments_of

GAPS_SHOWN = 20


class SymbolSurvey(msgspec.Struct, kw_only=True):
    """What is recorded of one symbol; instants are those of receipt."""

    rows: dict[str, int]
    first_at_ns: int = 0
    last_at_ns: int = 0


class Survey(msgspec.Struct, kw_only=True):
    """What a recording holds; `gaps` are the first twenty of `gaps_count`."""

    schema: str = "recording-info/1"
    path: str
    venue: str
    product: str
    sessions: list[str]
    segments: int
    size_bytes: int
    rows: int = 0
    symbols: dict[str, SymbolSurvey] = {}
    gaps_count: int = 0
    gaps: list[dict[str, str]] = []

    def as_lines(self) -> list[str]:
        """Say it in lines for a person."""
        size = f"{self.size_bytes / 1e6:,.1f} MB"
        lines = [
            f"{self.path}: {self.rows:,} rows in {counted(self.segments, 'segment')}, {size}, "
            f"{self.venue} {self.product}"
        ]
        for symbol, one in sorted(self.symbols.items()):
            kinds = ", ".join(f"{count:,} {kind}" for kind, count in one.rows.items())
            lines.append(f"  {symbol}  {_time(one.first_at_ns)} to {_time(one.last_at_ns)}")
            lines.append(f"    {kinds}")
        lines.append(f"  gaps: {self.gaps_count}")
        lines += [
            f"    {gap['at']} {gap['symbol'] or 'all'}: {gap['note']}" for gap in self.gaps
        ]
        return lines


def survey(path: Path) -> Survey:
    """Read all of a recording, and every checksum in it; DataError names what is damaged."""
    segments = segments_of(path)
    found = Survey(
        path=str(path),
        venue=segments[0].about.venue,
        product=segments[0].about.product,
        sessions=sorted({segment.about.session for segment in segments}),
        segments=len(segments),
        size_bytes=sum(segment.path.stat().st_size for segment in segments),
        rows=sum(segment.rows for segment in segments),
    )
    for segment in segments:
        _count(found, rows_of(segment))
    for gap in _gaps(segments):
        found.gaps_count += 1
        if len(found.gaps) < GAPS_SHOWN:
            found.gaps.append({"at": _time(gap.at_ns), "symbol": gap.symbol, "note": gap.note})
    return found


def _count(found: Survey, rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        if row["kind"] == Kind.GAP.value:
            continue
        symbol = row["symbol"]
        one = found.symbols.get(symbol)
        if one is None:
            one = found.symbols[symbol] = SymbolSurvey(
                rows={}, first_at_ns=row["received_at_ns"]
            )
        one.rows[row["kind"]] = one.rows.get(row["kind"], 0) + 1
        one.last_at_ns = row["received_at_ns"]


def _gaps(segments: list[Segment]) -> Iterable[Gap]:
    return (event for event in events_of(segments) if isinstance(event, Gap))


def _time(at_ns: int) -> str:
    if not at_ns:
        return "-"
    at = datetime.fromtimestamp(at_ns // NS_PER_S, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ns % NS_PER_S // 1_000_000:03d}Z"
