"""The market streams of USD-M: routes, chained depth, trades in groups, marks (MKT-1)."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from holdfast.simexchange.model import Depth, Trade
from holdfast.simexchange.usdm.payloads.digits import fixed
from holdfast.simexchange.usdm.streams import is_public
from holdfast.simexchange.usdm.tape import AggTape
from tests.unit.simexchange_wire.usdm_kit import open_usdm
from tests.unit.simexchange_wire.venue_kit import Client, run

E8 = 10**8


async def hear(client: Client, path: str, count: int) -> list[Any]:
    """Open a stream address and return its first messages."""
    socket = await client.open(path)
    heard = [await socket.next() for _ in range(count)]
    await socket.socket.close()
    return heard


@pytest.mark.parametrize("form", ["/public/ws/{}", "/public/stream?streams={}", "/ws/{}"])
def test_depth_chains_by_the_id_before(form: str) -> None:
    async def story() -> None:
        async with open_usdm() as client:
            snapshot = await client.get("/fapi/v1/depth?symbol=BTCUSDT&limit=1000")
            heard = await hear(client, form.format("btcusdt@depth@0ms"), 20)
            diffs = [one.get("data", one) for one in heard]
            assert diffs[0]["U"] <= snapshot["lastUpdateId"] + 1 <= diffs[0]["u"]
            assert diffs[0]["pu"] == snapshot["lastUpdateId"]
            for before, after in pairwise(diffs):
                assert after["pu"] == before["u"]
            assert {"e", "E", "T", "s", "U", "u", "pu", "b", "a"} == diffs[0].keys()

    run(story())


def test_slower_depth_puts_diffs_together_without_a_gap() -> None:
    async def story() -> None:
        async with open_usdm(step_ns=20 * 10**6) as client:
            diffs = await hear(client, "/public/ws/btcusdt@depth@100ms", 8)
            assert max(diff["u"] - diff["U"] for diff in diffs) >= 3
            for before, after in pairwise(diffs):
                assert after["pu"] == before["u"]
                assert after["U"] == before["u"] + 1
                assert after["E"] - before["E"] >= 100

    run(story())


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("btcusdt@bookTicker", "bookTicker"),
        ("btcusdt@trade", "trade"),
        ("btcusdt@depth5", "depthUpdate"),
        ("btcusdt@depth20@100ms", "depthUpdate"),
        ("btcusdt@rpiDepth@500ms", "depthUpdate"),
        ("!bookTicker", "bookTicker"),
        ("btcusdt@aggTrade", "aggTrade"),
        ("btcusdt@kline_1m", "kline"),
        ("btcusdt_perpetual@continuousKline_1m", "continuous_kline"),
        ("btcusdt@markPrice@1s", "markPriceUpdate"),
        ("btcusdt@ticker", "24hrTicker"),
        ("btcusdt@miniTicker", "24hrMiniTicker"),
        ("!ticker@arr", "24hrTicker"),
        ("!miniTicker@arr", "24hrMiniTicker"),
        ("!markPrice@arr@1s", "markPriceUpdate"),
    ],
)
def test_every_stream_is_heard_on_its_route_and_without_one(name: str, event: str) -> None:
    async def story() -> None:
        route = "public" if is_public(name) else "market"
        for path in (f"/{route}/stream?streams={name}", f"/stream?streams={name}"):
            async with open_usdm() as client:
                (message,) = await hear(client, path, 1)
                assert message["stream"] == name
                data = message["data"]
                assert (data[0] if isinstance(data, list) else data)["e"] == event

    run(story())


def test_a_stream_asked_for_on_the_other_route_stays_silent() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            socket = await client.open("/market/ws/btcusdt@aggTrade")
            answer = await socket.control("SUBSCRIBE", ["btcusdt@bookTicker"])
            assert answer["result"] is None
            listed = await socket.control("LIST_SUBSCRIPTIONS", [])
            assert set(listed["result"]) == {"btcusdt@aggTrade", "btcusdt@bookTicker"}
            assert {(await socket.next())["e"] for _ in range(10)} == {"aggTrade"}

    run(story())


def test_streams_are_subscribed_and_left_and_unknown_ones_refused() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            socket = await client.open("/public/ws")
            refused = await socket.control("SUBSCRIBE", ["btcusdt@nonsense"])
            assert refused["error"]["code"] == 2
            await socket.control("SUBSCRIBE", ["btcusdt@bookTicker"])
            assert (await socket.next())["e"] == "bookTicker"
            await socket.control("UNSUBSCRIBE", ["btcusdt@bookTicker"])
            assert (await socket.control("LIST_SUBSCRIPTIONS", []))["result"] == []

    run(story())


def test_ten_messages_a_second_are_the_most() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            socket = await client.open("/public/ws")
            answers = [await socket.control("LIST_SUBSCRIPTIONS", []) for _ in range(11)]
            assert [answer is not None for answer in answers] == [True] * 10 + [False]

    run(story())


def test_the_mark_price_comes_once_a_second_or_every_three() -> None:
    async def story() -> None:
        for name, step in (("markPrice@1s", 1000), ("markPrice", 3000)):
            async with open_usdm(count=200) as client:
                marks = await hear(client, f"/market/ws/btcusdt@{name}", 4)
                times = [mark["E"] // step for mark in marks]
                assert times == list(range(times[0], times[0] + 4))
                assert float(marks[0]["p"]) == 50_000
                assert marks[0]["T"] > marks[0]["E"]

    run(story())


def test_groups_of_trades_agree_with_rest() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            heard = await hear(client, "/market/ws/btcusdt@aggTrade", 10)
            listed = await client.get("/fapi/v1/aggTrades?symbol=BTCUSDT&limit=1000")
            by_id = {row["a"]: row for row in listed}
            for group in heard:
                row = by_id[group["a"]]
                assert {name: group[name] for name in row} == row
            assert [group["a"] for group in heard] == list(
                range(heard[0]["a"], heard[0]["a"] + 10)
            )

    run(story())


def trade(number: int, at_ms: int, price: int, *, sells: bool = False) -> Trade:
    """Make one print of one coin."""
    return Trade(at_ms * 10**6, "BTCUSDT", number, price * E8, E8, sells, number, number)


def test_a_group_ends_with_price_side_and_time() -> None:
    tape = AggTape(list)
    assert tape.follow(trade(1, 0, 100)) is None
    assert tape.follow(trade(2, 50, 100)) is None
    ended = tape.follow(trade(3, 60, 101))
    assert ended is not None
    assert (ended.agg_id, ended.first_id, ended.last_id, ended.quantity) == (1, 1, 2, 2 * E8)
    ended = tape.follow(trade(4, 70, 101, sells=True))
    assert ended is not None
    assert ended.last_id == 3
    assert tape.close(100 * 10**6) is None
    ended = tape.close(170 * 10**6)
    assert ended is not None
    assert (ended.agg_id, ended.buyer_is_maker) == (3, True)
    assert not tape.is_open
    assert [group.agg_id for group in tape.groups()] == [1, 2, 3]


def test_a_recording_s_own_groups_keep_their_ids_and_stay_apart() -> None:
    rows = [
        Trade(0, "BTCUSDT", 77, 100 * E8, E8, False, 1000, 1004),
        Trade(0, "BTCUSDT", 78, 100 * E8, E8, False, 1005, 1006),
    ]
    tape = AggTape(lambda: rows)
    assert [(one.agg_id, one.first_id, one.last_id) for one in tape.groups()] == [
        (77, 1000, 1004),
        (78, 1005, 1006),
    ]
    assert tape.follow(rows[1]) is None


def test_a_lost_diff_shows_as_a_gap_in_slower_depth() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            streams = client.floor.usdm.streams
            socket = await client.open("/public/ws/btcusdt@depth@500ms")
            first = await socket.next()
            last = first["u"]
            for skipped, number in ((0, 1), (5, 2)):
                at_ns = client.floor.clock.now_ns() + number
                update = last + number + skipped
                diff = Depth(at_ns, "BTCUSDT", update, update, update - 1, [(E8, E8)], [])
                streams.publish(diff)
            gap = None
            for _ in range(4):
                message = await socket.next()
                if message["pu"] != last:
                    gap = message
                    break
                last = message["u"]
            assert gap is not None

    run(story())


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0, 1, "0.0"),
        (5_000_010_000_000, 1, "50000.1"),
        (-123, 8, "-0.00000123"),
        (-199_999_999, 0, "-1"),
        (199_999_999, 2, "1.99"),
        (10**26, 3, "1000000000000000000.000"),
    ],
)
def test_numbers_have_the_decimals_asked_for(value: int, decimals: int, text: str) -> None:
    assert fixed(value, decimals) == text


def test_a_door_of_both_products_gives_back_what_both_know() -> None:
    async def story() -> None:
        async with open_usdm() as client:
            spot, usdm = client.floor.spot, client.floor.usdm.streams
            socket = await client.open("/ws")
            await socket.control("SUBSCRIBE", ["!miniTicker@arr", "btcusdt@bookTicker"])
            assert spot.has_listeners
            assert usdm.has_listeners
            await socket.control("UNSUBSCRIBE", ["!miniTicker@arr"])
            assert not spot.has_listeners
            assert usdm.has_listeners
            await socket.control("SUBSCRIBE", ["!miniTicker@arr"])
            await socket.socket.close()
            for _ in range(100):
                if not spot.has_listeners and not usdm.has_listeners:
                    break
                await asyncio.sleep(0.01)
            assert not spot.has_listeners
            assert not usdm.has_listeners

    run(story())
