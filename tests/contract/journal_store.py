"""What every store of a journal has to do, as numbered cases; a subclass makes the store."""

import os
from abc import abstractmethod
from itertools import islice

import pytest

from holdfast.domain.event import Record
from holdfast.domain.ids import Shard
from holdfast.errors import (
    InvariantBroken,
    JournalError,
    JournalFailed,
    JournalLocked,
    JournalNewer,
)
from holdfast.journal.chain import Head
from holdfast.journal.store import Store
from tests.unit.journal.kit import MemoryStore, ended, fill, journal_on


def rows_for(count: int, *, note: str = "") -> MemoryStore:
    """Make chained rows that any store can be given."""
    store = MemoryStore()
    fill(journal_on(store), count, note=note)
    return store


class JournalStoreContract:
    """Numbered cases; a subclass says how a store is made, opened again and damaged."""

    @abstractmethod
    def create(self) -> Store:
        """Make an empty store."""

    @abstractmethod
    def reopen(self) -> Store:
        """Open the same store as a writer, after it was closed or its writer died."""

    @abstractmethod
    def damage(self, seq: int) -> None:
        """Change a byte of a stored body behind the store's back."""

    def test_01_a_new_store_is_empty(self) -> None:
        store = self.create()
        assert store.head() == Head()
        assert list(store.read()) == []
        store.close()

    def test_02_what_was_appended_is_read_in_order(self) -> None:
        given, store = rows_for(10), self.create()
        store.append(given.rows)
        assert list(store.read()) == list(given.read())
        assert store.head() == given.head()
        store.close()

    def test_03_reading_begins_at_any_number(self) -> None:
        given, store = rows_for(10), self.create()
        store.append(given.rows)
        for seq in (1, 2, 7, 12):
            assert list(store.read(seq)) == list(given.read())[seq - 1 :]
        assert list(store.read(13)) == []
        assert list(store.read(99)) == []
        store.close()

    @pytest.mark.parametrize("group", [1, 2, 63, 64, 65, 200])
    def test_04_groups_leave_no_trace(self, group: int) -> None:
        given, store = rows_for(298), self.create()
        rows = iter(given.rows)
        while part := list(islice(rows, group)):
            store.append(part)
        assert list(store.read()) == list(given.read())
        assert store.head() == given.head()
        store.close()

    def test_05_a_closed_store_opens_at_its_head(self) -> None:
        given, store = rows_for(20), self.create()
        store.append(given.rows[:9])
        store.close()
        store = self.reopen()
        assert store.head().seq == 9
        store.append(given.rows[9:])
        store.close()
        store = self.reopen()
        assert list(store.read()) == list(given.read())
        assert store.head() == given.head()
        store.close()

    @pytest.mark.parametrize("first", [0, 1, 4, 7])
    def test_06_rows_that_do_not_follow_the_head_are_refused(self, first: int) -> None:
        given, store = rows_for(10), self.create()
        store.append(given.rows[:5])
        with pytest.raises(InvariantBroken):
            store.append(given.rows[first : first + 2])
        store.append(given.rows[5:])
        assert store.head() == given.head()
        store.close()

    def test_07_rows_with_a_gap_inside_are_refused_or_named(self) -> None:
        given, store = rows_for(10), self.create()

        def append_and_read() -> None:
            store.append([*given.rows[:3], *given.rows[4:7]])
            list(store.read())

        with pytest.raises((JournalError, InvariantBroken)):
            append_and_read()
        store.close()

    def test_08_a_second_writer_is_refused(self) -> None:
        store = self.create()
        with pytest.raises(JournalLocked):
            self.reopen()
        store.append(rows_for(1).rows)
        store.close()
        self.reopen().close()

    def test_09_what_a_dead_writer_had_appended_is_there(self) -> None:
        given = rows_for(30)
        child = os.fork()
        if child == 0:
            store = self.create()
            store.append(given.rows)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        store = self.reopen()
        assert list(store.read()) == list(given.read())
        assert store.head() == given.head()
        store.close()

    def test_10_damage_is_named_by_its_number(self) -> None:
        given, store = rows_for(30), self.create()
        store.append(given.rows)
        store.close()
        self.damage(17)
        with pytest.raises(JournalError, match="record 17"):
            self._read_all()

    def test_11_a_record_of_a_later_version_is_named(self) -> None:
        given, store = rows_for(3), self.create()
        store.append(given.rows)
        store.append(later_version(given))
        store.close()
        with pytest.raises(JournalNewer, match=r"record 6 has type 'run.paused/9'"):
            self._read_all()

    def test_12_settling_and_acknowledging_change_no_record(self) -> None:
        given, store = rows_for(60, note="x" * 4000), self.create()
        store.reserve()
        for row in given.rows:
            store.append([row])
            store.acknowledge()
            store.settle()
        assert list(store.read()) == list(given.read())
        store.close()
        assert self._read_all() == list(given.read())

    def test_13_closing_twice_is_closing_once(self) -> None:
        store = self.create()
        store.append(rows_for(3).rows)
        store.close()
        store.close()
        assert self._read_all() == list(rows_for(3).read())

    def test_14_a_closed_store_takes_nothing(self) -> None:
        given, store = rows_for(4), self.create()
        store.append(given.rows[:3])
        store.close()
        with pytest.raises(JournalFailed):
            store.append(given.rows[3:])

    def _read_all(self) -> list[Record]:
        store = self.reopen()
        try:
            return list(store.read())
        finally:
            store.close()


def later_version(given: MemoryStore) -> list[tuple]:  # type: ignore[type-arg]
    """Chain one more row, of a type that this version does not know."""

    class RunPaused(type(ended(0)), frozen=True, array_like=True):  # type: ignore[misc]
        TYPE = "run.paused/9"

    journal = journal_on(given)
    journal.put(RunPaused(reason="later"), Shard(0))
    journal.drain()
    return given.rows[-1:]
