"""Where a run keeps its files: named apart, found again, and refused before anything starts."""

import os
from pathlib import Path

import pytest

from holdfast.errors import UsageError
from holdfast.runtime.config import Config, JournalEntry
from holdfast.runtime.node import open_store
from holdfast.runtime.places import LATEST, Places, link_latest, settle_places


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def begin(places: Places) -> Places:
    places.journal.parent.mkdir(parents=True)
    link_latest(places)
    return places


def named(path: str, **more: str) -> Config:
    return Config(journal=JournalEntry(path=path), **more)  # type: ignore[arg-type]


def test_two_runs_of_one_second_have_folders_of_their_own() -> None:
    folders = {begin(settle_places(Config(), resume=False)).journal.parent for _ in range(3)}
    assert len(folders) == 3


def test_latest_is_a_link_to_the_newest_run_and_resume_finds_its_folder() -> None:
    begin(settle_places(Config(), resume=False))
    second = begin(settle_places(Config(), resume=False))
    assert LATEST.is_symlink()
    assert LATEST.resolve() == second.journal.parent.resolve()
    assert settle_places(Config(), resume=True) == second


def test_a_run_keeps_its_own_socket_when_another_becomes_the_latest() -> None:
    first = begin(settle_places(Config(), resume=False))
    second = begin(settle_places(Config(), resume=False))
    assert first.socket != second.socket
    assert first.socket.parent == first.journal.parent


def test_to_resume_without_a_run_names_the_journal_that_is_not_there() -> None:
    places = settle_places(Config(), resume=True)
    with pytest.raises(UsageError, match=r"no journal at runs/latest/journal\.db"):
        open_store(places.journal, resume=True)


def test_a_named_journal_has_its_report_and_socket_beside_it() -> None:
    assert settle_places(named("a/j.db"), resume=False) == Places(
        Path("a/j.db"), Path("a/j.html"), Path("a/j.sock")
    )


def test_a_folder_that_is_named_latest_is_left_alone() -> None:
    LATEST.mkdir(parents=True)
    begin(settle_places(Config(), resume=False))
    assert not LATEST.is_symlink()


def test_a_folder_is_no_journal_and_no_report() -> None:
    for folder in (".", "/"):
        with pytest.raises(UsageError, match="name a file in it"):
            settle_places(named(folder), resume=False)
        with pytest.raises(UsageError, match="name a file in it"):
            settle_places(named("j.db", report=folder), resume=False)


@pytest.mark.parametrize("journal", ["j.html", "j.sock"])
def test_a_journal_is_never_overwritten_by_its_own_report_or_socket(journal: str) -> None:
    with pytest.raises(UsageError, match="names of their own"):
        settle_places(named(journal), resume=False)


def test_a_report_without_a_folder_and_a_socket_too_long_are_refused() -> None:
    with pytest.raises(UsageError, match="there is no folder nowhere"):
        settle_places(named("j.db", report="nowhere/r.html"), resume=False)
    with pytest.raises(UsageError, match="longer than"):
        settle_places(named("x" * 100 + ".db"), resume=False)
    assert settle_places(named("x" * 100 + ".db", mode="replay"), resume=False)


def test_a_journal_that_exists_or_cannot_be_made_is_refused() -> None:
    Path("file").touch()
    with pytest.raises(UsageError, match="its folder cannot be made"):
        open_store(Path("file/j.db"), resume=False)
    open_store(Path("j.db"), resume=False).close()
    with pytest.raises(UsageError, match="add --resume"):
        open_store(Path("j.db"), resume=False)


@pytest.mark.parametrize(
    ("journal", "report"),
    [("a.html", ""), ("same.x", "same.x"), ("j.db", "j.db-anchor"), ("j.db", "./j.db-wal")],
)
def test_a_report_never_takes_a_file_of_the_journal(journal: str, report: str) -> None:
    with pytest.raises(UsageError, match="names of their own"):
        settle_places(named(journal, report=report), resume=False)


def test_a_file_that_is_read_is_never_written() -> None:
    with pytest.raises(UsageError, match=r"--data market\.csv: this run would write over it"):
        settle_places(
            named("j.db", report="market.csv"),
            resume=False,
            inputs=[("--data", Path("market.csv"))],
        )


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (".", "folder"),
        ("a\0b", "printable"),
        ("z\udcff.db", "printable"),
        ("x" * 300, "longer than"),
        ("y/" * 4000 + "j.db", "too long"),
    ],
)
def test_a_path_that_no_file_can_have_is_refused_in_one_line(path: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        settle_places(named(path), resume=False)


def test_what_is_no_ordinary_file_takes_no_report() -> None:
    os.mkfifo("r.html")
    with pytest.raises(UsageError, match="no ordinary file"):
        settle_places(named("j.db", report="r.html"), resume=False)
