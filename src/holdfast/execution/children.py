"""The orders of an accepted intent: one at once; other algorithms join the table at the end."""

from typing import Protocol

import msgspec

from holdfast.domain.approval import Accepted
from holdfast.domain.ids import AccountId, ClientOrderIds
from holdfast.domain.instrument import Instrument
from holdfast.domain.market import MarketReference
from holdfast.domain.money import PriceUnits
from holdfast.domain.order import NewOrder, OrderType, TimeInForce
from holdfast.errors import InvariantBroken


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where the orders of an intent come from: whose they are and what the decision saw.

    `worst_price` is what the intent was reviewed with; an order at the market carries it.
    """

    account: AccountId
    instrument: Instrument
    worst_price: PriceUnits
    reference: MarketReference = MarketReference()
    model_version: str = ""
    policy_version: str = ""


class Algorithm(Protocol):
    """How an accepted intent becomes orders."""

    def __call__(
        self, accepted: Accepted, origin: Origin, *, ids: ClientOrderIds
    ) -> list[NewOrder]:
        """Give the orders that are due now; together never more than the intent."""


def children(accepted: Accepted, origin: Origin, *, ids: ClientOrderIds) -> list[NewOrder]:
    """Give the orders that are due now; together never more than the intent."""
    algorithm = ALGORITHMS.get(accepted.intent.algorithm)
    if algorithm is None:
        known = ", ".join(sorted(ALGORITHMS))
        raise InvariantBroken(
            f"no algorithm is called {accepted.intent.algorithm}; known: {known}"
        )
    return algorithm(accepted, origin, ids=ids)


def direct(accepted: Accepted, origin: Origin, *, ids: ClientOrderIds) -> list[NewOrder]:
    """Send the whole quantity as one order."""
    intent, instrument = accepted.intent, origin.instrument
    if not intent.price:
        order_type, time_in_force = OrderType.MARKET, TimeInForce.IOC
    else:
        order_type = OrderType.LIMIT_MAKER if intent.post_only else OrderType.LIMIT
        time_in_force = intent.time_in_force
    order = NewOrder(
        client_order_id=ids.next(),
        account=origin.account,
        strategy=accepted.strategy,
        intent_id=accepted.intent_id,
        symbol=intent.symbol,
        product=instrument.product,
        side=intent.side,
        order_type=order_type,
        time_in_force=time_in_force,
        quantity=intent.quantity,
        price=intent.price,
        quantity_text=instrument.quantity_text(intent.quantity),
        price_text=instrument.price_text(intent.price),
        worst_price=intent.price or origin.worst_price,
        purpose=intent.purpose,
        reference=origin.reference,
        model_version=origin.model_version,
        policy_version=origin.policy_version,
    )
    return [order]


ALGORITHMS: dict[str, Algorithm] = {"direct": direct, "quote": direct}
