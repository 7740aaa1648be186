"""Market files: recognised by content, checked to the last line, refused in one clear line."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.errors import ConfigError, DataError, HoldfastError, UsageError
from holdfast.simexchange.assumptions import load_assumptions
from holdfast.simexchange.model import Depth, Record, Snapshot, Ticker, Trade
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.source import Market, open_market

ASSUMED = load_assumptions()
MS = 1_000_000
AGG = (
    "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time_us,is_buyer_maker,"
    "is_best_match\n"
    "7,100.50,0.30,11,13,1700000000000001,True,True\n"
    "8,100.60,0.10,14,14,1700000000000002,False,True\n"
)
BARS = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    "taker_buy_quote_volume,ignore\n"
    "1700000000000,10.0,10.4,9.8,10.2,10,1700000059999,1,1,1,1,0\n"
    "1700000060000,10.2,10.3,9.9,10.0,0,1700000119999,1,1,1,1,0\n"
)
FTX = (
    "timestamp,open,high,low,close,volume\n"
    "2023-11-14 22:13:00.000000,100.0,101.0,99.0,100.0,4000.0\n"
)
L2 = (
    '1 {"stream":"aaausdt@depth@100ms","data":{"e":"depthUpdate","E":1700000000100,'
    '"s":"AAAUSDT","U":4,"u":5,"b":[["9.90","1.0"]],"a":[]}}\n'
    '2 {"stream":"aaausdt@bookTicker","data":{"u":6,"s":"AAAUSDT","b":"9.90","B":"1.0",'
    '"a":"10.00","A":"2.0"}}\n'
    '3 {"lastUpdateId":6,"bids":[["9.90","1.00"]],"asks":[["10.00","2.50"]]}\n'
    '4 {"stream":"aaausdt@trade","data":{"e":"trade","E":1700000000090,"s":"AAAUSDT","t":9,'
    '"p":"10.00","q":"0.50","T":1700000000090,"m":false,"M":true}}\n'
    '5 {"stream":"aaausdt@depth@100ms","data":{"e":"depthUpdate","E":1700000000200,'
    '"s":"AAAUSDT","U":7,"u":8,"b":[],"a":[["10.00","0"]]}}\n'
)
GZIP_TWICE = gzip.compress(gzip.compress(b"agg_trade_id,price\n", mtime=0), mtime=0)


def write(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def opened(path: Path, symbol: str | None = None, **more: object) -> Market:
    return open_market([path], symbol, assumptions=ASSUMED, **more)  # type: ignore[arg-type]


def all_of(market: Market) -> list[Record]:
    records = list(market.records())
    instants = [record.at_ns for record in records]
    assert instants == sorted(instants)
    assert list(market.records()) == records
    return records


def test_aggregated_trades_become_a_touch_and_a_trade_each(tmp_path: Path) -> None:
    market = opened(write(tmp_path / "binance-spot-BTCUSDC-aggTrades-1.csv.gz", AGG))
    records = all_of(market)
    assert [type(record) for record in records] == [Ticker, Trade, Ticker, Trade]
    sold, bought = records[0], records[2]
    assert isinstance(sold, Ticker)
    assert isinstance(bought, Ticker)
    assert (sold.bid, sold.ask) == (10_050_000_000, 10_060_000_000)
    assert (bought.bid, bought.ask) == (10_050_000_000, 10_060_000_000)
    trade = records[1]
    assert isinstance(trade, Trade)
    assert (trade.at_ns, trade.trade_id, trade.first_id, trade.last_id) == (
        1_700_000_000_000_001_000,
        7,
        11,
        13,
    )
    rules = market.symbols["BTCUSDC"]
    assert (rules.product, rules.tick, rules.step) == ("spot", E8 // 10, E8 // 10)
    assert (rules.base, rules.quote) == ("BTC", "USDC")
    assert market.start_ns == trade.at_ns


def test_headerless_archive_files_are_recognised(tmp_path: Path) -> None:
    rows = AGG.partition("\n")[2]
    market = opened(write(tmp_path / "BTCUSDT-aggTrades-2025.csv", rows), "spot:BTCUSDT")
    assert len(all_of(market)) == 4
    bars = write(tmp_path / "BTCUSDT-1m-2025.csv", BARS.partition("\n")[2])
    assert opened(bars, "usdm:BTCUSDT").symbols["BTCUSDT"].product == "linear"


def test_a_bar_becomes_the_stated_path_and_one_without_volume_a_touch(tmp_path: Path) -> None:
    market = opened(write(tmp_path / "binance-usdm-ALGOUSDT-1m-2026.csv", BARS))
    records = all_of(market)
    trades = [record for record in records if isinstance(record, Trade)]
    assert [trade.price / E8 for trade in trades] == [10.0, 9.8, 10.4, 10.2]
    assert [trade.quantity // E8 for trade in trades] == [2, 2, 2, 4]
    assert [trade.buyer_is_maker for trade in trades] == [False, True, False, True]
    start = 1_700_000_000_000 * MS
    assert [(trade.at_ns - start) // MS for trade in trades] == [0, 19_999, 39_999, 59_999]
    assert isinstance(records[-1], Ticker)
    assert records[-1].at_ns == start + 60_000 * MS
    assert len(records) == 9
    assert "a perpetual with a margin account" in " ".join(market.notes)


def test_a_falling_bar_goes_to_its_high_first(tmp_path: Path) -> None:
    text = BARS.replace("10.0,10.4,9.8,10.2,10", "10.2,10.4,9.8,10.0,8")
    market = opened(write(tmp_path / "binance-usdm-ALGOUSDT-1m-2026.csv", text))
    trades = [record for record in all_of(market) if isinstance(record, Trade)]
    assert [trade.price / E8 for trade in trades] == [10.2, 10.4, 9.8, 10.0]


def test_the_touch_is_as_wide_as_assumed_and_trades_stand_at_it(tmp_path: Path) -> None:
    market = opened(write(tmp_path / "binance-usdm-ALGOUSDT-1m-2026.csv", BARS))
    records = all_of(market)
    for ticker, trade in zip(records[:8:2], records[1:8:2], strict=True):
        assert isinstance(ticker, Ticker)
        assert isinstance(trade, Trade)
        assert ticker.ask - ticker.bid == market.symbols["ALGOUSDT"].tick
        assert trade.price == (ticker.bid if trade.buyer_is_maker else ticker.ask)


def test_ftx_bars_have_volume_in_quote(tmp_path: Path) -> None:
    market = opened(write(tmp_path / "ftx-BTC-PERP-1m-2023.csv.gz", FTX))
    trades = [record for record in all_of(market) if isinstance(record, Trade)]
    assert sum(trade.quantity for trade in trades) == 40 * E8
    assert (market.symbols["BTC-PERP"].base, market.symbols["BTC-PERP"].quote) == ("BTC", "USD")


def test_recorded_streams_give_the_snapshot_first_and_every_message_after_it(
    tmp_path: Path,
) -> None:
    market = opened(write(tmp_path / "anything.raw.gz", L2))
    records = all_of(market)
    assert [type(record) for record in records] == [Snapshot, Depth, Ticker, Trade, Depth]
    assert [record.at_ns // MS % 1_000 for record in records] == [100, 100, 100, 100, 200]
    rules = market.symbols["AAAUSDT"]
    assert (rules.tick, rules.step, rules.first_price) == (E8 // 10, E8 // 10, 990_000_000)


def test_prints_that_are_no_market_trades_are_left_out(tmp_path: Path) -> None:
    text = L2.replace('"m":false', '"X":"INSURANCE_FUND","m":false')
    records = all_of(opened(write(tmp_path / "a.raw", text)))
    assert not [record for record in records if isinstance(record, Trade)]


REFUSED: list[tuple[str, str, str, str]] = [
    ("empty.csv", "", "is empty", ""),
    ("day.zip", "PK\x03\x04rest", "unpack it", ""),
    ("odd.csv", "hello,world\n", "line 1.*not recognised", ""),
    ("a-bookDepth.csv", "timestamp,percentage,depth,notional\n", "bookDepth", ""),
    ("a-funding.csv", "funding_time_ms,symbol,funding_rate\n", "funding rates", ""),
    (
        "binance-coinm-BTCUSD_PERP-mark-1m.csv",
        BARS.replace(",10,17", ",0,17"),
        "without any volume",
        "",
    ),
    ("binance-spot-A-x.csv", AGG.replace("100.60", "1e5"), "line 3: price", "spot:AAAUSDT"),
    ("x.csv", AGG.replace("14,14", "14"), "line 3", "spot:AAAUSDT"),
    ("x.csv", AGG.replace("False", "Maybe"), "line 3", "spot:AAAUSDT"),
    ("x.csv", BARS.replace("10.4,9.8", "9.4,9.8"), "line 2.*contradict", "usdm:AAAUSDT"),
    ("x.csv", BARS.replace("1700000060000", "1600000000000"), "line 3.*back", "usdm:AAAUSDT"),
    ("x.csv", BARS.replace("9.8,10.2", "nan,10.2"), "line 2: low", "usdm:AAAUSDT"),
    ("x.csv", AGG, "capital letters", "btcusdt"),
    ("x.csv", AGG, "the product is spot or usdm", "coinm:BTCUSDT"),
    ("x.csv", AGG, "neither content nor file name tells the symbol", ""),
    ("BTCUSDT-aggTrades-1.csv", AGG, "--symbol spot:BTCUSDT", ""),
    ("x.raw", L2.replace("lastUpdateId", "lastUpdateId2"), "line 3", ""),
    ("x.raw", L2.replace('"q":"0.50"', '"q":0.5'), "line 4", ""),
    ("x.raw", L2.replace('"q":"0.50"', '"q":"half"'), "line 4.*half", ""),
    ("x.raw", L2.replace('"s":"AAAUSDT","t"', '"s":"BUSDT","t"'), "line 4.*BUSDT", ""),
    ("x.raw", L2, "holds AAAUSDT, not BTCUSDT", "BTCUSDT"),
    ("x.raw", L2.replace("AAAUSDT", "AAABBB"), "quote asset", ""),
]


@pytest.mark.parametrize(("name", "text", "complaint", "symbol"), REFUSED)
def test_what_is_no_market_is_refused_with_the_reason(
    tmp_path: Path, name: str, text: str, complaint: str, symbol: str
) -> None:
    path = write(tmp_path / name, text)
    with pytest.raises(HoldfastError, match=complaint) as caught:
        all_of(opened(path, symbol or None))
    assert "\n" not in str(caught.value)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


@pytest.mark.parametrize("damage", [cut, flip])
def test_a_damaged_gzip_file_is_refused_before_anything_starts(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "binance-spot-BTCUSDT-aggTrades-1.csv.gz"
    rows = "".join(
        f"{at},{100 + at % 7}.50,0.30,{at},{at},{1700000000000001 + at},True,True\n"
        for at in range(2_000)
    )
    path.write_bytes(damage(gzip.compress(rows.encode())))
    with pytest.raises(DataError, match="truncated or damaged") as caught:
        opened(path)
    assert path.name in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.csv: there is no such file"):
        opened(tmp_path / "nothing.csv")


def test_several_files_are_merged_by_time(tmp_path: Path) -> None:
    one = write(tmp_path / "binance-spot-BTCUSDT-aggTrades-1.csv", AGG)
    later = AGG.replace("000001,", "000003,").replace("000002,", "000009,")
    two = write(tmp_path / "binance-spot-ETHUSDT-aggTrades-1.csv", later)
    market = open_market([two, one], assumptions=ASSUMED)
    assert [record.symbol for record in all_of(market)] == ["BTCUSDT"] * 4 + ["ETHUSDT"] * 4
    assert set(market.symbols) == {"BTCUSDT", "ETHUSDT"}


def test_the_next_file_of_a_symbol_goes_on_with_rising_ids(tmp_path: Path) -> None:
    one = write(tmp_path / "binance-usdm-ALGOUSDT-1m-2026-01.csv", BARS)
    later = BARS.replace("17000000", "17000003").replace("17000001", "17000004")
    two = write(tmp_path / "binance-usdm-ALGOUSDT-1m-2026-02.csv", later)
    records = all_of(open_market([one, two], assumptions=ASSUMED))
    updates = [record.update_id for record in records if isinstance(record, Ticker)]
    trades = [record.trade_id for record in records if isinstance(record, Trade)]
    assert len(updates) == 10
    assert updates == sorted(set(updates))
    assert trades == sorted(set(trades))


def test_one_symbol_cannot_be_spot_and_futures_at_once(tmp_path: Path) -> None:
    one = write(tmp_path / "binance-spot-BTCUSDT-aggTrades-1.csv", AGG)
    two = write(tmp_path / "binance-usdm-BTCUSDT-aggTrades-1.csv", AGG)
    with pytest.raises(UsageError, match="one file is spot, another usdm"):
        open_market([one, two], assumptions=ASSUMED)


def test_the_number_of_symbols_has_to_fit_the_files(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", AGG)
    with pytest.raises(UsageError, match="2 symbols for 1 files"):
        open_market([path], ["AAAUSDT", "BBBUSDT"], assumptions=ASSUMED)


def test_a_folder_stands_for_the_market_files_in_it(tmp_path: Path) -> None:
    path = write(tmp_path / "binance-spot-BTCUSDT-aggTrades-2025-10-04.csv", AGG)
    write(tmp_path / "binance-spot-BTCUSDT-aggTrades-2025-10-05.csv.gz.7.part", "half")
    whole = open_market([tmp_path], assumptions=ASSUMED)
    assert list(whole.symbols) == ["BTCUSDT"]
    assert list(whole.records()) == list(open_market([path], assumptions=ASSUMED).records())


def test_a_folder_without_market_files_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a folder without a market data file"):
        open_market([tmp_path], assumptions=ASSUMED)


def test_a_bounded_stream_ends_in_time(tmp_path: Path) -> None:
    path = write(tmp_path / "binance-usdm-ALGOUSDT-1m-2026.csv", BARS)
    assert len(all_of(opened(path, for_ns=30_000 * MS))) == 4


def test_an_instruments_file_gives_the_filters(tmp_path: Path) -> None:
    rules = write(
        tmp_path / "rules.toml",
        '[BTCUSDC]\nbase = "BTC"\nquote = "USDC"\ntick = "0.01"\nstep = "0.00001"\n'
        'min_notional = "5"\n',
    )
    path = write(tmp_path / "binance-spot-BTCUSDC-aggTrades-1.csv", AGG)
    market = opened(path, instruments=rules)
    assert market.symbols["BTCUSDC"].tick == E8 // 100
    assert market.symbols["BTCUSDC"].min_notional == 5 * E8
    assert market.symbols["BTCUSDC"].first_price == 10_050_000_000
    assert "the instruments file" in market.notes[1]


def test_a_recorded_exchange_info_gives_the_filters(tmp_path: Path) -> None:
    info = write(
        tmp_path / "info.json",
        '{"symbols":[{"symbol":"BTCUSDC","baseAsset":"BTC","quoteAsset":"USDC","filters":['
        '{"filterType":"PRICE_FILTER","minPrice":"0.01","maxPrice":"1000000","tickSize":"0.01"},'
        '{"filterType":"LOT_SIZE","minQty":"0.00001","maxQty":"9000","stepSize":"0.00001"},'
        '{"filterType":"NOTIONAL","minNotional":"5","applyMinToMarket":true}]}]}',
    )
    path = write(tmp_path / "binance-spot-BTCUSDC-aggTrades-1.csv", AGG)
    rules = opened(path, instruments=info).symbols["BTCUSDC"]
    assert (rules.step, rules.max_quantity, rules.min_notional) == (1_000, 9_000 * E8, 5 * E8)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[BTCUSDC", "cannot be read"),
        ('[BTCUSDC]\nbase = "BTC"\n', "quote"),
        ('[BTCUSDC]\nbase="B"\nquote="U"\ntick="0.00001"\nstep="0.0001"\n', "make one coarser"),
        ('[BTCUSDC]\nbase="B"\nquote="U"\ntick="0"\nstep="1"\n', "must be > 0"),
        ('[BTCUSDC]\nbase="B"\nquote="U"\ntick="abc"\nstep="1"\n', "not a decimal"),
        (
            '[BTCUSDC]\nbase="B"\nquote="U"\ntick="1"\nstep="1"\nmax_price="99999999999999"\n',
            "max_price is out of range",
        ),
        (
            '[BTCUSDC]\nbase="B"\nquote="U"\nproduct="linear"\ntick="1"\nstep="1"\n',
            "but the data",
        ),
        ('[OTHER]\nbase="B"\nquote="U"\ntick="1"\nstep="1"\n', "is not in the instruments"),
    ],
)
def test_a_bad_instruments_file_gets_one_clear_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    rules = write(tmp_path / "rules.toml", text)
    path = write(tmp_path / "binance-spot-BTCUSDC-aggTrades-1.csv", AGG)
    with pytest.raises((ConfigError, UsageError), match=complaint) as caught:
        opened(path, instruments=rules)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xef\xbb\xbfagg_trade_id,price\n", "byte order mark"),
        ("agg_trade_id,price\n".encode("utf-16"), "UTF-16"),
        (GZIP_TWICE, "gzip within gzip"),
        (b"BZh9\x13\x16\xf1\n", "binary data"),
        (b"\0" * 100, "binary data"),
    ],
)
def test_a_file_in_another_form_is_told_its_form(
    content: bytes, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "binance-spot-BTCUSDT-a.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as raised:
        opened(path)
    assert str(raised.value).isprintable()
