"""What the pipeline writes of an order, and what it tells the order's strategy.

On the hot path an enumeration's text is read as `_value_`, which is a plain attribute; `value`
is a property, and ten of them cost as much as a gate.
"""

from holdfast.decision.strategy import OrderUpdate
from holdfast.domain import events as ev
from holdfast.domain.approval import Accepted, Approved, Refused, Reservation
from holdfast.domain.ids import ClientOrderId
from holdfast.domain.instrument import Instrument
from holdfast.domain.intent import SizedIntent
from holdfast.domain.market import MarketReference
from holdfast.domain.money import amount_text
from holdfast.domain.order import NewOrder, OrderStatus
from holdfast.market.feed import Feed
from holdfast.risk.view import View

NO_ORDER = ClientOrderId("")


def not_sent(
    asked: SizedIntent | NewOrder, reason: str, *, refused: Refused | None = None
) -> OrderUpdate:
    """Tell a strategy of something that never left."""
    return OrderUpdate(
        symbol=asked.symbol,
        side=asked.side,
        status=OrderStatus.NOT_SENT,
        client_order_id=asked.client_order_id if isinstance(asked, NewOrder) else NO_ORDER,
        price=asked.price,
        quantity=asked.quantity,
        purpose=asked.purpose,
        reason=reason,
        refusals=refused.refusals if refused else (),
        order_type=asked.order_type,
        trigger_price=asked.trigger_price,
        position_side=asked.position_side,
        order_list_id=asked.order_list_id if isinstance(asked, NewOrder) else "",
    )


def market_reference(feed: Feed, view: View) -> MarketReference:
    """Name the market that a decision saw."""
    top = feed.top
    if top is None:
        return MarketReference()
    price = view.instrument.price_text
    return MarketReference(
        "book",
        top.update_id,
        price(top.bid),
        price(top.ask),
        top.venue_at_ns,
        top.received_at_ns,
        "",
    )


def accepted_event(
    accepted: Accepted, approved: Approved, *, reserved: str
) -> ev.IntentAccepted:
    """Give the event of an intent that passed; `reserved` is its reservation as text."""
    intent, order = accepted.intent, approved.order
    return ev.IntentAccepted(
        accepted.intent_id,
        accepted.strategy,
        intent.symbol,
        intent.side._value_,
        order.quantity_text,
        order.price_text,
        intent.algorithm,
        intent.purpose._value_,
        accepted.reservation.asset,
        reserved,
        order.model_version,
        order.policy_version,
        order.reference,
        intent.position_side._value_,
        intent.is_guarded,
        intent.contingency,
    )


def approved_event(
    approved: Approved, held: Reservation, *, instrument: Instrument
) -> ev.OrderApproved:
    """Give the event of step 5: everything that the order is."""
    order = approved.order
    price_text = instrument.price_text
    worst_price = order.price_text
    if order.worst_price != order.price:
        worst_price = price_text(order.worst_price)
    return ev.OrderApproved(
        client_order_id=order.client_order_id,
        strategy=order.strategy,
        intent_id=order.intent_id,
        symbol=order.symbol,
        product=order.product._value_,
        side=order.side._value_,
        order_type=order.order_type._value_,
        time_in_force=order.time_in_force._value_,
        quantity=order.quantity_text,
        price=order.price_text,
        worst_price=worst_price,
        trigger_price=price_text(order.trigger_price) if order.trigger_price else "0",
        position_side=order.position_side._value_,
        reduce_only=order.reduce_only,
        purpose=order.purpose._value_,
        stp_mode=order.stp_mode._value_,
        order_list_id=order.order_list_id,
        contingency=order.contingency,
        reference=order.reference,
        model_version=order.model_version,
        policy_version=order.policy_version,
        reserved_asset=held.asset,
        reserved=amount_text(held.amount),
        expires_at_ns=approved.expires_at_ns,
        trigger_by=order.trigger_by._value_,
        activation_price=price_text(order.activation_price) if order.activation_price else "0",
        callback_bps=order.callback_bps,
        display_quantity=(
            instrument.quantity_text(order.display_quantity) if order.display_quantity else "0"
        ),
        good_till_ns=order.good_till_ns,
        replaces=order.replaces,
    )
