"""A journal in one SQLite file: write-ahead log, flushed at every commit, one writer.

What was acknowledged is on this host's disk. A damaged or cut-off file is refused before
anything is written to it, so that evidence and remains stay as they are.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from itertools import chain
from os import O_RDONLY, SEEK_END, fsync
from os import close as close_file
from os import open as open_file
from pathlib import Path
from typing import Self

from holdfast.domain.event import Record
from holdfast.errors import (
    InvariantBroken,
    JournalCorrupt,
    JournalError,
    JournalFailed,
    NotFound,
    UsageError,
)
from holdfast.journal import database as db
from holdfast.journal.anchor import Anchor, anchor_path
from holdfast.journal.chain import GENESIS, Head, Row
from holdfast.journal.place import is_empty, refuse_network
from holdfast.journal.reading import damage, inspect, is_still, rows_of
from holdfast.journal.wal import wal_path

GROUP_ROWS = 64
CHECKPOINT_PAGES = 1000  # more makes checkpoints rarer and longer than 3 ms
SETTLE_BYTES = 1 << 20
RESERVED_BYTES = 5 << 20
_ROW_BYTES = 120


class SqliteStore:
    """A `Store` in an SQLite file, made by `create` or `open`."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, *, anchor: Anchor | None
    ) -> None:
        self.path = path
        self._connection = connection
        self._anchor = anchor
        self._head = db.reading(path, lambda: db.last(connection))
        self._unsettled = 0
        self._refused: JournalFailed | None = None
        self._inserts = {count: db.insert(count) for count in range(1, GROUP_ROWS + 1)}
        self._is_open = True

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make an empty journal; UsageError when there is something at its path already."""
        if path.exists():
            raise UsageError(
                f"journal {path} exists already; add --resume to go on from it, "
                "or choose another --journal"
            )
        if not path.parent.is_dir():
            raise UsageError(f"journal {path}: there is no folder {path.parent}")
        if not is_empty(wal_path(path)):
            raise UsageError(
                f"journal {path} is gone and {wal_path(path).name} is not, which holds "
                "records; put the journal back, or move the rest away"
            )
        refuse_network(path)
        anchor = Anchor(path)
        if path.exists():
            anchor.close()
            raise UsageError(f"journal {path} was made by another process at this moment")
        try:
            anchor.write(0, GENESIS)
            anchor.flush()
            connection = _make(path)
            store = cls(path, connection, anchor=anchor)
        except JournalError:
            for name in (path, _unfinished(path), anchor.path):
                _remove(name)
            anchor.close()
            raise
        return store

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open a journal to go on from its head, or only to read what is durable now.

        NotFound without one; JournalLocked, JournalNewer and JournalCorrupt before a byte of it
        is changed.
        """
        if not path.is_file():
            raise NotFound(f"there is no journal {path}; leave --resume out to make one")
        if read_only:
            return cls(path, inspect(path, still=is_still(path)), anchor=None)
        refuse_network(path)
        had_anchor = anchor_path(path).exists()
        anchor = Anchor(path)
        try:
            _check_pages(path)
            connection = _reopen(path)
            store = cls(path, connection, anchor=anchor)
            store._mark(is_open=True)
            anchor.write(store._head.seq, store._head.hash)
            anchor.flush()
        except JournalError:
            if not had_anchor:
                anchor.path.unlink(missing_ok=True)
            anchor.close()
            raise
        return store

    def reserve(self) -> None:
        """Fill the write-ahead file with zeros: commits that need not grow it take 0.6 as long.

        No zero is ever taken for a frame, because frames carry the salts of their file.
        """
        file = wal_path(self.path)
        try:
            with file.open("r+b") as ahead:
                size = ahead.seek(0, SEEK_END)
                ahead.write(bytes(max(0, RESERVED_BYTES - size)))
                ahead.flush()
                fsync(ahead.fileno())
        except OSError as error:
            self._refused = JournalFailed(
                f"journal {self.path}: cannot take {RESERVED_BYTES >> 20} MiB for {file.name}: "
                f"{error.strerror}"
            )
            raise self._refused from error

    def append(self, rows: Sequence[Row]) -> None:
        """Make rows durable, all or none, before returning."""
        if self._refused is not None or self._anchor is None:
            raise self._refused or JournalFailed(f"journal {self.path} is open for reading")
        if rows[0][0] != self._head.seq + 1 or rows[-1][0] != self._head.seq + len(rows):
            raise InvariantBroken(
                f"journal {self.path}: rows {rows[0][0]} to {rows[-1][0]} were to follow "
                f"{self._head.seq}"
            )
        try:
            self._insert(rows)
        except sqlite3.Error as error:
            self._refused = _failure(self.path, error)
            raise self._refused from error
        seq, _, _, epoch, _, recorded_at_ns, _, head = rows[-1]
        self._head = Head(seq, head, epoch, recorded_at_ns)
        self._unsettled += sum(len(row[6]) for row in rows) + _ROW_BYTES * len(rows)

    def acknowledge(self) -> None:
        """Note the head outside of the database, after those who wait for it were told."""
        if self._anchor is not None and self._refused is None:
            self._anchor.write(self._head.seq, self._head.hash)

    def read(self, from_seq: int = 1) -> Iterator[Record]:
        """Give decoded records from a number on, each checked against the one before it."""
        return rows_of(self.path, self._connection, from_seq=from_seq)

    def head(self) -> Head:
        """Give the last durable record's number, hash, epoch and stamp."""
        return self._head

    def settle(self) -> None:
        """Move what is durable from the write-ahead file into the database, when it is much."""
        if self._unsettled < SETTLE_BYTES or self._refused is not None:
            return
        self._unsettled = 0
        try:
            db.checkpoint(self._connection)
        except sqlite3.Error as error:
            self._refused = _failure(self.path, error)
            raise self._refused from error

    def close(self) -> None:
        """Seal the journal at its head and let go of it; idempotent."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            if self._anchor is not None and self._refused is None:
                self._mark(is_open=False)
                self._anchor.write(self._head.seq, self._head.hash)
        finally:
            # After a refused write the file may not take more; what is durable stays so.
            with suppress(sqlite3.Error):
                self._connection.close()
            if self._anchor is not None:
                self._anchor.close()

    def _insert(self, rows: Sequence[Row]) -> None:
        # One statement is one transaction: the lock of the interpreter is let go of once.
        execute = self._connection.execute
        if len(rows) <= GROUP_ROWS:
            execute(self._inserts[len(rows)], list(chain.from_iterable(rows)))
            return
        execute("BEGIN IMMEDIATE")
        for start in range(0, len(rows), GROUP_ROWS):
            part = rows[start : start + GROUP_ROWS]
            execute(self._inserts[len(part)], list(chain.from_iterable(part)))
        execute("COMMIT")

    def _mark(self, *, is_open: bool) -> None:
        try:
            self._connection.execute(
                "INSERT INTO seal (id, open, seq, hash) VALUES (1, ?, ?, ?) ON CONFLICT (id) "
                "DO UPDATE SET open = excluded.open, seq = excluded.seq, hash = excluded.hash",
                (int(is_open), self._head.seq, self._head.hash),
            )
            db.checkpoint(self._connection)
        except sqlite3.Error as error:
            self._refused = _failure(self.path, error)
            raise self._refused from error


def _unfinished(path: Path) -> Path:
    """Name the file in which a journal is made, until it is whole."""
    return path.with_name(f"{path.name}-unfinished")


def _remove(path: Path) -> None:
    """Remove a database with the files beside it."""
    for name in (path, wal_path(path), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)


def _make(path: Path) -> sqlite3.Connection:
    """Make an empty journal beside its place, where a crash never leaves half of one."""
    made = _unfinished(path)
    try:
        _remove(made)
        with closing(db.connect(made, mode="rwc")) as beside:
            _fill(beside)
        made.rename(path)
        _flush_folder(path.parent)
        connection = db.connect(path, mode="rw")
        _prepare(connection)
        # The write-ahead file keeps a frame: an empty one would look like a lost one.
        connection.execute("UPDATE seal SET open = 1")
        db.checkpoint(connection)
    except OSError as error:
        raise JournalFailed(f"journal {path}: cannot be made: {error.strerror}") from error
    except sqlite3.Error as error:
        raise _failure(path, error) from error
    return connection


def _fill(connection: sqlite3.Connection) -> None:
    """Write an open journal without a record into an empty database."""
    _prepare(connection)
    connection.execute("BEGIN IMMEDIATE")
    for statement in db.SCHEMA.values():
        connection.execute(statement)
    connection.execute("INSERT INTO seal (id, open, seq, hash) VALUES (1, 1, 0, ?)", (GENESIS,))
    connection.execute(f"PRAGMA application_id = {db.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {db.FORMAT}")
    connection.execute("COMMIT")
    db.checkpoint(connection, mode="TRUNCATE")


def _flush_folder(folder: Path) -> None:
    """Have the disk keep a folder's names."""
    number = open_file(folder, O_RDONLY)
    try:
        fsync(number)
    finally:
        close_file(number)


def _check_pages(path: Path) -> None:
    # A page that is listed as free and is not would be overwritten by the next append.
    with closing(inspect(path, ours=True, still=is_still(path, ours=True))) as connection:
        found = damage(connection, check="quick_check")
    if found:
        raise JournalCorrupt(f"journal {path} is damaged{found}")


def _reopen(path: Path) -> sqlite3.Connection:
    try:
        connection = db.connect(path, mode="rw")
        _prepare(connection)
        # Begins a new write-ahead file, in which no frame of a commit that was cut off is left.
        db.checkpoint(connection, mode="TRUNCATE")
    except sqlite3.Error as error:
        raise _failure(path, error) from error
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA page_size = {db.PAGE_BYTES}")
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    connection.execute("PRAGMA synchronous = FULL")
    level = connection.execute("PRAGMA synchronous").fetchone()[0]
    if (mode, level) != ("wal", 2):
        raise sqlite3.OperationalError(
            f"this file system allows no write-ahead file (mode {mode}, synchronous {level})"
        )
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute("PRAGMA cache_size = -16384")


def _failure(path: Path, error: sqlite3.Error) -> JournalFailed:
    explained = db.explain(path, error)
    if isinstance(explained, JournalCorrupt):
        return JournalFailed(f"journal {path}: the write was refused: {error}")
    return explained if isinstance(explained, JournalFailed) else JournalFailed(str(explained))
