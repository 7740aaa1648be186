"""The ledger: a fold of journal records into accounts and lots.

The same records in the same order give the same books. An execution is posted once, by its
symbol, side and id. Marks value the books and never change them.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from holdfast.domain.event import Record
from holdfast.domain.events import Event
from holdfast.domain.ids import AccountId
from holdfast.ledger.amount import money_text, quantity_text
from holdfast.ledger.books import Books
from holdfast.ledger.chart import Difference, Issue, Transaction, TrialRow
from holdfast.ledger.pnl import LedgerSummary, Pnl, held, pnl, summarize
from holdfast.ledger.post import post
from holdfast.ledger.prove import prove, trial_balance


class OpenLot(msgspec.Struct, frozen=True):
    """An open lot as text: signed quantity, and its whole cost in its currency."""

    asset: str
    currency: str
    quantity: str
    cost: str


class Ledger:
    """The books of one account."""

    def __init__(self, account: AccountId) -> None:
        self.account = account
        self._books = Books()

    def apply(self, record: Record | Event) -> Transaction | None:
        """Post a record; give its transaction, or None when it moves no value."""
        if isinstance(record, Record):
            return post(self._books, record.event, seq=record.header.seq)
        return post(self._books, record, seq=0)

    def pnl(self, marks: Mapping[str, str] | None = None) -> Pnl:
        """Value the books at marks (symbol to price text), else at the last recorded ones."""
        return pnl(self._books, marks or {})

    def summary(self, marks: Mapping[str, str] | None = None) -> LedgerSummary:
        """Give the `pnl` object of `run --json`."""
        return summarize(self.pnl(marks))

    def prove(self, marks: Mapping[str, str] | None = None) -> list[Difference]:
        """Check the laws of the books to the last digit; an empty list is a proof."""
        return prove(self._books, marks or {})

    def trial_balance(self) -> list[TrialRow]:
        """Give every account with a balance, as debit or credit."""
        return trial_balance(self._books)

    def balance(self, asset: str) -> str:
        """Give how much of an asset, or of a contract by its symbol, the account holds."""
        return money_text(self._books.counts.get(asset, 0))

    @property
    def lots(self) -> list[OpenLot]:
        """Give the open lots of every asset, oldest first."""
        return [
            OpenLot(h.asset, h.currency, quantity_text(quantity), money_text(cost))
            for h in sorted(held(self._books), key=lambda h: (h.asset, h.currency))
            for quantity, cost in h.lots.open_lots()
        ]

    @property
    def issues(self) -> list[Issue]:
        """Give what the books could not make right, the first thousand."""
        return self._books.issues

    @property
    def issue_count(self) -> int:
        """Give how many issues there were, those not kept included."""
        return self._books.issue_count

    def canonical(self) -> dict[str, Any]:
        """Give the books in the numbered form of the state hash: plain, sorted, complete."""
        balances = sorted(self._books.balances.items())
        return {
            "accounts": [[*key, money_text(amount)] for key, amount in balances if amount],
            "lots": [[lot.asset, lot.currency, lot.quantity, lot.cost] for lot in self.lots],
        }
