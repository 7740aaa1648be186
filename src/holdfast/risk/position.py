"""The position gate: how much a strategy, and the account, may hold of a symbol at worst.

The worst is that everything that is open on the order's side fills and nothing on the other.
In hedge mode long and short are positions of their own.
"""

from holdfast.domain.approval import Refusal
from holdfast.risk.texts import product_text
from holdfast.risk.view import Ask, View


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse what could take the sub-position or the account's position beyond its limit."""
    limits, mine, total = view.limits, ask.mine, ask.total
    if ask.is_buy:
        own = ask.position + mine.buying + ask.quantity
        whole = ask.net + total.buying + ask.quantity
    else:
        own = mine.selling + ask.quantity - ask.position
        whole = total.selling + ask.quantity - ask.net
    product = own * ask.mark
    if product > limits.position_product:
        reason = "the strategy's position would be too large"
        return _refusal(reason, product, limit=limits.position_product, view=view)
    product = whole * ask.mark
    if product > limits.account_position_product:
        reason = "the account's position would be too large"
        return _refusal(reason, product, limit=limits.account_position_product, view=view)
    return None


def _refusal(reason: str, asked: int, *, limit: int, view: View) -> Refusal:
    instrument = view.instrument
    return Refusal(
        "position", reason, product_text(asked, instrument), product_text(limit, instrument)
    )
