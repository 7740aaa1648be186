"""Numbers as USD-M writes them: prices and quantities with the decimals of tick and step."""

from holdfast.simexchange.model import Level, SymbolRules
from holdfast.simexchange.numbers import DECIMALS, E8, decimals_of

MILLISECOND_NS = 10**6


def fixed(value: int, decimals: int) -> str:
    """Write a count of 10^-8 with so many decimals; what is finer is cut off."""
    sign = "-" if value < 0 else ""
    if decimals == 0:
        return f"{sign}{abs(value) // E8}"
    whole, fraction = divmod(abs(value) // 10 ** (DECIMALS - decimals), 10**decimals)
    return f"{sign}{whole}.{fraction:0{decimals}d}"


class Digits:
    """How the numbers of one symbol are written."""

    __slots__ = ("price_decimals", "quantity_decimals", "rules")

    def __init__(self, rules: SymbolRules) -> None:
        self.rules = rules
        self.price_decimals = decimals_of(rules.tick)
        self.quantity_decimals = decimals_of(rules.step)

    def price(self, value: int) -> str:
        """Write a price."""
        return fixed(value, self.price_decimals)

    def quantity(self, value: int) -> str:
        """Write a quantity."""
        return fixed(value, self.quantity_decimals)

    def levels(self, side: list[Level]) -> str:
        """Write levels of the book as JSON: pairs of decimal texts."""
        price, quantity = self.price, self.quantity
        return "[" + ",".join(f'["{price(p)}","{quantity(q)}"]' for p, q in side) + "]"

    def pairs(self, side: list[Level]) -> list[list[str]]:
        """Return levels of the book as pairs of decimal texts."""
        return [[self.price(price), self.quantity(quantity)] for price, quantity in side]
