"""Order lists: what is asked of them, and which parameters name each order's terms."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from holdfast.simexchange import refusals
from holdfast.simexchange.desk import Call, Operation, Pending, Security
from holdfast.simexchange.model import Canceled, Outcome, PlaceRequest
from holdfast.simexchange.operations.account import day_at_most
from holdfast.simexchange.operations.market import MOST_ROWS
from holdfast.simexchange.operations.trade import (
    NEEDED,
    RESPONSES,
    SIDES,
    expect,
    read_terms,
    report_of,
)
from holdfast.simexchange.params import Params
from holdfast.simexchange.payloads import lists as shown
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.requests import (
    LIST_SIZES,
    CancelListRequest,
    Listed,
    ListKind,
    ListRequest,
)

TERMS = (
    "price",
    "stopPrice",
    "trailingDelta",
    "icebergQty",
    "timeInForce",
    "strategyId",
    "strategyType",
    "clientOrderId",
)
"""What an order of a list may say for itself, each after the order's prefix."""
COMMON = ("symbol", "listClientOrderId", "newOrderRespType", "selfTradePreventionMode")
IN_PAIR = (
    "LIMIT_MAKER",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
)
OLD_TERMS = {
    "stopPrice": "stopPrice",
    "trailingDelta": "trailingDelta",
    "stopLimitPrice": "price",
    "stopLimitTimeInForce": "timeInForce",
    "stopIcebergQty": "icebergQty",
    "stopStrategyId": "strategyId",
    "stopStrategyType": "strategyType",
    "stopClientOrderId": "clientOrderId",
}
OLD_LIMIT_TERMS = {
    "price": "price",
    "limitIcebergQty": "icebergQty",
    "limitStrategyId": "strategyId",
    "limitStrategyType": "strategyType",
    "limitClientOrderId": "clientOrderId",
}


def prefixed(prefix: str, name: str) -> str:
    """Return the parameter's name of one order of a list."""
    return prefix + name[0].upper() + name[1:]


def _oco(call: Call) -> Pending:
    return _place(call, "OCO", _pair(call, "", side="side", quantity="quantity"))


def _oto(call: Call) -> Pending:
    working = _working(call)
    pending = _order(call, "pending", types=tuple(NEEDED), side="pendingSide")
    return _place(call, "OTO", [working, pending])


def _otoco(call: Call) -> Pending:
    pair = _pair(call, "pending", side="pendingSide", quantity="pendingQuantity")
    return _place(call, "OTOCO", [_working(call), *pair])


def _opo(call: Call) -> Pending:
    working = _working(call)
    pending = _order(call, "pending", types=tuple(NEEDED), side="pendingSide", paid_by=working)
    return _place(call, "OTO", [working, pending], is_paid=True)


def _opoco(call: Call) -> Pending:
    working = _working(call)
    pair = _pair(call, "pending", side="pendingSide", quantity="", paid_by=working)
    return _place(call, "OTOCO", [working, *pair], is_paid=True)


def _old_oco(call: Call) -> Pending:
    """Read the deprecated form: a limit order and a stop, which is above when it buys."""
    params = call.params
    params.text("price")
    params.text("stopPrice")
    stop_type = "STOP_LOSS_LIMIT" if "stopLimitPrice" in params else "STOP_LOSS"
    side = params.choice("side", SIDES, code=-1117, what="side")
    limit = _read(call, "LIMIT_MAKER", side, _renamed(params, OLD_LIMIT_TERMS))
    stop = _read(call, stop_type, side, _renamed(params, OLD_TERMS))
    return _place(call, "OCO", [stop, limit] if side == "BUY" else [limit, stop])


def _working(call: Call) -> PlaceRequest:
    return _order(call, "working", types=("LIMIT", "LIMIT_MAKER"), side="workingSide")


def _pair(
    call: Call, prefix: str, *, side: str, quantity: str, paid_by: PlaceRequest | None = None
) -> list[PlaceRequest]:
    return [
        _order(
            call,
            prefixed(prefix, where) if prefix else where,
            types=IN_PAIR,
            side=side,
            quantity=quantity,
            paid_by=paid_by,
        )
        for where in ("above", "below")
    ]


def _order(
    call: Call,
    prefix: str,
    *,
    types: tuple[str, ...],
    side: str,
    quantity: str | None = None,
    paid_by: PlaceRequest | None = None,
) -> PlaceRequest:
    """Read one order; `paid_by` says that its quantity is what that order will receive."""
    params = call.params
    order_type = params.text(prefixed(prefix, "type"))
    if order_type not in types:
        in_pair = types is IN_PAIR
        text = "Order type not supported in OCO." if in_pair else "Invalid orderType."
        raise Refusal(-1158 if in_pair else -1116, text)
    chosen = params.choice(side, SIDES, code=-1117, what="side")
    names = {prefixed(prefix, name): name for name in TERMS}
    values = _renamed(params, names)
    if paid_by is None:
        values["quantity"] = params.text(quantity or prefixed(prefix, "quantity"))
        return _read(call, order_type, chosen, values)
    values["quantity"] = "1"
    return replace(_read(call, order_type, chosen, values), quantity=0)


def _read(call: Call, order_type: str, side: str, values: dict[str, str]) -> PlaceRequest:
    params = call.params
    for name in ("selfTradePreventionMode", "quantity"):
        if name in params:
            values.setdefault(name, params.values[name])
    return read_terms(
        Params(values),
        order_type,
        symbol=call.symbol,
        side=side,
        client_id_name="clientOrderId",
    )


def _renamed(params: Params, names: dict[str, str]) -> dict[str, str]:
    return {name: params.values[sent] for sent, name in names.items() if sent in params.values}


def _place(
    call: Call, kind: ListKind, orders: list[PlaceRequest], *, is_paid: bool = False
) -> Pending:
    form = call.params.optional("newOrderRespType") or "RESULT"
    if form not in RESPONSES:
        raise refusals.invalid("newOrderRespType")
    request = ListRequest(
        symbol=call.symbol,
        kind=kind,
        orders=tuple(orders),
        list_client_order_id=call.params.client_id("listClientOrderId") or "",
        is_paid_by_working=is_paid,
    )
    exchange, account = call.floor.exchange, call.account
    return Pending(
        start=lambda: exchange.submit(account, request, arrived_ns=call.now_ns),
        shape=lambda outcome: _listed(call, outcome, form),
        is_new_order=True,
        order_count=LIST_SIZES[kind],
    )


def _listed(call: Call, outcome: Outcome, form: str) -> object:
    listed = expect(outcome, Listed)
    reports = []
    for placed in listed.placed:
        report = report_of(placed, form, unit_ns=call.unit_ns)
        if placed.order.status == "PENDING_NEW" and not placed.order.quantity:
            report.pop("origQty", None)
        reports.append(report)
    view = shown.order_list(listed.view, unit_ns=call.unit_ns)
    return view | {"orderReports": reports}


def _cancel(call: Call) -> Pending:
    params = call.params
    list_id = params.integer("orderListId")
    client_id = params.client_id("listClientOrderId") or ""
    request = CancelListRequest(
        symbol=call.symbol,
        list_id=list_id,
        list_client_order_id=client_id,
        new_client_order_id=params.client_id("newClientOrderId") or "",
    )
    if list_id is None and not client_id:
        raise _unnamed("listClientOrderId")
    exchange, account = call.floor.exchange, call.account
    return Pending(
        start=lambda: exchange.submit(account, request, arrived_ns=call.now_ns),
        shape=lambda outcome: shown.canceled(expect(outcome, Canceled), unit_ns=call.unit_ns)[
            0
        ],
    )


def _query(call: Call) -> object:
    params = call.params
    list_id = params.integer("orderListId")
    client_id = params.client_id("origClientOrderId") or ""
    if list_id is None and not client_id:
        raise _unnamed("origClientOrderId")
    view = call.floor.exchange.history.order_list(
        call.account, list_id=list_id, client_id=client_id
    )
    if view is None:
        raise Refusal(-2018, "Order list does not exist.")
    return shown.order_list(view, unit_ns=call.unit_ns)


def _query_all(call: Call) -> object:
    params = call.params
    from_id = params.integer("fromId")
    start_ns, end_ns = day_at_most(params)
    limit = params.limit(default=500, most=MOST_ROWS)
    if from_id is not None and (start_ns is not None or end_ns is not None):
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    found = [
        one
        for one in call.floor.exchange.history.order_lists(call.account)
        if (from_id is None or one.list_id >= from_id)
        and (start_ns is None or one.placed_ns >= start_ns)
        and (end_ns is None or one.placed_ns <= end_ns)
    ]
    from_the_first = from_id is not None or start_ns is not None
    chosen = found[:limit] if from_the_first else found[-limit:]
    return [shown.order_list(one.view(), unit_ns=call.unit_ns) for one in chosen]


def _query_open(call: Call) -> object:
    found = call.floor.exchange.history.order_lists(call.account, only_open=True)
    return [shown.order_list(one.view(), unit_ns=call.unit_ns) for one in found]


def _unnamed(name: str) -> Refusal:
    text = f"Param '{name}' or 'orderListId' must be sent, but both were empty/null!"
    return Refusal(-1102, text)


def _names(*parts: str | Sequence[str]) -> tuple[str, ...]:
    names: list[str] = []
    for part in parts:
        names += [part] if isinstance(part, str) else part
    return (*COMMON, *names)


def _terms(prefix: str, *more: str) -> list[str]:
    return [prefixed(prefix, name) for name in ("type", *TERMS, *more)]


def _new(run: Callable[[Call], Pending], names: tuple[str, ...]) -> Operation:
    return Operation(run=run, security=Security.TRADE, free_when_done=True, names=names)


_WORKING = _terms("working", "side", "quantity")
_PENDING_PAIR = [*_terms("pendingAbove"), *_terms("pendingBelow")]
OCO = _new(_oco, _names("side", "quantity", _terms("above"), _terms("below")))
OTO = _new(_oto, _names(_WORKING, _terms("pending", "side", "quantity")))
OTOCO = _new(_otoco, _names(_WORKING, "pendingSide", "pendingQuantity", _PENDING_PAIR))
OPO = _new(_opo, _names(_WORKING, _terms("pending", "side")))
OPOCO = _new(_opoco, _names(_WORKING, "pendingSide", _PENDING_PAIR))
OLD_OCO = _new(_old_oco, _names("side", "quantity", tuple(OLD_TERMS), tuple(OLD_LIMIT_TERMS)))
CANCEL_LIST = Operation(
    run=_cancel,
    security=Security.TRADE,
    free_when_done=True,
    names=("symbol", "orderListId", "listClientOrderId", "newClientOrderId"),
)
LIST = Operation(
    run=_query, weight=4, security=Security.SIGNED, names=("orderListId", "origClientOrderId")
)
ALL_LISTS = Operation(
    run=_query_all,
    weight=20,
    security=Security.SIGNED,
    names=("fromId", "startTime", "endTime", "limit"),
)
OPEN_LISTS = Operation(run=_query_open, weight=6, security=Security.SIGNED)
