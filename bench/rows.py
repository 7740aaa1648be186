"""What a benchmark gives: rows of numbers with their baselines, or the reason for none.

A row has name, value, unit, baseline, baseline_value, ratio and n; `mode` says under which
conditions, where a name does not say it all. The table and the file add the machine.
"""

from typing import Any

Row = dict[str, Any]
NUMBERS = ("value", "baseline_value", "ratio", "n")
TEXTS = ("name", "unit", "baseline")


def skipped(name: str, reason: str) -> Row:
    """Say why something was not measured."""
    return {"name": name, "skipped": reason}


def check(row: Row) -> None:
    """Refuse a row that lacks something; ValueError names it."""
    if "skipped" in row:
        return
    for field in NUMBERS:
        if type(row.get(field)) not in (int, float):
            raise ValueError(f"row {row.get('name')}: {field} is {row.get(field)!r}, no number")
    for field in TEXTS:
        if not isinstance(row.get(field), str) or not row[field]:
            raise ValueError(f"row {row.get('name')}: {field} is {row.get(field)!r}, no text")
