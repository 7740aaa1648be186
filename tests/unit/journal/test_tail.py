"""Following a journal: every record once, in order, as it becomes durable."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from holdfast.errors import JournalCorrupt, NotFound
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.tail import Follower, follow
from holdfast.journal.verify import verify
from tests.unit.journal.kit import ended, fill, journal_on, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trade.journal"


def test_there_has_to_be_a_journal_to_follow(path: Path) -> None:
    with pytest.raises(NotFound, match="there is no journal"):
        Follower(path)


def test_a_follower_gives_each_record_once_it_is_durable(path: Path) -> None:
    store = SqliteStore.create(path)
    journal = journal_on(store)
    with Follower(path) as follower:
        assert list(follower.poll()) == []
        fill(journal, 3)
        assert [record.header.seq for record in follower.poll()] == [1, 2, 3, 4, 5]
        journal.put(ended(9))
        assert list(follower.poll()) == []
        journal.drain()
        assert [record.event for record in follower.poll()] == [ended(9)]
    journal.close()


def test_a_follower_may_begin_anywhere(path: Path) -> None:
    write(path, 10)
    with Follower(path, from_seq=8) as follower:
        assert [record.header.seq for record in follower.poll()] == [8, 9, 10, 11, 12]


def test_a_poll_that_was_left_half_way_goes_on_where_it_was(path: Path) -> None:
    write(path, 3)
    with Follower(path) as follower:
        first = follower.poll()
        assert [next(first).header.seq, next(first).header.seq] == [1, 2]
        assert [record.header.seq for record in follower.poll()] == [3, 4, 5]


def test_a_follower_sees_a_closed_journal_go_on(path: Path) -> None:
    write(path, 3)
    with Follower(path) as follower:
        assert len(list(follower.poll())) == 5
        journal = journal_on(SqliteStore.open(path))
        fill(journal, 2)
        journal.close()
        assert [record.header.seq for record in follower.poll()] == [6, 7]
    assert verify(path).events == 7


def test_a_reader_in_the_middle_does_not_hold_up_the_writer(path: Path) -> None:
    journal = journal_on(SqliteStore.create(path))
    fill(journal, 30)
    with Follower(path) as follower:
        reading = follower.poll()
        next(reading)
        fill(journal, 3000, group=50)
        journal.close()
        assert len(list(reading)) == 31
        assert len(list(follower.poll())) == 3000
    assert verify(path).events == 3032


def test_following_waits_between_looks_until_it_is_told_to_stop(path: Path) -> None:
    journal = journal_on(SqliteStore.create(path))
    fill(journal, 1)
    looks = [2, 0, 1]

    def wait() -> bool:
        if not looks:
            return False
        fill(journal, looks.pop(0))
        return True

    assert [record.header.seq for record in follow(path, wait)] == [1, 2, 3, 4, 5, 6]
    assert looks == []
    journal.close()


def test_a_record_changed_under_a_follower_is_named(path: Path) -> None:
    write(path, 5)
    with Follower(path) as follower:
        assert len(list(follower.poll())) == 7
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute(
                "INSERT INTO journal SELECT 8, account, shard, epoch, type, recorded_at_ns, "
                "body, hash FROM journal WHERE seq = 7"
            )
        with pytest.raises(JournalCorrupt, match="record 8 does not match the hash chain"):
            list(follower.poll())
