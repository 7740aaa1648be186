"""Run the benchmarks: a table on standard output, and rows in a file where one is named.

    python -m bench [--only NAME] [--out FILE.json]

NAME is a benchmark (`journal`, `tick_to_order`, ...) or how a row's name begins. What could not
be measured is said with its reason; a benchmark that fails lets the others go on and makes the
exit code 1.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.machine import machine
from bench.rows import Row, check

BENCHES = {
    "tick_to_order": ("tick_to_order",),
    "journal": ("journal",),
    "replay": ("replay",),
    "market": ("market", "strategy"),
    "ledger": ("ledger",),
    "intake": ("intake", "sustained"),
    "cycles": ("cycles",),
    "reconnect": ("reconnect",),
}
"""Each benchmark, and how the names of its rows begin."""
FIELDS = ("name", "value", "unit", "baseline", "baseline_value", "ratio", "n")
BAD_USAGE = 2


def main(arguments: list[str]) -> int:
    """Run what was asked for; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure holdfast.")
    parser.add_argument("--only", default="", help="a benchmark, or how a row's name begins")
    parser.add_argument("--out", type=Path, help="a file for the rows, as JSON")
    options = parser.parse_args(arguments)
    wanted = [name for name in BENCHES if chosen(name, options.only)]
    if not wanted:
        sys.stderr.write(f"bench: no {options.only}; there are {', '.join(BENCHES)}\n")
        return BAD_USAGE
    out = options.out.resolve() if options.out is not None else None
    if out is not None and not os.access(out.parent, os.W_OK):
        sys.stderr.write(f"bench: {options.out} cannot be written; name a file in a folder\n")
        return BAD_USAGE
    os.chdir(Path(__file__).parents[1])
    where = machine()
    console = Console(width=None if sys.stdout.isatty() else 118, highlight=False)
    console.print(where)
    measured: list[Row] = []
    failed = False
    for name in wanted:
        began = time.perf_counter()
        rows, fault = gather(import_module(f"bench.{name}").rows, only=options.only)
        measured += [{**row, "machine": where} for row in rows if "skipped" not in row]
        show(console, name, rows=rows, took_s=time.perf_counter() - began)
        if fault:
            failed = True
            console.print(f"  {name} failed: {fault}")
    if out is not None:
        out.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        console.print(f"\n{len(measured)} rows in {options.out}")
    return 1 if failed else 0


def chosen(bench: str, only: str) -> bool:
    """Tell whether a benchmark may have rows that were asked for."""
    begins = BENCHES[bench]
    return bench.startswith(only) or any(
        begin.startswith(only) or only.startswith(f"{begin}.") for begin in begins
    )


def gather(rows: Callable[[], Iterator[Row]], *, only: str) -> tuple[list[Row], str]:
    """Take the rows that were asked for, and why there are no more of them."""
    taken: list[Row] = []
    try:
        for row in rows():
            check(row)
            if row["name"].startswith(only) or only in BENCHES:
                taken.append(row)
    except (OSError, RuntimeError, ValueError) as error:
        return taken, " ".join(str(error).split())
    return taken, ""


def show(console: Console, name: str, *, rows: list[Row], took_s: float) -> None:
    """Print one benchmark's rows."""
    table = Table(box=None, pad_edge=False, title_justify="left", header_style="dim")
    table.add_column("measured")
    for column in ("value", "unit", "baseline", "its value", "ratio", "n"):
        left = column in ("unit", "baseline")
        table.add_column(column, justify="left" if left else "right")
    for row in rows:
        if "skipped" not in row:
            table.add_row(*(text(row[field]) for field in FIELDS))
    console.print(f"\n[bold]{name}[/bold]  ({took_s:.0f} s)")
    if table.row_count:
        console.print(table)
    for mode in dict.fromkeys(row["mode"] for row in rows if "mode" in row):
        console.print(f"  {mode}", style="dim")
    for row in rows:
        if "skipped" in row:
            console.print(f"  {row['name']}: not measured, {row['skipped']}")


def text(value: object) -> str:
    """Write a cell."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
