"""The gross gate: what all positions of the account may be worth together, at worst.

Each symbol counts with the larger of its long and its short worst, at the market's ask.
"""

from holdfast.domain.approval import Refusal
from holdfast.domain.money import amount_text
from holdfast.risk.view import NO_EXPOSURE, Ask, View


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse what could take the sum of all positions beyond its limit."""
    account, desk, here = view.account, view.desk, view.key[1]
    total = 0
    for symbol in account.instruments:
        position = account.symbol_positions.get(symbol, 0)
        exposure = account.symbol_exposures.get(symbol, NO_EXPOSURE)
        buying, selling = position + exposure.buying, exposure.selling - position
        if symbol == here:
            mark, limits = ask.mark, view.limits
            if ask.is_buy:
                buying += ask.quantity
            else:
                selling += ask.quantity
        elif buying > 0 or selling > 0:
            top, known = desk.tops.get(symbol), desk.compiled.get(symbol)
            if top is None or known is None:
                what = "market price" if top is None else "limits"
                return Refusal("gross", f"{symbol} is held or worked and has no {what}")
            mark, limits = top.ask, known
        else:
            continue
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
