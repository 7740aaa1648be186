"""Cancel an order and place another, as one request with two results."""

from http import HTTPStatus

import msgspec

from holdfast.simexchange import refusals
from holdfast.simexchange.desk import Call, Operation, Pending, Security
from holdfast.simexchange.model import CancelRequest, Outcome, PlaceRequest, Reject
from holdfast.simexchange.operations.trade import ORDER_NAMES, place_request, placed_body
from holdfast.simexchange.payloads import orders as shown
from holdfast.simexchange.refusals import Refusal

MODES = ("STOP_ON_FAILURE", "ALLOW_FAILURE")


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
    order_id = params.integer("cancelOrderId")
    client_id = params.client_id("cancelOrigClientOrderId") or ""
    if order_id is None and not client_id:
        raise refusals.missing("cancelOrderId")
    cancel = CancelRequest(
        symbol=request.symbol,
        order_id=order_id,
        original_client_order_id=client_id,
        new_client_order_id=params.client_id("cancelNewClientOrderId") or "",
        restrictions=params.optional("cancelRestrictions") or "",
    )
    exchange, account = call.floor.exchange, call.account
    return Pending(
        start=lambda: exchange.cancel(account, cancel, arrived_ns=call.now_ns),
        shape=lambda outcome: _canceled(call, request, outcome, goes_on=mode != MODES[0]),
    )


def _canceled(call: Call, request: PlaceRequest, outcome: Outcome, *, goes_on: bool) -> object:
    results = _Results()
    if isinstance(outcome, Reject):
        results.cancel = "FAILURE"
        results.cancel_body = {"code": outcome.code, "msg": outcome.message}
        if not goes_on:
            raise Refusal(-2022, "Order cancel-replace failed.", data=results.body())
    else:
        results.cancel = "SUCCESS"
        results.cancel_body = shown.canceled(outcome, unit_ns=call.unit_ns)[0]  # type: ignore[arg-type]
    exchange, account = call.floor.exchange, call.account
    return Pending(
        start=lambda: exchange.place(account, request, arrived_ns=call.now_ns),
        shape=lambda placed: _placed(call, results, placed),
        is_new_order=True,
    )


def _placed(call: Call, results: _Results, outcome: Outcome) -> object:
    if isinstance(outcome, Reject):
        results.placed = "FAILURE"
        results.placed_body = {"code": outcome.code, "msg": outcome.message}
    else:
        results.placed = "SUCCESS"
        results.placed_body = placed_body(call, outcome)
    succeeded = [result == "SUCCESS" for result in (results.cancel, results.placed)]
    if all(succeeded):
        return results.body()
    if any(succeeded):
        text = "Order cancel-replace partially failed."
        raise Refusal(-2021, text, status=HTTPStatus.CONFLICT, data=results.body())
    raise Refusal(-2022, "Order cancel-replace failed.", data=results.body())


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
