"""Commands are typed values with an actor, a reason and an idempotency key.

They reach the trader by a local socket that says who is asking (peer credentials); every
surface uses this path and there is no second one. One line of JSON asks, one line answers.
"""

import asyncio
import os
import pwd
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

from holdfast.errors import CommandRefused, HoldfastError, NotFound, UsageError, VenueTimeout
from holdfast.runtime.beat import BEAT_LINE, Beat

SOCKET_PATH_LIMIT_BYTES = 100
ANSWER_WITHIN_S = 10.0
MOST_CLIENTS = 64
LONGEST_KEY = 200
_LINE_LIMIT_BYTES = 64 * 1024
_BACKLOG = 256


class Pause(msgspec.Struct, tag="pause", forbid_unknown_fields=True, kw_only=True):
    """Add no new risk in a scope: `account`, or a strategy's or symbol's name."""

    reason: str
    idempotency_key: str
    scope: str = "account"


class Resume(msgspec.Struct, tag="resume", forbid_unknown_fields=True, kw_only=True):
    """Allow new risk again in a scope."""

    reason: str
    idempotency_key: str
    scope: str = "account"


class Release(msgspec.Struct, tag="release", forbid_unknown_fields=True, kw_only=True):
    """End the quarantine and the incidents of a scope: `account`, a symbol or an asset.

    What differs of a symbol is accepted as the venue has it.
    """

    reason: str
    idempotency_key: str
    scope: str


class CancelAll(msgspec.Struct, tag="cancel", forbid_unknown_fields=True, kw_only=True):
    """Cancel resting entries and exits; protective orders only when asked for by name."""

    reason: str
    idempotency_key: str
    including_stops: bool = False


class Stop(msgspec.Struct, tag="stop", forbid_unknown_fields=True, kw_only=True):
    """End the run in order: cancel what rests, verify, report."""

    reason: str
    idempotency_key: str


Command: TypeAlias = Pause | Resume | Release | CancelAll | Stop


class Answer(msgspec.Struct, kw_only=True):
    """What became of a command; `repeated` when its key had been used before."""

    ok: bool
    outcome: str
    repeated: bool = False


class Request(msgspec.Struct, frozen=True):
    """A command with the actor that the socket vouches for."""

    command: Command
    actor: str


Execute = Callable[[Request], Answer]


class CommandSocket:
    """The trader's end: takes commands from this machine and hands them to one function."""

    def __init__(
        self, path: Path, execute: Execute, *, beat: Callable[[], Beat] | None = None
    ) -> None:
        self.path = path
        self._execute = execute
        self._beat = beat
        self._server: asyncio.AbstractServer | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; a socket left over by a dead trader is replaced, a live one is refused."""
        if len(os.fsencode(self.path)) > SOCKET_PATH_LIMIT_BYTES:
            raise UsageError(
                f"socket path {self.path} is longer than {SOCKET_PATH_LIMIT_BYTES} bytes; "
                "put the journal in a shorter folder"
            )
        if self.path.exists():
            if not self.path.is_socket():
                raise UsageError(f"{self.path} is a file and no socket; move it away")
            if _answers(self.path):
                raise UsageError(f"another trader is listening at {self.path}; stop it first")
            self.path.unlink()
        try:
            self._server = await asyncio.start_unix_server(
                self._serve, path=self.path, limit=_LINE_LIMIT_BYTES, backlog=_BACKLOG
            )
        except OSError as error:
            raise UsageError(f"no socket can be made at {self.path}: {error}") from None
        self.path.chmod(0o600)

    async def close(self) -> None:
        """Stop listening, let go of who has not finished asking, and remove the socket."""
        if self._server is not None:
            self._server.close()
            clients = list(self._clients)
            for client in clients:
                client.cancel()
            await asyncio.gather(*clients, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None
            self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = asyncio.current_task()
        assert client is not None
        self._clients.add(client)
        try:
            if len(self._clients) > MOST_CLIENTS:
                await _tell(writer, Answer(ok=False, outcome="too many ask at once; ask again"))
                return
            line = await asyncio.wait_for(reader.readline(), ANSWER_WITHIN_S)
            if line == BEAT_LINE and self._beat is not None:
                writer.write(msgspec.json.encode(self._beat()) + b"\n")
                await writer.drain()
            elif line:
                actor = actor_of(writer.get_extra_info("socket"))
                await _tell(writer, self._answer(line, actor))
        except (OSError, ValueError, TimeoutError, asyncio.CancelledError):
            return  # canceled only by `close`, which waits for it
        finally:
            self._clients.discard(client)
            writer.close()

    def _answer(self, line: bytes, actor: str) -> Answer:
        try:
            command = msgspec.json.decode(line, type=Command)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            return Answer(ok=False, outcome=f"not a command: {error}")
        except RecursionError:
            return Answer(ok=False, outcome="not a command: nested too deeply")
        if not 0 < len(command.idempotency_key.strip()) <= LONGEST_KEY:
            return Answer(
                ok=False,
                outcome=f"an idempotency key of 1 to {LONGEST_KEY} letters is required",
            )
        if not command.reason.strip():
            return Answer(ok=False, outcome="a reason is required")
        return self._execute(Request(command, actor))


async def _tell(writer: asyncio.StreamWriter, answer: Answer) -> None:
    writer.write(msgspec.json.encode(answer) + b"\n")
    await writer.drain()


def actor_of(peer: socket.socket) -> str:
    """Name the person at the other end of a local socket by the kernel's word."""
    data = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", data)
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return f"{name} (uid {uid}, pid {pid})"


def send(path: Path, command: Command) -> Answer:
    """Ask a running trader; `NotFound` when none listens, `CommandRefused` when it says no."""
    try:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(ANSWER_WITHIN_S)
            peer.connect(os.fspath(path))
            peer.sendall(msgspec.json.encode(command) + b"\n")
            line = peer.makefile("rb").readline()
    except TimeoutError:
        raise VenueTimeout(
            f"the trader at {path} did not answer in {ANSWER_WITHIN_S:g} s"
        ) from None
    except OSError as error:
        raise NotFound(
            f"no trader listens at {path} ({error.strerror}); name its socket with --socket "
            "(a run with --journal x.db listens at x.sock)"
        ) from None
    if not line:
        raise HoldfastError(f"the trader at {path} closed the connection without an answer")
    try:
        answer = msgspec.json.decode(line, type=Answer)
    except msgspec.DecodeError as error:
        raise HoldfastError(f"what listens at {path} is no trader: {error}") from None
    if not answer.ok:
        raise CommandRefused(f"{answer.outcome}")
    return answer


def _answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(1.0)
            peer.connect(os.fspath(path))
    except OSError:
        return False
    return True
