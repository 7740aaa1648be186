"""Where a journal may stand, and what is left where one stood."""

from pathlib import Path

import pytest

from holdfast.errors import JournalFailed, UsageError
from holdfast.journal.place import refuse_network
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.verify import verify
from tests.unit.journal.kit import write, write_and_die


def mounts(tmp_path: Path, *points: tuple[str, str]) -> Path:
    table = tmp_path / "mounts"
    table.write_text("".join(f"device {point} {kind} rw 0 0\n" for point, kind in points))
    return table


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_file_system_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    table = mounts(tmp_path, ("/", "ext4"), ("/far", kind), ("/far/near", "ext4"))
    with pytest.raises(JournalFailed, match=f"would be on {kind}, whose locks"):
        refuse_network(Path("/far/away/trade.journal"), mounts=table)


def test_the_innermost_mount_decides(tmp_path: Path) -> None:
    table = mounts(tmp_path, ("/", "nfs4"), ("/near\\040by", "ext4"))
    assert refuse_network(Path("/near by/trade.journal"), mounts=table) is None  # type: ignore[func-returns-value]


def test_a_system_that_does_not_say_is_trusted(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    assert refuse_network(tmp_path / "j", mounts=missing) is None  # type: ignore[func-returns-value]


def test_records_written_ahead_of_a_lost_journal_are_not_written_over(tmp_path: Path) -> None:
    path = write_and_die(tmp_path / "j", 5)
    path.unlink()
    with pytest.raises(UsageError, match="j-wal is not, which holds records"):
        SqliteStore.create(path)
    assert Path(f"{path}-wal").stat().st_size > 0


def test_a_journal_may_be_begun_again_where_a_closed_one_was_removed(tmp_path: Path) -> None:
    path = write(tmp_path / "j", 50)
    path.unlink()
    write(path, 3)
    assert verify(path).events == 5
