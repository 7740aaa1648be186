"""Numbers, fees, accounts and short positions."""

from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import ConfigError
from holdfast.simexchange.accounts import (
    DEMO_ED25519_PRIVATE_KEY,
    DEMO_ED25519_PUBLIC_KEY,
    demonstration_account,
    load_accounts,
)
from holdfast.simexchange.assumptions import Discount, Exact, load_assumptions
from holdfast.simexchange.fees import Fee, Traded, fee_of, rates
from holdfast.simexchange.model import Reject
from holdfast.simexchange.numbers import E8, decimals_of, format_e8, parse_e8
from tests.property.sim_kit import RULES
from tests.unit.simexchange_core.stories import (
    SYMBOL,
    new_exchange,
    place,
    request,
)

LINEAR = msgspec.structs.replace(RULES, product="linear")
FEES = load_assumptions().fees


@given(st.integers(-(10**20), 10**20))
def test_a_number_is_read_back_as_it_was_written(value: int) -> None:
    assert parse_e8(format_e8(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", E8), ("0.1", E8 // 10), ("-2.50", -250_000_000), ("0.123456780000", 12_345_678)],
)
def test_plain_decimals_are_read_exactly(text: str, value: int) -> None:
    assert parse_e8(text) == value


@pytest.mark.parametrize(
    "text", ["", ".", "1.", ".5", "1e3", "+1", "1_0", " 1", "--1", "1.2.3", "0.123456789", "٣"]
)
def test_what_is_no_exact_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="decimal"):
        parse_e8(text)


def test_the_decimals_of_a_number_are_counted() -> None:
    assert [decimals_of(value) for value in (0, 3 * E8, E8 // 100, 1)] == [0, 0, 2, 8]


def test_a_spot_fee_is_taken_from_what_is_received_and_rounded_down() -> None:
    bought = Traded(is_buy=True, quantity=1_999, quote_quantity=5 * E8)
    sold = bought._replace(is_buy=False)
    assert fee_of(FEES, RULES, traded=bought, rate=100_000, discount_free=0) == Fee(1, "AAA")
    assert fee_of(FEES, RULES, traded=sold, rate=100_000, discount_free=0) == Fee(
        500_000, "BBB"
    )


def test_a_linear_fee_is_taken_from_the_quote_asset() -> None:
    bought = Traded(is_buy=True, quantity=E8, quote_quantity=5 * E8)
    assert fee_of(FEES, LINEAR, traded=bought, rate=100_000, discount_free=0).asset == "BBB"


def test_the_discount_asset_pays_while_there_is_enough_of_it() -> None:
    discount = Discount(asset="CCC", share=Exact(E8 // 4), prices={"BBB": Exact(2 * E8)})
    fees = msgspec.structs.replace(FEES, discount=discount)
    bought = Traded(is_buy=True, quantity=E8, quote_quantity=1_000 * E8)
    paid = fee_of(fees, RULES, traded=bought, rate=100_000, discount_free=10 * E8)
    assert paid == Fee(37_500_000, "CCC")
    short = fee_of(fees, RULES, traded=bought, rate=100_000, discount_free=1)
    assert short.asset == "AAA"


def test_an_accounts_rates_stand_above_the_symbols_and_those_above_the_files() -> None:
    assert rates(FEES, RULES, own=(None, None)) == (100_000, 100_000)
    priced = msgspec.structs.replace(RULES, maker_rate=1, taker_rate=2)
    assert rates(FEES, priced, own=(None, None)) == (1, 2)
    assert rates(FEES, priced, own=(0, None)) == (0, 2)


def test_the_demonstration_account_has_quote_and_a_tenth_of_it_in_base() -> None:
    account = demonstration_account({SYMBOL: RULES})
    assert account.balances == {"BBB": 100_000 * E8, "AAA": 100 * E8}
    margin = demonstration_account({SYMBOL: LINEAR})
    assert margin.balances == {}
    assert margin.futures_balances == {"BBB": 100_000 * E8}


def test_the_demonstration_key_pair_belongs_together() -> None:
    private = load_pem_private_key(DEMO_ED25519_PRIVATE_KEY.encode(), None)
    public = load_pem_public_key(DEMO_ED25519_PUBLIC_KEY.encode())
    assert isinstance(private, Ed25519PrivateKey)
    assert isinstance(public, Ed25519PublicKey)
    assert private.public_key() == public


def test_accounts_are_read_from_toml_and_from_json(tmp_path: Path) -> None:
    toml = tmp_path / "accounts.toml"
    toml.write_text(
        '[[accounts]]\nname = "desk"\napi_key = "k"\nsecret = "s"\nmaker = "0.0002"\n'
        'balances = { USDT = "12.5" }\n'
    )
    spec = load_accounts(toml)[0]
    assert (spec.name, spec.balances, spec.maker_rate) == (
        "desk",
        {"USDT": 1_250_000_000},
        20_000,
    )
    json = tmp_path / "accounts.json"
    json.write_text(
        '{"accounts":[{"name":"desk","api_key":"k","ed25519_public_key":"P","balances":{}}]}'
    )
    assert load_accounts(json)[0].keys[0].kind == "ed25519"


def test_an_account_has_further_keys_and_each_says_what_it_may(tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(
        '[[accounts]]\nname = "desk"\napi_key = "k"\nsecret = "s"\nbalances = {}\n'
        '[[accounts.keys]]\napi_key = "r"\nsecret = "t"\npermissions = "read"\n'
    )
    [spec] = load_accounts(path)
    assert [(key.api_key, key.secret, key.permissions) for key in spec.keys] == [
        ("k", "s", "trade"),
        ("r", "t", "read"),
    ]


ENTRY = '[[accounts]]\nname = "desk"\napi_key = "k"\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("accounts = [", "cannot be read"),
        ("accounts = []", "at least one"),
        (ENTRY + "balances = {}", "either secret or ed25519_public_key"),
        (ENTRY + 'secret = "s"\nbalances = { USDT = "x" }', "not a decimal"),
        (ENTRY + 'secret = "s"\nbalances = {}\ncolour = "red"', "colour"),
        (ENTRY + 'secret = "s"\nbalances = {}\npermissions = "all"', "permissions"),
        (
            ENTRY + 'secret = "s"\nbalances = {}\n[[accounts.keys]]\napi_key = "r"',
            "'r' needs either secret or ed25519_public_key",
        ),
        (
            ENTRY + 'secret = "s"\nbalances = {}\n'
            '[[accounts.keys]]\napi_key = "k"\nsecret = "t"',
            "api_key 'k' stands there twice",
        ),
        (2 * (ENTRY + 'secret = "s"\nbalances = {}\n'), "twice"),
    ],
)
def test_a_bad_accounts_file_gets_one_clear_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint) as caught:
        load_accounts(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_on_spot_nothing_can_be_sold_that_is_not_there() -> None:
    exchange = new_exchange(worth=0)
    assert isinstance(place(exchange, request("SELL", 1)), Reject)
