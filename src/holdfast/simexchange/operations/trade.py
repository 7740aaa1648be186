"""New orders and cancels: what the venue checks before its matching core sees them."""

from typing import TypeVar

import msgspec

from holdfast.simexchange import refusals
from holdfast.simexchange.desk import Call, Operation, Pending, Security
from holdfast.simexchange.matching import STP_MODES
from holdfast.simexchange.model import (
    Canceled,
    CancelRequest,
    Outcome,
    Placed,
    PlaceRequest,
    Reject,
)
from holdfast.simexchange.numbers import format_e8
from holdfast.simexchange.params import Params
from holdfast.simexchange.payloads import lists
from holdfast.simexchange.payloads import orders as shown
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.triggers import ALGO_TYPES

_Done = TypeVar("_Done", bound=msgspec.Struct)
SIDES = ("BUY", "SELL")
TIMES_IN_FORCE = ("GTC", "IOC", "FOK")
RESPONSES = ("ACK", "RESULT", "FULL")
RESTRICTIONS = ("ONLY_NEW", "ONLY_PARTIALLY_FILLED")
_TIMED = ("timeInForce", "quantity", "price")
NEEDED = {
    "LIMIT": _TIMED,
    "LIMIT_MAKER": ("quantity", "price"),
    "MARKET": (),
    "STOP_LOSS": ("quantity",),
    "STOP_LOSS_LIMIT": _TIMED,
    "TAKE_PROFIT": ("quantity",),
    "TAKE_PROFIT_LIMIT": _TIMED,
}
_TRIGGERS = ("stopPrice", "trailingDelta")
_LIMITED = ("timeInForce", "price", "icebergQty")
FORBIDDEN = {
    "LIMIT": ("quoteOrderQty", *_TRIGGERS),
    "LIMIT_MAKER": ("timeInForce", "quoteOrderQty", *_TRIGGERS),
    "MARKET": (*_LIMITED, *_TRIGGERS),
    "STOP_LOSS": (*_LIMITED, "quoteOrderQty"),
    "STOP_LOSS_LIMIT": ("quoteOrderQty",),
    "TAKE_PROFIT": (*_LIMITED, "quoteOrderQty"),
    "TAKE_PROFIT_LIMIT": ("quoteOrderQty",),
}
ORDER_NAMES = (
    "symbol",
    "side",
    "type",
    "timeInForce",
    "quantity",
    "quoteOrderQty",
    "price",
    "newClientOrderId",
    "strategyId",
    "strategyType",
    "stopPrice",
    "trailingDelta",
    "icebergQty",
    "newOrderRespType",
    "selfTradePreventionMode",
)
CANCEL_NAMES = (
    "symbol",
    "orderId",
    "origClientOrderId",
    "newClientOrderId",
    "cancelRestrictions",
)
LEAST_STRATEGY_TYPE = 1_000_000


def place_request(call: Call) -> PlaceRequest:
    """Read a new order; raise the venue's refusal for whatever is wrong with it."""
    params, symbol = call.params, call.symbol
    side = params.choice("side", SIDES, code=-1117, what="side")
    order_type = params.choice("type", NEEDED, code=-1116, what="orderType")
    return read_terms(params, order_type, symbol=symbol, side=side)


def read_terms(
    params: Params,
    order_type: str,
    *,
    symbol: str,
    side: str,
    client_id_name: str = "newClientOrderId",
) -> PlaceRequest:
    """Read the terms of an order whose type and side are known."""
    _check_names(params, order_type)
    time_in_force = ""
    if "timeInForce" in NEEDED[order_type]:
        time_in_force = params.choice(
            "timeInForce", TIMES_IN_FORCE, code=-1115, what="timeInForce"
        )
    strategy_type = params.integer("strategyType")
    if strategy_type is not None and strategy_type < LEAST_STRATEGY_TYPE:
        raise Refusal(-1134, f"strategyType was less than {LEAST_STRATEGY_TYPE}.")
    return PlaceRequest(
        symbol=symbol,
        side=side,
        order_type=order_type,
        time_in_force=time_in_force,
        quantity=_positive(params, "quantity", "quantity"),
        quote_quantity=_positive(params, "quoteOrderQty", "quoteOrderQty"),
        price=_positive(params, "price", "price"),
        client_order_id=params.client_id(client_id_name) or "",
        stp_mode=stp_mode(params),
        strategy_id=params.integer("strategyId"),
        strategy_type=strategy_type,
        iceberg_quantity=params.amount_or_none("icebergQty") or 0,
        stop_price=_positive(params, "stopPrice", "stopPrice"),
        trailing_delta=_trailing_delta(params),
    )


def cancel_request(call: Call) -> CancelRequest:
    """Read a cancel by order id, original client id, or both."""
    params = call.params
    symbol = call.symbol
    order_id, client_id = order_ids(params)
    return CancelRequest(
        symbol=symbol,
        order_id=order_id,
        original_client_order_id=client_id,
        new_client_order_id=params.client_id("newClientOrderId") or "",
        restrictions=restrictions(params),
    )


def restrictions(params: Params) -> str:
    """Return what a cancel is restricted to."""
    sent = params.optional("cancelRestrictions") or ""
    if sent and sent not in RESTRICTIONS:
        text = "cancelRestrictions has to be either ONLY_NEW or ONLY_PARTIALLY_FILLED."
        raise Refusal(-1145, text)
    return sent


def order_ids(params: Params) -> tuple[int | None, str]:
    """Return the order id and the original client id; one of them has to be there."""
    order_id = params.integer("orderId")
    client_id = params.client_id("origClientOrderId") or ""
    if order_id is None and not client_id:
        text = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
        raise Refusal(-1102, text)
    return order_id, client_id


def placed_body(call: Call, outcome: Outcome) -> object:
    """Answer a new order in the form asked for."""
    placed = expect(outcome, Placed)
    return report_of(placed, response_form(call.params), unit_ns=call.unit_ns)


def report_of(placed: Placed, form: str, *, unit_ns: int) -> shown.Json:
    """Show a placed order in one of the three forms."""
    at_ns = placed.order.created_ns
    if form == "ACK":
        return shown.ack(placed.order, at_ns=at_ns, unit_ns=unit_ns)
    if form == "RESULT":
        return shown.result(placed.order, at_ns=at_ns, unit_ns=unit_ns)
    return shown.full(placed, at_ns=at_ns, unit_ns=unit_ns)


def response_form(params: Params) -> str:
    """Return which answer a new order gets."""
    form = params.optional("newOrderRespType")
    if form is None:
        return "FULL" if params.values.get("type") in ("LIMIT", "MARKET") else "ACK"
    if form not in RESPONSES:
        raise refusals.invalid("newOrderRespType")
    return form


def expect(outcome: Outcome, kind: type[_Done]) -> _Done:
    """Return what was done, or raise what the matching core refused."""
    if isinstance(outcome, Reject):
        raise Refusal(outcome.code, outcome.message)
    assert isinstance(outcome, kind), "the core answers what it was asked"
    return outcome


def _new_order(call: Call) -> Pending:
    request = place_request(call)
    response_form(call.params)
    exchange, account = call.floor.exchange, call.account
    return Pending(
        start=lambda: exchange.place(account, request, arrived_ns=call.now_ns),
        shape=lambda outcome: placed_body(call, outcome),
        is_new_order=True,
    )


def _test_order(call: Call) -> object:
    request = place_request(call)
    rates = call.params.flag("computeCommissionRates", default=False)
    reject = call.floor.exchange.check(call.account, request)
    if reject is not None:
        raise Refusal(reject.code, reject.message)
    if not rates:
        return {}
    maker, taker = call.floor.exchange.accounts.rates(call.account, request.symbol)
    zero = {"maker": format_e8(0), "taker": format_e8(0)}
    return {
        "standardCommissionForOrder": {
            "maker": format_e8(maker),
            "taker": format_e8(taker),
        },
        "specialCommissionForOrder": zero,
        "taxCommissionForOrder": zero,
    }


def _cancel_order(call: Call) -> Pending:
    request = cancel_request(call)
    exchange, account = call.floor.exchange, call.account
    return Pending(
        start=lambda: exchange.cancel(account, request, arrived_ns=call.now_ns),
        shape=lambda outcome: _canceled(call, outcome)[0],
    )


def _cancel_all(call: Call) -> Pending:
    symbol, exchange, account = call.symbol, call.floor.exchange, call.account
    return Pending(
        start=lambda: exchange.cancel_all(account, symbol, arrived_ns=call.now_ns),
        shape=lambda outcome: _canceled(call, outcome),
    )


def _canceled(call: Call, outcome: Outcome) -> list[shown.Json]:
    return lists.canceled(expect(outcome, Canceled), unit_ns=call.unit_ns)


def _check_names(params: Params, order_type: str) -> None:
    for name in NEEDED[order_type]:
        params.text(name)
    for name in FORBIDDEN[order_type]:
        if name in params:
            raise refusals.not_required(name)
    if order_type == "MARKET":
        if "quantity" not in params and "quoteOrderQty" not in params:
            text = "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!"
            raise Refusal(-1102, text)
        if "quantity" in params and "quoteOrderQty" in params:
            raise refusals.not_required("quoteOrderQty")
    is_algo = order_type in ALGO_TYPES
    if is_algo and "stopPrice" not in params and "trailingDelta" not in params:
        text = "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!"
        raise Refusal(-1102, text)


def _positive(params: Params, name: str, what: str) -> int:
    value = params.amount_or_none(name)
    if value == 0:
        raise Refusal(-1013, f"Invalid {what}.")
    return value or 0


def _trailing_delta(params: Params) -> int:
    delta = params.integer("trailingDelta")
    if delta is not None and delta <= 0:
        raise refusals.invalid("trailingDelta")
    return delta or 0


def stp_mode(params: Params) -> str:
    """Return the mode of self-trade prevention, empty for the symbol's."""
    mode = params.optional("selfTradePreventionMode") or ""
    if mode and mode not in STP_MODES:
        raise refusals.invalid("selfTradePreventionMode")
    return mode


def _test_weight(params: Params) -> int:
    return 20 if params.flag("computeCommissionRates", default=False) else 1


NEW_ORDER = Operation(
    run=_new_order, security=Security.TRADE, names=ORDER_NAMES, free_when_done=True
)
TEST_ORDER = Operation(
    run=_test_order,
    weight=_test_weight,
    security=Security.TRADE,
    names=(*ORDER_NAMES, "computeCommissionRates"),
)
CANCEL_ORDER = Operation(
    run=_cancel_order, security=Security.TRADE, names=CANCEL_NAMES, free_when_done=True
)
CANCEL_ALL = Operation(
    run=_cancel_all, security=Security.TRADE, names=("symbol",), free_when_done=True
)
