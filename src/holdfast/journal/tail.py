"""Following a journal that another process writes: records in order, as they become durable."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from holdfast.domain.event import Record
from holdfast.errors import NotFound
from holdfast.journal.reading import inspect, rows_of


class Follower:
    """A reader's place in a journal; `poll` gives what became durable since the last one."""

    def __init__(self, path: Path, *, from_seq: int = 1) -> None:
        """Open read-only; NotFound without a journal."""
        if not path.is_file():
            raise NotFound(f"there is no journal {path}")
        self._path = path
        self._connection = inspect(path)
        self._next = from_seq

    def poll(self) -> Iterator[Record]:
        """Give each new record once, in order and checked against the one before it."""
        for record in rows_of(self._path, self._connection, from_seq=self._next):
            self._next = record.header.seq + 1
            yield record

    def close(self) -> None:
        """Let go of the journal; idempotent."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def follow(path: Path, wait: Callable[[], bool], *, from_seq: int = 1) -> Iterator[Record]:
    """Give records as they come: `wait` pauses between two looks and says whether to go on.

    Reading from another process never holds up the writer.
    """
    with Follower(path, from_seq=from_seq) as follower:
        yield from follower.poll()
        while wait():
            yield from follower.poll()
