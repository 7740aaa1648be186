"""What befalls account events: the truth never changes, only what is told of it (XCH-5)."""

from typing import Any

import pytest

from holdfast.simexchange.faults import Fault, FaultKind
from tests.unit.simexchange_faults.story import (
    drained,
    fault,
    happened,
    open_count,
    order,
    proves,
    subscribed,
)
from tests.unit.simexchange_wire.venue_kit import Socket, open_venue, run


async def events_of(socket: Socket, count: int) -> list[Any]:
    """Read so many events, answers left out."""
    found: list[Any] = []
    while len(found) < count:
        message = await socket.next()
        assert message is not None
        if "event" in message:
            found.append(message["event"])
    return found


def names(events: list[Any]) -> list[str]:
    """Name events: the execution type of a report, else the event's own."""
    return [event.get("x", event["e"]) for event in events]


def told(entry: Fault, count: int, *, is_full: bool = False) -> tuple[list[Any], int]:
    """Place an order through a fault; give the events, and how often it struck."""
    found: list[Any] = []
    strikes = 0

    async def story() -> None:
        nonlocal strikes
        async with open_venue(
            faults=[entry], profile="full" if is_full else "strict"
        ) as client:
            socket = await subscribed(client)
            await socket.ask("order.place", **order())
            found.extend(await events_of(socket, count))
            strikes = (await happened(client)).get(entry.kind.value, 0)
            assert await open_count(client) == 1

    run(story())
    return found, strikes


@proves(FaultKind.DUPLICATE_USER_EVENT)
def test_an_event_can_come_twice() -> None:
    events, strikes = told(fault(FaultKind.DUPLICATE_USER_EVENT), 3)
    assert names(events) == ["NEW", "NEW", "outboundAccountPosition"]
    assert events[0] == events[1]
    assert strikes == 1


@proves(FaultKind.USER_EVENTS_REORDERED)
def test_an_event_can_come_after_the_next_one() -> None:
    events, strikes = told(fault(FaultKind.USER_EVENTS_REORDERED), 2)
    assert names(events) == ["outboundAccountPosition", "NEW"]
    assert strikes == 1


def test_an_event_that_waits_for_a_next_one_comes_alone_after_a_while() -> None:
    entry = fault(FaultKind.USER_EVENTS_REORDERED, delay="50ms", count=2)
    events, strikes = told(entry, 2)
    assert names(events) == ["NEW", "outboundAccountPosition"]
    assert strikes == 2


@proves(FaultKind.USER_EVENT_DROPPED)
def test_an_event_can_be_dropped() -> None:
    events, strikes = told(fault(FaultKind.USER_EVENT_DROPPED), 1)
    assert names(events) == ["outboundAccountPosition"]
    assert strikes == 1


def test_a_fault_can_concern_one_kind_of_event_alone() -> None:
    entry = fault(FaultKind.USER_EVENT_DROPPED, stream="outboundAccountPosition", count=0)
    events, strikes = told(entry, 1)
    assert names(events) == ["NEW"]
    assert strikes == 1


@proves(FaultKind.USER_EVENT_DELAYED)
def test_an_event_can_come_late() -> None:
    events, strikes = told(fault(FaultKind.USER_EVENT_DELAYED, delay="50ms"), 2)
    assert names(events) == ["outboundAccountPosition", "NEW"]
    assert strikes == 1


@proves(FaultKind.USER_ENUM_UNKNOWN)
@pytest.mark.parametrize("field", ["", "X", "o"])
def test_a_report_can_hold_a_word_that_nobody_knows(field: str) -> None:
    entry = fault(FaultKind.USER_ENUM_UNKNOWN, field=field, value="NEWS")
    events, strikes = told(entry, 2, is_full=True)
    assert events[0][field or "x"] == "NEWS"
    assert strikes == 1


@proves(FaultKind.USER_EVENT_UNKNOWN)
def test_an_event_that_nobody_knows_comes_between_the_others() -> None:
    events, strikes = told(fault(FaultKind.USER_EVENT_UNKNOWN), 3, is_full=True)
    assert names(events) == ["holdfastUnknownEvent", "NEW", "outboundAccountPosition"]
    assert strikes == 1


@proves(FaultKind.USER_STREAM_SILENT)
def test_a_silent_user_stream_lives_and_speaks_again_after_its_time() -> None:
    async def story() -> None:
        entry = fault(FaultKind.USER_STREAM_SILENT, lasts="1s")
        async with open_venue(faults=[entry]) as client:
            socket = await subscribed(client)
            await socket.call("order.place", **order())
            assert (await socket.call("ping"))["status"] == 200
            market = await client.open("/ws/btcusdt@trade")
            for _ in range(11):
                await market.next()
            await client.order()
            assert names(await events_of(socket, 1)) == ["NEW"]
            assert (await happened(client)) == {"user_stream_silent": 1}

    run(story())


@proves(FaultKind.DISCONNECT_USER)
def test_a_user_stream_can_be_cut_with_its_event() -> None:
    async def story() -> None:
        async with open_venue(faults=[fault(FaultKind.DISCONNECT_USER)]) as client:
            socket = await subscribed(client)
            await socket.ask("order.place", **order())
            assert not [one for one in await drained(socket) if "event" in one]
            assert await open_count(client) == 1
            again = await subscribed(client)
            assert (await again.call("ping"))["status"] == 200

    run(story())
