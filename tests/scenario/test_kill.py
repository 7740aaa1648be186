"""`kill -9` at fifty random moments, and `--resume` each time (JNL-1, XCH-5, XCH-6)."""

import random
import subprocess
from decimal import Decimal
from pathlib import Path

from holdfast.domain.events import OrderAdopted, OrderApproved, OrderFilled
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.verify import verify
from tests.scenario.kit import (
    QUOTES,
    TREND,
    exchange,
    finish,
    holdfast,
    pairs,
    start,
    totals,
    truth,
)

KILLS = 25
LONGEST_S = 2.0
SEEDS = (1, 2)
TRADE = pairs([TREND, QUOTES], "--strategy")


def kill_and_resume(url: str, cwd: Path, *, seed: int, options: tuple[str, ...] = ()) -> None:
    """Start a trader over and over, each time killed at a random moment of its life.

    Every other time the moment is counted from its first sign of life, so that a slow machine
    does not spend all kills on starts.
    """
    moments = random.Random(seed)
    for number in range(KILLS):
        resume = ["--resume"] if (cwd / "j.db").exists() else []
        process = start(
            "run", "--venue-url", url, "--journal", "j.db", *resume, *TRADE, *options, cwd=cwd
        )
        if number % 2 == 0:
            wait_for_life(process)
        try:
            process.wait(timeout=moments.uniform(0.0 if number % 2 == 0 else 0.2, LONGEST_S))
        except subprocess.TimeoutExpired:
            process.kill()
        done = finish(process)
        assert done.code == -9, f"run {number} of seed {seed} ended by itself: {done.err}"
        if (cwd / "j.db").exists():
            verify(cwd / "j.db")


def wait_for_life(process: subprocess.Popen[bytes]) -> None:
    """Wait for the first line of its view that says it trades, or for its end."""
    assert process.stderr is not None
    for line in process.stderr:
        if b"paper/trading" in line:
            return


def check(url: str, cwd: Path, *, with_send: bool) -> None:
    """Resume for good, and hold the journal against the exchange's own account."""
    result = holdfast(
        "run", "--venue-url", url, "--journal", "j.db", "--resume", "--for", "40s", "--json",
        *TRADE, cwd=cwd,
    ).json  # fmt: skip
    told = truth(url)
    state = holdfast("journal", "state", "j.db", "--json", cwd=cwd).json
    assert state["state_hash"] == result["journal"]["state_hash"]
    assert state["open_orders"] == told["open_order_ids"] == []
    assert state["balances"] == totals(told)
    store = SqliteStore.open(cwd / "j.db", read_only=True)
    events = [record.event for record in store.read()]
    store.close()
    sent = [order["clientOrderId"] for order in told["orders"]]
    assert len(sent) == len(set(sent)), "an order reached the exchange twice"
    approved = {e.client_order_id for e in events if isinstance(e, OrderApproved)}
    adopted = {e.client_order_id for e in events if isinstance(e, OrderAdopted)}
    assert bool(adopted) <= with_send
    assert set(sent) <= approved | adopted, "an order reached the exchange unrecorded"
    booked = [(e.symbol, e.exec_id) for e in events if isinstance(e, OrderFilled)]
    assert len(booked) == len(set(booked)), "a fill was booked twice"
    assert {i for _, i in booked} == {str(trade["id"]) for trade in told["trades"]}
    assert len(booked) > 0
    position = sum((Decimal(p["quantity"]) for p in result["positions"]), Decimal(0))
    opening = Decimal(told["opening"]["BTC"])
    assert position == Decimal(state["balances"]["BTC"]) - opening


def test_a_trader_killed_at_25_random_moments_has_the_position_of_the_exchange(
    tmp_path: Path,
) -> None:
    with exchange("--seed", "7", "--speed", "20", cwd=tmp_path) as url:
        kill_and_resume(url, tmp_path, seed=SEEDS[0])
        check(url, tmp_path, with_send=False)


def test_a_trader_killed_at_25_more_moments_in_with_send_mode_loses_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "c.toml").write_text('[journal]\nintent_durability = "with-send"\n')
    with exchange("--seed", "8", "--speed", "20", cwd=tmp_path) as url:
        kill_and_resume(url, tmp_path, seed=SEEDS[1], options=("--config", "c.toml"))
        check(url, tmp_path, with_send=True)
