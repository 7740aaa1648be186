"""A process held by its descriptor: its end is proven, and another's number is never taken."""

import asyncio
import signal
import subprocess
import sys

import pytest

from holdfast.runtime.death import HeldProcess

SLEEPER = [sys.executable, "-c", "import signal; signal.pause()"]


def test_a_stopped_process_is_ended_and_proven_dead() -> None:
    child = subprocess.Popen(SLEEPER)
    held = HeldProcess(child.pid)
    child.send_signal(signal.SIGSTOP)
    assert not held.is_dead
    assert asyncio.run(held.kill(within_s=10))
    assert held.is_dead
    assert child.wait(10) == -signal.SIGKILL
    held.close()
    held.close()


def test_a_process_that_is_gone_is_proven_dead_without_a_signal() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    held = HeldProcess(child.pid)
    child.wait(10)
    assert asyncio.run(held.kill(within_s=10))
    held.close()


def test_a_number_that_nobody_has_cannot_be_held() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(10)
    with pytest.raises(ProcessLookupError):
        HeldProcess(child.pid)
