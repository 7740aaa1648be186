"""When the watchdog acts, and what it does twice: nothing (XCH-4)."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from holdfast.domain import events as ev
from holdfast.domain.ids import (
    AccountId,
    Shard,
    Symbol,
)
from holdfast.domain.order import PositionSide
from holdfast.errors import UsageError, VenueUnavailable
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.writer import Journal
from holdfast.runtime.beat import Beat, file_mark, hear, read_beat
from holdfast.runtime.clock import RunningClock
from holdfast.runtime.state import State
from holdfast.runtime.sweep import ROUNDS, Sweep
from holdfast.runtime.watchdog import Outcome, Policy, Watchdog, WatchdogRule
from holdfast.testing.happenings import approved, opening, order_ids
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
    next_one = dog(journal, second, policy=Policy.REDUCE)
    told = watch(next_one)
    assert told.acted
    assert (first.sold, second.sold) == (["BTCUSDT"], [])
    assert told.swept is not None
    assert told.swept.left == ["BTCUSDT: 1 is held"]
    line = "another watchdog acted on this journal before; nothing more is reduced"
    assert line in next_one.told  # type: ignore[attr-defined]


def test_what_one_watchdog_only_canceled_the_next_may_reduce(tmp_path: Path) -> None:
    journal = written(tmp_path / "t.db")
    first, second = Counter(), Counter()
    assert watch(dog(journal, first)).acted
    assert watch(dog(journal, second, policy=Policy.REDUCE)).acted
    assert (first.sold, second.sold) == ([], ["BTCUSDT"])


def test_a_watchdog_that_never_heard_a_trader_says_what_to_start_first(tmp_path: Path) -> None:
    lonely = dog(written(tmp_path / "t.db", ev.RunEnded("enough")), Counter())
    assert not watch(lonely).acted
    (line,) = lonely.told  # type: ignore[attr-defined]
    assert line.endswith("start the trader first, and the watchdog after it")


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
