"""The one place that catches everything: failures as values, as one line, as exit codes."""

import asyncio
import io
from collections.abc import Callable

import pytest

from holdfast.errors import HoldfastError, NotFound, VenueTimeout
from holdfast.runtime.supervise import Failure, describe, fence, guard, run_command


def raises(error: BaseException) -> Callable[..., int]:
    def call(*_: object) -> int:
        raise error

    return call


def test_a_guarded_call_gives_its_result_or_its_failure_in_one_line() -> None:
    assert guard(lambda a, b: a + b, 1, 2) == 3
    failure = guard(raises(ValueError("two\nlines")))
    assert isinstance(failure, Failure)
    assert failure.line.startswith("ValueError: two lines (test_supervise.py:")
    assert describe(KeyError()) == "KeyError"


def test_a_guard_lets_the_end_of_the_process_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        guard(raises(KeyboardInterrupt()))


def test_a_fenced_call_hands_its_failure_on() -> None:
    lines: list[str] = []
    seen: list[int] = []
    fence(seen.append, lines.append)(4)
    fence(raises(OSError("gone")), lines.append)(4)
    assert seen == [4]
    assert lines[0].startswith("OSError: gone")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (NotFound("no such\nthing"), 3, "holdfast: no such thing\n"),
        (VenueTimeout("silent"), 5, "holdfast: silent\n"),
        (NotFound("a\x1b[2Jb\ud800"), 3, "holdfast: a\\x1b[2Jb\\ud800\n"),
        (HoldfastError("plain"), 1, "holdfast: plain\n"),
        (KeyboardInterrupt(), 130, "holdfast: interrupted\n"),
        (asyncio.CancelledError(), 130, "holdfast: interrupted\n"),
        (BrokenPipeError(), 1, ""),
    ],
)
def test_each_end_of_a_command_has_its_code_and_its_line(
    error: BaseException, code: int, words: str
) -> None:
    errors = io.StringIO()
    assert run_command(raises(error), errors=errors) == code
    assert errors.getvalue() == words


def test_a_bug_is_one_line_too_unless_its_trace_is_asked_for() -> None:
    errors = io.StringIO()
    assert run_command(raises(ZeroDivisionError("x")), errors=errors) == 1
    assert errors.getvalue().startswith("holdfast: internal error: ZeroDivisionError: x (")
    assert errors.getvalue().count("\n") == 1
    with pytest.raises(ZeroDivisionError):
        run_command(raises(ZeroDivisionError()), errors=errors, debug=True)


def test_a_command_that_ends_well_gives_its_own_code() -> None:
    errors = io.StringIO()
    assert run_command(lambda: 6, errors=errors) == 6
    assert errors.getvalue() == ""
