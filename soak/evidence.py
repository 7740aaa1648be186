"""The evidence of a soak: a file that the program alone writes, and goes on with."""

import hashlib
import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bench.machine import machine
from soak.episode import ROOT, Ended

FORM = "soak/1"
MOST_FAILURES = 200


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An episode that was wrong, and the command that plays it again."""

    seed: int
    found: dict[str, list[str]]
    replay: str


class Evidence(msgspec.Struct, kw_only=True):
    """What was run so far, on which code and where."""

    form: str
    commit: str
    source_sha256: str
    machine: str
    began_at: str
    updated_at: str = ""
    first_seed: int = 1
    next_seed: int = 1
    market_s: int = 0
    episodes: int = 0
    orders: dict[str, int] = {}
    fills: int = 0
    kills: int = 0
    struck: dict[str, int] = {}
    busy_s: float = 0.0
    failures: list[Failure] = []

    @property
    def orders_count(self) -> int:
        """Give the orders of both products."""
        return sum(self.orders.values())

    def add(self, ended: Ended, found: dict[str, list[str]], *, replay: str) -> None:
        """Count an episode."""
        self.episodes += 1
        self.busy_s = round(self.busy_s + ended.took_s, 1)
        self.kills += len(ended.plan.kills_s)
        struck = Counter(self.struck)
        struck.update({kind: count for kind, count in ended.struck.items() if count})
        self.struck = dict(sorted(struck.items()))
        if ended.told:
            part = ended.told if ended.plan.product == "spot" else ended.told["usdm"]
            made = orders_of(part)
            self.orders[ended.plan.product] = self.orders.get(ended.plan.product, 0) + made
            self.fills += len(part["trades"])
        if found:
            failure = Failure(seed=ended.plan.seed, found=found, replay=replay)
            self.failures = [*self.failures, failure][-MOST_FAILURES:]


def orders_of(part: dict[str, Any]) -> int:
    """Count the orders that reached the venue; one made by a conditional order is that one."""
    made = sum(bool(algo["actualOrderId"]) for algo in part.get("algo_orders", []))
    return len(part["orders"]) + len(part.get("algo_orders", [])) - made


def begin(*, seed: int, market_s: int) -> Evidence:
    """Begin anew, with the code as it stands."""
    return Evidence(
        form=FORM,
        commit=_commit(),
        source_sha256=source_digest(),
        machine=machine(),
        began_at=_now(),
        first_seed=seed,
        next_seed=seed,
        market_s=market_s,
    )


def resume(path: Path, fresh: Evidence) -> Evidence | None:
    """Give what a file has, where it is of the same code and the same kind of episodes."""
    try:
        held = msgspec.json.decode(path.read_bytes(), type=Evidence)
    except (OSError, msgspec.DecodeError):
        return None
    same = (held.form, held.commit, held.source_sha256, held.first_seed, held.market_s) == (
        fresh.form, fresh.commit, fresh.source_sha256, fresh.first_seed, fresh.market_s,
    )  # fmt: skip
    return held if same else None


def write(path: Path, evidence: Evidence) -> None:
    """Write the file anew, so that there is always a whole one."""
    evidence.updated_at = _now()
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(evidence), indent=1) + b"\n")
    beside.replace(path)


def source_digest() -> str:
    """Hash every file of the product and of the soak, with its name."""
    digest = hashlib.sha256()
    for folder in ("src", "soak"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in (".py", ".toml"):
                digest.update(f"{file.relative_to(ROOT)}\n".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
