"""A call into somebody else's code that does not return is ended, and only that call."""

import signal
import time

import pytest

from holdfast.runtime.frozen import CallWatch, FrozenCall


def spin() -> None:
    while True:
        pass


def test_a_call_that_does_not_return_is_ended() -> None:
    watch = CallWatch()
    watch.start(limit_s=0.5)
    try:
        watch.running = watch.next_number()
        with pytest.raises(FrozenCall, match=r"within 0\.5 s"):
            spin()
        watch.running = 0
    finally:
        watch.stop()


def test_calls_that_return_are_never_ended() -> None:
    watch = CallWatch()
    watch.start(limit_s=0.5)
    calls = 0
    try:
        until = time.monotonic() + 1.6
        while time.monotonic() < until:
            watch.running = watch.next_number()
            calls += 1
            watch.running = 0
    finally:
        watch.stop()
    assert calls > 1_000


def test_a_watch_is_stopped_twice_without_harm() -> None:
    watch = CallWatch()
    watch.start(limit_s=0.5)
    watch.stop()
    watch.stop()
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
