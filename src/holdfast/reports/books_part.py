"""The part of a report that an accountant reads: identity, trial balance, positions, issues."""

from collections.abc import Iterable

from holdfast.domain.money import exact
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
from holdfast.reports.sub_positions import sub_positions, total


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
        ("+ Other income and insurance of the venue", figures.other),
        ("+ Transferred into or out of the wallet", figures.transferred),
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
        ("= Start and result", total([amount for _, amount in parts])),
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
    known = sub_positions(story)
    rows = [
        (
            row.strategy,
            row.symbol,
            f"{row.fills:,}",
            exact_text(row.quantity),
            row.average_price,
            exact_text(row.mark),
            exact_text(row.realized),
            exact_text(row.unrealized),
            exact_text(row.fees),
            exact_text(row.result),
        )
        for row in known
    ]
    for currency in sorted({row.currency for row in known}):
        mine = [row for row in known if row.currency == currency]
        sums = (
            exact_text(total([row.realized for row in mine])),
            exact_text(total([row.unrealized for row in mine])),
            exact_text(total([row.fees for row in mine])),
            exact_text(total([row.result for row in mine])),
        )
        fills = f"{sum(row.fills for row in mine):,}"
        rows.append((f"All, {currency}", "", fills, "", "", "", *sums))
    columns = (
        "Strategy", "Symbol", "#Fills", "#Position", "#Average price", "#Mark", "#Realized",
        "#Unrealized", "#Fees", "#Result",
    )  # fmt: skip
    caption = (
        "Result = realized + unrealized \N{MINUS SIGN} fees. Opening balances belong to no "
        "strategy: their own price result is the rest of the account's."
    )
    sums_at = frozenset(range(len(known), len(rows)))
    return table(caption, columns, rows=rows, emphasized=sums_at)


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
    return exact_text(total([exact(text or "0") for text in texts]))


def _issues(story: Story) -> str:
    issues = story.ledger.issues
    rows = [
        (str(issue.seq), issue.code, issue.asset, issue.quantity, issue.message)
        for issue in issues[:50]
    ]
    columns = ("#Record", "Code", "Asset", "#Quantity", "What it means")
    return table(f"{story.ledger.issue_count:,} in all", columns, rows=rows)
