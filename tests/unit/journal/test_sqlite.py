"""The file of a journal: what is refused, in one line, before a byte of it is changed."""

import os
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from holdfast.errors import (
    HoldfastError,
    JournalCorrupt,
    JournalFailed,
    JournalLocked,
    JournalNewer,
    NotFound,
    UsageError,
)
from holdfast.journal.chain import GENESIS
from holdfast.journal.codec import encode
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.verify import Verified, verify
from tests.unit.journal.kit import SUFFIXES, copy, ended, fill, journal_on, write, write_and_die


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trade.journal"


def digest(path: Path) -> dict[str, str]:
    """Give the hashes of the files in which records stand."""
    return {
        suffix: sha256(Path(f"{path}{suffix}").read_bytes()).hexdigest()
        for suffix in ("", "-wal", "-anchor")
        if Path(f"{path}{suffix}").exists()
    }


def change(path: Path, *statements: str) -> None:
    """Change a closed journal with SQLite's own means."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def check_refused(path: Path, kind: type[HoldfastError], says: str) -> None:
    """Every way in refuses with one line, and none of them changes anything."""
    before = digest(path)
    ways: list[Callable[[], object]] = [
        lambda: verify(path),
        lambda: SqliteStore.open(path),
        lambda: SqliteStore.open(path, read_only=True),
    ]
    for way in ways:
        with pytest.raises(kind, match=says) as refusal:
            way()
        assert "\n" not in str(refusal.value)
        assert path.name in str(refusal.value)
    assert digest(path) == before


def test_a_journal_is_not_made_over_something_else(path: Path) -> None:
    path.write_text("my diary")
    with pytest.raises(UsageError, match="exists already; add --resume"):
        SqliteStore.create(path)
    assert path.read_text() == "my diary"
    assert os.listdir(path.parent) == [path.name]


def test_a_journal_is_not_made_in_a_folder_that_is_not_there(path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        SqliteStore.create(path.parent / "missing" / "trade.journal")


def test_a_journal_that_is_not_there_is_not_found(path: Path) -> None:
    for way in (verify, SqliteStore.open):
        with pytest.raises(NotFound, match="there is no journal"):
            way(path)
    assert os.listdir(path.parent) == []


def test_a_closed_journal_is_one_file_and_its_anchor(path: Path) -> None:
    write(path, 5)
    verify(path)
    SqliteStore.open(path, read_only=True).close()
    assert sorted(os.listdir(path.parent)) == [path.name, f"{path.name}-anchor"]


@pytest.mark.parametrize("left", ["nothing", "an unfinished one", "an empty one"])
def test_a_writer_killed_while_it_makes_a_journal_leaves_none_or_a_whole_one(
    left: str, path: Path
) -> None:
    unfinished = path.with_name(f"{path.name}-unfinished")
    path.with_name(f"{path.name}-anchor").write_bytes(b"")
    if left == "an unfinished one":
        unfinished.write_bytes(b"half a page")
        path.with_name(f"{unfinished.name}-wal").write_bytes(b"half a frame")
    store = SqliteStore.create(path)
    if left == "an empty one":
        killed = path.with_name("killed.db")
        shutil.copy(path, killed)
        shutil.copy(f"{path}-anchor", f"{killed}-anchor")
        SqliteStore.open(killed).close()
    store.close()
    assert SqliteStore.open(path, read_only=True).head().seq == 0
    assert not list(path.parent.glob("*unfinished*"))


def test_a_journal_of_other_bytes_is_refused(path: Path) -> None:
    path.write_bytes(b"This is a diary and no journal. " * 400)
    check_refused(path, JournalCorrupt, "no journal")


def test_an_empty_file_is_refused(path: Path) -> None:
    path.touch()
    check_refused(path, JournalCorrupt, "no Holdfast journal")


def test_a_database_of_somebody_else_is_refused(path: Path) -> None:
    change(path, "CREATE TABLE bookmarks (url TEXT)")
    check_refused(path, JournalCorrupt, "no Holdfast journal")


def test_a_journal_of_a_later_form_is_refused(path: Path) -> None:
    write(path, 5)
    change(path, "PRAGMA user_version = 2")
    check_refused(path, JournalNewer, "has form 2, and this version knows up to 1")


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER journal_no_delete",
        "ALTER TABLE journal ADD COLUMN note TEXT",
        "CREATE INDEX by_type ON journal (type)",
        "PRAGMA user_version = 0",
    ],
)
def test_a_schema_that_was_changed_is_refused(path: Path, statement: str) -> None:
    write(path, 5)
    change(path, statement)
    check_refused(path, JournalCorrupt, "damaged on page 1")


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_truncated_file_is_refused(path: Path, part: float) -> None:
    write(path, 500)
    os.truncate(path, int(path.stat().st_size * part))
    check_refused(path, JournalCorrupt, "journal")


def test_a_journal_whose_last_records_were_removed_is_behind(path: Path) -> None:
    write(path, 50)
    change(
        path,
        "DROP TRIGGER journal_no_delete",
        "DELETE FROM journal WHERE seq > 40",
        "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal "
        "BEGIN SELECT RAISE(ABORT, 'a journal is never changed'); END",
    )
    check_refused(path, JournalCorrupt, "records 41 to 52 are lost")
    Path(f"{path}-anchor").unlink()
    check_refused(path, JournalCorrupt, "records 41 to 52 are lost")


def test_an_old_copy_put_back_is_behind_its_anchor(path: Path, tmp_path: Path) -> None:
    write(path, 5)
    old = copy(path, tmp_path / "old")
    store = SqliteStore.open(path)
    fill(journal_on(store), 5)
    store.close()
    path.write_bytes(old.read_bytes())
    check_refused(path, JournalCorrupt, "behind its anchor at record 12: records 8 to 12")


@pytest.mark.parametrize("without", [("-wal",), ("-wal", "-anchor"), ("-wal", "-shm")])
def test_a_journal_without_what_was_written_ahead_is_refused(
    path: Path, tmp_path: Path, without: tuple[str, ...]
) -> None:
    crashed = write_and_die(path, 20, settled=20)
    check_refused(copy(crashed, tmp_path / "copy", without=without), JournalCorrupt, "journal")


def test_a_closed_journal_is_whole_without_its_anchor(path: Path) -> None:
    write(path, 9)
    before = verify(path)
    Path(f"{path}-anchor").unlink()
    assert verify(path) == before


def test_the_journal_of_a_dead_writer_is_whole_and_stays_as_it_is(path: Path) -> None:
    write_and_die(path, 20)
    before = digest(path)
    assert verify(path).events == 22
    assert digest(path) == before
    journal = journal_on(SqliteStore.open(path))
    fill(journal, 3)
    journal.close()
    assert verify(path).events == 25


def test_a_damaged_anchor_is_named(path: Path) -> None:
    write(path, 9)
    anchor = Path(f"{path}-anchor")
    anchor.write_bytes(anchor.read_bytes().replace(b"11 ", b"10 "))
    check_refused(path, JournalCorrupt, "trade.journal-anchor is damaged")


def test_a_journal_that_is_written_is_locked_for_writers_and_open_for_readers(
    path: Path,
) -> None:
    store = SqliteStore.create(path)
    fill(journal_on(store), 3)
    with pytest.raises(JournalLocked, match="is being written by another process"):
        SqliteStore.open(path)
    assert verify(path).events == 5
    reader = SqliteStore.open(path, read_only=True)
    assert len(list(reader.read())) == 5
    with pytest.raises(JournalFailed, match="open for reading"):
        reader.append([])
    reader.close()
    store.close()


def test_rows_cannot_be_changed_or_removed(path: Path) -> None:
    write(path, 3)
    for statement in ("UPDATE journal SET epoch = 9", "DELETE FROM journal"):
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            change(path, statement)
    assert verify(path).events == 5


def test_verified_says_what_was_verified(path: Path) -> None:
    write(path, 3)
    reader = SqliteStore.open(path, read_only=True)
    records, head = list(reader.read()), reader.head()
    reader.close()
    assert verify(path) == Verified(
        path=str(path),
        events=5,
        head=head.hash.hex(),
        first_at_ns=records[0].header.recorded_at_ns,
        last_at_ns=records[-1].header.recorded_at_ns,
        epoch=1,
    )


def test_verify_gives_each_record_once(path: Path) -> None:
    write(path, 3)
    given: list[int] = []
    verify(path, each=lambda record: given.append(record.header.seq))
    assert given == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("account", "epoch", "at_ns"), [("other", 1, 9), ("main", 0, 9), ("main", 1, 4)]
)
def test_a_journal_that_was_chained_anew_and_goes_back_is_refused(
    path: Path, account: str, epoch: int, at_ns: int
) -> None:
    store = SqliteStore.create(path)
    link, rows = GENESIS, []
    for seq, header in enumerate(
        [("main", 0, 1, "run.ended/1", 5), (account, 0, epoch, "run.ended/1", at_ns)], 1
    ):
        body = encode(ended(seq))
        link = sha256(link + msgspec.msgpack.encode((seq, *header)) + body).digest()
        rows.append((seq, *header, body, link))
    store.append(rows)
    store.close()
    with pytest.raises(JournalCorrupt, match="record 2 goes back behind record 1"):
        verify(path)


def test_a_changed_record_is_named_with_its_place(path: Path) -> None:
    write(path, 100)
    content = path.read_bytes()
    offset = content.index(b"number 41")
    path.write_bytes(content.replace(b"number 41", b"number 42"))
    with pytest.raises(JournalCorrupt) as damage:
        verify(path)
    text = str(damage.value)
    assert "record 44 does not match the hash chain" in text
    assert f"page {offset // 4096 + 1}" in text


def test_a_folder_that_cannot_be_written_is_one_line(path: Path) -> None:
    path.mkdir()
    with pytest.raises(UsageError):
        SqliteStore.create(path)
    with pytest.raises(NotFound):
        SqliteStore.open(path)


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_up_ends_writing_and_loses_nothing_acknowledged(path: Path) -> None:
    store = SqliteStore.create(path)
    journal = journal_on(store)
    with file_limit(400_000), pytest.raises(JournalFailed) as refusal:
        fill(journal, 100_000)
    durable = journal.durable
    assert journal.failed is refusal.value
    assert path.name in str(refusal.value)
    with pytest.raises(JournalFailed):
        store.append([])
    journal.close()
    assert verify(path).events == durable
    again = journal_on(SqliteStore.open(path))
    fill(again, 3)
    again.close()
    assert verify(path).events == durable + 3


@pytest.mark.parametrize("size", [0, 100, 4096, 20_000])
def test_a_journal_that_finds_no_room_leaves_nothing_behind(path: Path, size: int) -> None:
    with file_limit(size), pytest.raises(JournalFailed, match=path.name):
        SqliteStore.create(path)
    assert [suffix for suffix in SUFFIXES if Path(f"{path}{suffix}").exists()] == []


def test_no_room_for_the_next_commits_is_said_before_the_first(path: Path) -> None:
    store = SqliteStore.create(path)
    with file_limit(1 << 20), pytest.raises(JournalFailed, match="cannot take 5 MiB"):
        store.reserve()
    store.close()
    assert verify(path).events == 0


@pytest.mark.parametrize("seq", [0, -1, -(2**63)])
def test_a_row_before_the_first_record_is_refused(seq: int, tmp_path: Path) -> None:
    path = write(tmp_path / "j.db", 3)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(
            "INSERT INTO journal SELECT ?, account, shard, epoch, type, recorded_at_ns, body, "
            "hash FROM journal WHERE seq = 1",
            (seq,),
        )
    with pytest.raises(JournalCorrupt, match=f"row {seq} before record 1"):
        verify(path)


def test_a_pipe_in_place_of_what_is_written_ahead_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "j.db", 3)
    Path(f"{path}-wal").unlink(missing_ok=True)
    os.mkfifo(f"{path}-wal")
    with pytest.raises(JournalCorrupt, match="no ordinary file"):
        verify(path)
