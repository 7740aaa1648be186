"""Answers of the public market data requests."""

from collections.abc import Iterable
from typing import TypeAlias

from holdfast.simexchange.futures.model import ContractRules, FundingPoint
from holdfast.simexchange.limits import USDM, declared
from holdfast.simexchange.model import Bar, DayStatistics, DepthView, Mark, Ticker, Trade
from holdfast.simexchange.numbers import DECIMALS, E8, format_e8, plain_e8
from holdfast.simexchange.payloads.feed import percent
from holdfast.simexchange.usdm.payloads.digits import MILLISECOND_NS, Digits, fixed
from holdfast.simexchange.usdm.tape import Group

Json: TypeAlias = dict[str, object]
NEVER_DELIVERED_MS = 4_133_404_800_000
ORDER_TYPES = (
    "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
)  # fmt: skip
TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX", "GTD")
INTEREST_RATE = E8 // 10_000
AUTO_EXCHANGE = "-10000"
MULTIPLIER_DECIMALS = 4
HOUR_NS = 3_600 * 10**9
TRIGGER_PROTECT = E8 // 20


def exchange_info(contracts: Iterable[ContractRules], *, now_ns: int) -> Json:
    """Describe the venue: its limits, its margin assets, its contracts with their filters."""
    listed = list(contracts)
    assets = dict.fromkeys(contract.margin_asset for contract in listed)
    return {
        "timezone": "UTC",
        "serverTime": now_ns // MILLISECOND_NS,
        "futuresType": "U_MARGINED",
        "rateLimits": declared(USDM),
        "exchangeFilters": [],
        "assets": [
            {"asset": asset, "marginAvailable": True, "autoAssetExchange": AUTO_EXCHANGE}
            for asset in assets
        ],
        "symbols": [contract_info(contract) for contract in listed],
    }


def contract_info(contract: ContractRules) -> Json:
    """Describe one contract."""
    rules = contract.rules
    digits = Digits(rules)
    first = contract.brackets[0]
    return {
        "symbol": rules.symbol,
        "pair": rules.symbol,
        "contractType": contract.contract_type,
        "deliveryDate": NEVER_DELIVERED_MS,
        "onboardDate": contract.onboard_ns // MILLISECOND_NS,
        "status": rules.status,
        "maintMarginPercent": fixed(100 * first.maintenance_rate, 4),
        "requiredMarginPercent": fixed(100 * E8 // first.initial_leverage, 4),
        "baseAsset": rules.base,
        "quoteAsset": rules.quote,
        "marginAsset": contract.margin_asset,
        "pricePrecision": digits.price_decimals,
        "quantityPrecision": digits.quantity_decimals,
        "baseAssetPrecision": DECIMALS,
        "quotePrecision": DECIMALS,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": plain_e8(TRIGGER_PROTECT),
        "liquidationFee": fixed(contract.liquidation_fee, 6),
        "marketTakeBound": plain_e8(contract.market_take_bound),
        "maxMoveOrderLimit": 10_000,
        "filters": filters(contract, digits),
        "orderTypes": list(ORDER_TYPES),
        "timeInForce": list(TIMES_IN_FORCE),
        "permissionSets": [],
    }


def filters(contract: ContractRules, digits: Digits) -> list[Json]:
    """List the filters of a contract."""
    rules, price, quantity = contract.rules, digits.price, digits.quantity
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": price(rules.min_price),
            "maxPrice": price(rules.max_price),
            "tickSize": price(rules.tick),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": quantity(rules.min_quantity),
            "maxQty": quantity(rules.max_quantity),
            "stepSize": quantity(rules.step),
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": quantity(rules.market_min_quantity or rules.min_quantity),
            "maxQty": quantity(rules.market_max_quantity or rules.max_quantity),
            "stepSize": quantity(rules.market_step or rules.step),
        },
        {"filterType": "MAX_NUM_ORDERS", "limit": rules.max_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": contract.max_algo_orders},
        {"filterType": "MIN_NOTIONAL", "notional": plain_e8(rules.min_notional)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": fixed(rules.bid_multiplier_up, MULTIPLIER_DECIMALS),
            "multiplierDown": fixed(rules.ask_multiplier_down, MULTIPLIER_DECIMALS),
            "multiplierDecimal": str(MULTIPLIER_DECIMALS),
        },
    ]


def depth(view: DepthView, digits: Digits, *, now_ns: int) -> Json:
    """Show the book as a snapshot, with the times of its message and of its last change."""
    return {
        "lastUpdateId": view.last_update_id,
        "E": now_ns // MILLISECOND_NS,
        "T": view.at_ns // MILLISECOND_NS,
        "bids": digits.pairs(view.bids),
        "asks": digits.pairs(view.asks),
    }


def trade(record: Trade, digits: Digits) -> Json:
    """Show a recorded trade."""
    return {
        "id": record.trade_id,
        "price": digits.price(record.price),
        "qty": digits.quantity(record.quantity),
        "quoteQty": format_e8(record.price * record.quantity // E8),
        "time": record.at_ns // MILLISECOND_NS,
        "isBuyerMaker": record.buyer_is_maker,
        "isRPITrade": False,
    }


def agg_trade(group: Group, digits: Digits) -> Json:
    """Show an aggregated trade."""
    quantity = digits.quantity(group.quantity)
    return {
        "a": group.agg_id,
        "p": digits.price(group.price),
        "q": quantity,
        "nq": quantity,
        "f": group.first_id,
        "l": group.last_id,
        "T": group.at_ns // MILLISECOND_NS,
        "m": group.buyer_is_maker,
    }


def kline(bar: Bar, digits: Digits) -> list[object]:
    """Show a candle as the row that `klines` answers."""
    return [
        bar.open_ns // MILLISECOND_NS,
        digits.price(bar.open),
        digits.price(bar.high),
        digits.price(bar.low),
        digits.price(bar.close),
        digits.quantity(bar.volume),
        bar.close_ns // MILLISECOND_NS,
        format_e8(bar.quote_volume),
        bar.trade_count,
        digits.quantity(bar.taker_buy_volume),
        format_e8(bar.taker_buy_quote_volume),
        "0",
    ]


def book_ticker(symbol: str, best: Ticker | None, *, digits: Digits) -> Json:
    """Show the best bid and ask."""
    return {
        "symbol": symbol,
        "bidPrice": digits.price(best.bid if best else 0),
        "bidQty": digits.quantity(best.bid_quantity if best else 0),
        "askPrice": digits.price(best.ask if best else 0),
        "askQty": digits.quantity(best.ask_quantity if best else 0),
        "time": best.at_ns // MILLISECOND_NS if best else 0,
        "lastUpdateId": best.update_id if best else 0,
    }


def day_ticker(day: DayStatistics, digits: Digits) -> Json:
    """Show the rolling 24 hours."""
    change = day.last - day.open
    return {
        "symbol": day.symbol,
        "priceChange": digits.price(change),
        "priceChangePercent": percent(change, day.open),
        "weightedAvgPrice": digits.price(day.weighted_average),
        "lastPrice": digits.price(day.last),
        "lastQty": digits.quantity(day.last_quantity),
        "openPrice": digits.price(day.open),
        "highPrice": digits.price(day.high),
        "lowPrice": digits.price(day.low),
        "volume": digits.quantity(day.volume),
        "quoteVolume": format_e8(day.quote_volume),
        "openTime": day.open_ns // MILLISECOND_NS,
        "closeTime": day.close_ns // MILLISECOND_NS,
        "firstId": day.first_trade_id,
        "lastId": day.last_trade_id,
        "count": day.trade_count,
    }


def premium_index(mark: Mark, *, now_ns: int) -> Json:
    """Show mark price, index price and the next funding."""
    return {
        "symbol": mark.symbol,
        "markPrice": format_e8(mark.mark),
        "indexPrice": format_e8(mark.index),
        "estimatedSettlePrice": format_e8(mark.index),
        "lastFundingRate": format_e8(mark.funding_rate),
        "interestRate": format_e8(INTEREST_RATE),
        "nextFundingTime": mark.next_funding_ns // MILLISECOND_NS,
        "time": min(mark.at_ns, now_ns) // MILLISECOND_NS,
    }


def funding_rate(point: FundingPoint) -> Json:
    """Show a funding that happened."""
    return {
        "symbol": point.symbol,
        "fundingTime": point.at_ns // MILLISECOND_NS,
        "fundingRate": format_e8(point.rate),
        "markPrice": format_e8(point.mark),
        "rateType": "Regular",
    }


def funding_info(contract: ContractRules) -> Json:
    """Show the bounds and the interval of a contract's funding."""
    return {
        "symbol": contract.symbol,
        "adjustedFundingRateCap": format_e8(contract.funding_cap),
        "adjustedFundingRateFloor": format_e8(contract.funding_floor),
        "fundingIntervalHours": contract.funding_interval_ns // HOUR_NS,
        "disclaimer": False,
    }
