"""Answers about plain and conditional orders and their executions.

Answers to placing, changing and canceling carry neither an average price nor a quote amount;
a query does. (Binance USD-M change log, SDK 14.0.0, 2026-07-15.)
"""

from typing import TypeAlias

from holdfast.simexchange.futures.model import AlgoOrder, FuturesOrder, FuturesTrade
from holdfast.simexchange.numbers import format_e8, plain_e8
from holdfast.simexchange.usdm.history import Amendment
from holdfast.simexchange.usdm.payloads.digits import MILLISECOND_NS, Digits

Json: TypeAlias = dict[str, object]
CANCEL_ALL_DONE: Json = {
    "code": 200,
    "msg": "The operation of cancel all open order is done.",
}
DONE: Json = {"code": 200, "msg": "success"}


def answered(order: FuturesOrder, digits: Digits) -> Json:
    """Answer with the order as it stands (RESULT, and every cancel and change)."""
    return _ids(order) | _state(order, digits) | _terms(order, digits)


def acknowledged(order: FuturesOrder, digits: Digits) -> Json:
    """Answer a new order as accepted (ACK): whatever it did at once is not told."""
    nothing = {"status": "NEW", "executedQty": digits.quantity(0), "cumQty": digits.quantity(0)}
    return answered(order, digits) | nothing


def queried(order: FuturesOrder, digits: Digits) -> Json:
    """Show an order as a query does."""
    shown = answered(order, digits)
    del shown["cumQty"]
    return shown | {
        "avgPrice": format_e8(order.avg_price),
        "cumQuote": format_e8(order.cum_quote),
        "time": order.created_ns // MILLISECOND_NS,
    }


def own_trade(trade: FuturesTrade, digits: Digits) -> Json:
    """Show an execution as `userTrades` does."""
    return {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "side": trade.side,
        "price": digits.price(trade.price),
        "qty": digits.quantity(trade.quantity),
        "realizedPnl": format_e8(trade.realized),
        "quoteQty": format_e8(trade.quote_quantity),
        "commission": format_e8(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": trade.at_ns // MILLISECOND_NS,
        "positionSide": trade.position_side,
        "maker": trade.is_maker,
        "buyer": trade.side == "BUY",
    }


def amendment(change: Amendment, digits: Digits) -> Json:
    """Show a change of an order."""
    price, quantity = change.price, change.quantity
    return {
        "amendmentId": change.amendment_id,
        "symbol": change.symbol,
        "pair": change.symbol,
        "orderId": change.order_id,
        "clientOrderId": change.client_order_id,
        "time": change.at_ns // MILLISECOND_NS,
        "amendment": {
            "price": {"before": digits.price(price[0]), "after": digits.price(price[1])},
            "origQty": {
                "before": digits.quantity(quantity[0]),
                "after": digits.quantity(quantity[1]),
            },
            "count": change.count,
        },
        "priceMatch": change.price_match,
    }


def algo(order: AlgoOrder, digits: Digits) -> Json:
    """Answer a new conditional order."""
    is_trailing = order.order_type == "TRAILING_STOP_MARKET"
    return {
        "algoId": order.algo_id,
        "clientAlgoId": order.client_algo_id,
        "algoType": "CONDITIONAL",
        "orderType": order.order_type,
        "symbol": order.symbol,
        "side": order.side,
        "positionSide": order.position_side,
        "timeInForce": order.time_in_force,
        "quantity": digits.quantity(order.quantity),
        "algoStatus": order.status,
        "triggerPrice": digits.price(order.trigger_price),
        "price": digits.price(order.price),
        "icebergQuantity": None,
        "selfTradePreventionMode": order.stp_mode,
        "workingType": order.working_type,
        "priceMatch": order.price_match,
        "closePosition": order.close_position,
        "priceProtect": order.price_protect,
        "reduceOnly": order.reduce_only,
        "activatePrice": digits.price(order.activate_price) if is_trailing else "",
        "callbackRate": plain_e8(order.callback_rate) if is_trailing else "",
        "createTime": order.created_ns // MILLISECOND_NS,
        "updateTime": order.updated_ns // MILLISECOND_NS,
        "triggerTime": order.triggered_ns // MILLISECOND_NS,
        "goodTillDate": order.good_till_ns // MILLISECOND_NS,
    }


def queried_algo(order: AlgoOrder, digits: Digits) -> Json:
    """Show a conditional order as a query does, with the plain order that it became."""
    return algo(order, digits) | {
        "actualOrderId": str(order.actual_order_id or ""),
        "actualPrice": format_e8(order.actual_price),
        "actualQty": digits.quantity(order.actual_quantity),
        "actualType": order.actual_type,
        "tpTriggerPrice": digits.price(0),
        "tpPrice": digits.price(0),
        "slTriggerPrice": digits.price(0),
        "slPrice": digits.price(0),
        "tpOrderType": "",
        "failReason": order.reject_reason,
    }


def canceled_algo(order: AlgoOrder) -> Json:
    """Answer the cancel of a conditional order."""
    return {
        "algoId": order.algo_id,
        "clientAlgoId": order.client_algo_id,
        "code": "200",
        "msg": "success",
    }


def _ids(order: FuturesOrder) -> Json:
    return {
        "orderId": order.order_id,
        "symbol": order.symbol,
        "status": order.status,
        "clientOrderId": order.client_order_id,
    }


def _state(order: FuturesOrder, digits: Digits) -> Json:
    return {
        "price": digits.price(order.price),
        "origQty": digits.quantity(order.quantity),
        "executedQty": digits.quantity(order.cum_quantity),
        "cumQty": digits.quantity(order.cum_quantity),
    }


def _terms(order: FuturesOrder, digits: Digits) -> Json:
    shown: Json = {
        "timeInForce": order.time_in_force,
        "type": order.order_type,
        "reduceOnly": order.reduce_only,
        "closePosition": order.close_position,
        "side": order.side,
        "positionSide": order.position_side,
        "stopPrice": digits.price(order.trigger_price),
        "workingType": order.working_type,
        "priceProtect": order.price_protect,
        "origType": order.original_type or order.order_type,
        "priceMatch": order.price_match,
        "selfTradePreventionMode": order.stp_mode,
        "goodTillDate": order.good_till_ns // MILLISECOND_NS,
        "updateTime": order.updated_ns // MILLISECOND_NS,
    }
    if order.original_type == "TRAILING_STOP_MARKET":
        shown["activatePrice"] = digits.price(order.activate_price)
        shown["priceRate"] = plain_e8(order.callback_rate)
    return shown
