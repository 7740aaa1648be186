"""What befalls connections: pages of proxies, halves, trickles, resets, silence (XCH-5)."""

import asyncio
import time

import aiohttp
import pytest

from holdfast.simexchange.faults import FaultKind
from tests.unit.simexchange_faults.story import (
    do,
    drained,
    fault,
    happened,
    open_count,
    order,
    proves,
)
from tests.unit.simexchange_wire.venue_kit import Client, open_venue, run

TIME = "/api/v3/time"


async def time_after(client: Client) -> int:
    """Ask on a connection of its own, so that nothing is tried twice unseen."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(client.rest + "/api/v3/order") as answer,
    ):
        await answer.read()
        return answer.status


@proves(FaultKind.HTML_403, FaultKind.HTML_502)
@pytest.mark.parametrize(
    ("kind", "status"), [(FaultKind.HTML_403, 403), (FaultKind.HTML_502, 502)]
)
def test_a_page_comes_instead_of_json_and_of_a_handshake(kind: FaultKind, status: int) -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(kind, count=3)]) as client:
            body = await client.get(TIME)
            assert client.status == status
            assert body.startswith("<html>")
            assert client.headers["Content-Type"].startswith("text/html")
            assert (await time_after(client)) == status
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await client.open("/ws/btcusdt@trade")
            assert await client.now_ms() > 0
            assert await open_count(client) == 0
            assert (await happened(client)) == {kind.value: 3}

    run(story())


@proves(FaultKind.HALF_ANSWER)
def test_half_an_answer_comes_and_then_a_reset_and_the_order_lives() -> None:
    async def story() -> None:
        entry = fault(FaultKind.HALF_ANSWER, endpoint="POST /api/v3/order")
        async with open_venue(faults=[entry]) as client:
            with pytest.raises(aiohttp.ClientError):
                await client.order()
            assert await open_count(client) == 1

    run(story())


@proves(FaultKind.ANSWER_TRICKLED)
def test_an_answer_trickles_and_is_whole_in_the_end() -> None:
    async def story() -> None:
        entry = fault(FaultKind.ANSWER_TRICKLED, endpoint="GET " + TIME, bytes_per_s=100)
        async with open_venue(faults=[entry]) as client:
            began = time.monotonic()
            assert await client.now_ms() > 0
            assert time.monotonic() - began > 0.15

    run(story())


@proves(FaultKind.REQUEST_RESET, FaultKind.CONNECTION_RESET)
@pytest.mark.parametrize("kind", [FaultKind.REQUEST_RESET, FaultKind.CONNECTION_RESET])
def test_a_connection_is_reset_before_anything_is_done(kind: FaultKind) -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(kind)]) as client:
            with pytest.raises(aiohttp.ClientError):
                await time_after(client)
            assert await time_after(client) == 401
            assert await happened(client) == {kind.value: 1}

    run(story())


@proves(FaultKind.READING_STOPPED)
def test_a_server_takes_a_request_and_reads_and_says_nothing_more() -> None:
    async def story() -> None:
        entry = fault(FaultKind.READING_STOPPED, lasts="300ms", endpoint="POST *")
        async with open_venue(faults=[entry]) as client:
            began = time.monotonic()
            with pytest.raises(aiohttp.ClientError):
                await time_after(client)
            assert time.monotonic() - began >= 0.3
            assert await open_count(client) == 0

    run(story())


@proves(FaultKind.LISTENER_CLOSED)
def test_nobody_listens_for_a_while_and_then_at_the_same_port_again() -> None:
    async def story() -> None:
        async with open_venue() as client:
            await do(client, FaultKind.LISTENER_CLOSED, **{"for": "300ms"})
            with pytest.raises(aiohttp.ClientConnectorError):
                await time_after(client)
            assert await client.now_ms() > 0, "what is open stays open"
            await asyncio.sleep(0.4)
            assert await time_after(client) == 401

    run(story())


def test_a_fault_without_a_time_happens_as_soon_as_the_venue_is_open() -> None:
    async def story() -> None:
        entry = fault(FaultKind.LISTENER_CLOSED, lasts="200ms")
        async with open_venue(faults=[entry]) as client:
            await asyncio.sleep(0.05)
            with pytest.raises(aiohttp.ClientConnectorError):
                await time_after(client)
            await asyncio.sleep(0.3)
            assert await time_after(client) == 401
            assert await happened(client) == {"listener_closed": 1}

    run(story())


@proves(FaultKind.SOCKET_CUT)
def test_a_socket_is_cut_a_while_after_it_opened() -> None:
    async def story() -> None:
        entry = fault(FaultKind.SOCKET_CUT, delay="100ms", stream="api")
        async with open_venue(faults=[entry]) as client:
            socket = await client.open("/ws-api/v3")
            assert (await socket.call("ping"))["status"] == 200
            assert await socket.next() is None
            again = await client.open("/ws-api/v3")
            assert (await again.call("ping"))["status"] == 200

    run(story())


@proves(FaultKind.DAY_CUT)
def test_a_day_ends_with_a_word_before() -> None:
    async def story() -> None:
        entry = fault(FaultKind.DAY_CUT, delay="300ms")
        async with open_venue(faults=[entry]) as client:
            socket = await client.open("/ws-api/v3")
            found = await drained(socket)
            assert [one["event"]["e"] for one in found] == ["serverShutdown"]
            assert socket.socket.close_code == 1001

    run(story())


def test_every_socket_lives_as_long_as_the_option_says() -> None:
    async def story() -> None:
        async with open_venue(day_cut_ns=2 * 10**9) as client:
            socket = await client.open("/ws/btcusdt@trade")
            found = await drained(socket)
            trades = [one for one in found if one["e"] == "trade"]
            assert 18 <= len(trades) <= 21
            assert "serverShutdown" in [one["e"] for one in found]

    run(story())


@proves(FaultKind.SOCKET_HALF_OPEN, FaultKind.SOCKET_HALF_CLOSED)
@pytest.mark.parametrize("kind", [FaultKind.SOCKET_HALF_OPEN, FaultKind.SOCKET_HALF_CLOSED])
def test_half_a_connection_says_nothing_and_the_market_goes_on(kind: FaultKind) -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(kind, stream="api")]) as client:
            async with client.session.ws_connect(client.ws + "/ws-api/v3") as dead:
                await dead.send_json({"id": 1, "method": "order.place", "params": order()})
                if kind is FaultKind.SOCKET_HALF_OPEN:
                    with pytest.raises(asyncio.TimeoutError):
                        await dead.receive(0.2)
                else:
                    assert (await dead.receive(2)).type is aiohttp.WSMsgType.CLOSED
                market = await client.open("/ws/btcusdt@trade")
                for _ in range(20):
                    await market.next()
            assert (await happened(client)) == {kind.value: 1}

    run(story())


@proves(FaultKind.SOCKET_UNREAD)
def test_a_socket_that_is_not_read_goes_on_writing() -> None:
    async def story() -> None:
        entry = fault(FaultKind.SOCKET_UNREAD, stream="market")
        async with open_venue(faults=[entry]) as client:
            socket = await client.open("/ws/btcusdt@trade")
            assert [(await socket.next())["t"] for _ in range(20)] == list(range(1, 21))
            await socket.socket.send_str('{"id":1,"method":"LIST_SUBSCRIPTIONS"}')
            kinds = {next(iter(await socket.next())) for _ in range(10)}
            assert kinds == {"e"}

    run(story())


@proves(FaultKind.SOCKET_TRICKLED)
def test_a_socket_trickles_and_loses_nothing() -> None:
    async def story() -> None:
        entry = fault(FaultKind.SOCKET_TRICKLED, stream="api", bytes_per_s=2000)
        async with open_venue(faults=[entry]) as client:
            socket = await client.open("/ws-api/v3")
            began = time.monotonic()
            asked = [await socket.ask("ping") for _ in range(3)]
            assert [(await socket.next())["id"] for _ in range(3)] == asked
            assert time.monotonic() - began > 0.1

    run(story())


def test_an_act_can_befall_the_sockets_that_are_open() -> None:
    async def story() -> None:
        async with open_venue() as client:
            market = await client.open("/ws")
            api = await client.open("/ws-api/v3")
            done = await do(client, FaultKind.SOCKET_CUT, stream="market")
            assert done["sockets"] == 1
            assert await market.next() is None
            assert (await api.call("ping"))["status"] == 200

    run(story())
