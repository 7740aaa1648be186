"""The gross gate: what all positions of the account may be worth together, at worst.

Each symbol counts with the larger of its long and its short worst, at the market's ask; in
hedge mode with both.
"""

from holdfast.domain.account import Account
from holdfast.domain.approval import Refusal
from holdfast.domain.ids import Symbol
from holdfast.domain.money import amount_text
from holdfast.domain.order import PositionSide
from holdfast.risk.view import NO_EXPOSURE, Ask, View


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse what could take the sum of all positions beyond its limit."""
    account, desk, here = view.account, view.desk, view.key[1]
    total = 0
    for symbol in account.instruments:
        buying, selling = _worst(account, symbol)
        if symbol == here:
            mark, limits = ask.mark, view.limits
            if ask.is_buy:
                buying += ask.quantity
            else:
                selling += ask.quantity
        elif (
            buying > 0 or selling > 0 or (desk.is_hedged and _worst_of_sides(ask, view, symbol))
        ):
            top, known = desk.tops.get(symbol), desk.compiled.get(symbol)
            if top is None or known is None:
                what = "market price" if top is None else "limits"
                return Refusal("gross", f"{symbol} is held or worked and has no {what}")
            mark, limits = top.ask, known
        else:
            continue
        if desk.is_hedged:
            buying = selling = _worst_of_sides(ask, view, symbol)
        worst = (buying if buying > selling else selling) * mark
        total += -(-worst * limits.value_numerator // limits.value_denominator)
    limit = view.limits.gross_value
    if total <= limit:
        return None
    currency = desk.limits.currency
    return Refusal(
        "gross",
        "all positions together would be too large",
        f"{amount_text(total)} {currency}",
        f"{amount_text(limit)} {currency}",
    )


def _worst(account: Account, symbol: Symbol) -> tuple[int, int]:
    """Give how long and how short the account could become."""
    position = account.symbol_positions.get(symbol, 0)
    exposure = account.symbol_exposures.get(symbol, NO_EXPOSURE)
    return (
        position + exposure.buying,
        exposure.selling - position,
    )


def _worst_of_sides(ask: Ask, view: View, symbol: Symbol) -> int:
    """Give what a long and a short position could come to together."""
    account = view.account
    total = ask.quantity if symbol == view.key[1] and not ask.wish.is_guarded else 0
    for side, sign in ((PositionSide.LONG, 1), (PositionSide.SHORT, -1)):
        exposure = account.symbol_side_exposures.get((symbol, side), NO_EXPOSURE)
        opening = exposure.buying if sign > 0 else exposure.selling
        total += sign * account.contracts.positions.get((symbol, side), 0) + opening
    return total
