"""What befalls market data (MKT-1): gaps, silence, frozen sides, bursts, frames of no sense."""

from typing import Any

import aiohttp
import pytest

from holdfast.simexchange.faults import FaultKind
from tests.unit.simexchange_faults.story import drained, fault, happened, proves
from tests.unit.simexchange_wire.venue_kit import Client, open_venue, run

TRADES = "/ws/btcusdt@trade"
DEPTH = "/ws/btcusdt@depth"


async def trade_ids(client: Client, count: int) -> list[int]:
    """Listen to trades; give their ids."""
    socket = await client.open(TRADES)
    return [(await socket.next())["t"] for _ in range(count)]


@proves(FaultKind.DEPTH_GAP)
def test_a_missing_diff_shows_as_a_gap() -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(FaultKind.DEPTH_GAP, after=3)]) as client:
            socket = await client.open(DEPTH)
            assert [(await socket.next())["U"] for _ in range(4)] == [101, 102, 103, 105]

    run(story())


@proves(FaultKind.DEPTH_SIDE_FROZEN)
@pytest.mark.parametrize(("side", "is_frozen"), [("BUY", True), ("SELL", False)])
def test_one_side_of_the_book_stands_still_while_the_ids_go_on(
    side: str, is_frozen: bool
) -> None:
    async def story() -> None:
        entry = fault(FaultKind.DEPTH_SIDE_FROZEN, side=side, lasts="450ms", after=2)
        async with open_venue(faults=[entry]) as client:
            socket = await client.open(DEPTH)
            diffs = [await socket.next() for _ in range(10)]
            assert [diff["U"] for diff in diffs] == list(range(101, 111))
            frozen = [not diff["b"] for diff in diffs]
            assert frozen == [is_frozen and 2 <= at < 7 for at in range(10)]
            assert await happened(client) == {"depth_side_frozen": 1}

    run(story())


@proves(FaultKind.MARKET_SILENT)
def test_a_stream_is_silent_for_a_while_and_its_socket_lives() -> None:
    async def story() -> None:
        entry = fault(FaultKind.MARKET_SILENT, stream="trade", after=3, lasts="1s")
        async with open_venue(faults=[entry]) as client:
            assert await trade_ids(client, 6) == [1, 2, 3, 14, 15, 16]
            socket = await client.open(DEPTH)
            assert (await socket.next())["e"] == "depthUpdate"

    run(story())


@proves(FaultKind.MARKET_DUPLICATED, FaultKind.MARKET_REORDERED)
def test_messages_come_twice_and_in_another_order() -> None:
    async def story() -> None:
        twice = fault(FaultKind.MARKET_DUPLICATED, stream="trade", after=1)
        async with open_venue(faults=[twice]) as client:
            assert await trade_ids(client, 4) == [1, 2, 2, 3]
        swapped = fault(FaultKind.MARKET_REORDERED, stream="trade", after=1)
        async with open_venue(faults=[swapped]) as client:
            assert await trade_ids(client, 4) == [1, 3, 2, 4]

    run(story())


@proves(FaultKind.MARKET_BURST)
def test_messages_are_held_and_come_all_at_once_and_none_is_lost() -> None:
    async def story() -> None:
        entry = fault(FaultKind.MARKET_BURST, lasts="1s", after=2)
        async with open_venue(faults=[entry]) as client:
            assert await trade_ids(client, 20) == list(range(1, 21))
            assert await happened(client) == {"market_burst": 1}

    run(story())


@proves(FaultKind.DISCONNECT_MARKET)
def test_a_market_connection_is_cut_and_can_be_opened_again() -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(FaultKind.DISCONNECT_MARKET)]) as client:
            await drained(await client.open(TRADES))
            assert len(await trade_ids(client, 1)) == 1

    run(story())


async def frames(client: Client, count: int) -> list[Any]:
    """Read raw frames, pings answered."""
    found: list[Any] = []
    async with client.session.ws_connect(
        client.ws + TRADES, autoping=True, max_msg_size=0
    ) as socket:
        while len(found) < count:
            found.append(await socket.receive(5))
    return found


@proves(FaultKind.FRAME_GARBAGE, FaultKind.FRAME_HUGE, FaultKind.FRAME_BINARY)
def test_frames_of_no_sense_come_between_the_messages() -> None:
    async def story() -> None:
        entries = [
            fault(FaultKind.FRAME_GARBAGE, after=4),
            fault(FaultKind.FRAME_HUGE, after=8, bytes=100_000),
            fault(FaultKind.FRAME_BINARY, after=12),
        ]
        async with open_venue(faults=entries) as client:
            found = await frames(client, 9)
            trades = [one for one in found if one.data[:12] == '{"e":"trade"']
            others = [one for one in found if one not in trades]
            assert [one.type for one in others] == [
                aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY
            ]  # fmt: skip
            assert len(others[1].data) > 100_000
            assert set(await happened(client)) == {
                "frame_garbage", "frame_huge", "frame_binary"
            }  # fmt: skip

    run(story())


@proves(FaultKind.FRAME_UNKNOWN)
def test_a_message_of_a_kind_that_nobody_knows() -> None:
    async def story() -> None:
        entries = [fault(FaultKind.FRAME_UNKNOWN, after=4)]
        async with open_venue(faults=entries, profile="full") as client:
            socket = await client.open(TRADES)
            kinds = [(await socket.next())["e"] for _ in range(4)]
            assert "holdfastUnknownEvent" in kinds

    run(story())


def test_a_fault_of_one_symbol_leaves_the_others_alone() -> None:
    async def story() -> None:
        async with open_venue(
            faults=[fault(FaultKind.DEPTH_GAP, symbol="ETHUSDT", count=0)]
        ) as client:
            socket = await client.open(DEPTH)
            assert [(await socket.next())["U"] for _ in range(3)] == [101, 102, 103]
            assert await happened(client) == {}

    run(story())
