"""The one division of the ledger, and its texts."""

from holdfast.ledger.amount import money, money_text, money_units, share


def test_a_share_that_divides_is_exact_however_long_it_is():
    assert share(3 * 10**40 + 3, 1, whole=3) == 10**40 + 1


def test_a_share_that_does_not_divide_has_28_digits():
    assert share(2 * 10**36, 1, whole=3) == 6666666666666666666666666667 * 10**8


def test_a_short_share_is_never_finer_than_the_unit_of_money():
    assert share(2, 1, whole=3) == 1
    assert share(1, 1, whole=3) == 0


def test_a_share_in_the_middle_goes_to_the_even_digit():
    assert share(1, 1, whole=2) == 0
    assert share(3, 1, whole=2) == 2
    assert share((2 * 10**28 + 1) * 10, 1, whole=4) == 5 * 10**28
    assert share(25, 1, whole=2 * 5) == 2


def test_money_is_read_and_written_to_its_last_digit():
    text = "123456789.000000000000000000000000000000000001"
    assert money_text(money_units(text)) == text
    assert format(money(money_units(text)), "f") == text
