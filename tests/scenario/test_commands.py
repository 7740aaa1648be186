"""Commands to a running trader: typed, attributed, recorded, and acting once for a key."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from holdfast.domain.counted import counted
from holdfast.domain.event import Record
from holdfast.domain.events import (
    CancelRequested,
    CommandReceived,
    OrderApproved,
    TradingPaused,
    TradingResumed,
)
from holdfast.journal.sqlite import SqliteStore
from tests.scenario.kit import QUOTES, Done, finish, holdfast, refused, start


class Desk(NamedTuple):
    """A trader that runs, and the folder that it runs in."""

    cwd: Path
    ended: list[Done]

    def command(self, verb: str, *arguments: str) -> Done:
        """Command it by its socket."""
        return holdfast(verb, "--socket", "j.sock", *arguments, cwd=self.cwd)

    def records(self) -> list[Record]:
        """Read its journal."""
        store = SqliteStore.open(self.cwd / "j.db", read_only=True)
        try:
            return list(store.read())
        finally:
            store.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    process = start(
        "run", "--until-end", "--journal", "j.db", "--strategy", QUOTES, cwd=tmp_path
    )
    assert process.stderr is not None
    for line in process.stderr:
        if b"paper/trading" in line and b"orders 0" not in line:
            break
    desk = Desk(tmp_path, [])
    yield desk
    if process.poll() is None:
        desk.command("stop", "--reason", "the test is over")
    desk.ended.append(finish(process))
    assert desk.ended[0].code == 0, desk.ended[0].err


def test_a_pause_lets_no_order_out_until_the_resume(desk: Desk) -> None:
    assert "paused" in desk.command("pause", "--reason", "lunch").out
    cleared = desk.command("cancel", "--reason", "clear the book").out
    assert "resumed" in desk.command("resume", "--reason", "back").out
    assert desk.command("stop", "--reason", "enough").code == 0
    records = desk.records()
    events = [record.event for record in records]
    paused = next(i for i, e in enumerate(events) if isinstance(e, TradingPaused))
    resumed = next(i for i, e in enumerate(events) if isinstance(e, TradingResumed))
    assert not [e for e in events[paused:resumed] if isinstance(e, OrderApproved)]
    commanded = [
        e
        for e in events[paused:resumed]
        if isinstance(e, CancelRequested) and e.reason == "commanded: clear the book"
    ]
    assert cleared.strip() == f"cancel sent for {counted(len(commanded), 'order')}"
    received = [e for e in events if isinstance(e, CommandReceived)]
    assert [e.verb for e in received] == ["pause", "cancel", "resume", "stop"]
    assert [e.reason for e in received][:2] == ["lunch", "clear the book"]
    assert all("uid" in e.actor and "pid" in e.actor for e in received)


def test_a_repeated_key_acts_once(desk: Desk) -> None:
    first = desk.command("pause", "--reason", "once", "--idempotency-key", "k1")
    again = desk.command("pause", "--reason", "once", "--idempotency-key", "k1")
    assert first.code == again.code == 0
    assert "nothing was done again" in again.out
    assert len([r for r in desk.records() if isinstance(r.event, TradingPaused)]) == 1


def test_an_unknown_scope_is_refused_with_the_scopes_that_there_are(desk: Desk) -> None:
    code, line = refused(
        "pause", "--socket", "j.sock", "--reason", "x", "--scope", "nobody", cwd=desk.cwd
    )
    assert code == 6
    assert "BTCUSDT" in line
    assert "quotes" in line


def test_a_reason_that_says_nothing_is_refused(desk: Desk) -> None:
    code, line = refused("stop", "--socket", "j.sock", "--reason", "  ", cwd=desk.cwd)
    assert code == 6
    assert "reason" in line


def test_a_second_trader_on_the_same_journal_is_refused(desk: Desk) -> None:
    code, line = refused("run", "--journal", "j.db", "--resume", "--for", "1s", cwd=desk.cwd)
    assert code == 1
    assert "j.db" in line
    assert "another process" in line


def test_nobody_listens_where_no_trader_runs(tmp_path: Path) -> None:
    code, line = refused("pause", "--socket", "no.sock", "--reason", "x", cwd=tmp_path)
    assert code == 3
    assert "no.sock" in line
