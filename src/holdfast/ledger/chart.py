"""The chart of accounts, and what stands in it: postings, transactions, issues.

Debits are positive. Assets and expenses grow by debits, equity and income by credits; an
account's currency is part of its name, and a transaction sums to zero in each.
"""

import msgspec

CASH = "assets:cash"
INVENTORY = "assets:inventory"
"""Spot assets at cost; the asset follows, as in `assets:inventory:BTC`."""
POSITIONS = "assets:positions"
"""Derivatives at cost, long or short; the symbol follows."""
OVERSOLD = "assets:oversold"
"""Spot assets that were sold without being held: always an issue; the asset follows."""
IN_FLIGHT = "assets:transfers_in_flight"
OPENING = "equity:opening"
SUSPENSE = "equity:suspense"
"""Differences from the venue that nobody has explained."""
FX = "equity:fx"
"""Value that went from one currency's books to another's without a rate between them."""
TRANSFERS = "equity:transfers"
"""What went into or out of a wallet by no trade, as by a transfer between the own wallets."""
REALIZED = "income:realized"
FUNDING = "income:funding"
INTEREST = "income:interest"
OTHER = "income:other"
"""What the venue pays or takes besides, such as rebates and insurance; its word follows."""
FEES = "expenses:trading_fees"


class Posting(msgspec.Struct, frozen=True, gc=False):
    """An amount in units of 10^-36 of a currency, debit positive, in one account."""

    account: str
    currency: str
    amount: int


class Transaction(msgspec.Struct, frozen=True):
    """The postings of one event, which sum to zero in every currency."""

    seq: int
    postings: tuple[Posting, ...]


class Issue(msgspec.Struct, frozen=True):
    """Something that the books cannot make right by themselves; `seq` names the record."""

    code: str
    severity: str
    seq: int
    asset: str
    quantity: str
    message: str


class Difference(msgspec.Struct, frozen=True):
    """A law of the books that does not hold, by how much, as text."""

    law: str
    subject: str
    left: str
    right: str
    difference: str


class TrialRow(msgspec.Struct, frozen=True):
    """One account of a trial balance: its balance as debit or as credit, as text."""

    account: str
    currency: str
    debit: str
    credit: str
