"""Latency on market time, and what the exchange says in which order."""

import msgspec

from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.model import (
    NEVER_NS,
    AccountEvent,
    BalanceUpdate,
    Placed,
    Published,
    Ticker,
    TicketDone,
)
from tests.property.sim_kit import RULES, assumptions
from tests.unit.simexchange_core.stories import STEP, SYMBOL, TICK, new_exchange, request

MS = 1_000_000


def slow_exchange(**latency: int) -> Exchange:
    fast = new_exchange()
    exchange = Exchange(
        {SYMBOL: RULES},
        [fast.accounts.spec(name) for name in fast.accounts.names()],
        assumptions=assumptions(**latency),
        seed=3,
    )
    exchange.apply(Ticker(1, SYMBOL, 1, 100 * TICK, 5 * STEP, 101 * TICK, 5 * STEP))
    return exchange


def test_an_order_takes_effect_only_when_its_latency_has_passed() -> None:
    exchange = slow_exchange(order_us=2_000)
    ticket = exchange.place("ann", request("BUY", 1), arrived_ns=1)
    assert exchange.next_due_ns == ticket.due_ns == 1 + 2 * MS
    assert exchange.advance(2 * MS) == []
    exchange.apply(Ticker(2 * MS, SYMBOL, 2, 102 * TICK, STEP, 103 * TICK, STEP))
    done = exchange.apply(Ticker(3 * MS, SYMBOL, 3, 104 * TICK, STEP, 105 * TICK, STEP))
    assert isinstance(ticket.outcome, Placed)
    assert ticket.outcome.fills[0].price == 103 * TICK
    assert ticket.outcome.order.created_ns == ticket.due_ns
    assert isinstance(done[-1], Published)
    assert exchange.next_due_ns == NEVER_NS


def test_the_answer_comes_after_the_account_events_and_before_the_next_record() -> None:
    exchange = slow_exchange(order_us=1)
    exchange.place("ann", request("BUY", 1), arrived_ns=1)
    out = exchange.apply(Ticker(2 * MS, SYMBOL, 2, 100 * TICK, STEP, 101 * TICK, STEP))
    kinds = [
        type(emission.event if isinstance(emission, AccountEvent) else emission).__name__
        for emission in out
    ]
    assert kinds == ["OrderUpdate", "OrderUpdate", "BalanceUpdate", "TicketDone", "Published"]


def test_requests_of_one_account_are_never_reordered_by_jitter() -> None:
    exchange = slow_exchange(order_us=100, cancel_us=1, jitter_us=500)
    tickets = [
        exchange.place("ann", request("BUY", 1, 90), arrived_ns=at) for at in range(1, 30)
    ]
    tickets.append(exchange.cancel_all("ann", SYMBOL, arrived_ns=30))
    due = [ticket.due_ns for ticket in tickets]
    assert due == sorted(due)
    assert len(set(due)) > 1


def test_jitter_is_the_same_for_the_same_seed() -> None:
    one, two = (slow_exchange(order_us=100, jitter_us=500) for _ in range(2))
    dues = [
        [exchange.place("ann", request("BUY", 1), arrived_ns=at).due_ns for at in range(9)]
        for exchange in (one, two)
    ]
    assert dues[0] == dues[1]


def test_flush_resolves_what_waits_without_moving_time() -> None:
    exchange = slow_exchange(order_us=5_000)
    ticket = exchange.place("ann", request("BUY", 1, 90), arrived_ns=1)
    out = exchange.flush()
    assert ticket.done
    assert exchange.now_ns == 1
    assert out[-1] == TicketDone(ticket, 1)


def test_what_was_flushed_delays_nobody_after_it() -> None:
    exchange = slow_exchange(order_us=5_000, cancel_us=1)
    exchange.place("ann", request("BUY", 1, 90), arrived_ns=1)
    exchange.flush()
    assert exchange.cancel_all("ann", SYMBOL, arrived_ns=1).due_ns == 1_001


def test_time_never_goes_back() -> None:
    exchange = slow_exchange()
    exchange.advance(50)
    exchange.advance(20)
    assert exchange.now_ns == 50


def test_a_balance_update_names_the_assets_that_changed() -> None:
    exchange = slow_exchange()
    exchange.place("ann", request("BUY", 1, 90), arrived_ns=1)
    events = [e.event for e in exchange.flush() if isinstance(e, AccountEvent)]
    update = next(event for event in events if isinstance(event, BalanceUpdate))
    assert [(balance.asset, balance.locked) for balance in update.balances] == [
        ("BBB", 90 * STEP)
    ]


def test_absorb_does_as_apply_without_publishing() -> None:
    one, two = slow_exchange(order_us=1), slow_exchange(order_us=1)
    record = Ticker(2 * MS, SYMBOL, 2, 98 * TICK, STEP, 99 * TICK, STEP)
    for exchange in (one, two):
        exchange.place("ann", request("BUY", 9, 100), arrived_ns=1)
    applied = [e for e in one.apply(record) if not isinstance(e, Published)]
    absorbed = list(two.absorb(record))
    assert msgspec.to_builtins(applied) == msgspec.to_builtins(absorbed)
