"""The laws of the books, checked exactly; what does not hold is returned, never rounded away.

The check compares records that were kept apart: accounts, lots, and plain counts of assets.
"""

from collections.abc import Mapping

from holdfast.ledger import chart
from holdfast.ledger.amount import UNIT, money_text
from holdfast.ledger.books import Books, Holding
from holdfast.ledger.pnl import held, prices_of, value_at


def prove(books: Books, marks: Mapping[str, str]) -> list[chart.Difference]:
    """Give every law that does not hold, with both sides; an empty list is a proof."""
    return [
        *_balanced(books),
        *_lots_are_posted(books),
        *_lots_are_counted(books),
        *_identity(books, marks),
    ]


def trial_balance(books: Books) -> list[chart.TrialRow]:
    """Give every account with a balance, by name; debits equal credits in each currency."""
    return [
        chart.TrialRow(
            account,
            currency,
            money_text(amount) if amount > 0 else "",
            money_text(-amount) if amount < 0 else "",
        )
        for (account, currency), amount in sorted(books.balances.items())
        if amount
    ]


def _balanced(books: Books) -> list[chart.Difference]:
    """Debits equal credits in every currency."""
    debits: dict[str, int] = {}
    credits: dict[str, int] = {}
    for (_, currency), amount in books.balances.items():
        side = debits if amount > 0 else credits
        side[currency] = side.get(currency, 0) + abs(amount)
    return [
        _difference(
            "debits = credits", currency, debits.get(currency, 0), credits.get(currency, 0)
        )
        for currency in sorted(debits.keys() | credits.keys())
        if debits.get(currency, 0) != credits.get(currency, 0)
    ]


def _lots_are_posted(books: Books) -> list[chart.Difference]:
    """What the lots cost is what their account says."""
    found = []
    for holding in _all(books):
        recount = sum(cost for _, cost in holding.lots.open_lots())
        accounts = {holding.long_account, holding.short_account}
        posted = sum(books.balances.get((a, holding.currency), 0) for a in accounts)
        if recount != posted:
            subject = f"{holding.asset} in {holding.currency}"
            found.append(_difference("lots at cost = account", subject, recount, posted))
    return found


def _lots_are_counted(books: Books) -> list[chart.Difference]:
    """Lots and cash of an asset add up to what events moved of it."""
    quantities: dict[str, int] = {}
    for (account, currency), amount in books.balances.items():
        if account == chart.CASH:
            quantities[currency] = quantities.get(currency, 0) + amount
    for holding in _all(books):
        total = sum(quantity for quantity, _ in holding.lots.open_lots()) * UNIT
        quantities[holding.asset] = quantities.get(holding.asset, 0) + total
    return [
        _difference(
            "lots + cash = count", asset, quantities.get(asset, 0), books.counts.get(asset, 0)
        )
        for asset in sorted(quantities.keys() | books.counts.keys())
        if quantities.get(asset, 0) != books.counts.get(asset, 0)
    ]


def _identity(books: Books, marks: Mapping[str, str]) -> list[chart.Difference]:
    """Cash + inventory at mark = start + transferred + adjusted + converted + realized
    + unrealized - fees + funding + interest + other, with unrealized added up lot by lot.
    """
    prices = prices_of(books, marks)
    found = []
    for currency in sorted({currency for _, currency in books.balances}):
        mine = [holding for holding in held(books) if holding.currency == currency]
        equity = books.balances.get((chart.CASH, currency), 0)
        equity += sum(value_at(holding, prices) for holding in mine)
        explained = sum(_unrealized(holding, prices) for holding in mine)
        explained -= sum(
            amount
            for (account, of), amount in books.balances.items()
            if of == currency and not account.startswith("assets:")
        )
        if equity != explained:
            found.append(_difference("equity = start + result", currency, equity, explained))
    return found


def _unrealized(holding: Holding, prices: Mapping[tuple[str, str], int]) -> int:
    price = prices.get((holding.long_account, holding.currency))
    if price is None:
        return 0
    return sum(quantity * price - cost for quantity, cost in holding.lots.open_lots())


def _all(books: Books) -> list[Holding]:
    return [*books.spot.values(), *books.contracts.values()]


def _difference(law: str, subject: str, left: int, right: int) -> chart.Difference:
    return chart.Difference(
        law, subject, money_text(left), money_text(right), money_text(left - right)
    )
