"""SQLite keeps a journal as every store has to."""

import sqlite3
from pathlib import Path

import pytest

from holdfast.journal.sqlite import SqliteStore
from tests.contract.journal_store import JournalStoreContract


class TestSqliteStore(JournalStoreContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> None:
        self.path = tmp_path / "trade.journal"

    def create(self) -> SqliteStore:
        return SqliteStore.create(self.path)

    def reopen(self) -> SqliteStore:
        return SqliteStore.open(self.path)

    def damage(self, seq: int) -> None:
        with sqlite3.connect(self.path) as connection:
            query = "SELECT body FROM journal WHERE seq = ?"
            body = connection.execute(query, (seq,)).fetchone()[0]
        connection.close()
        content = self.path.read_bytes()
        assert content.count(body) == 1
        self.path.write_bytes(content.replace(body, body[:-1] + bytes([body[-1] ^ 1])))
