"""What a journal is kept in: rows in, rows out, in order, and nothing ever changes."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from holdfast.domain.event import Record
from holdfast.journal.chain import Head, Row


class Store(Protocol):
    """An append-only sequence of hash-chained rows with one writer.

    A store hashes nothing and invents nothing: equal rows in give equal rows out, whatever the
    groups in which they came. After any failed write it refuses every later one.
    """

    def reserve(self) -> None:
        """Take the space of the next commits, so that none waits for a file to grow."""

    def append(self, rows: Sequence[Row]) -> None:
        """Make rows durable, all or none, before returning.

        Their numbers follow the head without a gap; InvariantBroken otherwise. JournalFailed
        when the disk refuses, after which this object never writes again: the same call is not
        repeated, because what a failed flush left behind is unknown.
        """

    def acknowledge(self) -> None:
        """Note the head where the loss of records would show, after their durability was told.

        May be old after a crash and is never ahead of what is durable.
        """

    def read(self, from_seq: int = 1) -> Iterator[Record]:
        """Give decoded records from a number on, each checked against the one before it.

        Nothing when the journal ends before it. JournalCorrupt names the first record that does
        not follow, JournalNewer the first that this version cannot read.
        """

    def head(self) -> Head:
        """Give the last durable record's number, hash, epoch and stamp."""

    def settle(self) -> None:
        """Do what may take long and has to be done some time; called when nothing is queued."""

    def close(self) -> None:
        """Seal the journal at its head and let go of it; idempotent."""
