"""Icebergs (XCH-10): a part is shown, the next part joins the queue at the back."""

from holdfast.simexchange.model import Reject
from tests.unit.simexchange_core.stories import (
    STEP,
    new_exchange,
    order_of,
    place,
    placed,
    request,
    stop,
    trade,
)


def test_the_next_part_of_an_iceberg_waits_behind_what_is_displayed() -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 6, 100, iceberg_quantity=2 * STEP))
    trade(exchange, 100, 5, sold=True)
    assert order_of(exchange, order).cum_quantity == 0
    trade(exchange, 100, 9, sold=True)
    assert order_of(exchange, order).cum_quantity == 2 * STEP
    trade(exchange, 100, 5, sold=True)
    assert order_of(exchange, order).cum_quantity == 2 * STEP
    trade(exchange, 100, 1, sold=True)
    assert order_of(exchange, order).cum_quantity == 3 * STEP


def test_an_order_behind_an_iceberg_is_filled_before_its_next_part() -> None:
    exchange = new_exchange()
    berg = placed(exchange, request("BUY", 6, 100, iceberg_quantity=2 * STEP))
    plain = placed(exchange, request("BUY", 3, 100), "bob")
    trade(exchange, 100, 10, sold=True)
    assert order_of(exchange, berg).cum_quantity == 2 * STEP
    assert order_of(exchange, plain).status == "FILLED"


def test_a_trade_through_the_price_fills_the_hidden_parts_too() -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 6, 100, iceberg_quantity=2 * STEP))
    trade(exchange, 99, 40, sold=True)
    assert order_of(exchange, order).status == "FILLED"


def test_another_account_takes_the_shown_part_first_and_the_hidden_ones_last() -> None:
    exchange = new_exchange()
    berg = placed(exchange, request("SELL", 6, 101, iceberg_quantity=2 * STEP))
    plain = placed(exchange, request("SELL", 3, 101), "bob")
    placed(exchange, request("BUY", 11, 101, stp_mode="NONE"), "bob")
    assert order_of(exchange, berg).cum_quantity == 3 * STEP
    assert order_of(exchange, plain).status == "FILLED"


def test_an_iceberg_obeys_its_filters() -> None:
    exchange = new_exchange()
    exchange.change_rules("AAABBB", iceberg_parts=3, max_iceberg_orders=1)
    parts = place(exchange, request("BUY", 8, 100, iceberg_quantity=2 * STEP))
    assert parts == Reject(-1013, "Filter failure: ICEBERG_PARTS")
    off_step = place(exchange, request("BUY", 2, 100, iceberg_quantity=STEP + 1))
    assert off_step == Reject(-1013, "Filter failure: LOT_SIZE")
    too_big = place(exchange, request("BUY", 2, 100, iceberg_quantity=3 * STEP))
    assert too_big == Reject(-2010, "IcebergQty exceeds QTY.")
    timed = request("BUY", 2, 100, iceberg_quantity=STEP, time_in_force="IOC")
    assert place(exchange, timed) == Reject(-2010, "Unsupported order combination")
    placed(exchange, request("BUY", 6, 100, iceberg_quantity=2 * STEP))
    many = place(exchange, stop("BUY", 2, 105, limit=106, iceberg_quantity=STEP))
    assert many == Reject(-1013, "Filter failure: MAX_NUM_ICEBERG_ORDERS")
