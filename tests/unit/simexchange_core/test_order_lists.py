"""Order lists (XCH-10): 100 bid, 101 offered, 5 on each level; the first price is 100."""

import pytest

from holdfast.simexchange.model import Canceled, PlaceRequest, Reject
from holdfast.simexchange.requests import CancelListRequest, ListRequest
from tests.unit.simexchange_core.stories import (
    STEP,
    SYMBOL,
    cancel,
    free,
    list_states,
    listed,
    locked,
    maker,
    new_exchange,
    oco,
    order_of,
    place,
    placed,
    request,
    statuses,
    stop,
    submit,
    trade,
    updates,
)


def sell_pair(quantity: int = 2) -> ListRequest:
    """Sell at 105, or from 97 down to 96."""
    above = maker("SELL", quantity, 105)
    return oco("SELL", quantity, above, stop("SELL", quantity, 97, limit=96))


def test_a_pair_locks_its_quantity_once() -> None:
    exchange = new_exchange()
    listed(exchange, sell_pair())
    assert locked(exchange, "AAA") == 2 * STEP
    buy = oco("BUY", 2, stop("BUY", 2, 105, limit=106), maker("BUY", 2, 95))
    listed(exchange, buy)
    assert locked(exchange, "BBB") == 2 * 106 * STEP


def test_a_fill_of_one_order_of_a_pair_ends_the_other() -> None:
    exchange = new_exchange()
    orders = listed(exchange, sell_pair())
    happened = trade(exchange, 105, 1, sold=False)
    assert [one.execution_type for one in updates(happened)] == ["TRADE", "EXPIRED"]
    assert updates(happened)[1].order.expiry_reason == "OCO_TRIGGER"
    assert statuses(exchange, orders) == ["PARTIALLY_FILLED", "EXPIRED"]
    assert locked(exchange, "AAA") == STEP
    happened = trade(exchange, 105, 1, sold=False)
    assert list_states(happened) == ["ALL_DONE"]
    assert locked(exchange, "AAA") == 0


def test_a_triggered_stop_of_a_pair_ends_the_other_before_it_works() -> None:
    exchange = new_exchange()
    orders = listed(exchange, sell_pair())
    happened = updates(trade(exchange, 97, 1, sold=True))
    assert [(one.order.order_id, one.execution_type) for one in happened] == [
        (orders[0].order_id, "EXPIRED"),
        (orders[1].order_id, "NEW"),
        (orders[1].order_id, "TRADE"),
    ]
    assert statuses(exchange, orders) == ["EXPIRED", "FILLED"]
    assert free(exchange, "AAA") == 4998 * STEP


def test_a_cancel_of_one_order_cancels_its_list() -> None:
    exchange = new_exchange()
    orders = listed(exchange, sell_pair())
    outcome = cancel(exchange, order_id=orders[1].order_id)
    assert isinstance(outcome, Canceled)
    assert [order.status for order in outcome.orders] == ["CANCELED", "CANCELED"]
    assert outcome.lists[orders[0].list_id].order_status == "ALL_DONE"
    assert locked(exchange, "AAA") == 0
    gone = submit(exchange, CancelListRequest(symbol=SYMBOL, list_id=orders[0].list_id))
    assert gone == Reject(-2011, "Unknown order sent.")


def test_a_cancel_of_all_orders_takes_the_lists_with_it() -> None:
    exchange = new_exchange()
    placed(exchange, request("BUY", 1, 90))
    listed(exchange, sell_pair())
    ticket = exchange.cancel_all("ann", SYMBOL, arrived_ns=exchange.now_ns)
    exchange.advance(ticket.due_ns)
    assert isinstance(ticket.outcome, Canceled)
    assert len(ticket.outcome.orders) == 3
    assert len(ticket.outcome.lists) == 1
    assert exchange.accounts.open_orders("ann") == []


@pytest.mark.parametrize(
    ("side", "above", "below", "code"),
    [
        ("SELL", maker("SELL", 1, 105), maker("SELL", 1, 103), -1168),
        ("SELL", stop("SELL", 1, 105, profit=True), maker("SELL", 1, 103), -1166),
        ("BUY", maker("BUY", 1, 105), stop("BUY", 1, 95, profit=True), -1165),
        ("SELL", stop("SELL", 1, 105), stop("SELL", 1, 95), -1197),
        ("BUY", stop("BUY", 1, 105, profit=True), maker("BUY", 1, 95), -1198),
        ("SELL", maker("SELL", 1, 105), stop("SELL", 1, 95, profit=True), -1199),
        ("BUY", stop("BUY", 1, 105), stop("BUY", 1, 95), -1196),
        ("SELL", request("SELL", 1, 105), stop("SELL", 1, 95), -1158),
        ("SELL", maker("SELL", 1, 105), stop("SELL", 1, 103), -2010),
        ("SELL", maker("SELL", 1, 99), stop("SELL", 1, 97), -2010),
    ],
)
def test_a_pair_of_the_wrong_shape_is_refused_with_the_venues_code(
    side: str, above: PlaceRequest, below: PlaceRequest, code: int
) -> None:
    exchange = new_exchange()
    outcome = submit(exchange, oco(side, 1, above, below))
    assert isinstance(outcome, Reject)
    assert outcome.code == code
    assert exchange.accounts.open_orders("ann") == []
    assert exchange.history.order_lists("ann") == []


def triggering(pending: PlaceRequest, working: PlaceRequest | None = None) -> ListRequest:
    """One order that triggers another."""
    first = working or request("BUY", 2, 99)
    return ListRequest(symbol=SYMBOL, kind="OTO", orders=(first, pending))


def test_a_pending_order_waits_without_a_lock_until_the_working_one_is_filled() -> None:
    exchange = new_exchange()
    orders = listed(exchange, triggering(request("SELL", 2, 104)))
    assert [order.status for order in orders] == ["NEW", "PENDING_NEW"]
    assert locked(exchange, "AAA") == 0
    trade(exchange, 98, 1, sold=True)
    assert statuses(exchange, orders) == ["PARTIALLY_FILLED", "PENDING_NEW"]
    happened = trade(exchange, 98, 1, sold=True)
    assert [one.execution_type for one in updates(happened)] == ["TRADE", "NEW"]
    assert statuses(exchange, orders) == ["FILLED", "NEW"]
    assert locked(exchange, "AAA") == 2 * STEP
    happened = trade(exchange, 105, 2, sold=False)
    assert list_states(happened) == ["ALL_DONE"]


def test_the_answer_shows_a_pending_order_that_works_already_as_pending() -> None:
    exchange = new_exchange()
    asked = triggering(request("SELL", 2), request("BUY", 2, 101))
    orders = listed(exchange, asked)
    assert [order.status for order in orders] == ["FILLED", "PENDING_NEW"]
    assert statuses(exchange, orders) == ["FILLED", "FILLED"]


@pytest.mark.parametrize("which", [0, 1])
def test_a_cancel_of_either_order_cancels_both(which: int) -> None:
    exchange = new_exchange()
    orders = listed(exchange, triggering(request("SELL", 2, 104)))
    assert isinstance(cancel(exchange, order_id=orders[which].order_id), Canceled)
    assert statuses(exchange, orders) == ["CANCELED", "CANCELED"]
    assert locked(exchange, "BBB") == 0


def test_a_working_order_that_expires_takes_the_pending_one_with_it() -> None:
    exchange = new_exchange()
    working = request("BUY", 8, 101, time_in_force="IOC")
    orders = listed(exchange, triggering(request("SELL", 2, 104), working))
    assert statuses(exchange, orders) == ["EXPIRED", "EXPIRED"]
    assert order_of(exchange, orders[1]).expiry_reason == "OTO_PHASE_ONE_EXPIRED"


def test_a_pending_order_that_nothing_pays_for_expires_as_rejected() -> None:
    exchange = new_exchange(worth=3)
    orders = listed(exchange, triggering(request("SELL", 9, 104)))
    happened = updates(trade(exchange, 98, 2, sold=True))
    assert happened[-1].reject_reason == "INSUFFICIENT_BALANCES"
    pending = order_of(exchange, orders[1])
    assert (pending.status, pending.expiry_reason) == ("EXPIRED", "REJECTED")


def test_a_filled_order_triggers_a_pair() -> None:
    exchange = new_exchange()
    pair = sell_pair().orders
    asked = ListRequest(symbol=SYMBOL, kind="OTOCO", orders=(request("BUY", 2, 99), *pair))
    orders = listed(exchange, asked)
    trade(exchange, 98, 2, sold=True)
    assert statuses(exchange, orders) == ["FILLED", "NEW", "NEW"]
    assert locked(exchange, "AAA") == 2 * STEP
    trade(exchange, 97, 1, sold=True)
    assert statuses(exchange, orders) == ["FILLED", "EXPIRED", "FILLED"]
    assert locked(exchange, "AAA") == 0
    (done,) = exchange.history.order_lists("ann")
    assert done.is_done


def test_a_list_paid_by_its_working_order_sells_what_that_received() -> None:
    exchange = new_exchange()
    exchange.operator.deposit("ann", "AAA", amount=-(10**20), at_ns=exchange.now_ns)
    pending = request("SELL", 0, 104)
    asked = ListRequest(
        symbol=SYMBOL,
        kind="OTO",
        orders=(request("BUY", 3, 99), pending),
        is_paid_by_working=True,
    )
    orders = listed(exchange, asked)
    trade(exchange, 98, 1, sold=True)
    assert free(exchange, "AAA") == 0
    assert locked(exchange, "AAA") > 0
    trade(exchange, 98, 2, sold=True)
    pending_now = order_of(exchange, orders[1])
    assert pending_now.status == "NEW"
    assert pending_now.quantity == 2 * STEP
    assert locked(exchange, "AAA") == 2 * STEP
    assert 0 < free(exchange, "AAA") < STEP


def test_only_so_many_lists_may_be_open() -> None:
    exchange = new_exchange()
    exchange.change_rules(SYMBOL, max_order_lists=1)
    listed(exchange, sell_pair())
    outcome = submit(exchange, sell_pair())
    assert outcome == Reject(-1013, "Filter failure: MAX_NUM_ORDER_LISTS")


def test_a_pair_uses_two_places_of_the_open_orders() -> None:
    exchange = new_exchange()
    exchange.change_rules(SYMBOL, max_orders=2)
    placed(exchange, request("BUY", 1, 90))
    outcome = submit(exchange, sell_pair())
    assert outcome == Reject(-1013, "Filter failure: MAX_NUM_ORDERS")


def test_a_list_needs_an_id_that_no_open_list_has() -> None:
    exchange = new_exchange()
    named = sell_pair()
    twice = type(named)(
        symbol=SYMBOL, kind="OCO", orders=named.orders, list_client_order_id="mine"
    )
    listed(exchange, twice)
    assert submit(exchange, twice) == Reject(-2010, "Duplicate order sent.")
    canceled = submit(exchange, CancelListRequest(symbol=SYMBOL, list_client_order_id="mine"))
    assert isinstance(canceled, Canceled)
    listed(exchange, twice)


def test_a_prevented_match_of_one_order_ends_the_other() -> None:
    exchange = new_exchange()
    orders = listed(exchange, sell_pair())
    trade(exchange, 104, 50, sold=False)
    taker = place(exchange, request("BUY", 20, 105, stp_mode="DECREMENT"))
    assert not isinstance(taker, Reject)
    assert statuses(exchange, orders) == ["EXPIRED_IN_MATCH", "EXPIRED"]
    assert locked(exchange, "AAA") == 0
