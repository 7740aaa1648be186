"""End with the parent: a simulator started by a run never outlives it."""

import asyncio
import ctypes
import os
import signal
import stat
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
ADOPTERS = (0, 1)


def follow_parent(end: Callable[[], None]) -> None:
    """Call `end` when the parent dies or closes our standard input; ignore Ctrl-C.

    The terminal's Ctrl-C reaches the whole group, and the trader still needs the venue then, to
    cancel what rests.
    """
    loop = asyncio.get_running_loop()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() in ADOPTERS:
        loop.call_soon(end)
        return
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        loop.add_reader(0, _drain, end)


def _drain(end: Callable[[], None]) -> None:
    try:
        gone = os.read(0, 4096) == b""
    except BlockingIOError:
        return
    except OSError:
        gone = True
    if gone:
        asyncio.get_running_loop().remove_reader(0)
        end()
