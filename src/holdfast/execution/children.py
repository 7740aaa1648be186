"""The orders of an accepted intent: one at once; other algorithms join the table at the end."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from holdfast.domain.approval import Accepted
from holdfast.domain.ids import AccountId, ClientOrderId, ClientOrderIds
from holdfast.domain.instrument import Instrument
from holdfast.domain.intent import SizedIntent
from holdfast.domain.market import MarketReference
from holdfast.domain.money import PriceUnits
from holdfast.domain.order import NewOrder, OrderType, TimeInForce
from holdfast.errors import InvariantBroken

# An enum looks its members up anew each time.
_GTC, _IOC, _MARKET = TimeInForce.GTC, TimeInForce.IOC, OrderType.MARKET


def _its_price(intent: SizedIntent) -> PriceUnits:
    """Give the price at which a stop of a list trades where nobody says how far it may slip."""
    return intent.price or intent.trigger_price


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where the orders of an intent come from: whose they are and what the decision saw.

    `worst_price` is what the intent was reviewed with; an order at the market carries it.
    `worst` gives the same for a leg of it.
    """

    account: AccountId
    instrument: Instrument
    worst_price: PriceUnits
    reference: MarketReference = MarketReference()
    model_version: str = ""
    policy_version: str = ""
    worst: Callable[[SizedIntent], PriceUnits] = _its_price


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
    """Send the whole quantity as one order, or as the orders of one list."""
    intent = accepted.intent
    first = _order(intent, accepted, origin, client_order_id=ids.next())
    if not intent.legs:
        return [first]
    list_id = ids.next()
    orders = [first]
    for leg in intent.legs:
        orders.append(_order(leg, accepted, origin, client_order_id=ids.next()))
    return [
        msgspec.structs.replace(order, order_list_id=list_id, contingency=intent.contingency)
        for order in orders
    ]


def _order(
    intent: SizedIntent,
    accepted: Accepted,
    origin: Origin,
    *,
    client_order_id: ClientOrderId,
) -> NewOrder:
    instrument = origin.instrument
    order_type = intent.order_type
    time_in_force = intent.time_in_force
    if not intent.price and time_in_force is _GTC and order_type is _MARKET:
        time_in_force = _IOC
    worst_price = intent.price
    if not worst_price:
        worst_price = origin.worst_price if intent is accepted.intent else origin.worst(intent)
    return NewOrder(
        client_order_id=client_order_id,
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
        worst_price=worst_price,
        trigger_price=intent.trigger_price,
        position_side=intent.position_side,
        reduce_only=intent.reduce_only,
        purpose=intent.purpose,
        reference=origin.reference,
        model_version=origin.model_version,
        policy_version=origin.policy_version,
        trigger_by=intent.trigger_by,
        activation_price=intent.activation_price,
        callback_bps=intent.callback_bps,
        display_quantity=intent.display_quantity,
        good_till_ns=intent.good_till_ns,
        replaces=intent.replaces,
    )


ALGORITHMS: dict[str, Algorithm] = {"direct": direct, "quote": direct}
