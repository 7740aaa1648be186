"""Plain orders of USD-M: place, try, change, cancel."""

from holdfast.simexchange import refusals
from holdfast.simexchange.desk import Call, Operation, Pending, Security
from holdfast.simexchange.futures.requests import (
    Countdown,
    CountdownSet,
    FuturesCancel,
    FuturesCancelAll,
    FuturesCanceled,
    FuturesModified,
    FuturesModify,
    FuturesPlace,
    FuturesPlaced,
)
from holdfast.simexchange.model import Outcome
from holdfast.simexchange.params import Params
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.usdm.operations.asking import (
    digits,
    done,
    flag_or_none,
    futures,
    instant,
    order_ids,
    pending,
)
from holdfast.simexchange.usdm.payloads import orders as shown

RESPONSES = ("ACK", "RESULT")
PLACE_NAMES = (
    "symbol",
    "side",
    "positionSide",
    "type",
    "timeInForce",
    "quantity",
    "reduceOnly",
    "price",
    "newClientOrderId",
    "newOrderRespType",
    "priceMatch",
    "selfTradePreventionMode",
    "goodTillDate",
)
CONDITIONAL_NAMES = (
    "stopPrice",
    "closePosition",
    "activationPrice",
    "callbackRate",
    "workingType",
    "priceProtect",
)
"""Known to the order endpoint, which refuses the types that they belong to (-4120)."""
MODIFY_NAMES = (
    "symbol",
    "side",
    "quantity",
    "price",
    "orderId",
    "origClientOrderId",
    "priceMatch",
    "positionSide",
)
CANCEL_NAMES = ("symbol", "orderId", "origClientOrderId")


def place_request(call: Call) -> FuturesPlace:
    """Read a new order; what is wrong with its values, the core refuses."""
    params = call.params
    symbol = call.symbol
    side, order_type = params.text("side"), params.text("type")
    if order_type == "MARKET" and "stopPrice" in params:
        raise refusals.not_required("stopPrice")
    response_form(params)
    quantity, price = amount(params, "quantity"), amount(params, "price")
    if "quantity" in params and not quantity:
        raise Refusal(-4003, "Quantity less than or equal to zero.")
    if "price" in params and not price and order_type == "LIMIT":
        raise Refusal(-4001, "Price less than 0.")
    return FuturesPlace(
        symbol=symbol,
        side=side,
        order_type=order_type,
        position_side=params.optional("positionSide") or "",
        time_in_force=params.optional("timeInForce") or "",
        quantity=quantity,
        price=price,
        reduce_only=flag_or_none(params, "reduceOnly"),
        client_order_id=params.optional("newClientOrderId") or "",
        price_match=params.optional("priceMatch") or "",
        stp_mode=params.optional("selfTradePreventionMode") or "",
        good_till_ns=instant(params, "goodTillDate") or 0,
    )


def modify_request(call: Call) -> FuturesModify:
    """Read a change of a limit order."""
    params = call.params
    order_id, client_id = order_ids(params)
    params.text("quantity")
    return FuturesModify(
        symbol=call.symbol,
        side=params.text("side"),
        quantity=amount(params, "quantity"),
        price=amount(params, "price"),
        order_id=order_id,
        original_client_order_id=client_id,
        price_match=params.optional("priceMatch") or "",
    )


def response_form(params: Params) -> str:
    """Return which answer a new order gets."""
    form = params.optional("newOrderRespType") or "ACK"
    if form not in RESPONSES:
        raise refusals.invalid("newOrderRespType")
    return form


def amount(params: Params, name: str) -> int:
    """Return a price or quantity, 0 when it was not sent."""
    return params.amount_or_none(name) or 0


def placed_body(call: Call, outcome: Outcome) -> object:
    """Answer a new order in the form asked for."""
    order = done(outcome, FuturesPlaced).order
    write = shown.acknowledged if response_form(call.params) == "ACK" else shown.answered
    return write(order, digits(call, order.symbol))


def place(call: Call) -> Pending:
    """Place an order."""
    request = place_request(call)
    return pending(
        call,
        request,
        shape=lambda outcome: placed_body(call, outcome),
        is_new_order=True,
    )


def modify(call: Call) -> Pending:
    """Change price and quantity of a limit order; it counts as an order."""

    def shape(outcome: Outcome) -> object:
        order = done(outcome, FuturesModified).order
        return shown.answered(order, digits(call, order.symbol))

    return pending(call, modify_request(call), shape=shape, is_new_order=True)


def cancel(call: Call) -> Pending:
    """Cancel an order."""
    order_id, client_id = order_ids(call.params)
    request = FuturesCancel(
        symbol=call.symbol, order_id=order_id, original_client_order_id=client_id
    )

    def shape(outcome: Outcome) -> object:
        (order,) = done(outcome, FuturesCanceled).orders
        return shown.answered(order, digits(call, order.symbol))

    return pending(call, request, shape=shape)


def _test(call: Call) -> object:
    request = place_request(call)
    reject = futures(call).check(call.account, request)
    if reject is not None:
        raise Refusal(reject.code, reject.message)
    return {}


def _cancel_all(call: Call) -> Pending:
    def shape(outcome: Outcome) -> object:
        done(outcome, FuturesCanceled)
        return shown.CANCEL_ALL_DONE

    return pending(call, FuturesCancelAll(call.symbol), shape=shape)


def _countdown(call: Call) -> Pending:
    wait_ms = call.params.integer("countdownTime")
    if wait_ms is None:
        raise refusals.missing("countdownTime")
    if wait_ms < 0:
        raise refusals.invalid("countdownTime")

    def shape(outcome: Outcome) -> object:
        countdown = done(outcome, CountdownSet)
        return {"symbol": countdown.symbol, "countdownTime": str(countdown.ms)}

    return pending(call, Countdown(call.symbol, wait_ms), shape=shape)


_PLACE_NAMES = (*PLACE_NAMES, *CONDITIONAL_NAMES)
NEW_ORDER = Operation(run=place, weight=0, security=Security.TRADE, names=_PLACE_NAMES)
TEST_ORDER = Operation(run=_test, weight=1, security=Security.TRADE, names=_PLACE_NAMES)
MODIFY_ORDER = Operation(run=modify, weight=0, security=Security.TRADE, names=MODIFY_NAMES)
CANCEL_ORDER = Operation(run=cancel, weight=1, security=Security.TRADE, names=CANCEL_NAMES)
CANCEL_ALL = Operation(run=_cancel_all, weight=1, security=Security.TRADE, names=("symbol",))
COUNTDOWN = Operation(
    run=_countdown,
    weight=10,
    security=Security.TRADE,
    names=("symbol", "countdownTime"),
)
