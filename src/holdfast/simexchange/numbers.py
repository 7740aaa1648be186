"""Turn the venue's decimal text into exact integers of 10^-8 and back, without floats."""

from typing import Final

E8: Final = 100_000_000
DECIMALS: Final = 8
_POWERS: Final[tuple[int, ...]] = tuple(10**power for power in range(DECIMALS + 1))


def parse_e8(text: str) -> int:
    """Return the decimal text as a count of 10^-8; raise ValueError when it is not exact.

    Accepts an optional leading minus sign, digits and at most 8 decimals that matter
    (further zeros are allowed); refuses exponents, blanks, underscores and signs inside.
    """
    whole, dot, fraction = text.partition(".")
    joined = whole + fraction
    is_plain = joined.isdigit() and joined.isascii() and whole and (fraction or not dot)
    if is_plain and len(fraction) <= DECIMALS:
        return int(joined) * _POWERS[DECIMALS - len(fraction)]
    return _parse_unusual(text)


def format_e8(value: int) -> str:
    """Return the count of 10^-8 as the venue writes it: always eight decimals."""
    sign = "-" if value < 0 else ""
    whole, fraction = divmod(abs(value), E8)
    return f"{sign}{whole}.{fraction:08d}"


def plain_e8(value: int) -> str:
    """Return the count of 10^-8 as a person writes it: no zeros at the end."""
    return format_e8(value).rstrip("0").rstrip(".")


def decimals_of(value: int) -> int:
    """Return how many decimals the number needs, 0 to 8."""
    if value == 0:
        return 0
    decimals = DECIMALS
    while decimals and value % 10 == 0:
        value //= 10
        decimals -= 1
    return decimals


def _parse_unusual(text: str) -> int:
    whole, dot, fraction = text.partition(".")
    digits = whole[1:] if whole[:1] == "-" else whole
    if len(fraction) > DECIMALS:
        kept = fraction[:DECIMALS]
        if fraction[DECIMALS:].strip("0"):
            raise ValueError(f"{text!r} has more than {DECIMALS} decimals")
        fraction = kept
    if not (digits + fraction).isascii() or not (digits + fraction).isdigit():
        raise ValueError(f"{text!r} is not a decimal number")
    if not digits or (dot and not fraction):
        raise ValueError(f"{text!r} is not a decimal number")
    return int(whole + fraction) * _POWERS[DECIMALS - len(fraction)]
