"""Self-trade prevention in all its modes, on orders of one account or of one group."""

import msgspec
import pytest

from holdfast.simexchange.accounts import AccountSpec
from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.model import OrderUpdate, Placed, Snapshot
from holdfast.simexchange.numbers import E8
from tests.property.sim_kit import RULES, assumptions
from tests.unit.simexchange_core.stories import (
    STEP,
    SYMBOL,
    TICK,
    free,
    locked,
    new_exchange,
    order_of,
    place,
    placed,
    request,
    updates,
)


def group(*, ann: str = "TRANSFER", number: int = 7) -> Exchange:
    """Return an empty book and two accounts of one group."""
    accounts = [
        AccountSpec(
            name=name,
            keys=(),
            balances={"AAA": 100 * E8, "BBB": 10_000 * E8},
            trade_group_id=number,
        )
        for name in ("ann", "bob")
    ]
    exchange = Exchange({SYMBOL: RULES}, accounts, assumptions=assumptions())
    exchange.apply(Snapshot(1, SYMBOL, 1, [(50 * TICK, STEP)], [(200 * TICK, STEP)]))
    placed(exchange, request("BUY", 6, 100, stp_mode=ann))
    return exchange


def reports(exchange: Exchange, mode: str, quantity: int, account: str) -> list[OrderUpdate]:
    """Sell into the resting order; return what was reported."""
    asked = request("SELL", quantity, 100, stp_mode=mode)
    ticket = exchange.place(account, asked, arrived_ns=exchange.now_ns)
    return updates(exchange.advance(ticket.due_ns))


@pytest.mark.parametrize(
    ("mode", "quantity", "taker", "resting"),
    [
        ("EXPIRE_TAKER", 2, ("EXPIRED_IN_MATCH", 2), ("NEW", 0)),
        ("EXPIRE_MAKER", 2, ("NEW", 0), ("EXPIRED_IN_MATCH", 6)),
        ("EXPIRE_BOTH", 2, ("EXPIRED_IN_MATCH", 2), ("EXPIRED_IN_MATCH", 6)),
        ("DECREMENT", 2, ("EXPIRED_IN_MATCH", 2), ("NEW", 2)),
        ("DECREMENT", 6, ("EXPIRED_IN_MATCH", 6), ("EXPIRED_IN_MATCH", 6)),
        ("DECREMENT", 8, ("NEW", 6), ("EXPIRED_IN_MATCH", 6)),
        ("TRANSFER", 2, ("EXPIRED_IN_MATCH", 2), ("NEW", 2)),
        ("NONE", 2, ("FILLED", 0), ("PARTIALLY_FILLED", 0)),
    ],
)
def test_each_mode_takes_from_the_orders_what_the_venue_says(
    mode: str, quantity: int, taker: tuple[str, int], resting: tuple[str, int]
) -> None:
    exchange = group(ann="NONE")
    said = reports(exchange, mode, quantity, "ann")
    first, second = exchange.accounts.all_orders("ann", SYMBOL)
    assert (second.status, second.prevented_quantity) == (taker[0], taker[1] * STEP)
    assert (first.status, first.prevented_quantity) == (resting[0], resting[1] * STEP)
    prevented = [one for one in said if one.execution_type == "TRADE_PREVENTION"]
    assert len(prevented) == (taker[1] > 0) + (resting[1] > 0)
    assert len(exchange.history.prevented("ann", SYMBOL)) == (mode != "NONE")
    needed = first.leaves_quantity * 100 if first.status in ("NEW", "PARTIALLY_FILLED") else 0
    assert locked(exchange, "BBB") == needed


def test_a_transfer_moves_the_prevented_quantity_between_two_accounts_without_fee() -> None:
    """Scenario H of the venue's questions on self-trade prevention, in other numbers."""
    exchange = group()
    said = reports(exchange, "TRANSFER", 2, "bob")
    prevented = [one for one in said if one.execution_type == "TRADE_PREVENTION"]
    assert [one.order.account for one in prevented] == ["ann", "bob"]
    assert all(one.prevented_price == 100 * TICK for one in prevented)
    assert all(one.prevented_quote == 200 * E8 for one in prevented)
    assert free(exchange, "AAA") == 102 * E8
    assert free(exchange, "BBB") == 9_400 * E8
    assert locked(exchange, "BBB") == 400 * E8
    assert free(exchange, "AAA", "bob") == 98 * E8
    assert free(exchange, "BBB", "bob") == 10_200 * E8
    assert exchange.clearing.fees == {}


def test_a_transfer_that_only_the_taker_asks_for_is_a_decrement() -> None:
    exchange = group(ann="NONE")
    said = reports(exchange, "TRANSFER", 2, "bob")
    assert all(not one.prevented_price for one in said)
    assert free(exchange, "AAA") == 100 * E8
    (match,) = exchange.history.prevented("bob", SYMBOL)
    assert (match.mode, match.trade_group_id) == ("DECREMENT", 7)


def test_accounts_without_a_group_trade_with_each_other() -> None:
    exchange = group(number=-1)
    reports(exchange, "EXPIRE_TAKER", 2, "bob")
    assert exchange.accounts.all_orders("bob", SYMBOL)[0].status == "FILLED"


def test_a_market_order_by_quote_amount_counts_what_was_prevented() -> None:
    exchange = group(ann="NONE")
    asked = request("SELL", 0, quote_quantity=800 * E8, stp_mode="DECREMENT")
    outcome = place(exchange, asked)
    assert isinstance(outcome, Placed)
    assert outcome.order.prevented_quantity == 6 * STEP
    assert outcome.prevented[0].maker_quantity == 6 * STEP


def test_a_decremented_iceberg_shows_its_next_part() -> None:
    exchange = new_exchange()
    berg = placed(exchange, request("BUY", 6, 100, iceberg_quantity=2 * STEP))
    placed(exchange, request("SELL", 3, 100, stp_mode="NONE"), "bob")
    taker = request("SELL", 8, 100, stp_mode="DECREMENT")
    outcome = place(exchange, taker)
    assert isinstance(outcome, Placed)
    now = order_of(exchange, berg)
    assert now.prevented_quantity + now.cum_quantity <= now.quantity
    assert msgspec.structs.asdict(outcome.order)["cum_quantity"] == 2 * STEP
