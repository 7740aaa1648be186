"""The part of a report about orders, fills, refusals and what happened to the run."""

from collections import Counter
from collections.abc import Sequence

from holdfast.reports.axes import time_text
from holdfast.reports.markup import exact_text, section, table
from holdfast.reports.story import Story, Trade

FILLS_SHOWN = 100
ROWS_SHOWN = 40

_OUTCOMES = (
    ("filled", "Filled"),
    ("partially_filled", "Partly filled, still open"),
    ("accepted", "Resting"),
    ("approved", "Approved, not yet answered"),
    ("unknown", "Unknown: the answer was lost"),
    ("canceled", "Canceled"),
    ("expired", "Expired by the venue"),
    ("rejected", "Rejected by the venue"),
    ("not_sent", "Withheld by the gateway"),
)


def trading_part(story: Story) -> str:
    """Write everything about orders and refusals."""
    return section("Orders", _outcomes(story)) + section("Refusals by gate", _refusals(story))


def history_part(story: Story) -> str:
    """Write fills, reconciliations and the run's own events."""
    return (
        section("Fills", *_fills(story.trades))
        + section("Reconciliations", _reconciliations(story))
        + section("Movements of the wallet", _movements(story))
        + section("What happened", _notable(story))
    )


def _outcomes(story: Story) -> str:
    counts = Counter(story.outcomes.values())
    total = sum(counts.values())
    rows = [
        (name, f"{counts[status]:,}", f"{100 * counts[status] / total:.1f} %")
        for status, name in _OUTCOMES
        if counts[status]
    ]
    rows.append(("All", f"{total:,}", ""))
    caption = "By the state that each order has at the end of the journal"
    last = frozenset({len(rows) - 1})
    return (
        table(caption, ("Outcome", "#Orders", "#Share"), rows=rows, emphasized=last)
        if total
        else ""
    )


def _refusals(story: Story) -> str:
    ranked = sorted(story.refusals.items(), key=lambda item: (-item[1].count, item[0]))
    rows = [
        (gate, strategy, f"{refusals.count:,}", refusals.reason)
        for (strategy, gate), refusals in ranked[:ROWS_SHOWN]
    ]
    columns = ("Gate", "Strategy", "#Refusals", "A reason it gave")
    return table("Equal refusals within a second are counted, not repeated", columns, rows=rows)


def _fills(trades: Sequence[Trade]) -> list[str]:
    if len(trades) <= 2 * FILLS_SHOWN:
        return [_fill_table(f"All {len(trades):,} fills", trades)]
    return [
        _fill_table(f"The first {FILLS_SHOWN} of {len(trades):,} fills", trades[:FILLS_SHOWN]),
        _fill_table(f"The last {FILLS_SHOWN} of {len(trades):,} fills", trades[-FILLS_SHOWN:]),
    ]


def _fill_table(caption: str, trades: Sequence[Trade]) -> str:
    rows = [
        (
            f"{trade.seq:,}",
            time_text(trade.at_ns),
            trade.strategy,
            trade.event.symbol,
            trade.event.side,
            exact_text(trade.event.last_quantity),
            exact_text(trade.event.last_price),
            exact_text(trade.event.fee),
            trade.event.fee_asset,
            trade.event.liquidity_side,
        )
        for trade in trades
    ]
    columns = (
        "#Record", "Time (UTC)", "Strategy", "Symbol", "Side", "#Quantity", "#Price", "#Fee",
        "Fee in", "Liquidity",
    )  # fmt: skip
    return table(caption, columns, rows=rows)


def _movements(story: Story) -> str:
    rows = [
        (kind, asset, f"{count:,}", exact_text(amount))
        for (kind, asset), (count, amount) in sorted(story.movements.items())
    ]
    columns = ("Kind, in the venue's word", "Asset", "#Count", "#Amount")
    return table("Funding and everything else that no execution moved", columns, rows=rows)


def _reconciliations(story: Story) -> str:
    known = story.reconciliations
    rows = [
        (
            time_text(at_ns),
            event.trigger,
            f"{event.orders:,}",
            f"{event.fills:,}",
            "clean" if event.clean else "not clean",
            "; ".join(event.differences) or "none",
        )
        for at_ns, event in known[:ROWS_SHOWN]
    ]
    columns = ("Time (UTC)", "Trigger", "#Orders", "#Fills", "Result", "Differences")
    return table(f"{len(known):,} comparisons with the venue", columns, rows=rows)


def _notable(story: Story) -> str:
    rows = [(time_text(n.at_ns), n.what, n.detail) for n in story.notable[: 2 * ROWS_SHOWN]]
    return table("Starts, stops, commands, halts", ("Time (UTC)", "What", "Detail"), rows=rows)
