"""Profit and loss per currency, as the figures of one identity.

    cash + inventory at mark = start + adjusted + converted + realized + unrealized
                               - fees + funding + interest

`adjusted` is what nobody explained, `converted` what came from another currency's books without
a rate; both are zero in a run of one currency whose balances tie out.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from holdfast.domain.money import canonical
from holdfast.ledger import chart
from holdfast.ledger.amount import money, quantity_units
from holdfast.ledger.books import Books, Holding


class CurrencyPnl(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one currency, exact; `net` is the result, `equity` what is there."""

    currency: str
    start: Decimal
    transferred: Decimal
    adjusted: Decimal
    converted: Decimal
    realized: Decimal
    unrealized: Decimal
    fees: Decimal
    funding: Decimal
    interest: Decimal
    other: Decimal
    net: Decimal
    cash: Decimal
    inventory: Decimal
    equity: Decimal


class Pnl(msgspec.Struct, frozen=True):
    """Every currency's figures; `unmarked` assets are at cost for want of a mark."""

    currencies: tuple[CurrencyPnl, ...]
    unmarked: tuple[str, ...]

    @property
    def total(self) -> CurrencyPnl | None:
        """Give the figures of the only currency; None when there are several, or none."""
        return self.currencies[0] if len(self.currencies) == 1 else None


class LedgerSummary(msgspec.Struct, frozen=True):
    """The `pnl` object of `run --json`.

    With several quote currencies there is no total without a rate: the figures are empty,
    `currency` names them all, and `by_currency` has each.
    """

    realized: str
    unrealized: str
    fees: str
    funding: str
    net: str
    currency: str
    by_currency: tuple["LedgerSummary", ...] = ()
    other: str = "0"


def pnl(books: Books, marks: Mapping[str, str]) -> Pnl:
    """Value the books; a symbol that is not in `marks` keeps its last recorded mark."""
    prices = prices_of(books, marks)
    figures = tuple(_figures(books, c, prices=prices) for c in valued_currencies(books))
    unmarked = {h.asset for h in held(books) if (h.long_account, h.currency) not in prices}
    return Pnl(figures, tuple(sorted(unmarked)))


def summarize(result: Pnl) -> LedgerSummary:
    """Write the figures as text for `run --json`."""
    each = tuple(_summary(figures) for figures in result.currencies)
    if len(each) == 1:
        return each[0]
    if not each:
        return LedgerSummary("0", "0", "0", "0", "0", "")
    return LedgerSummary("", "", "", "", "", ",".join(s.currency for s in each), each, "")


def prices_of(books: Books, marks: Mapping[str, str]) -> dict[tuple[str, str], int]:
    """Give the price of each holding: from `marks`, else the last recorded one."""
    prices = dict(books.marks)
    for symbol, price in marks.items():
        instrument = books.instruments.get(symbol)
        if instrument is not None:
            holding = books.holding(instrument)
            prices[holding.long_account, holding.currency] = quantity_units(price)
    return prices


def held(books: Books) -> Iterator[Holding]:
    """Give every holding that has open lots."""
    for holdings in (books.spot, books.contracts):
        yield from (holding for holding in holdings.values() if holding.lots.quantity)


def value_at(holding: Holding, prices: Mapping[tuple[str, str], int]) -> int:
    """Value a holding at its mark, or at cost when it has none, in units of money."""
    price = prices.get((holding.long_account, holding.currency))
    return holding.lots.cost if price is None else holding.lots.quantity * price


def valued_currencies(books: Books) -> list[str]:
    """Give the quote currencies in which anything happened; before that, all quotes."""
    active = {currency for (_, currency), amount in books.balances.items() if amount}
    return sorted(books.quotes & active or books.quotes or active)


def _figures(
    books: Books, currency: str, *, prices: Mapping[tuple[str, str], int]
) -> CurrencyPnl:
    def credit(account: str) -> int:
        return -books.balances.get((account, currency), 0)

    mine = [holding for holding in held(books) if holding.currency == currency]
    inventory = sum(value_at(holding, prices) for holding in mine)
    unrealized = inventory - sum(holding.lots.cost for holding in mine)
    realized, fees = credit(chart.REALIZED), -credit(chart.FEES)
    funding, interest = credit(chart.FUNDING), credit(chart.INTEREST)
    other = -sum(
        amount
        for (account, of), amount in books.balances.items()
        if of == currency and account.startswith(chart.OTHER)
    )
    cash = -credit(chart.CASH)
    return CurrencyPnl(
        currency=currency,
        start=money(credit(chart.OPENING)),
        transferred=money(credit(chart.TRANSFERS)),
        adjusted=money(credit(chart.SUSPENSE)),
        converted=money(credit(chart.FX)),
        realized=money(realized),
        unrealized=money(unrealized),
        fees=money(fees),
        funding=money(funding),
        interest=money(interest),
        other=money(other),
        net=money(realized + unrealized - fees + funding + interest + other),
        cash=money(cash),
        inventory=money(inventory),
        equity=money(cash + inventory),
    )


def _summary(figures: CurrencyPnl) -> LedgerSummary:
    return LedgerSummary(
        canonical(figures.realized),
        canonical(figures.unrealized),
        canonical(figures.fees),
        canonical(figures.funding),
        canonical(figures.net),
        figures.currency,
        other=canonical(figures.other),
    )
