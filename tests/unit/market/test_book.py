"""A book as a trader reads it: levels, best prices, and the cost of taking some of it."""

import pytest

from holdfast.domain.order import Side
from holdfast.market.book import Book, HalfBook
from holdfast.testing.market import Market, instrument


@pytest.fixture
def market():
    return Market(instrument())


@pytest.fixture
def book(market):
    book = Book(market.symbol)
    book.apply_snapshot(
        market.snapshot([("99", "1"), ("98", "2")], [("101", "1"), ("102", "3")])
    )
    return book


def shown(market, book, side, count=9):
    write = market.instrument
    return [
        (write.price_text(price), write.quantity_text(quantity))
        for price, quantity in book.levels(side, count)
    ]


def test_levels_come_best_first_on_both_sides(market, book):
    assert shown(market, book, Side.BUY) == [("99", "1"), ("98", "2")]
    assert shown(market, book, Side.SELL) == [("101", "1"), ("102", "3")]
    assert shown(market, book, Side.SELL, 1) == [("101", "1")]


def test_a_quantity_in_a_diff_is_absolute_and_zero_removes(market, book):
    book.apply_diff(market.diff(bids=[("99", "0"), ("97", "5")], asks=[("101", "7")]))
    assert shown(market, book, Side.BUY) == [("98", "2"), ("97", "5")]
    assert shown(market, book, Side.SELL) == [("101", "7"), ("102", "3")]


def test_removing_a_level_that_is_not_there_changes_nothing(market, book):
    assert book.apply_diff(market.diff(bids=[("50", "0")], asks=[("150", "0")])) is False
    assert shown(market, book, Side.BUY) == [("99", "1"), ("98", "2")]


@pytest.mark.parametrize(
    ("bids", "asks", "changed"),
    [
        ([("98", "9")], [("102", "0")], False),
        ([("99", "9")], [], True),
        ([("99", "1")], [], False),
        ([("100", "1")], [], True),
        ([("99", "0")], [], True),
        ([], [("100.5", "1")], True),
        ([], [("101", "0")], True),
        ([], [("101", "2")], True),
    ],
)
def test_a_diff_says_whether_the_top_changed(market, book, bids, asks, changed):
    assert book.apply_diff(market.diff(bids, asks)) is changed


def test_the_top_carries_the_id_and_the_stamps_of_its_diff(market, book):
    diff = market.diff(bids=[("100", "1")])
    book.apply_diff(diff)
    top = book.top()
    assert (top.bid, top.ask) == (book.best_bid, book.best_ask)
    assert (top.update_id, top.venue_at_ns, top.received_at_ns) == (
        diff.last_id, diff.venue_at_ns, diff.received_at_ns,
    )  # fmt: skip


@pytest.mark.parametrize("bid", ["101", "101.5"])
def test_a_locked_or_crossed_book_has_no_top(market, book, bid):
    book.apply_diff(market.diff(bids=[(bid, "1")]))
    assert book.is_crossed
    assert book.top() is None


def test_a_book_with_one_side_has_no_top(market, book):
    book.apply_diff(market.diff(asks=[("101", "0"), ("102", "0")]))
    assert not book.is_crossed
    assert book.best_ask == 0
    assert book.top() is None


def test_a_walk_pays_each_level_until_the_quantity_is_taken(market, book):
    price, quantity = market.instrument.price, market.instrument.quantity
    walk = book.walk(Side.BUY, quantity("2"))
    assert walk.quantity == quantity("2")
    assert walk.cost == (price("101") + price("102")) * quantity("1")
    assert (walk.worst_price, walk.level_count) == (price("102"), 2)
    assert book.walk(Side.SELL, quantity("0.5")).worst_price == price("99")


def test_a_walk_says_how_much_of_a_quantity_the_book_has(market, book):
    walk = book.walk(Side.SELL, market.instrument.quantity("10"))
    assert walk.quantity == market.instrument.quantity("3")
    assert book.walk(Side.BUY, 0).level_count == 0


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_a_book_shows_every_level_far_from_the_market_too(market, side):
    prices = [str(10_000 + offset) for offset in range(3 * HalfBook.MOST)]
    book = Book(market.symbol)
    book.apply_snapshot(market.snapshot([], []))
    levels = [(price, "1") for price in prices]
    diff = market.diff(bids=levels) if side is Side.BUY else market.diff(asks=levels)
    book.apply_diff(diff)
    best_first = prices[::-1] if side is Side.BUY else prices
    assert [price for price, _ in shown(market, book, side, 9_999)] == best_first
    gone = [(price, "0") for price in best_first[: 2 * HalfBook.NEAR]]
    diff = market.diff(bids=gone) if side is Side.BUY else market.diff(asks=gone)
    book.apply_diff(diff)
    assert [price for price, _ in shown(market, book, side, 9_999)] == best_first[
        2 * HalfBook.NEAR :
    ]
    everything = market.instrument.quantity(str(len(prices)))
    assert book.walk(side.opposite, everything).level_count == len(prices) - 2 * HalfBook.NEAR
