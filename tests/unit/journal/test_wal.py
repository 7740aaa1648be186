"""The write-ahead file as we read it: the same frames as SQLite, and what it does not say."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from holdfast.errors import JournalCorrupt
from holdfast.journal.wal import committed_frames, wal_path
from tests.unit.journal.kit import flip, write, write_and_die

FRAME = 24 + 4096


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    return write_and_die(tmp_path / "j", 30)


def frames_of(path: Path) -> int:
    return (wal_path(path).stat().st_size - 32) // FRAME


def test_a_closed_journal_has_nothing_written_ahead(tmp_path: Path) -> None:
    assert committed_frames(write(tmp_path / "j", 3), is_anchored=False) == 0


def test_the_frames_that_we_count_are_those_that_sqlite_takes(killed: Path) -> None:
    counted = committed_frames(killed, is_anchored=False)
    with closing(sqlite3.connect(killed)) as connection:
        _, taken, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    assert counted == taken >= 10


@pytest.mark.parametrize("length", [0, 1, 31])
def test_a_file_without_a_whole_header_holds_no_frame(killed: Path, length: int) -> None:
    with wal_path(killed).open("r+b") as ahead:
        ahead.truncate(length)
    assert committed_frames(killed, is_anchored=False) == 0


def test_zeros_reserved_behind_the_frames_are_no_damage(killed: Path) -> None:
    counted = committed_frames(killed, is_anchored=False)
    with wal_path(killed).open("ab") as ahead:
        ahead.write(bytes(3 * FRAME + 100))
    assert committed_frames(killed, is_anchored=False) == counted


def test_damage_is_named_by_frame_and_bytes(killed: Path) -> None:
    flip(wal_path(killed), 32 + 4 * FRAME + 1000)
    with pytest.raises(
        JournalCorrupt, match="j-wal is damaged in frame 5, which is bytes 16512"
    ):
        committed_frames(killed, is_anchored=True)


def test_the_last_commit_cannot_be_flipped_away(killed: Path) -> None:
    last = frames_of(killed) - 1
    for offset in (4, 7, 8, 15, 16, 23, 24, 100, 4119):
        flip(wal_path(killed), 32 + last * FRAME + offset)
        with pytest.raises(JournalCorrupt, match=f"frame {last + 1}"):
            committed_frames(killed, is_anchored=False)
        flip(wal_path(killed), 32 + last * FRAME + offset)
    assert committed_frames(killed, is_anchored=False) == last + 1


def test_several_changed_bytes_show_by_the_frames_behind_them(killed: Path) -> None:
    for offset in range(200, 220):
        flip(wal_path(killed), 32 + 3 * FRAME + offset)
    with pytest.raises(JournalCorrupt, match="frame 4"):
        committed_frames(killed, is_anchored=False)
    assert committed_frames(killed, is_anchored=True) <= 3


def test_frames_of_an_older_file_are_no_damage(killed: Path) -> None:
    content = wal_path(killed).read_bytes()
    keep = 32 + 6 * FRAME
    older = bytearray(content[keep:])
    for start in range(0, len(older), FRAME):
        older[start + 8 : start + 16] = b"oldsalts"
    wal_path(killed).write_bytes(content[:keep] + bytes(older[FRAME:]))
    assert committed_frames(killed, is_anchored=False) == 6
