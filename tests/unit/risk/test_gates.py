"""Each gate by itself: what it lets pass, what it refuses, and what it says."""

from typing import Any

import msgspec
import pytest

from holdfast.domain.approval import Accepted, Approved, Refusal, Refused
from holdfast.domain.fold import apply
from holdfast.domain.ids import StrategyId, Symbol
from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.intent import SizedIntent
from holdfast.domain.money import amount_units
from holdfast.risk.gate import review_order
from holdfast.risk.limits import Limits
from holdfast.risk.view import Desk
from holdfast.testing import happenings as told
from holdfast.testing.desk import TREND, TradingDesk
from holdfast.testing.market import instrument

BTCUSDT, ETHUSDT = instrument(), instrument("ETHUSDT")
QUOTES = StrategyId("quotes")


def make_desk(
    *instruments: Instrument, balances: dict[str, str] | None = None, **limits: Any
) -> TradingDesk:
    desk = TradingDesk(*(instruments or (BTCUSDT,)), balances=balances, limits=Limits(**limits))
    for traded in instruments or (BTCUSDT,):
        desk.desk.register(traded)
        desk.quote("99.99", "100.01", symbol=traded.symbol)
    return desk


def refusal(verdict: object) -> Refusal:
    assert isinstance(verdict, Refused), verdict
    assert len(verdict.refusals) == 1, verdict
    return verdict.refusals[0]


def holding(desk: TradingDesk, side: str, quantity: str, *, strategy: str = "trend") -> None:
    """Let a strategy have traded at 100."""
    order = told.approved(
        BTCUSDT, side, client_order_id=f"{strategy}{side}", quantity=quantity, strategy=strategy
    )
    apply(desk.account, order)
    apply(desk.account, told.filled(order, f"{strategy}{side}", quantity=quantity))


def test_notional_counts_an_order_at_its_worst() -> None:
    desk = make_desk(order_notional="100")
    assert isinstance(desk.review(desk.intent("buy", "1", price="100")), Accepted)
    assert refusal(desk.review(desk.intent("buy", "1.00001", price="100"))) == Refusal(
        "notional", "the order is too large", "100.001 USDT", "100 USDT"
    )
    assert refusal(desk.review(desk.intent("buy", "0.991"))).gate == "notional"


def test_position_counts_what_is_held_and_what_is_open() -> None:
    desk = make_desk(position_notional="300.03", account_position_notional="9999")
    holding(desk, "buy", "1")
    assert isinstance(desk.trade(desk.intent("buy", "1", price="99")), Approved)
    assert isinstance(desk.review(desk.intent("buy", "1", price="99")), Accepted)
    refused = refusal(desk.review(desk.intent("buy", "1.1", price="99")))
    assert (refused.gate, refused.reason) == (
        "position",
        "the strategy's position would be too large",
    )
    assert isinstance(
        desk.review(desk.intent("buy", "3", price="99"), strategy=QUOTES), Accepted
    )


def test_position_holds_for_the_sum_of_all_strategies_too() -> None:
    desk = make_desk(account_position_notional="300.03")
    holding(desk, "buy", "2", strategy="quotes")
    assert isinstance(desk.review(desk.intent("buy", "1", price="99")), Accepted)
    refused = refusal(desk.review(desk.intent("buy", "1.1", price="99")))
    assert refused.reason == "the account's position would be too large"


def test_a_position_may_be_turned_only_within_its_limit() -> None:
    desk = make_desk(position_notional="150")
    holding(desk, "buy", "1")
    assert isinstance(desk.review(desk.intent("sell", "2", price="101")), Accepted)
    assert refusal(desk.review(desk.intent("sell", "3", price="101"))).gate == "position"


def test_trades_under_way_may_go_on_and_no_further_one_begins() -> None:
    desk = make_desk(BTCUSDT, ETHUSDT, concurrent_trades_count=1)
    holding(desk, "buy", "1")
    assert isinstance(desk.review(desk.intent("buy", "1", price="100")), Accepted)
    other = desk.intent("buy", "1", price="100", symbol=ETHUSDT.symbol)
    assert refusal(desk.review(other)) == Refusal("trades", "too many trades at once", "2", "1")
    assert refusal(desk.review(desk.intent("buy", "1"), strategy=QUOTES)).gate == "trades"


def test_dust_is_no_trade() -> None:
    desk = make_desk(BTCUSDT, ETHUSDT, concurrent_trades_count=1)
    holding(desk, "buy", "0.00000999")
    other = desk.intent("buy", "1", price="100", symbol=ETHUSDT.symbol)
    assert isinstance(desk.review(other), Accepted)


def test_gross_adds_up_the_symbols() -> None:
    desk = make_desk(BTCUSDT, ETHUSDT, gross_notional="250")
    holding(desk, "buy", "1")
    eth = ETHUSDT.symbol
    assert isinstance(desk.review(desk.intent("buy", "1", price="100", symbol=eth)), Accepted)
    refused = refusal(desk.review(desk.intent("buy", "1.6", price="100", symbol=eth)))
    assert refused.gate == "gross"
    assert refused.limit == "250 USDT"


def test_gross_refuses_when_a_position_has_no_price() -> None:
    desk = make_desk(BTCUSDT, ETHUSDT)
    holding(desk, "buy", "1")
    del desk.desk.tops[BTCUSDT.symbol]
    refused = refusal(desk.review(desk.intent("buy", "1", price="100", symbol=ETHUSDT.symbol)))
    assert refused == Refusal("gross", "BTCUSDT is held or worked and has no market price")


def test_balance_includes_the_fee_and_what_is_reserved() -> None:
    desk = make_desk(balances={"USDT": "200.2"})
    assert isinstance(desk.trade(desk.intent("buy", "1", price="100")), Approved)
    assert isinstance(desk.review(desk.intent("buy", "1", price="100")), Accepted)
    refused = refusal(desk.review(desk.intent("buy", "1.00001", price="100")))
    assert refused == Refusal(
        "balance", "not enough is available", "100.101001 USDT", "100.1 USDT"
    )


def test_a_strategy_may_sell_what_the_account_has_and_no_more() -> None:
    desk = make_desk(balances={"USDT": "0", "BTC": "1.5"})
    assert isinstance(desk.trade(desk.intent("sell", "1", price="101")), Approved)
    refused = refusal(desk.review(desk.intent("sell", "0.6", price="101")))
    assert (refused.gate, refused.limit) == ("balance", "0.5 BTC")
    short = desk.review(desk.intent("sell", "0.5", price="101"), strategy=QUOTES)
    assert isinstance(short, Accepted)


def test_a_linear_contract_needs_margin_and_fee_out_of_free_equity() -> None:
    perpetual = instrument(product=Product.LINEAR)
    desk = make_desk(perpetual, balances={"USDT": "10"}, leverage=20)
    accepted = desk.review(desk.intent("sell", "1", price="100"))
    assert isinstance(accepted, Accepted)
    assert accepted.reservation.amount == amount_units("5.1")
    refused = refusal(desk.review(desk.intent("sell", "2", price="100")))
    assert (refused.asked, refused.limit) == ("10.2 USDT", "10 USDT")
    short = told.approved(perpetual, "sell", client_order_id="a")
    apply(desk.account, short)
    apply(desk.account, told.filled(short, "1"))
    desk.quote("101.99", "102")
    refused = refusal(desk.review(desk.intent("sell", "1", price="102")))
    assert refused.limit == "2.9 USDT"


def test_inverse_contracts_are_refused_by_name() -> None:
    inverse = instrument(product=Product.INVERSE)
    desk = make_desk(inverse)
    assert refusal(desk.review(desk.intent("buy", "1", price="100"))).gate == "balance"


@pytest.mark.parametrize(
    ("side", "price", "passes"),
    [
        ("buy", "101.01", True),
        ("buy", "101.02", True),
        ("buy", "101.03", False),
        ("buy", "50", True),
        ("sell", "98.99", True),
        ("sell", "98.98", False),
        ("sell", "98.97", False),
        ("sell", "150", True),
    ],
)
def test_the_collar_is_one_percent_through_the_market(
    side: str, price: str, passes: bool
) -> None:
    desk = make_desk()
    verdict = desk.trade(desk.intent(side, "1", price=price))
    assert isinstance(verdict, Approved) is passes
    if not passes:
        assert refusal(verdict).gate == "collar"


def test_the_market_may_run_away_from_an_order_before_it_leaves() -> None:
    desk = make_desk()
    accepted = desk.review(desk.intent("buy", "1"))
    assert isinstance(accepted, Accepted)
    order = desk.child(accepted)
    desk.quote("90", "90.01")
    verdict = review_order(order, desk.view(), gates=desk.gates, parent=accepted)
    assert refusal(verdict).gate == "collar"


def test_data_that_is_old_late_or_untrusted_refuses_new_risk() -> None:
    desk = make_desk()
    desk.now_ns += 5 * NS_PER_S
    assert isinstance(desk.trade(desk.intent("buy", "1", price="100")), Approved)
    desk.now_ns += 1 * NS_PER_MS
    refused = refusal(desk.trade(desk.intent("buy", "1", price="100")))
    assert refused == Refusal("stale", "the market data is too old", "5001 ms", "5000 ms")
    desk.quote("99.99", "100.01")
    desk.view().lag_ns = 5_001 * NS_PER_MS
    refused = refusal(desk.trade(desk.intent("buy", "1", price="100")))
    assert refused.reason == "the market data comes too late"
    desk.view().lag_ns = 0
    desk.view().book_is_valid = False
    refused = refusal(desk.trade(desk.intent("buy", "1", price="100")))
    assert refused.reason == "the book is not valid"


@pytest.mark.parametrize(("bid", "ask"), [("100", "100"), ("101", "100")])
def test_a_crossed_or_locked_book_refuses(bid: str, ask: str) -> None:
    desk = make_desk()
    desk.quote(bid, ask)
    refused = refusal(desk.trade(desk.intent("buy", "1", price="100")))
    assert refused == Refusal("crossed", "the book is crossed", bid, ask)


def test_a_book_with_one_side_refuses() -> None:
    desk = make_desk()
    desk.quote("99", "0")
    refused = desk.trade(desk.intent("sell", "1", price="100"))
    assert isinstance(refused, Refused)
    assert "a side of the book is missing" in [r.reason for r in refused.refusals]


def test_the_rate_counts_ten_seconds_of_market_time() -> None:
    desk = make_desk(orders_per_10s_count=2, account_orders_per_10s_count=3)
    small = desk.intent("buy", "0.1", price="99")
    assert [isinstance(desk.trade(small), Approved) for _ in range(2)] == [True, True]
    refused = refusal(desk.trade(small))
    assert refused == Refusal("rate", "too many orders of the strategy", "2", "2")
    assert isinstance(desk.trade(small, strategy=QUOTES), Approved)
    refused = refusal(desk.trade(small, strategy=QUOTES))
    assert refused == Refusal("rate", "too many orders of the account", "3", "3")
    desk.now_ns += 10 * NS_PER_S
    desk.quote("99.99", "100.01")
    assert isinstance(desk.trade(small), Approved)


def test_a_restart_is_no_new_allowance() -> None:
    desk = make_desk(orders_per_10s_count=2)
    small = desk.intent("buy", "0.1", price="99")
    approved = [desk.trade(small), desk.trade(small)]
    orders = list(desk.account.orders.values())
    assert [held.expires_at_ns for held in orders] == [a.expires_at_ns for a in approved]  # type: ignore[union-attr]
    desk.account.change(orders[0].order.request.client_order_id, lambda o: o.end("canceled"))
    again = Desk(desk.account, desk.desk.limits, halts=desk.halts)
    assert again.window.strategy_count(TREND, desk.now_ns) == 2
    assert again.window.account_count(desk.now_ns + 10 * NS_PER_S) == 0


def test_a_refused_order_does_not_count_against_the_rate() -> None:
    desk = make_desk(orders_per_10s_count=1)
    far = desk.intent("buy", "0.1", price="120")
    assert [refusal(desk.trade(far)).gate for _ in range(3)] == ["collar"] * 3
    assert isinstance(desk.trade(desk.intent("buy", "0.1", price="99")), Approved)


@pytest.mark.parametrize(
    ("resting", "coming", "passes"),
    [
        (("sell", "100.5"), ("buy", "100.5"), False),
        (("sell", "100.5"), ("buy", "100.49"), True),
        (("sell", "100.5"), ("buy", "0"), False),
        (("buy", "99.5"), ("sell", "99.5"), False),
        (("buy", "99.5"), ("sell", "99.51"), True),
        (("sell", "0"), ("buy", "99"), False),
        (("buy", "99.5"), ("buy", "99.5"), True),
    ],
)
def test_two_strategies_never_trade_with_each_other(
    resting: tuple[str, str], coming: tuple[str, str], passes: bool
) -> None:
    desk = make_desk()
    first = desk.trade(desk.intent(resting[0], "1", price=resting[1]), strategy=QUOTES)
    assert isinstance(first, Approved)
    verdict = desk.trade(desk.intent(coming[0], "1", price=coming[1]))
    assert isinstance(verdict, Approved) is passes
    if not passes:
        assert refusal(verdict).gate == "opposing"
        assert refusal(verdict).reason == "it could trade with an order of quotes"


def test_an_unknown_order_still_stands_in_the_way_and_an_ended_one_does_not() -> None:
    desk = make_desk()
    first = desk.trade(desk.intent("sell", "1", price="100.5"), strategy=QUOTES)
    assert isinstance(first, Approved)
    desk.account.change(first.order.client_order_id, lambda order: order.doubt())
    wish = desk.intent("buy", "1", price="100.5")
    assert refusal(desk.trade(wish)).gate == "opposing"
    desk.account.change(first.order.client_order_id, lambda order: order.end("canceled"))
    assert isinstance(desk.trade(wish), Approved)


def test_a_strategy_is_not_in_its_own_way() -> None:
    desk = make_desk()
    assert isinstance(desk.trade(desk.intent("sell", "1", price="100.5")), Approved)
    assert isinstance(desk.trade(desk.intent("buy", "1", price="100.5")), Approved)


FILTERED = instrument(tick="0.01", step="0.001", min_notional="5")


def filtered(**changes: Any) -> Instrument:
    units = {
        name: FILTERED.price(text) if "price" in name else FILTERED.quantity(text)
        for name, text in changes.items()
        if name not in ("status", "multiplier_up", "multiplier_down")
    }
    return msgspec.structs.replace(FILTERED, **{**changes, **units})


@pytest.mark.parametrize(
    ("changes", "wish", "reason"),
    [
        ({}, ("0.0005", "100"), "the quantity is too small (LOT_SIZE)"),
        ({}, ("1.0005", "100"), "the quantity is no multiple of the step (LOT_SIZE)"),
        ({"max_quantity": "2"}, ("2.001", "100"), "the quantity is too large (LOT_SIZE)"),
        (
            {"market_max_quantity": "2"},
            ("2.001", "0"),
            "the quantity is too large (MARKET_LOT_SIZE)",
        ),
        (
            {"market_step": "0.01"},
            ("0.105", "0"),
            "the quantity is no multiple of the step (MARKET_LOT_SIZE)",
        ),
        ({}, ("1", "100.001"), "the price is no multiple of the tick (PRICE_FILTER)"),
        ({"min_price": "60"}, ("1", "59.99"), "the price is too low (PRICE_FILTER)"),
        ({"max_price": "100.5"}, ("1", "100.51"), "the price is too high (PRICE_FILTER)"),
        ({}, ("0.049", "100"), "the order is worth too little (NOTIONAL)"),
        ({}, ("0.049", "0"), "the order is worth too little (NOTIONAL)"),
        ({"status": "BREAK"}, ("1", "100"), "the venue does not trade the symbol"),
        (
            {"multiplier_up": "1.2", "multiplier_down": "0.8"},
            ("1", "79.99"),
            "the price is too far from the market (PERCENT_PRICE)",
        ),
    ],
)
def test_what_breaks_a_filter_is_refused_by_its_name(
    changes: dict[str, str], wish: tuple[str, str], reason: str
) -> None:
    desk = make_desk(filtered(**changes))
    refused = refusal(desk.review(desk.intent("buy", wish[0], price=wish[1])))
    assert (refused.gate, refused.reason) == ("filters", reason)


def test_what_is_just_within_the_filters_passes() -> None:
    changes = {
        "max_quantity": "2",
        "min_price": "80",
        "max_price": "120",
        "multiplier_up": "1.2",
        "multiplier_down": "0.8",
    }
    desk = make_desk(filtered(**changes), order_notional="9999")
    for quantity, price in [("2", "100"), ("0.05", "100"), ("1", "80"), ("1", "100.99")]:
        assert isinstance(desk.review(desk.intent("buy", quantity, price=price)), Accepted)


def reduction(desk: TradingDesk, quantity: str = "1") -> SizedIntent:
    return desk.intent("sell", quantity)


def test_a_reduction_passes_every_limit_and_every_halt() -> None:
    desk = make_desk(order_notional="1", position_notional="1", gross_notional="1")
    holding(desk, "buy", "1")
    desk.halts.block("not reconciled", "")
    desk.desk.tops[BTCUSDT.symbol].received_at_ns = 0  # type: ignore[assignment]
    desk.view().book_is_valid = False
    assert isinstance(desk.trade(reduction(desk)), Approved)


def test_a_reduction_still_obeys_filters_and_a_wider_collar() -> None:
    desk = make_desk()
    holding(desk, "buy", "1")
    assert refusal(desk.trade(desk.intent("sell", "0.000001"))).gate == "filters"
    assert isinstance(desk.review(desk.intent("sell", "1", price="95")), Accepted)
    verdict = desk.trade(desk.intent("sell", "1", price="94"))
    assert refusal(verdict).gate == "collar"
    assert isinstance(desk.trade(desk.intent("sell", "1", price="95")), Approved)


def test_more_than_the_position_is_no_reduction() -> None:
    desk = make_desk()
    holding(desk, "buy", "1")
    desk.halts.block("not reconciled", "")
    assert refusal(desk.review(reduction(desk, "1.1"))).gate == "halt"
    assert isinstance(desk.trade(reduction(desk, "0.6")), Approved)
    assert refusal(desk.review(reduction(desk, "0.5"))).gate == "halt"
    assert isinstance(desk.trade(reduction(desk, "0.4")), Approved)


def test_what_raises_the_accounts_position_is_no_reduction() -> None:
    desk = make_desk()
    holding(desk, "buy", "1")
    holding(desk, "sell", "3", strategy="quotes")
    desk.halts.block("not reconciled", "")
    assert refusal(desk.review(reduction(desk))).gate == "halt"
    assert isinstance(desk.review(desk.intent("buy", "2"), strategy=QUOTES), Accepted)
    assert isinstance(desk.review(desk.intent("buy", "1"), strategy=TREND), Refused)


def test_limits_in_another_currency_need_a_rate() -> None:
    ethbtc = instrument("ETHBTC", quote="BTC")
    desk = TradingDesk(ethbtc, limits=Limits(rates={"BTC": "60000"}, order_notional="1500"))
    desk.quote("0.04", "0.05")
    assert desk.desk.register(ethbtc).symbol == Symbol("ETHBTC")
    passed = desk.review(desk.intent("sell", "0.5", price="0.05"))
    assert [r.gate for r in passed.refusals] == ["filters", "balance"]  # type: ignore[union-attr]
    too_much = desk.review(desk.intent("sell", "0.51", price="0.05"))
    assert "notional" in [r.gate for r in too_much.refusals]  # type: ignore[union-attr]


def test_a_stop_that_waits_for_its_trigger_is_in_nobodys_way() -> None:
    desk = make_desk()
    resting = told.approved(
        BTCUSDT, "sell", client_order_id="stop", price="0", worst_price="90", strategy="quotes"
    )
    waiting = msgspec.structs.replace(resting, order_type="stop_market", trigger_price="91")
    apply(desk.account, waiting)
    assert isinstance(desk.trade(desk.intent("buy", "1", price="100")), Approved)
    apply(desk.account, msgspec.structs.replace(resting, client_order_id="market"))
    assert refusal(desk.trade(desk.intent("buy", "1", price="100"))).gate == "opposing"
