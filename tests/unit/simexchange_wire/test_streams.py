"""Market streams: their messages, their control messages and their limits."""

from typing import Any

from tests.unit.simexchange_wire.venue_kit import START_NS, Client, Socket, open_venue, run

START_MS = START_NS // 10**6


async def first_of_each(client: Client, kinds: list[str]) -> dict[str, Any]:
    """Listen to streams in one combined connection; return the first message of each."""
    names = [f"btcusdt@{kind}" for kind in kinds]
    socket = await client.open(f"/stream?streams={'/'.join(names)}")
    found: dict[str, Any] = {}
    while len(found) < len(names):
        message = await socket.next()
        found.setdefault(message["stream"].partition("@")[2], message["data"])
    return found


def test_each_stream_has_the_venue_s_fields() -> None:
    async def story() -> None:
        kinds = [
            "trade", "aggTrade", "depth", "depth@100ms", "depth5", "depth20@100ms",
            "bookTicker", "kline_1m", "ticker", "miniTicker",
        ]  # fmt: skip
        async with open_venue() as client:
            found = await first_of_each(client, kinds)
        assert found["trade"] == {
            "e": "trade", "E": START_MS + 100, "s": "BTCUSDT", "t": 1, "p": "49999.00000000",
            "q": "0.10000000", "T": START_MS + 100, "m": True, "M": True,
        }  # fmt: skip
        assert (found["aggTrade"]["a"], found["aggTrade"]["l"]) == (1, 1)
        assert found["depth"] == found["depth@100ms"]
        assert found["depth"] == {
            "e": "depthUpdate", "E": START_MS + 100, "s": "BTCUSDT", "U": 101, "u": 101,
            "b": [["49991.00000000", "1.00000000"]], "a": [],
        }  # fmt: skip
        assert len(found["depth5"]["bids"]) == 5
        assert len(found["depth20@100ms"]["asks"]) == 10
        assert set(found["bookTicker"]) == {"u", "s", "b", "B", "a", "A"}
        assert found["kline_1m"]["k"]["i"] == "1m"
        assert found["ticker"]["e"] == "24hrTicker"
        assert found["miniTicker"]["e"] == "24hrMiniTicker"

    run(story())


def test_a_candle_is_closed_by_the_first_record_past_its_end() -> None:
    async def story() -> None:
        async with open_venue(count=30, step_ns=10**10) as client:
            socket = await client.open("/ws/btcusdt@kline_1m")
            candles = []
            while len(candles) < 20:
                candles.append((await socket.next())["k"])
        closed = [candle for candle in candles if candle["x"]]
        opens = [candle["t"] for candle in closed]
        assert len(closed) >= 2
        assert opens == list(range(opens[0], opens[-1] + 1, 60_000))
        assert all(candle["T"] - candle["t"] == 59_999 for candle in candles)
        assert closed[1]["n"] == 6

    run(story())


def test_diffs_follow_the_snapshot_without_a_gap() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await client.open("/ws/btcusdt@depth")
            first = await socket.next()
            snapshot = await client.get("/api/v3/depth?symbol=BTCUSDT&limit=5000")
            held = snapshot["lastUpdateId"]
            assert held >= first["U"] - 1
            last = first["u"]
            for _ in range(10):
                diff = await socket.next()
                assert diff["U"] == last + 1
                last = diff["u"]
            assert last > held

    run(story())


def test_control_messages_change_what_is_heard() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await client.open("/ws")
            assert await socket.control("SUBSCRIBE", ["btcusdt@trade"]) == {
                "result": None,
                "id": 1,
            }
            assert (await socket.control("LIST_SUBSCRIPTIONS", []))["result"] == [
                "btcusdt@trade"
            ]
            assert (await socket.control("SET_PROPERTY", ["combined", True]))["result"] is None
            assert (await socket.next())["stream"] == "btcusdt@trade"

    run(story())


def test_the_combined_property_can_be_read_and_left_streams_are_silent() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await client.open("/stream?streams=btcusdt@trade")
            assert (await socket.control("GET_PROPERTY", ["combined"]))["result"] is True
            assert (await socket.control("UNSUBSCRIBE", ["btcusdt@trade"]))["result"] is None
            assert (await socket.control("LIST_SUBSCRIPTIONS", []))["result"] == []
            assert (await client.get("/sim/status"))["moving"] is False

    run(story())


def test_a_wrong_control_message_is_answered_with_an_error() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await client.open("/ws")
            unknown = await socket.control("SUBSCRIBE", ["ethusdt@trade"])
            assert (unknown["error"]["code"], unknown["id"]) == (2, 1)
            assert "unknown stream" in unknown["error"]["msg"]
            assert "unknown method" in (await socket.control("SING", []))["error"]["msg"]
            assert (await socket.control("SET_PROPERTY", ["loud"]))["error"]["code"] == 0
            await socket.socket.send_str("no json")
            assert (await socket.next())["error"]["code"] == 2

    run(story())


async def messages_until_closed(socket: Socket) -> int:
    for count in range(20):
        if await socket.control("LIST_SUBSCRIPTIONS", []) is None:
            return count
    return 20


def test_the_sixth_message_within_a_second_closes_the_connection() -> None:
    async def story() -> None:
        async with open_venue() as client:
            count = await messages_until_closed(await client.open("/ws"))
            assert 5 <= count <= 10

    run(story())


def test_pongs_to_pacing_pings_are_not_counted() -> None:
    async def story() -> None:
        async with open_venue(count=50, step_ns=10**6) as client:
            socket = await client.open("/ws/btcusdt@trade/btcusdt@depth/btcusdt@bookTicker")
            await socket.until_end()
            assert len(socket.pings) > 100

    run(story())


def test_streams_speak_microseconds_when_asked() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await client.open("/stream?streams=btcusdt@trade&timeUnit=MICROSECOND")
            assert (await socket.next())["data"]["T"] == (START_MS + 100) * 1000

    run(story())


def test_the_slow_streams_have_the_venue_s_fields() -> None:
    async def story() -> None:
        kinds = ["ticker_1h", "ticker_4h", "ticker_1d", "avgPrice", "referencePrice"]
        async with open_venue() as client:
            found = await first_of_each(client, kinds)
        assert found["ticker_1h"]["e"] == "1hTicker"
        assert found["ticker_4h"]["O"] == (START_MS // 60_000 - 240) * 60_000
        assert "b" not in found["ticker_1d"]
        assert set(found["avgPrice"]) == {"e", "E", "s", "i", "w", "T"}
        assert found["avgPrice"]["i"] == "5m"
        assert found["referencePrice"] == {
            "e": "referencePrice", "s": "BTCUSDT", "r": None, "t": START_MS,
        }  # fmt: skip

    run(story())


def test_a_stream_of_all_symbols_names_those_that_traded() -> None:
    async def story() -> None:
        async with open_venue() as client:
            socket = await client.open("/ws/!miniTicker@arr")
            (first,) = await socket.next()
            assert (first["e"], first["s"]) == ("24hrMiniTicker", "BTCUSDT")
            assert await socket.control("LIST_SUBSCRIPTIONS", []) == {
                "result": ["!miniTicker@arr"],
                "id": 1,
            }
            left = await socket.control("UNSUBSCRIBE", ["!miniTicker@arr"])
            assert left["result"] is None
            (one,) = await _every(client)
            assert one["e"] == "1hTicker"

    async def _every(client: Client) -> Any:
        socket = await client.open("/stream?streams=!ticker_1h@arr")
        message = await socket.next()
        assert message["stream"] == "!ticker_1h@arr"
        return message["data"]

    run(story())


def test_candles_are_streamed_and_asked_for_in_another_time_zone() -> None:
    async def story() -> None:
        async with open_venue() as client:
            found = await first_of_each(client, ["kline_1d@%2B08:00", "kline_1d"])
            local, utc = found["kline_1d@+08:00"]["k"]["t"], found["kline_1d"]["k"]["t"]
            assert (local - utc) % 86_400_000 == 16 * 3_600_000
            path = "/api/v3/klines?symbol=BTCUSDT&interval=1d&timeZone="
            (row,) = await client.get(f"{path}8")
            assert row[0] == local
            assert (await client.get(f"{path}99"))["code"] == -1130

    run(story())
