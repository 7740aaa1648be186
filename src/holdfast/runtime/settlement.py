"""Steps 7 and 8: the venue's words become events, each once, in force when durable.

A report may come late, twice, out of order, or by two ways at once (response and stream). What
is already known, or already on its way to disk, is not written again. Whatever stays open after
an answer (a lost answer, a refused cancel, a fill that a cancel named) is asked for.
"""

from collections.abc import Callable
from typing import assert_never

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.account import Account
from holdfast.domain.ids import ClientOrderId, ExecId, Symbol
from holdfast.domain.instant import Clock
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import AmountUnits, amount_text
from holdfast.domain.order import NewOrder, Order
from holdfast.domain.submission import Acked, Rejected, Submission, Unknown
from holdfast.domain.venue import (
    CancelAcked,
    CancelAnswer,
    CancelOrder,
    CancelRefused,
    Execution,
    OrderReport,
    ReportKind,
)
from holdfast.execution.fill_events import filled, foreign_fill
from holdfast.execution.ownership import (
    Claim,
    claim_of,
    consequences,
    detail_of,
    foreign_order,
    sign_of,
)
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.state import State

FeeRate = Callable[[str, str], str]
"""Gives the price of an asset in a currency as text, or an empty text when nobody knows."""


class Listener:
    """Who is told what became of orders; the pipeline implements it."""

    def on_order_changed(self, client_order_id: ClientOrderId, event: ev.Event) -> None:
        """Learn that an order changed, after the change is in force."""

    def on_filled(self, event: ev.OrderFilled) -> None:
        """Learn of a fill, after it is booked."""

    def on_in_doubt(self, symbol: Symbol, client_order_id: ClientOrderId) -> None:
        """Learn that the venue has to be asked what became of an order."""

    def on_another_instance(self, sign: str, detail: str) -> None:
        """Learn that another journal of ours trades this account."""

    def on_moved(self, symbol: Symbol) -> None:
        """Learn that positions of a symbol moved by no order of ours."""

    def on_key_refused(self, message: str) -> None:
        """Learn that the venue takes no order of this key."""


class Settlement:
    """Turns what the venue says of our orders into events."""

    def __init__(
        self,
        *,
        recorder: Recorder,
        state: State,
        clock: Clock,
        listener: Listener,
        fee_rate: FeeRate,
    ) -> None:
        self._recorder = recorder
        self._state = state
        self._clock = clock
        self._listener = listener
        self._fee_rate = fee_rate
        self._pending: set[tuple[str, str]] = set()

    @property
    def _account(self) -> Account:
        return self._state.account

    def on_submission(self, client_order_id: ClientOrderId, answer: Submission) -> None:
        """Take the answer to a submission."""
        order = self._account.find(client_order_id)
        if order is None:
            return
        request = order.request
        now = self._clock.now_ns()
        match answer:
            case Acked():
                if not order.acked and not order.ending:
                    self._hear_ack(request, answer.venue_order_id, at_ns=0, source="response")
            case Rejected():
                if not order.ending:
                    self._hear_rejection(request, answer, now_ns=now)
                if answer.is_key_refused:
                    self._listener.on_key_refused(answer.message)
            case Unknown():
                if order.acked or order.ending:
                    return
                self._hear(
                    client_order_id,
                    "doubted",
                    ev.OrderDoubted(
                        client_order_id, request.strategy, request.symbol, answer.reason
                    ),
                )
                self._listener.on_in_doubt(request.symbol, client_order_id)
            case _:
                assert_never(answer)

    def on_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        """Take the answer to a cancel; anything but a clear yes has the order asked for."""
        order = self._account.find(cancel.client_order_id)
        if order is None:
            return
        request = order.request
        instrument = self._account.instruments[request.symbol]
        match answer:
            case CancelAcked():
                if not order.ending:
                    event = ev.OrderCanceled(
                        request.client_order_id,
                        request.strategy,
                        request.symbol,
                        instrument.quantity_text(answer.cum_quantity),
                        "canceled on request",
                        0,
                        self._clock.now_ns(),
                        "response",
                    )
                    self._hear(request.client_order_id, "ended", event)
                if answer.cum_quantity > order.cum_quantity:
                    self._listener.on_in_doubt(request.symbol, request.client_order_id)
            case CancelRefused():
                if order.is_open and not order.ending:
                    event_refused = ev.CancelRejected(
                        request.client_order_id,
                        request.strategy,
                        request.symbol,
                        answer.code,
                        answer.message,
                    )
                    self._hear(request.client_order_id, "", event_refused)
                    self._listener.on_in_doubt(request.symbol, request.client_order_id)
            case Unknown():
                self._listener.on_in_doubt(request.symbol, request.client_order_id)
            case _:
                assert_never(answer)

    def on_report(self, report: OrderReport) -> None:
        """Take one report of the user stream."""
        order = self._account.find(report.client_order_id)
        if order is None:
            self._on_foreign(report)
            return
        request = order.request
        instrument = self._account.instruments[request.symbol]
        if report.execution is not None:
            if report.execution.exec_id not in order.executions:
                event = self.filled_event(request, report, execution=report.execution)
                self._hear_fill(event)
        elif report.kind is ReportKind.ACKED:
            if not order.acked:
                self._hear_ack(
                    request,
                    report.venue_order_id,
                    at_ns=report.venue_at_ns,
                    source=report.source,
                )
        elif report.kind is ReportKind.TRIGGERED:
            self._hear_trigger(order, report)
        elif report.kind is ReportKind.REJECTED:
            if not order.ending:
                self._hear_rejection(
                    request, Rejected(0, report.reason), now_ns=report.received_at_ns
                )
        elif report.kind in (ReportKind.CANCELED, ReportKind.EXPIRED) and not order.ending:
            kind = ev.OrderCanceled if report.kind is ReportKind.CANCELED else ev.OrderExpired
            self._hear(
                request.client_order_id,
                "ended",
                kind(
                    request.client_order_id,
                    request.strategy,
                    request.symbol,
                    instrument.quantity_text(report.cum_quantity),
                    report.reason,
                    report.venue_at_ns,
                    report.received_at_ns,
                    report.source,
                ),
            )

    def filled_event(
        self, request: NewOrder, report: OrderReport, *, execution: Execution
    ) -> ev.OrderFilled:
        """Make the event of one execution of an order of ours."""
        instrument = self._account.instruments[request.symbol]
        event = filled(
            request,
            execution,
            instrument=instrument,
            venue_order_id=report.venue_order_id,
            cum_quantity=report.cum_quantity,
            fee_value=self.fee_value(instrument, execution),
            venue_at_ns=report.venue_at_ns,
        )
        return msgspec.structs.replace(
            event, received_at_ns=report.received_at_ns, source=report.source
        )

    def fee_value(self, instrument: Instrument, execution: Execution) -> tuple[str, str]:
        """Value a fee in the quote currency at its fill, with the source of the rate."""
        asset = execution.fee_asset
        if not execution.fee or asset == instrument.quote:
            return amount_text(execution.fee), "paid in quote"
        if asset == instrument.base:
            quantity = instrument.quantity_of(execution.fee)
            return (
                amount_text(instrument.notional(execution.last_price, quantity)),
                "fill price",
            )
        rate = self._fee_rate(asset, instrument.quote)
        if not rate:
            return "0", "no rate"
        units = instrument.price(rate)
        scaled = execution.fee * units // 10**instrument.price_exponent
        return amount_text(AmountUnits(scaled)), f"mark of {asset}"

    def _hear_ack(
        self, request: NewOrder, venue_order_id: str, *, at_ns: int, source: str
    ) -> None:
        event = ev.OrderAcked(
            request.client_order_id,
            venue_order_id,
            request.strategy,
            request.symbol,
            at_ns,
            self._clock.now_ns(),
            source,
        )
        self._hear(request.client_order_id, "acked", event)

    def _hear_trigger(self, order: Order, report: OrderReport) -> None:
        """Note once that a stop woke up, and again when the venue names its new id."""
        request, venue_order_id = order.request, report.venue_order_id
        if order.is_triggered and venue_order_id in ("", order.venue_order_id):
            return
        event = ev.OrderTriggered(
            request.client_order_id,
            venue_order_id,
            request.strategy,
            request.symbol,
            report.venue_at_ns,
            report.received_at_ns,
            report.source,
        )
        self._hear(request.client_order_id, f"triggered {venue_order_id}", event)

    def _hear_rejection(self, request: NewOrder, answer: Rejected, *, now_ns: int) -> None:
        event = ev.OrderRejected(
            request.client_order_id,
            request.strategy,
            request.symbol,
            answer.code,
            answer.message,
            0,
            now_ns,
            "response",
        )
        self._hear(request.client_order_id, "ended", event)

    def _hear(self, client_order_id: ClientOrderId, fact: str, event: ev.Event) -> None:
        """Write a fact that is neither in force nor on its way already."""
        key = (client_order_id, fact)
        if fact and key in self._pending:
            return
        self._pending.add(key)

        def then() -> None:
            self._pending.discard(key)
            self._listener.on_order_changed(client_order_id, event)

        self._recorder.hear(event, then)

    def _hear_fill(self, event: ev.OrderFilled) -> None:
        key = (event.symbol, event.exec_id)
        if key in self._pending:
            return
        self._pending.add(key)

        def then() -> None:
            self._pending.discard(key)
            self._listener.on_filled(event)

        self._recorder.hear(event, then)

    def _on_foreign(self, report: OrderReport) -> None:
        """Note an order that this journal did not send, by the rule of whose it is."""
        symbol = report.symbol
        instrument = self._account.instruments.get(symbol)
        if instrument is None:
            return
        claim = claim_of(
            report.client_order_id,
            report.origin,
            journal_id=self._state.journal_id,
            is_known=False,
        )
        if claim is Claim.LOST:
            self._listener.on_in_doubt(symbol, report.client_order_id)
            return
        if claim is Claim.ANOTHER:
            self._listener.on_another_instance(sign_of(report), detail_of(report))
        is_new = (symbol, report.venue_order_id) not in self._account.foreign_orders
        by_venue = claim not in (Claim.ANOTHER, Claim.MANUAL)
        if report.execution is None or (is_new and by_venue):
            event = foreign_order(report, claim, instrument=instrument)
            self._hear(report.client_order_id, report.status_text, event)
        if is_new and by_venue:
            self._hear_venue(report, claim)
        if report.execution is not None:
            self._hear_foreign_fill(report, report.execution, instrument)

    def _hear_venue(self, report: OrderReport, claim: Claim) -> None:
        """Note what follows from the venue's own order, once, and have everything compared."""
        key = (report.symbol, report.venue_order_id)
        if key in self._pending:
            return
        self._pending.add(key)
        for event in consequences(report, claim):
            self._recorder.hear(event, lambda: self._pending.discard(key))
        self._listener.on_in_doubt(report.symbol, report.client_order_id)

    def _hear_foreign_fill(
        self, report: OrderReport, execution: Execution, instrument: Instrument
    ) -> None:
        key = (report.symbol, execution.exec_id)
        seen = self._account.foreign_execs.get(report.symbol, ())
        if key in self._pending or ExecId(execution.exec_id) in seen:
            return
        self._pending.add(key)
        event = foreign_fill(
            execution,
            instrument=instrument,
            side=report.side,
            venue_order_id=report.venue_order_id,
            fee_value=self.fee_value(instrument, execution),
            venue_at_ns=report.venue_at_ns,
            position_side=report.position_side,
            origin=report.origin.value,
        )

        def then() -> None:
            self._pending.discard(key)
            self._listener.on_moved(report.symbol)

        self._recorder.hear(event, then)
