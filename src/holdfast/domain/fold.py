"""How each event of the catalogue changes an account; the table at the end is all of it."""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.account import Account, OpenIntent
from holdfast.domain.contracts import CLOSED_BY_HAND
from holdfast.domain.ids import (
    UNATTRIBUTED,
    AccountId,
    ClientOrderId,
    ExecId,
    IntentId,
    StrategyId,
    Symbol,
    VenueOrderId,
)
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.money import Asset, PriceUnits, QuantityUnits, amount_units
from holdfast.domain.order import (
    Ending,
    NewOrder,
    Order,
    OrderType,
    PositionSide,
    Purpose,
    Side,
    StpMode,
    TimeInForce,
    TriggerPrice,
)
from holdfast.domain.position import Position
from holdfast.domain.protection import ProtectionEvent

FOREIGN_KEPT = 10_000
"""How many strangers' orders, and executions of a symbol, are remembered to be told once."""


_AtVenue: TypeAlias = (
    ev.OrderAcked
    | ev.OrderTriggered
    | ev.OrderAdopted
    | ev.OrderFilled
    | ev.ForeignOrderSeen
    | ev.ForeignFillSeen
)


def apply(account: Account, event: ev.Event) -> None:
    """Fold one event into an account; kinds that do not concern it change nothing."""
    fold = _FOLD.get(type(event))
    if fold is not None:
        fold(account, event)


def new_order(
    event: ev.OrderApproved, account: AccountId, *, instrument: Instrument
) -> NewOrder:
    """Read an order back from its event."""
    return NewOrder(
        client_order_id=ClientOrderId(event.client_order_id),
        account=account,
        strategy=StrategyId(event.strategy),
        intent_id=IntentId(event.intent_id),
        symbol=Symbol(event.symbol),
        product=Product(event.product),
        side=Side(event.side),
        order_type=OrderType(event.order_type),
        time_in_force=TimeInForce(event.time_in_force),
        quantity=instrument.quantity(event.quantity),
        price=instrument.price(event.price),
        quantity_text=event.quantity,
        price_text=event.price,
        worst_price=instrument.price(event.worst_price),
        trigger_price=instrument.price(event.trigger_price),
        position_side=PositionSide(event.position_side),
        reduce_only=event.reduce_only,
        purpose=Purpose(event.purpose),
        stp_mode=StpMode(event.stp_mode),
        order_list_id=event.order_list_id,
        contingency=event.contingency,
        reference=event.reference,
        model_version=event.model_version,
        policy_version=event.policy_version,
        trigger_by=TriggerPrice(event.trigger_by),
        activation_price=instrument.price(event.activation_price),
        callback_bps=event.callback_bps,
        display_quantity=instrument.quantity(event.display_quantity),
        good_till_ns=UtcNs(event.good_till_ns),
        replaces=ClientOrderId(event.replaces),
    )


def adopted_order(
    event: ev.OrderAdopted, account: AccountId, *, instrument: Instrument
) -> NewOrder:
    """Read an adopted order from its event."""
    return NewOrder(
        client_order_id=ClientOrderId(event.client_order_id),
        account=account,
        strategy=StrategyId(event.strategy),
        intent_id=IntentId(""),
        symbol=instrument.symbol,
        product=Product(event.product),
        side=Side(event.side),
        order_type=OrderType(event.order_type),
        time_in_force=TimeInForce(event.time_in_force),
        quantity=instrument.quantity(event.quantity),
        price=instrument.price(event.price),
        quantity_text=event.quantity,
        price_text=event.price,
        worst_price=instrument.price(event.price),
        position_side=PositionSide(event.position_side),
        reduce_only=event.reduce_only,
        purpose=Purpose(event.purpose),
        trigger_price=instrument.price(event.trigger_price),
        trigger_by=TriggerPrice(event.trigger_by),
    )


def _on_instrument(account: Account, event: ev.InstrumentRegistered) -> None:
    account.instruments[Symbol(event.symbol)] = msgspec.convert(event.definition, Instrument)


def _on_opening(account: Account, event: ev.BalanceOpened) -> None:
    account.credit(Asset(event.asset), amount_units(event.amount))
    account.contracts.open_wallets(event.venue_at_ns)


def _on_position(account: Account, event: ev.PositionOpened) -> None:
    """Take over a position; its cost leaves cash and is open cost, so that the wallet stays.

    Two lots of neighboring prices make up a cost that is no price times the quantity.
    """
    symbol, side = Symbol(event.symbol), PositionSide(event.position_side)
    instrument = account.instruments[symbol]
    quantity, cost = instrument.quantity(event.quantity), amount_units(event.cost)
    price, rest = divmod(cost // instrument.notional(1, 1), quantity)
    position = account.positions.setdefault((UNATTRIBUTED, symbol, side), Position())
    position.trade(PriceUnits(price), QuantityUnits(quantity - rest))
    position.trade(PriceUnits(price + 1), QuantityUnits(rest))
    account.bookings_count += 1
    account.credit(instrument.quote, -cost)
    account.contracts.trade((symbol, side), quantity, notional=cost, realized=0)
    net = account.symbol_positions.get(symbol, 0)
    account.symbol_positions[symbol] = net + quantity


def _on_movement(account: Account, event: ev.FundingPaid | ev.WalletMoved) -> None:
    known = account.contracts
    if known.receive(event.kind, event.tran_id, at_ns=event.venue_at_ns):
        account.bookings_count += 1
        account.credit(Asset(event.asset), amount_units(event.amount))


def _on_adjustment(account: Account, event: ev.BalanceAdjusted) -> None:
    account.credit(Asset(event.asset), amount_units(event.difference))


def _on_accepted(account: Account, event: ev.IntentAccepted) -> None:
    quantity = account.instruments[Symbol(event.symbol)].quantity(event.quantity)
    intent = OpenIntent(
        StrategyId(event.strategy),
        Symbol(event.symbol),
        Side(event.side),
        quantity,
        quantity,
        Asset(event.reserved_asset),
        amount_units(event.reserved),
        PositionSide(event.position_side),
        event.is_guarded,
    )
    account.accept(IntentId(event.intent_id), intent)


def _on_intent_closed(account: Account, event: ev.IntentClosed) -> None:
    account.release(IntentId(event.intent_id))


def _on_approved(account: Account, event: ev.OrderApproved) -> None:
    instrument = account.instruments[Symbol(event.symbol)]
    order = new_order(event, account.account, instrument=instrument)
    account.approve(
        order,
        Asset(event.reserved_asset),
        amount=amount_units(event.reserved),
        expires_at_ns=event.expires_at_ns,
    )


def _on_adopted(account: Account, event: ev.OrderAdopted) -> None:
    instrument = account.instruments[Symbol(event.symbol)]
    order = adopted_order(event, account.account, instrument=instrument)
    held = amount_units(event.reserved)
    adopted = account.approve(order, Asset(event.reserved_asset), amount=held)
    adopted.ack(VenueOrderId(event.venue_order_id))
    _see(account, event)


def _on_acked(account: Account, event: ev.OrderAcked) -> None:
    venue_order_id = VenueOrderId(event.venue_order_id)
    account.change(event.client_order_id, lambda order: order.ack(venue_order_id))
    _see(account, event)


def _on_triggered(account: Account, event: ev.OrderTriggered) -> None:
    venue_order_id = VenueOrderId(event.venue_order_id)
    account.change(
        event.client_order_id, lambda order: order.ack(venue_order_id, is_triggered=True)
    )
    _see(account, event)


def _on_protection(account: Account, event: ProtectionEvent) -> None:
    account.protections.apply(event, account.instruments[Symbol(event.symbol)])


def _on_doubted(account: Account, event: ev.OrderDoubted) -> None:
    account.change(event.client_order_id, Order.doubt)


def _on_cancel_requested(account: Account, event: ev.CancelRequested) -> None:
    account.change(event.client_order_id, Order.request_cancel)


def _on_cancel_rejected(account: Account, event: ev.CancelRejected) -> None:
    account.change(event.client_order_id, Order.refuse_cancel)


def _end(account: Account, client_order_id: str, ending: Ending, reason: str) -> None:
    account.change(client_order_id, lambda order: order.end(ending, reason))


def _on_withheld(account: Account, event: ev.OrderWithheld) -> None:
    _end(account, event.client_order_id, "not_sent", event.reason)


def _on_rejected(account: Account, event: ev.OrderRejected) -> None:
    _end(account, event.client_order_id, "rejected", event.message)


def _on_ended(account: Account, event: ev.OrderCanceled | ev.OrderExpired) -> None:
    reported = account.instruments[Symbol(event.symbol)].quantity(event.cum_quantity)
    ending: Ending = "canceled" if isinstance(event, ev.OrderCanceled) else "expired"

    def end(order: Order) -> None:
        order.report(reported)
        order.end(ending, event.reason)

    account.change(event.client_order_id, end)


def _on_filled(account: Account, event: ev.OrderFilled) -> None:
    quantity = account.instruments[Symbol(event.symbol)].quantity(event.last_quantity)
    exec_id = ExecId(event.exec_id)
    venue_order_id = VenueOrderId(event.venue_order_id)

    def fill(order: Order) -> bool:
        return order.fill(exec_id, quantity, venue_order_id=venue_order_id)

    if account.change(event.client_order_id, fill):
        account.book(StrategyId(event.strategy), event)
    _see(account, event)


def _on_foreign_fill(account: Account, event: ev.ForeignFillSeen) -> None:
    seen = account.foreign_execs.setdefault(Symbol(event.symbol), {})
    if ExecId(event.exec_id) not in seen:
        seen[ExecId(event.exec_id)] = None
        _keep_newest(seen)
        account.book(UNATTRIBUTED, event)
    _see(account, event)


def _on_foreign_order(account: Account, event: ev.ForeignOrderSeen) -> None:
    account.foreign_orders[event.symbol, event.venue_order_id] = event.origin
    _keep_newest(account.foreign_orders)
    _see(account, event)


def _see(account: Account, event: _AtVenue) -> None:
    account.latest_orders.see(Symbol(event.symbol), VenueOrderId(event.venue_order_id))


def _keep_newest(foreign: dict[Any, Any]) -> None:
    if len(foreign) > FOREIGN_KEPT:
        del foreign[next(iter(foreign))]


def _on_reconciled(account: Account, event: ev.ReconciliationCompleted) -> None:
    account.reconciled_through.update(
        (Symbol(symbol), ExecId(exec_id)) for symbol, exec_id in event.through.items()
    )
    for symbol, venue_order_id in event.latest_orders.items():
        account.latest_orders.see(Symbol(symbol), VenueOrderId(venue_order_id))
    if event.clean:
        account.latest_orders.agree()


def _on_released(account: Account, event: ev.SymbolReleased) -> None:
    """Remember the differences that a person accepted, until the next release."""
    account.accepted[Symbol(event.symbol)] = event.differences


def _on_incident(account: Account, event: ev.IncidentOpened | ev.IncidentClosed) -> None:
    """Forget what was taken from strategies once that is said."""
    if event.kind == CLOSED_BY_HAND:
        account.taken.pop(Symbol(event.scope), None)


def _on_epoch(account: Account, _event: ev.EpochTaken) -> None:
    account.latest_orders.begin()


_FOLD: dict[type[ev.Event], Callable[[Account, Any], None]] = {
    ev.EpochTaken: _on_epoch,
    ev.InstrumentRegistered: _on_instrument,
    ev.BalanceOpened: _on_opening,
    ev.BalanceAdjusted: _on_adjustment,
    ev.PositionOpened: _on_position,
    ev.FundingPaid: _on_movement,
    ev.WalletMoved: _on_movement,
    ev.IntentAccepted: _on_accepted,
    ev.IntentClosed: _on_intent_closed,
    ev.OrderApproved: _on_approved,
    ev.OrderAdopted: _on_adopted,
    ev.OrderWithheld: _on_withheld,
    ev.OrderAcked: _on_acked,
    ev.OrderRejected: _on_rejected,
    ev.OrderTriggered: _on_triggered,
    ev.OrderDoubted: _on_doubted,
    ev.OrderFilled: _on_filled,
    ev.OrderCanceled: _on_ended,
    ev.OrderExpired: _on_ended,
    ev.CancelRequested: _on_cancel_requested,
    ev.CancelRejected: _on_cancel_rejected,
    ev.ProtectionSet: _on_protection,
    ev.ProtectionCovered: _on_protection,
    ev.ProtectionUncovered: _on_protection,
    ev.ProtectionOverdue: _on_protection,
    ev.ProtectionEnded: _on_protection,
    ev.ForeignFillSeen: _on_foreign_fill,
    ev.ForeignOrderSeen: _on_foreign_order,
    ev.ReconciliationCompleted: _on_reconciled,
    ev.SymbolReleased: _on_released,
    ev.IncidentOpened: _on_incident,
    ev.IncidentClosed: _on_incident,
}
