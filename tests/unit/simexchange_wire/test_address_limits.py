"""Limits as a client meets them: by address, by account, by connection."""

import asyncio
from typing import Any

import aiohttp
import msgspec
import pytest

from holdfast.simexchange.accounts import demonstration_account
from holdfast.simexchange.connection import Connection, Terms
from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.limits import SPOT, USDM
from holdfast.simexchange.pacing import MarketClock
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.sockets import CONNECTS_PER_WINDOW
from holdfast.simexchange.streams import STREAM_LIMIT, Listener, MarketStreams
from tests.unit.simexchange_wire.venue_kit import (
    RULES,
    START_NS,
    Client,
    Socket,
    assume,
    ed25519_params,
    open_venue,
    run,
)

START_MS = START_NS // 10**6
ORDER = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
    "quantity": "0.01", "price": "49000",
}  # fmt: skip


def from_address(address: str) -> aiohttp.ClientSession:
    """Open a session whose connections come from another loopback address."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=(address, 0)))


def test_an_address_opens_so_many_sockets_and_another_address_its_own() -> None:
    async def story() -> None:
        async with open_venue() as client:
            for _ in range(CONNECTS_PER_WINDOW):
                socket = await client.session.ws_connect(client.ws + "/ws")
                await socket.close()
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await client.session.ws_connect(client.ws + "/ws")
            assert refused.value.status == 429
            async with from_address("127.0.0.3") as session:
                other = await session.ws_connect(client.ws + "/ws")
                assert not other.closed
                await other.close()

    run(story())


def test_weight_is_counted_by_address_over_both_interfaces() -> None:
    async def story() -> None:
        async with open_venue() as client:
            await client.get("/api/v3/ping")
            socket = await client.open("/ws-api/v3")
            reply = await socket.call("ping")
            [weight] = [one["count"] for one in reply["rateLimits"]]
            assert weight == 1 + 2 + 1
            async with from_address("127.0.0.4") as session:
                client.session = session
                await client.get("/api/v3/ping")
                assert client.headers["X-MBX-USED-WEIGHT-1M"] == "1"

    run(story())


def test_orders_are_counted_by_account_over_all_keys_interfaces_and_addresses() -> None:
    async def story() -> None:
        async with open_venue() as client:
            await client.order()
            assert client.headers["X-MBX-ORDER-COUNT-10S"] == "1"
            socket = await client.open("/ws-api/v3")
            reply = await socket.call(
                "order.place", **ed25519_params(**ORDER, timestamp=START_MS)
            )
            counts = {one["interval"]: one["count"] for one in reply["rateLimits"]}
            assert (counts["SECOND"], counts["DAY"]) == (2, 2)
            async with from_address("127.0.0.5") as session:
                client.session = session
                await client.order()
                assert client.headers["X-MBX-ORDER-COUNT-1D"] == "3"
                assert (await client.order(price="0.001"))["code"] == -1013
                await client.order()
                assert client.headers["X-MBX-ORDER-COUNT-1D"] == "4"

    run(story())


def test_a_taker_gives_its_place_back_after_its_answer() -> None:
    async def story() -> None:
        async with open_venue() as client:
            await client.order(price="50001")
            assert client.headers["X-MBX-ORDER-COUNT-10S"] == "1"
            await client.order()
            assert client.headers["X-MBX-ORDER-COUNT-10S"] == "1"

    run(story())


async def messages_until_closed(socket: Socket, most: int) -> int:
    """Send control messages; count those that were answered."""
    for number in range(most):
        await socket.socket.send_json({"id": number, "method": "LIST_SUBSCRIPTIONS"})
    answered = 0
    while await socket.next() is not None:
        answered += 1
    return answered


@pytest.mark.parametrize(("path", "most"), [("/ws", 5), ("/public/ws", 10)])
def test_a_connection_takes_so_many_messages_a_second(path: str, most: int) -> None:
    async def story() -> None:
        rules = msgspec.structs.replace(RULES, product="linear" if "public" in path else "spot")
        async with open_venue(rules=rules) as client:
            socket = await client.open(path, holds_pongs=True)
            assert await messages_until_closed(socket, most + 3) == most
            assert socket.socket.close_code == 1008

    run(story())


def test_a_connection_carries_so_many_streams() -> None:
    class Silent:
        """A connection that nobody reads."""

    symbols = {
        f"S{n}USDT": msgspec.structs.replace(RULES, symbol=f"S{n}USDT") for n in range(80)
    }
    exchange = Exchange(symbols, [demonstration_account(symbols)], assumptions=assume(0))
    clock = MarketClock(START_NS, speed=None, monotonic=lambda: 0.0)
    streams = MarketStreams(exchange, clock, on_change=lambda: None)
    silent: Any = Silent()
    listener = Listener(silent, is_combined=False)
    names = [
        f"{symbol.lower()}@kline_{interval}"
        for symbol in symbols
        for interval in (
            "1s",
            "1m",
            "3m",
            "5m",
            "15m",
            "30m",
            "1h",
            "2h",
            "4h",
            "6h",
            "8h",
            "1d",
            "3d",
        )
    ]
    streams.subscribe(listener, names[:STREAM_LIMIT])
    with pytest.raises(Refusal, match="over 1024 streams"):
        streams.subscribe(listener, names[STREAM_LIMIT : STREAM_LIMIT + 1])
    assert len(listener.names) == STREAM_LIMIT


def test_each_product_pings_in_its_own_time() -> None:
    assert (SPOT.ping_s, SPOT.pong_s) == (20.0, 60.0)
    assert (USDM.ping_s, USDM.pong_s) == (180.0, 600.0)


async def connection_of(client: Client) -> Connection:
    """Give the venue's end of the one socket that is open."""
    [connection] = client.floor.pacer.connections()
    found: Connection = connection
    return found


def test_a_socket_is_pinged_when_it_is_time_and_closed_without_a_pong() -> None:
    async def story() -> None:
        async with open_venue(speed=1.0) as client:
            socket = await client.open("/ws", holds_pongs=True)
            connection = await connection_of(client)
            client.floor.pacer.inspect()
            assert connection.outstanding == 0
            connection.terms = Terms(ping_s=0.0, pong_s=0.05)
            client.floor.pacer.inspect()
            text = await socket.next_ping()
            assert connection.outstanding == 1
            await asyncio.sleep(0.1)
            client.floor.pacer.inspect()
            assert await socket.next() is None
            assert socket.socket.close_code == 1008
            assert text

    run(story())


def test_a_socket_that_pongs_stays() -> None:
    async def story() -> None:
        async with open_venue(speed=1.0) as client:
            socket = await client.open("/ws-api/v3")
            connection = await connection_of(client)
            connection.terms = Terms(ping_s=0.0, pong_s=0.05)
            client.floor.pacer.inspect()
            await socket.next_ping()
            await socket.call("ping")
            await asyncio.sleep(0.1)
            client.floor.pacer.inspect()
            assert (await socket.call("ping"))["status"] == 200

    run(story())


def test_accounts_trade_apart_and_hear_of_themselves_alone() -> None:
    async def story() -> None:
        first = demonstration_account({"BTCUSDT": RULES})
        key = msgspec.structs.replace(first.keys[0], api_key="second", secret="two")
        second = msgspec.structs.replace(first, name="other", keys=(key,))
        async with open_venue(accounts=[first, second]) as client:
            placed = await client.order()
            client.key, client.secret = "second", "two"
            asked = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
            assert (await client.signed("GET", "/api/v3/order", **asked))["code"] == -2013
            assert (await client.signed("DELETE", "/api/v3/order", **asked))["code"] == -2011
            await client.order()
            assert client.headers["X-MBX-ORDER-COUNT-10S"] == "1"
            for name in ("demo", "other"):
                told = await client.get(f"/sim/truth?account={name}")
                assert len(told["open_order_ids"]) == 1

    run(story())
