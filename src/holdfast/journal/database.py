"""The SQLite file of a journal: its form, how it is opened, and what its errors mean."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from holdfast.errors import (
    JournalCorrupt,
    JournalError,
    JournalFailed,
    JournalLocked,
    JournalNewer,
)
from holdfast.journal.chain import Head

APPLICATION_ID = 0x484F4C44  # "HOLD"
FORMAT = 1
PAGE_BYTES = 4096

_COLUMNS = "seq, account, shard, epoch, type, recorded_at_ns, body, hash"
# What is appended is never changed; `seal` says where the journal was when it was last opened
# (open = 1) or closed in order (open = 0).
SCHEMA = {
    "journal": (
        "CREATE TABLE journal (seq INTEGER PRIMARY KEY, account TEXT NOT NULL, "
        "shard INTEGER NOT NULL, epoch INTEGER NOT NULL, type TEXT NOT NULL, "
        "recorded_at_ns INTEGER NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL)"
    ),
    "journal_no_update": (
        "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal "
        "BEGIN SELECT RAISE(ABORT, 'a journal is never changed'); END"
    ),
    "journal_no_delete": (
        "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal "
        "BEGIN SELECT RAISE(ABORT, 'a journal is never changed'); END"
    ),
    "seal": (
        "CREATE TABLE seal (id INTEGER PRIMARY KEY CHECK (id = 1), open INTEGER NOT NULL, "
        "seq INTEGER NOT NULL, hash BLOB NOT NULL)"
    ),
}
SELECT = f"SELECT {_COLUMNS} FROM journal WHERE seq >= ? ORDER BY seq"
BEFORE_FIRST = "SELECT seq FROM journal WHERE seq < 1 LIMIT 1"
_LAST = "SELECT seq, hash, epoch, recorded_at_ns FROM journal ORDER BY seq DESC LIMIT 1"
T = TypeVar("T")

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
UNREADABLE = (sqlite3.Error, MemoryError, OverflowError, UnicodeDecodeError)


def insert(count: int) -> str:
    """Give the statement that appends so many rows at once."""
    return f"INSERT INTO journal ({_COLUMNS}) VALUES " + ",".join(["(?,?,?,?,?,?,?,?)"] * count)


def connect(path: Path, *, mode: str, immutable: bool = False) -> sqlite3.Connection:
    """Open the file: `ro`, `rw` or `rwc`; statements stand outside of transactions."""
    suffix = "&immutable=1" if immutable else ""
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}{suffix}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=5.0,
    )


def reading(path: Path, question: Callable[[], T]) -> T:
    """Ask the database; whatever it cannot answer becomes one line about this journal."""
    try:
        return question()
    except UNREADABLE as error:
        raise explain(path, error) from error


def explain(path: Path, error: Exception) -> JournalError:
    """Give the error of the product for one of SQLite's, with what would be right."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    primary = code & 0xFF
    if primary in _BUSY:
        return JournalLocked(
            f"journal {path} is locked by another process; stop that one, or choose another"
        )
    if primary == sqlite3.SQLITE_FULL:
        return JournalFailed(
            f"journal {path}: the disk is full; free some space, then start with --resume"
        )
    if primary in _DAMAGE:
        return JournalCorrupt(f"journal {path} is damaged, or no journal: {error}")
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return JournalFailed(f"journal {path}: the disk refused: {error} ({name})")


def check_form(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse what is no journal, a later form, and a schema that is not ours to the letter."""
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise JournalCorrupt(f"{path} is an SQLite file, but no Holdfast journal")
    form = _pragma(connection, "user_version")
    if form > FORMAT:
        raise JournalNewer(
            f"journal {path} has form {form}, and this version knows up to {FORMAT}; "
            "use the version that wrote it, or a later one"
        )
    found = dict(connection.execute("SELECT name, sql FROM sqlite_schema").fetchall())
    if form < 1 or found != SCHEMA:
        names = sorted(repr(name) for name in found.keys() ^ SCHEMA.keys()) or [
            repr(name) for name in SCHEMA if found[name] != SCHEMA[name]
        ]
        raise JournalCorrupt(
            f"journal {path} is damaged on page 1: form {form}, schema of {', '.join(names)}"
        )


def checkpoint(connection: sqlite3.Connection, *, mode: str = "PASSIVE") -> None:
    """Move frames into the database; a reader in the way leaves the rest, as durable there."""
    try:
        connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _BUSY:
            raise


def last(connection: sqlite3.Connection) -> Head:
    """Give the last stored record, without checking it."""
    row = connection.execute(_LAST).fetchone()
    return Head(*row) if row else Head()


def seal_of(path: Path, connection: sqlite3.Connection) -> tuple[bool, Head]:
    """Tell whether a writer has it open, and the head when it was opened or closed."""
    rows = connection.execute("SELECT open, seq, hash FROM seal").fetchall()
    if len(rows) != 1 or rows[0][0] not in (0, 1) or type(rows[0][1]) is not int:
        raise JournalCorrupt(f"journal {path} is damaged: its seal cannot be read")
    return rows[0][0] == 1, Head(rows[0][1], rows[0][2])


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
