"""`holdfast data`: record market streams, look at recordings, fetch published market data."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.cli.output import write_out
from holdfast.domain.counted import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast.runtime.fetch import FetchOptions
    from holdfast.runtime.record import RecordOptions


def add(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser("data", help="record, replay, look at and fetch market data")
    kinds = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_record(kinds)
    replay = kinds.add_parser("replay", help="give a recording's messages, one JSON line each")
    replay.add_argument("path", type=Path, help="a recording: a folder or one of its segments")
    replay.add_argument("--symbol", action="append", default=[], metavar="S")
    replay.set_defaults(verb=_replay)
    info = kinds.add_parser("info", help="say what a recording holds, and what is missing")
    info.add_argument("path", type=Path)
    info.add_argument("--json", action="store_true", help="print one JSON object")
    info.set_defaults(verb=_info)
    _add_fetch(kinds)


def _add_record(kinds: Any) -> None:
    parser = kinds.add_parser(
        "record",
        help="record a venue's market streams to Parquet",
        description="Needs no key. Ends with Ctrl-C, whole up to its last message.",
    )
    option = parser.add_argument
    option("--venue", default="spot", metavar="NETWORK", help="spot, usdm, spot-testnet, ...")
    option("--venue-url", metavar="URL", help="a simulated exchange instead")
    option("--symbol", action="append", required=True, metavar="S")
    option("--out", type=Path, required=True, metavar="FOLDER")
    option("--for", dest="duration", metavar="1h", help="default: until Ctrl-C")
    option("--rotate", default="60s", metavar="60s", help="a segment's greatest length")
    option("--rows", type=int, default=100_000, metavar="N", help="a segment's most rows")
    option("--json", action="store_true", help="print one JSON object at the end")
    parser.set_defaults(verb=_record)


def _add_fetch(kinds: Any) -> None:
    parser = kinds.add_parser(
        "fetch", help="fetch what Binance publishes for download, checked by its checksums"
    )
    option = parser.add_argument
    option("--symbol", required=True, metavar="S")
    option("--from", dest="first", required=True, metavar="2025-10-04")
    option("--to", dest="last", metavar="2025-10-05", help="default: the same day")
    option("--out", type=Path, required=True, metavar="FOLDER")
    option("--product", choices=("spot", "usdm"), default="spot")
    option("--kind", choices=("klines", "aggTrades", "trades"), default="klines")
    option("--interval", default="1m", help="of klines (default: %(default)s)")
    option("--monthly", action="store_true", help="files of months instead of days")
    option("--source", metavar="URL|FOLDER", help="default: the venue's archive")
    option("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(verb=_fetch)


def _record(arguments: argparse.Namespace) -> int:
    from holdfast.cli.progress import counting
    from holdfast.runtime.loop import run_loop
    from holdfast.runtime.record import record

    options = _record_options(arguments)
    with counting("recording", is_shown=not arguments.json) as show:
        done = run_loop(
            record(
                options,
                progress=lambda said: show(
                    f"{said.rows:,} rows, {counted(said.segments, 'segment')}, "
                    f"{counted(said.gaps, 'gap')}"
                ),
            )
        )
    if arguments.json:
        write_out(
            json.dumps(
                {
                    "schema": "data-record/1",
                    "folder": done.folder,
                    "session": done.session,
                    "rows": done.rows,
                    "segments": done.segments,
                    "gaps": done.gaps,
                    "why": done.why,
                }
            )
            + "\n"
        )
    else:
        sys.stderr.write(
            f"{counted(done.rows, 'row')} in {counted(done.segments, 'segment')}, "
            f"{counted(done.gaps, 'gap')}: "
            f"{done.folder} ({done.why})\n"
        )
    return 0


def _record_options(arguments: argparse.Namespace) -> "RecordOptions":
    from holdfast.errors import UsageError
    from holdfast.recording.writer import Rotation
    from holdfast.runtime.options import parse_duration
    from holdfast.runtime.record import RecordOptions, venue_of

    if arguments.rows < 1:
        raise UsageError(f"--rows {arguments.rows}: a segment has at least one row")
    endpoints, is_usdm, name = venue_of(arguments.venue, arguments.venue_url)
    return RecordOptions(
        endpoints=endpoints,
        is_usdm=is_usdm,
        venue=name,
        symbols=tuple(dict.fromkeys(arguments.symbol)),
        folder=arguments.out,
        duration_ns=parse_duration(arguments.duration) if arguments.duration else 0,
        rotation=Rotation(
            rows=arguments.rows,
            length_ns=parse_duration(arguments.rotate, option="--rotate"),
        ),
    )


def _replay(arguments: argparse.Namespace) -> int:
    from holdfast.recording.reader import rows_of, segments_of

    wanted = set(arguments.symbol)
    for segment in segments_of(arguments.path):
        for row in rows_of(segment):
            if not wanted or row["symbol"] in wanted or not row["symbol"]:
                said = {name: value for name, value in row.items() if value is not None}
                write_out(json.dumps(said, separators=(",", ":")) + "\n")
    return 0


def _info(arguments: argparse.Namespace) -> int:
    import msgspec

    from holdfast.recording.survey import survey

    found = survey(arguments.path)
    if arguments.json:
        write_out(msgspec.json.encode(found).decode() + "\n")
    else:
        write_out("\n".join(found.as_lines()) + "\n")
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    import msgspec

    from holdfast.cli.progress import transferring
    from holdfast.runtime.fetch import fetch
    from holdfast.runtime.loop import run_loop

    options = _fetch_options(arguments)
    with transferring(is_shown=not arguments.json) as show:
        done = run_loop(fetch(options, progress=show))
    if arguments.json:
        write_out(msgspec.json.encode(done).decode() + "\n")
    else:
        sys.stderr.write(
            f"{counted(len(done.kept), 'file')} kept in {options.folder} "
            f"({done.size_bytes:,} bytes fetched), {len(done.known)} there before, "
            f"{len(done.missing)} not published\n"
        )
        for name in done.missing:
            sys.stderr.write(f"  not published: {name}\n")
    return 3 if done.missing and not done.kept and not done.known else 0


def _fetch_options(arguments: argparse.Namespace) -> "FetchOptions":
    from holdfast.runtime.fetch import ARCHIVE, FetchOptions

    day: Callable[[str, str], Any] = _day
    return FetchOptions(
        source=arguments.source or ARCHIVE,
        product=arguments.product,
        kind=arguments.kind,
        interval=arguments.interval,
        symbol=arguments.symbol,
        first=day("--from", arguments.first),
        last=day("--to", arguments.last or arguments.first),
        is_monthly=arguments.monthly,
        folder=arguments.out,
    )


def _day(option: str, text: str) -> Any:
    from datetime import date

    from holdfast.errors import UsageError

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} {text[:20]}: no date; write for example 2025-10-04"
        ) from None
