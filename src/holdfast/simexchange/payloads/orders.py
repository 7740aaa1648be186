"""Answers and events about orders, trades and balances."""

from typing import TypeAlias

from holdfast.simexchange.model import (
    Balance,
    BalanceUpdate,
    Canceled,
    OrderUpdate,
    OwnTrade,
    Placed,
    SimOrder,
)
from holdfast.simexchange.numbers import format_e8
from holdfast.simexchange.payloads.feed import MILLISECOND_NS
from holdfast.simexchange.requests import PreventedMatch

Json: TypeAlias = dict[str, object]
NOT_YET = -1
NO_TRADE = -1


def ack(order: SimOrder, *, at_ns: int, unit_ns: int = MILLISECOND_NS) -> Json:
    """Answer a new order with its ids alone."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_order_id,
        "transactTime": at_ns // unit_ns,
    }


def result(order: SimOrder, *, at_ns: int, unit_ns: int = MILLISECOND_NS) -> Json:
    """Answer a new order with its state."""
    shown = ack(order, at_ns=at_ns, unit_ns=unit_ns)
    shown |= _amounts(order)
    shown |= _terms(order)
    shown["workingTime"] = order.working_ns // unit_ns if order.working_ns else -1
    shown["selfTradePreventionMode"] = order.stp_mode
    return shown | _conditional(order, unit_ns)


def full(placed: Placed, *, at_ns: int, unit_ns: int = MILLISECOND_NS) -> Json:
    """Answer a new order with its state and the executions of the moment."""
    shown = result(placed.order, at_ns=at_ns, unit_ns=unit_ns)
    shown["fills"] = [
        {
            "price": format_e8(fill.price),
            "qty": format_e8(fill.quantity),
            "commission": format_e8(fill.fee),
            "commissionAsset": fill.fee_asset,
            "tradeId": fill.trade_id,
        }
        for fill in placed.fills
    ]
    if placed.prevented:
        shown["preventedMatches"] = [_prevented(match) for match in placed.prevented]
    return shown


def _prevented(match: PreventedMatch) -> Json:
    shown: Json = {
        "preventedMatchId": match.match_id,
        "makerSymbol": match.symbol,
        "makerOrderId": match.maker_order_id,
        "price": format_e8(match.price),
    }
    if match.taker_quantity:
        shown["takerPreventedQuantity"] = format_e8(match.taker_quantity)
    if match.maker_quantity:
        shown["makerPreventedQuantity"] = format_e8(match.maker_quantity)
    return shown


def canceled(outcome: Canceled, *, unit_ns: int = MILLISECOND_NS) -> list[Json]:
    """Answer a cancel, one object for each order."""
    pairs = zip(outcome.orders, outcome.client_order_ids, strict=True)
    return [
        {
            "symbol": order.symbol,
            "origClientOrderId": order.client_order_id,
            "orderId": order.order_id,
            "orderListId": order.list_id,
            "clientOrderId": client_order_id,
            "transactTime": order.updated_ns // unit_ns,
        }
        | _amounts(order)
        | _terms(order)
        | {"selfTradePreventionMode": order.stp_mode}
        | _conditional(order, unit_ns)
        for order, client_order_id in pairs
    ]


def queried(order: SimOrder, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Show an order as a query does; `isWorking` stays true when what worked has ended.

    Source: the expired orders in the venue's questions on self-trade prevention.
    """
    shown: Json = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_order_id,
    }
    shown |= _amounts(order)
    shown |= _terms(order)
    shown |= {
        "stopPrice": format_e8(order.stop_price),
        "icebergQty": format_e8(order.iceberg_quantity),
        "time": order.created_ns // unit_ns,
        "updateTime": order.updated_ns // unit_ns,
        "isWorking": order.working_ns > 0,
        "workingTime": order.working_ns // unit_ns if order.working_ns else -1,
        "selfTradePreventionMode": order.stp_mode,
    }
    return shown | _conditional(order, unit_ns)


def own_trade(trade: OwnTrade, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Show an execution as `myTrades` does."""
    return {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "orderListId": trade.list_id,
        "price": format_e8(trade.price),
        "qty": format_e8(trade.quantity),
        "quoteQty": format_e8(trade.quote_quantity),
        "commission": format_e8(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": trade.at_ns // unit_ns,
        "isBuyer": trade.side == "BUY",
        "isMaker": trade.is_maker,
        "isBestMatch": True,
    }


def balance(held: Balance) -> Json:
    """Show a balance as `account` does."""
    return {
        "asset": held.asset,
        "free": format_e8(held.free),
        "locked": format_e8(held.locked),
    }


def account_position(event: BalanceUpdate, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Write `outboundAccountPosition`."""
    return {
        "e": "outboundAccountPosition",
        "E": event.at_ns // unit_ns,
        "u": event.at_ns // unit_ns,
        "B": [
            {"a": held.asset, "f": format_e8(held.free), "l": format_e8(held.locked)}
            for held in event.balances
        ],
    }


def execution_report(event: OrderUpdate, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Write `executionReport`: every unconditional field, then those that apply."""
    order, trade = event.order, event.trade
    at = event.at_ns // unit_ns
    shown: Json = {
        "e": "executionReport",
        "E": at,
        "s": order.symbol,
        "c": event.client_order_id,
        "S": order.side,
        "o": order.order_type,
        "f": order.time_in_force,
        "q": format_e8(order.quantity),
        "p": format_e8(order.price),
        "P": format_e8(order.stop_price),
        "F": format_e8(order.iceberg_quantity),
        "g": order.list_id,
        "C": event.original_client_order_id,
        "x": event.execution_type,
        "X": order.status,
        "r": event.reject_reason,
        "i": order.order_id,
        "l": format_e8(trade.quantity if trade else 0),
        "z": format_e8(order.cum_quantity),
        "L": format_e8(trade.price if trade else 0),
        "n": format_e8(trade.fee) if trade else "0",
        "N": trade.fee_asset if trade else None,
        "T": at,
        "t": trade.trade_id if trade else NO_TRADE,
        "I": event.execution_id,
        "w": order.is_working,
        "m": trade.is_maker if trade else False,
        "M": trade is not None,
        "O": order.created_ns // unit_ns,
        "Z": format_e8(order.cum_quote),
        "Y": format_e8(trade.quote_quantity if trade else 0),
        "Q": format_e8(order.quote_quantity),
    }
    if order.working_ns:
        shown["W"] = order.working_ns // unit_ns
    shown["V"] = order.stp_mode
    return shown | _report_extras(event, unit_ns)


def _report_extras(event: OrderUpdate, unit_ns: int) -> Json:
    order = event.order
    shown: Json = {}
    if order.trailing_delta:
        shown["d"] = order.trailing_delta
        shown["D"] = order.trailing_ns // unit_ns if order.trailing_ns else NOT_YET
    if order.strategy_id is not None:
        shown["j"] = order.strategy_id
    if order.strategy_type is not None:
        shown["J"] = order.strategy_type
    if order.prevented_quantity:
        shown["A"] = format_e8(order.prevented_quantity)
    if event.prevented_match_id:
        shown |= _prevention(event)
    if order.expiry_reason:
        shown["eR"] = order.expiry_reason
    return shown


def _prevention(event: OrderUpdate) -> Json:
    """Show what one prevented match did; a transfer shows what would have been executed."""
    shown: Json = {
        "v": event.prevented_match_id,
        "B": format_e8(event.last_prevented_quantity),
        "u": event.order.trade_group_id,
        "U": event.counter_order_id,
        "Cs": event.counter_symbol,
    }
    if event.prevented_price:
        shown["pl"] = format_e8(event.last_prevented_quantity)
        shown["pL"] = format_e8(event.prevented_price)
        shown["pY"] = format_e8(event.prevented_quote)
    return shown


def _amounts(order: SimOrder) -> Json:
    return {
        "price": format_e8(order.price),
        "origQty": format_e8(order.quantity),
        "executedQty": format_e8(order.cum_quantity),
        "origQuoteOrderQty": format_e8(order.quote_quantity),
        "cummulativeQuoteQty": format_e8(order.cum_quote),
    }


def _terms(order: SimOrder) -> Json:
    return {
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.order_type,
        "side": order.side,
    }


def _conditional(order: SimOrder, unit_ns: int) -> Json:
    shown: Json = {}
    if order.stop_price:
        shown["stopPrice"] = format_e8(order.stop_price)
    if order.trailing_delta:
        shown["trailingDelta"] = order.trailing_delta
        shown["trailingTime"] = order.trailing_ns // unit_ns if order.trailing_ns else NOT_YET
    if order.iceberg_quantity:
        shown["icebergQty"] = format_e8(order.iceberg_quantity)
    if order.strategy_id is not None:
        shown["strategyId"] = order.strategy_id
    if order.strategy_type is not None:
        shown["strategyType"] = order.strategy_type
    if order.prevented_quantity:
        shown["preventedMatchId"] = order.prevented_match_id
        shown["preventedQuantity"] = format_e8(order.prevented_quantity)
        if order.trade_group_id >= 0:
            shown["tradeGroupId"] = order.trade_group_id
    if order.expiry_reason:
        shown["expiryReason"] = order.expiry_reason
    return shown
