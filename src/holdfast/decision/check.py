"""What a strategy declares and returns, checked; a reason in one line, or nothing."""

from collections.abc import Callable
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from holdfast.decision.strategy import Strategy
from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.intent import (
    Buy,
    Cancel,
    EntryWithExits,
    OneCancelsOther,
    Protect,
    Quote,
    Sell,
    Target,
)
from holdfast.domain.money import QuantityUnits
from holdfast.domain.order import PositionSide, Purpose, Side, TimeInForce, TriggerPrice

_ORDER_TYPES: dict[str, type] = {
    "time_in_force": TimeInForce,
    "post_only": bool,
    "purpose": Purpose,
    "take_profit": bool,
    "trigger_by": TriggerPrice,
    "reduce_only": bool,
    "position_side": PositionSide,
    "side": Side,
}
_COUNTS = (
    "trigger_price",
    "callback_bps",
    "activation_price",
    "display_quantity",
    "good_till_ns",
    "take_profit_price",
    "stop_price",
    "stop_limit_price",
    "exit_quantity",
)
_MORE = (
    *("trigger_price", "take_profit", "trigger_by", "callback_bps", "activation_price"),
    *("reduce_only", "position_side", "display_quantity", "good_till_ns"),
)
_more = attrgetter(*_MORE)
_PLAIN = _more(Buy(Symbol(""), QuantityUnits(1)))
_SECONDS = MappingProxyType({"s": 1, "m": 60, "h": 3_600, "d": 86_400})


CALLBACKS = tuple(
    name for name, value in vars(Strategy).items() if callable(value) and name[0] != "_"
)


def shadowed(strategy: Strategy) -> str:
    """Name a callback in whose place something stands that cannot be called."""
    for name in CALLBACKS:
        if not callable(getattr(strategy, name)):
            return f"{name} is the name of a callback; give what you keep there another name"
    return ""


def intervals_ns(strategy: Strategy) -> list[int]:
    """Give the intervals of the bars that a strategy declares; ValueError names a wrong one."""
    return [_interval_ns(text) for text in strategy.bars]


def _interval_ns(text: str) -> int:
    count, unit = text[:-1], text[-1:]
    if not count.isdecimal() or int(count) < 1 or unit not in _SECONDS:
        raise ValueError(f"{text!r} is no interval; write a number and s, m, h or d, like 1m")
    return int(count) * _SECONDS[unit] * NS_PER_S


def nonsense(intent: Any, symbols: frozenset[Symbol]) -> str:
    """Say what is wrong with something that should be an intent; empty when nothing is."""
    kind = type(intent)
    if kind not in _WRONG:
        return f"a {kind.__name__} among its intents"
    if type(intent.symbol) is not str or intent.symbol not in symbols:
        return f"{kind.__name__} on {intent.symbol!r}, which it does not trade"
    if kind is Cancel or kind is Protect:
        return _WRONG[kind](intent)
    if type(intent.quantity) is not int:
        return (
            f"{kind.__name__}(quantity={intent.quantity!r}); quantities are whole units, see "
            "Instrument.quantity and quantity_for"
        )
    if type(intent.confidence) not in (float, int) or not 0 <= intent.confidence <= 1:
        return f"{kind.__name__}(confidence={intent.confidence!r}), from 0 to 1"
    return _WRONG[kind](intent)


def _wrong_cancel(cancel: Cancel) -> str:
    if type(cancel.client_order_id) is not str:
        return f"Cancel(client_order_id={cancel.client_order_id!r}); write the order's id"
    return ""


def _wrong_order(order: Any) -> str:
    if order.quantity < 1:
        return f"{type(order).__name__}(quantity={order.quantity}), at least 1"
    if (
        type(order.time_in_force) is not TimeInForce
        or type(order.purpose) is not Purpose
        or type(order.post_only) is not bool
        or _more(order) != _PLAIN
    ):
        return _wrong_fields(order) or _wrong_price(order)
    return _wrong_price(order)


def _wrong_fields(intent: Any) -> str:
    """Name the first field that is not of its type, or a count below 0."""
    kind = type(intent).__name__
    for field in intent.__struct_fields__:
        value = getattr(intent, field)
        right = _ORDER_TYPES.get(field)
        if right is not None and type(value) is not right:
            return f"{kind}({field}={value!r}); write a {right.__name__}"
        if field in _COUNTS and (type(value) is not int or value < 0):
            return f"{kind}({field}={value!r}); write whole units, at least 0"
    return ""


def _wrong_list(intent: OneCancelsOther | EntryWithExits) -> str:
    kind = type(intent).__name__
    if intent.quantity < 1:
        return f"{kind}(quantity={intent.quantity}), at least 1"
    wrong = _wrong_fields(intent) or _wrong_price(intent)
    if wrong:
        return wrong
    if not intent.price:
        return f"{kind}(price=0); it needs a limit price"
    if type(intent) is OneCancelsOther:
        return "" if intent.stop_price else f"{kind}(stop_price=0); it needs a stop price"
    exits = intent.stop_price or intent.take_profit_price  # type: ignore[union-attr]
    return "" if exits else f"{kind} without an exit; write take_profit_price or stop_price"


def _wrong_protection(intent: Protect) -> str:
    wrong = _wrong_fields(intent)
    if not wrong and intent.stop_limit_price and not intent.stop_price:
        return "Protect(stop_price=0) with a limit price; it needs a stop price"
    return wrong


def _wrong_quote(quote: Quote) -> str:
    if type(quote.side) is not Side:
        return f"Quote(side={quote.side!r}); write Side.BUY or Side.SELL"
    if quote.quantity < 0:
        return f"Quote(quantity={quote.quantity}), at least 0"
    return _wrong_price(quote) or (
        "Quote(price=0); a quote needs a price" if quote.quantity and not quote.price else ""
    )


def _wrong_price(intent: Buy | Sell | Quote | OneCancelsOther | EntryWithExits) -> str:
    if type(intent.price) is not int or intent.price < 0:
        kind = type(intent).__name__
        return f"{kind}(price={intent.price!r}); prices are whole units, see Instrument.price"
    return ""


def _nothing_wrong(_: object) -> str:
    return ""


_WRONG: dict[type, Callable[[Any], str]] = {
    Target: _nothing_wrong,
    Cancel: _wrong_cancel,
    Quote: _wrong_quote,
    Buy: _wrong_order,
    Sell: _wrong_order,
    OneCancelsOther: _wrong_list,
    EntryWithExits: _wrong_list,
    Protect: _wrong_protection,
}
