"""Compare our account with the venue's answers; pure: what differs becomes events (XCH-5).

The events, applied, make a second comparison with the same answers find nothing new. An order
that the venue does not know counts as risk until it was asked for twice, far enough apart that
nothing of it can still be under way (promise 4). Nothing is resent.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.account import Account, HeldOrder
from holdfast.domain.approval import Reservation
from holdfast.domain.ids import (
    UNATTRIBUTED,
    ClientOrderId,
    Epoch,
    JournalId,
    Symbol,
    epoch_of,
    is_ours,
    journal_of,
)
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.money import Asset, amount_text
from holdfast.domain.order import ENDINGS, Ending, NewOrder, Order, PositionSide, Purpose
from holdfast.domain.venue import CancelOrder, OrderReport, ReportKind
from holdfast.execution.answers import Absence, VenueAnswers
from holdfast.execution.executions import Executions, FeeValue

Reserve: TypeAlias = Callable[[Instrument, OrderReport], Reservation]
MarkOf: TypeAlias = Callable[[Asset], tuple[str, str]]


QUESTIONS = 2
"""How often the venue has to be asked before an absence proves anything."""


class Ours(msgspec.Struct, kw_only=True):
    """Our side of the comparison, with nothing of it on its way to disk.

    `settle_ns` is how long after it left an order may still arrive at the venue: its receive
    window and a margin. `fee_value` values a fee in the quote currency and names
    the source, `reserve` gives what an adopted order holds, `mark_of` an asset's price and its
    currency.
    """

    account: Account
    journal_id: JournalId
    epoch: Epoch
    settle_ns: int
    fee_value: FeeValue
    reserve: Reserve
    mark_of: MarkOf


class Reconciled(msgspec.Struct, kw_only=True):
    """What came out: events to write, cancels to send, and whether both sides agree now.

    `unresolved` names the orders that have to be asked for again. `foreign_instance` means that
    another journal of ours trades here, so that no new risk may be taken although both agree.
    """

    events: list[ev.Event] = []
    cancels: list[CancelOrder] = []
    unresolved: list[ClientOrderId] = []
    differences: list[str] = []
    foreign_instance: bool = False
    clean: bool = True
    orders_count: int = 0
    fills_count: int = 0
    through: dict[str, str] = {}

    def completed(self, trigger: str) -> ev.ReconciliationCompleted:
        """Make the event that says how the comparison ended."""
        return ev.ReconciliationCompleted(
            trigger=trigger,
            orders=self.orders_count,
            fills=self.fills_count,
            differences=self.differences,
            clean=self.clean,
            through=self.through if self.clean else {},
        )

    def differ(self, text: str, *, clean: bool = False) -> None:
        """Note a difference; unless events settle it, new risk has to wait."""
        self.differences.append(text)
        self.clean = self.clean and clean


def reconcile(ours: Ours, theirs: VenueAnswers) -> Reconciled:
    """Compare everything; the answers may be stale, and only make the result more careful."""
    result = Reconciled(through={str(s): str(i) for s, i in theirs.through.items()})
    reports = {report.client_order_id: report for report in theirs.open_orders}
    lost = [report for report in theirs.newest if _is_lost(report, ours)]
    reports |= {report.client_order_id: report for report in lost}
    reports |= {i: report for i, report in theirs.orders.items() if report is not None}
    executions = Executions(ours.account, fee_value=ours.fee_value, beginning=theirs.beginning)
    for client_order_id, report in sorted(reports.items()):
        order = ours.account.find(client_order_id)
        if order is not None:
            result.orders_count += 1
            _compare(order, report, ours=ours, result=result)
            executions.know(report.venue_order_id, order.request, order=order)
        elif _is_lost(report, ours):
            executions.know(report.venue_order_id, _adopt(report, ours=ours, result=result))
        else:
            _see_foreign(report, ours=ours, result=result)
    for client_order_id, held in sorted(ours.account.orders.items()):
        if client_order_id not in reports:
            result.orders_count += 1
            _miss(held, ours=ours, theirs=theirs, result=result)
    _book(executions, reports, theirs=theirs, result=result)
    _compare_balances(executions, ours=ours, theirs=theirs, result=result)
    _compare_positions(executions, theirs=theirs, result=result)
    return result


def _compare(order: Order, report: OrderReport, *, ours: Ours, result: Reconciled) -> None:
    """Learn from a report what our order lacks."""
    request = order.request
    if report.kind is ReportKind.REJECTED:
        if not order.ending:
            result.events.append(_rejected(request, report.reason or "rejected", report))
            result.differ(f"{request.client_order_id} was rejected", clean=True)
        return
    venue_order_id = report.venue_order_id
    if not order.acked or (venue_order_id and order.venue_order_id != venue_order_id):
        result.events.append(
            ev.OrderAcked(
                request.client_order_id,
                venue_order_id,
                request.strategy,
                request.symbol,
                report.venue_at_ns,
                report.received_at_ns,
                report.source,
            )
        )
        result.differ(f"{request.client_order_id} is at the venue", clean=True)
    if report.kind in (ReportKind.CANCELED, ReportKind.EXPIRED):
        _compare_ending(order, report, ours=ours, result=result)
    elif report.cum_quantity < report.quantity:
        _compare_resting(order, result=result)


def _compare_ending(
    order: Order, report: OrderReport, *, ours: Ours, result: Reconciled
) -> None:
    request = order.request
    canceled = report.kind is ReportKind.CANCELED
    ending: Ending = "canceled" if canceled else "expired"
    weightier = ENDINGS.index(ending) > ENDINGS.index(order.ending)
    filled = order.cum_quantity >= request.quantity
    if report.cum_quantity <= order.reported_quantity and (filled or not weightier):
        return
    kind = ev.OrderCanceled if canceled else ev.OrderExpired
    result.events.append(
        kind(
            request.client_order_id,
            request.strategy,
            request.symbol,
            ours.account.instruments[request.symbol].quantity_text(report.cum_quantity),
            report.reason or report.status_text,
            report.venue_at_ns,
            report.received_at_ns,
            report.source,
        )
    )
    result.differ(f"{request.client_order_id} was {ending}", clean=True)


def _compare_resting(order: Order, *, result: Reconciled) -> None:
    """Have an order canceled that should rest no more."""
    request = order.request
    if order.ending:
        result.unresolved.append(request.client_order_id)
        result.differ(f"{request.client_order_id} ended here ({order.ending}) and rests there")
    if order.ending or order.cancel_requested:
        result.cancels.append(CancelOrder(request.symbol, request.client_order_id))


def _miss(held: HeldOrder, *, ours: Ours, theirs: VenueAnswers, result: Reconciled) -> None:
    """Judge an open order of ours that the venue did not show."""
    order, request = held.order, held.order.request
    client_order_id = request.client_order_id
    absence = theirs.absences.get(client_order_id)
    final = absence is not None and _is_final(absence, held, settle_ns=ours.settle_ns)
    if final and not order.ending:
        reason = "the venue does not know the order"
        result.differ(f"{client_order_id}: {reason}", clean=True)
        if order.acked:
            instrument = ours.account.instruments[request.symbol]
            known = instrument.quantity_text(order.reported_quantity)
            strategy, symbol = request.strategy, request.symbol
            result.events.append(
                ev.OrderExpired(client_order_id, strategy, symbol, known, reason, 0, 0, "query")
            )
        else:
            result.events.append(_rejected(request, reason))
        return
    result.unresolved.append(client_order_id)
    result.differ(f"{client_order_id} has to be asked for again")
    before_us = is_ours(client_order_id) and epoch_of(client_order_id) < ours.epoch
    if before_us and not (order.acked or order.in_doubt or order.ending):
        result.events.append(
            ev.OrderDoubted(
                client_order_id,
                request.strategy,
                request.symbol,
                "the trader that sent it is gone",
            )
        )


def _is_final(absence: Absence, held: HeldOrder, *, settle_ns: int) -> bool:
    """Tell whether the venue has said often and late enough that it has no such order.

    An order cannot leave after its approval ended; of an adopted one only the first question is
    known.
    """
    left_by_ns = held.expires_at_ns or absence.first_at_ns
    again = absence.count >= QUESTIONS and absence.last_at_ns > absence.first_at_ns
    return again and absence.last_at_ns >= left_by_ns + settle_ns


def _rejected(
    request: NewOrder, reason: str, report: OrderReport | None = None
) -> ev.OrderRejected:
    return ev.OrderRejected(
        request.client_order_id,
        request.strategy,
        request.symbol,
        0,
        reason,
        report.venue_at_ns if report else 0,
        report.received_at_ns if report else 0,
        "query",
    )


def _is_lost(report: OrderReport, ours: Ours) -> bool:
    """Tell whether our journal sent an order and lacks it."""
    client_order_id = report.client_order_id
    return (
        is_ours(client_order_id)
        and journal_of(client_order_id) == ours.journal_id
        and ours.account.find(client_order_id) is None
    )


def _adopt(report: OrderReport, *, ours: Ours, result: Reconciled) -> NewOrder:
    """Take an order that carries our journal's id as ours, though the journal lacks it."""
    instrument = ours.account.instruments[report.symbol]
    held = ours.reserve(instrument, report)
    event = ev.OrderAdopted(
        client_order_id=report.client_order_id,
        venue_order_id=report.venue_order_id,
        strategy=UNATTRIBUTED,
        symbol=report.symbol,
        product=instrument.product.value,
        side=report.side.value,
        order_type=report.order_type.value,
        time_in_force=report.time_in_force.value,
        quantity=instrument.quantity_text(report.quantity),
        price=instrument.price_text(report.price),
        position_side=PositionSide.BOTH.value,
        reduce_only=False,
        purpose=Purpose.ENTRY.value,
        reserved_asset=held.asset,
        reserved=amount_text(held.amount),
        reason="found at the venue and not in the journal",
    )
    result.events.append(event)
    result.differ(f"{report.client_order_id} was adopted", clean=True)
    adopted = fold.adopted_order(event, ours.account.account, instrument=instrument)
    order = Order(request=adopted, acked=True, venue_order_id=report.venue_order_id)
    _compare(order, report, ours=ours, result=result)
    return adopted


def _see_foreign(report: OrderReport, *, ours: Ours, result: Reconciled) -> None:
    """Note an order that this journal did not send; with our mark it is another instance."""
    another = is_ours(report.client_order_id)
    if another:
        result.foreign_instance = True
        result.differ(f"{report.client_order_id} is of another journal of ours", clean=True)
    if (report.symbol, report.venue_order_id) in ours.account.foreign_orders:
        return
    instrument = ours.account.instruments[report.symbol]
    result.events.append(
        ev.ForeignOrderSeen(
            report.client_order_id,
            report.venue_order_id,
            report.symbol,
            report.side.value,
            instrument.quantity_text(report.quantity),
            report.status_text,
            another,
        )
    )
    result.differ(f"{report.client_order_id} is not ours", clean=True)


def _book(
    executions: Executions,
    reports: dict[ClientOrderId, OrderReport],
    *,
    theirs: VenueAnswers,
    result: Reconciled,
) -> None:
    """Book the executions that we lack; what a report names and no trade shows is missing."""
    for trade in theirs.trades:
        event = executions.book(trade)
        result.fills_count += 1
        if event is not None:
            result.events.append(event)
            result.differ(f"{trade.symbol} execution {event.exec_id} was booked", clean=True)
    for client_order_id, report in sorted(reports.items()):
        known = executions.cum_quantity(client_order_id)
        if executions.knows(client_order_id) and report.cum_quantity > known:
            result.unresolved.append(client_order_id)
            result.differ(f"executions of {client_order_id} are missing")


def _compare_balances(
    executions: Executions, *, ours: Ours, theirs: VenueAnswers, result: Reconciled
) -> None:
    """Adjust to the venue's balances, once everything else is settled."""
    if theirs.balances is None or theirs.bookings_count != ours.account.bookings_count:
        result.differ("the account traded while it was asked")
        return
    if result.unresolved:
        return
    margined = {
        instrument.settle
        for instrument in ours.account.instruments.values()
        if instrument.product is not Product.SPOT
    }
    totals = {report.asset: report.total for report in theirs.balances}
    known = executions.after.balances
    for asset in sorted(totals.keys() | known.keys()):
        difference = totals.get(asset, 0) - known.get(asset, 0)
        if difference and asset not in margined:
            text = amount_text(difference)
            mark, currency = ours.mark_of(asset)
            reason = "the venue's balance differs"
            result.events.append(ev.BalanceAdjusted(asset, text, mark, currency, reason))
            result.differ(f"{asset} differs by {text}", clean=True)


def _compare_positions(
    executions: Executions, *, theirs: VenueAnswers, result: Reconciled
) -> None:
    """A position of a contract that differs is a person's to settle."""
    after = executions.after
    contracts = {s for s, one in after.instruments.items() if one.product is not Product.SPOT}
    held: dict[Symbol, int] = {}
    for position in theirs.positions:
        held[position.symbol] = held.get(position.symbol, 0) + position.quantity
    for symbol in sorted(contracts | held.keys()):
        known = after.symbol_positions.get(symbol, 0)
        difference = held.get(symbol, 0) - known
        if difference:
            text = after.instruments[symbol].quantity_text(difference)
            result.differ(f"the position of {symbol} differs by {text}")
