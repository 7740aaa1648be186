"""How each event of the catalogue is posted; the table at the end is all of it.

A fee is never part of a price or a cost: it has its own account, so price result and fees stay
apart. A coin that is spent as a fee is sold at the value that the event names.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.order import Side
from holdfast.ledger import chart
from holdfast.ledger.amount import UNIT, money_units, quantity_text, quantity_units
from holdfast.ledger.books import Books

_TRANSFERS = {
    "COIN_SWAP_DEPOSIT",
    "COIN_SWAP_WITHDRAW",
    "AUTO_EXCHANGE",
    "DELIVERED_SETTELMENT",
    "DEPOSIT",
    "WITHDRAW",
}
"""Movements that are no result; every kind with TRANSFER in its name is one, too."""
_SIGNS = {side.value: side.sign for side in Side}


def post(books: Books, event: ev.Event, *, seq: int) -> chart.Transaction | None:
    """Post the event of a record; None when it moves no value."""
    posting = _POSTINGS.get(type(event))
    if posting is None:
        return None
    books.begin(seq)
    posting(books, event)
    return books.commit()


def _register(books: Books, event: ev.InstrumentRegistered) -> None:
    instrument = msgspec.convert(event.definition, Instrument)
    books.instruments[event.symbol] = instrument
    books.quotes.add(instrument.quote)


def _mark(books: Books, event: ev.MarkRecorded) -> None:
    instrument = books.instruments.get(event.symbol)
    if instrument is not None:
        holding = books.holding(instrument)
        books.marks[holding.long_account, holding.currency] = quantity_units(event.price)


def _open(books: Books, event: ev.BalanceOpened) -> None:
    _bring(books, event.asset, quantity_units(event.amount), event=event, against=chart.OPENING)


def _adjust(books: Books, event: ev.BalanceAdjusted) -> None:
    difference = quantity_units(event.difference)
    _bring(books, event.asset, difference, event=event, against=chart.SUSPENSE)


def _position(books: Books, event: ev.PositionOpened) -> None:
    """Open a lot at the venue's entry price; what it cost was paid from cash."""
    instrument = books.instruments[event.symbol]
    quantity, cost = quantity_units(event.quantity), money_units(event.cost)
    price, rest = divmod(cost if quantity > 0 else -cost, abs(quantity))
    books.trade(books.holding(instrument), quantity, price=price, rest=rest)
    books.pay(instrument.quote, -cost)


def _funding(books: Books, event: ev.FundingPaid) -> None:
    amount = quantity_units(event.amount) * UNIT
    if not _is_moved(books, event):
        books.pay(event.asset, amount)
        books.post(chart.FUNDING, event.asset, amount=-amount)


def _movement(books: Books, event: ev.WalletMoved) -> None:
    if not _is_moved(books, event):
        transfer = "TRANSFER" in event.kind or event.kind in _TRANSFERS
        against = chart.TRANSFERS if transfer else f"{chart.OTHER}:{event.kind.lower()}"
        _bring(books, event.asset, quantity_units(event.amount), event=event, against=against)


def _is_moved(books: Books, event: ev.FundingPaid | ev.WalletMoved) -> bool:
    """Remember a movement by its kind and id; tell whether it was posted before."""
    posted = books.executions.setdefault(("income", event.kind), set())
    if event.tran_id in posted:
        return True
    posted.add(event.tran_id)
    return False


def _bring(
    books: Books,
    asset: str,
    quantity: int,
    *,
    event: ev.BalanceOpened | ev.BalanceAdjusted | ev.WalletMoved,
    against: str,
) -> None:
    """Bring in a balance at its mark; a currency, and what has no mark, is cash of its own."""
    price = quantity_units(event.mark) if event.mark else 0
    if asset == event.currency or asset in books.quotes or not price:
        books.pay(asset, quantity * UNIT)
        books.post(against, asset, amount=-quantity * UNIT)
        return
    holding = books.spot_holding(asset, event.currency)
    books.trade(holding, quantity, price=price)
    books.post(against, event.currency, amount=-quantity * price)
    books.marks.setdefault((holding.long_account, event.currency), price)


def _fill(books: Books, event: ev.OrderFilled | ev.ForeignFillSeen) -> None:
    if _is_posted(books, event):
        return
    instrument = books.instruments[event.symbol]
    if instrument.product is Product.INVERSE:
        books.note(
            "product_unsupported",
            event.symbol,
            quantity=event.last_quantity,
            message=f"{event.symbol} is an inverse contract, which these books cannot post",
        )
        return
    price = quantity_units(event.last_price)
    quantity = quantity_units(event.last_quantity) * _SIGNS[event.side]
    books.trade(books.holding(instrument), quantity, price=price)
    books.pay(instrument.quote, -price * quantity)
    _fee(books, event, currency=instrument.quote)


def _fee(books: Books, event: ev.OrderFilled | ev.ForeignFillSeen, *, currency: str) -> None:
    fee = quantity_units(event.fee)
    if not fee:
        return
    if event.fee_asset == currency:
        books.pay(currency, -fee * UNIT)
        books.post(chart.FEES, currency, amount=fee * UNIT)
        return
    value = _fee_value(books, event, fee)
    price, rest = divmod(value, abs(fee))
    books.trade(books.spot_holding(event.fee_asset, currency), -fee, price=price, rest=rest)
    books.post(chart.FEES, currency, amount=value if fee > 0 else -value)


def _fee_value(books: Books, event: ev.OrderFilled | ev.ForeignFillSeen, fee: int) -> int:
    """Give what a fee in another coin was worth at its fill, without its sign."""
    value = abs(money_units(event.fee_value or "0"))
    if not value:
        books.note(
            "rate_missing",
            event.fee_asset,
            quantity=quantity_text(fee),
            message=f"the fee of execution {event.exec_id} of {event.symbol} has no value; "
            "it is posted at 0, so its cost shows as a price result",
        )
    return value


def _is_posted(books: Books, event: ev.OrderFilled | ev.ForeignFillSeen) -> bool:
    """Remember an execution; tell whether it was posted before.

    A trade of the account with itself has one id and two sides, and both are posted.
    """
    posted = books.executions.setdefault((event.symbol, event.side), set())
    name: str | int = event.exec_id
    if event.exec_id.isdecimal() and event.exec_id[0] != "0":
        name = int(event.exec_id)  # a third of the memory of its text
    if name in posted:
        return True
    posted.add(name)
    return False


_POSTINGS: dict[type[ev.Event], Callable[[Books, Any], None]] = {
    ev.InstrumentRegistered: _register,
    ev.MarkRecorded: _mark,
    ev.BalanceOpened: _open,
    ev.BalanceAdjusted: _adjust,
    ev.PositionOpened: _position,
    ev.FundingPaid: _funding,
    ev.WalletMoved: _movement,
    ev.OrderFilled: _fill,
    ev.ForeignFillSeen: _fill,
}
