"""Stage 7: postings, lots, profit and loss, and the proof that the books balance."""

from holdfast.ledger.chart import Difference, Issue, Posting, Transaction, TrialRow
from holdfast.ledger.ledger import Ledger, OpenLot
from holdfast.ledger.pnl import CurrencyPnl, LedgerSummary, Pnl

__all__ = [
    "CurrencyPnl",
    "Difference",
    "Issue",
    "Ledger",
    "LedgerSummary",
    "OpenLot",
    "Pnl",
    "Posting",
    "Transaction",
    "TrialRow",
]
