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

from holdfast.errors import HoldfastError

T = TypeVar("T")
INTERRUPTED = 130
FAILED = 1


class Failure:
    """What went wrong in a guarded call, as one line, with the place it happened."""

    __slots__ = ("line",)

    def __init__(self, line: str) -> None:
        self.line = line


def guard(call: Callable[..., T], *arguments: Any) -> T | Failure:
    """Run a call; an exception of any kind comes back as a `Failure`."""
    try:
        return call(*arguments)
    except Exception as error:
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
    """Say an error in one line: its kind, its text, and where in the code it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    text = " ".join(str(error).split())
    return (
        f"{type(error).__name__}: {text}{place}" if text else f"{type(error).__name__}{place}"
    )


def run_command(command: Callable[[], int], *, errors: TextIO, debug: bool = False) -> int:
    """Run a command and give its exit code; a failure is one line on `errors`."""
    try:
        return command()
    except HoldfastError as error:
        errors.write(f"holdfast: {' '.join(str(error).split())}\n")
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
