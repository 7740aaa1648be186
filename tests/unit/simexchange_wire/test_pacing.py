"""Market time moves by pongs alone, and nothing that was sent before a pong is outrun."""

import asyncio
import json
import socket

from holdfast.simexchange.accounts import DEMO_API_KEY
from tests.unit.simexchange_wire.venue_kit import (
    START_NS,
    STEP_NS,
    Client,
    hmac_hex,
    open_venue,
    run,
    signed_params,
)

START_MS = START_NS // 10**6
BUY = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "49000",
}


async def records_after_a_while(client: Client) -> int:
    """Give the venue many chances to go on, then count what it played."""
    for _ in range(5):
        status = await client.get("/sim/status")
    return int(status["records"])


def test_market_time_stands_until_somebody_listens() -> None:
    async def story() -> None:
        async with open_venue() as client:
            assert await records_after_a_while(client) == 0
            assert (await client.get("/sim/status"))["moving"] is False
            placed = await client.order()
            assert placed["transactTime"] == START_MS

    run(story())


def test_market_time_does_not_move_without_a_pong() -> None:
    async def story() -> None:
        async with open_venue() as client:
            listener = await client.open("/ws/btcusdt@bookTicker", holds_pongs=True)
            for expected_ms in (START_MS, START_MS + 100, START_MS + 200):
                ping = await listener.next_ping()
                assert ping == b"%d" % (expected_ms * 10**6)
                played = await records_after_a_while(client)
                assert await records_after_a_while(client) == played
                assert await client.now_ms() == expected_ms
                await listener.pong(ping)

    run(story())


def test_a_pong_with_another_text_moves_nothing() -> None:
    async def story() -> None:
        async with open_venue() as client:
            listener = await client.open("/ws/btcusdt@bookTicker", holds_pongs=True)
            await listener.next_ping()
            played = await records_after_a_while(client)
            await listener.pong(b"1")
            assert await records_after_a_while(client) == played

    run(story())


def test_an_order_sent_before_the_pong_is_executed_before_the_next_record() -> None:
    async def story() -> None:
        async with open_venue(count=60) as client:
            api = await client.open("/ws-api/v3")
            market = await client.open("/ws/btcusdt@bookTicker", holds_pongs=True)
            for _ in range(30):
                ping = await market.next_ping()
                at_ms = int(ping) // 10**6
                params = signed_params(**BUY, timestamp=at_ms)
                await api.ask("order.place", **params)
                await market.pong(ping)
                reply = await api.next()
                assert reply["result"]["transactTime"] == at_ms
                await api.call("order.cancel", **cancel_of(reply, at_ms))

    run(story())


def cancel_of(reply: dict[str, dict[str, object]], at_ms: int) -> dict[str, object]:
    """Build the cancel of the order of a reply."""
    order_id = reply["result"]["orderId"]
    return signed_params(symbol="BTCUSDT", orderId=order_id, timestamp=at_ms)


def test_a_rest_order_sent_before_the_pong_is_executed_before_the_next_record() -> None:
    async def story() -> None:
        async with open_venue(count=60) as client:
            port = int(client.rest.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            market = await client.open("/ws/btcusdt@bookTicker", holds_pongs=True)
            for _ in range(20):
                ping = await market.next_ping()
                at_ms = int(ping) // 10**6
                writer.write(order_bytes(at_ms))
                await market.pong(ping)
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                body = json.loads(await reader.readexactly(size))
                assert body["transactTime"] == at_ms
            writer.close()

    run(story())


def test_even_an_order_on_a_new_connection_is_read_before_the_next_record() -> None:
    async def story() -> None:
        async with open_venue(count=60) as client:
            port = int(client.rest.rpartition(":")[2])
            market = await client.open("/ws/btcusdt@bookTicker", holds_pongs=True)
            for _ in range(20):
                ping = await market.next_ping()
                at_ms = int(ping) // 10**6
                with socket.create_connection(("127.0.0.1", port)) as sender:
                    sender.sendall(
                        order_bytes(at_ms)
                    )  # lies in the kernel: nobody accepted yet
                    await market.pong(ping)
                    await client.get("/api/v3/ping")
                    orders = (await client.get("/sim/truth"))["orders"]
                assert orders[-1]["time"] == int(ping)

    run(story())


def order_bytes(at_ms: int) -> bytes:
    """Write the whole request of a new order, so that it leaves before what follows it."""
    query = "&".join(f"{name}={value}" for name, value in (BUY | {"timestamp": at_ms}).items())
    return (
        f"POST /api/v3/order?{query}&signature={hmac_hex(query)} HTTP/1.1\r\n"
        f"Host: localhost\r\nX-MBX-APIKEY: {DEMO_API_KEY}\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def test_one_client_sees_the_same_run_twice() -> None:
    truths: list[object] = []

    async def story() -> None:
        async with open_venue(count=200, latency_us=150_000) as client:
            api = await client.open("/ws-api/v3")
            market = await client.open("/ws/btcusdt@trade", holds_pongs=True)
            for number in range(60):
                ping = await market.next_ping()
                if number % 6 == 0:
                    side, price = ("BUY", "50001") if number % 4 else ("SELL", "50000")
                    order = BUY | {"side": side, "price": price}
                    at_ms = int(ping) // 10**6
                    await api.ask("order.place", **signed_params(**order, timestamp=at_ms))
                await market.pong(ping)
            await market.next_ping()
            truths.append(await client.get("/sim/truth"))

    run(story())
    run(story())
    first, second = truths
    assert first == second
    assert len(first["orders"]) == 10  # type: ignore[index]


def test_every_message_of_every_paced_socket_waits_for_its_own_pong() -> None:
    async def story() -> None:
        async with open_venue() as client:
            first = await client.open("/ws/btcusdt@bookTicker", holds_pongs=True)
            await first.next_ping()
            second = await client.open("/ws/btcusdt@bookTicker", holds_pongs=True)
            await first.pong(first.pings[0])
            held = await second.next_ping()
            await first.pong(await first.next_ping())
            played = await records_after_a_while(client)
            assert await records_after_a_while(client) == played
            await second.pong(held)
            assert int(await second.next_ping()) > int(held)

    run(story())


def test_a_connection_that_closes_stops_counting() -> None:
    async def story() -> None:
        async with open_venue() as client:
            stuck = await client.open("/ws/btcusdt@bookTicker", holds_pongs=True)
            lively = await client.open("/ws/btcusdt@bookTicker")
            await stuck.next_ping()
            await stuck.socket.close()
            await lively.until_end()
            assert lively.pings[-1] == b"end:%d" % (START_NS + 50 * STEP_NS)
            assert (await client.get("/sim/status"))["ended"] is True

    run(story())


def test_a_window_asks_for_fewer_pongs() -> None:
    async def story() -> None:
        async with open_venue(count=50, window=10) as client:
            listener = await client.open("/ws/btcusdt@bookTicker")
            await listener.until_end()
            heard = [(int(ping) - START_NS) // STEP_NS for ping in listener.pings[:-1]]
            assert heard == [9, 19, 29, 39, 49]

    run(story())


def test_a_quiet_market_tells_the_time_before_the_next_record() -> None:
    async def story() -> None:
        async with open_venue(count=3, step_ns=10**9) as client:
            listener = await client.open("/ws/btcusdt@trade")
            await listener.until_end()
            seconds = [(int(ping) - START_NS) // 10**9 for ping in listener.pings[:-1]]
            assert seconds == [1, 1, 2, 2, 3, 3]

    run(story())


def test_after_the_end_the_venue_still_trades() -> None:
    async def story() -> None:
        async with open_venue(count=2) as client:
            market = await client.open("/ws/btcusdt@trade")
            api = await client.open("/ws-api/v3")
            await market.until_end()
            status = await client.get("/sim/status")
            assert (status["ended"], status["moving"]) == (True, False)
            at_ms = status["market_time_ns"] // 10**6
            assert at_ms == START_MS + 200
            order = BUY | {"price": "50001", "side": "BUY"}
            reply = await api.call("order.place", **signed_params(**order, timestamp=at_ms))
            assert reply["result"]["status"] == "FILLED"
            assert not market.socket.closed

    run(story())


def test_the_market_stands_again_when_the_last_listener_leaves() -> None:
    async def story() -> None:
        async with open_venue() as client:
            listener = await client.open("/ws/btcusdt@bookTicker")
            for _ in range(3):
                await listener.next_ping()
            await listener.socket.close()
            played = await records_after_a_while(client)
            assert await records_after_a_while(client) == played < 150
            again = await client.open("/ws/btcusdt@bookTicker")
            assert int(await again.next_ping()) > START_NS
            assert (await client.get("/sim/status"))["moving"] is True

    run(story())


def test_at_a_numeric_speed_time_runs_from_the_first_subscription() -> None:
    async def story() -> None:
        async with open_venue(speed=20.0, count=10) as client:
            assert await client.now_ms() == START_MS
            listener = await client.open("/ws/btcusdt@trade")
            last = None
            for _ in range(10):
                last = await listener.next()
            assert last is not None
            assert last["T"] == START_MS + 1000
            now_ms = await client.now_ms()
            assert now_ms >= START_MS + 1000
            await listener.until_end()
            assert len(listener.pings) == 1

    run(story())
