"""Answers of the public market data requests."""

from typing import TypeAlias

from holdfast.simexchange.limits import declared
from holdfast.simexchange.matching import STP_MODES
from holdfast.simexchange.model import (
    Bar,
    DayStatistics,
    DepthView,
    Level,
    SymbolRules,
    Ticker,
    Trade,
)
from holdfast.simexchange.numbers import DECIMALS, E8, format_e8, plain_e8
from holdfast.simexchange.payloads.feed import MILLISECOND_NS, percent
from holdfast.simexchange.quotas import HouseRules

Json: TypeAlias = dict[str, object]
ORDER_TYPES = (
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
)
NO_MAX_NOTIONAL = 9_000_000_000 * E8


def exchange_info(
    rules: list[SymbolRules],
    *,
    now_ns: int,
    house: HouseRules,
    unit_ns: int = MILLISECOND_NS,
) -> Json:
    """Describe the venue: its limits and its symbols with their filters."""
    return {
        "timezone": "UTC",
        "serverTime": now_ns // unit_ns,
        "rateLimits": declared(),
        "exchangeFilters": exchange_filters(house),
        "symbols": [symbol_info(symbol) for symbol in rules],
    }


def symbol_info(rules: SymbolRules) -> Json:
    """Describe one symbol."""
    return {
        "symbol": rules.symbol,
        "status": rules.status,
        "baseAsset": rules.base,
        "baseAssetPrecision": DECIMALS,
        "quoteAsset": rules.quote,
        "quotePrecision": DECIMALS,
        "quoteAssetPrecision": DECIMALS,
        "baseCommissionPrecision": DECIMALS,
        "quoteCommissionPrecision": DECIMALS,
        "orderTypes": list(ORDER_TYPES),
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "opoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": filters(rules),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": rules.stp_mode,
        "allowedSelfTradePreventionModes": list(STP_MODES),
    }


def filters(rules: SymbolRules) -> list[Json]:
    """List the filters of a symbol."""
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": format_e8(rules.min_price),
            "maxPrice": format_e8(rules.max_price),
            "tickSize": format_e8(rules.tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": format_e8(rules.min_quantity),
            "maxQty": format_e8(rules.max_quantity),
            "stepSize": format_e8(rules.step),
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": format_e8(rules.market_min_quantity),
            "maxQty": format_e8(rules.market_max_quantity or rules.max_quantity),
            "stepSize": format_e8(rules.market_step),
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": plain_e8(rules.bid_multiplier_up),
            "bidMultiplierDown": plain_e8(rules.bid_multiplier_down),
            "askMultiplierUp": plain_e8(rules.ask_multiplier_up),
            "askMultiplierDown": plain_e8(rules.ask_multiplier_down),
            "avgPriceMins": rules.notional_average_minutes,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": format_e8(rules.min_notional),
            "applyMinToMarket": rules.min_notional_on_market,
            "maxNotional": format_e8(rules.max_notional or NO_MAX_NOTIONAL),
            "applyMaxToMarket": rules.max_notional_on_market,
            "avgPriceMins": rules.notional_average_minutes,
        },
        {
            "filterType": "TRAILING_DELTA",
            "minTrailingAboveDelta": rules.trailing_above[0],
            "maxTrailingAboveDelta": rules.trailing_above[1],
            "minTrailingBelowDelta": rules.trailing_below[0],
            "maxTrailingBelowDelta": rules.trailing_below[1],
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": rules.max_orders},
        *_optional_filters(rules),
    ]


def _optional_filters(rules: SymbolRules) -> list[Json]:
    limits = (
        ("ICEBERG_PARTS", "limit", rules.iceberg_parts),
        ("MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders", rules.max_algo_orders),
        ("MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders", rules.max_iceberg_orders),
        ("MAX_NUM_ORDER_LISTS", "maxNumOrderLists", rules.max_order_lists),
        ("MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends", rules.max_order_amends),
    )
    shown: list[Json] = [
        {"filterType": kind, name: limit} for kind, name, limit in limits if limit
    ]
    if rules.max_position:
        limit = format_e8(rules.max_position)
        shown.append({"filterType": "MAX_POSITION", "maxPosition": limit})
    return shown


def exchange_filters(house: HouseRules) -> list[Json]:
    """List the filters over all symbols."""
    limits = (
        ("EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders", house.max_orders),
        ("EXCHANGE_MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders", house.max_algo_orders),
        ("EXCHANGE_MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders", house.max_iceberg_orders),
        ("EXCHANGE_MAX_NUM_ORDER_LISTS", "maxNumOrderLists", house.max_order_lists),
    )
    return [{"filterType": kind, name: limit} for kind, name, limit in limits if limit]


def execution_rules(rules: SymbolRules) -> Json:
    """Show the price range of a symbol; a multiplier of 0 is not set."""
    multipliers = (
        ("bidLimitMultUp", rules.bid_range[1]),
        ("bidLimitMultDown", rules.bid_range[0]),
        ("askLimitMultUp", rules.ask_range[1]),
        ("askLimitMultDown", rules.ask_range[0]),
    )
    limits = {name: plain_e8(value) for name, value in multipliers if value}
    rows: list[Json] = [{"ruleType": "PRICE_RANGE", **limits}] if limits else []
    return {"symbol": rules.symbol, "rules": rows}


def depth(view: DepthView) -> Json:
    """Show the book as a snapshot."""
    return {
        "lastUpdateId": view.last_update_id,
        "bids": _levels(view.bids),
        "asks": _levels(view.asks),
    }


def trade(record: Trade, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Show a recorded trade."""
    return {
        "id": record.trade_id,
        "price": format_e8(record.price),
        "qty": format_e8(record.quantity),
        "quoteQty": format_e8(record.price * record.quantity // E8),
        "time": record.at_ns // unit_ns,
        "isBuyerMaker": record.buyer_is_maker,
        "isBestMatch": True,
    }


def agg_trade(record: Trade, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Show a recorded trade as an aggregated one."""
    return {
        "a": record.trade_id,
        "p": format_e8(record.price),
        "q": format_e8(record.quantity),
        "f": record.first_id,
        "l": record.last_id,
        "T": record.at_ns // unit_ns,
        "m": record.buyer_is_maker,
        "M": True,
    }


def kline(bar: Bar, *, unit_ns: int = MILLISECOND_NS) -> list[object]:
    """Show a candle as the row that `klines` answers."""
    return [
        bar.open_ns // unit_ns,
        format_e8(bar.open),
        format_e8(bar.high),
        format_e8(bar.low),
        format_e8(bar.close),
        format_e8(bar.volume),
        bar.close_ns // unit_ns,
        format_e8(bar.quote_volume),
        bar.trade_count,
        format_e8(bar.taker_buy_volume),
        format_e8(bar.taker_buy_quote_volume),
        "0",
    ]


def book_ticker(symbol: str, best: Ticker | None) -> Json:
    """Show the best bid and ask."""
    return {
        "symbol": symbol,
        "bidPrice": format_e8(best.bid if best else 0),
        "bidQty": format_e8(best.bid_quantity if best else 0),
        "askPrice": format_e8(best.ask if best else 0),
        "askQty": format_e8(best.ask_quantity if best else 0),
    }


def day_ticker(
    day: DayStatistics, best: Ticker | None, *, unit_ns: int = MILLISECOND_NS
) -> Json:
    """Show the rolling 24 hours."""
    change = day.last - day.open
    return {
        "symbol": day.symbol,
        "priceChange": format_e8(change),
        "priceChangePercent": percent(change, day.open),
        "weightedAvgPrice": format_e8(day.weighted_average),
        "prevClosePrice": format_e8(day.open),
        "lastPrice": format_e8(day.last),
        "lastQty": format_e8(day.last_quantity),
        "bidPrice": format_e8(best.bid if best else 0),
        "bidQty": format_e8(best.bid_quantity if best else 0),
        "askPrice": format_e8(best.ask if best else 0),
        "askQty": format_e8(best.ask_quantity if best else 0),
        "openPrice": format_e8(day.open),
        "highPrice": format_e8(day.high),
        "lowPrice": format_e8(day.low),
        "volume": format_e8(day.volume),
        "quoteVolume": format_e8(day.quote_volume),
        "openTime": day.open_ns // unit_ns,
        "closeTime": day.close_ns // unit_ns,
        "firstId": day.first_trade_id,
        "lastId": day.last_trade_id,
        "count": day.trade_count,
    }


def window_ticker(day: DayStatistics, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Show the statistics of another window: no best prices and no last quantity in it."""
    whole = day_ticker(day, None, unit_ns=unit_ns)
    absent = ("prevClosePrice", "lastQty", "bidPrice", "bidQty", "askPrice", "askQty")
    return {name: value for name, value in whole.items() if name not in absent}


def mini_ticker(day: DayStatistics, *, unit_ns: int = MILLISECOND_NS) -> Json:
    """Show the short form of the rolling 24 hours."""
    return {
        "symbol": day.symbol,
        "openPrice": format_e8(day.open),
        "highPrice": format_e8(day.high),
        "lowPrice": format_e8(day.low),
        "lastPrice": format_e8(day.last),
        "volume": format_e8(day.volume),
        "quoteVolume": format_e8(day.quote_volume),
        "openTime": day.open_ns // unit_ns,
        "closeTime": day.close_ns // unit_ns,
        "firstId": day.first_trade_id,
        "lastId": day.last_trade_id,
        "count": day.trade_count,
    }


def _levels(side: list[Level]) -> list[list[str]]:
    return [[format_e8(price), format_e8(quantity)] for price, quantity in side]
