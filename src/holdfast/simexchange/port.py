"""The port of a venue: it can be closed for a while, and can reset whoever connects."""

import asyncio
import errno
from collections.abc import Callable

from holdfast.errors import UsageError
from holdfast.simexchange.faults import FaultKind, Faults
from holdfast.simexchange.faults.at_http import reset
from holdfast.simexchange.trouble import trouble_log

BACKLOG = 128
TRIES = 200
WAIT_S = 0.05


class Port:
    """One listening TCP port; `number` is known when it is open."""

    def __init__(
        self, host: str, answer: Callable[[], asyncio.Protocol], *, faults: Faults
    ) -> None:
        self.number = 0
        self.host = host
        self._answer = answer
        self._faults = faults
        self._server: asyncio.Server | None = None

    async def open(self, number: int) -> None:
        """Listen; port 0 takes a free one."""
        try:
            self._server = await asyncio.get_running_loop().create_server(
                self._connected, self.host, number, backlog=BACKLOG, reuse_address=True
            )
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            reason = "in use" if error.errno == errno.EADDRINUSE else "not permitted"
            raise UsageError(
                f"--port {number} is {reason} on {self.host}; another one, or 0 for a free "
                "one, would be right"
            ) from error
        self.number = int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Refuse new connections; open ones stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def open_again(self) -> None:
        """Listen on the same port as before, unless it is open.

        A client may hold the number as its own for a moment; then it is tried again.
        """
        for _ in range(TRIES):
            if self._server is not None:
                return
            try:
                await self.open(self.number)
            except UsageError:
                await asyncio.sleep(WAIT_S)
        if self._server is None:
            trouble_log().error("port %d cannot be opened again", self.number)

    def _connected(self) -> asyncio.Protocol:
        if self._faults.on_accept and self._faults.strikes(FaultKind.CONNECTION_RESET):
            return _Resetting()
        return self._answer()


class _Resetting(asyncio.Protocol):
    """Reset a connection as soon as it is there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        reset(transport)
