"""Exact numbers: decimals with one canonical text, integer units, one door between them.

Nothing here rounds; a float is refused wherever a number becomes money.
"""

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import NewType

import msgspec

PriceUnits = NewType("PriceUnits", int)
"""A price as a count of the instrument's smallest price unit."""
QuantityUnits = NewType("QuantityUnits", int)
"""A quantity as a count of the instrument's smallest quantity unit."""
AmountUnits = NewType("AmountUnits", int)
"""An amount of an asset as a count of 10^-18 of it, the same for every asset."""
Asset = NewType("Asset", str)

AMOUNT_EXPONENT = 18
_LONGEST_NUMBER = 60


class Money(msgspec.Struct, frozen=True):
    """An exact amount of one currency or asset."""

    amount: Decimal
    currency: Asset

    def __add__(self, other: "Money") -> "Money":
        """Add two amounts of one currency; ValueError for two currencies."""
        if self.currency != other.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount + other.amount, self.currency)


def exact(text: str | int | Decimal) -> Decimal:
    """Read an exact finite decimal; TypeError for a float, ValueError for no number."""
    if isinstance(text, float):
        raise TypeError(f"{text!r} is a float; money is read from text, int or Decimal")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a decimal number") from None
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    return value


def canonical(value: Decimal) -> str:
    """Write the one text of a number: no exponent, no trailing zero, no minus zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def to_units(text: str, exponent: int) -> int:
    """Read decimal text as a count of 10^-exponent; ValueError if it needs more digits."""
    whole, dot, fraction = text.partition(".")
    if dot:
        if len(fraction) > exponent:
            if fraction[exponent:].strip("0"):
                raise ValueError(f"{text!r} has more than {exponent} decimals")
            fraction = fraction[:exponent]
        digits = whole + fraction + "0" * (exponent - len(fraction))
    else:
        digits = whole + "0" * exponent
    unsigned = digits[1:] if digits[:1] == "-" else digits
    if (
        whole in ("", "-")
        or len(digits) > _LONGEST_NUMBER
        or not (unsigned.isdecimal() and digits.isascii())
    ):
        raise ValueError(f"{text[:40]!r} is not a plain decimal number")
    return int(digits)


@lru_cache(maxsize=16_384, typed=True)  # prices of a market come again and again
def to_text(units: int, exponent: int) -> str:
    """Write a count of 10^-exponent as canonical decimal text."""
    sign = ""
    if units < 0:
        sign, units = "-", -units
    if not exponent:
        return f"{sign}{units}"
    whole, fraction = divmod(units, 10**exponent)
    if not fraction:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{fraction:0{exponent}d}".rstrip("0")


def amount_units(text: str) -> AmountUnits:
    """Read decimal text as units of 10^-18 of an asset."""
    return AmountUnits(to_units(text, AMOUNT_EXPONENT))


def amount_text(units: int) -> str:
    """Write units of 10^-18 of an asset as canonical decimal text."""
    return to_text(units, AMOUNT_EXPONENT)
