"""A trader is killed while it writes, again and again; what it called durable is there."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.domain import events as ev
from holdfast.domain.event import Record
from holdfast.errors import JournalLocked
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.tail import Follower
from holdfast.journal.verify import verify
from tests.tidy.tree import ROOT
from tests.unit.journal.kit import ended

KILLS = 12
SEED = 20


def start(path: Path, burst: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.scenario.journal_child", str(path), str(burst)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
        stdout=subprocess.PIPE,
    )


def kill(child: subprocess.Popen[bytes]) -> int:
    """Kill the process and give the last number that it had called durable."""
    child.send_signal(signal.SIGKILL)
    assert child.stdout is not None
    told = child.stdout.read().splitlines()
    assert child.wait(20) == -signal.SIGKILL
    return int(told[-1]) if told else 0


def read_until(child: subprocess.Popen[bytes], count: int) -> int:
    assert child.stdout is not None
    return int([child.stdout.readline() for _ in range(count)][-1])


def check_records(records: list[Record], lives: int) -> None:
    """Each record is what was put under its number, and each life has its epoch."""
    epochs = [record.event.epoch for record in records if _takes_epoch(record)]
    assert epochs == list(range(1, len(epochs) + 1))
    assert len(epochs) <= lives
    assert all(
        record.event == ended(record.header.seq)
        for record in records[1:]
        if not _takes_epoch(record)
    )
    assert [record.header.seq for record in records] == list(range(1, len(records) + 1))


def _takes_epoch(record: Record) -> bool:
    return isinstance(record.event, ev.EpochTaken)


@pytest.mark.parametrize("burst", [1, 40])
def test_what_was_called_durable_survives_every_kill(tmp_path: Path, burst: int) -> None:
    path, chance = tmp_path / "trade.journal", random.Random(SEED)
    kept: list[Record] = []
    for life in range(1, KILLS + 1):
        child = start(path, burst)
        durable = read_until(child, chance.randrange(1, 120))
        durable = max(durable, kill(child))
        records: list[Record] = []
        verified = verify(path, each=records.append)
        assert verified.events >= durable, f"seed {SEED}, kill {life}: {durable} was durable"
        assert records[: len(kept)] == kept
        check_records(records, life)
        kept = records
    assert len(kept) > KILLS


def test_a_killed_trader_lets_go_of_its_journal_and_a_living_one_does_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "trade.journal"
    child = start(path, 5)
    read_until(child, 3)
    with pytest.raises(JournalLocked, match="another process"):
        SqliteStore.open(path)
    durable = kill(child)
    store = SqliteStore.open(path)
    assert store.head().seq >= durable
    store.close()


def test_a_reader_follows_a_writer_that_dies_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "trade.journal"
    child = start(path, 5)
    seen, followed = read_until(child, 5), []
    with Follower(path) as follower:
        for _ in range(3):
            followed += list(follower.poll())
            assert len(followed) >= seen
            kill(child)
            child = start(path, 5)
            seen = read_until(child, 5)
        durable = max(seen, kill(child))
        followed += list(follower.poll())
    whole: list[Record] = []
    verify(path, each=whole.append)
    # What the last life wrote and had not called durable shows only after a recovery.
    assert followed == whole[: len(followed)]
    assert len(followed) >= durable
    check_records(followed, 4)


def test_a_journal_is_proven_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "trade.journal"
    child = start(path, 20)
    try:
        proven = []
        for _ in range(5):
            durable = read_until(child, 10)
            proven.append(verify(path).events)
            assert proven[-1] >= durable
        assert proven == sorted(proven)
    finally:
        kill(child)
