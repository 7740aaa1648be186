"""Small pieces of HTML; every text that a table, list or figure shows is escaped here."""

from collections.abc import Sequence
from decimal import Decimal
from html import escape

from holdfast.domain.money import canonical

_NARROW_COLUMNS = 3
MINUS = "\N{MINUS SIGN}"


def section(heading: str, *parts: str, note: str = "") -> str:
    """Wrap parts under a heading; nothing is written when all of them are empty."""
    body = "".join(parts)
    if not body:
        return ""
    said = f'<p class="said">{escape(note)}</p>' if note else ""
    return f"<section><h2>{escape(heading)}</h2>{said}{body}</section>"


def paragraph(text: str, *, css: str = "said") -> str:
    """Write a paragraph."""
    return f'<p class="{css}">{escape(text)}</p>'


def bullets(items: Sequence[str]) -> str:
    """Write a list; nothing when it is empty."""
    lines = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<ul>{lines}</ul>" if lines else ""


def table(
    caption: str,
    columns: Sequence[str],
    *,
    rows: Sequence[Sequence[str]],
    emphasized: frozenset[int] = frozenset(),
) -> str:
    """Write a table; a column whose name starts with `#` holds numbers, aligned right.

    `emphasized` are the numbers of rows that sum up others. A table without rows is nothing.
    """
    if not rows:
        return ""
    numeric = [column.startswith("#") for column in columns]
    narrow = " class=narrow" if len(columns) <= _NARROW_COLUMNS else ""
    head = "".join(
        f'<th scope="col"{_number(is_number)}>{escape(column.removeprefix("#"))}</th>'
        for column, is_number in zip(columns, numeric, strict=True)
    )
    body = "".join(
        f"<tr{' class=sum' if index in emphasized else ''}>{_cells(row, numeric)}</tr>"
        for index, row in enumerate(rows)
    )
    return (
        f'<div class="scroll"><table{narrow}><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(row: Sequence[str], numeric: Sequence[bool]) -> str:
    return "".join(
        f"<td{_number(is_number)}>{escape(cell)}</td>"
        for cell, is_number in zip(row, numeric, strict=True)
    )


def _number(is_number: bool) -> str:
    return " class=n" if is_number else ""


def figure(label: str, value: str, *, note: str = "", tone: str = "") -> str:
    """Write one of the key figures: a label, a large value and what it is measured against."""
    small = f'<span class="note">{escape(note)}</span>' if note else ""
    return (
        f'<div class="figure {tone}"><dt>{escape(label)}</dt>'
        f"<dd>{escape(value)}{small}</dd></div>"
    )


def exact_text(value: Decimal | str, *, decimals: int = 0) -> str:
    """Write a number with all of its digits, grouped by three; an empty text stays empty."""
    text = value if isinstance(value, str) else canonical(value)
    if not text:
        return ""
    whole, _, fraction = text.removeprefix("-").partition(".")
    fraction = fraction.ljust(decimals, "0")
    grouped = f"{int(whole or 0):,}" + (f".{fraction}" if fraction else "")
    return MINUS + grouped if text.startswith("-") else grouped


def decimals_in(values: Sequence[Decimal]) -> int:
    """Tell how many decimals the longest of some numbers has."""
    return max((len(canonical(v).partition(".")[2]) for v in values), default=0)


def rounded_text(value: Decimal, decimals: int = 2) -> str:
    """Write a number for a glance, rounded half to even; tables have all digits."""
    text = f"{value:,.{decimals}f}"
    if text.startswith("-"):
        return MINUS + text[1:] if text.strip("-0.,") else text[1:]
    return text


def signed_text(value: Decimal, decimals: int = 2) -> str:
    """Write a number for a glance with its sign."""
    text = rounded_text(value, decimals)
    return f"+{text}" if value > 0 and text.strip("0.,") else text
