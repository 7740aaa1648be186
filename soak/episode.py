"""One episode: exchange and trader as processes of their own, and what both say after it."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from holdfast.domain import events as ev
from holdfast.errors import HoldfastError
from soak.facts import read_journal
from soak.plan import Plan

ROOT = Path(__file__).resolve().parents[1]
ASSUMPTIONS = ROOT / "src/holdfast/simexchange/assumptions"
EVENTS_PER_SECOND = 6
ENDS_WITHIN_S = 240
ASKED_WITHIN_S = 30
HOLDFAST = ("-m", "holdfast")
REFUSED, STARTS = (1, 5), 8
"""How a trader ends that the venue refuses or does not answer, and how often it starts."""
NOT_BEGUN = "the venue did not let the trader begin"
MAY_REST, RESUMED_S = "may still rest at the venue", 5
DEFINITE = (0, 1)
"""How a run may end: in order, or in order with an incident that is left open."""


class Ended(msgspec.Struct, kw_only=True):
    """What is left of an episode; `trouble` is why it did not come to its end in order."""

    plan: Plan
    folder: Path
    told: dict[str, Any]
    log: dict[str, Any]
    struck: dict[str, int]
    result: dict[str, Any]
    trouble: str
    took_s: float

    @property
    def journal(self) -> Path:
        """Give the path of the journal."""
        return self.folder / "journal.db"


def run_episode(plan: Plan, folder: Path, *, trader: Sequence[str] = HOLDFAST) -> Ended:
    """Play an episode to its end in a folder of its own; `trader` is what trades."""
    began = time.monotonic()
    prepare(plan, folder)
    told: dict[str, Any] = {}
    log: dict[str, Any] = {}
    struck: dict[str, int] = {}
    with serving(plan, folder) as url:
        result, trouble = trade(plan, folder, url=url, trader=trader)
        try:
            _ask(f"{url}/sim/faults", method="DELETE")
            told = settled(url)
            log = _ask(f"{url}/sim/log")
            struck = _ask(f"{url}/sim/faults")["happened"]
        except OSError as error:
            trouble = trouble or f"the exchange does not answer: {error}"
    return Ended(
        plan=plan,
        folder=folder,
        told=told,
        log=log,
        struck=struck,
        result=result,
        trouble=trouble,
        took_s=time.monotonic() - began,
    )


def prepare(plan: Plan, folder: Path) -> None:
    """Write what both programs read."""
    (folder / "faults.json").write_bytes(msgspec.json.encode({"fault": plan.faults}))
    config = plan.config
    config["strategies"] = [
        {
            "path": f"{Path(__file__).with_name('strategies.py')}:{style}",
            "name": style.lower(),
            "parameters": {"seed": plan.seed, "rate": rate},
        }
        for style, rate in plan.rates.items()
    ]
    config["guards"] = {"rates_file": str(folder / "rates")}
    (folder / "config.toml").write_text(_toml(config))
    assumed = folder / "assumed"
    assumed.mkdir()
    synthetic = tomllib.loads((ASSUMPTIONS / "synthetic.toml").read_text())
    synthetic |= {"start": plan.starts, "events_per_second": EVENTS_PER_SECOND}
    (assumed / "synthetic.toml").write_text(_toml(synthetic))


@contextmanager
def serving(plan: Plan, folder: Path) -> Iterator[str]:
    """Serve the exchange while the episode lasts; gives its URL."""
    speed = str(plan.speed) if plan.speed else "max"
    symbol = "BTCUSDT" if plan.product == "spot" else "usdm:BTCUSDT"
    with (folder / "exchange.err").open("wb") as errors:
        process = _start(
            "sim", "serve", "--seed", plan.seed, "--speed", speed, "--symbol", symbol,
            "--profile", plan.profile, "--faults", "faults.json", "--assumptions", "assumed",
            folder=folder, errors=errors,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError((folder / "exchange.err").read_text())
            yield json.loads(line)["rest"]
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


def trade(
    plan: Plan, folder: Path, *, url: str, trader: Sequence[str]
) -> tuple[dict[str, Any], str]:
    """Trade to the end, killed on the way where the plan says so; gives why it went wrong."""
    for number, wait_s in enumerate(plan.kills_s):
        with (folder / f"trader{number}.err").open("wb") as errors:
            process = _trader(plan, folder, url, program=trader, errors=errors)
            try:
                process.wait(wait_s)
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()
            if process.returncode != -signal.SIGKILL:
                break
    for attempt in range(STARTS):
        result, trouble = _to_the_end(plan, folder, url, trader=trader)
        if trouble == NOT_BEGUN:
            time.sleep(attempt)
        elif not trouble and MAY_REST in (folder / "trader.err").read_text(errors="replace"):
            # It could not learn in time what became of an order, said so, and is obeyed.
            plan = msgspec.structs.replace(plan, market_s=RESUMED_S)
        else:
            return result, trouble
    return {}, f"the trader did not begin, or not end in order, in {STARTS} starts"


def _to_the_end(
    plan: Plan, folder: Path, url: str, *, trader: Sequence[str]
) -> tuple[dict[str, Any], str]:
    """Run the trader once; one that the venue did not let begin may be started again."""
    begun = _runs_in(folder / "journal.db")
    with (folder / "trader.err").open("wb") as errors:
        process = _trader(plan, folder, url, program=trader, errors=errors)
        try:
            out, _ = process.communicate(timeout=ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return {}, f"the trader did not end within {ENDS_WITHIN_S} s"
    said = (folder / "trader.err").read_text(errors="replace").strip()
    is_refused = process.returncode in REFUSED and not out and "internal error" not in said
    if is_refused and _runs_in(folder / "journal.db") == begun:
        return {}, NOT_BEGUN
    if process.returncode not in DEFINITE or not out.startswith(b"{"):
        return {}, f"the trader ended with {process.returncode}: {said[-600:]}"
    if "Traceback" in said or "internal error" in said:
        return {}, f"the trader said: {said[-600:]}"
    return json.loads(out), ""


def settled(url: str) -> dict[str, Any]:
    """Ask for the truth until it stands still: an order may still come to the book late."""
    told = _ask(f"{url}/sim/truth")
    while True:
        time.sleep(0.05)
        again = _ask(f"{url}/sim/truth")
        if again["orders"] == told["orders"] and again["usdm"] == told["usdm"]:
            return again
        told = again


def _trader(
    plan: Plan, folder: Path, url: str, *, program: Sequence[str], errors: Any
) -> subprocess.Popen[bytes]:
    resume = ["--resume"] if (folder / "journal.db").exists() else []
    return _start(
        "run", "--venue-url", url, "--journal", "journal.db", "--config", "config.toml",
        "--for", f"{plan.market_s}s", "--json", *resume,
        program=program, folder=folder, errors=errors,
    )  # fmt: skip


def _runs_in(journal: Path) -> int:
    """Count how often strategies were started, which is when trading begins."""
    if not journal.exists():
        return 0
    try:
        events = read_journal(journal)
    except HoldfastError:
        return 0  # the trader is told to go on with it, and says itself what is wrong
    return sum(isinstance(event, ev.StrategyStarted) for event in events)


def _start(
    *arguments: object, folder: Path, errors: Any, program: Sequence[str] = HOLDFAST
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *program, *map(str, arguments)],
        cwd=folder,
        env=dict(os.environ, PYTHONPATH=f"{ROOT / 'src'}{os.pathsep}{ROOT}"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
    )


def _ask(url: str, *, method: str = "GET") -> dict[str, Any]:
    """Ask the exchange what only a simulated one tells; a fault may still end a connection."""
    until = time.monotonic() + ASKED_WITHIN_S
    while True:
        try:
            request = urllib.request.Request(url, method=method)
            with urllib.request.urlopen(request, timeout=ASKED_WITHIN_S) as answer:
                told: dict[str, Any] = json.load(answer)
                return told
        except (OSError, ValueError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _toml(table: dict[str, Any]) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in table.items())


def _value(value: Any) -> str:
    """Write a value of TOML on one line; plain ones are written as in JSON."""
    if isinstance(value, dict):
        inner = ", ".join(f"{name} = {_value(held)}" for name, held in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(_value(held) for held in value)}]"
    return json.dumps(value)
