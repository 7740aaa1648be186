"""Trader and exchange in two networks whose cable drops, resets and falls silent (XCH-5)."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from soak.checks import Case, judge
from soak.episode import prepare
from soak.facts import JournalSide, VenueSide, read_journal
from soak.plan import Plan, draw_plan
from tests.chaos.network import VENUE, Cable, two_networks
from tests.scenario.kit import ROOT

SPEED = 5.0
MARKET_S = 115
ENDS_WITHIN_S = 90
WEATHER: list[tuple[float, str]] = [
    (3, "lose 25"),
    (6, "heal"),
    (7, "reset"),
    (9, "lose 100"),
    (12, "heal"),
    (13, "refuse"),
    (14, "heal"),
    (15, "reset"),
    (16, "lose 10"),
    (18, "heal"),
]
"""Real seconds after the trader's start, and what happens to the cable."""


def start(cable: Cable, space: str, *arguments: object, cwd: Path) -> subprocess.Popen[bytes]:
    """Start the program in a namespace."""
    command = [sys.executable, "-m", "holdfast", *map(str, arguments)]
    return subprocess.Popen(
        cable.inside(space, *command),
        cwd=cwd,
        env=dict(os.environ, PYTHONPATH=f"{ROOT / 'src'}{os.pathsep}{ROOT}"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@contextmanager
def serving(cable: Cable, plan: Plan, cwd: Path) -> Iterator[str]:
    """Serve the exchange in its network."""
    symbol = "BTCUSDT" if plan.product == "spot" else "usdm:BTCUSDT"
    process = start(
        cable, cable.venue, "sim", "serve", "--host", VENUE, "--seed", plan.seed,
        "--speed", plan.speed, "--symbol", symbol, "--assumptions", "assumed", cwd=cwd,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1].decode()
        yield json.loads(line)["rest"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def strike(cable: Cable, what: str) -> None:
    """Let something happen to the cable."""
    name, _, percent = what.partition(" ")
    if name == "lose":
        cable.lose(int(percent))
    else:
        {"heal": cable.heal, "reset": cable.reset, "refuse": cable.refuse}[name]()


def trade(cable: Cable, url: str, *, cwd: Path) -> tuple[int, bytes, str]:
    """Trade through the weather to the end."""
    process = start(
        cable, cable.trader, "run", "--venue-url", url, "--journal", "journal.db",
        "--config", "config.toml", "--for", f"{MARKET_S}s", "--json", cwd=cwd,
    )  # fmt: skip
    began = time.monotonic()
    try:
        for at_s, what in WEATHER:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, began + at_s - time.monotonic()))
                break
            strike(cable, what)
        cable.heal()
        out, err = process.communicate(timeout=ENDS_WITHIN_S)
    finally:
        process.kill()
        process.wait()
    return process.returncode, out, err.decode()


def settled(cable: Cable, url: str) -> dict[str, Any]:
    """Ask for the truth until it stands still."""
    told = cable.ask(f"{url}/sim/truth")
    for _ in range(50):
        again = cable.ask(f"{url}/sim/truth")
        if (
            again["orders"] == told["orders"]
            and again["usdm"]["orders"] == told["usdm"]["orders"]
        ):
            return again
        told = again
    return told


@pytest.mark.parametrize(("product", "seed"), [("spot", 2), ("usdm", 3)])
def test_a_cable_that_drops_resets_and_falls_silent_loses_no_order(
    product: str, seed: int, tmp_path: Path
) -> None:
    plan = msgspec.structs.replace(
        draw_plan(seed, market_s=MARKET_S), faults=[], kills_s=[], speed=SPEED, profile="strict"
    )
    prepare(plan, tmp_path)
    with two_networks() as cable, serving(cable, plan, tmp_path) as url:
        code, out, err = trade(cable, url, cwd=tmp_path)
        told = settled(cable, url)
        log = cable.ask(f"{url}/sim/log")["entries"]
    assert code in (0, 1), err
    assert out.startswith(b"{"), err
    assert "internal error" not in err
    assert "is lost" in err, "the weather was not noticed"
    journal = JournalSide(read_journal(tmp_path / "journal.db"))
    venue = VenueSide(told, product=product)
    assert judge(Case(journal=journal, venue=venue, log=log, given={})) == {}
    assert len(venue.orders) > 50
    assert venue.fills
