"""What is traded, in which units, under which filters; the only door between text and units.

Units are chosen when an instrument is first seen and are never coarser afterwards; ticks and
steps are filters in those units, so a venue that changes them changes no state.
"""

from enum import Enum
from typing import Literal

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.money import (
    AMOUNT_EXPONENT,
    AmountUnits,
    Asset,
    PriceUnits,
    QuantityUnits,
    to_text,
    to_units,
)

DEFAULT_EXPONENT = 8


class Product(Enum):
    """How an instrument settles."""

    SPOT = "spot"
    LINEAR = "linear"
    INVERSE = "inverse"


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument of one venue; prices and quantities are in its own units.

    A filter of 0 (or an empty text) is off. `multiplier_up` and `multiplier_down` are the
    venue's percent-price bounds as decimal text, for both sides; the `bid_` ones hold for buys
    and the `ask_` ones for sells where the venue has bounds by side. Spot measures them against
    its average price, a contract against its mark. `order_types` and `order_lists` are the
    values of `OrderType` and of `Contingency` that the venue takes here; no types means that
    it has not said, no lists means none. Bounds of a trailing stop's distance are in bps:
    `above` for a stop that buys and a take-profit that sells, `below` for the other two.
    """

    symbol: Symbol
    venue: str
    product: Product
    base: Asset
    quote: Asset
    settle: Asset
    price_exponent: int = DEFAULT_EXPONENT
    quantity_exponent: int = DEFAULT_EXPONENT
    tick: PriceUnits = PriceUnits(1)
    step: QuantityUnits = QuantityUnits(1)
    market_step: QuantityUnits = QuantityUnits(0)
    min_price: PriceUnits = PriceUnits(0)
    max_price: PriceUnits = PriceUnits(0)
    min_quantity: QuantityUnits = QuantityUnits(0)
    max_quantity: QuantityUnits = QuantityUnits(0)
    market_max_quantity: QuantityUnits = QuantityUnits(0)
    min_notional: str = "0"
    multiplier_up: str = ""
    multiplier_down: str = ""
    status: str = "TRADING"
    market_min_quantity: QuantityUnits = QuantityUnits(0)
    max_notional: str = "0"
    min_notional_on_market: bool = True
    max_notional_on_market: bool = False
    bid_multiplier_up: str = ""
    bid_multiplier_down: str = ""
    ask_multiplier_up: str = ""
    ask_multiplier_down: str = ""
    average_price_minutes: int = 0
    max_orders_count: int = 0
    max_algo_orders_count: int = 0
    max_iceberg_orders_count: int = 0
    max_order_lists_count: int = 0
    iceberg_parts_count: int = 0
    max_position: QuantityUnits = QuantityUnits(0)
    min_trailing_above_bps: int = 0
    max_trailing_above_bps: int = 0
    min_trailing_below_bps: int = 0
    max_trailing_below_bps: int = 0
    market_take_bound: str = ""
    order_types: tuple[str, ...] = ()
    order_lists: tuple[str, ...] = ()
    has_icebergs: bool = True

    @property
    def smallest_order(self) -> QuantityUnits:
        """Give the smallest quantity that the venue takes; what is less is dust."""
        return max(self.min_quantity, self.step)

    def price(self, text: str) -> PriceUnits:
        """Read a price; ValueError if it needs finer units."""
        return PriceUnits(to_units(text, self.price_exponent))

    def quantity(self, text: str) -> QuantityUnits:
        """Read a quantity; ValueError if it needs finer units."""
        return QuantityUnits(to_units(text, self.quantity_exponent))

    def price_text(self, units: int) -> str:
        """Write a price as canonical decimal text."""
        return to_text(units, self.price_exponent)

    def quantity_text(self, units: int) -> str:
        """Write a quantity as canonical decimal text."""
        return to_text(units, self.quantity_exponent)

    def notional(self, price: int, quantity: int) -> AmountUnits:
        """Give price x quantity as units of 10^-18 of the quote asset, exactly."""
        scale = 10 ** (AMOUNT_EXPONENT - self.price_exponent - self.quantity_exponent)
        return AmountUnits(price * quantity * scale)

    def base_amount(self, quantity: int) -> AmountUnits:
        """Give a quantity as units of 10^-18 of the base asset, exactly."""
        return AmountUnits(quantity * 10 ** (AMOUNT_EXPONENT - self.quantity_exponent))

    def quantity_of(self, base: AmountUnits) -> QuantityUnits:
        """Give an amount of the base asset as a quantity; ValueError for finer units."""
        quantity, rest = divmod(base, 10 ** (AMOUNT_EXPONENT - self.quantity_exponent))
        if rest:
            text = to_text(base, AMOUNT_EXPONENT)
            raise ValueError(f"{text} {self.base} is finer than a unit of {self.symbol}")
        return QuantityUnits(quantity)

    def round_price(self, units: float, toward: Literal["down", "up"]) -> PriceUnits:
        """Round a price, which may be a float estimate in units, to a tick of the venue."""
        ticks = units // self.tick if toward == "down" else -(-units // self.tick)
        return PriceUnits(int(ticks) * self.tick)

    def floor_quantity(self, units: float) -> QuantityUnits:
        """Round a quantity, which may be a float estimate in units, down to a step."""
        return QuantityUnits(int(units // self.step) * self.step)
