"""The rate pool of one machine: a small SQLite file that all its processes share.

What it holds is worth nothing once its windows are over, so nothing is synced to disk. Every
call is one transaction. A file that cannot be used leases nothing, which holds back everything
but cancels and reductions, and it says so once.
"""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from holdfast.traffic.limits import NO_HOLD, Hold, Limit
from holdfast.traffic.pool import WINDOWS_KEPT, Tally

PATIENCE_S = 2.0
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS tally (
    name TEXT, number INTEGER, leased INTEGER, strangers INTEGER, PRIMARY KEY (name, number));
CREATE TABLE IF NOT EXISTS hold (
    scope TEXT PRIMARY KEY, requests_until_ns INTEGER, all_until_ns INTEGER);
"""
_GET = "SELECT leased, strangers FROM tally WHERE name = ? AND number = ?"
_PUT = "INSERT OR REPLACE INTO tally VALUES (?, ?, ?, ?)"
_FORGET = "DELETE FROM tally WHERE name = ? AND number <= ?"
_GET_HOLD = "SELECT requests_until_ns, all_until_ns FROM hold WHERE scope = ?"
_PUT_HOLD = "INSERT OR REPLACE INTO hold VALUES (?, ?, ?)"


class RateFile:
    """A pool behind a file; `run` does all work on it, in one thread of its own."""

    def __init__(self, path: Path, *, tell: Callable[[str], None]) -> None:
        self._path = path
        self._tell = tell
        self._has_told = False
        self._database: sqlite3.Connection | None = None
        self._thread: ThreadPoolExecutor | None = ThreadPoolExecutor(1, "rates")

    def run(self, work: Callable[[], None]) -> None:
        """Do something with the pool, later; nothing once it is closed."""
        if self._thread is not None:
            self._thread.submit(work)

    def lease(self, limit: Limit, *, window: int, want: int, keep: int) -> int:
        """Give up to `want`, leaving `keep` of the limit; 0 while the file cannot be used."""
        given = 0

        def take(tally: Tally) -> None:
            nonlocal given
            given = tally.lease(want, room=limit.most - keep)

        return given if self._change(limit, window, take) else 0

    def see(self, limit: Limit, *, window: int, used: int, unspent: int) -> None:
        """Learn what the venue has counted."""
        self._change(limit, window, lambda tally: tally.see(used, unspent=unspent))

    def hold(self, scope: str, hold: Hold) -> Hold:
        """Learn how long the venue wants to wait, and give the longest known."""
        known = hold

        def share(database: sqlite3.Connection) -> None:
            nonlocal known
            row = database.execute(_GET_HOLD, (scope,)).fetchone()
            before = Hold(*row) if row else NO_HOLD
            known = hold.and_also(before)
            if known != before:
                values = (scope, known.requests_until_ns, known.all_until_ns)
                database.execute(_PUT_HOLD, values)

        self._within(share)
        return known

    def close(self) -> None:
        """Finish what was asked for and let go of the file; idempotent."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            thread.submit(self._disconnect)
            thread.shutdown(wait=True)

    def _change(self, limit: Limit, window: int, change: Callable[[Tally], None]) -> bool:
        """Change one window's tally in one transaction; tell whether that could be done."""
        name = f"{limit.scope} {limit.kind} {limit.window_ns}"

        def apply(database: sqlite3.Connection) -> None:
            row = database.execute(_GET, (name, window)).fetchone()
            tally = Tally(*row) if row else Tally()
            change(tally)
            database.execute(_PUT, (name, window, tally.leased, tally.strangers))
            if row is None:
                database.execute(_FORGET, (name, window - WINDOWS_KEPT))

        return self._within(apply)

    def _within(self, work: Callable[[sqlite3.Connection], None]) -> bool:
        try:
            database = self._database = self._database or self._connect()
            with database:
                database.execute("BEGIN IMMEDIATE")
                work(database)
        except (sqlite3.Error, OSError) as error:
            self._disconnect()
            if not self._has_told:
                self._has_told = True
                self._tell(
                    f"rate file {self._path} cannot be used ({error}): only cancels and "
                    "reductions leave until it can"
                )
            return False
        self._has_told = False
        return True

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, timeout=PATIENCE_S, isolation_level=None)
        database.executescript(_SCHEMA)
        return database

    def _disconnect(self) -> None:
        if self._database is not None:
            with closing(self._database):
                self._database = None
