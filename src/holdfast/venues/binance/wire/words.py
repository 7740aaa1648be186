"""The venue's words for sides, terms and origins, both ways; what both products share.

Reading accepts words that are not known where nothing depends on them; a side always matters.
"""

from holdfast.domain.ids import VenueOrderId
from holdfast.domain.order import (
    OrderType,
    Origin,
    PositionSide,
    Side,
    StpMode,
    TimeInForce,
)

SIDE_TEXTS = {Side.BUY: "BUY", Side.SELL: "SELL"}
TIME_TEXTS = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
    TimeInForce.GTD: "GTD",
}
POSITION_SIDE_TEXTS = {
    PositionSide.BOTH: "BOTH",
    PositionSide.LONG: "LONG",
    PositionSide.SHORT: "SHORT",
}
STP_TEXTS = {
    StpMode.NONE: "NONE",
    StpMode.EXPIRE_TAKER: "EXPIRE_TAKER",
    StpMode.EXPIRE_MAKER: "EXPIRE_MAKER",
    StpMode.EXPIRE_BOTH: "EXPIRE_BOTH",
    StpMode.DECREMENT: "DECREMENT",
    StpMode.TRANSFER: "TRANSFER",
}
TIMES = {text: time for time, text in TIME_TEXTS.items()}
POST_ONLY = "GTX"
ALGO_PREFIX = "algo:"
"""What the venue order id of a conditional order begins with while the algo service keeps it.

Algo ids and order ids are counted apart, so one must never be taken for the other.
"""

_SIDES = {text: side for side, text in SIDE_TEXTS.items()}
_POSITION_SIDES = {text: side for side, text in POSITION_SIDE_TEXTS.items()}
_ORIGINS = (
    ("autoclose-", Origin.LIQUIDATION),
    ("adl_autoclose", Origin.ADL),
    ("settlement_autoclose-", Origin.SETTLEMENT),
)
_CONDITIONAL = (
    OrderType.STOP_MARKET,
    OrderType.STOP_LIMIT,
    OrderType.TAKE_PROFIT_MARKET,
    OrderType.TAKE_PROFIT_LIMIT,
    OrderType.TRAILING_STOP,
)


def is_conditional(order_type: OrderType) -> bool:
    """Tell whether an order of this type waits for a trigger."""
    return order_type in _CONDITIONAL


def side_of(text: str) -> Side:
    """Read a side; ValueError when it is none."""
    side = _SIDES.get(text)
    if side is None:
        raise ValueError(f"{text[:20]!r} is no side")
    return side


def position_side_of(text: str) -> PositionSide:
    """Read a position side; ValueError when it is none."""
    side = _POSITION_SIDES.get(text)
    if side is None:
        raise ValueError(f"{text[:20]!r} is no position side")
    return side


def time_of(text: str) -> TimeInForce:
    """Read a time in force; one that is not known rests until it is canceled."""
    return TIMES.get(text, TimeInForce.GTC)


def origin_of(client_order_id: str) -> Origin:
    """Tell the venue's own orders by how their client ids begin (USD-M, ORDER_TRADE_UPDATE)."""
    for start, origin in _ORIGINS:
        if client_order_id.startswith(start):
            return origin
    return Origin.REQUEST


def algo_order_id(algo_id: int) -> VenueOrderId:
    """Name a conditional order that the algo service keeps."""
    return VenueOrderId(f"{ALGO_PREFIX}{algo_id}")
