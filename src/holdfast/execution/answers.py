"""What the venue answers when it is asked about the account, and how it is asked.

The order of the questions matters: balances are asked between two questions for executions, so
that it is known whether one happened meanwhile. Movements of wallets are asked after them. The
newest orders are asked for last, so that every execution in the answers belongs to an order
that is in them or that the journal knows.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from holdfast.domain.account import Account
from holdfast.domain.contracts import is_contract
from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.latest import id_order
from holdfast.domain.venue import (
    AccountView,
    BalanceReport,
    IncomeReport,
    OrderReport,
    PositionReport,
    TradeReport,
)

NO_EXECUTIONS = ExecId("-1")
"""Stands before the first execution of a symbol."""
NO_ORDERS = VenueOrderId("0")
"""Stands before the first order of a symbol."""
_NOBODY: Mapping[ClientOrderId, Symbol] = MappingProxyType({})


class Absence(msgspec.Struct, frozen=True):
    """How often, and from when to when, the venue said that it does not know an order."""

    first_at_ns: int
    last_at_ns: int
    count: int


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask for; the whole account unless `symbols` names a part of it.

    `named` are orders with our mark that the venue spoke of and the journal lacks.
    `with_newest` asks for the newest orders, too, for those of them that a trader sent which
    was killed before they were recorded. `with_holdings`: balances, positions and income.
    Orders that could still leave after `left_before_ns` are left alone; 0 asks for all.
    """

    symbols: tuple[Symbol, ...] | None = None
    named: Mapping[ClientOrderId, Symbol] = _NOBODY
    with_newest: bool = True
    with_holdings: bool = True
    left_before_ns: int = 0


EVERYTHING = Question()


class VenueAnswers(msgspec.Struct, kw_only=True):
    """The account as the venue told it.

    `symbols` is what was asked about. `orders` holds what was asked by id; None means that the
    venue does not know it. `newest` are orders of any state after the last that the journal
    knows for certain, and `latest` the newest of each symbol, whosever. `through` is the last
    execution that `trades` covers; in the symbols of `beginning` nothing was known before, so
    that strangers' executions there may be older than the journal. `balances` is None when an
    execution came between the questions, so that they cannot be compared. `bookings_count` is
    our own count of booked executions at that moment.
    """

    symbols: list[Symbol] | None = None
    open_orders: list[OrderReport] = []
    orders: dict[ClientOrderId, OrderReport | None] = {}
    newest: list[OrderReport] = []
    latest: dict[Symbol, VenueOrderId] = {}
    absences: dict[ClientOrderId, Absence] = {}
    trades: list[TradeReport] = []
    through: dict[Symbol, ExecId] = {}
    beginning: set[Symbol] = set()
    with_holdings: bool = True
    balances: list[BalanceReport] | None = None
    positions: list[PositionReport] = []
    income: list[IncomeReport] = []
    bookings_count: int = 0

    def covers(self, symbol: Symbol) -> bool:
        """Tell whether a symbol was asked about."""
        return self.symbols is None or symbol in self.symbols


async def inquire(
    view: AccountView,
    account: Account,
    *,
    question: Question = EVERYTHING,
    now_ns: Callable[[], int],
    earlier: VenueAnswers | None = None,
) -> VenueAnswers:
    """Ask the venue what `reconcile` compares; `VenueTimeout` when it is silent.

    Asks only what changes nothing, so it may be repeated. `earlier` carries on what the venue
    did not know before.
    """
    asked = question.symbols
    symbols = sorted(account.instruments if asked is None else asked)
    answers = VenueAnswers(
        symbols=None if asked is None else symbols, with_holdings=question.with_holdings
    )
    for symbol in symbols:
        answers.open_orders += await view.open_orders(symbol)
    await _ask_orders(
        view, account, question=question, answers=answers, now_ns=now_ns, earlier=earlier
    )
    came = await _ask_trades(view, account, symbols=symbols, answers=answers)
    answers.bookings_count = account.bookings_count
    if question.with_holdings:
        balances = await view.balances()
        answers.positions = await view.positions()
        if not await _ask_trades(view, account, symbols=symbols, answers=answers):
            answers.balances = balances
        if any(is_contract(one) for one in account.instruments.values()):
            after_ns = UtcNs(account.contracts.income_after_ns)
            answers.income = await view.income(after_ns=after_ns)
    for client_order_id, symbol in sorted(question.named.items()):
        if account.find(client_order_id) is None:
            answers.orders[client_order_id] = await view.order(symbol, client_order_id)
    strange = _strange(answers.trades, account) if came else {}
    for symbol in symbols:
        if question.with_newest or symbol in strange:
            least = strange.get(symbol, 0)
            await _ask_newest(view, account, symbol, least=least, answers=answers)
    return answers


async def _ask_orders(
    view: AccountView,
    account: Account,
    *,
    question: Question,
    answers: VenueAnswers,
    now_ns: Callable[[], int],
    earlier: VenueAnswers | None,
) -> None:
    """Ask for each order of ours that should rest and was not shown."""
    found = {report.client_order_id for report in answers.open_orders}
    for client_order_id, held in sorted(account.orders.items()):
        symbol = held.order.request.symbol
        if client_order_id in found or not answers.covers(symbol):
            continue
        if 0 < question.left_before_ns < held.expires_at_ns:
            continue
        report = await view.order(symbol, client_order_id)
        answers.orders[client_order_id] = report
        if report is None:
            before = earlier.absences.get(client_order_id) if earlier else None
            answers.absences[client_order_id] = _absent_again(before, now_ns())


async def _ask_newest(
    view: AccountView, account: Account, symbol: Symbol, *, least: int, answers: VenueAnswers
) -> None:
    """Ask for the orders after the last that was known when both sides agreed.

    The first time none is known, and none of ours can be at the venue: the newest page is only
    to know from where to ask the next time. A stranger's order of which nobody spoke may be
    older than orders that are known: `least` is the first whose execution was shown, 0 if none.
    """
    after = account.latest_orders.after(symbol)
    if after is not None and 0 < least <= id_order(after)[0]:
        after = VenueOrderId(str(least - 1))
    page = await view.orders(symbol, after=after)
    answers.newest += page
    answers.latest[symbol] = page[-1].venue_order_id if page else after or NO_ORDERS


async def _ask_trades(
    view: AccountView, account: Account, *, symbols: list[Symbol], answers: VenueAnswers
) -> bool:
    """Ask for executions after the last that is known; tell whether there were any."""
    any_came = False
    for symbol in symbols:
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


def _strange(trades: list[TradeReport], account: Account) -> dict[Symbol, int]:
    """Give the symbols that somebody else traded, each with the first order to be seen."""
    least: dict[Symbol, int] = {}
    held = [*account.orders.values(), *account.closed.values()]
    mine = {(one.order.request.symbol, one.order.venue_order_id) for one in held}
    for trade in trades:
        key = trade.symbol, trade.venue_order_id
        if key not in mine and key not in account.foreign_orders:
            number = max(0, id_order(trade.venue_order_id)[0])
            least[trade.symbol] = min(number, least.get(trade.symbol, number))
    return least


def _absent_again(before: Absence | None, now_ns: int) -> Absence:
    if before is None:
        return Absence(now_ns, now_ns, 1)
    return Absence(before.first_at_ns, now_ns, before.count + 1)
