"""Numbers as USD-M writes them: prices and quantities with the decimals of tick and step."""

from collections.abc import Iterable

from holdfast.simexchange.model import Level, SymbolRules
from holdfast.simexchange.numbers import DECIMALS, E8, decimals_of

MILLISECOND_NS = 10**6
TEXTS_KEPT = 50_000


def fixed(value: int, decimals: int) -> str:
    """Write a count of 10^-8 with so many decimals; what is finer is cut off."""
    sign = "-" if value < 0 else ""
    if decimals == 0:
        return f"{sign}{abs(value) // E8}"
    whole, fraction = divmod(abs(value) // 10 ** (DECIMALS - decimals), 10**decimals)
    return f"{sign}{whole}.{fraction:0{decimals}d}"


class _Texts(dict[int, str]):
    """Texts of numbers with so many decimals; the market repeats itself, so they are kept."""

    def __init__(self, decimals: int) -> None:
        super().__init__()
        self._decimals = decimals

    def __missing__(self, value: int) -> str:
        if len(self) >= TEXTS_KEPT:
            self.clear()
        text = self[value] = fixed(value, self._decimals)
        return text


class Digits:
    """How the numbers of one symbol are written."""

    __slots__ = ("_prices", "_quantities", "price_decimals", "quantity_decimals", "rules")

    def __init__(self, rules: SymbolRules) -> None:
        self.rules = rules
        self.price_decimals = decimals_of(rules.tick)
        self.quantity_decimals = decimals_of(rules.step)
        self._prices = _Texts(self.price_decimals)
        self._quantities = _Texts(self.quantity_decimals)

    def price(self, value: int) -> str:
        """Write a price."""
        return self._prices[value]

    def quantity(self, value: int) -> str:
        """Write a quantity."""
        return self._quantities[value]

    def levels(self, side: Iterable[Level]) -> str:
        """Write levels of the book as JSON: pairs of decimal texts."""
        prices, quantities = self._prices, self._quantities
        pairs = [f'["{prices[price]}","{quantities[size]}"]' for price, size in side]
        return f"[{','.join(pairs)}]"

    def pairs(self, side: Iterable[Level]) -> list[list[str]]:
        """Return levels of the book as pairs of decimal texts."""
        return [[self._prices[price], self._quantities[size]] for price, size in side]
