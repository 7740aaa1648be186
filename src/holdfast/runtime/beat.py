"""The trader's heartbeat: what its loop says of itself when it is asked.

It is answered by the loop that handles fills, so no answer means that nothing is handled.
"""

import asyncio
import os
import socket
import struct
from pathlib import Path
from typing import Literal

import msgspec

BEAT_LINE = b'{"type":"beat"}\n'
_LINE_LIMIT_BYTES = 64 * 1024


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """What a trader says of itself; `unreachable_ns` is how long no order could be written.

    `journal` is its journal's file, as `file_mark` gives it.
    """

    number: int
    status: str
    unreachable_ns: int = 0
    open_orders_count: int = 0
    journal: str = ""


class Heard(msgspec.Struct, frozen=True):
    """An answer and the process that gave it, by the kernel's word."""

    beat: Beat
    pid: int


class _Refusal(msgspec.Struct):
    """What a trader says that cannot listen to everybody at once; so it lives."""

    ok: Literal[False]
    outcome: str


_ANSWERS = msgspec.json.Decoder(Beat)
_REFUSALS = msgspec.json.Decoder(_Refusal)


def file_mark(path: Path) -> str:
    """Name a file so that two paths to it compare equal; empty when there is none."""
    try:
        known = path.stat()
    except OSError:
        return ""
    return f"{known.st_dev}:{known.st_ino}"


def read_beat(line: bytes) -> Beat:
    """Read an answer; ValueError when it is none of a trader's."""
    try:
        return _ANSWERS.decode(line)
    except msgspec.ValidationError:
        return Beat(number=0, status=_REFUSALS.decode(line).outcome)


async def hear(path: Path, *, within_s: float) -> Heard | None:
    """Ask a trader for its heartbeat; None when none came in time, or nobody listens.

    A trader that has too many to answer says so, which is a sign of life as well.
    """
    try:
        async with asyncio.timeout(within_s):
            reader, writer = await asyncio.open_unix_connection(
                os.fspath(path), limit=_LINE_LIMIT_BYTES
            )
            try:
                peer = writer.get_extra_info("socket")
                pid, _, _ = struct.unpack(
                    "3i",
                    peer.getsockopt(
                        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
                    ),
                )
                writer.write(BEAT_LINE)
                line = await reader.readline()
            finally:
                writer.close()
        return Heard(read_beat(line), pid)
    except (OSError, TimeoutError, ValueError):
        return None
