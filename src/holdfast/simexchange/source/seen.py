"""What a first look at a file told: where it starts, its first price, the decimals it uses."""

from typing import NamedTuple


class Seen(NamedTuple):
    """The facts of one file; `price_decimals` and `quantity_decimals` are the most that matter.

    `symbol` and `product` are set when the content itself names them.
    """

    start_ns: int
    first_price: int
    price_decimals: int
    quantity_decimals: int
    symbol: str = ""
    product: str = ""


def decimals_needed(text: bytes | str) -> int:
    """Return how many decimals of a decimal text matter."""
    if isinstance(text, str):
        text = text.encode()
    _, dot, fraction = text.partition(b".")
    return len(fraction.rstrip(b"0")) if dot else 0
