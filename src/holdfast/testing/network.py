"""A network without sockets: a test sees what was written and says what comes back.

Nothing answers by itself except HTTP questions for which `answers` has an answer.
"""

from collections.abc import Callable, Mapping

from holdfast.domain.ports import HttpAnswer, WebSocketListener

OnAnswer = Callable[[HttpAnswer | None], None]
Answers = Callable[[str, str], HttpAnswer | None]


class FakeWebSocket:
    """A connection whose other end is the test."""

    def __init__(self, url: str, listener: WebSocketListener) -> None:
        self.url = url
        self.sent: list[bytes] = []
        self.pongs: list[bytes] = []
        self.is_open = True
        self._listener = listener

    def send(self, message: bytes) -> None:
        """Keep what is written; ConnectionError when closed."""
        if not self.is_open:
            raise ConnectionError("the connection is closed")
        self.sent.append(message)

    def pong(self, payload: bytes) -> None:
        """Keep a pong."""
        if self.is_open:
            self.pongs.append(payload)

    def close(self) -> None:
        """Close; idempotent."""
        self.drop("closed")

    def receive(self, text: str | bytes) -> None:
        """Let a message come in."""
        whole = text.encode() if isinstance(text, str) else text
        self._listener.on_text(memoryview(whole))

    def ping(self, payload: bytes) -> None:
        """Let a ping come in."""
        self._listener.on_ping(payload)

    def drop(self, reason: str) -> None:
        """Let the connection end."""
        if self.is_open:
            self.is_open = False
            self._listener.on_closed(reason)


class FakeHttp:
    """A kept-alive connection whose other end is the test."""

    def __init__(self, origin: str, answers: Answers) -> None:
        self.origin = origin
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.is_open = True
        self._answers = answers
        self._waiting: list[OnAnswer] = []

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        on_answer: OnAnswer,
    ) -> None:
        """Keep a request; answer it at once where the test has said how."""
        if not self.is_open:
            raise ConnectionError("the connection is closed")
        self.requests.append((method, target, dict(headers)))
        answer = self._answers(method, target)
        if answer is None or body:
            self._waiting.append(on_answer)
        else:
            on_answer(answer)

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        """Answer the oldest request that waits; header names with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._waiting.pop(0)(HttpAnswer(status, named, body))

    def close(self) -> None:
        """Close; idempotent; what waits is answered with None."""
        self.is_open = False
        while self._waiting:
            self._waiting.pop(0)(None)


class FakeNetwork:
    """Makes fake connections; the next `refusals` attempts fail."""

    def __init__(self, answers: Answers = lambda _method, _target: None) -> None:
        self.sockets: list[FakeWebSocket] = []
        self.https: list[FakeHttp] = []
        self.refusals = 0
        self.answers = answers

    async def websocket(self, url: str, listener: WebSocketListener) -> FakeWebSocket:
        """Open a connection to the test."""
        self._attempt()
        socket = FakeWebSocket(url, listener)
        self.sockets.append(socket)
        return socket

    async def http(self, origin: str) -> FakeHttp:
        """Open a kept-alive connection to the test."""
        self._attempt()
        connection = FakeHttp(origin, self.answers)
        self.https.append(connection)
        return connection

    def _attempt(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionRefusedError("refused by the test")
