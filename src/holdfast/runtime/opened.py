"""The journal of a run that begins: a start that comes to nothing leaves none behind."""

import contextlib
from pathlib import Path

from holdfast.errors import JournalError
from holdfast.journal.sqlite import SqliteStore
from holdfast.runtime.node import open_store
from holdfast.runtime.places import LATEST, Places, journal_files, link_latest

_KEPT = ("order.", "intent.", "command.", "trading.", "strategy.halted", "strategy.saved")
"""What makes a journal worth keeping: somebody decided something."""


class OpenedJournal:
    """Opens the journal once; removes it again when this run made it and nothing came of it."""

    def __init__(self, places: Places, *, resume: bool) -> None:
        self._places = places
        self._resume = resume
        self._latest: Path | None = None
        self._made: list[Path] = []

    def open(self) -> SqliteStore:
        """Open or create the journal, and let `runs/latest` name it."""
        journal = self._places.journal
        folders = [folder for folder in journal.parents if not folder.exists()]
        self._latest = LATEST.readlink() if LATEST.is_symlink() else None
        store = open_store(journal, resume=self._resume)
        if not self._resume:
            self._made = [*journal_files(journal), *folders]
        link_latest(self._places)
        return store

    def remove_if_idle(self) -> None:
        """Remove what this run made, so that the command can be given again, corrected."""
        if not self._made or not self._is_idle():
            return
        for path in self._made:
            with contextlib.suppress(OSError):
                if path.is_dir():
                    path.rmdir()
                else:
                    path.unlink(missing_ok=True)
        folder = self._places.journal.parent
        if LATEST.is_symlink() and LATEST.readlink() == Path(folder.name):
            LATEST.unlink()
            if self._latest is not None:
                LATEST.symlink_to(self._latest)
            with contextlib.suppress(OSError):
                LATEST.parent.rmdir()

    def _is_idle(self) -> bool:
        try:
            store = SqliteStore.open(self._places.journal, read_only=True)
            try:
                return not any(r.header.type.startswith(_KEPT) for r in store.read())
            finally:
                store.close()
        except JournalError:
            return False
