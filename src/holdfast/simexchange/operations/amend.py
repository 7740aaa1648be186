"""Amend an order in its place, and ask what was amended."""

from holdfast.simexchange.desk import Call, Operation, Pending, Security
from holdfast.simexchange.model import Outcome, Reject
from holdfast.simexchange.operations.market import MOST_ROWS
from holdfast.simexchange.operations.trade import expect, order_ids
from holdfast.simexchange.payloads import lists as shown
from holdfast.simexchange.refusals import Refusal, missing
from holdfast.simexchange.requests import Amended, AmendRequest

WEIGHT = 4


def _amend(call: Call) -> Pending:
    params = call.params
    symbol = call.symbol
    order_id, client_id = order_ids(params)
    quantity = params.amount("newQty")
    if quantity == 0:
        raise Refusal(-1013, "Invalid quantity.")
    request = AmendRequest(
        symbol=symbol,
        quantity=quantity,
        order_id=order_id,
        original_client_order_id=client_id,
        new_client_order_id=params.client_id("newClientOrderId") or "",
    )
    exchange, account = call.floor.exchange, call.account
    return Pending(
        start=lambda: exchange.submit(account, request, arrived_ns=call.now_ns),
        shape=lambda outcome: _amended(call, outcome),
    )


def _amended(call: Call, outcome: Outcome) -> object:
    """Answer; only an amendment that ends its order weighs nothing."""
    amended = expect(outcome, Amended)
    if amended.order.status == "EXPIRED":
        now_ns = call.floor.clock.limits_now_ns()
        call.desk.address(call.address).refund(WEIGHT, now_ns)
    return shown.amended(amended, unit_ns=call.unit_ns)


def _amendments(call: Call) -> object:
    params = call.params
    symbol = call.symbol
    order_id = params.integer("orderId")
    if order_id is None:
        raise missing("orderId")
    exchange = call.floor.exchange
    found = exchange.accounts.order(call.account, symbol, order_id=order_id)
    if isinstance(found, Reject):
        raise Refusal(found.code, found.message)
    from_id = params.integer("fromExecutionId") or 0
    limit = params.limit(default=500, most=MOST_ROWS)
    rows = [
        row
        for row in exchange.history.amendments(call.account, order_id)
        if row.execution_id >= from_id
    ]
    return [shown.amendment(row, unit_ns=call.unit_ns) for row in rows[:limit]]


AMEND = Operation(
    run=_amend,
    weight=WEIGHT,
    security=Security.TRADE,
    names=("symbol", "orderId", "origClientOrderId", "newClientOrderId", "newQty"),
)
AMENDMENTS = Operation(
    run=_amendments,
    weight=4,
    security=Security.SIGNED,
    names=("symbol", "orderId", "fromExecutionId", "limit"),
)
