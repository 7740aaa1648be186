"""A network that lets only a few bytes through at a time; the order is kept."""

import asyncio
from collections import deque

TURN_S = 0.05
BACKLOG_LIMIT_BYTES = 64 << 20


class Trickle:
    """An outlet of a connection that writes slowly."""

    def __init__(self, transport: asyncio.Transport, *, bytes_per_s: int) -> None:
        self._transport = transport
        self._a_turn = max(1, int(bytes_per_s * TURN_S))
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None

    def write(self, out: bytes) -> bool:
        """Queue; return whether the connection may go on: not with too much in the queue."""
        self._waiting.append(out)
        self._size += len(out)
        if self._timer is None:
            self._turn()
        return self._size <= BACKLOG_LIMIT_BYTES

    def _turn(self) -> None:
        self._timer = None
        room = self._a_turn
        while self._waiting and room and not self._transport.is_closing():
            head = self._waiting.popleft()
            self._transport.write(head[:room])
            self._size -= len(head[:room])
            if len(head) > room:
                self._waiting.appendleft(head[room:])
            room -= len(head[:room])
        if self._waiting and not self._transport.is_closing():
            self._timer = asyncio.get_running_loop().call_later(TURN_S, self._turn)
