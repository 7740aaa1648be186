"""The spawn port: the programs that a run starts beside itself, and how it ends them.

Each child watches its standard input and ends when this process is gone, however it went.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from holdfast.errors import HoldfastError, VenueUnavailable
from holdfast.runtime.options import MAX_SPEED, RunOptions

READY_WITHIN_S = 30.0
ENDS_WITHIN_S = 5.0


class Ready(msgspec.Struct):
    """The one line that the simulated exchange prints when it accepts connections."""

    ready: bool
    rest: str
    ws: str
    ws_api: str


class Child:
    """A program started by this run."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        name: str,
        *,
        pipe: IO[bytes] | None = None,
        ends_within_s: float = ENDS_WITHIN_S,
    ) -> None:
        self._process = process
        self.name = name
        self.pipe = pipe
        self._is_ending = False
        self._ends_within_s = ends_within_s

    @property
    def pid(self) -> int:
        """Give the process id."""
        return self._process.pid

    def watch(self, on_end: Callable[[HoldfastError], None]) -> None:
        """Call back, with the program's last words, when it ends before it was told to."""

        async def wait() -> None:
            await self._process.wait()
            if not self._is_ending:
                await asyncio.sleep(0)
                on_end(_as_told(_last_words.get(self.pid, ""), self._process, self.name))

        _keep(asyncio.get_running_loop().create_task(wait()))

    async def end(self) -> None:
        """Close its input, give it time to end by itself, then end it by its pid."""
        self._is_ending = True
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self.pipe is not None:
            self.pipe.close()
        try:
            await asyncio.wait_for(self._process.wait(), self._ends_within_s)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def start_simulator(
    options: RunOptions, *, seed: int, speed: float
) -> tuple[Child, Ready]:
    """Start the simulated exchange on a free loopback port; its own error line is passed on."""
    arguments = ["--port", "0", "--seed", str(seed), "--exit-with-parent"]
    arguments += ["--speed", "max" if speed == MAX_SPEED else f"{speed:g}"]
    arguments += ["--window", str(options.window)]
    for path in options.data:
        arguments += ["--data", str(path)]
    if options.symbol:
        arguments += ["--symbol", options.symbol]
    if options.instruments:
        arguments += ["--instruments", str(options.instruments)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "holdfast.simexchange",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    child = Child(process, "simulated exchange")
    try:
        line = await asyncio.wait_for(process.stdout.readline(), READY_WITHIN_S)
    except TimeoutError:
        await child.end()
        raise VenueUnavailable("the simulated exchange did not start in time") from None
    if not line:
        words = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
        await process.wait()
        raise _as_told(words[-1] if words else "", process, child.name)
    _drain(process.stderr, process.pid)
    return child, msgspec.json.decode(line, type=Ready)


async def start_view(journal: Path, *, plain: bool) -> Child:
    """Start the terminal view, which reads pulses on its standard input."""
    reading, writing = os.pipe()
    pipe = os.fdopen(writing, "wb", buffering=0)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "holdfast.cli.view",
            str(journal),
            *(["--plain"] if plain else []),
            stdin=reading,
        )
    finally:
        os.close(reading)
    return Child(process, "view", pipe=pipe)


def _as_told(line: str, process: asyncio.subprocess.Process, name: str) -> HoldfastError:
    """Give a child's own error line back with the child's exit code."""
    error = HoldfastError(line.removeprefix("holdfast: ") or f"the {name} ended by itself")
    error.exit_code = max(1, process.returncode or 1)
    return error


_drains: set[asyncio.Task[None]] = set()
_last_words: dict[int, str] = {}


def _keep(task: asyncio.Task[None]) -> None:
    _drains.add(task)
    task.add_done_callback(_drains.discard)


def _drain(stream: asyncio.StreamReader, pid: int) -> None:
    """Read a child's later words, so that its pipe never fills, and keep the last."""

    async def read() -> None:
        async for line in stream:
            _last_words[pid] = line.decode(errors="replace").strip()

    _keep(asyncio.get_running_loop().create_task(read()))
