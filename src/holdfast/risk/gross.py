"""The gross gate: what all positions of the account may be worth together, at worst.

Each symbol counts with the larger of its long and its short worst, at the market's ask.
"""

from holdfast.domain.account import Account
from holdfast.domain.approval import Refusal
from holdfast.domain.ids import Symbol
from holdfast.domain.money import amount_text
from holdfast.risk.view import Ask, View


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse what could take the sum of all positions beyond its limit."""
    account, desk, here = view.account, view.desk, view.instrument.symbol
    total = 0
    for symbol in account.symbol_exposures.keys() | account.symbol_positions.keys() | {here}:
        buying, selling = _worst(account, symbol)
        mark = ask.mark
        if symbol == here:
            buying += ask.quantity if ask.is_buy else 0
            selling += 0 if ask.is_buy else ask.quantity
        elif top := desk.tops.get(symbol):
            mark = top.ask
        elif buying > 0 or selling > 0:
            return Refusal("gross", f"no market price of {symbol}")
        limits = desk.compiled.get(symbol) or view.limits
        product = max(buying, selling) * mark
        total += -(-product * limits.value_numerator // limits.value_denominator)
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
    position = account.symbol_positions.get(symbol, 0)
    exposure = account.symbol_exposures.get(symbol)
    if exposure is None:
        return position, -position
    return position + exposure.buying, exposure.selling - position
