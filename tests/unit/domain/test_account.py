"""The account: what is free, what is open, and whose a position is."""

from holdfast.domain import account as account_module
from holdfast.domain import events as ev
from holdfast.domain.account import Account, Exposure
from holdfast.domain.fold import apply
from holdfast.domain.ids import UNATTRIBUTED, ExecId, StrategyId, Symbol
from holdfast.domain.money import amount_text, amount_units
from holdfast.testing import happenings as told
from holdfast.testing.market import instrument

BTCUSDT = instrument()
SYMBOL = BTCUSDT.symbol
TREND = StrategyId("trend")
BALANCES = {"USDT": "1000", "BTC": "2", "BNB": "1"}


def account_after(*events: ev.Event) -> Account:
    return told.account_of([*told.opening(BTCUSDT, balances=BALANCES), *events])


def free(account: Account, asset: str) -> str:
    return amount_text(account.available(asset))  # type: ignore[arg-type]


def test_a_buy_holds_its_money_until_it_ends() -> None:
    order = told.approved(BTCUSDT, "buy", client_order_id="a", quantity="2", price="100")
    assert free(account_after(order), "USDT") == "800"
    assert free(account_after(order, told.filled(order, "1")), "USDT") == "800"
    assert free(
        account_after(order, told.filled(order, "1"), told.canceled(order)), "USDT"
    ) == ("900")
    assert free(account_after(order, told.rejected(order)), "USDT") == "1000"


def test_a_sell_holds_the_asset_and_brings_its_money() -> None:
    order = told.approved(BTCUSDT, "sell", client_order_id="a", quantity="2", price="100")
    account = account_after(order, told.filled(order, "1", fee="0.1"))
    assert free(account, "BTC") == "0"
    assert free(account, "USDT") == "1099.9"
    assert account.position(TREND, SYMBOL) == -BTCUSDT.quantity("1")


def test_an_unknown_order_holds_everything() -> None:
    order = told.approved(BTCUSDT, "buy", client_order_id="a", quantity="2", price="100")
    account = account_after(order, told.doubted(order))
    assert free(account, "USDT") == "800"
    assert account.exposure(TREND, SYMBOL) == Exposure(buying=BTCUSDT.quantity("2"))


def test_a_fee_in_the_base_asset_is_taken_from_the_position() -> None:
    order = told.approved(BTCUSDT, "buy", client_order_id="a", quantity="1", price="100")
    account = account_after(order, told.filled(order, "1", fee="0.001", fee_asset="BTC"))
    assert account.position(TREND, SYMBOL) == BTCUSDT.quantity("0.999")
    assert account.symbol_position(SYMBOL) == BTCUSDT.quantity("0.999")
    assert free(account, "BTC") == "2.999"


def test_a_fee_in_a_third_asset_leaves_the_position_whole() -> None:
    order = told.approved(BTCUSDT, "buy", client_order_id="a", quantity="1", price="100")
    account = account_after(order, told.filled(order, "1", fee="0.001", fee_asset="BNB"))
    assert account.position(TREND, SYMBOL) == BTCUSDT.quantity("1")
    assert free(account, "BNB") == "0.999"


def test_children_draw_on_their_intent_and_the_rest_is_released() -> None:
    parent = told.accepted(BTCUSDT, "buy", intent_id="i", quantity="4", price="100")
    child = told.approved(
        BTCUSDT, "buy", client_order_id="a", quantity="1", price="100", intent_id="i"
    )
    account = account_after(parent, child)
    assert free(account, "USDT") == "600"
    assert account.intents["i"].undrawn == BTCUSDT.quantity("3")  # type: ignore[index]
    apply(account, ev.IntentClosed("i", "trend", SYMBOL, "done"))
    apply(account, ev.IntentClosed("i", "trend", SYMBOL, "again"))
    assert free(account, "USDT") == "900"
    assert account.exposure(TREND, SYMBOL).buying == BTCUSDT.quantity("1")


def test_the_accounts_position_is_the_sum_of_its_strategies() -> None:
    buy = told.approved(BTCUSDT, "buy", client_order_id="a", quantity="2", price="100")
    sell = told.approved(
        BTCUSDT, "sell", client_order_id="b", quantity="1", price="120", strategy="quotes"
    )
    account = account_after(
        buy, sell, told.filled(buy, "1", quantity="2"), told.filled(sell, "2")
    )
    assert account.position(TREND, SYMBOL) == BTCUSDT.quantity("2")
    assert account.position(StrategyId("quotes"), SYMBOL) == -BTCUSDT.quantity("1")
    assert account.symbol_position(SYMBOL) == BTCUSDT.quantity("1")


def test_executions_that_are_not_ours_go_to_nobody_and_are_booked_once() -> None:
    stranger = ev.ForeignFillSeen(
        venue_order_id="9",
        exec_id="5",
        symbol=SYMBOL,
        product="spot",
        side="sell",
        position_side="both",
        last_price="100",
        last_quantity="1",
        fee="0",
        fee_asset="USDT",
        fee_value="0",
        fee_value_source="",
        liquidity_side="taker",
        venue_at_ns=0,
    )
    account = account_after(stranger, stranger)
    assert account.position(UNATTRIBUTED, SYMBOL) == -BTCUSDT.quantity("1")
    assert free(account, "USDT") == "1100"
    assert account.bookings_count == 1


def test_the_last_execution_is_the_highest_not_the_latest() -> None:
    order = told.approved(BTCUSDT, "buy", client_order_id="a", quantity="9", price="100")
    account = account_after(order, *(told.filled(order, i) for i in ("9", "10", "2")))
    assert account.last_exec == {SYMBOL: ExecId("10")}


def test_an_adopted_order_counts_like_any_other() -> None:
    adopted = ev.OrderAdopted(
        client_order_id="z",
        venue_order_id="7",
        strategy=UNATTRIBUTED,
        symbol=SYMBOL,
        product="spot",
        side="buy",
        order_type="limit",
        time_in_force="gtc",
        quantity="2",
        price="100",
        position_side="both",
        reduce_only=False,
        purpose="entry",
        reserved_asset="USDT",
        reserved="200",
        reason="found",
    )
    account = account_after(adopted)
    assert free(account, "USDT") == "800"
    assert account.find("z").acked  # type: ignore[arg-type, union-attr]
    assert account.exposure(UNATTRIBUTED, SYMBOL).buying == BTCUSDT.quantity("2")


def test_balances_change_by_what_the_venue_says_beyond_our_trades() -> None:
    account = account_after(ev.BalanceAdjusted("BNB", "-0.25", "600", "USDT", "withdrawn"))
    assert account.balances["BNB"] == amount_units("0.75")  # type: ignore[index]


def test_a_late_figure_reopens_a_closed_order() -> None:
    order = told.approved(BTCUSDT, "buy", client_order_id="a", quantity="2", price="100")
    account = account_after(order, told.canceled(order))
    assert not account.orders
    apply(account, told.canceled(order, cum_quantity="1"))
    assert set(account.orders) == {"a"}
    assert free(account, "USDT") == "900"


def test_closed_orders_are_forgotten_from_the_oldest_on() -> None:
    orders = [told.approved(BTCUSDT, "buy", client_order_id=str(i)) for i in range(3)]
    account = account_after()
    kept = account_module.CLOSED_ORDERS_KEPT
    any_held = next(iter(account_after(orders[0]).orders.values()))
    for index in range(kept):
        account.closed[f"old{index}"] = any_held  # type: ignore[index]
    for order in orders:
        apply(account, order)
        apply(account, told.rejected(order))
    assert len(account.closed) == kept
    assert "old2" not in account.closed
    assert account.find("2") is not None  # type: ignore[arg-type]


def test_a_comparison_moves_the_mark_from_which_the_next_one_asks() -> None:
    done = ev.ReconciliationCompleted("start", 0, 0, [], True, {SYMBOL: "41"})
    assert account_after(done).reconciled_through == {Symbol(SYMBOL): ExecId("41")}


def test_the_hashed_form_is_sorted_and_leaves_empty_things_out() -> None:
    order = told.approved(BTCUSDT, "buy", client_order_id="a", quantity="1", price="100")
    empty = account_after().canonical()
    done = account_after(order, told.withheld(order)).canonical()
    assert done == empty
    assert list(empty["balances"]) == sorted(BALANCES)
