"""The events of executions, the same whether the stream or a query told of them."""

from holdfast.domain import events as ev
from holdfast.domain.contracts import is_contract
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import amount_text
from holdfast.domain.order import NewOrder, Origin, PositionSide, Side
from holdfast.domain.venue import Execution


def filled(
    request: NewOrder,
    execution: Execution,
    *,
    instrument: Instrument,
    venue_order_id: str,
    cum_quantity: int,
    fee_value: tuple[str, str],
    venue_at_ns: int,
) -> ev.OrderFilled:
    """Make the event of one execution of an order of ours, as a query tells it.

    `fee_value` is the fee in the quote currency, and the source of its rate.
    """
    value, value_source = fee_value
    return ev.OrderFilled(
        client_order_id=request.client_order_id,
        venue_order_id=venue_order_id,
        exec_id=execution.exec_id,
        strategy=request.strategy,
        symbol=request.symbol,
        product=request.product.value,
        side=request.side.value,
        position_side=request.position_side.value,
        last_price=instrument.price_text(execution.last_price),
        last_quantity=instrument.quantity_text(execution.last_quantity),
        cum_quantity=instrument.quantity_text(cum_quantity),
        liquidity_side=execution.liquidity_side.value,
        fee=amount_text(execution.fee),
        fee_asset=execution.fee_asset,
        fee_value=value,
        fee_value_source=value_source,
        reduce_only=request.reduce_only,
        purpose=request.purpose.value,
        venue_at_ns=venue_at_ns,
        received_at_ns=0,
        source="query",
        realized=realized_text(execution),
    )


def foreign_fill(
    execution: Execution,
    *,
    instrument: Instrument,
    side: Side,
    venue_order_id: str,
    fee_value: tuple[str, str],
    venue_at_ns: int,
    position_side: PositionSide = PositionSide.BOTH,
    origin: str = Origin.REQUEST.value,
) -> ev.ForeignFillSeen:
    """Make the event of an execution that no order of ours made; `origin` says whose it is."""
    value, value_source = fee_value
    return ev.ForeignFillSeen(
        venue_order_id=venue_order_id,
        exec_id=execution.exec_id,
        symbol=instrument.symbol,
        product=instrument.product.value,
        side=side.value,
        position_side=position_side.value,
        last_price=instrument.price_text(execution.last_price),
        last_quantity=instrument.quantity_text(execution.last_quantity),
        fee=amount_text(execution.fee),
        fee_asset=execution.fee_asset,
        fee_value=value,
        fee_value_source=value_source,
        liquidity_side=execution.liquidity_side.value,
        venue_at_ns=venue_at_ns,
        realized=realized_text(execution),
        origin=origin,
        closes_held=is_contract(instrument),
    )


def realized_text(execution: Execution) -> str:
    """Give what the venue says that an execution realized; empty where it says nothing."""
    return "" if execution.realized is None else amount_text(execution.realized)
