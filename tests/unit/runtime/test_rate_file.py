"""The rate pool that the processes of a machine share, with real processes (XCH-3)."""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from holdfast.domain.instant import NS_PER_S
from holdfast.runtime.rate_file import RateFile
from holdfast.traffic.limits import NO_HOLD, Hold, Limit

MINUTE = Limit("weight", 60 * NS_PER_S, 1_000, "address")


def _silent(_line: str) -> None:
    pass


def _lease_all(path: str) -> int:
    """Lease seven at a time until nothing is given; runs in a process of its own."""
    pool = RateFile(Path(path), tell=sys.exit)
    total = 0
    while given := pool.lease(MINUTE, window=5, want=7, keep=200):
        total += given
    pool.close()
    return total


def test_processes_lease_together_exactly_what_there_is(tmp_path: Path) -> None:
    path = str(tmp_path / "rates.db")
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as processes:
        totals = list(processes.map(_lease_all, [path] * 3))
    assert sum(totals) == 800
    pool = RateFile(Path(path), tell=_silent)
    assert pool.lease(MINUTE, window=5, want=500, keep=0) == 200
    assert pool.lease(MINUTE, window=6, want=500, keep=0) == 500
    pool.close()


def test_what_the_venue_counts_beyond_the_leases_is_a_strangers(tmp_path: Path) -> None:
    pool = RateFile(tmp_path / "rates.db", tell=_silent)
    assert pool.lease(MINUTE, window=1, want=100, keep=0) == 100
    pool.see(MINUTE, window=1, used=650, unspent=50)
    pool.see(MINUTE, window=1, used=10, unspent=0)
    assert pool.lease(MINUTE, window=1, want=1_000, keep=0) == 300
    pool.close()


def test_a_hold_is_known_to_whoever_opens_the_file(tmp_path: Path) -> None:
    first = RateFile(tmp_path / "rates.db", tell=_silent)
    first.hold("address", Hold(7, 5))
    first.close()
    second = RateFile(tmp_path / "rates.db", tell=_silent)
    assert second.hold("address", Hold(6, 9)) == Hold(7, 9)
    assert second.hold("address", NO_HOLD) == Hold(7, 9)
    assert second.hold("another", NO_HOLD) == NO_HOLD
    second.close()


def test_old_windows_are_forgotten(tmp_path: Path) -> None:
    pool = RateFile(tmp_path / "rates.db", tell=_silent)
    for window in range(50):
        assert pool.lease(MINUTE, window=window, want=1, keep=0) == 1
    assert pool.lease(MINUTE, window=1, want=1_000, keep=0) == 1_000
    pool.close()


def test_a_file_that_cannot_be_used_leases_nothing_and_says_so_once(tmp_path: Path) -> None:
    path = tmp_path / "rates.db"
    path.write_bytes(b"no database at all" * 100)
    said: list[str] = []
    pool = RateFile(path, tell=said.append)
    assert pool.lease(MINUTE, window=1, want=10, keep=0) == 0
    assert pool.lease(MINUTE, window=1, want=10, keep=0) == 0
    pool.close()
    assert len(said) == 1
    assert "only cancels and reductions" in said[0]


def test_work_after_the_end_is_left_undone(tmp_path: Path) -> None:
    done: list[int] = []
    pool = RateFile(tmp_path / "rates.db", tell=_silent)
    pool.run(lambda: done.append(1))
    pool.close()
    pool.run(lambda: done.append(2))
    pool.close()
    assert done == [1]
