"""What a benchmark gives: rows of numbers with their baselines, or the reason for none."""

from typing import Any

Row = dict[str, Any]


def skipped(name: str, reason: str) -> Row:
    """Say why something was not measured."""
    return {"name": name, "skipped": reason}
