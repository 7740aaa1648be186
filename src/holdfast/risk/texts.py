"""How gates write the numbers of a refusal."""

from holdfast.domain.approval import Refusal
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import amount_text


def product_text(product: int, instrument: Instrument) -> str:
    """Write a price x quantity product as an amount of the quote asset."""
    return f"{amount_text(instrument.notional(1, product))} {instrument.quote}"


def refusal_of(reason: str, *numbers: str) -> Refusal:
    """Make a refusal of the filter gate; the numbers are what was asked, and the limit."""
    return Refusal("filters", reason, *numbers)
