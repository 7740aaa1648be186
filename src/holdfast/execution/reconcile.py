"""Compare our account with the venue's answers; pure: what differs becomes events (XCH-5).

The events, applied, make a second comparison with the same answers find nothing new. An order
that the venue does not know counts as risk until it was asked for twice, far enough apart that
nothing of it can still be under way (promise 4). Nothing is resent. Orders and executions are
compared here, what is held in `holdings.py`; `comparison.py` has the two sides and the result.
"""

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.account import Account, HeldOrder
from holdfast.domain.contracts import is_contract
from holdfast.domain.ids import UNATTRIBUTED, ClientOrderId, Symbol, epoch_of, is_ours
from holdfast.domain.money import amount_text
from holdfast.domain.order import (
    ENDINGS,
    Ending,
    NewOrder,
    Order,
    OrderType,
    PositionSide,
    Purpose,
)
from holdfast.domain.protection import Protection, ProtectionKey
from holdfast.domain.venue import OrderReport, ReportKind
from holdfast.execution.answers import Absence, VenueAnswers
from holdfast.execution.cancel import cancel_of
from holdfast.execution.comparison import Ours, Reconciled
from holdfast.execution.executions import Executions
from holdfast.execution.holdings import compare_holdings
from holdfast.execution.ownership import (
    Claim,
    claim_of,
    consequences,
    detail_of,
    foreign_order,
    sign_of,
)

_NO_ID = ClientOrderId("")
_STOPS = (OrderType.STOP_MARKET, OrderType.STOP_LIMIT)
QUESTIONS = 2
"""How often the venue has to be asked before an absence proves anything."""


def reconcile(ours: Ours, theirs: VenueAnswers) -> Reconciled:
    """Compare everything; the answers may be stale, and only make the result more careful."""
    account = ours.account
    result = Reconciled(
        quarantined=ours.quarantined,
        accepted=account.accepted,
        through={str(s): str(i) for s, i in theirs.through.items()},
        latest_orders={str(s): str(i) for s, i in theirs.latest.items()},
    )
    reports = {report.client_order_id: report for report in theirs.open_orders}
    lost = [one for one in theirs.newest if _claim(one, ours) is Claim.LOST]
    reports |= {report.client_order_id: report for report in lost}
    reports |= {i: report for i, report in theirs.orders.items() if report is not None}
    executions = Executions(account, fee_value=ours.fee_value, beginning=theirs.beginning)
    _compare_reports(executions, reports, ours=ours, theirs=theirs, result=result)
    _see_traded(executions, ours=ours, theirs=theirs, result=result)
    for client_order_id, held in sorted(account.orders.items()):
        was_asked = client_order_id in theirs.orders
        if client_order_id not in reports and was_asked:
            result.orders_count += 1
            _miss(held, ours=ours, theirs=theirs, result=result)
    _book(executions, reports, theirs=theirs, result=result)
    if theirs.with_holdings:
        compare_holdings(executions, ours=ours, theirs=theirs, result=result)
    for symbol in sorted(ours.quarantined - result.unsettled.keys()):
        if theirs.with_holdings and theirs.covers(Symbol(symbol)):
            result.events.append(ev.SymbolReleased(symbol, "a clean comparison", 1, []))
    return result


def _compare_reports(
    executions: Executions,
    reports: dict[ClientOrderId, OrderReport],
    *,
    ours: Ours,
    theirs: VenueAnswers,
    result: Reconciled,
) -> None:
    """Compare every order that was shown, by whose it is."""
    for client_order_id, report in sorted(reports.items()):
        order = ours.account.find(client_order_id)
        claim = _claim(report, ours)
        if order is not None:
            result.orders_count += 1
            _compare(order, report, ours=ours, result=result)
            executions.know(report.venue_order_id, order.request, order=order)
        elif claim is Claim.LOST:
            executions.know(report.venue_order_id, _adopt(report, ours=ours, result=result))
        else:
            _see_foreign(report, claim, ours=ours, result=result)
            executions.know_foreign(report)
    for report in theirs.newest:
        order = ours.account.find(report.client_order_id)
        if order is not None:
            executions.know(report.venue_order_id, order.request, order=order)


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
        result.doubt(
            request.client_order_id,
            f"{request.client_order_id} ended here ({order.ending}) and rests there",
            symbol=request.symbol,
        )
    if order.ending or order.cancel_requested:
        result.cancels.append(cancel_of(order))


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
    again = f"{request.symbol}: order {client_order_id} is not known there, asked again"
    result.doubt(client_order_id, again, symbol=request.symbol)
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


def _adopt(report: OrderReport, *, ours: Ours, result: Reconciled) -> NewOrder:
    """Take an order that carries our journal's id as ours, though the journal lacks it."""
    instrument = ours.account.instruments[report.symbol]
    held = ours.reserve(instrument, report)
    guarded = _guarded_by(report, ours.account)
    is_known = guarded is not None and guarded[1].terms.trigger_price == report.trigger_price
    event = ev.OrderAdopted(
        client_order_id=report.client_order_id,
        venue_order_id=report.venue_order_id,
        strategy=guarded[0][0] if guarded else UNATTRIBUTED,
        symbol=report.symbol,
        product=instrument.product.value,
        side=report.side.value,
        order_type=report.order_type.value,
        time_in_force=report.time_in_force.value,
        quantity=instrument.quantity_text(report.quantity),
        price=instrument.price_text(report.price),
        position_side=report.position_side.value,
        reduce_only=report.reduce_only,
        purpose=(Purpose.PROTECTIVE if guarded else Purpose.ENTRY).value,
        reserved_asset=held.asset,
        reserved=amount_text(held.amount),
        reason="found at the venue and not in the journal",
        trigger_price=instrument.price_text(report.trigger_price),
        trigger_by=(guarded[1].terms.trigger_by.value if guarded and is_known else "last"),
    )
    result.events.append(event)
    result.differ(f"{report.client_order_id} was adopted", clean=True)
    adopted = fold.adopted_order(event, ours.account.account, instrument=instrument)
    order = Order(request=adopted, acked=True, venue_order_id=report.venue_order_id)
    _compare(order, report, ours=ours, result=result)
    return adopted


def _guarded_by(
    report: OrderReport, account: Account
) -> tuple[ProtectionKey, Protection] | None:
    """Give the one protection that a stop can be for; its terms may be newer than the journal.

    As an entry of nobody it would be canceled at the end of a run, and the position left bare.
    """
    is_spot = not is_contract(account.instruments[report.symbol])
    closes = report.reduce_only or is_spot or report.position_side is not PositionSide.BOTH
    if report.order_type not in _STOPS or not closes:
        return None
    fitting = [
        (key, known)
        for key, known in account.protections.open.items()
        if key[1:] == (report.symbol, report.position_side) and known.side is report.side
    ]
    return fitting[0] if len(fitting) == 1 else None


def _claim(report: OrderReport, ours: Ours) -> Claim:
    return claim_of(
        report.client_order_id,
        report.origin,
        journal_id=ours.journal_id,
        is_known=ours.account.find(report.client_order_id) is not None,
    )


def _see_foreign(report: OrderReport, claim: Claim, *, ours: Ours, result: Reconciled) -> None:
    """Note an order that this journal did not send, with what follows from whose it is."""
    if claim is Claim.ANOTHER and sign_of(report) not in ours.acknowledged:
        result.others[sign_of(report)] = detail_of(report)
        result.differ(f"{report.client_order_id} is of another journal of ours", clean=True)
    if (report.symbol, report.venue_order_id) in ours.account.foreign_orders:
        return
    instrument = ours.account.instruments[report.symbol]
    result.events.append(foreign_order(report, claim, instrument=instrument))
    for event in consequences(report, claim):
        incident = isinstance(event, ev.IncidentOpened) and (event.kind, event.scope)
        if incident not in ours.incidents:
            result.events.append(event)
    result.differ(f"{report.client_order_id} is not ours", clean=True)


def _see_traded(
    executions: Executions, *, ours: Ours, theirs: VenueAnswers, result: Reconciled
) -> None:
    """Note orders of others that were filled before they could be seen resting."""
    traded = {(trade.symbol, trade.venue_order_id) for trade in theirs.trades}
    for report in theirs.newest:
        claim = _claim(report, ours)
        if (
            claim not in (Claim.OURS, Claim.LOST)
            and (report.symbol, report.venue_order_id) in traded
            and report.symbol not in theirs.beginning
        ):
            executions.know_foreign(report)
            if not any(_is_of(event, report) for event in result.events):
                _see_foreign(report, claim, ours=ours, result=result)


def _is_of(event: ev.Event, report: OrderReport) -> bool:
    """Tell whether an order is noted in this comparison already."""
    return (
        isinstance(event, ev.ForeignOrderSeen)
        and event.venue_order_id == report.venue_order_id
        and event.symbol == report.symbol
    )


def _book(
    executions: Executions,
    reports: dict[ClientOrderId, OrderReport],
    *,
    theirs: VenueAnswers,
    result: Reconciled,
) -> None:
    """Book the executions that we lack; what a report names and no trade shows is missing."""
    for trade in theirs.trades:
        if executions.is_unclaimed(trade):
            text = f"{trade.symbol} execution {trade.execution.exec_id} is of an order that is"
            result.doubt(_NO_ID, f"{text} not shown yet", symbol=trade.symbol)
            continue
        event = executions.book(trade)
        result.fills_count += 1
        if event is not None:
            result.events.append(event)
            result.differ(f"{trade.symbol} execution {event.exec_id} was booked", clean=True)
    for client_order_id, report in sorted(reports.items()):
        known = executions.cum_quantity(client_order_id)
        if executions.knows(client_order_id) and report.cum_quantity > known:
            missing = f"executions of {client_order_id} are missing"
            result.doubt(client_order_id, missing, symbol=report.symbol)
