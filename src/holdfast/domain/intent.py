"""What a strategy may ask for. An intent is a wish; only the gates turn it into an order."""

from typing import TypeAlias

import msgspec

from holdfast.domain.ids import ClientOrderId, Symbol
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import Purpose, Side, TimeInForce


class Target(msgspec.Struct, frozen=True):
    """Hold this signed quantity; compared with filled + live + Unknown of the strategy."""

    symbol: Symbol
    quantity: QuantityUnits
    confidence: float = 1.0


class Buy(msgspec.Struct, frozen=True):
    """Buy a quantity, at a limit price or at the market when the price is 0."""

    symbol: Symbol
    quantity: QuantityUnits
    price: PriceUnits = PriceUnits(0)
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    purpose: Purpose = Purpose.ENTRY
    confidence: float = 1.0


class Sell(msgspec.Struct, frozen=True):
    """Sell a quantity, at a limit price or at the market when the price is 0."""

    symbol: Symbol
    quantity: QuantityUnits
    price: PriceUnits = PriceUnits(0)
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    purpose: Purpose = Purpose.ENTRY
    confidence: float = 1.0


class Quote(msgspec.Struct, frozen=True):
    """Rest one order on a side, in place of this strategy's quote there; quantity 0 removes."""

    symbol: Symbol
    side: Side
    price: PriceUnits
    quantity: QuantityUnits
    confidence: float = 1.0


class Cancel(msgspec.Struct, frozen=True):
    """Cancel one order of this strategy, or all of its orders on a symbol."""

    symbol: Symbol
    client_order_id: ClientOrderId = ClientOrderId("")


Intent: TypeAlias = Target | Buy | Sell | Quote | Cancel


class SizedIntent(msgspec.Struct, frozen=True, kw_only=True):
    """An intent after sizing: one side, one positive quantity, a price or the market."""

    symbol: Symbol
    side: Side
    quantity: QuantityUnits
    price: PriceUnits
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    purpose: Purpose = Purpose.ENTRY
    algorithm: str = "direct"
    confidence: float = 1.0
