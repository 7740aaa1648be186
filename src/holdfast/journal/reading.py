"""Opening a journal to read it, with proof that nothing is missing at its end."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from mmap import ACCESS_READ, mmap
from pathlib import Path

from holdfast.domain.event import Record
from holdfast.errors import JournalCorrupt, JournalError
from holdfast.journal import database as db
from holdfast.journal.anchor import is_written, read_anchor
from holdfast.journal.chain import BrokenLink, Head, Row, walk
from holdfast.journal.codec import decode_row
from holdfast.journal.place import is_empty
from holdfast.journal.wal import committed_frames, wal_path


def is_still(path: Path, *, ours: bool = False) -> bool:
    """Tell whether the database file is all there is: no writer, nothing written ahead.

    `ours` says that the caller holds the writer's lock and writes nothing yet.
    """
    return (ours or not is_written(path)) and is_empty(wal_path(path))


def inspect(path: Path, *, ours: bool = False, still: bool = False) -> sqlite3.Connection:
    """Open read-only and check form and end; nothing is written, not even a recovery.

    `ours` says that the caller holds the writer's lock. `still` reads the file as it is and
    leaves no files beside it, but never sees a change.
    """
    anchored = read_anchor(path)
    frames = None
    if ours or not is_written(path):
        frames = _frames(path, ours=ours, is_anchored=anchored is not None)
    connection = db.reading(path, lambda: db.connect(path, mode="ro", immutable=still))
    try:
        db.reading(path, lambda: _check(path, connection, anchored=anchored, frames=frames))
    except JournalError:
        connection.close()
        raise
    return connection


def rows_of(path: Path, connection: sqlite3.Connection, *, from_seq: int) -> Iterator[Record]:
    """Give the records from a number on; what does not follow is named with its place."""
    after = Head()
    if from_seq > 1:
        query = (db.SELECT + " LIMIT 1", (from_seq - 1,))
        stored = db.reading(path, lambda: connection.execute(*query).fetchone())
        if stored is None:
            return
        after = Head(from_seq - 1, stored[7])
    last = after.seq
    cursor = connection.cursor()
    try:
        for row in walk(cursor.execute(db.SELECT, (from_seq,)), after=after):
            last = row[0]
            yield decode_row(row)
    except BrokenLink as error:
        place = locate(path, error.row)
        raise JournalCorrupt(f"journal {path}: {error}{place}") from error
    except db.UNREADABLE as error:
        raise JournalCorrupt(
            f"journal {path}: record {last + 1} cannot be read: {error}{damage(connection)}"
        ) from error
    finally:
        with suppress(sqlite3.ProgrammingError):  # the journal may be closed by now
            cursor.close()


def damage(connection: sqlite3.Connection, *, check: str = "integrity_check") -> str:
    """Say which page SQLite finds damaged, as the end of a sentence; nothing when none is."""
    try:
        found = connection.execute(f"PRAGMA {check}(1)").fetchone()[0]
    except db.UNREADABLE as error:
        return f"; {error}"
    return "" if found == "ok" else f"; {str(found).splitlines()[-1]}"


def locate(path: Path, row: Row) -> str:
    """Say where in the files a stored row lies, by its stored hash; nothing if not found."""
    mark: object = row[7] or row[6]
    if not isinstance(mark, bytes) or not mark:
        return ""
    for name in (path, wal_path(path)):
        try:
            with (
                name.open("rb") as file,
                closing(mmap(file.fileno(), 0, access=ACCESS_READ)) as content,
            ):
                offset = content.rfind(mark)
        except (OSError, ValueError):
            continue
        if offset >= 0:
            page = f", page {offset // db.PAGE_BYTES + 1}" if name == path else ""
            return f"; it ends at byte {offset + len(mark)} of {name.name}{page}"
    return ""


def _frames(path: Path, *, ours: bool, is_anchored: bool) -> int | None:
    try:
        return committed_frames(path, is_anchored=is_anchored)
    except JournalCorrupt:
        # A writer that has come meanwhile changes the file under the reader's eyes.
        if not ours and is_written(path):
            return None
        raise


def _check(
    path: Path, connection: sqlite3.Connection, *, anchored: Head | None, frames: int | None
) -> None:
    db.check_form(path, connection)
    connection.execute("BEGIN")
    is_open, sealed = db.seal_of(path, connection)
    head = db.last(connection)
    before = connection.execute(db.BEFORE_FIRST).fetchone()
    connection.execute("COMMIT")
    if before is not None:
        raise JournalCorrupt(
            f"journal {path}: there is a row {before[0]} before record 1, which no writer of "
            "this program made"
        )
    for name, known in (("its seal", sealed), ("its anchor", anchored)):
        if known is not None and known.seq > 0:
            _check_known(path, connection, name=name, known=known, head=head)
    if not is_open and (head.seq, head.hash) != (sealed.seq, sealed.hash):
        raise JournalCorrupt(
            f"journal {path} ends at record {head.seq}, but was closed at record {sealed.seq}"
        )
    if is_open and frames == 0 and anchored is None:
        raise JournalCorrupt(
            f"journal {path} was not closed, and what was written ahead is missing: restore "
            f"{wal_path(path).name}"
        )


def _check_known(
    path: Path, connection: sqlite3.Connection, *, name: str, known: Head, head: Head
) -> None:
    if head.seq < known.seq:
        raise JournalCorrupt(
            f"journal {path} ends at record {head.seq}, behind {name} at record {known.seq}: "
            f"records {head.seq + 1} to {known.seq} are lost"
        )
    row = connection.execute(db.SELECT + " LIMIT 1", (known.seq,)).fetchone()
    if row[0] != known.seq or row[7] != known.hash:
        raise JournalCorrupt(
            f"journal {path}: record {known.seq} is not the one that {name} names"
        )
