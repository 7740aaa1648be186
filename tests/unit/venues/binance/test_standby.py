"""Connections that stand by: the least busy is asked, a lost one comes back (XCH-1)."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from holdfast.errors import VenueUnavailable
from holdfast.testing.clock import ManualClock
from holdfast.testing.network import FakeNetwork
from holdfast.venues.binance.options import Credentials, Options
from holdfast.venues.binance.rest import Rest
from holdfast.venues.binance.standby import LINES, MUTE_NS, Standby
from holdfast.venues.binance.wire.requests import Call
from tests.unit.venues.binance.sinks import turn, until

CALL = Call("order.cancel", "DELETE", "/api/v3/order", {"symbol": "BTCUSDT"})


class Lines:
    """Connections that stand by before a venue that is the test."""

    def __init__(self) -> None:
        self.network = FakeNetwork()
        rest = Rest(
            self.network,
            ManualClock(),
            origin="https://venue",
            credentials=Credentials("KEY", "SECRET"),
            options=Options(),
        )
        self.elapsed_ns = 0
        self.standby = Standby(rest, monotonic_ns=lambda: self.elapsed_ns)
        self.answers: list[object] = []

    def send(self) -> bool:
        return self.standby.send(CALL, on_answer=self.answers.append)

    @property
    def asked(self) -> list[int]:
        return [len(http.requests) for http in self.network.https]

    @property
    def open_count(self) -> int:
        return sum(http.is_open for http in self.network.https)


def run(story: Callable[[Lines], Awaitable[None]], *, may_connect: bool = True) -> None:
    async def whole() -> None:
        lines = Lines()
        await lines.standby.open()
        keeping = asyncio.create_task(lines.standby.keep(lambda: may_connect))
        await turn()
        try:
            await story(lines)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            lines.standby.close()

    asyncio.run(whole())


def test_a_request_goes_to_the_connection_that_waits_for_the_fewest_answers() -> None:
    async def story(lines: Lines) -> None:
        assert all(lines.send() for _ in range(LINES))
        assert lines.asked == [1] * LINES
        lines.network.https[1].answer(200, b"{}")
        assert lines.send()
        assert lines.asked == [1, 2, 1]
        assert [answer is not None for answer in lines.answers] == [True]

    run(story)


def test_a_lost_connection_is_opened_again_at_once_and_its_requests_are_not_sent_again() -> (
    None
):
    async def story(lines: Lines) -> None:
        lines.send()
        lines.network.https[0].close()
        assert lines.answers == [None]
        await turn()
        assert lines.open_count == LINES
        assert lines.asked == [1, 0, 0, 0]

    run(story)


def test_an_idle_connection_that_ended_is_passed_over() -> None:
    async def story(lines: Lines) -> None:
        lines.network.https[0].close()
        assert lines.standby.is_open
        assert lines.send()
        assert lines.asked == [0, 1, 0]

    run(story)


def test_with_no_connection_nothing_is_sent_and_a_new_one_is_opened_at_once() -> None:
    async def story(lines: Lines) -> None:
        lines.network.refusals = 1
        for http in lines.network.https:
            http.close()
        assert not lines.standby.is_open
        assert not lines.send()
        lines.network.refusals = 0
        await turn()
        assert lines.send()
        assert lines.answers == []

    run(story)


def test_while_the_venue_bans_us_nothing_is_opened() -> None:
    async def story(lines: Lines) -> None:
        assert len(lines.network.https) == 1
        lines.network.https[0].close()
        assert not lines.send()
        await turn()
        assert len(lines.network.https) == 1

    run(story, may_connect=False)


def test_a_connection_that_owes_an_answer_for_too_long_is_replaced() -> None:
    async def story(lines: Lines) -> None:
        assert lines.send()
        mute = next(http for http in lines.network.https if http.requests)
        lines.elapsed_ns = MUTE_NS + 1
        await until(lambda: not mute.is_open)
        await until(lambda: lines.open_count == LINES)
        assert lines.answers == [None]
        assert sum(lines.asked) == 1

    run(story)


def test_a_venue_that_is_not_there_is_said_at_the_start() -> None:
    async def whole() -> None:
        lines = Lines()
        lines.network.refusals = 1
        with pytest.raises(VenueUnavailable):
            await lines.standby.open()

    asyncio.run(whole())
