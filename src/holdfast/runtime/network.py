"""The real network: WebSockets by picows, and a kept-alive HTTP/1.1 connection of our own.

Certificates are always verified, and no host is connected to but those that were listed, by
TLS, this machine's loopback, and private addresses of simulators that a user named. Bytes are
written before `send` returns, as far as the kernel takes them, and nothing is ever sent twice.
A listener that raises is a bug: the failure is told to `on_failure`, or else ends its
connection, and never reaches the library.
"""

import asyncio
import logging
import os
import socket
import ssl
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import cast
from urllib.parse import SplitResult, urlsplit

from picows import (
    WSCloseCode,
    WSError,
    WSFrame,
    WSHandshakeError,
    WSInvalidURL,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
)

from holdfast.domain.ports import HttpAnswer, WebSocketListener, WebSocketRefused
from holdfast.errors import ConfigError
from holdfast.runtime.hosts import is_loopback, is_private
from holdfast.runtime.http1 import AnswerReader, request_bytes
from holdfast.runtime.patience import be_impatient
from holdfast.runtime.supervise import fence

CONNECT_TIMEOUT_S = 10.0
LARGEST_FRAME_BYTES = 16 * 1024 * 1024
MOST_CONNECTIONS = 64
_TEXT, _PING = WSMsgType.TEXT, WSMsgType.PING  # an enum looks its members up anew each time
_SECURE = {"http": "https", "ws": "wss"}
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

_SILENT = logging.Logger("holdfast.network")
_SILENT.setLevel(logging.CRITICAL + 1)  # else the library makes a record of every frame

OnFailure = Callable[[str], None]
OnAnswer = Callable[[HttpAnswer | None], None]


class SocketNetwork:
    """Connections over real sockets, on the running loop; at most 64 at once.

    `hosts` are those that may be connected to beside loopback; `tls` trusts other authorities
    and has to verify all the same.
    """

    def __init__(
        self,
        *,
        on_failure: OnFailure | None = None,
        tls: ssl.SSLContext | None = None,
        hosts: Collection[str] = (),
    ) -> None:
        self._on_failure = on_failure
        self._tls = tls or ssl.create_default_context()
        if self._tls.verify_mode is not ssl.CERT_REQUIRED or not self._tls.check_hostname:
            raise ConfigError("a TLS context that verifies nothing is refused")
        self._hosts = frozenset(host.lower() for host in hosts)
        self._plain: set[str] = set()
        self._open: set[object] = set()

    def trust(self, host: str) -> None:
        """Let a simulator be spoken to in the clear at a private address that a user named."""
        if is_private(host):
            self._plain.add(host)

    async def websocket(self, url: str, listener: WebSocketListener) -> "PicowsSocket":
        """Open a client connection; OSError when that fails."""
        self._check_host(_split(url, ("ws", "wss")))
        self._check_room()
        opened = PicowsSocket(listener, self._on_failure, on_over=self._open.discard)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await ws_connect(
                    lambda: opened.frames,
                    url,
                    ssl_context=self._tls,
                    websocket_handshake_timeout=CONNECT_TIMEOUT_S,
                    logger_name=_SILENT,
                    enable_auto_pong=False,
                    max_frame_size=LARGEST_FRAME_BYTES,
                    max_redirects=0,
                )
        except WSInvalidURL as error:
            raise ConfigError(f"{url!r} is no URL of a WebSocket ({error})") from error
        except WSError as error:
            raise _refused(error) from error
        if opened.is_open:
            self._open.add(opened)
        return opened

    async def http(self, origin: str) -> "KeptAlive":
        """Open a kept-alive connection to an origin; OSError when that fails."""
        parts = _split(origin, ("http", "https"))
        self._check_host(parts)
        self._check_room()
        port = parts.port or _PORTS[parts.scheme]
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: KeptAlive(parts.netloc, on_over=self._open.discard),
                parts.hostname or "",
                port,
                ssl=self._tls if parts.scheme == "https" else None,
            )
        if connection.is_open:
            self._open.add(connection)
        return connection

    def _check_host(self, parts: SplitResult) -> None:
        """Let through to loopback and what is trusted, and by TLS to listed hosts."""
        host = parts.hostname or ""
        if is_loopback(host) or host in self._plain:
            return
        if host not in self._hosts:
            raise ConfigError(
                f"{host!r} is not among the hosts that this program may connect to: "
                f"{', '.join(sorted(self._hosts)) or 'none but this machine'}"
            )
        if parts.scheme not in ("https", "wss"):
            raise ConfigError(
                f"{parts.scheme}://{host} is not encrypted; only a simulator on this machine "
                f"is spoken to in the clear, {_SECURE[parts.scheme]}://{host} would be right"
            )

    def _check_room(self) -> None:
        if len(self._open) >= MOST_CONNECTIONS:
            raise ConnectionAbortedError(f"{MOST_CONNECTIONS} connections are open already")


class PicowsSocket:
    """An open WebSocket of a client; its pings are answered by whoever listens."""

    def __init__(
        self,
        listener: WebSocketListener,
        on_failure: OnFailure | None,
        *,
        on_over: Callable[[object], None],
    ) -> None:
        self.frames = _Frames(self)
        self._on_failure = on_failure
        self._on_over = on_over
        self._hear = fence(listener.on_text, self._failed)
        self._hear_ping = fence(listener.on_ping, self._failed)
        self._hear_end = fence(listener.on_closed, self._failed)
        self._transport: WSTransport | None = None
        self._is_over = False
        self._parts = bytearray()
        self._reading: asyncio.Future[None] | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether bytes could be written."""
        transport = self._transport
        return (
            transport is not None
            and not self._is_over
            and not transport.is_disconnected
            and not transport.is_close_frame_sent
        )

    def send(self, message: bytes) -> None:
        """Write one text message before returning; ConnectionError when it is closed."""
        transport = self._transport
        if transport is None or not self.is_open:
            raise ConnectionError("the connection is closed")
        transport.send(_TEXT, message)

    def pong(self, payload: bytes) -> None:
        """Answer a ping; nothing happens on a closed connection."""
        if self._transport is not None and self.is_open:
            self._transport.send_pong(payload)

    def close(self) -> None:
        """Close; idempotent."""
        self._end("closed")

    # What the library says.

    def opened(self, transport: WSTransport) -> None:
        """Take the transport of a connection that is up."""
        self._transport = transport
        be_impatient(transport.underlying_transport.get_extra_info("socket"))
        self._reading = asyncio.ensure_future(transport.wait_disconnected())
        self._reading.add_done_callback(_swallow)

    def text(self, view: memoryview) -> None:
        """Hand a whole message to the listener."""
        if not self._is_over:
            self._hear(view)

    def part(self, payload: bytes, *, is_last: bool) -> None:
        """Collect a message that comes in parts."""
        self._parts += payload
        if len(self._parts) > LARGEST_FRAME_BYTES:
            self._end(f"a message of more than {LARGEST_FRAME_BYTES} bytes")
        elif is_last:
            whole = bytes(self._parts)
            self._parts.clear()
            self.text(memoryview(whole))

    def ping(self, payload: bytes) -> None:
        """Hand a ping to the listener."""
        if not self._is_over:
            self._hear_ping(payload)

    def over(self, reason: str) -> None:
        """End this connection; its listener learns that once."""
        if self._is_over:
            return
        self._is_over = True
        self._on_over(self)
        if self._transport is not None:
            self._hear_end(reason)

    def _end(self, reason: str) -> None:
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send_close(WSCloseCode.OK)
            self._transport.disconnect()
        self.over(reason)

    def _failed(self, line: str) -> None:
        if self._on_failure is not None:
            self._on_failure(line)
        elif not self._is_over:
            self._end(f"the listener failed: {line}")


class _Frames(WSListener):
    """What picows calls; frames arrive here in their order."""

    def __init__(self, owner: PicowsSocket) -> None:
        self._owner = owner

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._owner.opened(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind == _TEXT and frame.fin:
            self._owner.text(frame.get_payload_as_memoryview())
        elif kind == _PING:
            self._owner.ping(frame.get_payload_as_bytes())
        elif kind == WSMsgType.CLOSE:
            reason = frame.get_close_reason() or "no reason given"
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
            self._owner.over(f"closed by the venue: {reason}")
        elif kind in (WSMsgType.TEXT, WSMsgType.CONTINUATION):
            self._owner.part(frame.get_payload_as_bytes(), is_last=frame.fin)

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        self._owner.over("the connection was lost")


class KeptAlive(asyncio.Protocol):
    """A kept-alive HTTP/1.1 connection; requests are answered in their order."""

    def __init__(self, host: str, *, on_over: Callable[[object], None]) -> None:
        self._host = host
        self._on_over = on_over
        self._reader = AnswerReader()
        self._transport: asyncio.Transport | None = None
        self._direct: socket.socket | None = None
        self._waiting: deque[OnAnswer] = deque()

    @property
    def is_open(self) -> bool:
        """Tell whether bytes could be written."""
        return self._transport is not None and not self._transport.is_closing()

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        on_answer: OnAnswer,
    ) -> None:
        """Write a request before returning; ConnectionError when nothing was written."""
        transport = self._transport
        if transport is None or transport.is_closing():
            raise ConnectionError("the connection is closed")
        out = request_bytes(method, target, host=self._host, headers=headers, body=body)
        sent = self._send_now(transport, out)
        self._waiting.append(on_answer)
        if sent < len(out):
            transport.write(out[sent:])

    def close(self) -> None:
        """Close; idempotent; what is unanswered is answered with None."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
            self._over()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport of a connection that is up."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of its own kind
        here = transport.get_extra_info("socket")
        be_impatient(here)
        if transport.get_extra_info("ssl_object") is None:
            number = here.fileno()
            self._direct = socket.socket(fileno=os.dup(number))
            self._direct.setblocking(False)

    def data_received(self, data: bytes) -> None:
        """Answer the requests whose answers are complete now."""
        try:
            answers = self._reader.feed(data)
        except ValueError:
            self.close()
            return
        self._give(answers)
        if self._reader.is_over:
            self.close()

    def eof_received(self) -> bool:
        """Complete an answer that lasts as long as the connection."""
        last = self._reader.end()
        if last is not None:
            self._give([last])
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        """Answer with None what will never be answered."""
        self._transport = None
        self._over()

    def _send_now(self, transport: asyncio.Transport, out: bytes) -> int:
        """Give bytes to the kernel at once: a transport may keep them until the loop turns."""
        if self._direct is None or transport.get_write_buffer_size():
            return 0
        try:
            return self._direct.send(out)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise ConnectionError(f"the connection is broken ({error})") from error

    def _give(self, answers: list[HttpAnswer]) -> None:
        for answer in answers:
            if not self._waiting:
                self.close()
                return
            self._waiting.popleft()(answer)

    def _over(self) -> None:
        self._on_over(self)
        if self._direct is not None:
            self._direct.close()
            self._direct = None
        while self._waiting:
            self._waiting.popleft()(None)


def _refused(error: WSError) -> OSError:
    """Keep what the other side said instead of opening a WebSocket."""
    line = f"no WebSocket there: {error}"
    said = error.response if isinstance(error, WSHandshakeError) else None
    if said is None:
        return ConnectionRefusedError(line)
    headers = {name.lower(): value for name, value in said.headers.items()}
    return WebSocketRefused(line, HttpAnswer(int(said.status), headers, b""))


def _swallow(reading: "asyncio.Future[None]") -> None:
    """Take the reason why a connection ended out of its future, where nobody else looks."""
    if not reading.cancelled():
        reading.exception()


def _split(url: str, schemes: tuple[str, ...]) -> SplitResult:
    """Take a URL apart; ConfigError when it is none of these schemes."""
    right = " or ".join(f"{scheme}://host:port" for scheme in schemes)
    try:
        parts = urlsplit(url)
        named = parts.hostname and (parts.port or _PORTS.get(parts.scheme))
    except ValueError as error:
        raise ConfigError(f"{url!r} is no URL ({error}); {right} would be right") from error
    if parts.scheme not in schemes or not named:
        raise ConfigError(f"{url!r} is no URL of this kind; {right} would be right")
    return parts
