"""USD-M's countdown: told when it was done, when not, and when nobody knows (XCH-4)."""

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from holdfast.domain.ids import Symbol
from holdfast.domain.ports import HttpAnswer
from holdfast.errors import VenueRefused, VenueTimeout, VenueUnavailable
from holdfast.testing.clock import START_NS, ManualClock
from holdfast.testing.network import FakeNetwork
from holdfast.venues.binance.countdown import PATH, BinanceCountdown
from holdfast.venues.binance.dialect import USDM
from holdfast.venues.binance.options import Credentials, Options
from holdfast.venues.binance.rest import Rest
from tests.unit.venues.binance.sinks import turn

BTC = Symbol("BTCUSDT")
DONE = HttpAnswer(200, {}, b'{"symbol":"BTCUSDT","countdownTime":"120000"}')
TIME = HttpAnswer(200, {}, b'{"serverTime":%d}' % (START_NS // 10**6))


def error(status: int, code: int, text: str = "said", **headers: str) -> HttpAnswer:
    return HttpAnswer(status, headers, b'{"code":%d,"msg":"%s"}' % (code, text.encode()))


class Venue:
    """A countdown before a venue that answers in turn."""

    def __init__(self, *answers: HttpAnswer | None, timeout_s: float = 5.0) -> None:
        self.answers = list(answers)
        self.network = FakeNetwork(self.answer)
        clock, key = ManualClock(), Credentials("KEY", "SECRET")
        rest = Rest(
            self.network,
            clock,
            origin="https://venue",
            credentials=key,
            options=Options(),
            dialect=USDM,
        )
        self.countdown = BinanceCountdown(rest, timeout_s=timeout_s)

    def answer(self, method: str, target: str) -> HttpAnswer | None:
        if method == "GET":
            assert target.startswith("/fapi/v1/time")
            return TIME
        return self.answers.pop(0)

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [
            (method, target)
            for http in self.network.https
            for method, target, _ in http.requests
            if method == "POST"
        ]

    def give(self, ms: int = 120_000, *, during: Callable[[], None] | None = None) -> None:
        async def whole() -> None:
            given = asyncio.create_task(self.countdown.countdown(BTC, ms=ms))
            if during is not None:
                await turn()
                during()
            try:
                await given
            finally:
                await self.countdown.close()

        asyncio.run(whole())


def test_a_countdown_is_signed_and_posted() -> None:
    venue = Venue(DONE)
    venue.give(0)
    ((method, target),) = venue.asked
    parts = urlsplit(target)
    said = parse_qs(parts.query)
    assert (method, parts.path) == ("POST", PATH)
    assert (said["symbol"], said["countdownTime"]) == ([BTC], ["0"])
    assert "signature" in said


def test_a_refused_time_stamp_is_measured_and_the_countdown_given_again() -> None:
    venue = Venue(error(400, -1021), DONE)
    venue.give()
    assert len(venue.asked) == 2


@pytest.mark.parametrize(
    "answer", [error(400, -1102), error(401, -2015), error(429, -1003), error(503, -1008)]
)
def test_a_refusal_with_a_code_was_not_done(answer: HttpAnswer) -> None:
    with pytest.raises(VenueRefused, match=PATH):
        Venue(answer).give()


@pytest.mark.parametrize(
    "answer",
    [error(504, -1007), error(500, -1000), HttpAnswer(502, {}, b"<html>Bad Gateway</html>")],
)
def test_an_answer_that_proves_nothing_is_no_refusal(answer: HttpAnswer) -> None:
    with pytest.raises(VenueTimeout, match="not known"):
        Venue(answer).give()


def test_a_lost_connection_is_tried_once_more() -> None:
    venue = Venue(None, DONE)

    def lose() -> None:
        venue.network.https[-1].close()

    venue.give(during=lose)
    assert len(venue.asked) == 2


def test_a_connection_lost_twice_leaves_it_unknown() -> None:
    venue = Venue(None, None)

    async def whole() -> None:
        given = asyncio.create_task(venue.countdown.countdown(BTC, ms=1))
        for _ in range(2):
            await turn()
            venue.network.https[-1].close()
        with pytest.raises(VenueTimeout, match="lost"):
            await given

    asyncio.run(whole())
    assert len(venue.asked) == 2


def test_a_connection_lost_and_no_other_leaves_it_unknown() -> None:
    venue = Venue(None)

    def lose() -> None:
        venue.network.refusals = 9
        venue.network.https[-1].close()

    with pytest.raises(VenueTimeout):
        venue.give(during=lose)


def test_a_venue_that_cannot_be_reached_was_told_nothing() -> None:
    venue = Venue()
    venue.network.refusals = 9
    with pytest.raises(VenueUnavailable):
        venue.give()


def test_no_answer_in_time_leaves_it_unknown() -> None:
    with pytest.raises(VenueTimeout, match="no answer"):
        Venue(None, timeout_s=0.01).give()


def test_after_a_ban_nothing_is_said() -> None:
    venue = Venue(error(418, -1003, **{"retry-after": "60"}), DONE)
    with pytest.raises(VenueRefused):
        venue.give()
    with pytest.raises(VenueUnavailable):
        venue.give()
    assert len(venue.asked) == 1
