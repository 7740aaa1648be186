"""The stub of the exchange (`bench/floor/exchange.c`) and its clients, each on its core."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

SOURCES = Path(__file__).parent / "floor"
READY_WITHIN_S = 30.0
GAP_US = 1_000


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

    def pause(self) -> None:
        """Let it stand still, because it would poll while others are measured."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

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
        self.resume()
        self._process.stdin.close()
        last = self._process.stdout.read().strip()
        self._process.wait(10)
        return msgspec.json.decode(last) if last.startswith("{") else {}

    def _await_ready(self) -> None:
        assert self._process.stdout is not None
        while (line := self._process.stdout.readline()) not in ("ready\n", ""):
            del line
        self._is_ready = line == "ready\n"


def pin(core: int, process: int = 0) -> None:
    """Keep a process, or this one, on one core."""
    if core >= 0:
        os.sched_setaffinity(process, {core})
