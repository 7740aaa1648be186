"""Faults between network and venue: pages of a proxy, cut and slow answers, closed doors.

They befall every path but `/sim/`, and the handshake of a WebSocket as any other request.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web

from holdfast.simexchange import refusals
from holdfast.simexchange.faults.armed import Scene
from holdfast.simexchange.faults.kinds import FaultKind
from holdfast.simexchange.pacing import SECOND_NS
from holdfast.simexchange.profile import embellish
from holdfast.simexchange.valve import TURN_S

if TYPE_CHECKING:
    from holdfast.simexchange.floor import Floor

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]
OUTSIDE = "/sim/"
STATUS_PATH = "/sapi/v1/system/status"
SLOWLY = 200
NO_LINGER = struct.pack("ii", 1, 0)
FORBIDDEN = (
    "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n"
    "<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n"
)
BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n"
    "</body>\r\n</html>\r\n"
)


class Middleware(Protocol):
    """What aiohttp calls around every request."""

    def __call__(self, request: web.Request, handler: Answering) -> Awaitable[Any]:
        """Answer, or let the handler answer."""


def door(floor: "Floor") -> Middleware:
    """Return what stands before every path of a venue."""

    @web.middleware
    async def pass_door(request: web.Request, handler: Answering) -> web.StreamResponse:
        if request.path.startswith(OUTSIDE):
            return await handler(request)
        if floor.is_in_maintenance:
            return _closed(request)
        if floor.faults.on_http:
            return await _spoiled(floor, request, handler)
        response = await handler(request)
        return _embellished(response) if floor.is_full else response

    return pass_door


def reset(transport: asyncio.BaseTransport | None) -> None:
    """End a connection with a reset, as a crashed peer does."""
    if not isinstance(transport, asyncio.Transport):
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()


async def _spoiled(
    floor: "Floor", request: web.Request, handler: Answering
) -> web.StreamResponse:
    faults = floor.faults
    scene = Scene(
        endpoint=f"{request.method} {request.path}", address=request.remote or "", product=""
    )
    if faults.strikes(FaultKind.REQUEST_RESET, scene):
        reset(request.transport)
        return web.Response(status=HTTPStatus.BAD_GATEWAY)
    stopped = faults.drawn(FaultKind.READING_STOPPED, scene)
    if stopped is not None:
        return await _read_nothing(request, stopped.lasts_ns / SECOND_NS)
    if faults.strikes(FaultKind.HTML_403, scene):
        return _page(HTTPStatus.FORBIDDEN, FORBIDDEN)
    if faults.strikes(FaultKind.HTML_502, scene):
        return _page(HTTPStatus.BAD_GATEWAY, BAD_GATEWAY)
    response = await handler(request)
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    if floor.is_full:
        _embellished(response)
    if faults.strikes(FaultKind.HALF_ANSWER, scene):
        return await _half(request, response)
    trickled = faults.drawn(FaultKind.ANSWER_TRICKLED, scene)
    if trickled is not None:
        return await _trickle(request, response, bytes_per_s=trickled.bytes_per_s or SLOWLY)
    return response


def _closed(request: web.Request) -> web.Response:
    if request.path == STATUS_PATH:
        return web.json_response({"status": 1, "msg": "system_maintenance"})
    refusal = refusals.unavailable()
    return web.json_response(refusal.body(), status=refusal.status)


def _page(status: HTTPStatus, text: str) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html")


async def _read_nothing(request: web.Request, wait_s: float) -> web.Response:
    transport = request.transport
    if transport is not None:
        transport.pause_reading()
    await asyncio.sleep(wait_s)
    reset(transport)
    return web.Response(status=HTTPStatus.GATEWAY_TIMEOUT)


async def _half(request: web.Request, response: web.Response) -> web.StreamResponse:
    body = response.body
    assert isinstance(body, bytes)
    started = await _start(request, response, len(body))
    await started.write(body[: len(body) // 2])
    # What was written has to leave before the reset throws away what is still in the buffers.
    await asyncio.sleep(TURN_S)
    reset(request.transport)
    return started


async def _trickle(
    request: web.Request, response: web.Response, *, bytes_per_s: int
) -> web.StreamResponse:
    body = response.body
    assert isinstance(body, bytes)
    started = await _start(request, response, len(body))
    a_turn = max(1, int(bytes_per_s * TURN_S))
    with contextlib.suppress(ConnectionError):
        for begin in range(0, len(body), a_turn):
            await started.write(body[begin : begin + a_turn])
            await asyncio.sleep(TURN_S)
        await started.write_eof()
    return started


async def _start(request: web.Request, response: web.Response, size: int) -> web.StreamResponse:
    started = web.StreamResponse(status=response.status, headers=response.headers)
    started.content_length = size
    await started.prepare(request)
    return started


def _embellished(response: web.StreamResponse) -> web.StreamResponse:
    is_json = response.content_type == "application/json"
    if is_json and isinstance(response, web.Response) and isinstance(response.body, bytes):
        response.body = embellish(response.body)
    return response
