"""The ledger's exact integers: quantities and prices in 10^-18, money in 10^-36.

A price times a quantity is therefore money without rounding, whatever digits a venue sends. The
one division of the ledger is `share`, and it names its rule.
"""

from decimal import Decimal

from holdfast.domain.money import AMOUNT_EXPONENT, to_text, to_units

MONEY_EXPONENT = 2 * AMOUNT_EXPONENT
UNIT = 10**AMOUNT_EXPONENT
"""One whole coin in units of quantity, and the factor from a quantity of cash to money."""
_SHARE_DIGITS = 28


def quantity_units(text: str) -> int:
    """Read a quantity or a price; ValueError if it has more than 18 decimals."""
    return to_units(text, AMOUNT_EXPONENT)


def money_units(text: str) -> int:
    """Read an amount of money; ValueError if it has more than 36 decimals."""
    return to_units(text, MONEY_EXPONENT)


def quantity_text(units: int) -> str:
    """Write a quantity or a price as canonical decimal text."""
    return to_text(units, AMOUNT_EXPONENT)


def money_text(units: int) -> str:
    """Write money as canonical decimal text."""
    return to_text(units, MONEY_EXPONENT)


def money(units: int) -> Decimal:
    """Give money as a decimal with all of its digits."""
    return Decimal(money_text(units))


def share(basis: int, part: int, *, whole: int) -> int:
    """Give the part of a lot's basis: basis x part / whole, exact where it divides.

    Otherwise 28 significant digits, half to even; whoever takes the last part takes the rest.
    """
    quotient, rest = divmod(basis * part, whole)
    if not rest:
        return quotient
    unit: int = 10 ** max(0, len(str(abs(quotient))) - _SHARE_DIGITS)
    return _half_even(basis * part, whole * unit) * unit


def _half_even(numerator: int, denominator: int) -> int:
    quotient, rest = divmod(numerator, denominator)
    up = 2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1)
    return quotient + up
