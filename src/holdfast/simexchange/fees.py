"""What an execution costs, in which asset; a fee is rounded down to 10^-8, never negative."""

from typing import NamedTuple

from holdfast.simexchange.assumptions import FeeAssumptions
from holdfast.simexchange.model import SymbolRules
from holdfast.simexchange.numbers import E8


class Fee(NamedTuple):
    """An amount and its asset."""

    amount: int
    asset: str


class Traded(NamedTuple):
    """What a fee is charged on: who received what."""

    is_buy: bool
    quantity: int
    quote_quantity: int


def rates(
    fees: FeeAssumptions, rules: SymbolRules, *, own: tuple[int | None, int | None]
) -> tuple[int, int]:
    """Return maker and taker rate: the account's own, else the symbol's, else the file's."""
    product = fees.spot if rules.product == "spot" else fees.linear
    maker, taker = own
    if maker is None:
        maker = rules.maker_rate if rules.maker_rate is not None else int(product.maker)
    if taker is None:
        taker = rules.taker_rate if rules.taker_rate is not None else int(product.taker)
    return maker, taker


def fee_of(
    fees: FeeAssumptions, rules: SymbolRules, *, traded: Traded, rate: int, discount_free: int
) -> Fee:
    """Charge one execution; `discount_free` is what the account holds of the discount asset."""
    discounted = _discounted(fees, rules, traded, rate=rate)
    if discounted is not None and 0 < discounted.amount <= discount_free:
        return discounted
    if rules.product == "spot" and traded.is_buy:
        return Fee(traded.quantity * rate // E8, rules.base)
    return Fee(traded.quote_quantity * rate // E8, rules.quote)


def _discounted(
    fees: FeeAssumptions, rules: SymbolRules, traded: Traded, *, rate: int
) -> Fee | None:
    discount = fees.discount
    price = discount.prices.get(rules.quote, 0)
    if not discount.asset or not price or discount.asset in (rules.base, rules.quote):
        return None
    in_quote = traded.quote_quantity * rate * (E8 - discount.share) // (E8 * E8)
    return Fee(in_quote * E8 // price, discount.asset)
