"""Positions, margin, funding and the venue's own orders on USD-M (XCH-2, XCH-10)."""

from collections.abc import Callable

import pytest

from holdfast.errors import UsageError
from holdfast.simexchange.futures.contracts import brackets_of, maintenance_of
from holdfast.simexchange.futures.model import (
    FuturesOrderUpdate,
    Liquidated,
    MarginCall,
    MarginUpdate,
    Mark,
)
from holdfast.simexchange.futures.requests import (
    AdjustMargin,
    Changed,
    FuturesEmission,
    LeverageSet,
    SetLeverage,
    SetMarginType,
    SetMultiAssets,
    SetPositionMode,
)
from holdfast.simexchange.numbers import E8
from tests.property.futures_kit import WALLET
from tests.property.sim_kit import assumptions
from tests.unit.simexchange_core.margin_stories import (
    SECOND_NS,
    STEP,
    SYMBOL,
    TICK,
    ask,
    balance,
    code,
    facts,
    held,
    new_futures,
    order,
    placed,
    touch,
)

EIGHT_HOURS_S = 8 * 3_600
Demand = Callable[[], list[FuturesEmission]]


def test_a_round_trip_realizes_the_difference_and_pays_two_fees() -> None:
    exchange = new_futures()
    bought = placed(exchange, order("BUY", 2)).order
    assert bought.avg_price == 101 * TICK
    assert held(exchange).entry_price == 101 * TICK
    touch(exchange, 110)
    [fill] = placed(exchange, order("SELL", 2)).fills
    assert fill.realized == 2 * 9 * E8
    fees = (202 * E8 + 220 * E8) * 5 // 10_000
    assert balance(exchange) == WALLET + fill.realized - fees
    assert held(exchange).quantity == 0


def test_an_average_entry_keeps_its_cost_exact() -> None:
    exchange = new_futures()
    placed(exchange, order("BUY", 1, 101))
    placed(exchange, order("BUY", 5))
    view = held(exchange)
    assert view.quantity == 6 * STEP
    assert view.entry_value == (5 * 101 + 102) * E8
    assert view.entry_price == (5 * 101 + 102) * E8 // 6


def test_a_sale_beyond_the_position_turns_it() -> None:
    exchange = new_futures()
    placed(exchange, order("BUY", 2))
    placed(exchange, order("SELL", 3))
    assert (held(exchange).quantity, held(exchange).entry_price) == (-STEP, 100 * TICK)


def test_what_the_account_cannot_margin_is_refused() -> None:
    exchange = new_futures()
    assert code(ask(exchange, order("BUY", 30, 100))) == -2019
    placed(exchange, order("BUY", 20, 100))
    [wallet] = exchange.futures.margin.wallets("ann")
    assert (wallet.order_margin, wallet.available) == (100 * E8, 20 * E8)
    assert code(ask(exchange, order("BUY", 5, 100))) == -2019
    assert code(ask(exchange, order("SELL", 5, 110))) == 0


def test_orders_that_only_reduce_take_no_margin() -> None:
    exchange = new_futures()
    placed(exchange, order("BUY", 5))
    before = exchange.futures.margin.wallets("ann")[0].available
    placed(exchange, order("SELL", 5, 110))
    assert exchange.futures.margin.wallets("ann")[0].available == before


def test_leverage_sets_margin_and_the_greatest_position() -> None:
    exchange = new_futures()
    done = ask(exchange, SetLeverage(SYMBOL, 10))
    assert done == LeverageSet(SYMBOL, 10, 230_000_000 * E8)
    placed(exchange, order("BUY", 5))
    assert held(exchange).position_margin == 5 * 100 * E8 // 10 + 5 * E8 // 20
    assert code(ask(exchange, SetLeverage(SYMBOL, 126))) == -4028
    assert code(ask(exchange, SetLeverage(SYMBOL, 1))) == -2028


def test_settings_are_refused_as_the_venue_refuses_them() -> None:
    exchange = new_futures()
    assert code(ask(exchange, SetMarginType(SYMBOL, "cross"))) == -4046
    assert code(ask(exchange, SetPositionMode(False))) == -4059
    assert code(ask(exchange, SetMultiAssets(False))) == -4171
    assert code(ask(exchange, SetMultiAssets(True))) == -4170
    placed(exchange, order("BUY", 1, 90))
    assert code(ask(exchange, SetMarginType(SYMBOL, "isolated"))) == -4047
    assert code(ask(exchange, SetPositionMode(True))) == -4067
    placed(exchange, order("BUY", 1), "bob")
    assert code(ask(exchange, SetMarginType(SYMBOL, "isolated"), "bob")) == -4048
    assert code(ask(exchange, SetPositionMode(True), "bob")) == -4068
    assert code(ask(exchange, AdjustMargin(symbol=SYMBOL, amount=E8), "bob")) == -4049


def test_hedge_mode_holds_both_sides_apart() -> None:
    exchange = new_futures()
    assert ask(exchange, SetPositionMode(True)) == Changed()
    assert code(ask(exchange, order("BUY", 1))) == -4061
    assert code(ask(exchange, order("BUY", 1, position_side="LONG", reduce_only=True))) == -1106
    placed(exchange, order("BUY", 2, position_side="LONG"))
    placed(exchange, order("SELL", 1, position_side="SHORT"))
    assert held(exchange, side="LONG").quantity == 2 * STEP
    assert held(exchange, side="SHORT").quantity == -STEP
    assert code(ask(exchange, order("SELL", 3, position_side="LONG"))) == -2022
    placed(exchange, order("SELL", 2, position_side="LONG"))
    assert held(exchange, side="LONG").quantity == 0
    assert held(exchange, side="SHORT").quantity == -STEP


def test_an_isolated_position_has_a_wallet_of_its_own() -> None:
    exchange = new_futures()
    ask(exchange, SetMarginType(SYMBOL, "isolated"))
    placed(exchange, order("BUY", 2))
    assert held(exchange).isolated_wallet == 202 * E8 // 20
    added = ask(exchange, AdjustMargin(symbol=SYMBOL, amount=3 * E8))
    assert added == Changed(3 * E8)
    assert held(exchange).isolated_wallet == 202 * E8 // 20 + 3 * E8
    assert code(ask(exchange, AdjustMargin(symbol=SYMBOL, amount=-9 * E8))) == -4051
    assert code(ask(exchange, AdjustMargin(symbol=SYMBOL, amount=500 * E8))) == -4050
    assert code(ask(exchange, SetLeverage(SYMBOL, 5))) == -4161
    [wallet] = exchange.futures.margin.wallets("ann")
    assert wallet.cross_wallet == wallet.wallet - held(exchange).isolated_wallet


def test_funding_moves_from_longs_to_shorts_at_its_hour() -> None:
    exchange = new_futures()
    placed(exchange, order("BUY", 2))
    placed(exchange, order("SELL", 2), "bob")
    before = balance(exchange), balance(exchange, "bob")
    told = touch(exchange, 100, after_s=EIGHT_HOURS_S + 1)
    paid = 2 * (100 * E8 + E8 // 2) // 10_000
    assert balance(exchange) == before[0] - paid
    assert balance(exchange, "bob") == before[1] + paid
    [update] = [f for f in facts(told) if isinstance(f, MarginUpdate)]
    assert (update.reason, update.at_ns) == ("FUNDING_FEE", EIGHT_HOURS_S * SECOND_NS)
    assert [b.change for b in update.balances] == [-paid]
    [income] = exchange.futures.orders.income("ann", kind="FUNDING_FEE")
    assert income.amount == -paid
    [point] = exchange.futures.margin.funding_history(SYMBOL)
    assert (point.rate, point.mark) == (10_000, 100 * TICK + TICK // 2)


def test_a_cross_position_is_liquidated_when_its_margin_is_used_up() -> None:
    exchange = new_futures()
    placed(exchange, order("BUY", 15))
    placed(exchange, order("BUY", 1, 80))
    due = held(exchange).liquidation_price
    assert 93 * TICK < due < 95 * TICK
    called = touch(exchange, 94, after_s=6)
    assert len([f for f in facts(called) if isinstance(f, MarginCall)]) == 1
    told = touch(exchange, 92, after_s=6)
    updates = [f for f in facts(told) if isinstance(f, FuturesOrderUpdate)]
    assert [u.execution_type for u in updates] == ["CANCELED", "NEW", "CALCULATED"]
    assert updates[-1].order.client_order_id.startswith("autoclose-")
    assert [e for e in told if isinstance(e, Liquidated)]
    assert held(exchange).quantity == 0
    assert balance(exchange) >= 0
    assert exchange.futures.orders.open_orders("ann") == []


def test_an_isolated_liquidation_costs_no_more_than_its_own_wallet() -> None:
    exchange = new_futures()
    ask(exchange, SetMarginType(SYMBOL, "isolated"))
    placed(exchange, order("BUY", 5))
    [before] = exchange.futures.margin.wallets("ann")
    touch(exchange, 80, after_s=10)
    [after] = exchange.futures.margin.wallets("ann")
    assert held(exchange).quantity == 0
    assert after.wallet == before.cross_wallet


def test_a_margin_call_comes_once_before_the_liquidation() -> None:
    exchange = new_futures()
    ask(exchange, SetLeverage(SYMBOL, 125))
    placed(exchange, order("BUY", 15))
    told = [
        type(fact).__name__
        for bid in (97, 95, 94, 94, 93)
        for fact in facts(touch(exchange, bid, after_s=6))
    ]
    assert told.count("MarginCall") == 1
    assert told.index("MarginCall") < told.index("FuturesOrderUpdate")
    assert held(exchange).quantity == 0


def test_the_venue_can_be_made_to_liquidate_deleverage_and_settle() -> None:
    exchange = new_futures()
    demands = exchange.futures.demands
    acts: list[tuple[str, Demand]] = [
        ("autoclose-", lambda: demands.force_liquidation("ann", SYMBOL)),
        ("adl_autoclose", lambda: demands.force_adl("ann", SYMBOL)),
        ("settlement_autoclose-", lambda: demands.settle(SYMBOL)),
    ]
    for name, act in acts:
        placed(exchange, order("SELL", 1))
        [*_, last] = [f for f in facts(act()) if isinstance(f, FuturesOrderUpdate)]
        assert last.execution_type == "CALCULATED"
        assert last.order.client_order_id.startswith(name)
        assert held(exchange).quantity == 0
    kinds = [row.kind for row in exchange.futures.orders.income("ann")]
    assert kinds.count("INSURANCE_CLEAR") == 1


def test_money_that_moves_is_income_and_told() -> None:
    exchange = new_futures()
    told = exchange.futures.demands.move_wallet("ann", "BBB", amount=-5 * E8)
    [update] = facts(told)
    assert isinstance(update, MarginUpdate)
    assert (update.reason, update.balances[0].change) == ("WITHDRAW", -5 * E8)
    assert balance(exchange) == WALLET - 5 * E8
    with pytest.raises(UsageError, match="below zero"):
        exchange.futures.demands.move_wallet("ann", "BBB", amount=-WALLET)
    with pytest.raises(UsageError, match="no account 'eve'"):
        exchange.futures.demands.force_adl("eve", SYMBOL)


def test_the_mark_is_smoothed_and_a_recorded_one_stands_above_it() -> None:
    exchange = new_futures()
    touch(exchange, 110, after_s=1)
    mark = exchange.futures.margin.mark(SYMBOL).mark
    assert mark == 100 * TICK + TICK // 2 + 2 * TICK
    recorded = Mark(
        at_ns=exchange.now_ns,
        symbol=SYMBOL,
        mark=90 * TICK,
        index=91 * TICK,
        funding_rate=-5,
        next_funding_ns=exchange.now_ns + SECOND_NS,
    )
    exchange.apply(recorded)
    touch(exchange, 120, after_s=3)
    shown = exchange.futures.margin.mark(SYMBOL)
    assert (shown.mark, shown.index) == (90 * TICK, 91 * TICK)
    [point] = exchange.futures.margin.funding_history(SYMBOL)
    assert point.rate == -5


def test_maintenance_margin_has_no_step_between_brackets() -> None:
    exchange = new_futures()
    contract = exchange.futures.contracts[SYMBOL]
    for bracket in brackets_of(assumptions().futures)[:-1]:
        step = maintenance_of(contract, bracket.cap + 1) - maintenance_of(contract, bracket.cap)
        assert 0 <= step <= 1
