"""Decimal text to integer units, fast: the texts of one book repeat, so they are remembered.

A number that is not plain decimal text, or is finer than a unit, is a ValueError and is never
rounded.
"""

from decimal import Decimal
from typing import cast

from holdfast.domain.instant import NS_PER_MS, NS_PER_US, UtcNs
from holdfast.domain.money import PriceUnits, QuantityUnits, canonical, to_units

REMEMBERED_TEXTS = 65_536
LONGEST_NUMBER = 60
_FIRST_MICROSECONDS = 10**14
_LAST_MICROSECONDS = 10**17


class Units(dict[str, int]):
    """Texts of one exponent and their units: `units[text]`; forgets all of them when full."""

    def __init__(self, exponent: int) -> None:
        super().__init__()
        self.exponent = exponent

    def __missing__(self, text: str) -> int:
        whole, _, fraction = text.partition(".")
        digits = whole + fraction
        if len(digits) > LONGEST_NUMBER or not (digits.isascii() and digits.isdecimal()):
            raise ValueError(f"{text[:40]!r} is no price and no quantity")
        if len(fraction) == self.exponent:
            value = int(digits)
        else:
            value = to_units(text, self.exponent)
        if len(self) >= REMEMBERED_TEXTS:
            self.clear()
        self[text] = value
        return value


def price_table(exponent: int) -> dict[str, PriceUnits]:
    """Make the remembered prices of an instrument."""
    return cast("dict[str, PriceUnits]", Units(exponent))


def quantity_table(exponent: int) -> dict[str, QuantityUnits]:
    """Make the remembered quantities of an instrument."""
    return cast("dict[str, QuantityUnits]", Units(exponent))


def decimal_text(text: str) -> str:
    """Read plain decimal text as canonical text; ValueError for exponents and long numbers."""
    unsigned = text[1:] if text[:1] == "-" else text
    whole, _, fraction = unsigned.partition(".")
    digits = whole + fraction
    if len(digits) > LONGEST_NUMBER or not (digits.isascii() and digits.isdecimal()):
        raise ValueError(f"{text[:40]!r} is not a plain decimal number")
    return canonical(Decimal(text))


def instant(stamp: int) -> UtcNs:
    """Read a time stamp of milliseconds, or of microseconds where the venue sends those."""
    if not 0 <= stamp < _LAST_MICROSECONDS:
        raise ValueError(f"{stamp} is no time stamp")
    return UtcNs(stamp * (NS_PER_MS if stamp < _FIRST_MICROSECONDS else NS_PER_US))
