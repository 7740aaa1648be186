"""The position gate: how much a strategy, and the account, may hold of a symbol at worst.

The worst is that everything that is open on the order's side fills and nothing on the other.
"""

from holdfast.domain.account import Exposure
from holdfast.domain.approval import Refusal
from holdfast.risk.texts import product_text
from holdfast.risk.view import Ask, View

_NONE = Exposure()


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse what could take the sub-position or the account's position beyond its limit."""
    account, symbol = view.account, view.instrument.symbol
    own = worst_position(
        ask,
        account.position(view.strategy, symbol),
        account.exposures.get((view.strategy, symbol)),
    )
    limit = view.limits.position_product
    if own * ask.mark > limit:
        return _refusal(
            "the strategy's position would be too large", own * ask.mark, limit, view
        )
    total = worst_position(
        ask, account.symbol_positions.get(symbol, 0), account.symbol_exposures.get(symbol)
    )
    limit = view.limits.account_position_product
    if total * ask.mark > limit:
        return _refusal(
            "the account's position would be too large", total * ask.mark, limit, view
        )
    return None


def worst_position(ask: Ask, position: int, exposure: Exposure | None) -> int:
    """Give the largest size that a position can reach on the side of the ask."""
    open_orders = exposure or _NONE
    if ask.is_buy:
        return position + open_orders.buying + ask.quantity
    return open_orders.selling + ask.quantity - position


def _refusal(reason: str, asked: int, limit: int, view: View) -> Refusal:
    instrument = view.instrument
    return Refusal(
        "position", reason, product_text(asked, instrument), product_text(limit, instrument)
    )
