"""An order as a set of facts: what its status says in the cases that hurt."""

import pytest

from holdfast.domain.fold import apply
from holdfast.domain.order import Order, OrderStatus, Side
from holdfast.testing import happenings as told
from holdfast.testing.market import instrument

BTCUSDT = instrument()
ORDER = told.approved(BTCUSDT, "buy", client_order_id="a", quantity="3")


def after(*events: object) -> Order:
    """Give the order after events."""
    opening = told.opening(BTCUSDT, balances={"USDT": "1000"})
    account = told.account_of([*opening, ORDER, *events])  # type: ignore[list-item]
    order = account.find("a")  # type: ignore[arg-type]
    assert order is not None
    return order


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([], OrderStatus.APPROVED),
        ([told.acked(ORDER)], OrderStatus.ACCEPTED),
        ([told.doubted(ORDER)], OrderStatus.UNKNOWN),
        ([told.doubted(ORDER), told.acked(ORDER)], OrderStatus.ACCEPTED),
        ([told.filled(ORDER, "1")], OrderStatus.PARTIALLY_FILLED),
        ([told.filled(ORDER, "1", quantity="3")], OrderStatus.FILLED),
        ([told.rejected(ORDER)], OrderStatus.REJECTED),
        ([told.withheld(ORDER)], OrderStatus.NOT_SENT),
        ([told.canceled(ORDER)], OrderStatus.CANCELED),
        ([told.expired(ORDER)], OrderStatus.EXPIRED),
        ([told.canceled(ORDER), told.expired(ORDER)], OrderStatus.CANCELED),
        ([told.canceled(ORDER), told.filled(ORDER, "1", quantity="3")], OrderStatus.FILLED),
    ],
)
def test_the_status_follows_from_the_facts(events: list[object], status: OrderStatus) -> None:
    assert after(*events).status is status


def test_a_fill_after_a_cancel_is_booked() -> None:
    order = after(told.canceled(ORDER), told.filled(ORDER, "9"))
    assert order.cum_quantity == BTCUSDT.quantity("1")
    assert order.ending == "canceled"
    assert not order.is_open


def test_an_execution_that_the_end_named_counts_as_risk_until_it_is_booked() -> None:
    ended = told.canceled(ORDER, cum_quantity="2")
    order = after(told.filled(ORDER, "1"), ended)
    assert order.leaves_quantity == BTCUSDT.quantity("1")
    assert order.is_open
    assert not after(told.filled(ORDER, "1"), ended, told.filled(ORDER, "2")).is_open


def test_an_execution_told_again_is_not_booked_again() -> None:
    fill = told.filled(ORDER, "1")
    assert after(fill, fill, fill).cum_quantity == BTCUSDT.quantity("1")


def test_a_doubt_counts_at_its_worst_and_is_settled_by_evidence() -> None:
    order = after(told.doubted(ORDER))
    assert order.is_unknown
    assert order.leaves_quantity == order.request.quantity
    assert not after(told.doubted(ORDER), told.filled(ORDER, "1")).is_unknown
    assert not after(told.acked(ORDER), told.doubted(ORDER)).is_unknown


def test_a_second_cancel_is_still_under_way_when_the_first_was_refused() -> None:
    request, refused = told.cancel_requested(ORDER), told.cancel_rejected(ORDER)
    assert after(request).cancel_requested
    assert not after(request, refused).cancel_requested
    assert after(request, request, refused).cancel_requested
    assert after(request, refused, request).cancel_requested
    assert not after(request, told.canceled(ORDER)).cancel_requested


def test_the_venues_id_is_learned_from_a_fill_too() -> None:
    assert after(told.filled(ORDER, "1")).venue_order_id == told.venue_id(ORDER)


def test_sides_know_their_sign_and_their_opposite() -> None:
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
    assert Side.BUY.opposite is Side.SELL
    assert Side.SELL.opposite is Side.BUY


def test_events_of_orders_that_nobody_knows_change_nothing() -> None:
    account = told.account_of(told.opening(BTCUSDT, balances={"USDT": "1000"}))
    before = account.canonical()
    for event in (told.acked(ORDER), told.filled(ORDER, "1"), told.canceled(ORDER)):
        apply(account, event)
    assert account.canonical() == before
