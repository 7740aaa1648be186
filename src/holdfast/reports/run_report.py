"""The report of a run: one HTML file made from the journal's records alone.

It has no script, asks no network for anything, and stays small however long the run was. What a
journal does not hold, such as latencies, is given to it as plain numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from html import escape
from importlib.resources import files
from pathlib import Path

import msgspec

from holdfast.domain.event import Record
from holdfast.errors import UsageError
from holdfast.ledger import CurrencyPnl
from holdfast.reports.axes import duration_text, time_text
from holdfast.reports.books_part import books_part
from holdfast.reports.markup import (
    bullets,
    exact_text,
    figure,
    rounded_text,
    section,
    signed_text,
    table,
)
from holdfast.reports.pictures_part import equity_part, latency_part, price_part, results_part
from holdfast.reports.series import drawdown
from holdfast.reports.story import Story, read
from holdfast.reports.sub_positions import sub_positions, total
from holdfast.reports.trading_part import history_part, trading_part


class ReportExtra(msgspec.Struct, frozen=True, kw_only=True):
    """What a journal cannot say of itself; anything may be left out.

    `latency_us` are tick-to-order times, `market` names counts such as messages and gaps.
    """

    journal: str = ""
    head: str = ""
    state_hash: str = ""
    verified: bool | None = None
    latency_us: Sequence[float] = ()
    latency_note: str = ""
    market: Mapping[str, str] = {}


def write_report(records: Iterable[Record], path: Path, *, extra: ReportExtra) -> None:
    """Write the report of a journal's records; UsageError when the file cannot be written."""
    page = render(read(records), extra)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or "unknown error"
        raise UsageError(
            f"cannot write the report to {path}: {reason}; name a writable file"
        ) from error


def render(story: Story, extra: ReportExtra) -> str:
    """Give the whole page."""
    style = files("holdfast.reports").joinpath("run_report.css").read_text("utf-8")
    title = f"Holdfast: {_title(story)}"
    parts = (
        _header(story, extra),
        _figures(story),
        section("Assumptions of this run", bullets(story.notes)),
        equity_part(story),
        results_part(story),
        price_part(story),
        books_part(story),
        trading_part(story),
        latency_part(extra.latency_us, note=extra.latency_note),
        section("Market data", _market(extra)),
        history_part(story),
        _footer(story, extra),
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _title(story: Story) -> str:
    if story.run is None:
        return "A journal without a run"
    symbols = story.run.symbols
    named = ", ".join(symbols[:3]) + (f" and {len(symbols) - 3} more" if symbols[3:] else "")
    return f"{story.run.mode.capitalize()} run of {named}"


def _header(story: Story, extra: ReportExtra) -> str:
    mode = story.run.mode if story.run else "unknown"
    badges = [f'<span class="badge mode">{escape(mode)}</span>']
    if extra.verified is not None:
        css, text = ("good", "journal verified") if extra.verified else ("bad", "not verified")
        badges.append(f'<span class="badge {css}">{text}</span>')
    span = story.last_at_ns - story.first_at_ns
    facts = [
        f"{time_text(story.first_at_ns)} to {time_text(story.last_at_ns)} UTC",
        duration_text(span),
        f"ended: {story.ended}" if story.ended else "no end recorded",
    ]
    if story.run is not None:
        facts.append(f"strategies: {', '.join(story.run.strategies)}")
        facts.append(f"seed {story.run.seed}")
        facts.append(f"version {story.run.version}")
    line = "".join(f"<li>{escape(fact)}</li>" for fact in facts)
    return (
        f'<header><p class="mark">Holdfast {"".join(badges)}</p>'
        f"<h1>{escape(_title(story))}</h1>"
        f'<ul class="facts">{line}</ul></header>'
    )


def _figures(story: Story) -> str:
    shown = "".join(_figures_of(story, figures) for figures in story.pnl().currencies)
    return f'<dl class="figures">{shown}</dl>' if shown else ""


def _figures_of(story: Story, figures: CurrencyPnl) -> str:
    currency = figures.currency
    tone = "gain" if figures.net > 0 else "loss" if figures.net < 0 else ""
    share = f"{signed_text(100 * figures.net / figures.start, 3)} %" if figures.start else ""
    fallen = drawdown(story.equity.get(currency, []))
    deepest = min((part for _, part in fallen), default=0.0)
    mine = [trade for trade in story.trades if story.quote(trade) == currency]
    volume = sum(
        (Decimal(t.event.last_price) * Decimal(t.event.last_quantity) for t in mine), Decimal(0)
    )
    own = total([row.result for row in sub_positions(story) if row.currency == currency])
    rest = "" if own == figures.net else "the rest: opening balances"
    return "".join(
        (
            figure(f"Net result, {currency}", signed_text(figures.net), note=share, tone=tone),
            figure("By strategies", signed_text(own), note=rest),
            figure("Deepest drawdown", f"{rounded_text(Decimal(deepest * 100), 3)} %"),
            figure("Fees", rounded_text(figures.fees), note=currency),
            figure("Fills", f"{len(mine):,}", note=f"of {len(story.outcomes):,} orders"),
            figure("Volume", rounded_text(volume, 0), note=currency),
        )
    )


def _market(extra: ReportExtra) -> str:
    rows = [
        (name.replace("_", " "), exact_text(text) if text.isdecimal() else text)
        for name, text in extra.market.items()
    ]
    return table("Counted by the trader's feeds", ("What", "#Count"), rows=rows)


def _footer(story: Story, extra: ReportExtra) -> str:
    facts = [
        ("Account", story.ledger.account),
        ("Journal", extra.journal),
        ("Journal id", story.journal.journal_id if story.journal else ""),
        ("Records", f"{story.events:,}"),
        ("Head", extra.head),
        ("State hash", extra.state_hash),
    ]
    lines = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts if value
    )
    return f'<footer><dl class="hashes">{lines}</dl></footer>'
