"""The limits of the gates, as a person writes them, and as integers of one instrument.

Amounts are decimal text in `currency`. A limit is rounded down when it is compiled, so that it
never allows more than was written.
"""

import re
from fractions import Fraction
from math import ceil
from typing import Annotated, TypeAlias

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_MS
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import AMOUNT_EXPONENT, to_units
from holdfast.errors import ConfigError

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Bps: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=9_999)]
Milliseconds: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=3_600_000)]


MULTIPLIER_EXPONENT = 8
ONE = 10**AMOUNT_EXPONENT
_PLAIN = re.compile(r"\d{1,20}(\.\d{1,18})?", re.ASCII)
_AMOUNTS = (
    "order_notional",
    "position_notional",
    "account_position_notional",
    "gross_notional",
)
_PLAIN_TYPES = {"limit", "market", "limit_maker"}
DOLLARS = {"BUSD", "FDUSD", "TUSD", "USD", "USDC", "USDT"}


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may at most be held, asked and sent; the defaults are the production profile.

    `position_notional` holds for one strategy's position of a symbol and
    `account_position_notional` for the sum of all strategies'. `rates` values one unit of
    another quote currency in `currency`; dollars and their coins count as equal unless it says
    otherwise, and a symbol quoted in anything else is refused at the start.
    """

    currency: str = "USDT"
    rates: dict[str, str] = msgspec.field(default_factory=dict)
    order_notional: str = "1500"
    position_notional: str = "1500"
    account_position_notional: str = "1500"
    gross_notional: str = "15000"
    leverage: Annotated[int, msgspec.Meta(ge=1, le=125)] = 20
    concurrent_trades_count: Count = 10
    orders_per_10s_count: Count = 50
    account_orders_per_10s_count: Count = 80
    collar_bps: Bps = 100
    reduction_collar_bps: Bps = 500
    market_age_ms: Milliseconds = 5_000
    market_lag_ms: Milliseconds = 5_000
    fee_ppm: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 1_000

    def __post_init__(self) -> None:
        """Refuse what is no amount, in words that say which key."""
        written = {name: getattr(self, name) for name in _AMOUNTS}
        for name, text in (written | {f"rates.{k}": v for k, v in self.rates.items()}).items():
            if not _PLAIN.fullmatch(text):
                raise ValueError(
                    f'{name} = "{text}" is no amount; write it like "1500" or "0.5"'
                )


PROFILES = {
    "production": Limits(),
    "testnet": Limits(
        order_notional="2000",
        position_notional="2000",
        account_position_notional="2000",
        gross_notional="40000",
        leverage=30,
        concurrent_trades_count=20,
    ),
}


class SymbolLimits(msgspec.Struct, frozen=True):
    """The limits for one instrument and its filters, as integers that its gates compare.

    A product is a price times a quantity, both in units. `notional_scale` turns a product into
    10^-18 of the quote asset, `value_numerator / value_denominator` into 10^-18 of the limits'
    currency. The multipliers of the percent-price filter count 10^-8, those for sells have
    `ask` in their names; 0 is off, as it is for the greatest product. `is_plain` holds where
    the venue takes the simple order types.
    """

    symbol: Symbol
    order_product: int
    position_product: int
    account_position_product: int
    value_numerator: int
    value_denominator: int
    gross_value: int
    leverage: int
    concurrent_trades_count: int
    orders_per_10s_count: int
    account_orders_per_10s_count: int
    collar_bps: int
    reduction_collar_bps: int
    market_age_ns: int
    market_lag_ns: int
    fee_ppm: int
    notional_scale: int
    min_product: int
    multiplier_up: int
    multiplier_down: int
    ask_multiplier_up: int = 0
    ask_multiplier_down: int = 0
    max_product: int = 0
    market_take_bound: int = 0
    is_plain: bool = True


def compile_limits(limits: Limits, instrument: Instrument) -> SymbolLimits:
    """Turn limits into an instrument's integers; `ConfigError` when a rate is missing."""
    rate = _rate(limits, instrument)
    scale = Fraction(10 ** (instrument.price_exponent + instrument.quantity_exponent)) / rate
    value = rate * instrument.notional(1, 1)
    return SymbolLimits(
        symbol=instrument.symbol,
        order_product=int(Fraction(limits.order_notional) * scale),
        position_product=int(Fraction(limits.position_notional) * scale),
        account_position_product=int(Fraction(limits.account_position_notional) * scale),
        value_numerator=value.numerator,
        value_denominator=value.denominator,
        gross_value=int(Fraction(limits.gross_notional) * ONE),
        leverage=limits.leverage,
        concurrent_trades_count=limits.concurrent_trades_count,
        orders_per_10s_count=limits.orders_per_10s_count,
        account_orders_per_10s_count=limits.account_orders_per_10s_count,
        collar_bps=limits.collar_bps,
        reduction_collar_bps=limits.reduction_collar_bps,
        market_age_ns=limits.market_age_ms * NS_PER_MS,
        market_lag_ns=limits.market_lag_ms * NS_PER_MS,
        fee_ppm=limits.fee_ppm,
        notional_scale=instrument.notional(1, 1),
        min_product=ceil(Fraction(instrument.min_notional) / instrument.notional(1, 1) * ONE),
        multiplier_up=_multiplier(instrument.bid_multiplier_up or instrument.multiplier_up),
        multiplier_down=_multiplier(
            instrument.bid_multiplier_down or instrument.multiplier_down
        ),
        ask_multiplier_up=_multiplier(instrument.ask_multiplier_up or instrument.multiplier_up),
        ask_multiplier_down=_multiplier(
            instrument.ask_multiplier_down or instrument.multiplier_down
        ),
        max_product=int(Fraction(instrument.max_notional) / instrument.notional(1, 1) * ONE),
        market_take_bound=_multiplier(instrument.market_take_bound),
        is_plain=not instrument.order_types or set(instrument.order_types) >= _PLAIN_TYPES,
    )


def _multiplier(text: str) -> int:
    return to_units(text or "0", MULTIPLIER_EXPONENT)


def _rate(limits: Limits, instrument: Instrument) -> Fraction:
    if instrument.quote == limits.currency:
        return Fraction(1)
    at_par = {limits.currency, instrument.quote} <= DOLLARS
    rate = Fraction(limits.rates.get(instrument.quote, "1" if at_par else "0"))
    if not rate:
        raise ConfigError(
            f"limits are in {limits.currency} and {instrument.symbol} is quoted in "
            f"{instrument.quote}; set limits.rates.{instrument.quote} to the value of one "
            f"{instrument.quote} in {limits.currency}"
        )
    return rate
