"""Answers and events about order lists, amendments and balances that no trade changed."""

from holdfast.simexchange.model import Canceled
from holdfast.simexchange.numbers import format_e8
from holdfast.simexchange.payloads import orders as shown
from holdfast.simexchange.payloads.feed import MILLISECOND_NS
from holdfast.simexchange.payloads.orders import Json
from holdfast.simexchange.requests import (
    Amended,
    Amendment,
    BalanceShift,
    ListUpdate,
    ListView,
    PreventedMatch,
)


def order_list(view: ListView, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Show a list as a query does."""
    return {
        "orderListId": view.list_id,
        "contingencyType": view.contingency,
        "listStatusType": view.status_type,
        "listOrderStatus": view.order_status,
        "listClientOrderId": view.list_client_order_id,
        "transactionTime": view.at_ns // unit_ns,
        "symbol": view.symbol,
        "orders": [
            {"symbol": symbol, "orderId": order_id, "clientOrderId": client_id}
            for symbol, order_id, client_id in view.orders
        ],
    }


def canceled(outcome: Canceled, *, unit_ns: int = MILLISECOND_NS) -> list[Json]:
    """Answer a cancel: an object for each order, and one for each list with its reports."""
    rows: list[Json] = []
    reports: dict[int, list[Json]] = {}
    for order, row in zip(
        outcome.orders, shown.canceled(outcome, unit_ns=unit_ns), strict=True
    ):
        if order.list_id not in outcome.lists:
            rows.append(row)
            continue
        if order.list_id not in reports:
            reports[order.list_id] = []
            view = outcome.lists[order.list_id]
            whole = order_list(view, unit_ns=unit_ns)
            rows.append(whole | {"orderReports": reports[order.list_id]})
        reports[order.list_id].append(row)
    return rows


def amended(outcome: Amended, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Answer an amendment."""
    order = outcome.order
    result = shown.result(order, at_ns=outcome.at_ns, unit_ns=unit_ns)
    renamed = {
        "origQty": "qty",
        "origQuoteOrderQty": "quoteOrderQty",
        "cummulativeQuoteQty": "cumulativeQuoteQty",
    }
    body: Json = {"origClientOrderId": outcome.original_client_order_id}
    for name, value in result.items():
        if name != "transactTime":
            body[renamed.get(name, name)] = value
    body["preventedQty"] = format_e8(order.prevented_quantity)
    answer: Json = {
        "transactTime": outcome.at_ns // unit_ns,
        "executionId": outcome.execution_id,
        "amendedOrder": body,
    }
    if outcome.view is not None:
        whole = order_list(outcome.view, unit_ns=unit_ns)
        for name in ("listStatusType", "transactionTime"):
            del whole[name]
        answer["listStatus"] = whole
    return answer


def amendment(row: Amendment, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Show one row of an order's amendments."""
    return {
        "symbol": row.symbol,
        "orderId": row.order_id,
        "executionId": row.execution_id,
        "origClientOrderId": row.original_client_order_id,
        "newClientOrderId": row.new_client_order_id,
        "origQty": format_e8(row.original_quantity),
        "newQty": format_e8(row.new_quantity),
        "time": row.at_ns // unit_ns,
    }


def prevented_match(match: PreventedMatch, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Show a match that self-trade prevention stopped."""
    body: Json = {
        "symbol": match.symbol,
        "preventedMatchId": match.match_id,
        "takerOrderId": match.taker_order_id,
        "makerSymbol": match.symbol,
        "makerOrderId": match.maker_order_id,
        "tradeGroupId": match.trade_group_id,
        "selfTradePreventionMode": match.mode,
        "price": format_e8(match.price),
    }
    if match.taker_quantity:
        body["takerPreventedQuantity"] = format_e8(match.taker_quantity)
    if match.maker_quantity:
        body["makerPreventedQuantity"] = format_e8(match.maker_quantity)
    body["transactTime"] = match.at_ns // unit_ns
    return body


def list_status(event: ListUpdate, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Write `listStatus`."""
    view = event.view
    return {
        "e": "listStatus",
        "E": event.at_ns // unit_ns,
        "s": view.symbol,
        "g": view.list_id,
        "c": view.contingency,
        "l": view.status_type,
        "L": view.order_status,
        "r": "NONE",
        "C": view.list_client_order_id,
        "T": event.at_ns // unit_ns,
        "O": [
            {"s": symbol, "i": order_id, "c": client_id}
            for symbol, order_id, client_id in view.orders
        ],
    }


def balance_shift(event: BalanceShift, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Write `balanceUpdate` or `externalLockUpdate`."""
    return {
        "e": event.kind,
        "E": event.at_ns // unit_ns,
        "a": event.asset,
        "d": format_e8(event.delta),
        "T": event.at_ns // unit_ns,
    }
