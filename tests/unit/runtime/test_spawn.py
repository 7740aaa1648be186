"""Programs that a run starts: told apart when ready, ended by their pid, never left behind."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

import holdfast
from holdfast.errors import HoldfastError
from holdfast.runtime.options import MAX_SPEED, RunOptions
from holdfast.runtime.spawn import Child, start_simulator, start_view

SOURCE = Path(holdfast.__file__).parents[1]
SLEEPER = "import sys; sys.stdin.read()"
STUBBORN = "import time\nwhile True: time.sleep(0.05)"


@pytest.fixture(autouse=True)
def _with_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def run(story: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


def test_the_simulator_says_where_it_serves_and_ends_when_told() -> None:
    async def story() -> None:
        child, ready = await start_simulator(RunOptions(), seed=1, speed=MAX_SPEED)
        ends: list[HoldfastError] = []
        child.watch(ends.append)
        assert ready.rest.startswith("http://127.0.0.1:")
        assert ready.ws_api.startswith("ws://127.0.0.1:")
        assert is_alive(child.pid)
        await child.end()
        await asyncio.sleep(0)
        assert not is_alive(child.pid)
        assert ends == []

    run(story)


def test_its_own_line_and_exit_code_are_passed_on_when_it_cannot_start() -> None:
    async def story() -> None:
        options = RunOptions(data=(Path("nowhere.csv"),))
        with pytest.raises(HoldfastError, match=r"nowhere\.csv") as caught:
            await start_simulator(options, seed=1, speed=1.0)
        assert caught.value.exit_code == 2
        assert not str(caught.value).startswith("holdfast:")

    run(story)


def test_a_simulator_that_dies_is_noticed() -> None:
    async def story() -> None:
        child, _ = await start_simulator(RunOptions(), seed=1, speed=MAX_SPEED)
        gone: asyncio.Future[HoldfastError] = asyncio.get_running_loop().create_future()
        child.watch(gone.set_result)
        os.kill(child.pid, 9)
        error = await asyncio.wait_for(gone, 10)
        assert "ended by itself" in str(error)
        assert error.exit_code >= 1
        await child.end()

    run(story)


@pytest.mark.parametrize("program", [SLEEPER, STUBBORN])
def test_a_child_is_ended_by_its_input_or_else_by_its_pid(program: str) -> None:
    async def story() -> None:
        process = await asyncio.create_subprocess_exec(
            "python3", "-c", program, stdin=asyncio.subprocess.PIPE
        )
        child = Child(process, "test", ends_within_s=0.5)
        await child.end()
        assert not is_alive(child.pid)
        await child.end()

    run(story)


def test_the_view_of_a_journal_that_is_not_there_ends_without_a_trace(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        child = await start_view(tmp_path / "none.db", plain=True)
        await child.end()

    run(story)
    assert "Traceback" not in capfd.readouterr().err
