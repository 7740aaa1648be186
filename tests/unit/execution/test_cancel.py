"""Cancel-all takes entries and exits, and stops only when nothing is left to protect."""

from holdfast.domain import events as ev
from holdfast.domain.account import Account
from holdfast.domain.ids import StrategyId
from holdfast.domain.order import Order
from holdfast.execution.cancel import cancelable, uncovered
from holdfast.testing import happenings as told
from holdfast.testing.market import instrument

BTCUSDT = instrument()
ENTRY = told.approved(BTCUSDT, "buy", client_order_id="entry", quantity="2")
EXIT = told.approved(BTCUSDT, "sell", client_order_id="exit", purpose="exit")
STOP = told.approved(BTCUSDT, "sell", client_order_id="stop", purpose="protective")
OTHER = told.approved(BTCUSDT, "buy", client_order_id="other", strategy="quotes")


def account_after(*more: ev.Event) -> Account:
    opening = told.opening(BTCUSDT, balances={"USDT": "1000"})
    return told.account_of([*opening, ENTRY, EXIT, STOP, OTHER, *more])


def names(orders: list[Order]) -> list[str]:
    return [order.request.client_order_id for order in orders]


def test_stops_of_open_positions_stay() -> None:
    account = account_after(told.filled(ENTRY, "1"))
    assert names(cancelable(account)) == ["entry", "exit", "other"]
    assert names(uncovered(account)) == ["stop"]


def test_stops_of_flat_positions_go() -> None:
    account = account_after()
    assert names(cancelable(account)) == ["entry", "exit", "other", "stop"]
    assert uncovered(account) == []


def test_stops_go_when_they_are_included_by_name() -> None:
    account = account_after(told.filled(ENTRY, "1"))
    assert "stop" in names(cancelable(account, including_stops=True))


def test_one_strategys_orders_are_taken_alone() -> None:
    account = account_after()
    assert names(cancelable(account, strategy=StrategyId("quotes"))) == ["other"]
    assert cancelable(account, symbol="ETHUSDT") == []  # type: ignore[arg-type]


def test_what_has_ended_is_left_and_what_is_unknown_is_taken() -> None:
    account = account_after(told.canceled(EXIT, cum_quantity="1"), told.doubted(OTHER))
    assert "exit" in account.orders
    assert names(cancelable(account)) == ["entry", "other", "stop"]


def test_a_cancel_under_way_is_sent_again() -> None:
    assert "entry" in names(cancelable(account_after(told.cancel_requested(ENTRY))))
