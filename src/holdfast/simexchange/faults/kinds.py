"""Every kind of fault: at which occasion it is drawn, and which settings it takes."""

from enum import Enum

import msgspec


class FaultKind(Enum):
    """What can go wrong."""

    ORDER_ANSWER_LOST = "order_answer_lost"
    ORDER_UNKNOWN_1007 = "order_unknown_1007"
    ORDER_LATE_1007 = "order_late_1007"
    ORDER_503 = "order_503"
    ORDER_5XX = "order_5xx"
    ORDER_408 = "order_408"
    ORDER_UNAVAILABLE_503 = "order_unavailable_503"
    ORDER_THROTTLED_1008 = "order_throttled_1008"
    ORDER_COUNT_1015 = "order_count_1015"
    ORDER_PART_FILLED_EXPIRED = "order_part_filled_expired"
    ORDER_GTX_EXPIRED = "order_gtx_expired"
    ORDER_STP_EXPIRED = "order_stp_expired"
    ORDER_PRICE_RANGE_EXPIRED = "order_price_range_expired"
    CANCEL_FILL_RACE = "cancel_fill_race"
    EVENT_BEFORE_ACK = "event_before_ack"
    ANSWER_LOST = "answer_lost"
    ANSWER_DELAYED = "answer_delayed"
    REQUEST_REFUSED = "request_refused"
    WEIGHT_EXCEEDED_429 = "weight_exceeded_429"
    ADDRESS_BANNED_418 = "address_banned_418"
    STALE_SNAPSHOT = "stale_snapshot"
    MICROSECOND_STAMPS = "microsecond_stamps"
    HTML_403 = "html_403"
    HTML_502 = "html_502"
    HALF_ANSWER = "half_answer"
    ANSWER_TRICKLED = "answer_trickled"
    REQUEST_RESET = "request_reset"
    READING_STOPPED = "reading_stopped"
    CONNECTION_RESET = "connection_reset"
    LISTENER_CLOSED = "listener_closed"
    SOCKET_HALF_OPEN = "socket_half_open"
    SOCKET_HALF_CLOSED = "socket_half_closed"
    SOCKET_TRICKLED = "socket_trickled"
    SOCKET_UNREAD = "socket_unread"
    SOCKET_CUT = "socket_cut"
    DAY_CUT = "day_cut"
    SERVER_SHUTDOWN = "server_shutdown"
    DISCONNECT_USER = "disconnect_user"
    DUPLICATE_USER_EVENT = "duplicate_user_event"
    USER_EVENTS_REORDERED = "user_events_reordered"
    USER_EVENT_DROPPED = "user_event_dropped"
    USER_EVENT_DELAYED = "user_event_delayed"
    USER_STREAM_SILENT = "user_stream_silent"
    USER_ENUM_UNKNOWN = "user_enum_unknown"
    USER_EVENT_UNKNOWN = "user_event_unknown"
    LISTEN_KEY_EXPIRED = "listen_key_expired"
    DISCONNECT_MARKET = "disconnect_market"
    DEPTH_GAP = "depth_gap"
    DEPTH_SIDE_FROZEN = "depth_side_frozen"
    MARKET_SILENT = "market_silent"
    MARKET_DUPLICATED = "market_duplicated"
    MARKET_REORDERED = "market_reordered"
    MARKET_BURST = "market_burst"
    FRAME_GARBAGE = "frame_garbage"
    FRAME_HUGE = "frame_huge"
    FRAME_BINARY = "frame_binary"
    FRAME_UNKNOWN = "frame_unknown"
    CLOCK_SKEW = "clock_skew"
    CLOCK_JUMP = "clock_jump"
    FILTER_CHANGE = "filter_change"
    SYMBOL_HALT = "symbol_halt"
    SYMBOL_CANCEL_ONLY = "symbol_cancel_only"
    SYMBOL_BREAK = "symbol_break"
    MAINTENANCE = "maintenance"
    LIQUIDATION = "liquidation"
    ADL = "adl"
    ALGO_TRIGGERED = "algo_triggered"
    DEPOSIT = "deposit"
    FOREIGN_ORDER = "foreign_order"
    FOREIGN_CANCEL = "foreign_cancel"
    FEE_IN_BNB = "fee_in_bnb"


KINDS = tuple(kind.value for kind in FaultKind)


class Occasion(Enum):
    """When a fault is drawn."""

    ORDER = "a new order"
    CANCEL = "a cancel"
    REPLY = "an order or cancel that causes events"
    REQUEST = "a request"
    HTTP = "an HTTP request or a handshake"
    ACCEPT = "a TCP connection"
    SOCKET = "a WebSocket that opens"
    USER = "an account event"
    MARKET = "a market message"
    SNAPSHOT = "a depth snapshot"
    TIME = "its time"


ANYWHERE = frozenset[str]()
_BY_ORDER = frozenset({"account", "symbol", "product", "endpoint", "address"})
SCOPES: dict[Occasion, frozenset[str]] = {
    Occasion.ORDER: _BY_ORDER,
    Occasion.CANCEL: _BY_ORDER,
    Occasion.REPLY: frozenset({"account"}),
    Occasion.REQUEST: _BY_ORDER,
    Occasion.HTTP: frozenset({"endpoint", "address"}),
    Occasion.ACCEPT: ANYWHERE,
    Occasion.SOCKET: frozenset({"product", "stream", "address"}),
    Occasion.USER: frozenset({"account", "symbol", "product", "stream"}),
    Occasion.MARKET: frozenset({"symbol", "product", "stream"}),
    Occasion.SNAPSHOT: frozenset({"symbol", "product", "address"}),
    Occasion.TIME: ANYWHERE,
}
"""Which scopes narrow a fault at which occasion."""


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind is drawn at, what it takes, and what it cannot do without.

    `lasts` is its `for` unless the entry says otherwise, and `delay` alike. A kind that
    `lingers` befalls every later occasion in its scope too, until its `for` is over. `is_full`
    marks what the profile `strict` never sends.
    """

    occasions: tuple[Occasion, ...]
    takes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    lasts: str = ""
    delay: str = ""
    lingers: bool = False
    is_full: bool = False


def _at(
    *occasions: Occasion,
    takes: str = "",
    needs: str = "",
    lasts: str = "",
    delay: str = "",
    lingers: bool = False,
    is_full: bool = False,
) -> Traits:
    taken = {*takes.split(), *needs.split()}
    if lasts:
        taken.add("lasts")
    if delay:
        taken.add("delay")
    return Traits(
        occasions=occasions,
        takes=frozenset(taken),
        needs=frozenset(needs.split()),
        lasts=lasts,
        delay=delay,
        lingers=lingers,
        is_full=is_full,
    )


_ORDER = _at(Occasion.ORDER)
_HTTP = _at(Occasion.HTTP)
_USER = _at(Occasion.USER)
_MARKET = _at(Occasion.MARKET)
_STATUS = _at(Occasion.TIME, needs="symbol", lasts="1m")
_SOCKET = _at(Occasion.SOCKET, delay="0s")
TRAITS: dict[FaultKind, Traits] = {
    FaultKind.ORDER_ANSWER_LOST: _ORDER,
    FaultKind.ORDER_UNKNOWN_1007: _ORDER,
    FaultKind.ORDER_LATE_1007: _at(Occasion.ORDER, delay="2s"),
    FaultKind.ORDER_503: _ORDER,
    FaultKind.ORDER_5XX: _at(Occasion.ORDER, takes="status"),
    FaultKind.ORDER_408: _ORDER,
    FaultKind.ORDER_UNAVAILABLE_503: _ORDER,
    FaultKind.ORDER_THROTTLED_1008: _ORDER,
    FaultKind.ORDER_COUNT_1015: _ORDER,
    FaultKind.ORDER_PART_FILLED_EXPIRED: _at(Occasion.ORDER, takes="fraction"),
    FaultKind.ORDER_GTX_EXPIRED: _ORDER,
    FaultKind.ORDER_STP_EXPIRED: _ORDER,
    FaultKind.ORDER_PRICE_RANGE_EXPIRED: _ORDER,
    FaultKind.CANCEL_FILL_RACE: _at(Occasion.CANCEL),
    FaultKind.EVENT_BEFORE_ACK: _at(Occasion.REPLY),
    FaultKind.ANSWER_LOST: _at(Occasion.REQUEST),
    FaultKind.ANSWER_DELAYED: _at(Occasion.REQUEST, delay="1s"),
    FaultKind.REQUEST_REFUSED: _at(Occasion.REQUEST, takes="status message", needs="code"),
    FaultKind.WEIGHT_EXCEEDED_429: _at(Occasion.REQUEST, lasts="10s"),
    FaultKind.ADDRESS_BANNED_418: _at(Occasion.REQUEST, lasts="2m"),
    FaultKind.STALE_SNAPSHOT: _at(Occasion.SNAPSHOT, delay="5s"),
    FaultKind.MICROSECOND_STAMPS: _at(
        Occasion.REQUEST, Occasion.USER, lasts="1m", lingers=True
    ),
    FaultKind.HTML_403: _HTTP,
    FaultKind.HTML_502: _HTTP,
    FaultKind.HALF_ANSWER: _HTTP,
    FaultKind.ANSWER_TRICKLED: _at(Occasion.HTTP, takes="bytes_per_s"),
    FaultKind.REQUEST_RESET: _HTTP,
    FaultKind.READING_STOPPED: _at(Occasion.HTTP, lasts="1m"),
    FaultKind.CONNECTION_RESET: _at(Occasion.ACCEPT),
    FaultKind.LISTENER_CLOSED: _at(Occasion.TIME, lasts="5s"),
    FaultKind.SOCKET_HALF_OPEN: _SOCKET,
    FaultKind.SOCKET_HALF_CLOSED: _SOCKET,
    FaultKind.SOCKET_TRICKLED: _at(Occasion.SOCKET, takes="bytes_per_s", delay="0s"),
    FaultKind.SOCKET_UNREAD: _SOCKET,
    FaultKind.SOCKET_CUT: _at(Occasion.SOCKET, delay="10s"),
    FaultKind.DAY_CUT: _at(Occasion.SOCKET, delay="24h"),
    FaultKind.SERVER_SHUTDOWN: _at(Occasion.TIME, takes="product stream address", delay="10s"),
    FaultKind.DISCONNECT_USER: _USER,
    FaultKind.DUPLICATE_USER_EVENT: _USER,
    FaultKind.USER_EVENTS_REORDERED: _at(Occasion.USER, delay="1s"),
    FaultKind.USER_EVENT_DROPPED: _USER,
    FaultKind.USER_EVENT_DELAYED: _at(Occasion.USER, delay="1s"),
    FaultKind.USER_STREAM_SILENT: _at(Occasion.USER, lasts="30s", lingers=True),
    FaultKind.USER_ENUM_UNKNOWN: _at(Occasion.USER, takes="field value", is_full=True),
    FaultKind.USER_EVENT_UNKNOWN: _at(Occasion.USER, is_full=True),
    FaultKind.LISTEN_KEY_EXPIRED: _at(Occasion.TIME, takes="account"),
    FaultKind.DISCONNECT_MARKET: _MARKET,
    FaultKind.DEPTH_GAP: _MARKET,
    FaultKind.DEPTH_SIDE_FROZEN: _at(Occasion.MARKET, takes="side", lasts="30s", lingers=True),
    FaultKind.MARKET_SILENT: _at(Occasion.MARKET, lasts="30s", lingers=True),
    FaultKind.MARKET_DUPLICATED: _MARKET,
    FaultKind.MARKET_REORDERED: _MARKET,
    FaultKind.MARKET_BURST: _at(Occasion.MARKET, lasts="2s", lingers=True),
    FaultKind.FRAME_GARBAGE: _MARKET,
    FaultKind.FRAME_HUGE: _at(Occasion.MARKET, takes="bytes"),
    FaultKind.FRAME_BINARY: _MARKET,
    FaultKind.FRAME_UNKNOWN: _at(Occasion.MARKET, is_full=True),
    FaultKind.CLOCK_SKEW: _at(Occasion.TIME, needs="offset", lasts="1m"),
    FaultKind.CLOCK_JUMP: _at(Occasion.TIME, needs="offset", lasts="1m"),
    FaultKind.FILTER_CHANGE: _at(Occasion.TIME, needs="symbol rules"),
    FaultKind.SYMBOL_HALT: _STATUS,
    FaultKind.SYMBOL_CANCEL_ONLY: _STATUS,
    FaultKind.SYMBOL_BREAK: _STATUS,
    FaultKind.MAINTENANCE: _at(Occasion.TIME, lasts="30s"),
    FaultKind.LIQUIDATION: _at(Occasion.TIME, needs="account symbol"),
    FaultKind.ADL: _at(Occasion.TIME, needs="account symbol"),
    FaultKind.ALGO_TRIGGERED: _at(Occasion.TIME, needs="account symbol"),
    FaultKind.DEPOSIT: _at(Occasion.TIME, needs="account asset amount", takes="product"),
    FaultKind.FOREIGN_ORDER: _at(
        Occasion.TIME,
        needs="account symbol side quantity",
        takes="price client_order_id time_in_force position_side",
    ),
    FaultKind.FOREIGN_CANCEL: _at(Occasion.TIME, needs="account symbol"),
    FaultKind.FEE_IN_BNB: _at(Occasion.TIME, takes="account", lasts="1h"),
}
