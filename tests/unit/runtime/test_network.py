"""The real network on loopback, on asyncio's loop and on uvloop."""

import asyncio
import datetime
import errno
import ipaddress
import logging
import os
import socket
import ssl
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvloop
from aiohttp import WSMsgType, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from holdfast.domain.ports import HttpAnswer, WebSocketRefused
from holdfast.errors import ConfigError
from holdfast.runtime.hosts import is_loopback, is_private
from holdfast.runtime.network import MOST_CONNECTIONS, KeptAlive, SocketNetwork

Story = Callable[["Server"], Coroutine[None, None, None]]


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Story], None]:
    def whole(story: Story) -> None:
        async def served() -> None:
            async with asyncio.timeout(30):
                server = Server()
                await server.start()
                try:
                    await story(server)
                finally:
                    await server.runner.cleanup()

        request.param(served())

    return whole


class Server:
    """A small web server; what it was told is kept."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.heard: list[str] = []
        self.pongs: list[bytes] = []
        self.socket: web.WebSocketResponse | None = None
        self.connected = asyncio.Event()
        app = web.Application()
        app.router.add_get("/ws", self.websocket)
        app.router.add_route("*", "/echo", self.echo)
        app.router.add_get("/never", self.never)
        app.router.add_get("/banned", self.banned)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def start(self) -> None:
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0, ssl_context=self.tls)
        await site.start()
        _, port = self.runner.addresses[0][:2]
        scheme = "s" if self.tls else ""
        self.http = f"http{scheme}://127.0.0.1:{port}"
        self.ws = f"ws{scheme}://127.0.0.1:{port}/ws"

    async def websocket(self, request: web.Request) -> web.WebSocketResponse:
        self.socket = web.WebSocketResponse(autoping=False, max_msg_size=0)
        await self.socket.prepare(request)
        self.connected.set()
        async for message in self.socket:
            if message.type is WSMsgType.PONG:
                self.pongs.append(bytes(message.data))
            else:
                self.heard.append(str(message.data))
                await self.socket.send_str(f"echo {message.data}")
        return self.socket

    async def echo(self, request: web.Request) -> web.Response:
        text = await request.text()
        headers = {"X-Key": request.headers.get("X-Key", "")}
        return web.Response(text=f"{request.method} {request.path_qs} {text}", headers=headers)

    async def banned(self, _request: web.Request) -> web.Response:
        return web.Response(status=418, headers={"Retry-After": "120"}, text="banned")

    async def never(self, _request: web.Request) -> web.Response:
        self.connected.set()
        await asyncio.sleep(60)
        return web.Response()


class Listener:
    """Keeps what a connection says, and wakes whoever waits."""

    def __init__(self) -> None:
        self.said: list[object] = []
        self.changed = asyncio.Event()

    def on_text(self, frame: memoryview) -> None:
        self.keep(bytes(frame).decode())

    def on_ping(self, payload: bytes) -> None:
        self.keep(payload)

    def on_closed(self, reason: str) -> None:
        self.keep(("closed", reason))

    def keep(self, item: object) -> None:
        self.said.append(item)
        self.changed.set()

    async def wait_for(self, count: int) -> list[object]:
        while len(self.said) < count:
            self.changed.clear()
            await self.changed.wait()
        return self.said


async def ask(
    connection: KeptAlive, method: str = "GET", target: str = "/echo", body: bytes = b""
) -> HttpAnswer | None:
    answered: asyncio.Future[HttpAnswer | None] = asyncio.get_running_loop().create_future()
    connection.send(
        method, target, headers={"X-Key": "k"}, body=body, on_answer=answered.set_result
    )
    return await answered


def test_messages_go_out_and_come_in_order(run: Callable[[Story], None]) -> None:
    async def story(server: Server) -> None:
        listener = Listener()
        socket = await SocketNetwork().websocket(server.ws, listener)
        for number in range(50):
            socket.send(f"m{number}".encode())
        said = await listener.wait_for(50)
        assert said == [f"echo m{number}" for number in range(50)]
        socket.close()

    run(story)


def test_no_frame_costs_a_record_of_the_log(
    run: Callable[[Story], None],
) -> None:
    made: list[object] = []

    class Counted(logging.LogRecord):
        def __init__(self, name: str, *arguments: Any, **named: Any) -> None:
            made.append(name)
            super().__init__(name, *arguments, **named)

    async def story(server: Server) -> None:
        listener = Listener()
        socket = await SocketNetwork().websocket(server.ws, listener)
        socket.send(b"m")
        await listener.wait_for(1)
        socket.close()

    usual = logging.getLogRecordFactory()
    logging.setLogRecordFactory(Counted)
    try:
        run(story)
    finally:
        logging.setLogRecordFactory(usual)
    assert made == []


def test_a_ping_is_not_answered_before_its_listener_does(run: Callable[[Story], None]) -> None:
    async def story(server: Server) -> None:
        listener = Listener()
        socket = await SocketNetwork().websocket(server.ws, listener)
        await server.connected.wait()
        assert server.socket is not None
        await server.socket.ping(b"1700")
        assert await listener.wait_for(1) == [b"1700"]
        socket.send(b"before")
        await listener.wait_for(2)
        assert server.pongs == []
        socket.pong(b"1700")
        socket.send(b"after")
        await listener.wait_for(3)
        assert server.pongs == [b"1700"]
        socket.close()

    run(story)


def test_the_end_of_a_connection_is_told_once_with_its_reason(
    run: Callable[[Story], None],
) -> None:
    async def story(server: Server) -> None:
        listener = Listener()
        socket = await SocketNetwork().websocket(server.ws, listener)
        await server.connected.wait()
        assert server.socket is not None
        await server.socket.close(message=b"maintenance")
        assert await listener.wait_for(1) == [("closed", "closed by the venue: maintenance")]
        assert not socket.is_open
        with pytest.raises(ConnectionError):
            socket.send(b"x")
        socket.pong(b"x")
        socket.close()
        socket.close()
        assert len(listener.said) == 1

    run(story)


def test_after_closing_nothing_more_is_heard(run: Callable[[Story], None]) -> None:
    async def story(server: Server) -> None:
        listener = Listener()
        socket = await SocketNetwork().websocket(server.ws, listener)
        socket.send(b"x")
        socket.close()
        assert listener.said == [("closed", "closed")]
        await asyncio.sleep(0.05)
        assert listener.said == [("closed", "closed")]

    run(story)


def test_a_listener_that_raises_ends_its_connection_or_is_reported(
    run: Callable[[Story], None],
) -> None:
    class Broken(Listener):
        def on_text(self, frame: memoryview) -> None:
            raise RuntimeError(bytes(frame).decode())

    async def story(server: Server) -> None:
        alone = Broken()
        first = await SocketNetwork().websocket(server.ws, alone)
        first.send(b"x")
        ((_, reason),) = await alone.wait_for(1)  # type: ignore[misc]
        assert "the listener failed: RuntimeError: echo x" in reason

        failures = Listener()
        watched = SocketNetwork(on_failure=failures.keep)
        second = await watched.websocket(server.ws, Broken())
        second.send(b"y")
        (failure,) = await failures.wait_for(1)
        assert "RuntimeError: echo y" in str(failure)
        assert second.is_open
        second.close()

    run(story)


def test_requests_are_answered_in_order_on_one_connection(
    run: Callable[[Story], None],
) -> None:
    async def story(server: Server) -> None:
        connection = await SocketNetwork().http(server.http)
        asked = [
            asyncio.create_task(ask(connection, method, f"/echo?n={n}", b"body"[: n * 4]))
            for n, method in enumerate(("GET", "POST", "DELETE"))
        ]
        answers = [answer for answer in await asyncio.gather(*asked) if answer is not None]
        assert [answer.body for answer in answers] == [
            b"GET /echo?n=0 ", b"POST /echo?n=1 body", b"DELETE /echo?n=2 body",
        ]  # fmt: skip
        assert answers[0].headers["x-key"] == "k"
        assert connection.is_open
        connection.close()

    run(story)


def test_what_is_unanswered_when_a_connection_ends_is_answered_with_none(
    run: Callable[[Story], None],
) -> None:
    async def story(server: Server) -> None:
        connection = await SocketNetwork().http(server.http)
        asking = asyncio.create_task(ask(connection, target="/never"))
        await server.connected.wait()
        connection.close()
        assert await asking is None
        with pytest.raises(ConnectionError):
            await ask(connection)

    run(story)


@pytest.mark.parametrize("talk", [b"SSH-2.0\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Le", b""])
def test_a_server_that_talks_nonsense_or_half_gives_no_answer(talk: bytes) -> None:
    async def story() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(talk)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        connection = await SocketNetwork().http(f"http://{host}:{port}")
        assert await ask(connection) is None
        assert not connection.is_open
        server.close()

    uvloop.run(story())


def test_a_server_that_is_not_there_is_an_os_error(run: Callable[[Story], None]) -> None:
    async def story(server: Server) -> None:
        await server.runner.cleanup()
        with pytest.raises(OSError, match=r"\w"):
            await SocketNetwork().websocket(server.ws, Listener())
        with pytest.raises(OSError, match=r"\w"):
            await SocketNetwork().http(server.http)

    run(story)


def test_a_page_where_a_websocket_should_be_is_an_os_error(
    run: Callable[[Story], None],
) -> None:
    async def story(server: Server) -> None:
        with pytest.raises(OSError, match="no WebSocket there"):
            await SocketNetwork().websocket(server.ws.replace("/ws", "/echo"), Listener())

    run(story)


def test_why_no_websocket_was_opened_is_kept(run: Callable[[Story], None]) -> None:
    async def story(server: Server) -> None:
        with pytest.raises(WebSocketRefused) as refused:
            await SocketNetwork().websocket(server.ws.replace("/ws", "/banned"), Listener())
        assert refused.value.answer.status == 418
        assert refused.value.answer.headers["retry-after"] == "120"

    run(story)


def patience(one: socket.socket) -> tuple[int, int, int]:
    """Read whether signs of life are asked for, and after how long a socket is given up."""
    return (
        one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
        one.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        + one.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
        * one.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
        one.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
    )


def connected_to(port: int) -> list[socket.socket]:
    """Give this process's own sockets that lead to a port, as copies."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            one = socket.socket(fileno=os.dup(int(name)))
            if one.getpeername()[1:2] == (port,):
                found.append(one)
            else:
                one.close()
    return found


def test_a_connection_whose_other_end_is_gone_is_given_up_in_less_than_a_minute(
    run: Callable[[Story], None],
) -> None:
    async def story(server: Server) -> None:
        web_socket = await SocketNetwork().websocket(server.ws, Listener())
        http = await SocketNetwork().http(server.http)
        ours = connected_to(urlsplit(server.http).port or 0)
        assert len({one.getsockname() for one in ours}) == 2
        seen = [patience(one) for one in ours]
        for one in ours:
            one.close()
        assert all(is_on and idle_s < 60 and 0 < ms < 60_000 for is_on, idle_s, ms in seen)
        web_socket.close()
        http.close()

    run(story)


@pytest.mark.parametrize("number", [errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.EPIPE])
def test_whatever_a_broken_connection_says_to_a_write_is_a_connection_error(
    number: int,
) -> None:
    class Broken:
        def send(self, _out: bytes) -> int:
            raise OSError(number, "gone")

        def close(self) -> None:
            pass

    async def story() -> None:
        server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        connection = await SocketNetwork().http(f"http://{host}:{port}")
        assert connection._direct is not None
        connection._direct.close()
        connection._direct = Broken()  # type: ignore[assignment]
        with pytest.raises(ConnectionError):
            await ask(connection)
        connection.close()
        server.close()

    asyncio.run(story())


@pytest.mark.parametrize("url", ["", "venue", "ftp://v", "http://", "http://v:x", "http://[v"])
def test_a_wrong_url_is_one_clear_line(url: str) -> None:
    async def story() -> None:
        with pytest.raises(ConfigError, match="would be right"):
            await SocketNetwork().http(url)
        with pytest.raises(ConfigError, match="would be right"):
            await SocketNetwork().websocket(url, Listener())

    asyncio.run(story())


def test_there_are_never_more_connections_than_the_limit() -> None:
    async def story() -> None:
        server = Server()
        await server.start()
        connections = SocketNetwork()
        opened = [await connections.http(server.http) for _ in range(MOST_CONNECTIONS)]
        with pytest.raises(OSError, match="are open already"):
            await connections.http(server.http)
        opened[0].close()
        opened[0] = await connections.http(server.http)
        for connection in opened:
            connection.close()
        await server.runner.cleanup()

    uvloop.run(story())


def test_a_certificate_that_nobody_vouches_for_is_refused(
    tmp_path: Path, run: Callable[[Story], None]
) -> None:
    contexts = _certificate(tmp_path)

    async def story(_server: Server) -> None:
        server = Server(contexts[0])
        await server.start()
        with pytest.raises(OSError, match=r"(?i)certificate"):
            await SocketNetwork().http(server.http)
        with pytest.raises(OSError, match=r"(?i)certificate"):
            await SocketNetwork().websocket(server.ws, Listener())

        trusting = SocketNetwork(tls=contexts[1])
        answer = await ask(await trusting.http(server.http))
        assert answer is not None
        assert answer.body == b"GET /echo "
        listener = Listener()
        socket = await trusting.websocket(server.ws, listener)
        socket.send(b"x")
        assert await listener.wait_for(1) == ["echo x"]
        socket.close()
        await server.runner.cleanup()

    run(story)


def _certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a server's context with a certificate of its own, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("https://api.binance.com.evil.example", "is not among the hosts"),
        ("https://169.254.169.254", "is not among the hosts"),
        ("http://api.binance.com", "https://api.binance.com would be right"),
        ("http://0.0.0.0:80", "is not among the hosts"),
    ],
)
def test_no_host_but_a_listed_one_by_tls_is_connected_to(url: str, line: str) -> None:
    async def whole() -> None:
        network = SocketNetwork(hosts=["API.binance.com"])
        with pytest.raises(ConfigError, match=line) as raised:
            await network.http(url)
        assert "\n" not in str(raised.value)
        with pytest.raises(ConfigError, match=r"among|would be right"):
            await network.websocket(url.replace("http", "ws"), Listener())

    asyncio.run(whole())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.3.2.1", "::1"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "localhost.evil.example", "127.1", "10.0.0.1", "example"])
def test_no_other_host_is(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["10.9.0.2", "192.168.1.5", "172.16.0.1", "127.0.0.1"])
def test_a_private_address_is_one_that_no_router_knows(host: str) -> None:
    assert is_private(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "8.8.8.8", "", "10.1", "sim.internal", "localhost"]
)
def test_a_name_or_another_address_is_not_private(host: str) -> None:
    assert not is_private(host)


def test_what_is_trusted_has_to_be_a_private_address_and_the_very_same() -> None:
    async def whole() -> None:
        network = SocketNetwork()
        for host in ("8.8.8.8", "api.binance.com", "127.0.0.1"):
            network.trust(host)
        for host in ("8.8.8.8", "api.binance.com", "10.9.0.3"):
            with pytest.raises(ConfigError, match="not among the hosts"):
                await network.http(f"http://{host}:8765")

    asyncio.run(whole())


def test_a_context_that_verifies_nothing_is_refused() -> None:
    blind = ssl.create_default_context()
    blind.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE
    with pytest.raises(ConfigError, match="verifies nothing"):
        SocketNetwork(tls=blind)
