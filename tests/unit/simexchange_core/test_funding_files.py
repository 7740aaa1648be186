"""Funding rates from a file beside the market (XCH-8)."""

from pathlib import Path

import pytest

from holdfast.errors import DataError
from holdfast.simexchange.assumptions import load_assumptions
from holdfast.simexchange.model import Mark
from holdfast.simexchange.source import Market, open_market

ASSUMED = load_assumptions()
HEADER = "funding_time_ms,symbol,funding_rate\n"
BARS = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore\n"
    "1700000000000,10,12,9,11,8,1700000059999,80,4,4,40,0\n"
)


def opened(tmp_path: Path, rows: str) -> Market:
    bars = tmp_path / "binance-usdm-ALGOUSDT-1m.csv"
    bars.write_text(BARS)
    rates = tmp_path / "rates.csv"
    rates.write_text(HEADER + rows)
    return open_market([bars, rates], assumptions=ASSUMED)


def test_a_funding_file_beside_the_market_says_what_is_paid(tmp_path: Path) -> None:
    rows = "1700006400007,ALGOUSDT,-0.00010000\n1700035200000,ALGOUSDT,0.00005\n"
    market = opened(tmp_path, rows)
    assert list(market.symbols) == ["ALGOUSDT"]
    assert market.funding == {
        "ALGOUSDT": [(1_700_006_400_007 * 10**6, -10_000), (1_700_035_200_000 * 10**6, 5_000)]
    }


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("1700006400000,ALGOUSDT\n", "line 2: 2 columns"),
        ("soon,ALGOUSDT,0.1\n", "line 2"),
        ("1700006400000,ALGOUSDT,1e-4\n", "line 2"),
        ("1700006400000,ALGOUSDT,2\n", "such a rate"),
        ("1700006400000,ALGOUSDT,0.1\n1700006399000,ALGOUSDT,0.1\n", "line 3: time goes back"),
        ("1700006400000,ALGOUSDT,0.1\n1700006400000,ALGOUSDT,0.1\n", "a time twice"),
        ("1700006400000,BTCUSDT,0.1\n", "BTCUSDT, none of which trades"),
    ],
)
def test_what_is_wrong_with_a_funding_file_is_said_in_one_line(
    tmp_path: Path, rows: str, said: str
) -> None:
    with pytest.raises(DataError) as caught:
        opened(tmp_path, rows)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_funding_rates_alone_are_no_market(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(HEADER + "1700006400000,ALGOUSDT,0.1\n")
    with pytest.raises(DataError, match="funding rates, no market"):
        open_market([path], assumptions=ASSUMED)


def test_recorded_marks_are_records_and_tell_the_product(tmp_path: Path) -> None:
    path = tmp_path / "recorded.raw"
    mark = (
        '{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1700000001000,'
        '"s":"BTCUSDT","p":"60001.50000000","i":"60000.00000000","r":"-0.00010000",'
        '"T":1700006400000}}'
    )
    trade = (
        '{"stream":"btcusdt@trade","data":{"E":1700000000000,"s":"BTCUSDT","t":1,"p":"60000.1",'
        '"q":"0.001","m":true,"X":"MARKET"}}'
    )
    path.write_text(f"1 {mark}\n1 {trade}\n")
    market = open_market([path], assumptions=ASSUMED)
    assert market.symbols["BTCUSDT"].product == "linear"
    first = next(iter(market.records()))
    assert first == Mark(
        at_ns=1_700_000_001 * 10**9,
        symbol="BTCUSDT",
        mark=6_000_150_000_000,
        index=6_000_000_000_000,
        funding_rate=-10_000,
        next_funding_ns=1_700_006_400 * 10**9,
    )
