"""The exchange itself: market time, accounts and matching behind one pure, synchronous object.

It reads no clock and opens no socket: time comes in as market nanoseconds and never goes
back; what happened comes out as a list of emissions, in the order in which it happened.
Queries stand in `Exchange.accounts` (orders, trades, balances) and `Exchange.market` (book,
trades, candles, statistics).
"""

from collections.abc import Sequence

from holdfast.simexchange.accounts import AccountSpec
from holdfast.simexchange.assumptions import Assumptions
from holdfast.simexchange.model import (
    CancelRequest,
    Emission,
    PlaceRequest,
    Record,
    Reject,
    SymbolRules,
    Ticket,
)
from holdfast.simexchange.queries import AccountQueries, MarketQueries


class Exchange:
    """One simulated venue over some symbols and accounts."""

    accounts: AccountQueries
    market: MarketQueries
    symbols: dict[str, SymbolRules]
    now_ns: int
    next_due_ns: int

    def __init__(
        self,
        symbols: dict[str, SymbolRules],
        accounts: Sequence[AccountSpec],
        *,
        assumptions: Assumptions,
        seed: int = 0,
    ) -> None:
        """Open the venue at market time 0 with the accounts' opening balances."""

    def advance(self, now_ns: int) -> list[Emission]:
        """Move market time to `now_ns` and do what is due by then; an earlier time is ignored.

        `next_due_ns` says when the next request is due (`NEVER_NS`: none waits).
        """

    def apply(self, record: Record) -> list[Emission]:
        """Advance to the record's time, publish it, update the book, fill resting orders."""

    def absorb(self, record: Record) -> Sequence[Emission]:
        """Do as `apply` without a `Published` emission, for callers that hold the record."""

    def flush(self) -> list[Emission]:
        """Resolve every waiting request at the present instant, whatever its latency."""

    def place(self, account: str, request: PlaceRequest, *, arrived_ns: int) -> Ticket:
        """Take a new order in; it is checked and matched when its entry latency has passed."""

    def cancel(self, account: str, request: CancelRequest, *, arrived_ns: int) -> Ticket:
        """Take a cancel in; its outcome is `Canceled` with one order, or `Reject`."""

    def cancel_all(self, account: str, symbol: str, *, arrived_ns: int) -> Ticket:
        """Take a cancel of all open orders in; -2011 when none is open, as the venue answers."""

    def check(self, account: str, request: PlaceRequest) -> Reject | None:
        """Say what would refuse the order now (`order/test`), without any effect."""
