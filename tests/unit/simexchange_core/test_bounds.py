"""Numbers and times that no market has are refused with file, line and what would be right."""

from pathlib import Path

import pytest

from holdfast.errors import DataError
from holdfast.simexchange.assumptions import load_assumptions
from holdfast.simexchange.source import Market, open_market

ASSUMED = load_assumptions()
START_MS = 1_700_000_000_000
YEAR_MS = 366 * 86_400_000
AGG = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
BARS = "open_time,open,high,low,close,volume,close_time,a,b,c,d,e\n"
FTX = "timestamp,open,high,low,close,volume\n"
L2 = (
    '1 {{"stream":"aaausdt@trade","data":{{"e":"trade","E":{at},"s":"AAAUSDT","t":{number},'
    '"p":"{price}","q":"{quantity}","T":1,"m":false,"M":true}}}}\n'
)


def agg(number: int, at: int, price: str = "100", quantity: str = "1") -> str:
    return f"{number},{price},{quantity},{number},{number},{at},True\n"


def bar(at: int, price: str = "100", volume: str = "5", lasts_ms: int = 59_999) -> str:
    return f"{at},{price},{price},{price},{price},{volume},{at + lasts_ms},1,1,1,1,0\n"


def l2(number: int, at: int, price: str = "100", quantity: str = "1") -> str:
    return L2.format(at=at, number=number, price=price, quantity=quantity)


def opened(folder: Path, text: str) -> Market:
    path = folder / "market.txt"
    path.write_text(text)
    return open_market([path], "spot:AAAUSDT", assumptions=ASSUMED)


REFUSED = {
    "a trade 73 years on": (
        AGG + agg(1, START_MS) + agg(2, 4_000_000_000_000),
        "line 3: the time is 26620 days",
    ),
    "a trade just over a year on": (
        AGG + agg(1, START_MS) + agg(2, START_MS + YEAR_MS + 1),
        "line 3: the time is 366 days",
    ),
    "a trade that goes back": (
        AGG + agg(1, START_MS) + agg(2, START_MS - 1),
        "line 3: time goes back",
    ),
    "a trade at no time": (AGG + agg(1, 10**30), "line 2.*too large"),
    "a trade after 2262": (AGG + agg(1, 9_300_000_000_000_000), "line 2.*1970 to 2262"),
    "a trade before 1970": (AGG + agg(1, -5), "line 2.*1970 to 2262"),
    "a price of 25 digits": (AGG + agg(1, START_MS, "9" * 25), "line 2: price.*more than"),
    "a price of 5000 digits": (AGG + agg(1, START_MS, "9" * 5_000), "line 2: price.*5000"),
    "a quantity of 25 digits": (
        AGG + agg(1, START_MS, "1", "9" * 25),
        "line 2: quantity.*more than",
    ),
    "an id of 30 digits": (AGG + agg(10**30, START_MS), "line 2.*too large"),
    "a bar 73 years on": (
        BARS + bar(START_MS) + bar(4_000_000_000_000),
        "line 3: the time is 26620 days",
    ),
    "a bar of many years": (BARS + bar(START_MS, lasts_ms=2 * YEAR_MS), "line 2.*732 days"),
    "a bar within another": (
        BARS + bar(START_MS) + bar(START_MS + 30_000),
        "line 3: time goes back",
    ),
    "a bar at no time": (BARS + bar(10**30), "line 2: time.*too large"),
    "a bar of a price of 25 digits": (
        BARS + bar(START_MS, "9" * 25),
        "line 2: open.*more than",
    ),
    "a bar of a volume of 25 digits": (
        BARS + bar(START_MS, "1", "9" * 25),
        "line 2: volume.*more than",
    ),
    "an FTX bar of the year 9999": (
        FTX + "9999-01-01 00:00:00,1,1,1,1,1\n",
        "line 2: time.*1970 to 2262",
    ),
    "an FTX bar of the year 1": (
        FTX + "0001-01-01 00:00:00,1,1,1,1,1\n",
        "line 2: time.*1970 to 2262",
    ),
    "a message 73 years on": (
        l2(1, START_MS) + l2(2, 4_000_000_000_000),
        "line 2: the time is 26620 days",
    ),
    "a message 20 years back": (
        l2(1, START_MS) + l2(2, START_MS - 20 * YEAR_MS),
        "line 2: the time is 7320 days",
    ),
    "a message at no time": (l2(1, 10**18), "line 1.*1970 to 2262"),
    "a message of a price of 25 digits": (
        l2(1, START_MS) + l2(2, START_MS, "9" * 25),
        "line 2: .*more than 10000000000;",
    ),
    "a message of a negative price": (
        l2(1, START_MS) + l2(2, START_MS, "-1"),
        "line 2: -1 is negative",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_market_has_is_refused_by_file_and_line(tmp_path: Path, name: str) -> None:
    text, complaint = REFUSED[name]
    with pytest.raises(DataError, match=complaint) as caught:
        opened(tmp_path, text)
    assert "market.txt, line" in str(caught.value)
    assert "; expected " in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (AGG + agg(1, START_MS) + agg(2, START_MS + YEAR_MS), 4),
        (BARS + bar(START_MS) + bar(START_MS + YEAR_MS), 16),
        (l2(1, START_MS) + l2(2, START_MS + YEAR_MS), 2),
        (AGG + agg(1, START_MS, "10000000000", "1000000000000000"), 2),
    ],
)
def test_what_a_market_may_have_is_read(tmp_path: Path, text: str, count: int) -> None:
    market = opened(tmp_path, text)
    assert len(list(market.records())) == count
    assert market.symbols["AAAUSDT"].max_price < 2**63
