"""Cash, open cost and wallet of contracts; who owns what the venue closes; income once."""

from typing import Any

import msgspec
import pytest

from holdfast.domain import events as ev
from holdfast.domain.account import Account
from holdfast.domain.contracts import (
    CLOSED_BY_HAND,
    INCOMES_KEPT,
    Contracts,
    entry_cost,
    owners,
    owners_by_hand,
)
from holdfast.domain.ids import UNATTRIBUTED, StrategyId
from holdfast.domain.instrument import Product
from holdfast.domain.money import amount_text, amount_units
from holdfast.domain.order import PositionSide
from holdfast.testing import happenings as told
from holdfast.testing.market import instrument

SWAP = instrument(product=Product.LINEAR)
OPENING = told.opening(SWAP, balances={"USDT": "1000"})
A, B = StrategyId("a"), StrategyId("b")


def order(name: str, side: str, *, strategy: str = "a", **more: Any) -> ev.OrderApproved:
    made = told.approved(SWAP, side, client_order_id=name, quantity="9", strategy=strategy)
    return msgspec.structs.replace(made, **more)


def filled(
    of: ev.OrderApproved, exec_id: str, quantity: str, *, price: str, realized: str
) -> ev.OrderFilled:
    made = told.filled(of, exec_id, quantity=quantity, price=price)
    return msgspec.structs.replace(made, realized=realized)


def wallet(account: Account) -> str:
    cost = account.contracts.open_cost(SWAP.settle, account.instruments)
    return amount_text(account.balances[SWAP.settle] + cost)


def test_the_wallet_moves_by_what_the_venue_realized_and_by_nothing_else() -> None:
    buy, sell = order("B", "buy"), order("S", "sell")
    account = told.account_of([*OPENING, buy, filled(buy, "1", "3", price="100", realized="0")])
    assert amount_text(account.balances[SWAP.settle]) == "700"
    assert wallet(account) == "1000"
    done = [
        filled(buy, "2", "4", price="107", realized="0"),
        sell,
        filled(sell, "3", "5", price="111", realized="34.99999999"),
        filled(sell, "4", "2", price="90", realized="-28"),
    ]
    account = told.account_of(
        [*OPENING, buy, filled(buy, "1", "3", price="100", realized="0"), *done]
    )
    assert account.symbol_position(SWAP.symbol) == 0
    assert wallet(account) == "1006.99999999", "the venue rounds, and the wallet follows it"
    assert amount_text(account.balances[SWAP.settle]) == "1007", "cash is what was traded"


def test_an_execution_that_says_nothing_of_profit_has_no_open_cost() -> None:
    buy = order("B", "buy")
    account = told.account_of([*OPENING, buy, filled(buy, "1", "3", price="100", realized="")])
    assert account.contracts.open_costs == {}
    assert account.contracts.positions == {(SWAP.symbol, PositionSide.BOTH): SWAP.quantity("3")}


def test_sides_of_a_hedge_are_positions_of_their_own_and_one_net_view() -> None:
    long, short = order("L", "buy", position_side="long"), order("S", "sell")
    short = msgspec.structs.replace(short, position_side="short")
    account = told.account_of(
        [
            *OPENING,
            long,
            short,
            filled(long, "1", "3", price="100", realized="0"),
            filled(short, "2", "2", price="101", realized="0"),
        ]
    )
    sides = account.contracts.positions
    assert sides[SWAP.symbol, PositionSide.LONG] == SWAP.quantity("3")
    assert sides[SWAP.symbol, PositionSide.SHORT] == -SWAP.quantity("2")
    assert account.position(A, SWAP.symbol) == SWAP.quantity("1")
    assert account.symbol_position(SWAP.symbol) == SWAP.quantity("1")
    assert wallet(account) == "1000"


@pytest.mark.parametrize(
    ("held", "quantity", "parts"),
    [
        ([(A, 5), (B, 3)], -8, [(A, -5), (B, -3)]),
        ([(A, 3), (B, 5)], -6, [(B, -5), (A, -1)]),
        ([(B, -4), (A, -4)], 6, [(A, 4), (B, 2)]),
        ([(A, 3), (B, -2)], -4, [(A, -3), (UNATTRIBUTED, -1)]),
        ([], 7, [(UNATTRIBUTED, 7)]),
    ],
)
def test_the_venue_takes_from_the_greatest_position_first(
    held: list[tuple[StrategyId, int]], quantity: int, parts: list[tuple[StrategyId, int]]
) -> None:
    assert owners(held, quantity) == parts


@pytest.mark.parametrize(
    ("held", "quantity", "parts"),
    [
        ([(A, 5)], -5, [(A, -5)]),
        ([(A, 5), (B, 3)], -6, [(A, -5), (B, -1)]),
        ([(A, 5)], -7, [(A, -5), (UNATTRIBUTED, -2)]),
        ([(A, 5), (UNATTRIBUTED, 4)], -3, [(UNATTRIBUTED, -3)]),
        ([(A, 5), (UNATTRIBUTED, 4)], -6, [(A, -2), (UNATTRIBUTED, -4)]),
        ([(A, -5), (UNATTRIBUTED, -1)], 9, [(A, 5), (UNATTRIBUTED, 4)]),
        ([(A, 5)], 3, [(UNATTRIBUTED, 3)]),
        ([(A, 5), (B, -5)], -1, [(UNATTRIBUTED, -1)]),
        ([(A, 5), (B, -2)], -4, [(A, -3), (UNATTRIBUTED, -1)]),
        ([], -4, [(UNATTRIBUTED, -4)]),
    ],
)
def test_a_person_takes_what_is_nobodys_first_and_then_from_the_greatest(
    held: list[tuple[StrategyId, int]], quantity: int, parts: list[tuple[StrategyId, int]]
) -> None:
    assert owners_by_hand(held, quantity) == parts


def test_a_close_by_hand_closes_the_strategys_position_and_is_kept_until_it_is_said() -> None:
    buy = order("B", "buy")
    held = [*OPENING, buy, filled(buy, "1", "3", price="100", realized="0")]
    sold = msgspec.structs.replace(liquidation("5", origin="request"), closes_held=True)
    account = told.account_of([*held, sold, sold])
    assert account.position(A, SWAP.symbol) == 0
    assert account.position(UNATTRIBUTED, SWAP.symbol) == -SWAP.quantity("2")
    assert account.symbol_position(SWAP.symbol) == -SWAP.quantity("2")
    assert wallet(account) == "899"
    assert account.taken[SWAP.symbol].parts == [(A, -SWAP.quantity("3"))]
    said = ev.IncidentOpened(CLOSED_BY_HAND, SWAP.symbol, "said")
    assert told.account_of([*held, sold, said]).taken == {}


def liquidation(quantity: str, *, origin: str = "liquidation") -> ev.ForeignFillSeen:
    return ev.ForeignFillSeen(
        "V9", "9", SWAP.symbol, "linear", "sell", "both", "80", quantity, "1", "USDT", "1", "",
        "taker", 0, "-100", origin,
    )  # fmt: skip


def test_a_liquidation_closes_the_strategies_positions_and_leaves_none_that_is_nobodys() -> (
    None
):
    one, two = order("A", "buy"), order("B", "buy", strategy="b")
    held = [
        *OPENING,
        one,
        two,
        filled(one, "1", "3", price="100", realized="0"),
        filled(two, "2", "2", price="100", realized="0"),
    ]
    account = told.account_of([*held, liquidation("5")])
    assert [account.position(who, SWAP.symbol) for who in (A, B, UNATTRIBUTED)] == [0, 0, 0]
    assert wallet(account) == "899"
    manual = told.account_of([*held, liquidation("5", origin="request")])
    assert manual.position(UNATTRIBUTED, SWAP.symbol) == -SWAP.quantity("5")


@pytest.mark.parametrize(
    ("quantity", "entry", "cost"),
    [
        ("3", "100.5", "301.5"),
        ("-3", "100.5", "-301.5"),
        ("0.003", "30325.98457345678", "90.97795372037034"),
        ("0.00000003", "0.333333333", "0.00000001"),
        ("-0.00000001", "0.000000005", "0"),
        ("0.00000003", "0.000000005", "0.0000000000000002"),
    ],
)
def test_an_entry_that_is_finer_than_a_price_costs_half_to_even(
    quantity: str, entry: str, cost: str
) -> None:
    product = entry_cost(SWAP, SWAP.quantity(quantity), entry_price=entry)
    assert amount_text(SWAP.notional(1, product)) == cost


@pytest.mark.parametrize("quantity", ["7", "-7", "0.00000003"])
def test_the_lots_of_a_position_that_stood_before_cost_what_the_event_says(
    quantity: str,
) -> None:
    units = SWAP.quantity(quantity)
    cost = SWAP.notional(1, entry_cost(SWAP, units, entry_price="33.333333333333"))
    event = ev.PositionOpened(
        SWAP.symbol, "both", quantity, "33.333333333333", amount_text(cost), "venue"
    )
    account = told.account_of([*OPENING, event])
    position = account.positions[UNATTRIBUTED, SWAP.symbol, PositionSide.BOTH]
    assert position.quantity == units
    assert SWAP.notional(1, position.cost) == cost
    assert wallet(account) == "1000"


def test_a_movement_is_booked_once_by_kind_and_id() -> None:
    paid = ev.FundingPaid("7", SWAP.symbol, "USDT", "-2", 50)
    moved = ev.WalletMoved("7", "TRANSFER", "", "USDT", "10", "", "1", "USDT", 60)
    account = told.account_of([*OPENING, paid, moved, paid, moved])
    assert wallet(account) == "1008"
    assert account.contracts.income_through_ns == 60


def test_movements_are_remembered_up_to_a_bound_and_asked_for_with_an_overlap() -> None:
    known = Contracts()
    known.open_wallets(1_000 * 10**9)
    for number in range(INCOMES_KEPT + 1):
        assert known.receive("FUNDING_FEE", str(number), at_ns=5_000 * 10**9)
    assert len(known.incomes) == INCOMES_KEPT
    assert known.income_after_ns == 4_400 * 10**9
    assert amount_units("1") == 10**18
