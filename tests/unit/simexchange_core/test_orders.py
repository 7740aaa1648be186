"""Orders against the recorded book, told as stories: 100 bid, 101 offered, 5 on each level."""

import pytest

from holdfast.simexchange.model import Canceled, Depth, Placed, Reject, SimOrder, Ticker
from holdfast.simexchange.numbers import E8
from tests.unit.simexchange_core.stories import (
    STEP,
    SYMBOL,
    TICK,
    cancel,
    free,
    new_exchange,
    order_of,
    place,
    placed,
    request,
    trade,
    updates,
)


def test_a_limit_order_takes_level_by_level_and_its_rest_rests() -> None:
    exchange = new_exchange()
    outcome = place(exchange, request("BUY", 12, 102))
    assert isinstance(outcome, Placed)
    assert [(fill.price, fill.quantity) for fill in outcome.fills] == [
        (101 * TICK, 5 * STEP),
        (102 * TICK, 5 * STEP),
    ]
    assert outcome.order.status == "PARTIALLY_FILLED"
    assert exchange.accounts.open_orders("ann")[0].leaves_quantity == 2 * STEP


def test_what_was_taken_stays_taken_until_the_recording_changes_the_level() -> None:
    exchange = new_exchange()
    placed(exchange, request("BUY", 5, 101))
    at = exchange.now_ns
    second = placed(exchange, request("BUY", 1))
    assert second.cum_quote == 102 * E8
    exchange.apply(Depth(at + 1, SYMBOL, 2, 2, 0, [], [(101 * TICK, 5 * STEP)]))
    third = placed(exchange, request("BUY", 1))
    assert third.cum_quote == 101 * E8


def test_a_new_best_price_counts_as_a_change_of_its_level_alone() -> None:
    exchange = new_exchange()
    placed(exchange, request("BUY", 5, 101))
    at = exchange.now_ns
    exchange.apply(Ticker(at + 1, SYMBOL, 2, 100 * TICK, 5 * STEP, 101 * TICK, 5 * STEP))
    exchange.apply(Ticker(at + 2, SYMBOL, 3, 100 * TICK, 9 * STEP, 101 * TICK, 5 * STEP))
    assert placed(exchange, request("BUY", 1)).cum_quote == 101 * E8
    placed(exchange, request("BUY", 4, 101))
    exchange.apply(Ticker(at + 3, SYMBOL, 4, 100 * TICK, 2 * STEP, 101 * TICK, 5 * STEP))
    assert placed(exchange, request("BUY", 1)).cum_quote == 102 * E8


def test_a_market_order_without_enough_offers_expires_with_its_fills_kept() -> None:
    order = placed(new_exchange(), request("BUY", 20))
    assert (order.status, order.cum_quantity) == ("EXPIRED", 15 * STEP)
    assert order.expiry_reason == "INSUFFICIENT_LIQUIDITY"


def test_a_market_order_by_quote_amount_spends_no_more_than_that() -> None:
    order = placed(new_exchange(), request("BUY", 0, quote_quantity=1_000 * E8))
    assert (order.status, order.cum_quantity) == ("FILLED", 9 * STEP)
    assert order.cum_quote == (5 * 101 + 4 * 102) * E8
    assert order.quantity == order.cum_quantity


def test_an_immediate_order_expires_with_what_it_could_not_get() -> None:
    order = placed(new_exchange(), request("BUY", 9, 101, time_in_force="IOC"))
    assert (order.status, order.cum_quantity) == ("EXPIRED", 5 * STEP)
    assert order.expiry_reason == "UNFILLED_IOC_QUANTITY_EXPIRED"


def test_a_fill_or_kill_order_gets_all_or_nothing() -> None:
    exchange = new_exchange()
    killed = placed(exchange, request("BUY", 6, 101, time_in_force="FOK"))
    assert (killed.status, killed.cum_quantity) == ("EXPIRED", 0)
    assert killed.expiry_reason == "UNFILLED_FOK_ORDER_EXPIRED"
    assert placed(exchange, request("BUY", 5, 101, time_in_force="FOK")).status == "FILLED"


def test_a_post_only_order_that_would_take_is_refused() -> None:
    exchange = new_exchange()
    asked = request("BUY", 1, 101, order_type="LIMIT_MAKER", time_in_force="")
    assert place(exchange, asked) == Reject(-2010, "Order would immediately match and take.")
    passive = request("BUY", 1, 100, order_type="LIMIT_MAKER", time_in_force="")
    assert placed(exchange, passive).status == "NEW"


def test_a_maker_waits_behind_what_was_displayed_and_then_is_filled_at_its_price() -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 3, 100))
    trade(exchange, 100, 5, sold=True)
    assert order_of(exchange, order).cum_quantity == 0
    emissions = trade(exchange, 100, 2, sold=True)
    report = updates(emissions)[0]
    assert report.trade is not None
    assert (report.trade.price, report.trade.quantity) == (100 * TICK, 2 * STEP)
    assert report.trade.is_maker
    assert order_of(exchange, order).status == "PARTIALLY_FILLED"


def test_a_trade_through_the_price_fills_at_once_and_no_more_than_was_traded() -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 9, 100))
    trade(exchange, 99, 4, sold=True)
    assert order_of(exchange, order).cum_quantity == 4 * STEP


def test_a_trade_of_the_other_aggressor_does_not_fill() -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 1, 100))
    trade(exchange, 100, 50, sold=False)
    assert order_of(exchange, order).cum_quantity == 0


def test_half_of_the_cancels_at_the_price_are_taken_to_be_ahead() -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 1, 100))
    at = exchange.now_ns + 1
    exchange.apply(Depth(at, SYMBOL, 2, 2, 0, [(100 * TICK, 3 * STEP)], []))
    line = exchange.clearing.pairs[SYMBOL].bids.by_price[100 * TICK]
    assert line[0].ahead == 3 * STEP
    exchange.apply(Depth(at, SYMBOL, 3, 3, 0, [(100 * TICK, 9 * STEP)], []))
    exchange.apply(Depth(at, SYMBOL, 4, 4, 0, [(100 * TICK, 5 * STEP)], []))
    assert line[0].ahead == 1 * STEP
    trade(exchange, 100, 2, sold=True)
    assert order_of(exchange, order).status == "FILLED"


def test_a_fall_that_trades_explain_is_not_counted_as_cancels_too() -> None:
    exchange = new_exchange()
    placed(exchange, request("BUY", 1, 100))
    trade(exchange, 100, 2, sold=True)
    at = exchange.now_ns + 1
    exchange.apply(Depth(at, SYMBOL, 2, 2, 0, [(100 * TICK, 3 * STEP)], []))
    assert exchange.clearing.pairs[SYMBOL].bids.by_price[100 * TICK][0].ahead == 3 * STEP


def test_a_market_that_comes_through_an_order_without_a_trade_fills_it() -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 3, 100))
    at = exchange.now_ns + 1
    exchange.apply(Ticker(at, SYMBOL, 9, 98 * TICK, 5 * STEP, 99 * TICK, 2 * STEP))
    filled = order_of(exchange, order)
    assert (filled.cum_quantity, filled.cum_quote) == (2 * STEP, 200 * E8)


def test_a_best_price_that_comes_too_late_is_not_believed() -> None:
    exchange = new_exchange()
    at = exchange.now_ns + 1
    exchange.apply(Ticker(at, SYMBOL, 9, 98 * TICK, 5 * STEP, 99 * TICK, 2 * STEP))
    exchange.apply(Ticker(at, SYMBOL, 8, 90 * TICK, 5 * STEP, 91 * TICK, 2 * STEP))
    assert placed(exchange, request("BUY", 1)).cum_quote == 99 * E8


def test_our_older_order_is_served_before_our_younger_one_of_another_account() -> None:
    exchange = new_exchange()
    older = placed(exchange, request("BUY", 2, 100), "bob")
    younger = placed(exchange, request("BUY", 2, 100), "ann")
    trade(exchange, 100, 8, sold=True)
    assert order_of(exchange, older).status == "FILLED"
    assert order_of(exchange, younger).cum_quantity == 1 * STEP


def test_two_accounts_trade_with_each_other_at_the_makers_price_under_one_trade_id() -> None:
    exchange = new_exchange()
    maker = placed(
        exchange, request("SELL", 2, 101, order_type="LIMIT_MAKER", time_in_force="")
    )
    trade(exchange, 101, 5, sold=False)
    taker = placed(exchange, request("BUY", 2, 102), "bob")
    assert taker.cum_quote == 202 * E8
    assert order_of(exchange, maker).status == "FILLED"
    ids = {exchange.accounts.my_trades(name, SYMBOL)[0].trade_id for name in ("ann", "bob")}
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("mode", "taker_status", "maker_status"),
    [
        ("NONE", "FILLED", "FILLED"),
        ("EXPIRE_TAKER", "EXPIRED_IN_MATCH", "NEW"),
        ("EXPIRE_MAKER", "FILLED", "EXPIRED_IN_MATCH"),
        ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH"),
    ],
)
def test_self_trade_prevention_ends_the_order_that_its_mode_names(
    mode: str, taker_status: str, maker_status: str
) -> None:
    exchange = new_exchange()
    maker = placed(exchange, request("SELL", 1, 101))
    trade(exchange, 101, 5, sold=False)
    taker = placed(exchange, request("BUY", 1, 102, stp_mode=mode))
    assert taker.status == taker_status
    assert order_of(exchange, maker).status == maker_status


def test_prevention_is_reported_with_its_quantity_and_counterpart() -> None:
    exchange = new_exchange()
    maker = placed(exchange, request("SELL", 3, 101))
    trade(exchange, 101, 5, sold=False)
    asked = request("BUY", 2, 102, stp_mode="EXPIRE_TAKER")
    ticket = exchange.place("ann", asked, arrived_ns=exchange.now_ns)
    report = updates(exchange.advance(ticket.due_ns))[-1]
    assert report.execution_type == "TRADE_PREVENTION"
    assert report.last_prevented_quantity == 2 * STEP
    assert report.counter_order_id == maker.order_id
    assert report.order.prevented_quantity == 2 * STEP


def test_an_open_client_order_id_is_a_duplicate_and_may_be_used_again_later() -> None:
    exchange = new_exchange()
    first = placed(exchange, request("BUY", 1, 99, client_order_id="mine"))
    again = place(exchange, request("BUY", 1, 99, client_order_id="mine"))
    assert again == Reject(-2010, "Duplicate order sent.")
    assert isinstance(cancel(exchange, order_id=first.order_id), Canceled)
    second = placed(exchange, request("BUY", 1, 99, client_order_id="mine"))
    found = exchange.accounts.order("ann", SYMBOL, client_id="mine")
    assert isinstance(found, SimOrder)
    assert found.order_id == second.order_id


def test_a_cancel_gives_the_lock_back_and_carries_both_client_ids() -> None:
    exchange = new_exchange()
    before = free(exchange, "BBB")
    order = placed(exchange, request("BUY", 2, 99, client_order_id="mine"))
    assert free(exchange, "BBB") == before - 198 * E8
    outcome = cancel(exchange, original_client_order_id="mine", new_client_order_id="theirs")
    assert isinstance(outcome, Canceled)
    assert outcome.client_order_ids == ["theirs"]
    assert order_of(exchange, order).status == "CANCELED"
    assert free(exchange, "BBB") == before


def test_a_cancel_of_nothing_is_an_unknown_order() -> None:
    exchange = new_exchange()
    assert cancel(exchange, order_id=7) == Reject(-2011, "Unknown order sent.")
    placed(exchange, request("BUY", 1, 99, client_order_id="mine"))
    wrong = cancel(exchange, order_id=1, original_client_order_id="other")
    assert isinstance(wrong, Reject)
    assert wrong.code == -2039


def test_a_cancel_may_be_restricted_to_orders_without_a_fill() -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 7, 101))
    refused = cancel(exchange, order_id=order.order_id, restrictions="ONLY_NEW")
    assert isinstance(refused, Reject)
    wanted = cancel(exchange, order_id=order.order_id, restrictions="ONLY_PARTIALLY_FILLED")
    assert isinstance(wanted, Canceled)


def test_cancel_all_ends_every_open_order_of_the_symbol_and_says_when_there_is_none() -> None:
    exchange = new_exchange()
    for price in (98, 99):
        placed(exchange, request("BUY", 1, price))
    ticket = exchange.cancel_all("ann", SYMBOL, arrived_ns=exchange.now_ns)
    exchange.advance(ticket.due_ns)
    assert isinstance(ticket.outcome, Canceled)
    assert [order.status for order in ticket.outcome.orders] == ["CANCELED", "CANCELED"]
    again = exchange.cancel_all("ann", SYMBOL, arrived_ns=exchange.now_ns)
    exchange.flush()
    assert again.outcome == Reject(-2011, "Unknown order sent.")


def test_an_order_beyond_the_balance_is_refused_without_any_effect() -> None:
    exchange = new_exchange(worth=1)
    before = exchange.accounts.balances("ann")
    assert place(exchange, request("BUY", 2, 100)) == Reject(
        -2010, "Account has insufficient balance for requested action."
    )
    assert isinstance(place(exchange, request("SELL", 2, 101)), Reject)
    assert isinstance(place(exchange, request("BUY", 2)), Reject)
    assert exchange.accounts.balances("ann") == before
    assert exchange.accounts.all_orders("ann", SYMBOL) == []


def test_a_check_says_what_placing_would_say_and_does_nothing() -> None:
    exchange = new_exchange(worth=1)
    assert exchange.check("ann", request("BUY", 1, 50)) is None
    assert isinstance(exchange.check("ann", request("BUY", 9, 100)), Reject)
    assert exchange.accounts.all_orders("ann", SYMBOL) == []


def test_an_order_by_quote_amount_needs_a_book_that_offers_the_least_quantity() -> None:
    exchange = new_exchange()
    at_ns = exchange.now_ns + 1
    empty = [(price, 0) for price, _ in exchange.market.depth(SYMBOL).asks]
    exchange.apply(Depth(at_ns, SYMBOL, 2, 2, 0, [], empty))
    asked = request("BUY", 0, quote_quantity=1_000 * E8)
    message = "Order book liquidity is less than symbol minimum quantity."
    assert place(exchange, asked) == Reject(-2010, message)
    exchange.change_rules(SYMBOL, min_quantity=3 * STEP)
    exchange.apply(Depth(at_ns + 1, SYMBOL, 3, 3, 0, [], [(101 * TICK, 2 * STEP)]))
    outcome = place(exchange, asked)
    assert isinstance(outcome, Reject)
    assert "LOT_SIZE" in outcome.message
