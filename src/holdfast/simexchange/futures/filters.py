"""USD-M's checks of a new plain order, with its codes and texts; the first failure counts.

https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code
"""

import re

from holdfast.simexchange.filters import missing, not_required
from holdfast.simexchange.futures.model import ContractRules
from holdfast.simexchange.futures.requests import AlgoPlace, FuturesPlace
from holdfast.simexchange.matching import notional
from holdfast.simexchange.model import Reject, SymbolRules
from holdfast.simexchange.numbers import E8, decimals_of, plain_e8

INVALID_SYMBOL = Reject(-1121, "Invalid symbol.")
CLOSED = Reject(-4140, "Invalid symbol status for opening position.")
UNKNOWN_ORDER = Reject(-2011, "Unknown order sent.")
NO_SUCH_ORDER = Reject(-2013, "Order does not exist.")
NO_SUCH_ALGO = Reject(-2013, "Order does not exist.")
MARGIN_SHORT = Reject(-2019, "Margin is insufficient.")
WOULD_TRIGGER = Reject(-2021, "Order would immediately trigger.")
REDUCE_ONLY = Reject(-2022, "ReduceOnly Order is rejected.")
TOO_MANY_ORDERS = Reject(-2025, "Reach max open order limit.")
POSITION_LIMIT = Reject(-2027, "Exceeded the maximum allowable position at current leverage.")
LEVERAGE_TOO_SMALL = Reject(-2028, "Leverage is smaller than permitted: insufficient margin.")
BAD_CLIENT_ID = Reject(-4015, "Client order id is not valid.")
BAD_LEVERAGE = Reject(-4028, "Leverage is not valid")
TOO_MANY_ALGOS = Reject(-4045, "Reach max stop order limit.")
SAME_MARGIN_TYPE = Reject(-4046, "No need to change margin type.")
MARGIN_TYPE_ORDERS = Reject(-4047, "Margin type cannot be changed if there exists open orders.")
MARGIN_TYPE_POSITION = Reject(-4048, "Margin type cannot be changed if there exists position.")
ONLY_ISOLATED = Reject(-4049, "Add margin only support for isolated position.")
CROSS_SHORT = Reject(-4050, "Cross balance insufficient.")
ISOLATED_SHORT = Reject(-4051, "Isolated balance insufficient.")
NO_POSITION = Reject(-4054, "Cannot add position margin: position is 0.")
SAME_POSITION_MODE = Reject(-4059, "No need to change position side.")
WRONG_POSITION_SIDE = Reject(-4061, "Order's position side does not match user's setting.")
MODE_ORDERS = Reject(-4067, "Position side cannot be changed if there exists open orders.")
MODE_POSITION = Reject(-4068, "Position side cannot be changed if there exists position.")
DUPLICATE = Reject(-4116, "ClientOrderId is duplicated.")
USE_ALGO = Reject(
    -4120,
    "Order type not supported for this endpoint. Please use the Algo Order API endpoints "
    "instead.",
)
CLOSE_POSITION_EXISTS = Reject(
    -4130,
    "An open stop or take profit order with GTE and closePosition in the direction is "
    "existing.",
)
MARKET_BOUND = Reject(
    -4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit."
)
ISOLATED_LEVERAGE = Reject(
    -4161, "Leverage reduction is not supported in Isolated Margin Mode with open positions."
)
SAME_MULTI_ASSETS = Reject(-4171, "No need to change multi-assets mode.")
NO_MULTI_ASSETS = Reject(
    -4170, "Unable to adjust to Multi-Assets mode: this exchange keeps single-asset margin."
)
FOK_UNFILLED = Reject(
    -5021,
    "Due to the order could not be filled immediately, the FOK order has been rejected. The "
    "order will not be recorded in the order history",
)
WOULD_TAKE = Reject(
    -5022,
    "Due to the order could not be executed as maker, the Post Only order will be rejected. "
    "The order will not be recorded in the order history",
)
UNCHANGED = Reject(-5027, "No need to modify the order.")
NO_MATCH_DEPTH = Reject(-5041, "No depth matches this BBO order.")

CONDITIONAL_TYPES = (
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
)
PRICE_MATCHES = {
    "OPPONENT": (True, 1),
    "OPPONENT_5": (True, 5),
    "OPPONENT_10": (True, 10),
    "OPPONENT_20": (True, 20),
    "QUEUE": (False, 1),
    "QUEUE_5": (False, 5),
    "QUEUE_10": (False, 10),
    "QUEUE_20": (False, 20),
}
_TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX", "GTD")
_CLIENT_ID = re.compile(r"^[\.A-Z\:/a-z0-9_-]{1,36}$")
_GTD_AHEAD_NS = 600 * 10**9


def invalid(name: str) -> Reject:
    """Say that a parameter has a value that it does not take."""
    return Reject(-1130, f"Data sent for parameter '{name}' is not valid.")


def check_common(
    request: FuturesPlace | AlgoPlace, contract: ContractRules, *, now_ns: int
) -> Reject | None:
    """Check what plain and conditional orders have in common."""
    if request.side not in ("BUY", "SELL"):
        return Reject(-1117, "Invalid side.")
    if request.position_side not in ("", "BOTH", "LONG", "SHORT"):
        return Reject(-4060, "Invalid position side.")
    client_id = (
        request.client_algo_id if isinstance(request, AlgoPlace) else request.client_order_id
    )
    if client_id and not _CLIENT_ID.match(client_id):
        return BAD_CLIENT_ID
    if request.stp_mode and request.stp_mode not in contract.stp_modes:
        return invalid("selfTradePreventionMode")
    if request.price_match not in ("", "NONE", *PRICE_MATCHES):
        return invalid("priceMatch")
    if request.price_match in PRICE_MATCHES and request.price:
        return Reject(-1128, "Combination of optional parameters invalid.")
    return _check_time_in_force(request, now_ns)


def _check_time_in_force(request: FuturesPlace | AlgoPlace, now_ns: int) -> Reject | None:
    if request.time_in_force and request.time_in_force not in _TIMES_IN_FORCE:
        return Reject(-1115, "Invalid timeInForce.")
    if request.time_in_force == "GTD" and not request.good_till_ns:
        return missing("goodTillDate")
    is_late = request.good_till_ns and request.good_till_ns <= now_ns + _GTD_AHEAD_NS
    if is_late or (request.good_till_ns and request.time_in_force != "GTD"):
        return invalid("goodTillDate")
    return None


def check_form(request: FuturesPlace) -> Reject | None:
    """Check that the parameters fit the order type."""
    if request.order_type in CONDITIONAL_TYPES:
        return USE_ALGO
    if request.order_type not in ("LIMIT", "MARKET"):
        return Reject(-1116, "Invalid orderType.")
    if request.order_type == "MARKET":
        if request.price:
            return not_required("price")
        if request.time_in_force:
            return not_required("timeInForce")
        if request.price_match in PRICE_MATCHES:
            return not_required("priceMatch")
    else:
        if not request.time_in_force:
            return missing("timeInForce")
        if not request.price and request.price_match not in PRICE_MATCHES:
            return missing("price")
    return missing("quantity") if not request.quantity else None


def check_quantity(quantity: int, rules: SymbolRules, *, is_market: bool) -> Reject | None:
    """Check a quantity against LOT_SIZE and, of a market order, MARKET_LOT_SIZE."""
    if quantity <= 0:
        return Reject(-4003, "Quantity less than or equal to zero.")
    if decimals_of(quantity) > decimals_of(rules.step):
        return Reject(-1111, "Precision is over the maximum defined for this asset.")
    step = (rules.market_step or rules.step) if is_market else rules.step
    least = max(rules.min_quantity, rules.market_min_quantity if is_market else 0)
    most = (rules.market_max_quantity if is_market else 0) or rules.max_quantity
    if quantity < least:
        return Reject(-4004, "Quantity less than min quantity.")
    if most and quantity > most:
        return Reject(-4005, "Quantity greater than max quantity.")
    if quantity % step:
        return Reject(-4023, "Quantity not increased by step size.")
    return None


def check_price(price: int, rules: SymbolRules) -> Reject | None:
    """Check a price against PRICE_FILTER."""
    if price < 0:
        return Reject(-4001, "Price less than 0.")
    if rules.max_price and price > rules.max_price:
        return Reject(-4002, "Price greater than max price.")
    if price < rules.min_price:
        return Reject(-4013, "Price less than min price.")
    if price % rules.tick:
        return Reject(-4014, "Price not increased by tick size.")
    return None


def check_band(side: str, price: int, *, rules: SymbolRules, mark: int) -> Reject | None:
    """Check a limit price against PERCENT_PRICE, whose reference is the mark price."""
    highest = mark * rules.bid_multiplier_up // E8
    lowest = mark * rules.ask_multiplier_down // E8
    if side == "BUY" and rules.bid_multiplier_up and price > highest:
        return Reject(-4016, f"Limit price can't be higher than {plain_e8(highest)}.")
    if side == "SELL" and price < lowest:
        return Reject(-4024, f"Limit price can't be lower than {plain_e8(lowest)}.")
    return None


def check_notional(price: int, quantity: int, *, rules: SymbolRules) -> Reject | None:
    """Check MIN_NOTIONAL; reducing orders are exempt and not asked."""
    if notional(price, quantity) < rules.min_notional:
        return Reject(
            -4164,
            f"Order's notional must be no smaller than {plain_e8(rules.min_notional)} (unless "
            "you choose reduce only).",
        )
    return None
