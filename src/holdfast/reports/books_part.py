"""The part of a report that an accountant reads: identity, trial balance, positions, issues."""

from collections import Counter
from collections.abc import Iterable
from decimal import Context, Decimal, Inexact
from functools import reduce

from holdfast.domain.instrument import Instrument
from holdfast.domain.money import amount_text, exact
from holdfast.domain.order import PositionSide
from holdfast.domain.position import Position
from holdfast.ledger import CurrencyPnl, Difference
from holdfast.reports.markup import (
    bullets,
    decimals_in,
    exact_text,
    paragraph,
    section,
    table,
)
from holdfast.reports.story import Story

_EXACT = Context(prec=400, traps=[Inexact])
"""Wide enough for any sum or product of a journal's numbers; rounding raises."""


def books_part(story: Story) -> str:
    """Write everything that the ledger says."""
    differences = story.ledger.prove(story.marks)
    pnl = story.pnl()
    identities = [_identity(figures) for figures in pnl.currencies]
    unmarked = (
        paragraph(f"No mark was recorded for {', '.join(pnl.unmarked)}: valued at cost.")
        if pnl.unmarked
        else ""
    )
    several = (
        paragraph("There are several quote currencies and no rate between them: no total.")
        if len(pnl.currencies) > 1
        else ""
    )
    return (
        section("Profit and loss", *identities, several, unmarked, _proof(differences))
        + section("Positions by strategy", _positions(story))
        + section("Trial balance", _trial_balance(story))
        + section("Issues in the books", _issues(story))
    )


def _identity(figures: CurrencyPnl) -> str:
    parts = [
        ("Start: opening balances at their first mark", figures.start),
        ("+ Realized price result", figures.realized),
        ("+ Unrealized price result", figures.unrealized),
        ("\N{MINUS SIGN} Trading fees", figures.fees.copy_negate()),
        ("+ Funding", figures.funding),
        ("+ Interest", figures.interest),
        ("+ Adjusted to the venue, unexplained", figures.adjusted),
        ("+ Moved from other currencies without a rate", figures.converted),
    ]
    always = 5
    shown = [part for index, part in enumerate(parts) if index < always or part[1]]
    assets = [
        ("Cash", figures.cash),
        ("+ Inventory at mark", figures.inventory),
    ]
    lines = [
        *shown,
        ("= Start and result", reduce(_EXACT.add, (amount for _, amount in parts))),
        *assets,
        ("= Equity", figures.equity),
    ]
    decimals = decimals_in([amount for _, amount in lines])
    rows = [(name, exact_text(amount, decimals=decimals)) for name, amount in lines]
    caption = f"Identity in {figures.currency}, exact to the last digit"
    sums = frozenset({len(shown), len(rows) - 1})
    return table(caption, ("Part", f"#{figures.currency}"), rows=rows, emphasized=sums)


def _proof(differences: list[Difference]) -> str:
    if not differences:
        return paragraph(
            "Proved: debits equal credits, lots equal their accounts, assets equal their "
            "counts, and equity equals start plus result, without any difference.",
            css="proved",
        )
    lines = [
        f"{d.law}, {d.subject}: {d.left} against {d.right}, differs by {d.difference}"
        for d in differences
    ]
    return paragraph("The books do not prove:", css="failed") + bullets(lines)


def _positions(story: Story) -> str:
    fees: dict[tuple[str, str], Decimal] = {}
    fills: Counter[tuple[str, str]] = Counter()
    for trade in story.trades:
        key = (trade.strategy, trade.event.symbol)
        fills[key] += 1
        fees[key] = _EXACT.add(fees.get(key, Decimal(0)), exact(trade.event.fee_value or "0"))
    rows = []
    for (strategy, symbol, side), position in sorted(
        story.account.positions.items(), key=lambda item: (item[0][0], item[0][1])
    ):
        instrument = story.account.instruments[symbol]
        name = symbol if side is PositionSide.BOTH else f"{symbol} {side.value}"
        rows.append(
            (
                strategy,
                name,
                exact_text(instrument.quantity_text(position.quantity)),
                *_valued(position, instrument, mark=story.marks.get(symbol)),
                exact_text(fees.get((strategy, symbol), Decimal(0))),
                f"{fills[strategy, symbol]:,}",
                instrument.quote,
            )
        )
    columns = (
        "Strategy", "Symbol", "#Position", "#Average price", "#Mark", "#Unrealized",
        "#Realized", "#Fees at value", "#Fills", "Currency",
    )  # fmt: skip
    return table("At the end of the journal; realized is without fees", columns, rows=rows)


def _valued(
    position: Position, instrument: Instrument, *, mark: str | None
) -> tuple[str, str, str, str]:
    """Give average price (for a glance), mark, unrealized and realized as text."""
    average = unrealized = ""
    if position.quantity:
        estimate = position.cost / position.quantity / 10**instrument.price_exponent
        average = f"{estimate:,.8f}".rstrip("0").rstrip(".")
    if mark:
        quantity = exact(instrument.quantity_text(position.quantity))
        cost = exact(amount_text(instrument.notional(1, position.cost)))
        value = _EXACT.multiply(quantity, exact(mark))
        unrealized = exact_text(_EXACT.subtract(value, cost))
    realized = amount_text(instrument.notional(1, position.realized))
    return average, exact_text(mark or ""), unrealized, exact_text(realized)


def _trial_balance(story: Story) -> str:
    balances = story.ledger.trial_balance()
    rows = [
        (row.account, row.currency, exact_text(row.debit), exact_text(row.credit))
        for row in balances
    ]
    currencies = sorted({row.currency for row in balances})
    for currency in currencies:
        mine = [row for row in balances if row.currency == currency]
        debit = _sum(row.debit for row in mine)
        rows.append(("Sum", currency, debit, _sum(row.credit for row in mine)))
    caption = "Every account with a balance; debits equal credits in each currency"
    sums = frozenset(range(len(balances), len(rows)))
    columns = ("Account", "Currency", "#Debit", "#Credit")
    return table(caption, columns, rows=rows, emphasized=sums)


def _sum(texts: Iterable[str]) -> str:
    return exact_text(reduce(_EXACT.add, (exact(text or "0") for text in texts), Decimal(0)))


def _issues(story: Story) -> str:
    issues = story.ledger.issues
    rows = [
        (str(issue.seq), issue.code, issue.asset, issue.quantity, issue.message)
        for issue in issues[:50]
    ]
    columns = ("#Record", "Code", "Asset", "#Quantity", "What it means")
    return table(f"{story.ledger.issue_count:,} in all", columns, rows=rows)
