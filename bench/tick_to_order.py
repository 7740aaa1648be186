"""From a tick to its order, on loopback, against a floor in C and against ccxt in the same run.

A stub of the exchange (`bench/floor/exchange.c`) sends one bookTicker, waits for the bytes of
the order, and takes the difference on one clock; then it lets a jittered millisecond pass. All
clients stand connected at once and take turns, so that whatever the machine does meanwhile it
does to all of them. The floor answers each tick with an order made beforehand; the trader is
the real one (`bench/trader.py`), once with the intent durable before the send and once with the
send. The gateway is in process. In the blocking rows every client sleeps in epoll until its
tick comes; in the polling rows floor and trader ask their sockets again and again, and all but
the one in turn are stopped.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from bench.journal import FILL, SystemClock
from bench.rows import Row, skipped
from bench.stub import GAP_US, SOURCES, Client, Cores, Exchange, cores, pin
from holdfast.domain.ids import AccountId
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.writer import Journal

ROUNDS = 8
TICKS = 250
FIRST_WARM_TICKS = 300
WARM_TICKS = 50
COMMITS = 100
MODES = (("with_send", "with-send"), ("before_send", "before-send"))
BLOCKING, POLLING = "blocking", "polling"
WAYS = (("ccxt_rest", "rest"), ("ccxt_ws", "ws"))


def rows() -> Iterator[Row]:
    """Give p50 and p99 of each client against the floor and against ccxt."""
    compiler = shutil.which("cc")
    if compiler is None:
        yield skipped("tick_to_order", "there is no C compiler (cc) for the stub and the floor")
        return
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as name, ExitStack() as stack:
        folder = Path(name)
        built = subprocess.run(
            ["make", "-s", "-C", SOURCES, f"OUT={folder}", f"CC={compiler}"],
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode:
            yield skipped("tick_to_order", built.stderr.strip().splitlines()[0])
            return
        yield from _measure(folder, stack, way=BLOCKING)
        yield from _measure(folder, stack, way=POLLING)
    yield skipped("tick_to_order.nautilus", "bench has no client of it yet")


def _measure(folder: Path, stack: ExitStack, *, way: str) -> Iterator[Row]:
    polls = way == POLLING
    ways = WAYS if find_spec("ccxt") and not polls else ()
    placed = cores()
    exchange = Exchange(folder, placed, clients=1 + len(MODES) + len(ways))
    stack.callback(exchange.close)
    commands = _commands(folder, placed, way=way, ways=ways)
    clients = {
        name: stack.enter_context(Client(command, exchange, number=number, core=placed.client))
        for number, (name, command) in enumerate(commands.items())
    }
    taken: dict[str, list[int]] = {name: [] for name in clients}
    commits: list[float] = []
    with Disk(folder / f"{way}.commits.journal", placed) as disk:
        for turn in range(ROUNDS):
            for name, client in clients.items():
                warm = WARM_TICKS if turn else FIRST_WARM_TICKS
                with _alone(client, clients, polls=polls):
                    taken[name] += exchange.run(client.number, warm + TICKS)[warm:]
            commits += disk.commits(COMMITS)
    stories = {name: client.end() for name, client in clients.items()}
    yield from _compare(taken, commits, stories=stories, placed=placed, way=way)
    if not ways and not polls:
        yield skipped("tick_to_order.ccxt", "ccxt is not installed")


@contextmanager
def _alone(client: Client, clients: dict[str, Client], *, polls: bool) -> Iterator[None]:
    """Have all others stand still, where they would poll."""
    others = [other for other in clients.values() if polls and other is not client]
    for other in others:
        other.pause()
    try:
        yield
    finally:
        for other in others:
            other.resume()


def _commands(
    folder: Path, placed: Cores, *, way: str, ways: tuple[tuple[str, str], ...]
) -> dict[str, list[str]]:
    python = [sys.executable, "-m"]
    commands = {"floor": [str(folder / "client"), "{port}"]}
    if way == POLLING:
        commands["floor"].append("poll")
    for name, durability in MODES:
        writer = str(placed.writer)
        trader = [*python, "bench.trader", "{port}", durability, way]
        commands[name] = [*trader, str(folder), writer]
    for name, road in ways:
        commands[name] = [*python, "bench.ccxt_client", "{port}", road]
    return commands


class Disk:
    """One-row commits of the same store on the same disk, as far apart as the ticks."""

    def __init__(self, path: Path, placed: Cores) -> None:
        self._store = SqliteStore.create(path)
        self._store.reserve()
        self._core = placed.writer
        self._journal = Journal(
            self._store,
            SystemClock(),
            account=AccountId("bench"),
            durable_callback=lambda _: None,
        )

    def __enter__(self) -> "Disk":
        """Give the disk."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store."""
        self._journal.close()

    def commits(self, count: int) -> list[float]:
        """Commit single rows; gives nanoseconds."""
        everywhere = os.sched_getaffinity(0)
        pin(self._core)
        taken = []
        for _ in range(count):
            time.sleep(GAP_US / 1e6 * (0.5 + random.random()))
            began = time.perf_counter_ns()
            self._journal.put(FILL)
            self._journal.drain()
            taken.append(float(time.perf_counter_ns() - began))
        os.sched_setaffinity(0, everywhere)
        return taken


def _compare(
    taken: dict[str, list[int]],
    commits: list[float],
    *,
    stories: dict[str, dict[str, Any]],
    placed: Cores,
    way: str,
) -> Iterator[Row]:
    answered = {name: [ns / 1e3 for ns in all_ if ns >= 0] for name, all_ in taken.items()}
    commit = median(commits) / 1e3
    for mode, _ in MODES:
        story = stories[mode]
        if len(answered[mode]) < 0.99 * len(taken[mode]) or not story:
            lost = len(taken[mode]) - len(answered[mode])
            yield skipped(f"tick_to_order.{way}.{mode}", f"{lost} ticks had no order")
            continue
        for name, percent in (("p50", 50), ("p99", 99)):
            for other in taken:
                if other in dict(MODES):
                    continue
                yield _row(
                    f"tick_to_order.{way}.{mode}.{name}",
                    at(answered[mode], percent),
                    baseline=other,
                    baseline_value=at(answered[other], percent),
                    n=len(answered[mode]),
                    mode=f"{way}, {mode}: gateway in process, {placed.text()}",
                )
        if mode == "before_send":
            yield _row(
                f"tick_to_order.{way}.before_send.p50",
                at(answered[mode], 50),
                baseline="floor_x2_and_commit_x1.2",
                baseline_value=2 * at(answered["floor"], 50) + 1.2 * commit,
                n=len(answered[mode]),
                mode=f"{way}, {mode}: gateway in process, one-row commit {commit:.0f} us",
            )


def at(values: list[float], percent: int) -> float:
    """Give a percentile."""
    return quantiles(values, n=100)[percent - 1]


def _row(
    name: str, value: float, *, baseline: str, baseline_value: float, n: int, mode: str
) -> Row:
    return {
        "name": name,
        "value": round(value, 1),
        "unit": "us",
        "baseline": baseline,
        "baseline_value": round(baseline_value, 1),
        "ratio": round(value / baseline_value, 3),
        "n": n,
        "mode": mode,
    }
