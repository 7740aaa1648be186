"""From a tick to its order, on loopback, against a floor in C and against ccxt in the same run.

A stub of the exchange (`bench/floor/exchange.c`) sends one bookTicker, waits for the bytes of
the order, and takes the difference on one clock; then it lets a jittered millisecond pass. All
clients stand connected at once and take turns, so that whatever the machine does meanwhile it
does to all of them. The floor answers each tick with an order made beforehand; the trader is
the real one (`bench/trader.py`), once with the intent durable before the send and once with the
send. The gateway is in process, and every client sleeps in epoll until its tick comes.
"""

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from bench.journal import FILL, SystemClock
from bench.rows import Row, skipped
from holdfast.domain.ids import AccountId
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.writer import Journal

SOURCES = Path(__file__).parent / "floor"
ROUNDS = 8
TICKS = 250
FIRST_WARM_TICKS = 300
WARM_TICKS = 50
GAP_US = 1_000
COMMITS = 100
READY_WITHIN_S = 30.0
MODES = (("with_send", "with-send"), ("before_send", "before-send"))
WAYS = (("ccxt_rest", "rest"), ("ccxt_ws", "ws"))


class Cores(NamedTuple):
    """Who runs where; -1 is anywhere."""

    stub: int
    client: int
    writer: int

    def text(self) -> str:
        """Say it for the rows."""
        if self.client < 0:
            return "not pinned"
        return f"stub on core {self.stub}, clients on {self.client}, writer on {self.writer}"


def cores() -> Cores:
    """Give the writer a core of its own where there are three, else the one of its client.

    The stub polls, so on its core the writer would be starved, with the interpreter's lock in
    its hand.
    """
    free = sorted(os.sched_getaffinity(0))
    if len(free) < 2:
        return Cores(-1, -1, -1)
    return Cores(free[0], free[1], free[2] if len(free) > 2 else free[1])


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
        yield from _measure(folder, stack)


def _measure(folder: Path, stack: ExitStack) -> Iterator[Row]:
    ways = WAYS if find_spec("ccxt") else ()
    placed = cores()
    exchange = Exchange(folder, placed, clients=1 + len(MODES) + len(ways))
    stack.callback(exchange.close)
    commands = _commands(folder, placed, ways=ways)
    clients = {
        name: stack.enter_context(Client(command, exchange, number=number, core=placed.client))
        for number, (name, command) in enumerate(commands.items())
    }
    taken: dict[str, list[int]] = {name: [] for name in clients}
    commits: list[float] = []
    with Disk(folder, placed) as disk:
        for turn in range(ROUNDS):
            for name, client in clients.items():
                warm = WARM_TICKS if turn else FIRST_WARM_TICKS
                taken[name] += exchange.run(client.number, warm + TICKS)[warm:]
            commits += disk.commits(COMMITS)
    stories = {name: client.end() for name, client in clients.items()}
    yield from _compare(taken, commits, stories=stories, placed=placed)
    if not ways:
        yield skipped("tick_to_order.ccxt", "ccxt is not installed")


def _commands(
    folder: Path, placed: Cores, *, ways: tuple[tuple[str, str], ...]
) -> dict[str, list[str]]:
    python = [sys.executable, "-m"]
    commands = {"floor": [str(folder / "client"), "{port}"]}
    for name, durability in MODES:
        writer = str(placed.writer)
        commands[name] = [*python, "bench.trader", "{port}", durability, str(folder), writer]
    for name, way in ways:
        commands[name] = [*python, "bench.ccxt_client", "{port}", way]
    return commands


class Exchange:
    """The stub, one port for each client."""

    def __init__(self, folder: Path, placed: Cores, *, clients: int) -> None:
        self._process = subprocess.Popen(
            [folder / "exchange", str(clients)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        pin(placed.stub, self._process.pid)
        assert self._process.stdout is not None
        self.ports = [int(self._process.stdout.readline()) for _ in range(clients)]

    def tick(self, client: int) -> None:
        """Send one message, to open the books."""
        self._say(f"tick {client}")

    def run(self, client: int, count: int) -> list[int]:
        """Measure one client; gives nanoseconds, -1 where no order came."""
        self._say(f"run {client} {count} {GAP_US}")
        assert self._process.stdout is not None
        taken = []
        for line in self._process.stdout:
            if line == "done\n":
                return taken
            taken.append(int(line))
        raise RuntimeError("the stub of the exchange ended")

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()


class Client:
    """A process that answers ticks with orders, until its standard input is closed."""

    def __init__(
        self, command: list[str], exchange: Exchange, *, number: int, core: int
    ) -> None:
        self.number = number
        self._name = " ".join(command)
        self._is_ready = False
        self._exchange = exchange
        self._process = subprocess.Popen(
            [part.replace("{port}", str(exchange.ports[number])) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        pin(core, self._process.pid)

    def __enter__(self) -> "Client":
        """Wait until it is ready; a book that opens at a price is given prices meanwhile."""
        read = threading.Thread(target=self._await_ready, daemon=True)
        read.start()
        end = time.monotonic() + READY_WITHIN_S
        while read.is_alive() and time.monotonic() < end:
            read.join(0.1)
            self._exchange.tick(self.number)
        if not self._is_ready:
            raise RuntimeError(f"{self._name} did not become ready")
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.end()

    def end(self) -> dict[str, Any]:
        """End it and give what it says of itself; idempotent."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if self._process.stdin.closed:
            return {}
        self._process.stdin.close()
        last = self._process.stdout.read().strip()
        self._process.wait(10)
        return msgspec.json.decode(last) if last.startswith("{") else {}

    def _await_ready(self) -> None:
        assert self._process.stdout is not None
        while (line := self._process.stdout.readline()) not in ("ready\n", ""):
            del line
        self._is_ready = line == "ready\n"


class Disk:
    """One-row commits of the same store on the same disk, as far apart as the ticks."""

    def __init__(self, folder: Path, placed: Cores) -> None:
        self._store = SqliteStore.create(folder / "commits.journal")
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


def pin(core: int, process: int = 0) -> None:
    """Keep a process, or this one, on one core."""
    if core >= 0:
        os.sched_setaffinity(process, {core})


def _compare(
    taken: dict[str, list[int]],
    commits: list[float],
    *,
    stories: dict[str, dict[str, Any]],
    placed: Cores,
) -> Iterator[Row]:
    answered = {name: [ns / 1e3 for ns in all_ if ns >= 0] for name, all_ in taken.items()}
    commit = median(commits) / 1e3
    for mode, _ in MODES:
        story = stories[mode]
        if len(answered[mode]) < 0.99 * len(taken[mode]) or not story:
            lost = len(taken[mode]) - len(answered[mode])
            yield skipped(f"tick_to_order.blocking.{mode}", f"{lost} ticks had no order")
            continue
        for name, percent in (("p50", 50), ("p99", 99)):
            for other in taken:
                if other in dict(MODES):
                    continue
                yield _row(
                    f"tick_to_order.blocking.{mode}.{name}",
                    at(answered[mode], percent),
                    baseline=other,
                    baseline_value=at(answered[other], percent),
                    n=len(answered[mode]),
                    mode=f"{mode}: gateway in process, {placed.text()}",
                )
        if mode == "before_send":
            yield _row(
                "tick_to_order.blocking.before_send.p50",
                at(answered[mode], 50),
                baseline="floor_x2_and_commit_x1.2",
                baseline_value=2 * at(answered["floor"], 50) + 1.2 * commit,
                n=len(answered[mode]),
                mode=f"{mode}: gateway in process, one-row commit {commit:.0f} us",
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
