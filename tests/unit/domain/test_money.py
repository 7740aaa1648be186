"""Exact numbers: what is refused at the door, and the one text of a number."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain.money import (
    Asset,
    Money,
    amount_text,
    amount_units,
    canonical,
    exact,
    to_text,
    to_units,
)

USDT, BTC = Asset("USDT"), Asset("BTC")


def test_two_currencies_are_never_added() -> None:
    assert Money(Decimal("1.5"), USDT) + Money(Decimal("2"), USDT) == Money(
        Decimal("3.5"), USDT
    )
    with pytest.raises(ValueError, match="cannot add BTC to USDT"):
        Money(Decimal(1), USDT) + Money(Decimal(1), BTC)


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match=r"0\.1 is a float"):
        exact(0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "abc", "1,5", "NaN", "Infinity", "0x1"])
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        exact(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1.500", "1.5"),
        ("-0.0", "0"),
        ("1E+3", "1000"),
        ("0.00000001", "0.00000001"),
        ("100", "100"),
        ("-2.50", "-2.5"),
    ],
)
def test_a_number_has_one_text(number: str, text: str) -> None:
    assert canonical(Decimal(number)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "-",
        "1e5",
        "1.2.3",
        " 1",
        "+1",
        "1_000",
        "0.123456789",
        "9" * 61,
        "1-2",
        "--1",
        ".5",
        "\u0661",
    ],
)
def test_units_are_read_from_plain_decimals_that_fit(text: str) -> None:
    with pytest.raises(ValueError, match="decimal"):
        to_units(text, 8)


def test_trailing_zeros_beyond_the_exponent_are_no_digits() -> None:
    assert to_units("1.50000000000", 8) == 150_000_000
    assert to_units("-0.00000001", 8) == -1
    assert to_units("7", 0) == 7


@given(st.integers(-(10**30), 10**30), st.integers(0, 18))
def test_text_and_units_lead_to_each_other(units: int, exponent: int) -> None:
    text = to_text(units, exponent)
    assert to_units(text, exponent) == units
    assert text == canonical(Decimal(units).scaleb(-exponent)) or abs(units) >= 10**28


def test_amounts_count_a_quintillionth() -> None:
    assert amount_units("1.000000000000000001") == 10**18 + 1
    assert amount_text(10**17) == "0.1"
