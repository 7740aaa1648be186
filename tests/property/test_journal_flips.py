"""Any changed byte of any of a journal's files is named, or changes nothing that was recorded.

A silent difference is the only failure. The journals are those that a run leaves behind: closed
in order, killed with everything written ahead, killed with a part settled; each also without
its anchor, as when somebody copied the files that SQLite's manual lists.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from os import SEEK_END
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from holdfast.domain.event import Record
from holdfast.domain.events import StrategySaved
from holdfast.errors import JournalError
from holdfast.journal.anchor import Anchor
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.verify import verify
from tests.unit.journal.kit import copy, fill, flip, journal_on, write, write_and_die

COUNT = 60
LONG = " and so on" * 300
FRAME = 24 + 4096
SECTOR = 512
STATES = ("closed", "killed", "settled")

Told = str | tuple[str, list[Record]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("journals")
    for state in STATES:
        (made / state).mkdir()
    write(made / "closed" / "j", COUNT, note=LONG[:700])
    journal = journal_on(SqliteStore.open(made / "closed" / "j"))
    journal.put(StrategySaved("trend", bytes(range(256)) * 40))  # more than a page holds
    fill(journal, 3)
    journal.close()
    write_and_die(made / "killed" / "j", COUNT, note=LONG[:300])
    write_and_die(made / "settled" / "j", COUNT // 2, settled=COUNT, note=LONG[:300])
    return made


def told(path: Path) -> Told:
    """Give what verification says: one line, or the head and every record."""
    records: list[Record] = []
    try:
        verified = verify(path, each=records.append)
    except JournalError as error:
        return str(error)
    return verified.head, records


@cache
def told_of_intact(path: Path, without: Sequence[str]) -> Told:
    said = told(copy(path, path.parent.parent / "intact", without=without))
    assert isinstance(said, tuple)
    return said


def told_after_more(path: Path) -> Told:
    """Give what is said when a writer goes on from a journal and closes it."""
    try:
        store = SqliteStore.open(path)
        journal = journal_on(store)
        fill(journal, 20)
        journal.close()
    except JournalError as error:
        return str(error)
    return told(path)


def check(
    folder: Path,
    state: str,
    *,
    suffix: str,
    offset: int,
    mask: int,
    without: Sequence[str] = (),
) -> None:
    """Flip one byte of a copy; what is said of it is a complaint or what was said before."""
    flipped = copy(folder / state / "j", folder / "flipped", without=without)
    flip(Path(f"{flipped}{suffix}"), offset, mask=mask)
    said = told(flipped)
    if isinstance(said, str):
        assert said
        assert "\n" not in said
    else:
        assert said == told_of_intact(folder / state / "j", without)


def size(folder: Path, state: str, suffix: str) -> int:
    return Path(f"{folder / state / 'j'}{suffix}").stat().st_size


PLACES = [
    (state, suffix, without)
    for state, suffixes in {
        "closed": ("", "-anchor"),
        "killed": ("", "-wal", "-shm", "-anchor"),
        "settled": ("", "-wal", "-shm"),
    }.items()
    for suffix in suffixes
    for without in ((), ("-anchor",), ("-anchor", "-shm"))
    if suffix not in without
]


@pytest.mark.parametrize(("state", "suffix", "without"), PLACES, ids=str)
def test_any_flipped_byte_is_named_or_changes_nothing(
    folder: Path, state: str, suffix: str, without: tuple[str, ...]
) -> None:
    last = size(folder, state, suffix) - 1

    @given(offset=st.integers(0, last), mask=st.integers(1, 255))
    def flips(offset: int, mask: int) -> None:
        check(folder, state, suffix=suffix, offset=offset, mask=mask, without=without)

    flips()


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
@pytest.mark.parametrize("state", STATES)
def test_every_byte_of_the_header_of_the_database(folder: Path, state: str, mask: int) -> None:
    for offset in range(100 + 12):
        check(folder, state, suffix="", offset=offset, mask=mask, without=("-anchor",))
    assert isinstance(told(copy(folder / state / "j", folder / "intact")), tuple)


@pytest.mark.parametrize("mask", [0x01, 0x80, 0xFF])
@pytest.mark.parametrize("state", ["killed", "settled"])
def test_every_byte_of_the_headers_written_ahead(folder: Path, state: str, mask: int) -> None:
    frames = (size(folder, state, "-wal") - 32) // FRAME
    assert frames > 2
    for begin, length in [(0, 32), (32, 24), (32 + FRAME, 24), (32 + (frames - 1) * FRAME, 24)]:
        for offset in range(begin, begin + length):
            check(
                folder, state, suffix="-wal", offset=offset, mask=mask,
                without=("-anchor", "-shm"),
            )  # fmt: skip


@pytest.mark.parametrize("state", ["killed", "settled"])
def test_every_byte_of_the_header_of_the_shared_memory(folder: Path, state: str) -> None:
    for offset in range(136):
        check(folder, state, suffix="-shm", offset=offset, mask=0xFF, without=("-anchor",))
    assert isinstance(told(copy(folder / state / "j", folder / "intact")), tuple)


def test_sqlite_itself_says_nothing_of_a_byte_flipped_in_what_was_written_ahead(
    folder: Path,
) -> None:
    path = copy(folder / "killed" / "j", folder / "flipped", without=("-anchor",))
    flip(Path(f"{path}-wal"), 32 + 5 * FRAME + 100)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT count(*) FROM journal").fetchone()[0]
        health = connection.execute("PRAGMA integrity_check").fetchone()[0]
    assert (rows < COUNT, health) == (True, "ok")
    assert "j-wal is damaged in frame 6" in str(told(path))


@pytest.mark.parametrize(("state", "suffix"), [("closed", ""), ("killed", "-wal")])
def test_writing_on_after_a_flip_hides_nothing(folder: Path, state: str, suffix: str) -> None:
    original = folder / state / "j"
    good = told_after_more(copy(original, folder / "intact"))

    @given(offset=st.integers(0, size(folder, state, suffix) - 1), mask=st.integers(1, 255))
    def flips(offset: int, mask: int) -> None:
        path = copy(original, folder / "flipped", without=("-anchor",))
        flip(Path(f"{path}{suffix}"), offset, mask=mask)
        said = told_after_more(path)
        assert isinstance(said, str) or said[0] == good[0]

    flips()


def test_a_file_ahead_that_was_cut_anywhere_is_behind_its_anchor(folder: Path) -> None:
    whole = size(folder, "killed", "-wal")

    @given(length=st.integers(0, whole - 1))
    def cuts(length: int) -> None:
        path = copy(folder / "killed" / "j", folder / "flipped")
        with Path(f"{path}-wal").open("r+b") as ahead:
            ahead.truncate(length)
        said = told(path)
        assert isinstance(said, str)
        assert "behind its anchor" in said or "header" in said

    cuts()


def test_a_power_cut_leaves_an_exact_prefix(folder: Path) -> None:
    """The file ahead ends at any sector, and the anchor is as old as the last one flushed."""
    original = folder / "killed" / "j"
    _, records = told_of_intact(original, ())
    SqliteStore.open(copy(original, folder / "rows")).close()
    with closing(sqlite3.connect(folder / "rows" / "j")) as connection:
        hashes = [row[0] for row in connection.execute("SELECT hash FROM journal ORDER BY seq")]

    wal = Path(f"{original}-wal").read_bytes()

    @given(
        anchored=st.integers(1, COUNT),
        sectors=st.integers(0, size(folder, "killed", "-wal") // SECTOR),
    )
    def power_cuts(anchored: int, sectors: int) -> None:
        length = sectors * SECTOR
        lost = wal[length : length + SECTOR]
        assume(sum(byte > 0 for byte in lost) > 1)  # one lost byte looks like one flipped byte
        path = copy(original, folder / "flipped", without=("-shm",))
        anchor = Anchor(path)
        anchor.write(anchored, hashes[anchored - 1])
        anchor.close()
        with Path(f"{path}-wal").open("r+b") as ahead:
            ahead.truncate(length)
            ahead.seek(0, SEEK_END)
            ahead.write(bytes(2 * FRAME))
        said = told(path)
        if isinstance(said, str):
            assert f"behind its anchor at record {anchored}" in said or "header" in said
        else:
            assert len(said[1]) >= anchored
            assert said[1] == records[: len(said[1])]

    power_cuts()


def test_what_a_kill_inside_a_commit_leaves_is_no_damage(folder: Path) -> None:
    """Frames of a commit that never ended, the last with its header and not its page."""
    said = told(folder / "killed" / "j")
    frames = (size(folder, "killed", "-wal") - 32) // FRAME
    path = copy(folder / "killed" / "j", folder / "flipped")
    ahead = Path(f"{path}-wal")
    content = ahead.read_bytes()
    last = 32 + (frames - 1) * FRAME
    unfinished = bytearray(content[last : last + FRAME])
    unfinished[4:8] = bytes(4)
    for tail in (unfinished[:24], unfinished[:2000], bytes(unfinished) + bytes(FRAME)):
        ahead.write_bytes(content + tail)
        assert told(path) == said
