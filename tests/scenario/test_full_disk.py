"""A disk that takes nothing more: nothing new is sent, what rests is canceled (promise 2)."""

import resource
import time
from pathlib import Path

from tests.scenario.kit import QUOTES, exchange, finish, holdfast, start, totals, truth

TRADES_WITHIN_S = 30.0
FULL_BYTES = 4_096


def test_a_full_disk_ends_the_run_in_one_line_and_leaves_nothing_resting(
    tmp_path: Path,
) -> None:
    with exchange("--seed", "3", "--speed", "20", cwd=tmp_path) as url:
        process = start(
            "run", "--venue-url", url, "--journal", "j.db", "--json", "--strategy", QUOTES,
            cwd=tmp_path,
        )  # fmt: skip
        deadline = time.monotonic() + TRADES_WITHIN_S
        while not truth(url)["open_order_ids"] and time.monotonic() < deadline:
            assert process.poll() is None
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (FULL_BYTES, FULL_BYTES))
        done = finish(process)
        told = truth(url)
        assert done.code == 1
        assert done.out == ""
        (line,) = done.err.splitlines()
        assert line.startswith("holdfast: journal j.db: ")
        assert told["orders"]
        assert told["open_order_ids"] == []
        resumed = holdfast(
            "run", "--venue-url", url, "--journal", "j.db", "--resume", "--for", "20s",
            "--json", "--strategy", QUOTES, cwd=tmp_path,
        ).json  # fmt: skip
        told = truth(url)
    state = holdfast("journal", "state", "j.db", "--json", cwd=tmp_path).json
    assert state["balances"] == totals(told)
    assert state["state_hash"] == resumed["journal"]["state_hash"]
    assert told["open_order_ids"] == []
