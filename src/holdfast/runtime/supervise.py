"""The only place that may catch everything; it reads an error's remedy and does as it says.

`guard` fences a call into somebody else's code and gives the failure back as a value, `fence`
hands it to a function. `run_command` turns what ended a command into the one line and the exit
code that a user gets.
"""

import asyncio
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, TypeVar

from holdfast.decision.host import Failure
from holdfast.errors import HoldfastError, one_line
from holdfast.runtime.frozen import CallWatch

T = TypeVar("T")
INTERRUPTED = 130
FAILED = 1
LONGEST_LINE = 2_000
CALLS = CallWatch()
"""Ends a strategy's call that does not return, while a run has it started."""


def guard(call: Callable[..., T], *arguments: Any) -> T | Failure:
    """Run a call; an exception of any kind comes back as a `Failure`."""
    try:
        return call(*arguments)
    except Exception as error:
        return Failure(describe(error))


def guard_strategy(call: Callable[..., T], *arguments: Any) -> T | Failure:
    """Run a strategy's call; what it raises is its failure, even an exit or an interrupt.

    A person's interrupt ends a run by a signal handler and not by an exception. A call that
    does not return within ten seconds is ended too.
    """
    CALLS.running = CALLS.next_number()
    try:
        return call(*arguments)
    except BaseException as error:
        return Failure(describe(error))
    finally:
        CALLS.running = 0


def guard_loading(call: Callable[..., T], *arguments: Any) -> T | Failure:
    """Run a strategy file's code before the run began, when an interrupt is a person's."""
    try:
        return call(*arguments)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Failure(describe(error))


def fence(call: Callable[[T], None], on_failure: Callable[[str], None]) -> Callable[[T], None]:
    """Make a call of one argument that never raises, for paths where `guard` is too slow."""

    def fenced(argument: T) -> None:
        try:
            call(argument)
        except Exception as error:
            on_failure(describe(error))

    return fenced


def describe(error: BaseException) -> str:
    """Say an error in one line: its kind, its text, and where in the code it was raised.

    The error may be of somebody else's code, down to the method that gives its text.
    """
    kind = _read(lambda: type(error).__name__)
    text = _read(lambda: str(error))
    place = _read(lambda: _place(error))
    return (f"{kind}: {text}" if text else kind) + (f" ({place})" if place else "")


def _read(text: Callable[[], str]) -> str:
    try:
        return one_line(text())
    except BaseException:
        return "(cannot be read)"


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def run_command(command: Callable[[], int], *, errors: TextIO, debug: bool = False) -> int:
    """Run a command and give its exit code; a failure is one line on `errors`."""
    try:
        return command()
    except HoldfastError as error:
        errors.write(f"holdfast: {one_line(str(error), most=LONGEST_LINE)}\n")
        return error.exit_code
    except (KeyboardInterrupt, asyncio.CancelledError):
        errors.write("holdfast: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        return FAILED
    except Exception as error:
        if debug:
            raise
        errors.write(
            f"holdfast: internal error: {describe(error)}; this is a bug, please report it "
            "(HOLDFAST_DEBUG=1 shows the whole trace)\n"
        )
        return FAILED
