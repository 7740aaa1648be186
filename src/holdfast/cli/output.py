"""Standard output: written through to the end, so that a command never says it went well when
its answer was lost.
"""

import contextlib
import os
import sys

from holdfast.errors import HoldfastError


def write_out(text: str) -> None:
    """Write an answer; `HoldfastError` when standard output is closed or full."""
    if sys.stdout is None:
        raise HoldfastError("standard output is closed, so the answer cannot be given")
    try:
        known = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(known, "backslashreplace").decode(known))
        sys.stdout.flush()
    except BrokenPipeError:
        _forget()
        raise
    except OSError as error:
        _forget()
        raise HoldfastError(
            f"standard output cannot be written: {error.strerror or error}"
        ) from None


def _forget() -> None:
    """Send what is left nowhere, or the interpreter would complain of it once more at exit."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
