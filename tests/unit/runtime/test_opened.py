"""A start that comes to nothing leaves nothing behind; what somebody decided is kept."""

from pathlib import Path

import pytest

from holdfast.runtime.config import Config, JournalEntry
from holdfast.runtime.opened import OpenedJournal
from holdfast.runtime.places import LATEST, settle_places


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_idle_journal_is_removed_with_the_folders_made_for_it(tmp_path: Path) -> None:
    places = settle_places(Config(journal=JournalEntry(path="a/b/j.db")), resume=False)
    opened = OpenedJournal(places, resume=False)
    opened.open().close()
    opened.remove_if_idle()
    assert list(tmp_path.iterdir()) == []


def test_the_newest_run_is_again_the_one_before(tmp_path: Path) -> None:
    first = settle_places(Config(), resume=False)
    OpenedJournal(first, resume=False).open().close()
    opened = OpenedJournal(settle_places(Config(), resume=False), resume=False)
    opened.open().close()
    opened.remove_if_idle()
    assert LATEST.resolve() == first.journal.parent.resolve()
    assert first.journal.exists()


def test_a_journal_that_was_there_before_is_kept() -> None:
    places = settle_places(Config(journal=JournalEntry(path="j.db")), resume=False)
    OpenedJournal(places, resume=False).open().close()
    opened = OpenedJournal(places, resume=True)
    opened.open().close()
    opened.remove_if_idle()
    assert places.journal.exists()
