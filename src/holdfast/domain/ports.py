"""Network and spawn, the ports through which bytes and processes leave; edges in runtime."""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec


class HttpAnswer(msgspec.Struct, frozen=True):
    """A complete HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class WebSocketRefused(ConnectionRefusedError):
    """The other side gave an answer of HTTP where a WebSocket was asked for; its body is lost.

    It may say why, and how long to wait.
    """

    def __init__(self, line: str, answer: HttpAnswer) -> None:
        super().__init__(line)
        self.answer = answer


class WebSocketListener(Protocol):
    """What a connection tells its owner; called on the loop's thread, in frame order."""

    def on_text(self, frame: memoryview) -> None:
        """Take one whole text message; the view is valid only during the call."""

    def on_ping(self, payload: bytes) -> None:
        """Take a ping; the listener answers with `WebSocket.pong`, now or in due time."""

    def on_closed(self, reason: str) -> None:
        """Learn that the connection is over; called once, also after `close`."""


class WebSocket(Protocol):
    """An open client connection."""

    @property
    def is_open(self) -> bool:
        """Tell whether bytes could be written."""

    def send(self, message: bytes) -> None:
        """Write one text message before returning; ConnectionError when it is closed."""

    def pong(self, payload: bytes) -> None:
        """Answer a ping; nothing happens on a closed connection."""

    def close(self) -> None:
        """Close; idempotent."""


class HttpConnection(Protocol):
    """A keep-alive HTTP/1.1 connection to one origin; requests are answered in order."""

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        on_answer: Callable[[HttpAnswer | None], None],
    ) -> None:
        """Write a request before returning; None is answered when the connection is lost.

        Never resends. ConnectionError when it is closed and nothing was written.
        """

    @property
    def is_open(self) -> bool:
        """Tell whether bytes could be written."""

    def close(self) -> None:
        """Close; idempotent; what is unanswered is answered with None."""


class Network(Protocol):
    """How connections are made; OSError when none can be."""

    async def websocket(self, url: str, listener: WebSocketListener) -> WebSocket:
        """Open a client connection."""

    async def http(self, origin: str) -> HttpConnection:
        """Open a keep-alive connection to an origin such as `https://host:443`."""
