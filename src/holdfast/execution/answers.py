"""What the venue answers when it is asked about the whole account, and how it is asked.

The order of the questions matters: balances are asked between two questions for executions, so
that it is known whether one happened meanwhile. The newest orders are asked for last, so that
every execution in the answers belongs to an order that is in them or that the journal knows.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from holdfast.domain.account import Account
from holdfast.domain.ids import ClientOrderId, ExecId, Symbol
from holdfast.domain.venue import (
    AccountView,
    BalanceReport,
    OrderReport,
    PositionReport,
    TradeReport,
)

NO_EXECUTIONS = ExecId("-1")
"""Stands before the first execution of a symbol."""
_NOBODY: Mapping[ClientOrderId, Symbol] = MappingProxyType({})


class Absence(msgspec.Struct, frozen=True):
    """How often, and from when to when, the venue said that it does not know an order."""

    first_at_ns: int
    last_at_ns: int
    count: int


class VenueAnswers(msgspec.Struct, kw_only=True):
    """The account as the venue told it.

    `orders` holds what was asked by id; None means that the venue does not know it. `newest`
    are orders of any state after the last that the journal knows for certain. `through`
    is the last execution that `trades` covers; in the symbols of `beginning` nothing was known
    before, so that strangers' executions there may be older than the journal. `balances` is
    None when an execution came between the questions, so that they cannot be compared.
    `bookings_count` is our own count of booked executions at that moment.
    """

    open_orders: list[OrderReport] = []
    orders: dict[ClientOrderId, OrderReport | None] = {}
    newest: list[OrderReport] = []
    absences: dict[ClientOrderId, Absence] = {}
    trades: list[TradeReport] = []
    through: dict[Symbol, ExecId] = {}
    beginning: set[Symbol] = set()
    balances: list[BalanceReport] | None = None
    positions: list[PositionReport] = []
    bookings_count: int = 0


async def inquire(
    view: AccountView,
    account: Account,
    *,
    now_ns: Callable[[], int],
    earlier: VenueAnswers | None = None,
    named: Mapping[ClientOrderId, Symbol] = _NOBODY,
    with_newest: bool = True,
) -> VenueAnswers:
    """Ask the venue everything that `reconcile` compares; `VenueTimeout` when it is silent.

    Asks only what changes nothing, so it may be repeated. `earlier` carries on what the venue
    did not know before. `named` are orders with our mark that the venue spoke of and the
    journal lacks. `with_newest` asks for the newest orders, too, for those of them that a
    trader sent which was killed before they were recorded.
    """
    answers = VenueAnswers()
    for symbol in sorted(account.instruments):
        answers.open_orders += await view.open_orders(symbol)
    found = {report.client_order_id for report in answers.open_orders}
    for client_order_id, held in sorted(account.orders.items()):
        if client_order_id not in found:
            symbol = held.order.request.symbol
            report = await view.order(symbol, client_order_id)
            answers.orders[client_order_id] = report
            if report is None:
                before = earlier.absences.get(client_order_id) if earlier else None
                answers.absences[client_order_id] = _absent_again(before, now_ns())
    await _ask_trades(view, account, answers=answers)
    answers.bookings_count = account.bookings_count
    balances = await view.balances()
    answers.positions = await view.positions()
    if not await _ask_trades(view, account, answers=answers):
        answers.balances = balances
    for client_order_id, symbol in sorted(named.items()):
        if account.find(client_order_id) is None:
            answers.orders[client_order_id] = await view.order(symbol, client_order_id)
    for symbol in sorted(account.instruments) if with_newest else ():
        answers.newest += await view.orders(symbol, after=account.latest_orders.after(symbol))
    return answers


async def _ask_trades(view: AccountView, account: Account, *, answers: VenueAnswers) -> bool:
    """Ask for executions after the last that is known; tell whether there were any."""
    any_came = False
    for symbol in sorted(account.instruments):
        after = answers.through.get(symbol) or account.reconciled_through.get(symbol)
        if after is None:
            answers.beginning.add(symbol)
        trades = await view.trades(symbol, after=after)
        answers.trades += trades
        answers.through[symbol] = (
            trades[-1].execution.exec_id if trades else after or NO_EXECUTIONS
        )
        any_came = any_came or bool(trades)
    return any_came


def _absent_again(before: Absence | None, now_ns: int) -> Absence:
    if before is None:
        return Absence(now_ns, now_ns, 1)
    return Absence(before.first_at_ns, now_ns, before.count + 1)
