"""Limits as people write them: typed, complete, and never more generous when compiled."""

import msgspec
import pytest

from holdfast.errors import ConfigError
from holdfast.risk.limits import PROFILES, Limits, compile_limits
from holdfast.testing.market import instrument

BTCUSDT = instrument()


def test_profiles_are_those_of_the_requirements() -> None:
    production, testnet = PROFILES["production"], PROFILES["testnet"]
    assert production == Limits()
    assert (production.position_notional, production.leverage) == ("1500", 20)
    assert (testnet.position_notional, testnet.leverage) == ("2000", 30)
    assert production.concurrent_trades_count == 10
    assert testnet.concurrent_trades_count == 20


@pytest.mark.parametrize(
    "written",
    [
        {"position": "1500"},
        {"position_notional": 1500.5},
        {"position_notional": "-1"},
        {"position_notional": "1e3"},
        {"position_notional": ""},
        {"leverage": 0},
        {"leverage": 126},
        {"collar_bps": 0},
        {"collar_bps": 10_000},
        {"orders_per_10s_count": 0},
        {"market_age_ms": "5000"},
    ],
)
def test_what_is_no_limit_is_refused(written: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(written, Limits)


def test_limits_survive_the_journal() -> None:
    limits = Limits(position_notional="1234.5", rates={"EUR": "1.08"})
    assert msgspec.convert(msgspec.to_builtins(limits), Limits) == limits


def test_compiling_rounds_a_limit_down_and_a_minimum_up() -> None:
    coarse = msgspec.structs.replace(
        BTCUSDT, price_exponent=1, quantity_exponent=1, min_notional="0.015"
    )
    compiled = compile_limits(Limits(order_notional="0.019"), coarse)
    assert compiled.order_product == 1
    assert compiled.min_product == 2


def test_another_quote_currency_is_valued_by_its_rate() -> None:
    eth = instrument("ETHBTC", quote="BTC")
    compiled = compile_limits(Limits(order_notional="1500", rates={"BTC": "60000"}), eth)
    assert eth.notional(1, compiled.order_product) == 25 * 10**15
    at_par = compile_limits(Limits(), instrument("BTCUSDC", quote="USDC"))
    assert at_par.order_product == compile_limits(Limits(), BTCUSDT).order_product


def test_dollars_are_equal_only_to_dollars() -> None:
    with pytest.raises(ConfigError, match=r"limits are in EUR and BTCUSDT is quoted in USDT"):
        compile_limits(Limits(currency="EUR"), BTCUSDT)
    cheaper = compile_limits(Limits(rates={"USDC": "0.5"}), instrument("BTCUSDC", quote="USDC"))
    assert cheaper.order_product == 2 * compile_limits(Limits(), BTCUSDT).order_product


@pytest.mark.parametrize("rates", [{}, {"BTC": "0"}])
def test_a_missing_rate_is_one_clear_line(rates: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"ETHBTC is quoted in BTC; set limits\.rates\.BTC"):
        compile_limits(Limits(rates=rates), instrument("ETHBTC", quote="BTC"))
