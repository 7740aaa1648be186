"""What the watchdog closes by the policy that reduces, and what it says is left (XCH-4)."""

import asyncio

import msgspec
import pytest

from holdfast.domain import events as ev
from holdfast.domain.ids import (
    UNATTRIBUTED,
    AccountId,
    ClientOrderId,
    Epoch,
    ExecId,
    StrategyId,
    Symbol,
)
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.order import PositionSide
from holdfast.errors import VenueTimeout, VenueUnavailable
from holdfast.runtime.reduction import Reduction
from holdfast.runtime.state import State
from holdfast.runtime.sweep import Sweep, Swept
from holdfast.testing.happenings import approved, filled, opening, order_ids
from holdfast.testing.market import instrument
from holdfast.venues.binance.cancel_only import Execution, HeldPosition, RestingOrder
from tests.unit.runtime.test_watchdog import Counter


def test_a_venue_that_hides_its_positions_reduces_nothing_and_is_told() -> None:
    venue = Counter()

    async def positions() -> list[HeldPosition]:
        raise VenueUnavailable("maintenance")

    venue.positions = positions  # type: ignore[method-assign]
    told: list[str] = []
    swept, orders = reduce(venue, State(AccountId("demo")), told)
    assert (swept.reduced, orders) == ([], [])
    assert told == ["maintenance", "no position was reduced: maintenance"]


def reduce(
    venue: Counter, state: State, told: list[str]
) -> tuple[Swept, list[ev.OrderApproved]]:
    orders: list[ev.OrderApproved] = []
    sweep = Sweep(venue, state, tell=told.append, pause=venue.pause)  # type: ignore[arg-type]

    def write(order: ev.OrderApproved) -> None:
        assert len(venue.sold) == len(orders), "an order left before it was written"
        orders.append(order)

    asyncio.run(sweep.cancel())
    reduction = Reduction(
        venue,  # type: ignore[arg-type]
        state,
        sweep=sweep,
        tell=told.append,
        pause=venue.pause,
    )
    asyncio.run(reduction.close_all(Epoch(2), write=write, now_ns=0))
    return sweep.swept, orders


def holding(
    *bought: tuple[str, str], product: Product, traded: Instrument | None = None
) -> State:
    """Give the state of a journal whose strategies bought something, one after the other."""
    traded = traded or instrument("BTCUSDT", product=product)
    state = State(AccountId("demo"))
    state.apply(ev.JournalOpened("TEST1", "test", "demo", "paper", "state/2"))
    for event in opening(traded, balances={"USDT": "1000"}):
        state.apply(event)
    ids = order_ids()
    for number, (strategy, quantity) in enumerate(bought, start=1):
        order = approved(
            traded,
            "buy",
            client_order_id=ids.next(),
            quantity=quantity,
            strategy=strategy,
        )
        state.apply(order)
        state.apply(filled(order, str(number), quantity=quantity))
    return state


def test_each_strategys_contracts_are_closed_by_an_order_of_its_own_written_first() -> None:
    state = holding(("one", "2"), ("two", "1"), product=Product.LINEAR)
    venue = Counter()
    venue.held = "-1"
    swept, orders = reduce(venue, state, [])
    assert [(o.strategy, o.side, o.quantity) for o in orders] == [(UNATTRIBUTED, "buy", "1")]
    venue = Counter()
    venue.held = "3.5"
    swept, orders = reduce(venue, state, [])
    assert [(o.strategy, o.side, o.quantity, o.reduce_only) for o in orders] == [
        ("one", "sell", "2", True),
        ("two", "sell", "1", True),
        (UNATTRIBUTED, "sell", "0.5", True),
    ]
    assert len(swept.reduced) == 3


def stopped(state: State, venue: Counter, *, quantity: str = "2") -> ClientOrderId:
    """Let a protective stop of strategy `one` rest, here and there."""
    stop = approved(
        instrument("BTCUSDT"),
        "sell",
        client_order_id=order_ids(epoch=2).next(),
        quantity=quantity,
        strategy="one",
        purpose="protective",
    )
    state.apply(stop)
    stop_id = ClientOrderId(stop.client_order_id)
    venue.held = ""
    venue.rest = [RestingOrder(symbol=Symbol("BTCUSDT"), client_order_id=stop_id)]
    return stop_id


def fills(venue: Counter, *, fee: str = "0", fee_asset: str = "USDT") -> None:
    """Have the venue fill every reduction at once."""

    async def sell(symbol: Symbol, **order: str) -> str:
        venue.sold.append(symbol)
        venue.acts.append(f"sell {order['quantity']}")
        number = ExecId(f"9{len(venue.sold)}")
        done = Execution(number, order["quantity"], fee, fee_asset)
        venue.traded[order["client_order_id"]] = [done]
        return "taken"

    venue.reduce = sell  # type: ignore[method-assign, assignment]


def test_a_stop_of_spot_goes_before_what_it_holds_is_sold() -> None:
    state, venue = holding(("one", "2"), product=Product.SPOT), Counter()
    stop_id = stopped(state, venue)
    fills(venue)
    swept, orders = reduce(venue, state, [])
    assert venue.acts == [f"cancel {stop_id}", "sell 2"]
    assert (swept.kept, swept.canceled) == ([], [stop_id])
    assert (swept.is_clean, swept.left, swept.problems) == (True, [], [])
    state.apply(orders[0])
    state.apply(filled(orders[0], "9", quantity="2", price="100"))
    assert state.account.position(StrategyId("one"), Symbol("BTCUSDT")) == 0


def test_what_a_stop_of_spot_sold_while_nobody_looked_is_not_sold_again() -> None:
    state, venue = holding(("one", "2"), product=Product.SPOT), Counter()
    stop_id = stopped(state, venue)
    venue.rest = []
    venue.traded[stop_id] = [Execution(ExecId("9"), "2", "0", "USDT")]
    swept, orders = reduce(venue, state, [])
    assert (orders, venue.acts, swept.is_clean, swept.left) == ([], [], True, [])


def test_a_stop_of_spot_that_fills_as_it_is_canceled_leaves_only_the_rest_to_sell() -> None:
    state, venue = holding(("one", "2"), product=Product.SPOT), Counter()
    stop_id = stopped(state, venue)
    fills(venue)

    async def cancel(order: RestingOrder) -> bool:
        venue.rest.remove(order)
        venue.traded[stop_id] = [Execution(ExecId("9"), "1.5", "0", "USDT")]
        return False

    venue.cancel = cancel  # type: ignore[method-assign]
    swept, _ = reduce(venue, state, [])
    assert venue.acts == ["sell 0.5"]
    assert swept.is_clean


def test_a_position_whose_stop_stays_is_kept_under_it_and_named() -> None:
    state, venue = holding(("one", "2"), product=Product.SPOT), Counter()
    stop_id = stopped(state, venue)

    async def cancel(_order: RestingOrder) -> bool:
        raise VenueTimeout("no answer")

    venue.cancel = cancel  # type: ignore[method-assign, assignment]
    told: list[str] = []
    swept, orders = reduce(venue, state, told)
    assert (orders, swept.kept, swept.is_clean) == ([], [stop_id], False)
    assert swept.left == ["BTCUSDT: 2 of one is held"]
    assert "BTCUSDT: a stop of one stays, so nothing is sold" in told


def test_no_more_coins_are_sold_than_the_account_has_free() -> None:
    state, venue = holding(("one", "2"), product=Product.SPOT), Counter()
    venue.held, venue.coins = "", "1.2345678"
    fills(venue)
    swept, _ = reduce(venue, state, [])
    assert venue.acts == ["sell 1.23456"]
    assert swept.left == ["BTCUSDT: 0.76544 of one is held"]


def test_dust_is_one_line_and_no_problem() -> None:
    state, venue = holding(("one", "2.000004"), product=Product.SPOT), Counter()
    venue.held = ""
    fills(venue)
    told: list[str] = []
    swept, _ = reduce(venue, state, told)
    assert (venue.acts, swept.is_clean, swept.problems) == (["sell 2"], True, [])
    assert told == swept.dust
    assert told == ["BTCUSDT: 0.000004 of one stays: less than the venue's smallest order"]


def test_what_an_entry_filled_beside_the_journal_is_closed_for_its_strategy() -> None:
    traded = instrument("BTCUSDT", product=Product.LINEAR)
    state, venue = holding(("one", "2"), product=Product.LINEAR), Counter()
    entry = approved(
        traded, "buy", client_order_id=order_ids(epoch=2).next(), quantity="1", strategy="two"
    )
    state.apply(entry)
    venue.held = "3"
    venue.traded[entry.client_order_id] = [Execution(ExecId("8"), "1", "0", "USDT")]
    _, orders = reduce(venue, state, [])
    assert [(o.strategy, o.quantity) for o in orders] == [("one", "2"), ("two", "1")]


def test_a_position_that_is_still_there_is_left_and_not_clean() -> None:
    state, venue = holding(("one", "1"), product=Product.LINEAR), Counter()
    told: list[str] = []
    swept, orders = reduce(venue, state, told)
    assert len(orders) == 1
    assert (swept.is_clean, swept.left) == (False, ["BTCUSDT: 1 is held"])
    assert "1 position LEFT" in swept.line
    assert told == swept.left


def test_a_great_position_is_closed_in_orders_that_the_venue_takes() -> None:
    traded = instrument("BTCUSDT", product=Product.SPOT)
    traded = msgspec.structs.replace(traded, market_max_quantity=traded.quantity("0.8"))
    state = holding(("one", "2"), product=Product.SPOT, traded=traded)
    venue = Counter()
    venue.held = ""
    fills(venue)
    swept, _ = reduce(venue, state, [])
    assert venue.acts == ["sell 0.8", "sell 0.8", "sell 0.4"]
    assert swept.is_clean


@pytest.mark.parametrize(("side", "stays"), [("long", True), ("short", False)])
def test_in_hedge_mode_a_stop_stays_with_the_side_that_it_guards(
    side: str, stays: bool
) -> None:
    state, venue = holding(product=Product.LINEAR), Counter()
    stop = msgspec.structs.replace(
        approved(
            instrument("BTCUSDT", product=Product.LINEAR),
            "sell" if side == "long" else "buy",
            client_order_id=order_ids().next(),
            purpose="protective",
        ),
        position_side=side,
    )
    state.apply(stop)
    stop_id = ClientOrderId(stop.client_order_id)
    venue.rest = [RestingOrder(symbol=Symbol("BTCUSDT"), client_order_id=stop_id)]

    async def positions() -> list[HeldPosition]:
        return [HeldPosition(Symbol("BTCUSDT"), PositionSide.LONG, "1")]

    venue.positions = positions  # type: ignore[method-assign]
    sweep = Sweep(venue, state, tell=print, pause=venue.pause)  # type: ignore[arg-type]
    swept = asyncio.run(sweep.cancel())
    assert (swept.kept, swept.canceled) == (([stop_id], []) if stays else ([], [stop_id]))
