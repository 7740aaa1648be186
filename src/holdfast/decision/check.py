"""What a strategy declares and returns, checked; a reason in one line, or nothing."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from holdfast.decision.strategy import Strategy
from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.intent import Buy, Cancel, Quote, Sell, Target
from holdfast.domain.order import Purpose, Side, TimeInForce

_SECONDS = MappingProxyType({"s": 1, "m": 60, "h": 3_600, "d": 86_400})


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
    if kind is Cancel:
        return _wrong_cancel(intent)
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


def _wrong_order(order: Buy | Sell) -> str:
    if order.quantity < 1:
        return f"{type(order).__name__}(quantity={order.quantity}), at least 1"
    if (
        type(order.time_in_force) is TimeInForce
        and type(order.purpose) is Purpose
        and type(order.post_only) is bool
    ):
        return _wrong_price(order)
    for field, right in (
        ("time_in_force", TimeInForce),
        ("purpose", Purpose),
        ("post_only", bool),
    ):
        value = getattr(order, field)
        if type(value) is not right:
            return f"{type(order).__name__}({field}={value!r}); write a {right.__name__}"
    return _wrong_price(order)


def _wrong_quote(quote: Quote) -> str:
    if type(quote.side) is not Side:
        return f"Quote(side={quote.side!r}); write Side.BUY or Side.SELL"
    if quote.quantity < 0:
        return f"Quote(quantity={quote.quantity}), at least 0"
    return _wrong_price(quote) or (
        "Quote(price=0); a quote needs a price" if quote.quantity and not quote.price else ""
    )


def _wrong_price(intent: Buy | Sell | Quote) -> str:
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
}
