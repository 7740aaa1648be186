"""USD-M's words for order types and for the states of its algo service."""

from holdfast.domain.ids import VenueOrderId
from holdfast.domain.money import PriceUnits
from holdfast.domain.order import OrderType
from holdfast.domain.venue import ReportKind
from holdfast.venues.binance.wire.words import POST_ONLY, algo_order_id

ORDER_TYPE_TEXTS = {
    OrderType.LIMIT: "LIMIT",
    OrderType.LIMIT_MAKER: "LIMIT",
    OrderType.MARKET: "MARKET",
    OrderType.STOP_MARKET: "STOP_MARKET",
    OrderType.STOP_LIMIT: "STOP",
    OrderType.TAKE_PROFIT_MARKET: "TAKE_PROFIT_MARKET",
    OrderType.TAKE_PROFIT_LIMIT: "TAKE_PROFIT",
    OrderType.TRAILING_STOP: "TRAILING_STOP_MARKET",
}
"""What is written; post-only is a time in force here."""

ALGO_STATUSES = {
    "NEW": ReportKind.ACKED,
    "TRIGGERING": ReportKind.STATUS,
    "TRIGGERED": ReportKind.TRIGGERED,
    "FINISHED": ReportKind.STATUS,
    "CANCELED": ReportKind.CANCELED,
    "EXPIRED": ReportKind.EXPIRED,
    "REJECTED": ReportKind.REJECTED,
}
"""What a state says of the stop; what became of its order, the events of that order say."""

_CONDITIONAL = {
    "STOP_MARKET": OrderType.STOP_MARKET,
    "STOP": OrderType.STOP_LIMIT,
    "TAKE_PROFIT_MARKET": OrderType.TAKE_PROFIT_MARKET,
    "TAKE_PROFIT": OrderType.TAKE_PROFIT_LIMIT,
    "TRAILING_STOP_MARKET": OrderType.TRAILING_STOP,
}
_NO_ORDER = ("", "0", "None")


def order_type_of(text: str, original: str, *, price: PriceUnits, time: str) -> OrderType:
    """Read an order type; of a triggered stop the original one, which it keeps.

    A type that is not known works as what its price makes of it.
    """
    conditional = _CONDITIONAL.get(original) or _CONDITIONAL.get(text)
    if conditional is not None:
        return conditional
    if text == "MARKET" or not price:
        return OrderType.MARKET
    return OrderType.LIMIT_MAKER if time == POST_ONLY else OrderType.LIMIT


def algo_venue_id(algo_id: int, actual_order_id: str | int | None) -> tuple[VenueOrderId, bool]:
    """Give the id under which a stop is at the venue now, and whether it was triggered."""
    actual = str(actual_order_id)
    if actual in _NO_ORDER:
        return algo_order_id(algo_id), False
    if not (actual.isascii() and actual.isdigit()):
        raise ValueError(f"{actual[:40]!r} is no order id")
    return VenueOrderId(actual), True
