"""Plain and conditional orders of USD-M: terms, codes, triggers, countdown (XCH-10)."""

from typing import Any

import msgspec
import pytest

from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.futures.model import (
    AlgoUpdate,
    ConditionalReject,
    FuturesOrderUpdate,
    MarginUpdate,
)
from holdfast.simexchange.futures.requests import (
    AlgoCancel,
    AlgoCancelAll,
    AlgoCanceled,
    AlgoPlaced,
    Countdown,
    CountdownSet,
    FuturesCancel,
    FuturesCancelAll,
    FuturesCanceled,
    FuturesModified,
    FuturesModify,
)
from tests.unit.simexchange_core.margin_stories import (
    E8,
    SECOND_NS,
    STEP,
    SYMBOL,
    TICK,
    ask,
    code,
    conditional,
    facts,
    held,
    new_futures,
    order,
    placed,
    touch,
    trade,
)

TRAILING = {
    "order_type": "TRAILING_STOP_MARKET",
    "trigger_price": 0,
    "callback_rate": 2 * E8,
    "quantity": STEP,
}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"symbol": "NOPE"}, -1121),
        ({"side": "HOLD"}, -1117),
        ({"order_type": "STOP_MARKET"}, -4120),
        ({"order_type": "ICEBERG"}, -1116),
        ({"time_in_force": ""}, -1102),
        ({"time_in_force": "DAY"}, -1115),
        ({"quantity": 0}, -1102),
        ({"quantity": -STEP}, -4003),
        ({"quantity": STEP // 2}, -1111),
        ({"price": 100 * TICK + 1}, -4014),
        ({"price": -TICK}, -4001),
        ({"price": 900 * TICK}, -4016),
        ({"side": "SELL", "price": 10 * TICK}, -4024),
        ({"client_order_id": "no spaces"}, -4015),
        ({"position_side": "UP"}, -4060),
        ({"position_side": "LONG"}, -4061),
        ({"reduce_only": True}, -2022),
        ({"stp_mode": "DECREMENT"}, -1130),
        ({"time_in_force": "GTD"}, -1102),
        ({"time_in_force": "GTD", "good_till_ns": 5}, -1130),
        ({"time_in_force": "GTX", "price": 101 * TICK}, -5022),
        ({"time_in_force": "FOK", "price": 101 * TICK, "quantity": 6 * STEP}, -5021),
        ({"price_match": "QUEUE"}, -1128),
        ({"price_match": "QUEUE_20", "price": 0}, -5041),
    ],
)
def test_what_is_wrong_with_an_order_has_its_code(more: dict[str, Any], expected: int) -> None:
    exchange = new_futures()
    asked = msgspec.structs.replace(order("BUY", 1, 100), **more)
    assert code(ask(exchange, asked)) == expected
    assert exchange.futures.orders.all_orders("ann", SYMBOL) == []


def test_the_account_update_comes_before_the_execution_it_explains() -> None:
    exchange = new_futures()
    ticket = exchange.futures.enter("ann", order("BUY", 1), arrived_ns=exchange.now_ns)
    told = facts(exchange.advance(ticket.due_ns))
    assert [type(fact) for fact in told] == [
        FuturesOrderUpdate, MarginUpdate, FuturesOrderUpdate,
    ]  # fmt: skip


def test_a_price_match_takes_its_price_from_the_book() -> None:
    exchange = new_futures()
    asked = msgspec.structs.replace(order("BUY", 1, 1), price=0, price_match="QUEUE")
    assert placed(exchange, asked).order.price == 100 * TICK
    asked = msgspec.structs.replace(asked, price_match="OPPONENT")
    assert placed(exchange, asked).order.status == "FILLED"


def test_a_market_order_goes_no_further_from_the_mark_than_its_bound() -> None:
    exchange = new_futures()
    touch(exchange, 110, after_s=1, size=1)
    assert code(ask(exchange, order("BUY", 1))) == -4131
    assert code(ask(exchange, order("SELL", 1))) == 0


def test_a_reducing_order_executes_at_most_the_position_and_expires_with_it() -> None:
    exchange = new_futures()
    placed(exchange, order("BUY", 2))
    asked = order("SELL", 5, reduce_only=True)
    done = placed(exchange, asked).order
    assert (done.status, done.cum_quantity) == ("EXPIRED", 2 * STEP)
    placed(exchange, order("BUY", 1))
    resting = placed(exchange, order("SELL", 3, 110, reduce_only=True)).order
    placed(exchange, order("SELL", 1))
    found = exchange.futures.orders.order("ann", SYMBOL, order_id=resting.order_id)
    assert getattr(found, "status", "") == "EXPIRED"


def test_an_order_good_till_a_date_expires_then() -> None:
    exchange = new_futures()
    till_ns = exchange.now_ns + 700 * SECOND_NS
    placed(exchange, order("BUY", 1, 90, time_in_force="GTD", good_till_ns=till_ns))
    touch(exchange, 100, after_s=650)
    assert len(exchange.futures.orders.open_orders("ann")) == 1
    told = facts(touch(exchange, 100, after_s=100))
    [update] = [fact for fact in told if isinstance(fact, FuturesOrderUpdate)]
    assert (update.execution_type, update.at_ns) == ("EXPIRED", till_ns)


def test_a_client_id_is_refused_while_its_order_is_open() -> None:
    exchange = new_futures()
    placed(exchange, order("BUY", 1, 90, client_order_id="mine"))
    assert code(ask(exchange, order("BUY", 1, 91, client_order_id="mine"))) == -4116
    ask(exchange, FuturesCancel(symbol=SYMBOL, original_client_order_id="mine"))
    assert code(ask(exchange, order("BUY", 1, 91, client_order_id="mine"))) == 0


def modify(exchange: Exchange, order_id: int, price: int, quantity: int) -> Any:
    return ask(
        exchange,
        FuturesModify(
            symbol=SYMBOL,
            side="BUY",
            quantity=quantity * STEP,
            price=price * TICK,
            order_id=order_id,
        ),
    )


def test_a_modified_order_keeps_its_id_and_may_trade_at_once() -> None:
    exchange = new_futures()
    first = placed(exchange, order("BUY", 4, 90)).order
    assert code(modify(exchange, first.order_id, 90, 4)) == -5027
    assert code(modify(exchange, 99, 90, 4)) == -2011
    assert code(modify(exchange, first.order_id, 90, 400)) == -2019
    less = modify(exchange, first.order_id, 90, 3)
    assert isinstance(less, FuturesModified)
    assert (less.order.order_id, less.order.quantity) == (first.order_id, 3 * STEP)
    done = modify(exchange, first.order_id, 101, 3)
    assert done.order.status == "FILLED"
    assert held(exchange).quantity == 3 * STEP


def test_a_quantity_no_more_than_executed_cancels_the_order() -> None:
    exchange = new_futures()
    first = placed(exchange, order("BUY", 8, 101)).order
    assert first.cum_quantity == 5 * STEP
    assert modify(exchange, first.order_id, 101, 5).order.status == "CANCELED"


def test_cancel_all_leaves_conditional_orders_and_needs_no_order() -> None:
    exchange = new_futures()
    assert ask(exchange, FuturesCancelAll(SYMBOL)) == FuturesCanceled([])
    placed(exchange, order("BUY", 1, 90))
    ask(exchange, conditional("SELL", 95))
    canceled = ask(exchange, FuturesCancelAll(SYMBOL))
    assert isinstance(canceled, FuturesCanceled)
    assert len(canceled.orders) == 1
    assert len(exchange.futures.orders.open_algos("ann")) == 1
    assert isinstance(ask(exchange, AlgoCancelAll(SYMBOL)), AlgoCanceled)
    assert exchange.futures.orders.open_algos("ann") == []


def statuses(told: list[Any]) -> list[str]:
    return [fact.algo.status for fact in facts(told) if isinstance(fact, AlgoUpdate)]


def test_a_stop_locks_nothing_and_closes_the_position_when_it_is_hit() -> None:
    exchange = new_futures()
    placed(exchange, order("BUY", 3))
    before = exchange.futures.margin.wallets("ann")[0].available
    assert isinstance(ask(exchange, conditional("SELL", 95, client_algo_id="s")), AlgoPlaced)
    assert exchange.futures.margin.wallets("ann")[0].available == before
    assert exchange.futures.orders.open_orders("ann") == []
    assert statuses(trade(exchange, 96)) == []
    assert statuses(trade(exchange, 95)) == ["TRIGGERING", "TRIGGERED", "FINISHED"]
    assert held(exchange).quantity == 0
    algo = exchange.futures.orders.algo("ann", client_id="s")
    assert getattr(algo, "actual_quantity", 0) == 3 * STEP


def test_a_stop_on_the_mark_does_not_hear_trades() -> None:
    exchange = new_futures()
    placed(exchange, order("BUY", 3))
    ask(exchange, conditional("SELL", 98, working_type="MARK_PRICE"))
    assert statuses(trade(exchange, 90)) == []
    assert "TRIGGERED" in statuses(touch(exchange, 96, after_s=6))


def test_a_trailing_stop_follows_the_best_price() -> None:
    exchange = new_futures()
    trade(exchange, 100)
    placed(exchange, order("BUY", 1))
    ask(exchange, conditional("SELL", 0, **TRAILING))
    for price in (101, 105, 104):
        assert statuses(trade(exchange, price)) == []
    assert statuses(trade(exchange, 102)) == ["TRIGGERING", "TRIGGERED", "FINISHED"]


def test_a_triggered_order_that_cannot_be_is_rejected_and_said() -> None:
    exchange = new_futures()
    ask(exchange, conditional("SELL", 95))
    told = trade(exchange, 95)
    assert statuses(told) == ["TRIGGERING", "REJECTED"]
    [rejected] = [fact for fact in facts(told) if isinstance(fact, ConditionalReject)]
    assert rejected.code in (-1102, -2022)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"trigger_price": 105 * TICK}, -2021),
        ({"order_type": "TAKE_PROFIT_MARKET"}, -2021),
        ({"order_type": "LIMIT"}, -1116),
        ({"trigger_price": 0}, -1102),
        ({"close_position": False}, -1102),
        ({"quantity": STEP}, -4137),
        ({"order_type": "STOP"}, -4136),
        ({"order_type": "STOP", "close_position": False, "quantity": STEP}, -1102),
        ({"working_type": "INDEX"}, -1130),
        ({"trigger_price": 95 * TICK + 1}, -4014),
        ({"client_algo_id": "no spaces"}, -4015),
        ({**TRAILING, "close_position": False, "callback_rate": 11 * E8}, -1130),
    ],
)
def test_what_is_wrong_with_a_conditional_order_has_its_code(
    more: dict[str, Any], expected: int
) -> None:
    exchange = new_futures()
    trade(exchange, 100)
    asked = msgspec.structs.replace(conditional("SELL", 95), **more)
    assert code(ask(exchange, asked)) == expected
    assert exchange.futures.orders.open_algos("ann") == []


def test_only_so_many_conditional_orders_may_wait() -> None:
    exchange = new_futures()
    for at in range(100):
        sent = conditional("SELL", 50 + at % 40, quantity=STEP, client_algo_id=f"c{at}")
        assert code(ask(exchange, sent)) == 0
    assert code(ask(exchange, conditional("SELL", 95, quantity=STEP))) == -4045
    again = conditional("SELL", 95, quantity=STEP, client_algo_id="c1")
    assert code(ask(exchange, again)) == -4116
    assert isinstance(ask(exchange, AlgoCancel(client_algo_id="c1")), AlgoCanceled)
    assert code(ask(exchange, AlgoCancel(client_algo_id="c1"))) == -2011


def test_a_countdown_cancels_unless_it_is_asked_again() -> None:
    exchange = new_futures()
    placed(exchange, order("BUY", 1, 90))
    ask(exchange, conditional("SELL", 80))
    assert ask(exchange, Countdown(SYMBOL, 2_000)) == CountdownSet(SYMBOL, 2_000)
    touch(exchange, 100, after_s=1)
    ask(exchange, Countdown(SYMBOL, 2_000))
    touch(exchange, 100, after_s=1)
    assert len(exchange.futures.orders.open_orders("ann")) == 1
    touch(exchange, 100, after_s=2)
    assert exchange.futures.orders.open_orders("ann") == []
    assert len(exchange.futures.orders.open_algos("ann")) == 1
    placed(exchange, order("BUY", 1, 90))
    ask(exchange, Countdown(SYMBOL, 2_000))
    assert ask(exchange, Countdown(SYMBOL, 0)) == CountdownSet(SYMBOL, 0)
    touch(exchange, 100, after_s=5)
    assert len(exchange.futures.orders.open_orders("ann")) == 1


def test_a_spot_order_of_a_perpetual_is_refused_and_so_the_other_way() -> None:
    exchange = new_futures()
    assert exchange.accounts.open_orders("ann") == []
    assert code(ask(exchange, FuturesCancel(symbol="AAACCC", order_id=1))) == -1121


def test_rules_that_change_while_it_trades_hold_at_once() -> None:
    exchange = new_futures()
    exchange.change_rules(SYMBOL, status="SETTLING")
    assert code(ask(exchange, order("BUY", 1))) == -4140
    exchange.change_rules(SYMBOL, status="TRADING", min_quantity=3 * STEP)
    assert code(ask(exchange, order("BUY", 1))) == -4004
    assert exchange.symbols[SYMBOL].min_quantity == 3 * STEP


def test_what_is_assumed_of_orders_may_be_assumed_otherwise() -> None:
    exchange = new_futures(
        gtx_answer="expire", countdown_cancels_algos=True, triggered_client_id="same"
    )
    crossing = placed(exchange, order("BUY", 1, 101, time_in_force="GTX")).order
    assert (crossing.status, crossing.expiry_reason) == ("EXPIRED", "GTX_ORDER_REJECT")
    placed(exchange, order("BUY", 1))
    ask(exchange, conditional("SELL", 95, client_algo_id="guard"))
    trade(exchange, 95)
    found = exchange.futures.orders.order("ann", SYMBOL, client_id="guard")
    assert getattr(found, "status", "") == "FILLED"
    ask(exchange, conditional("SELL", 80))
    ask(exchange, Countdown(SYMBOL, 1_000))
    touch(exchange, 100, after_s=2)
    assert exchange.futures.orders.open_algos("ann") == []
