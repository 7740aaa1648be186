"""The notional gate: how much one order may be worth at its worst price."""

from holdfast.domain.approval import Refusal
from holdfast.risk.texts import product_text
from holdfast.risk.view import Ask, View


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse an order that is worth more than one order may be."""
    limit = view.limits.order_product
    if ask.product <= limit:
        return None
    return Refusal(
        "notional",
        "the order is too large",
        product_text(ask.product, view.instrument),
        product_text(limit, view.instrument),
    )
