"""Proving a journal: every byte is read again, every link made again, nothing is written."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from holdfast.domain.event import Header, Record
from holdfast.errors import JournalCorrupt, JournalLocked, NotFound
from holdfast.journal import database as db
from holdfast.journal.chain import GENESIS
from holdfast.journal.reading import damage, inspect, is_still, rows_of


class Verified(msgspec.Struct, frozen=True):
    """A journal whose chain holds from first record to last; `head` is its hash in hex."""

    path: str
    events: int
    head: str
    first_at_ns: int
    last_at_ns: int
    epoch: int


def verify(path: Path, *, each: Callable[[Record], object] | None = None) -> Verified:
    """Check a whole journal; the first thing that is wrong is raised, with its place.

    `each` is given every record in order as it is checked, so that a fold needs no second pass;
    what it made of them is worth something only when this returns. NotFound without a journal,
    JournalCorrupt for damage, JournalNewer for what this version cannot read.
    """
    if not path.is_file():
        raise NotFound(f"there is no journal {path}")
    still = is_still(path)
    try:
        return _verify(path, still=still, each=each)
    except JournalCorrupt as error:
        if still and not is_still(path):
            raise JournalLocked(
                f"journal {path} began to be written while it was read; verify it again"
            ) from error
        raise


def _follows(
    path: Path, header: Header, before: Header | None, *, epochs: dict[int, int]
) -> Header:
    """Hold a header to what every writer promises; a broken promise is no flipped byte."""
    if before is not None and (
        header.account != before.account
        or header.recorded_at_ns < before.recorded_at_ns
        or header.epoch < epochs.get(header.shard, 0)
    ):
        raise JournalCorrupt(
            f"journal {path}: record {header.seq} goes back behind record {before.seq} in "
            "account, time or epoch, so no writer of this program made it"
        )
    epochs[header.shard] = header.epoch
    return header


def _verify(path: Path, *, still: bool, each: Callable[[Record], object] | None) -> Verified:
    first = last = None
    epochs: dict[int, int] = {}
    with closing(inspect(path, still=still)) as connection:
        connection.execute("BEGIN")
        for record in rows_of(path, connection, from_seq=1):
            header = record.header
            first, last = first or header, _follows(path, header, last, epochs=epochs)
            if each is not None:
                each(record)
        head = db.reading(path, lambda: db.last(connection))
        found = damage(connection)
    if found:
        raise JournalCorrupt(f"journal {path} is damaged{found}")
    return Verified(
        path=str(path),
        events=last.seq if last else 0,
        head=(head.hash if last else GENESIS).hex(),
        first_at_ns=first.recorded_at_ns if first else 0,
        last_at_ns=last.recorded_at_ns if last else 0,
        epoch=last.epoch if last else 0,
    )
