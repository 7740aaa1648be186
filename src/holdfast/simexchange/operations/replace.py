"""Cancel an order and place another, as one request with two results."""

from http import HTTPStatus

import msgspec

from holdfast.simexchange import refusals
from holdfast.simexchange.desk import Call, Operation, Pending, Security
from holdfast.simexchange.model import CancelRequest, Outcome, Reject
from holdfast.simexchange.operations.trade import (
    ORDER_NAMES,
    expect,
    place_request,
    placed_body,
    response_form,
    restrictions,
)
from holdfast.simexchange.payloads import lists
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.requests import Replaced, ReplaceRequest

MODES = ("STOP_ON_FAILURE", "ALLOW_FAILURE")
LIMIT_MODES = ("DO_NOTHING", "CANCEL_ONLY")


class _Results(msgspec.Struct):
    cancel: str = "NOT_ATTEMPTED"
    cancel_body: object = None
    placed: str = "NOT_ATTEMPTED"
    placed_body: object = None

    def body(self) -> dict[str, object]:
        return {
            "cancelResult": self.cancel,
            "newOrderResult": self.placed,
            "cancelResponse": self.cancel_body,
            "newOrderResponse": self.placed_body,
        }


def _replace(call: Call) -> Pending:
    params = call.params
    mode = params.choice("cancelReplaceMode", MODES, code=-1130, what="cancelReplaceMode")
    request = place_request(call)
    response_form(params)
    order_id = params.integer("cancelOrderId")
    client_id = params.client_id("cancelOrigClientOrderId") or ""
    if order_id is None and not client_id:
        raise refusals.missing("cancelOrderId")
    cancel = CancelRequest(
        symbol=request.symbol,
        order_id=order_id,
        original_client_order_id=client_id,
        new_client_order_id=params.client_id("cancelNewClientOrderId") or "",
        restrictions=restrictions(params),
    )
    refused = _over_the_limit(call)
    both = ReplaceRequest(
        cancel=cancel, place=request, goes_on=mode != MODES[0], refused=refused
    )
    exchange, account = call.floor.exchange, call.account
    return Pending(
        start=lambda: exchange.submit(account, both, arrived_ns=call.now_ns),
        shape=lambda outcome: _replaced(call, outcome),
        is_new_order=refused is None,
    )


def _over_the_limit(call: Call) -> Reject | None:
    """Return the refusal of the new order when its count is used up but the cancel goes on."""
    mode = call.params.optional("orderRateLimitExceededMode") or LIMIT_MODES[0]
    if mode not in LIMIT_MODES:
        raise refusals.invalid("orderRateLimitExceededMode")
    try:
        call.desk.orders(call.account).check(call.floor.clock.limits_now_ns())
    except Refusal as refusal:
        if mode == LIMIT_MODES[0]:
            raise
        return Reject(refusal.code, refusal.msg)
    return None


def _replaced(call: Call, outcome: Outcome) -> object:
    done = expect(outcome, Replaced)
    results = _Results()
    if isinstance(done.canceled, Reject):
        results.cancel, results.cancel_body = "FAILURE", _refused(done.canceled)
    else:
        results.cancel = "SUCCESS"
        results.cancel_body = lists.canceled(done.canceled, unit_ns=call.unit_ns)[0]
    if isinstance(done.placed, Reject):
        results.placed, results.placed_body = "FAILURE", _refused(done.placed)
    elif done.placed is not None:
        results.placed, results.placed_body = "SUCCESS", placed_body(call, done.placed)
    count = (results.cancel, results.placed).count("SUCCESS")
    if count == len(("cancel", "placed")):
        return results.body()
    if count:
        text = "Order cancel-replace partially failed."
        raise Refusal(-2021, text, status=HTTPStatus.CONFLICT, data=results.body())
    raise Refusal(-2022, "Order cancel-replace failed.", data=results.body())


def _refused(reject: Reject) -> dict[str, object]:
    return {"code": reject.code, "msg": reject.message}


CANCEL_REPLACE = Operation(
    run=_replace,
    security=Security.TRADE,
    free_when_done=True,
    names=(
        *ORDER_NAMES,
        "cancelReplaceMode",
        "cancelOrderId",
        "cancelOrigClientOrderId",
        "cancelNewClientOrderId",
        "cancelRestrictions",
        "orderRateLimitExceededMode",
    ),
)
