"""What the venue's own people do: rules, status, money, reference prices; and the quotas."""

import pytest

from holdfast.simexchange.accounts import AccountSpec
from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.model import AccountEvent, Canceled, Reject, Snapshot
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.quotas import HouseRules
from holdfast.simexchange.requests import BalanceShift
from tests.property.sim_kit import RULES, assumptions
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
)


@pytest.mark.parametrize("status", ["HALT", "BREAK", "CANCEL_ONLY"])
def test_a_symbol_that_does_not_trade_takes_no_orders_and_fills_none(status: str) -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 2, 99))
    exchange.change_rules(SYMBOL, status=status)
    assert place(exchange, request("BUY", 1, 99)) == Reject(-1013, "Market is closed.")
    trade(exchange, 98, 9, sold=True)
    assert order_of(exchange, order).status == "NEW"
    outcome = cancel(exchange, order_id=order.order_id)
    if status == "CANCEL_ONLY":
        assert isinstance(outcome, Canceled)
    else:
        assert outcome == Reject(-2011, "Market is closed.")


def test_changed_filters_bind_new_orders_alone() -> None:
    exchange = new_exchange()
    order = placed(exchange, request("BUY", 3, 99))
    exchange.change_rules(SYMBOL, step=2 * STEP, min_quantity=2 * STEP)
    assert exchange.symbols[SYMBOL].step == 2 * STEP
    refused = place(exchange, request("BUY", 3, 99))
    assert refused == Reject(-1013, "Filter failure: LOT_SIZE")
    assert order_of(exchange, order).status == "NEW"
    with pytest.raises(TypeError):
        exchange.change_rules(SYMBOL, colour="red")


def test_a_deposit_and_a_lock_from_outside_are_told() -> None:
    exchange = new_exchange()
    said = exchange.operator.deposit("ann", "BBB", amount=5 * E8, at_ns=3)
    said += exchange.operator.lock_externally("ann", "BBB", amount=7 * E8, at_ns=4)
    said += exchange.operator.lock_externally("ann", "BBB", amount=0, at_ns=5)
    shifts = [
        one.event
        for one in said
        if isinstance(one, AccountEvent) and isinstance(one.event, BalanceShift)
    ]
    assert [(one.kind, one.delta) for one in shifts] == [
        ("balanceUpdate", 5 * E8),
        ("externalLockUpdate", 7 * E8),
        ("externalLockUpdate", -7 * E8),
    ]
    assert (free(exchange, "BBB"), locked(exchange, "BBB")) == (500_005 * E8, 0)


def test_a_taker_stops_at_the_edge_of_the_price_range() -> None:
    exchange = new_exchange()
    exchange.change_rules(SYMBOL, bid_range=(E8 // 2, 102 * E8 // 100))
    assert placed(exchange, request("BUY", 11)).status == "FILLED"
    exchange = new_exchange()
    exchange.change_rules(SYMBOL, bid_range=(E8 // 2, 102 * E8 // 100))
    exchange.operator.set_reference_price(SYMBOL, 100 * TICK)
    order = placed(exchange, request("BUY", 12, 103))
    assert (order.status, order.cum_quantity) == ("EXPIRED", 10 * STEP)
    assert order.expiry_reason == "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"
    assert locked(exchange, "BBB") == 0
    exchange.operator.set_reference_price(SYMBOL, None)
    assert exchange.market.reference_price(SYMBOL) == 0


def test_the_reference_price_is_the_mean_of_the_trades_in_its_buckets() -> None:
    exchange = new_exchange()
    assert exchange.market.reference_price(SYMBOL) is None
    exchange.change_rules(SYMBOL, reference_buckets=(1, 2))
    trade(exchange, 100, 1, sold=True)
    trade(exchange, 103, 1, sold=True)
    assert exchange.market.reference_price(SYMBOL) == 203 * TICK // 2
    exchange.advance(2_500_000)
    assert exchange.market.reference_price(SYMBOL) == 203 * TICK // 2
    exchange.advance(3_500_000)
    assert exchange.market.reference_price(SYMBOL) == 0


def test_percent_filters_use_the_reference_price_where_there_is_one() -> None:
    exchange = new_exchange()
    exchange.change_rules(SYMBOL, bid_multiplier_down=E8 * 9 // 10)
    placed(exchange, request("BUY", 1, 95))
    exchange.operator.set_reference_price(SYMBOL, 200 * TICK)
    refused = place(exchange, request("BUY", 1, 95))
    assert refused == Reject(-1013, "Filter failure: PERCENT_PRICE_BY_SIDE")


@pytest.mark.parametrize(
    ("house", "name"),
    [
        (HouseRules(max_orders=1), "EXCHANGE_MAX_NUM_ORDERS"),
        (HouseRules(max_algo_orders=1), "EXCHANGE_MAX_NUM_ALGO_ORDERS"),
        (HouseRules(max_iceberg_orders=1), "EXCHANGE_MAX_NUM_ICEBERG_ORDERS"),
    ],
)
def test_the_limits_over_all_symbols_bind(house: HouseRules, name: str) -> None:
    exchange = new_exchange()
    exchange.operator.limit_accounts(house)
    asked = stop("BUY", 2, 105, limit=106, iceberg_quantity=STEP)
    placed(exchange, asked)
    assert place(exchange, asked) == Reject(-1013, f"Filter failure: {name}")


def test_a_purchase_may_not_lead_over_the_greatest_position() -> None:
    exchange = new_exchange()
    exchange.change_rules(SYMBOL, max_position=5_003 * STEP)
    placed(exchange, request("BUY", 2, 99))
    assert place(exchange, request("BUY", 2, 99)) == Reject(
        -1013, "Filter failure: MAX_POSITION"
    )
    placed(exchange, request("SELL", 2, 105))


def test_an_account_may_be_limited_in_an_asset() -> None:
    spec = AccountSpec(
        name="ann",
        keys=(),
        balances={"AAA": 100 * E8, "BBB": 10_000 * E8},
        max_assets={"AAA": 3 * E8, "BBB": 250 * E8},
    )
    exchange = Exchange({SYMBOL: RULES}, [spec], assumptions=assumptions())
    exchange.apply(Snapshot(1, SYMBOL, 1, [(100 * TICK, STEP)], [(101 * TICK, STEP)]))
    for asked in (request("SELL", 4, 105), request("BUY", 3, 99)):
        assert place(exchange, asked) == Reject(-1013, "Filter failure: MAX_ASSET")
    placed(exchange, request("BUY", 2, 99))
