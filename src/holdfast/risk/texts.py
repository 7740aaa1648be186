"""How gates write the numbers of a refusal."""

from holdfast.domain.instrument import Instrument
from holdfast.domain.money import amount_text


def product_text(product: int, instrument: Instrument) -> str:
    """Write a price x quantity product as an amount of the quote asset."""
    return f"{amount_text(instrument.notional(1, product))} {instrument.quote}"
