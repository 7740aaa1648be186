"""Amend in place and cancel-and-replace: 100 bid, 101 offered, 5 on each level."""

from typing import Any

from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.model import Canceled, CancelRequest, Outcome, Placed, Reject
from holdfast.simexchange.requests import Amended, AmendRequest, Replaced, ReplaceRequest
from tests.unit.simexchange_core.stories import (
    STEP,
    SYMBOL,
    list_states,
    listed,
    locked,
    maker,
    new_exchange,
    oco,
    order_of,
    placed,
    request,
    stop,
    submit,
    trade,
    updates,
)


def amend(exchange: Exchange, order_id: int, quantity: int, **more: Any) -> Outcome:
    """Ask for another quantity."""
    asked = AmendRequest(symbol=SYMBOL, order_id=order_id, quantity=quantity * STEP, **more)
    return submit(exchange, asked)


def test_an_amended_order_keeps_its_place_in_the_queue() -> None:
    exchange = new_exchange()
    mine = placed(exchange, request("BUY", 4, 100))
    other = placed(exchange, request("BUY", 4, 100), "bob")
    outcome = amend(exchange, mine.order_id, 2, new_client_order_id="smaller")
    assert isinstance(outcome, Amended)
    assert outcome.original_client_order_id == mine.client_order_id
    assert locked(exchange, "BBB") == 200 * STEP
    trade(exchange, 100, 7, sold=True)
    assert order_of(exchange, mine).status == "FILLED"
    assert order_of(exchange, other).status == "NEW"


def test_an_amendment_is_reported_as_replaced_with_both_client_ids() -> None:
    exchange = new_exchange()
    mine = placed(exchange, request("BUY", 4, 100, client_order_id="first"))
    asked = AmendRequest(symbol=SYMBOL, original_client_order_id="first", quantity=STEP)
    ticket = exchange.submit("ann", asked, arrived_ns=exchange.now_ns)
    (report,) = updates(exchange.advance(ticket.due_ns))
    assert (report.execution_type, report.original_client_order_id) == ("REPLACED", "first")
    assert report.client_order_id == report.order.client_order_id != "first"
    (row,) = exchange.history.amendments("ann", mine.order_id)
    assert (row.original_quantity, row.new_quantity) == (4 * STEP, STEP)
    assert row.execution_id == report.execution_id


def test_an_amendment_never_raises_and_never_repeats_a_quantity() -> None:
    exchange = new_exchange()
    order_id = placed(exchange, request("BUY", 4, 100)).order_id
    more, same = amend(exchange, order_id, 5), amend(exchange, order_id, 4)
    assert isinstance(more, Reject)
    assert "increase" in more.message
    assert isinstance(same, Reject)
    assert "no state" in same.message
    assert {more.code, same.code} == {-2038}
    gone = amend(exchange, 999, 1)
    assert gone == Reject(-2038, "Unknown order sent.")
    assert amend(exchange, order_id, 0) == Reject(-1013, "Filter failure: LOT_SIZE")


def test_an_order_is_amended_so_often_and_no_oftener() -> None:
    exchange = new_exchange()
    exchange.change_rules(SYMBOL, max_order_amends=2)
    order_id = placed(exchange, request("BUY", 4, 100)).order_id
    assert isinstance(amend(exchange, order_id, 3), Amended)
    assert isinstance(amend(exchange, order_id, 2), Amended)
    assert amend(exchange, order_id, 1) == Reject(-2038, "Filter failure: MAX_NUM_ORDER_AMENDS")


def test_an_order_amended_to_what_is_filled_already_ends() -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 8, 101))
    assert order.cum_quantity == 5 * STEP
    outcome = amend(exchange, order.order_id, 3)
    assert isinstance(outcome, Amended)
    ended = order_of(exchange, order)
    assert (ended.status, ended.quantity) == ("EXPIRED", 5 * STEP)
    assert locked(exchange, "BBB") == 0


def test_both_orders_of_a_pair_are_amended_together() -> None:
    exchange = new_exchange()
    pair = oco("SELL", 4, maker("SELL", 4, 105), stop("SELL", 4, 97, limit=96))
    orders = listed(exchange, pair)
    asked = AmendRequest(symbol=SYMBOL, order_id=orders[1].order_id, quantity=2 * STEP)
    ticket = exchange.submit("ann", asked, arrived_ns=exchange.now_ns)
    happened = exchange.advance(ticket.due_ns)
    assert list_states(happened) == ["UPDATED"]
    assert [order_of(exchange, one).quantity for one in orders] == [2 * STEP, 2 * STEP]
    assert locked(exchange, "AAA") == 2 * STEP


def replace(exchange: Exchange, order_id: int, place: Any, **more: Any) -> Outcome:
    """Cancel an order and place another."""
    cancel = CancelRequest(symbol=SYMBOL, order_id=order_id, **more.pop("cancel", {}))
    fields: dict[str, Any] = {"goes_on": False} | more
    return submit(exchange, ReplaceRequest(cancel=cancel, place=place, **fields))


def test_a_replacement_uses_the_money_of_the_order_that_it_cancels() -> None:
    exchange = new_exchange(worth=1)
    order = placed(exchange, request("BUY", 1, 99))
    outcome = replace(exchange, order.order_id, request("BUY", 1, 98))
    assert isinstance(outcome, Replaced)
    assert isinstance(outcome.canceled, Canceled)
    assert isinstance(outcome.placed, Placed)
    assert order_of(exchange, order).status == "CANCELED"


def test_a_cancel_that_fails_stops_the_replacement_unless_it_may_go_on() -> None:
    exchange = new_exchange()
    outcome = replace(exchange, 99, request("BUY", 1, 98))
    assert isinstance(outcome, Replaced)
    assert (outcome.canceled, outcome.placed) == (Reject(-2011, "Unknown order sent."), None)
    outcome = replace(exchange, 99, request("BUY", 1, 98), goes_on=True)
    assert isinstance(outcome, Replaced)
    assert isinstance(outcome.placed, Placed)


def test_a_replacement_that_is_refused_leaves_the_cancel_done_and_reports_both() -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 1, 99))
    cancel = CancelRequest(symbol=SYMBOL, order_id=order.order_id)
    asked = ReplaceRequest(cancel=cancel, place=maker("BUY", 1, 101), goes_on=False)
    ticket = exchange.submit("ann", asked, arrived_ns=exchange.now_ns)
    said = updates(exchange.advance(ticket.due_ns))
    assert [one.execution_type for one in said] == ["CANCELED", "REJECTED"]
    assert said[1].reject_reason == "WOULD_MATCH_IMMEDIATELY"
    assert exchange.accounts.open_orders("ann") == []
    assert len(exchange.accounts.all_orders("ann", SYMBOL)) == 1


def test_filters_refuse_a_replacement_before_anything_is_canceled() -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 1, 99))
    outcome = replace(exchange, order.order_id, stop("BUY", 1, 98, stop_price=STEP + 1))
    assert outcome == Reject(-1013, "Filter failure: PRICE_FILTER")
    assert order_of(exchange, order).status == "NEW"


def test_a_restricted_cancel_leaves_an_order_of_another_status() -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 1, 99))
    restricted = {"restrictions": "ONLY_PARTIALLY_FILLED"}
    outcome = replace(exchange, order.order_id, request("BUY", 1, 98), cancel=restricted)
    assert isinstance(outcome, Replaced)
    assert isinstance(outcome.canceled, Reject)
    assert outcome.canceled.code == -2011
    assert order_of(exchange, order).status == "NEW"
