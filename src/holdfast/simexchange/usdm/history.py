"""What the USD-M wire remembers of an account beside what the core does: changes of orders and
of isolated margin.
"""

import msgspec

from holdfast.simexchange.futures.model import FuturesFact, FuturesOrderUpdate

TERMINAL = ("FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED")


class Amendment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One change of an order's price and quantity; each pair is before and after."""

    amendment_id: int
    account: str
    symbol: str
    order_id: int
    client_order_id: str
    at_ns: int
    price: tuple[int, int]
    quantity: tuple[int, int]
    count: int
    price_match: str


class MarginChange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One change of an isolated wallet by its owner; the amount is signed."""

    account: str
    symbol: str
    asset: str
    side: str
    amount: int
    at_ns: int


class History:
    """All amendments and margin changes, oldest first."""

    def __init__(self) -> None:
        self._terms: dict[int, tuple[int, int]] = {}
        self._counts: dict[int, int] = {}
        self._amendments: list[Amendment] = []
        self._margin: list[MarginChange] = []

    def note(self, account: str, fact: FuturesFact) -> None:
        """Take a fact of an account in."""
        if not isinstance(fact, FuturesOrderUpdate):
            return
        order = fact.order
        if order.status in TERMINAL:
            self._terms.pop(order.order_id, None)
            self._counts.pop(order.order_id, None)
            return
        terms = (order.price, order.quantity)
        before = self._terms.get(order.order_id, terms)
        self._terms[order.order_id] = terms
        if fact.execution_type != "AMENDMENT":
            return
        count = self._counts[order.order_id] = self._counts.get(order.order_id, 0) + 1
        self._amendments.append(
            Amendment(
                amendment_id=len(self._amendments) + 1,
                account=account,
                symbol=order.symbol,
                order_id=order.order_id,
                client_order_id=order.client_order_id,
                at_ns=fact.at_ns,
                price=(before[0], order.price),
                quantity=(before[1], order.quantity),
                count=count,
                price_match=order.price_match,
            )
        )

    def note_margin(self, change: MarginChange) -> None:
        """Take a change of an isolated wallet in."""
        self._margin.append(change)

    def amendments(
        self, account: str, symbol: str, *, order_id: int | None, client_id: str
    ) -> list[Amendment]:
        """Return the changes of an account's orders of a symbol, or of one order."""
        return [
            one
            for one in self._amendments
            if (one.account, one.symbol) == (account, symbol)
            and order_id in (None, one.order_id)
            and client_id in ("", one.client_order_id)
        ]

    def margin_changes(self, account: str, symbol: str) -> list[MarginChange]:
        """Return the changes of an account's isolated wallets of a symbol."""
        return [one for one in self._margin if (one.account, one.symbol) == (account, symbol)]
