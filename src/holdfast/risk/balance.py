"""The balance gate: what an order could cost must be there and free.

On spot a buy needs its worst price and fee in the quote asset and a sell needs the asset. A
strategy may sell what the account holds without having bought it, so its sub-position goes
below zero only as far as the free balance. A linear contract needs margin and fee out of free
equity.
"""

from holdfast.domain.account import Account
from holdfast.domain.approval import Refusal
from holdfast.domain.ids import Symbol
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.money import amount_text
from holdfast.risk.view import Ask, Desk, View

_SPOT, _LINEAR = Product.SPOT, Product.LINEAR


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse an order that the free balance, or the free equity, does not cover."""
    instrument, account = view.instrument, view.account
    needed = ask.reservation
    if needed is None:
        return Refusal("balance", "only an intent is held against the balance")
    if instrument.product is _SPOT:
        free = account.available(needed.asset)
    elif instrument.product is _LINEAR:
        free = free_equity(account, view.desk, settled_in=instrument)
    else:
        return Refusal("balance", "inverse contracts cannot be margined yet")
    if needed.amount <= free:
        return None
    return Refusal(
        "balance",
        "not enough is available",
        f"{amount_text(needed.amount)} {needed.asset}",
        f"{amount_text(free)} {needed.asset}",
    )


def free_equity(account: Account, desk: Desk, *, settled_in: Instrument) -> int:
    """Give cash and linear positions at the market, less their margin and what is reserved."""
    free = account.available(settled_in.settle)
    for symbol, position in account.symbol_positions.items():
        instrument = account.instruments[symbol]
        if instrument.product is not Product.LINEAR or instrument.settle != settled_in.settle:
            continue
        top = desk.tops.get(symbol)
        held = _margined(account, symbol, position=position)
        if held and top is None:
            return 0
        if held and top is not None:
            mark = top.bid if position > 0 else top.ask
            free += instrument.notional(mark, position)
            free -= -(-instrument.notional(mark, held) // desk.limits.leverage)
    return free


def _margined(account: Account, symbol: Symbol, *, position: int) -> int:
    """Give the quantity that needs margin: of long beside short both sides."""
    sides = account.contracts.positions
    both = [abs(quantity) for (name, _), quantity in sides.items() if name == symbol]
    return sum(both) or abs(position)
