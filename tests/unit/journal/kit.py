"""Journals to test with: events, a store in memory, and files as crashes leave them."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from holdfast.domain import events as ev
from holdfast.domain.event import Record
from holdfast.domain.ids import AccountId, Shard
from holdfast.errors import InvariantBroken, JournalFailed
from holdfast.journal.chain import Head, Row, walk
from holdfast.journal.codec import decode_row
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.store import Store
from holdfast.journal.writer import Journal
from holdfast.testing.clock import ManualClock

ACCOUNT = AccountId("main")
OPENED = ev.JournalOpened("ABCDE", "sim", "main", "paper", "state/1")
SUFFIXES = ("", "-wal", "-shm", "-anchor")


def ended(number: int, note: str = "") -> ev.RunEnded:
    """Give a small event that can be told from its neighbours."""
    return ev.RunEnded(reason=f"number {number}{note}")


def journal_on(
    store: Store,
    *,
    clock: ManualClock | None = None,
    durable: Callable[[int], object] = lambda _: None,
    capacity: int = 1000,
) -> Journal:
    """Make a journal that is drained by hand."""
    return Journal(
        store,
        clock or ManualClock(),
        account=ACCOUNT,
        durable_callback=durable,
        capacity=capacity,
    )


def fill(journal: Journal, count: int, *, group: int = 1, note: str = "") -> None:
    """Put and commit so many events."""
    if not journal.seq:
        journal.put(OPENED)
        journal.take_epoch(shards=[Shard(0)], reason="start")
    for number in range(count):
        journal.put(ended(number, note))
        if number % group == group - 1:
            journal.drain()
    journal.drain()


def write(path: Path, count: int, *, group: int = 3, note: str = "") -> Path:
    """Make a journal that was closed in order."""
    journal = journal_on(SqliteStore.create(path))
    fill(journal, count, group=group, note=note)
    journal.close()
    return path


def write_and_die(path: Path, count: int, *, settled: int = 0, note: str = "") -> Path:
    """Make a journal whose writer died: the first part settled, the rest written ahead."""
    child = os.fork()
    if child == 0:
        store = SqliteStore.create(path)
        journal = journal_on(store)
        if settled:
            fill(journal, settled, group=3, note=note)
            with closing(sqlite3.connect(path)) as other:
                other.execute("PRAGMA wal_checkpoint(PASSIVE)")
        fill(journal, count, group=3, note=note)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0
    return path


def copy(path: Path, folder: Path, *, without: Sequence[str] = ()) -> Path:
    """Copy a journal's files, some left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in SUFFIXES:
        source, target = Path(f"{path}{suffix}"), folder / f"{path.name}{suffix}"
        target.unlink(missing_ok=True)
        if source.exists() and suffix not in without:
            shutil.copyfile(source, target)
    return folder / path.name


def flip(file: Path, offset: int, *, mask: int = 0xFF) -> None:
    """Change one byte of a file."""
    with file.open("r+b") as content:
        content.seek(offset)
        byte = content.read(1)[0]
        content.seek(offset)
        content.write(bytes([byte ^ mask]))


class MemoryStore:
    """A store without a disk, whose writes can be refused from some record on."""

    def __init__(self, *, refuses_from: int = 1 << 62) -> None:
        self.rows: list[Row] = []
        self.commits: list[int] = []
        self.acknowledged = 0
        self.is_closed = False
        self.refuses_from = refuses_from
        self._has_failed = False

    def reserve(self) -> None:
        pass

    def append(self, rows: Sequence[Row]) -> None:
        if self._has_failed or rows[-1][0] >= self.refuses_from:
            self._has_failed = True
            raise JournalFailed("the disk is full")
        if rows[0][0] != len(self.rows) + 1:
            raise InvariantBroken("a gap")
        self.rows += rows
        self.commits.append(len(rows))

    def acknowledge(self) -> None:
        self.acknowledged = len(self.rows)

    def read(self, from_seq: int = 1) -> Iterator[Record]:
        after = Head(from_seq - 1, self.rows[from_seq - 2][7]) if from_seq > 1 else Head()
        yield from map(decode_row, walk(self.rows[from_seq - 1 :], after=after))

    def head(self) -> Head:
        if not self.rows:
            return Head()
        seq, _, _, epoch, _, at_ns, _, link = self.rows[-1]
        return Head(seq, link, epoch, at_ns)

    def settle(self) -> None:
        pass

    def close(self) -> None:
        self.is_closed = True
