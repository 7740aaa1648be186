"""The side file: one writer's lock, and the last head that it acknowledged."""

import fcntl
import os
from pathlib import Path

import pytest

from holdfast.errors import JournalCorrupt, JournalFailed, JournalLocked
from holdfast.journal.anchor import Anchor, anchor_path, is_written, read_anchor
from holdfast.journal.chain import Head
from tests.unit.journal.kit import flip

HEAD = bytes(range(32))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "trade.journal"


def test_the_last_head_that_was_written_is_read(journal: Path) -> None:
    anchor = Anchor(journal)
    assert read_anchor(journal) is None
    for seq in (1, 10**12, 7):
        anchor.write(seq, HEAD)
        assert read_anchor(journal) == Head(seq, HEAD)
    anchor.flush()
    anchor.close()
    assert read_anchor(journal) == Head(7, HEAD)


def test_without_a_file_there_is_no_anchor_and_no_writer(journal: Path) -> None:
    assert read_anchor(journal) is None
    assert not is_written(journal)
    assert not anchor_path(journal).exists()


def test_there_is_one_writer_and_anybody_can_see_it(journal: Path) -> None:
    anchor = Anchor(journal)
    assert is_written(journal)
    with pytest.raises(JournalLocked, match=r"trade.journal is being written"):
        Anchor(journal)
    anchor.close()
    anchor.close()
    assert not is_written(journal)
    Anchor(journal).close()


def test_a_lock_that_is_not_let_go_is_a_writer(journal: Path) -> None:
    anchor_path(journal).touch()
    held = os.open(anchor_path(journal), os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_SH)
    with pytest.raises(JournalLocked):
        Anchor(journal)
    os.close(held)
    Anchor(journal).close()


def test_every_changed_byte_of_it_is_noticed(journal: Path) -> None:
    anchor = Anchor(journal)
    anchor.write(42, HEAD)
    anchor.close()
    path = anchor_path(journal)
    for offset in range(path.stat().st_size):
        for mask in (0x01, 0x20, 0xFF):
            flip(path, offset, mask=mask)
            with pytest.raises(JournalCorrupt, match="anchor is damaged"):
                read_anchor(journal)
            flip(path, offset, mask=mask)
    assert read_anchor(journal) == Head(42, HEAD)


def test_a_folder_that_is_not_there_is_one_line(journal: Path) -> None:
    with pytest.raises(JournalFailed, match=r"cannot write trade.journal-anchor"):
        Anchor(journal.parent / "missing" / "trade.journal")


def test_a_pipe_in_its_place_is_refused_and_waits_for_nobody(journal: Path) -> None:
    os.mkfifo(anchor_path(journal))
    assert not is_written(journal)
    with pytest.raises(JournalCorrupt, match="no ordinary file"):
        read_anchor(journal)
    with pytest.raises(JournalCorrupt, match="no ordinary file"):
        Anchor(journal)
