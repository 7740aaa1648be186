"""The fault classes of the soak: how each is drawn for an episode, and where it makes sense.

Probabilities are for each occasion. What would stop the market itself (a socket that answers
no ping) is drawn only for episodes whose market runs by itself (`is_paced`).
"""

from collections.abc import Callable
from random import Random
from typing import Any, TypeAlias

import msgspec

Entry: TypeAlias = dict[str, Any]
SPOT, USDM, BOTH = ("spot",), ("usdm",), ("spot", "usdm")
SYMBOL, ACCOUNT = "BTCUSDT", "demo"


class Hazard(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of fault; `more` draws its settings and how often it strikes."""

    kind: str
    more: Callable[[Random], Entry]
    products: tuple[str, ...] = BOTH
    is_paced: bool = False
    is_full: bool = False

    def entry(self, draw: Random) -> Entry:
        """Give an entry of a faults file."""
        return {"kind": self.kind, **self.more(draw)}


def _often(low: float, high: float, **more: Any) -> Callable[[Random], Entry]:
    """Strike with a probability between two, without end."""
    return lambda draw: {
        "probability": round(draw.uniform(low, high), 4), "count": 0, "after": 20, **more,
    }  # fmt: skip


def _rarely(count: int, probability: float, **more: Any) -> Callable[[Random], Entry]:
    """Strike a few times."""
    return lambda draw: {
        "probability": probability, "count": draw.randint(1, count),
        "after": draw.randint(5, 60), **more,
    }  # fmt: skip


def _timed(first: tuple[int, int], every: tuple[int, int], **more: Any) -> Callable[..., Entry]:
    """Happen at a time between two seconds, and again every so many."""
    return lambda draw: {
        "from": f"{draw.randint(*first)}s", "every": f"{draw.randint(*every)}s",
        "count": draw.randint(1, 4), **more,
    }  # fmt: skip


def _foreign(draw: Random) -> Entry:
    return {
        **_timed((10, 40), (15, 40))(draw),
        "account": ACCOUNT, "symbol": SYMBOL, "side": draw.choice(("BUY", "SELL")),
        "quantity": draw.choice(("0.001", "0.002")),
    }  # fmt: skip


def _deposit(product: str) -> Callable[[Random], Entry]:
    return lambda draw: {
        **_timed((5, 30), (10, 30))(draw),
        "account": ACCOUNT, "asset": "USDT", "product": product,
        "amount": draw.choice(("1", "12.5", "0.00000001")),
    }  # fmt: skip


HAZARDS: tuple[Hazard, ...] = (
    Hazard(kind="order_answer_lost", more=_often(0.003, 0.02)),
    Hazard(kind="order_unknown_1007", more=_often(0.003, 0.02)),
    Hazard(kind="order_late_1007", more=_often(0.002, 0.01, delay="700ms")),
    Hazard(kind="order_503", more=_often(0.003, 0.02)),
    Hazard(kind="order_5xx", more=_often(0.003, 0.02)),
    Hazard(kind="order_408", more=_often(0.003, 0.02)),
    Hazard(kind="order_unavailable_503", more=_often(0.01, 0.1)),
    Hazard(kind="order_throttled_1008", more=_often(0.01, 0.1)),
    Hazard(kind="order_count_1015", more=_rarely(3, 0.02)),
    Hazard(kind="order_part_filled_expired", more=_often(0.02, 0.2, fraction=0.5)),
    Hazard(kind="order_gtx_expired", more=_often(0.02, 0.2)),
    Hazard(kind="order_stp_expired", more=_often(0.02, 0.2)),
    Hazard(kind="order_price_range_expired", more=_often(0.02, 0.1), products=SPOT),
    Hazard(kind="cancel_fill_race", more=_often(0.02, 0.3)),
    Hazard(kind="event_before_ack", more=_often(0.1, 0.8)),
    Hazard(kind="answer_lost", more=_often(0.001, 0.006)),
    Hazard(kind="answer_delayed", more=_often(0.005, 0.05, delay="800ms")),
    Hazard(
        kind="request_refused",
        more=_rarely(10, 0.02, code=-1000, message="An unknown error occurred."),
    ),
    Hazard(kind="weight_exceeded_429", more=_rarely(2, 0.004, **{"for": "3s"})),
    Hazard(kind="address_banned_418", more=_rarely(1, 0.002, **{"for": "8s"})),
    Hazard(kind="stale_snapshot", more=_rarely(3, 0.5, delay="2s")),
    Hazard(kind="microsecond_stamps", more=_rarely(3, 0.01, **{"for": "5s"})),
    Hazard(kind="html_403", more=_rarely(6, 0.01)),
    Hazard(kind="html_502", more=_rarely(10, 0.02)),
    Hazard(kind="half_answer", more=_rarely(10, 0.02)),
    Hazard(kind="request_reset", more=_rarely(10, 0.02)),
    Hazard(kind="connection_reset", more=_rarely(3, 0.2)),
    Hazard(kind="listener_closed", more=_timed((10, 30), (20, 40), **{"for": "300ms"})),
    Hazard(kind="socket_half_open", more=_rarely(1, 0.5, delay="20s"), is_paced=True),
    Hazard(kind="socket_half_closed", more=_rarely(2, 0.5, delay="15s"), is_paced=True),
    Hazard(kind="socket_unread", more=_rarely(1, 0.5, delay="20s"), is_paced=True),
    Hazard(kind="socket_cut", more=lambda d: {"delay": f"{d.randint(8, 30)}s", "count": 4}),
    Hazard(kind="day_cut", more=lambda d: {"delay": f"{d.randint(30, 60)}s", "count": 4}),
    Hazard(kind="server_shutdown", more=_timed((15, 40), (30, 60), delay="5s")),
    Hazard(kind="disconnect_user", more=_rarely(5, 0.02)),
    Hazard(kind="duplicate_user_event", more=_often(0.05, 0.5)),
    Hazard(kind="user_events_reordered", more=_often(0.02, 0.2, delay="300ms")),
    Hazard(kind="user_event_dropped", more=_often(0.001, 0.008)),
    Hazard(kind="user_event_delayed", more=_often(0.02, 0.2, delay="900ms")),
    Hazard(kind="user_stream_silent", more=_rarely(2, 0.02, **{"for": "8s"})),
    Hazard(kind="user_enum_unknown", more=_often(0.005, 0.03), is_full=True),
    Hazard(kind="user_event_unknown", more=_often(0.05, 0.3), is_full=True),
    Hazard(kind="listen_key_expired", more=_timed((10, 30), (20, 50)), products=USDM),
    Hazard(kind="disconnect_market", more=_rarely(3, 0.005)),
    Hazard(kind="depth_gap", more=_rarely(5, 0.02)),
    Hazard(kind="depth_side_frozen", more=_rarely(2, 0.01, **{"for": "6s"})),
    Hazard(kind="market_silent", more=_rarely(2, 0.005, **{"for": "6s"})),
    Hazard(kind="market_duplicated", more=_often(0.02, 0.2)),
    Hazard(kind="market_reordered", more=_often(0.005, 0.05)),
    Hazard(kind="market_burst", more=_rarely(3, 0.01, **{"for": "1s"})),
    Hazard(kind="frame_garbage", more=_often(0.01, 0.1)),
    Hazard(kind="frame_huge", more=_rarely(2, 0.01, bytes=1 << 20)),
    Hazard(kind="frame_binary", more=_often(0.01, 0.1)),
    Hazard(kind="frame_unknown", more=_often(0.01, 0.1), is_full=True),
    Hazard(kind="clock_skew", more=_timed((10, 30), (20, 40), offset="3s", **{"for": "5s"})),
    Hazard(kind="clock_jump", more=_timed((10, 30), (20, 40), offset="2s", **{"for": "5s"})),
    Hazard(
        kind="filter_change",
        more=_timed((10, 30), (15, 30), symbol=SYMBOL, rules={"min_notional": "10"}),
    ),
    Hazard(kind="symbol_halt", more=_timed((10, 30), (20, 40), symbol=SYMBOL, **{"for": "3s"})),
    Hazard(
        kind="symbol_cancel_only",
        more=_timed((10, 30), (20, 40), symbol=SYMBOL, **{"for": "3s"}),
    ),
    Hazard(kind="symbol_break", more=_timed((9, 30), (20, 40), symbol=SYMBOL, **{"for": "3s"})),
    Hazard(kind="maintenance", more=_timed((20, 40), (40, 60), **{"for": "4s"})),
    Hazard(
        kind="algo_triggered",
        more=_timed((5, 20), (3, 9), account=ACCOUNT, symbol=SYMBOL),
        products=USDM,
    ),
    Hazard(kind="deposit", more=_deposit("spot"), products=SPOT),
    Hazard(kind="deposit", more=_deposit("usdm"), products=USDM),
    Hazard(kind="foreign_order", more=_foreign),
    Hazard(
        kind="foreign_cancel", more=_timed((10, 30), (15, 30), account=ACCOUNT, symbol=SYMBOL)
    ),
    Hazard(kind="fee_in_bnb", more=_timed((8, 30), (20, 40), **{"for": "9s"}), products=SPOT),
    Hazard(
        kind="liquidation",
        more=_timed((30, 60), (60, 90), account=ACCOUNT, symbol=SYMBOL),
        products=USDM,
    ),
    Hazard(
        kind="adl",
        more=_timed((30, 60), (60, 90), account=ACCOUNT, symbol=SYMBOL),
        products=USDM,
    ),
)
