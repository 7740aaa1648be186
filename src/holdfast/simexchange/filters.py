"""The venue's checks of a new order, exact, with its codes and texts; the first failure counts.

Price and quantity are checked modulo from 0. Prices of the notional and percent filters are the
volume-weighted average that the caller gives.
"""

from holdfast.simexchange.matching import STP_MODES, notional
from holdfast.simexchange.model import PlaceRequest, Reject, SymbolRules
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.triggers import ALGO_TYPES, is_above

INVALID_SYMBOL = Reject(-1121, "Invalid symbol.")
MARKET_CLOSED = Reject(-1013, "Market is closed.")
ICEBERG_EXCEEDS = Reject(-2010, "IcebergQty exceeds QTY.")
COMBINATION = Reject(-2010, "Unsupported order combination")
INSUFFICIENT_BALANCE = Reject(-2010, "Account has insufficient balance for requested action.")
WOULD_TAKE = Reject(-2010, "Order would immediately match and take.")
WOULD_TRIGGER = Reject(-2010, "Order would trigger immediately.")
DUPLICATE = Reject(-2010, "Duplicate order sent.")
UNKNOWN_ORDER = Reject(-2011, "Unknown order sent.")
CLOSED_FOR_CANCELS = Reject(-2011, "Market is closed.")
CANCEL_RESTRICTED = Reject(-2011, "Order was not canceled due to cancel restrictions.")
NO_SUCH_ORDER = Reject(-2013, "Order does not exist.")

_TIMES_IN_FORCE = ("GTC", "IOC", "FOK")
_TYPES = ("LIMIT", "MARKET", "LIMIT_MAKER", *ALGO_TYPES)
_WITHOUT_PRICE = ("MARKET", "STOP_LOSS", "TAKE_PROFIT")
_TIMED = ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")


def missing(name: str) -> Reject:
    """Say that a mandatory parameter is not there."""
    return Reject(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


def not_required(name: str) -> Reject:
    """Say that a parameter may not stand here."""
    return Reject(-1106, f"Parameter '{name}' sent when not required.")


def filter_failure(name: str) -> Reject:
    """Name the filter that an order fails."""
    return Reject(-1013, f"Filter failure: {name}")


def check_form(request: PlaceRequest) -> Reject | None:
    """Check that the parameters fit the order type."""
    if request.side not in ("BUY", "SELL"):
        return Reject(-1117, "Invalid side.")
    if request.order_type not in _TYPES:
        return Reject(-1116, "Invalid orderType.")
    if request.time_in_force and request.time_in_force not in _TIMES_IN_FORCE:
        return Reject(-1115, "Invalid timeInForce.")
    if request.stp_mode and request.stp_mode not in STP_MODES:
        return missing("selfTradePreventionMode")
    refusal = _check_trigger_form(request)
    if refusal is None and request.iceberg_quantity:
        refusal = _check_iceberg_form(request)
    if refusal is not None:
        return refusal
    if request.order_type in _WITHOUT_PRICE:
        return _check_market_form(request)
    return _check_limit_form(request)


def check_filters(
    request: PlaceRequest, rules: SymbolRules, *, average: int, open_count: int
) -> Reject | None:
    """Check an order of the right form against the symbol's filters."""
    if rules.status != "TRADING":
        return MARKET_CLOSED
    is_market = request.order_type in _WITHOUT_PRICE
    failed = None
    if not is_market:
        failed = _price_failure(request.price, rules)
        failed = failed or _percent_failure(request, rules, average)
    failed = failed or _trigger_failure(request, rules)
    if not request.quote_quantity:
        failed = failed or _quantity_failure(request.quantity, rules, is_market=is_market)
    failed = failed or _iceberg_failure(request, rules)
    failed = failed or _notional_failure(request, rules, average)
    if failed is None and open_count >= rules.max_orders and request.order_type != "MARKET":
        failed = "MAX_NUM_ORDERS"
    return filter_failure(failed) if failed else None


def _check_trigger_form(request: PlaceRequest) -> Reject | None:
    if request.order_type in ALGO_TYPES:
        if request.stop_price <= 0 and request.trailing_delta <= 0:
            text = (
                "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!"
            )
            return Reject(-1102, text)
        return None
    if request.stop_price:
        return not_required("stopPrice")
    return not_required("trailingDelta") if request.trailing_delta else None


def _check_iceberg_form(request: PlaceRequest) -> Reject | None:
    if request.order_type in _WITHOUT_PRICE:
        return not_required("icebergQty")
    if request.time_in_force not in ("", "GTC"):
        return COMBINATION
    return ICEBERG_EXCEEDS if request.iceberg_quantity > request.quantity else None


def _check_market_form(request: PlaceRequest) -> Reject | None:
    if request.quantity and request.quote_quantity:
        return Reject(-1128, "Combination of optional parameters invalid.")
    if request.quote_quantity and request.order_type != "MARKET":
        return not_required("quoteOrderQty")
    if request.quantity <= 0 and request.quote_quantity <= 0:
        return missing("quantity")
    if request.price:
        return not_required("price")
    if request.time_in_force:
        return not_required("timeInForce")
    return None


def _check_limit_form(request: PlaceRequest) -> Reject | None:
    if request.order_type in _TIMED and not request.time_in_force:
        return missing("timeInForce")
    if request.order_type == "LIMIT_MAKER" and request.time_in_force:
        return not_required("timeInForce")
    if request.quote_quantity:
        return not_required("quoteOrderQty")
    if request.quantity <= 0:
        return missing("quantity")
    if request.price <= 0:
        return missing("price")
    return None


def _price_failure(price: int, rules: SymbolRules) -> str | None:
    too_high = rules.max_price and price > rules.max_price
    if price < rules.min_price or too_high or price % rules.tick:
        return "PRICE_FILTER"
    return None


def _percent_failure(request: PlaceRequest, rules: SymbolRules, average: int) -> str | None:
    if not average:
        return None
    if request.side == "BUY":
        up, down = rules.bid_multiplier_up, rules.bid_multiplier_down
    else:
        up, down = rules.ask_multiplier_up, rules.ask_multiplier_down
    scaled = request.price * E8
    if (up and scaled > average * up) or scaled < average * down:
        return "PERCENT_PRICE_BY_SIDE"
    return None


def _trigger_failure(request: PlaceRequest, rules: SymbolRules) -> str | None:
    if request.stop_price:
        failed = _price_failure(request.stop_price, rules)
        if failed is not None:
            return failed
    if request.trailing_delta:
        above = is_above(request.order_type, request.side)
        least, most = rules.trailing_above if above else rules.trailing_below
        if not least <= request.trailing_delta <= most:
            return "TRAILING_DELTA"
    return None


def _iceberg_failure(request: PlaceRequest, rules: SymbolRules) -> str | None:
    if not request.iceberg_quantity:
        return None
    if _quantity_failure(request.iceberg_quantity, rules, is_market=False):
        return "LOT_SIZE"
    parts = -(-request.quantity // request.iceberg_quantity)
    return "ICEBERG_PARTS" if rules.iceberg_parts and parts > rules.iceberg_parts else None


def _quantity_failure(quantity: int, rules: SymbolRules, *, is_market: bool) -> str | None:
    too_big = rules.max_quantity and quantity > rules.max_quantity
    if quantity < rules.min_quantity or too_big or quantity % rules.step:
        return "LOT_SIZE"
    if not is_market:
        return None
    too_big = rules.market_max_quantity and quantity > rules.market_max_quantity
    off_step = rules.market_step and quantity % rules.market_step
    if quantity < rules.market_min_quantity or too_big or off_step:
        return "MARKET_LOT_SIZE"
    return None


def _notional_failure(request: PlaceRequest, rules: SymbolRules, average: int) -> str | None:
    is_market = request.order_type in _WITHOUT_PRICE
    if request.quote_quantity:
        value = request.quote_quantity
    elif is_market and not average:
        return None
    else:
        value = notional(average if is_market else request.price, request.quantity)
    if value < rules.min_notional and (rules.min_notional_on_market or not is_market):
        return "NOTIONAL"
    checks_max = rules.max_notional and (rules.max_notional_on_market or not is_market)
    if checks_max and value > rules.max_notional:
        return "NOTIONAL"
    return None
