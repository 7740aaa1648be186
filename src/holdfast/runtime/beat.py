"""The trader's heartbeat: what its loop says of itself when it is asked.

It is answered by the loop that handles fills, so no answer means that nothing is handled.
"""

import asyncio
import os
import socket
import struct
from pathlib import Path

import msgspec

BEAT_LINE = b'{"type":"beat"}\n'
_LINE_LIMIT_BYTES = 64 * 1024


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """What a trader says of itself; `unreachable_ns` is how long no order could be written."""

    number: int
    status: str
    unreachable_ns: int = 0
    open_orders_count: int = 0


class Heard(msgspec.Struct, frozen=True):
    """An answer and the process that gave it, by the kernel's word."""

    beat: Beat
    pid: int


async def hear(path: Path, *, within_s: float) -> Heard | None:
    """Ask a trader for its heartbeat; None when none came in time, or nobody listens."""
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
        return Heard(msgspec.json.decode(line, type=Beat), pid)
    except (OSError, TimeoutError, ValueError):
        return None
