"""Events of the user data stream."""

from collections.abc import Mapping
from typing import TypeAlias

from holdfast.simexchange.futures.model import (
    AlgoUpdate,
    ConditionalReject,
    ConfigUpdate,
    FuturesFact,
    FuturesOrderUpdate,
    MarginCall,
    MarginUpdate,
    PositionView,
)
from holdfast.simexchange.numbers import format_e8, plain_e8
from holdfast.simexchange.usdm.payloads.digits import MILLISECOND_NS, Digits

Json: TypeAlias = dict[str, object]
NO_REASON = "0"
EXPIRE_REASONS = {
    "": NO_REASON,
    "SELF_TRADE": "1",
    "UNFILLED_IOC": "2",
    "UNFILLED_FOK": "2",
    "REDUCE_ONLY": "4",
    "LIQUIDATION": "5",
    "DELISTED": "7",
    "INSUFFICIENT_LIQUIDITY": "9",
}


def events(fact: FuturesFact, digits: Mapping[str, Digits]) -> list[Json]:
    """Say what happened, in one event, or two for an execution: the short form comes first."""
    if isinstance(fact, FuturesOrderUpdate):
        of_symbol = digits[fact.order.symbol]
        long = order_trade_update(fact, of_symbol)
        return [trade_lite(fact, of_symbol), long] if fact.execution_type == "TRADE" else [long]
    if isinstance(fact, MarginUpdate):
        return [account_update(fact, digits)]
    if isinstance(fact, AlgoUpdate):
        return [algo_update(fact, digits[fact.algo.symbol])]
    if isinstance(fact, MarginCall):
        return [margin_call(fact, digits)]
    if isinstance(fact, ConfigUpdate):
        return [config_update(fact)]
    return [trigger_reject(fact)]


def order_trade_update(fact: FuturesOrderUpdate, digits: Digits) -> Json:
    """Write ORDER_TRADE_UPDATE; the commission stands in it only when there is one."""
    order, trade = fact.order, fact.trade
    at = fact.at_ns // MILLISECOND_NS
    shown: Json = {
        "s": order.symbol,
        "c": order.client_order_id,
        "S": order.side,
        "o": order.order_type,
        "f": order.time_in_force,
        "q": digits.quantity(order.quantity),
        "p": digits.price(order.price),
        "ap": format_e8(order.avg_price),
        "sp": digits.price(order.trigger_price),
        "x": fact.execution_type,
        "X": order.status,
        "i": order.order_id,
        "l": digits.quantity(trade.quantity if trade else 0),
        "z": digits.quantity(order.cum_quantity),
        "L": digits.price(trade.price if trade else 0),
    }
    if trade is not None:
        shown |= {"n": format_e8(trade.fee), "N": trade.fee_asset}
    shown |= _order_terms(fact, digits)
    return {"e": "ORDER_TRADE_UPDATE", "T": at, "E": at, "o": shown}


def trade_lite(fact: FuturesOrderUpdate, digits: Digits) -> Json:
    """Write TRADE_LITE: an execution without fee and profit."""
    order, trade = fact.order, fact.trade
    assert trade is not None, "the short form tells an execution"
    at = fact.at_ns // MILLISECOND_NS
    return {
        "e": "TRADE_LITE",
        "E": at,
        "T": at,
        "s": order.symbol,
        "q": digits.quantity(order.quantity),
        "p": digits.price(order.price),
        "m": trade.is_maker,
        "c": order.client_order_id,
        "S": order.side,
        "L": digits.price(trade.price),
        "l": digits.quantity(trade.quantity),
        "t": trade.trade_id,
        "i": order.order_id,
    }


def account_update(fact: MarginUpdate, digits: Mapping[str, Digits]) -> Json:
    """Write ACCOUNT_UPDATE with what changed."""
    at = fact.at_ns // MILLISECOND_NS
    balances = [
        {
            "a": change.asset,
            "wb": format_e8(change.wallet),
            "cw": format_e8(change.cross_wallet),
            "bc": format_e8(change.change),
        }
        for change in fact.balances
    ]
    positions = [_position(view, digits[view.symbol]) for view in fact.positions]
    return {
        "e": "ACCOUNT_UPDATE",
        "T": at,
        "E": at,
        "a": {"B": balances, "P": positions, "m": fact.reason},
    }


def algo_update(fact: AlgoUpdate, digits: Digits) -> Json:
    """Write ALGO_UPDATE; what the plain order did stands in it once there is one."""
    algo = fact.algo
    at = fact.at_ns // MILLISECOND_NS
    shown: Json = {
        "caid": algo.client_algo_id,
        "aid": algo.algo_id,
        "at": "CONDITIONAL",
        "o": algo.order_type,
        "s": algo.symbol,
        "S": algo.side,
        "ps": algo.position_side,
        "f": algo.time_in_force,
        "q": digits.quantity(algo.quantity),
        "X": algo.status,
        "ai": str(algo.actual_order_id or ""),
    }
    if algo.actual_order_id:
        shown |= {
            "ap": format_e8(algo.actual_price),
            "aq": digits.quantity(algo.actual_quantity),
            "act": algo.actual_type,
        }
    shown |= {
        "tp": digits.price(algo.trigger_price),
        "p": digits.price(algo.price),
        "V": algo.stp_mode,
        "wt": algo.working_type,
        "pm": algo.price_match,
        "cp": algo.close_position,
        "pP": algo.price_protect,
        "R": algo.reduce_only,
        "tt": algo.triggered_ns // MILLISECOND_NS,
        "gtd": algo.good_till_ns // MILLISECOND_NS,
        "rm": algo.reject_reason,
    }
    if algo.order_type == "TRAILING_STOP_MARKET":
        shown |= {"AP": digits.price(algo.activate_price), "cr": plain_e8(algo.callback_rate)}
    return {"e": "ALGO_UPDATE", "T": at, "E": at, "o": shown}


def margin_call(fact: MarginCall, digits: Mapping[str, Digits]) -> Json:
    """Write MARGIN_CALL; the wallet stands in it only for cross margin."""
    shown: Json = {"e": "MARGIN_CALL", "E": fact.at_ns // MILLISECOND_NS}
    if fact.cross_wallet:
        shown["cw"] = format_e8(fact.cross_wallet)
    shown["p"] = [
        {
            "s": view.symbol,
            "ps": view.side,
            "pa": digits[view.symbol].quantity(view.quantity),
            "mt": "CROSSED" if view.margin_type == "cross" else "ISOLATED",
            "iw": format_e8(view.isolated_wallet),
            "mp": format_e8(view.mark_price),
            "up": format_e8(view.unrealized),
            "mm": format_e8(view.maintenance_margin),
        }
        for view in fact.positions
    ]
    return shown


def config_update(fact: ConfigUpdate) -> Json:
    """Write ACCOUNT_CONFIG_UPDATE, of a symbol's leverage or of the multi-assets mode."""
    at = fact.at_ns // MILLISECOND_NS
    shown: Json = {"e": "ACCOUNT_CONFIG_UPDATE", "E": at, "T": at}
    if fact.symbol:
        return shown | {"ac": {"s": fact.symbol, "l": fact.leverage}}
    return shown | {"ai": {"j": fact.multi_assets}}


def trigger_reject(fact: ConditionalReject) -> Json:
    """Write CONDITIONAL_ORDER_TRIGGER_REJECT."""
    at = fact.at_ns // MILLISECOND_NS
    refused = {"s": fact.algo.symbol, "i": fact.algo.algo_id, "r": fact.reason}
    return {"e": "CONDITIONAL_ORDER_TRIGGER_REJECT", "E": at, "T": at, "or": refused}


def listen_key_expired(key: str, *, at_ns: int) -> Json:
    """Write listenKeyExpired."""
    return {"e": "listenKeyExpired", "E": at_ns // MILLISECOND_NS, "listenKey": key}


def _order_terms(fact: FuturesOrderUpdate, digits: Digits) -> Json:
    order, trade = fact.order, fact.trade
    shown: Json = {
        "T": fact.at_ns // MILLISECOND_NS,
        "t": trade.trade_id if trade else 0,
        "b": format_e8(fact.bid_notional),
        "a": format_e8(fact.ask_notional),
        "m": trade.is_maker if trade else False,
        "R": order.reduce_only,
        "wt": order.working_type,
        "ot": order.original_type or order.order_type,
        "ps": order.position_side,
        "cp": order.close_position,
        "rp": format_e8(trade.realized if trade else 0),
        "pP": order.price_protect,
        "si": 0,
        "ss": 0,
        "V": order.stp_mode,
        "pm": order.price_match,
        "gtd": order.good_till_ns // MILLISECOND_NS,
        "er": EXPIRE_REASONS.get(fact.expire_reason, NO_REASON),
    }
    if order.original_type == "TRAILING_STOP_MARKET":
        shown |= {
            "AP": digits.price(order.activate_price),
            "cr": plain_e8(order.callback_rate),
        }
    return shown


def _position(view: PositionView, digits: Digits) -> Json:
    return {
        "s": view.symbol,
        "pa": digits.quantity(view.quantity),
        "ep": format_e8(view.entry_price),
        "bep": format_e8(view.break_even_price),
        "cr": format_e8(view.realized),
        "up": format_e8(view.unrealized),
        "mt": view.margin_type,
        "iw": format_e8(view.isolated_wallet),
        "ps": view.side,
        "ma": view.margin_asset,
    }
