"""When the watchdog acts, and what it does twice: nothing (XCH-4)."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from holdfast.domain import events as ev
from holdfast.domain.ids import (
    UNATTRIBUTED,
    AccountId,
    ClientOrderId,
    Epoch,
    Shard,
    StrategyId,
    Symbol,
)
from holdfast.domain.instrument import Product
from holdfast.domain.order import PositionSide
from holdfast.errors import UsageError, VenueUnavailable
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.writer import Journal
from holdfast.runtime.beat import Beat, file_mark, hear, read_beat
from holdfast.runtime.clock import RunningClock
from holdfast.runtime.reduction import Reduction
from holdfast.runtime.state import State
from holdfast.runtime.sweep import ROUNDS, Sweep, Swept
from holdfast.runtime.watchdog import Outcome, Policy, Watchdog, WatchdogRule
from holdfast.testing.happenings import approved, filled, opening, order_ids
from holdfast.testing.market import instrument
from holdfast.venues.binance.cancel_only import Execution, HeldPosition, RestingOrder

TRADED = instrument("BTCUSDT")


class Counter:
    """Stands for a way to the venue and counts what is asked of it."""

    def __init__(self, *, refuses: int = 0) -> None:
        self.refuses = refuses
        self.sold: list[str] = []
        self.acts: list[str] = []
        self.rest: list[RestingOrder] = []
        self.held = "1"
        self.coins = "1000"
        self.traded: dict[str, list[Execution]] = {}
        self.paused: list[float] = []
        self.asked = 0

    async def prepare(self) -> None:
        self.asked += 1
        if self.asked <= self.refuses:
            raise VenueUnavailable("connection refused")

    async def resting(self) -> list[RestingOrder]:
        return list(self.rest)

    async def cancel(self, order: RestingOrder) -> bool:
        self.acts.append(f"cancel {order.client_order_id}")
        self.rest.remove(order)
        return True

    async def positions(self) -> list[HeldPosition]:
        one = HeldPosition(Symbol("BTCUSDT"), PositionSide.BOTH, self.held)
        return [one] if self.held else []

    async def reduce(self, symbol: Symbol, **_: object) -> str:
        self.sold.append(symbol)
        self.acts.append(f"reduce {symbol}")
        return "taken"

    async def executions(self, symbol: Symbol, client_order_id: str) -> list[Execution]:
        del symbol
        return self.traded.get(client_order_id, [])

    async def free(self, asset: str) -> str:
        del asset
        return self.coins

    async def pause(self, duration_s: float) -> None:
        self.paused.append(duration_s)

    async def close(self) -> None:
        return


def written(path: Path, *events: ev.Event) -> Path:
    """Write a journal of one run, which is not in anybody's hands then."""
    store = SqliteStore.create(path)
    journal = Journal(
        store, RunningClock(), account=AccountId("demo"), durable_callback=lambda _: None
    )
    opened = ev.JournalOpened("TEST1", "test", "demo", "paper", "state/2")
    started = ev.RunStarted("paper", 1, ["BTCUSDT"], [], "0", [])
    journal.put(opened)
    journal.take_epoch(shards=[Shard(0)], reason="started")
    journal.put(started)
    for event in [*opening(TRADED, balances={"USDT": "1000"}), *events]:
        journal.put(event)
    journal.drain()
    journal.close()
    store.close()
    return path


def dog(journal: Path, venue: Counter, **more: object) -> Watchdog:
    async def way() -> Counter:
        return venue

    told: list[str] = []
    rule = WatchdogRule(
        frozen_s=more.get("frozen_s", 0.0),  # type: ignore[arg-type]
        policy=more.get("policy", Policy.CANCEL),  # type: ignore[arg-type]
    )
    sockets = more.get("sockets", [journal.with_suffix(".sock")])
    made = Watchdog(
        journal,
        sockets,  # type: ignore[arg-type]
        venue=way,  # type: ignore[arg-type]
        clock=RunningClock(),
        tell=told.append,
        rule=rule,
    )
    made.told = told  # type: ignore[attr-defined]
    return made


def watch(watchdog: Watchdog) -> Outcome:
    return asyncio.run(watchdog.watch())


def answering(line: bytes, path: Path, ask: Callable[[], Awaitable[object]]) -> object:
    """Ask while something at a socket answers every question with one line."""

    async def serve() -> object:
        async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(line)
            writer.close()

        server = await asyncio.start_unix_server(reply, path=path)
        async with server:
            return await ask()

    return asyncio.run(serve())


def test_a_run_that_ended_in_order_is_left_alone(tmp_path: Path) -> None:
    venue = Counter()
    told = watch(dog(written(tmp_path / "t.db", ev.RunEnded("enough")), venue))
    assert not told.acted
    assert venue.asked == 0


def test_a_run_that_ended_with_an_order_left_at_the_venue_is_swept(tmp_path: Path) -> None:
    left = approved(TRADED, "buy", client_order_id=order_ids().next())
    told = watch(dog(written(tmp_path / "t.db", left, ev.RunEnded("enough")), Counter()))
    assert told.acted
    assert told.proven


def test_what_one_watchdog_reduced_the_next_does_not_sell_again(tmp_path: Path) -> None:
    journal = written(tmp_path / "t.db")
    first, second = Counter(), Counter()
    assert watch(dog(journal, first, policy=Policy.REDUCE)).acted
    told = watch(dog(journal, second, policy=Policy.REDUCE))
    assert told.acted
    assert (first.sold, second.sold) == (["BTCUSDT"], [])


def test_a_trader_with_too_many_to_answer_is_alive(tmp_path: Path) -> None:
    busy = b'{"ok":false,"outcome":"too many ask at once; ask again","repeated":false}\n'
    path = tmp_path / "t.sock"
    heard = answering(busy, path, lambda: hear(path, within_s=5.0))
    assert heard is not None
    with pytest.raises(ValueError, match="ok"):
        read_beat(b'{"ok":true}')


def test_the_trader_of_another_journal_is_never_ended(tmp_path: Path) -> None:
    journal = written(tmp_path / "t.db")
    path = journal.with_suffix(".sock")
    other = Beat(number=1, status="trading", journal="1:1")
    with pytest.raises(UsageError, match="has another journal"):
        answering(
            msgspec.json.encode(other) + b"\n",
            path,
            dog(journal, Counter(), frozen_s=5.0).watch,
        )


def test_two_paths_to_a_journal_name_one_file(tmp_path: Path) -> None:
    journal = written(tmp_path / "t.db")
    os.symlink(journal, tmp_path / "other.db")
    assert file_mark(tmp_path / "other.db") == file_mark(journal) != ""
    assert file_mark(tmp_path / "none.db") == ""


def test_a_venue_that_does_not_answer_is_asked_for_more_than_a_minute() -> None:
    venue = Counter(refuses=ROUNDS - 1)
    told: list[str] = []
    sweep = Sweep(venue, State(AccountId("demo")), tell=told.append, pause=venue.pause)  # type: ignore[arg-type]
    swept = asyncio.run(sweep.cancel())
    assert swept.is_clean
    assert sum(venue.paused) > 60
    assert told == ["connection refused"]


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


def holding(*bought: tuple[str, str], product: Product) -> State:
    """Give the state of a journal whose strategies bought something, one after the other."""
    traded = instrument("BTCUSDT", product=product)
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


def test_a_stop_of_spot_goes_before_what_it_holds_is_sold() -> None:
    state = holding(("one", "2"), product=Product.SPOT)
    stop = approved(
        instrument("BTCUSDT"),
        "sell",
        client_order_id=order_ids(epoch=2).next(),
        quantity="2",
        strategy="one",
        purpose="protective",
    )
    state.apply(stop)
    venue = Counter()
    venue.held = ""
    stop_id = ClientOrderId(stop.client_order_id)
    venue.rest = [RestingOrder(symbol=Symbol("BTCUSDT"), client_order_id=stop_id)]
    swept, orders = reduce(venue, state, [])
    assert venue.acts == [f"cancel {stop_id}", "reduce BTCUSDT"]
    assert (swept.kept, swept.canceled) == ([], [stop_id])
    state.apply(orders[0])
    state.apply(filled(orders[0], "9", quantity="2", price="100"))
    assert state.account.position(StrategyId("one"), Symbol("BTCUSDT")) == 0
