"""The two sides of a comparison, and what comes out of it.

A difference belongs to a symbol or to the whole account. What events settle is clean; what is
left makes its symbol wait, and only that: a quarantined symbol keeps nothing else from trading.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.account import Account
from holdfast.domain.approval import Reservation
from holdfast.domain.ids import ClientOrderId, Epoch, JournalId, Symbol
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import Asset
from holdfast.domain.venue import CancelOrder, OrderReport
from holdfast.execution.executions import FeeValue

Reserve: TypeAlias = Callable[[Instrument, OrderReport], Reservation]
MarkOf: TypeAlias = Callable[[Asset], tuple[str, str]]

WHOLE = Symbol("")
"""Stands for the account where a difference belongs to no symbol."""
_NO_AMOUNTS: Mapping[Asset, int] = MappingProxyType({})
_NO_ACCEPTED: Mapping[Symbol, list[str]] = MappingProxyType({})


class Ours(msgspec.Struct, kw_only=True):
    """Our side of the comparison, with nothing of it on its way to disk.

    `settle_ns` is how long after it left an order may still arrive at the venue: its receive
    window and a margin. `fee_value` values a fee in the quote currency and names the source,
    `reserve` gives what an adopted order holds, `mark_of` an asset's price and its currency.
    `unexplained` are the amounts that the comparison before could not explain. A position in
    `adopted` is taken as the venue has it, by a person's word. `incidents` are those that are
    open, by kind and scope; `acknowledged` the orders of another journal, by how far they are,
    that a person took note of.
    """

    account: Account
    journal_id: JournalId
    epoch: Epoch
    settle_ns: int
    fee_value: FeeValue
    reserve: Reserve
    mark_of: MarkOf
    quarantined: frozenset[str] = frozenset()
    adopted: frozenset[str] = frozenset()
    unexplained: Mapping[Asset, int] = _NO_AMOUNTS
    incidents: frozenset[tuple[str, str]] = frozenset()
    acknowledged: frozenset[str] = frozenset()


class Reconciled(msgspec.Struct, kw_only=True):
    """What came out: events to write, cancels to send, and what both sides do not agree on.

    `unresolved` names the orders that have to be asked for again, `unsettled` the differences
    that no event settles, by symbol. `unexplained` are amounts of wallets that nothing explains
    yet. `others` are the orders of another journal of ours, by how far they are, that nobody
    acknowledged: no new risk may be taken although both agree. `is_moving`: the account
    traded while it was asked.
    """

    events: list[ev.Event] = []
    cancels: list[CancelOrder] = []
    unresolved: list[ClientOrderId] = []
    differences: list[str] = []
    unsettled: dict[str, list[str]] = {}
    unexplained: dict[Asset, int] = {}
    quarantined: frozenset[str] = frozenset()
    accepted: Mapping[Symbol, list[str]] = _NO_ACCEPTED
    others: dict[str, str] = {}
    is_moving: bool = False
    orders_count: int = 0
    fills_count: int = 0
    through: dict[str, str] = {}
    latest_orders: dict[str, str] = {}

    @property
    def clean(self) -> bool:
        """Tell whether everything agrees, quarantined symbols aside."""
        return self.unsettled.keys() <= self.quarantined

    @property
    def awaited(self) -> str:
        """Say shortly what new risk waits for: the first difference, and how many more."""
        left = [text for texts in self.unsettled.values() for text in texts]
        more = f", and {len(left) - 1} more" if len(left) > 1 else ""
        return f"{left[0]}{more}" if left else ""

    def completed(self, trigger: str) -> ev.ReconciliationCompleted:
        """Make the event that says how the comparison ended.

        A symbol that does not agree is asked from the same execution again.
        """
        settled = self.clean
        return ev.ReconciliationCompleted(
            trigger=trigger,
            orders=self.orders_count,
            fills=self.fills_count,
            differences=self.differences,
            clean=settled,
            through=self._settled(self.through) if settled else {},
            latest_orders=self._settled(self.latest_orders) if settled else {},
        )

    def differ(self, text: str, *, symbol: str = WHOLE, clean: bool = False) -> bool:
        """Note a difference; tell whether it is left, to make new risk of its symbol wait.

        It is not when events settle it, or when a person accepted it.
        """
        if not clean and text in self.accepted.get(Symbol(symbol), ()):
            return False
        self.differences.append(text)
        if not clean:
            self.unsettled.setdefault(symbol, []).append(text)
        return not clean

    def doubt(self, client_order_id: ClientOrderId, text: str, *, symbol: str) -> None:
        """Note an order that has to be asked for again."""
        if self.differ(text, symbol=symbol):
            self.unresolved.append(client_order_id)

    def _settled(self, by_symbol: dict[str, str]) -> dict[str, str]:
        return {s: value for s, value in by_symbol.items() if s not in self.unsettled}
