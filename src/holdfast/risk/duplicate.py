"""The duplicate gate: an order's id is new, and its accepted intent still holds enough."""

from holdfast.domain.approval import Refusal
from holdfast.domain.order import NewOrder
from holdfast.risk.view import Ask, View


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse an id that was used, and more than the intent still holds; intents always pass."""
    order = ask.order
    if order is None:
        return None
    account = view.account
    if order.client_order_id in account.orders or order.client_order_id in account.closed:
        return Refusal(
            "duplicate", "the client order id was used before", order.client_order_id
        )
    left = _undrawn(ask, order, view)
    if order.quantity <= left:
        return None
    text = view.instrument.quantity_text
    return Refusal(
        "duplicate", "the intent does not hold so much", text(order.quantity), text(left)
    )


def _undrawn(ask: Ask, order: NewOrder, view: View) -> int:
    held = view.account.intents.get(order.intent_id)
    if held is not None:
        same = (held.strategy, held.symbol, held.side) == (
            order.strategy,
            order.symbol,
            order.side,
        )
        return held.undrawn if same else 0
    accepted = ask.parent
    if accepted is None or accepted.intent_id != order.intent_id:
        return 0
    if accepted.strategy != order.strategy:
        return 0
    intent = accepted.intent
    for part in (intent, *intent.legs):
        if part.symbol == order.symbol and part.side is order.side:
            return part.quantity
    return 0
