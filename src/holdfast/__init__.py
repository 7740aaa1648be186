"""Holdfast, a live trading runtime: the strategy is yours, holding on is ours.

What a strategy's file needs is importable from here; it is loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.decision.context import Context
    from holdfast.decision.sizing import quantity_for
    from holdfast.decision.strategy import (
        History,
        OrderUpdate,
        Strategy,
        TradingMode,
        Wishes,
    )
    from holdfast.decision.view import PositionView, WorkingOrder
    from holdfast.domain.fill import Fill
    from holdfast.domain.ids import Symbol
    from holdfast.domain.instrument import Instrument, Product
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
    from holdfast.domain.market import Bar, BookTop, TradePrint
    from holdfast.domain.money import PriceUnits, QuantityUnits
    from holdfast.domain.order import (
        OrderStatus,
        OrderType,
        PositionSide,
        Purpose,
        Side,
        TimeInForce,
        TriggerPrice,
    )

__version__ = "0.1.0"

__all__ = [
    "Bar",
    "BookTop",
    "Buy",
    "Cancel",
    "Context",
    "EntryWithExits",
    "Fill",
    "History",
    "Instrument",
    "OneCancelsOther",
    "OrderStatus",
    "OrderType",
    "OrderUpdate",
    "PositionSide",
    "PositionView",
    "PriceUnits",
    "Product",
    "Protect",
    "Purpose",
    "QuantityUnits",
    "Quote",
    "Sell",
    "Side",
    "Strategy",
    "Symbol",
    "Target",
    "TimeInForce",
    "TradePrint",
    "TradingMode",
    "TriggerPrice",
    "Wishes",
    "WorkingOrder",
    "__version__",
    "quantity_for",
]

_HOMES = {
    "decision.context": ("Context",),
    "decision.sizing": ("quantity_for",),
    "decision.strategy": ("History", "OrderUpdate", "Strategy", "TradingMode", "Wishes"),
    "decision.view": ("PositionView", "WorkingOrder"),
    "domain.fill": ("Fill",),
    "domain.ids": ("Symbol",),
    "domain.instrument": ("Instrument", "Product"),
    "domain.intent": (
        *("Buy", "Cancel", "EntryWithExits", "OneCancelsOther"),
        *("Protect", "Quote", "Sell", "Target"),
    ),
    "domain.market": ("Bar", "BookTop", "TradePrint"),
    "domain.money": ("PriceUnits", "QuantityUnits"),
    "domain.order": (
        *("OrderStatus", "OrderType", "PositionSide", "Purpose"),
        *("Side", "TimeInForce", "TriggerPrice"),
    ),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
