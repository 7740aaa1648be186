"""Stops, profit takers and trailing stops (XCH-10): 100 bid, 101 offered, 5 on each level."""

import pytest

from holdfast.simexchange.model import Canceled, Reject, Ticker
from tests.unit.simexchange_core.stories import (
    STEP,
    SYMBOL,
    TICK,
    cancel,
    free,
    locked,
    new_exchange,
    order_of,
    place,
    placed,
    request,
    stop,
    trade,
    updates,
)


@pytest.mark.parametrize(
    ("side", "profit", "at", "before", "met"),
    [
        ("SELL", False, 98, 99, 98),
        ("BUY", False, 103, 102, 103),
        ("SELL", True, 103, 102, 104),
        ("BUY", True, 98, 99, 97),
    ],
)
def test_a_stop_waits_for_the_last_price_and_then_takes_as_a_market_order(
    side: str, profit: bool, at: int, before: int, met: int
) -> None:
    exchange = new_exchange()
    order = placed(exchange, stop(side, 2, at, profit=profit))
    assert (order.status, order.is_working, order.working_ns) == ("NEW", False, 0)
    assert trade(exchange, before, 1, sold=True)[1:] == []
    said = updates(trade(exchange, met, 1, sold=True))
    assert [one.execution_type for one in said] == ["NEW", "TRADE"]
    assert said[0].order.is_working
    done = order_of(exchange, order)
    assert (done.status, done.cum_quantity) == ("FILLED", 2 * STEP)
    assert done.working_ns > done.created_ns


def test_a_stop_that_is_met_already_is_refused_and_has_no_effect() -> None:
    exchange = new_exchange()
    trade(exchange, 100, 1, sold=True)
    for wrong in (stop("SELL", 1, 100), stop("BUY", 1, 99), stop("BUY", 1, 101, profit=True)):
        outcome = place(exchange, wrong)
        assert outcome == Reject(-2010, "Order would trigger immediately.")
    assert exchange.accounts.open_orders("ann") == []
    assert locked(exchange, "AAA") == locked(exchange, "BBB") == 0


def test_a_stop_limit_rests_with_what_its_limit_does_not_let_it_take() -> None:
    exchange = new_exchange()
    order = placed(exchange, stop("SELL", 8, 98, limit=100))
    assert locked(exchange, "AAA") == 8 * STEP
    trade(exchange, 98, 1, sold=True)
    rests = order_of(exchange, order)
    assert (rests.status, rests.cum_quantity) == ("PARTIALLY_FILLED", 5 * STEP)
    assert rests.is_working
    assert locked(exchange, "AAA") == 3 * STEP
    trade(exchange, 101, 50, sold=False)
    assert order_of(exchange, order).status == "FILLED"


def test_a_canceled_stop_is_never_triggered_and_gives_back_what_it_locked() -> None:
    exchange = new_exchange()
    before = free(exchange, "BBB")
    order = placed(exchange, stop("BUY", 2, 103))
    assert locked(exchange, "BBB") == 206 * STEP
    assert isinstance(cancel(exchange, order_id=order.order_id), Canceled)
    assert free(exchange, "BBB") == before
    assert updates(trade(exchange, 104, 1, sold=False)) == []


def test_a_stop_that_its_money_does_not_pay_for_expires_with_the_reason() -> None:
    exchange = new_exchange(worth=3)
    order = placed(exchange, stop("BUY", 2, 103))
    at_ns = exchange.now_ns + 1
    best = Ticker(at_ns, SYMBOL, 9, 199 * TICK, STEP, 200 * TICK, 9 * STEP)
    exchange.apply(best)
    (report,) = updates(trade(exchange, 200, 1, sold=False))
    assert (report.execution_type, report.reject_reason) == ("EXPIRED", "INSUFFICIENT_BALANCES")
    done = order_of(exchange, order)
    assert (done.status, done.expiry_reason) == ("EXPIRED", "REJECTED")
    assert free(exchange, "BBB") == 300 * STEP


def test_a_triggered_fill_or_kill_stop_expires_when_it_cannot_be_filled() -> None:
    exchange = new_exchange()
    order = placed(exchange, stop("SELL", 6, 98, limit=100, time_in_force="FOK"))
    trade(exchange, 98, 1, sold=True)
    done = order_of(exchange, order)
    assert (done.status, done.expiry_reason) == ("EXPIRED", "UNFILLED_FOK_ORDER_EXPIRED")


def test_a_trailing_stop_follows_the_highest_price_from_the_last_trade_on() -> None:
    """Scenario E of the venue's questions on trailing stops, scaled to these prices."""
    exchange = new_exchange()
    trade(exchange, 100, 1, sold=True)
    order = placed(exchange, stop("SELL", 1, trailing_delta=700))
    assert order_of(exchange, order).trailing_ns == order.created_ns
    for price in (105, 98, 110, 103):
        assert updates(trade(exchange, price, 1, sold=True)) == []
    assert updates(trade(exchange, 102, 1, sold=True))[0].execution_type == "NEW"
    assert order_of(exchange, order).status == "FILLED"


def test_a_trailing_stop_with_a_stop_price_follows_only_once_it_is_met() -> None:
    """Scenario A of the venue's questions on trailing stops, scaled to these prices."""
    exchange = new_exchange()
    trade(exchange, 100, 1, sold=True)
    order = placed(exchange, stop("BUY", 1, 110, limit=112, trailing_delta=500))
    for price in (92, 99, 109):
        trade(exchange, price, 1, sold=True)
    assert order_of(exchange, order).trailing_ns == 0
    for price in (110, 115, 105):
        trade(exchange, price, 1, sold=True)
    follows = order_of(exchange, order)
    assert (follows.status, follows.is_working) == ("NEW", False)
    assert follows.trailing_ns > 0
    trade(exchange, 111, 1, sold=True)
    assert order_of(exchange, order).status == "FILLED"


@pytest.mark.parametrize("delta", [9, 2001])
def test_a_trail_outside_the_filter_is_refused(delta: int) -> None:
    outcome = place(new_exchange(), stop("SELL", 1, trailing_delta=delta))
    assert outcome == Reject(-1013, "Filter failure: TRAILING_DELTA")


def test_a_stop_price_obeys_the_price_filter() -> None:
    outcome = place(new_exchange(), stop("SELL", 1, 98, stop_price=98 * TICK + 1))
    assert outcome == Reject(-1013, "Filter failure: PRICE_FILTER")


def test_only_so_many_stops_may_be_open() -> None:
    exchange = new_exchange()
    for price in range(90, 95):
        placed(exchange, stop("SELL", 1, price))
    outcome = place(exchange, stop("SELL", 1, 95))
    assert outcome == Reject(-1013, "Filter failure: MAX_NUM_ALGO_ORDERS")
    placed(exchange, request("SELL", 1, 105))


def test_no_stop_is_triggered_while_the_symbol_is_halted() -> None:
    exchange = new_exchange()
    order = placed(exchange, stop("SELL", 1, 98))
    exchange.change_rules("AAABBB", status="HALT")
    assert updates(trade(exchange, 97, 1, sold=True)) == []
    exchange.change_rules("AAABBB", status="TRADING")
    trade(exchange, 97, 1, sold=True)
    assert order_of(exchange, order).status == "FILLED"
