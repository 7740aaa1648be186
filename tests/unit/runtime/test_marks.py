"""Marks: at the start, at each full minute, and what an asset is worth (ACC-5)."""

from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_S
from holdfast.runtime.marks import EVERY_NS
from tests.unit.runtime.kit import Floor


def test_marks_are_known_once_every_symbol_has_a_price() -> None:
    floor = Floor()
    marks = floor.node.marks
    assert not marks.are_known
    marks.record()
    assert floor.written(ev.MarkRecorded) == []
    floor.see(floor.market.top("100.00", "100.02"))
    assert marks.are_known
    marks.record()
    (mark,) = floor.written(ev.MarkRecorded)
    assert (mark.price, mark.source) == ("100.01", "mid")


def test_without_a_book_the_last_trade_is_the_mark() -> None:
    floor = Floor()
    floor.see(floor.market.trade("99.5"))
    floor.node.marks.record()
    (mark,) = floor.written(ev.MarkRecorded)
    assert (mark.price, mark.source) == ("99.5", "last trade")


def test_a_mark_is_written_at_each_full_minute_from_the_start_on() -> None:
    floor = Floor().open()
    assert len(floor.written(ev.MarkRecorded)) == 1
    floor.top()
    floor.wait(EVERY_NS - floor.clock.now_ns() % EVERY_NS - 1)
    assert len(floor.written(ev.MarkRecorded)) == 1
    floor.wait(1)
    assert len(floor.written(ev.MarkRecorded)) == 2
    for number in range(3, 6):
        floor.top()
        floor.wait(EVERY_NS)
        assert len(floor.written(ev.MarkRecorded)) == number


def test_a_gap_in_the_market_has_one_mark_however_long_it_is() -> None:
    floor = Floor().open()
    floor.top()
    floor.wait(1_000 * EVERY_NS + NS_PER_S)
    assert len(floor.written(ev.MarkRecorded)) == 2
    floor.top()
    floor.wait(EVERY_NS - floor.clock.now_ns() % EVERY_NS - 1)
    assert len(floor.written(ev.MarkRecorded)) == 2
    floor.wait(1)
    assert len(floor.written(ev.MarkRecorded)) == 3


def test_a_price_is_known_of_what_a_feed_trades_and_of_a_currency_in_itself() -> None:
    floor = Floor().open()
    price = floor.node.marks.price
    assert price("BTC", "USDT") == "100.005"
    assert price("USDT", "USDT") == "1"
    assert price("BTC", "EUR") == price("BNB", "USDT") == ""


def test_opening_balances_are_of_the_traded_assets_at_their_first_marks() -> None:
    floor = Floor().open({"USDT": "1000", "BTC": "2", "DOGE": "5", "ETH": "0"})
    opened = {event.asset: event for event in floor.written(ev.BalanceOpened)}
    assert set(opened) == {"USDT", "BTC"}
    assert (opened["BTC"].amount, opened["BTC"].mark, opened["BTC"].currency) == (
        "2", "100.005", "USDT",
    )  # fmt: skip
    assert opened["USDT"].mark == "1"
