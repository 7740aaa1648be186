"""Commands over the local socket: attributed, checked, and never a surprise (promise 6)."""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from holdfast.errors import CommandRefused, HoldfastError, NotFound, UsageError
from holdfast.runtime.commands import (
    MOST_CLIENTS,
    Answer,
    CommandSocket,
    Pause,
    Request,
    Stop,
    send,
)

PAUSE = Pause(reason="lunch", idempotency_key="k1")


class Desk:
    """A socket whose commands are kept."""

    def __init__(self, path: Path, *, ok: bool = True) -> None:
        self.path = path
        self.ok = ok
        self.requests: list[Request] = []
        self.socket = CommandSocket(path, self.execute)

    def execute(self, request: Request) -> Answer:
        self.requests.append(request)
        return Answer(ok=self.ok, outcome="done" if self.ok else "not today")

    async def ask(self, line: bytes) -> bytes:
        reader, writer = await asyncio.open_unix_connection(self.path)
        writer.write(line)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        return answer


def run(desk: Desk, story: Callable[[], Coroutine[None, None, None]]) -> None:
    async def whole() -> None:
        await desk.socket.start()
        try:
            await story()
        finally:
            await desk.socket.close()

    asyncio.run(whole())


def test_a_command_arrives_with_the_actor_that_the_kernel_names(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "s")

    async def story() -> None:
        answer = await asyncio.to_thread(send, desk.path, PAUSE)
        assert answer == Answer(ok=True, outcome="done")

    run(desk, story)
    (request,) = desk.requests
    assert request.command == PAUSE
    assert f"uid {os.getuid()}, pid {os.getpid()}" in request.actor


def test_only_its_owner_may_use_the_socket_and_it_goes_with_the_trader(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "s")

    async def story() -> None:
        assert desk.path.stat().st_mode & 0o777 == 0o600

    run(desk, story)
    assert not desk.path.exists()


def test_a_refusal_is_an_error_of_its_own_kind(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "s", ok=False)

    async def story() -> None:
        with pytest.raises(CommandRefused, match="not today"):
            await asyncio.to_thread(send, desk.path, Stop(reason="x", idempotency_key="k"))

    run(desk, story)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"hello\n", b"not a command"),
        (b'{"type":"explode","reason":"x","idempotency_key":"k"}\n', b"not a command"),
        (b'{"type":"pause","reason":"x","idempotency_key":"k","force":1}\n', b"force"),
        (b'{"type":"pause","idempotency_key":"k"}\n', b"reason"),
        (b'{"type":"pause","reason":"  ","idempotency_key":"k"}\n', b"a reason is required"),
    ],
)
def test_what_is_no_command_is_answered_and_not_carried_out(
    tmp_path: Path, line: bytes, words: bytes
) -> None:
    desk = Desk(tmp_path / "s")

    async def story() -> None:
        answer = await desk.ask(line)
        assert b'"ok":false' in answer
        assert words in answer

    run(desk, story)
    assert desk.requests == []


def test_who_says_nothing_or_too_much_does_no_harm(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "s")

    async def story() -> None:
        assert await desk.ask(b"") == b""
        assert await desk.ask(b"x" * 100_000) == b""
        assert (await asyncio.to_thread(send, desk.path, PAUSE)).ok

    run(desk, story)


def test_a_socket_that_a_dead_trader_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(os.fspath(path))
    desk = Desk(path)

    async def story() -> None:
        assert (await asyncio.to_thread(send, path, PAUSE)).ok

    run(desk, story)


def test_a_live_socket_and_a_file_are_left_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "s")

    async def story() -> None:
        with pytest.raises(UsageError, match="another trader is listening"):
            await Desk(desk.path).socket.start()

    run(desk, story)
    desk.path.write_text("mine")
    with pytest.raises(UsageError, match="a file and no socket"):
        asyncio.run(desk.socket.start())
    assert desk.path.read_text() == "mine"


def test_a_path_that_no_socket_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="longer than"):
        asyncio.run(Desk(tmp_path / ("x" * 100)).socket.start())
    with pytest.raises(UsageError, match="no socket can be made"):
        asyncio.run(Desk(tmp_path / "no" / "s").socket.start())


def test_nobody_and_somebody_else_are_told_from_a_trader(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no trader listens"):
        send(tmp_path / "none", PAUSE)

    async def story(reply: bytes, words: str) -> None:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(reply)
            writer.close()

        path = tmp_path / "other"
        server = await asyncio.start_unix_server(talk, path=path)
        with pytest.raises(HoldfastError, match=words):
            await asyncio.to_thread(send, path, PAUSE)
        server.close()
        await server.wait_closed()

    for reply, words in ((b"", "without an answer"), (b"220 mail\n", "is no trader")):
        asyncio.run(story(reply, words))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"type":"pause","reason":' + b"[" * 20_000, b"not a command"),
        (b'{"type":"pause","x":' + b"[" * 20_000, b"not a command"),
        (b'{"type":"pause","reason":"x","idempotency_key":" "}', b"key of 1 to"),
        (b'{"type":"pause","reason":"x","idempotency_key":"' + b"k" * 201 + b'"}', b"key of"),
    ],
)
def test_what_is_nested_deep_or_has_no_key_is_refused(
    line: bytes, words: bytes, tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "s")

    async def story() -> None:
        assert words in await desk.ask(line + b"\n")

    run(desk, story)
    assert desk.requests == []


def test_who_has_not_finished_asking_is_let_go_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path / "s")
    waiting: list[asyncio.StreamWriter] = []

    async def story() -> None:
        for _ in range(MOST_CLIENTS):
            _, writer = await asyncio.open_unix_connection(desk.path)
            writer.write(b'{"type":')
            waiting.append(writer)
        assert b"too many" in await desk.ask(b"")

    run(desk, story)
    assert len(waiting) == MOST_CLIENTS
    assert capsys.readouterr().err == ""
    assert caplog.records == []
