"""REST: signed targets, the clock's offset, weights and bans, and errors by their remedy."""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable, Coroutine

import pytest

from holdfast.domain.instant import NS_PER_S
from holdfast.domain.ports import HttpAnswer
from holdfast.errors import (
    CredentialsRefused,
    HoldfastError,
    VenueRefused,
    VenueTimeout,
    VenueUnavailable,
)
from holdfast.testing.clock import START_NS, ManualClock
from holdfast.testing.network import FakeNetwork
from holdfast.venues.binance.dialect import SPOT, USDM, Dialect
from holdfast.venues.binance.doors import FAILURES_A_DOOR, WAY_BACK_NS
from holdfast.venues.binance.options import Credentials, Options
from holdfast.venues.binance.rest import Rest
from tests.unit.venues.binance.sinks import turn

KEYS = Credentials("KEY", "SECRET")
Story = Callable[["Desk"], Coroutine[None, None, None]]


class Desk:
    """A Rest before a venue of which the test gives the answers."""

    def __init__(self, *answers: HttpAnswer | None, timeout_s: float = 5.0) -> None:
        self.answers = list(answers)
        self.network = FakeNetwork(self.answer)
        self.clock = ManualClock()
        self.rest = Rest(
            self.network,
            self.clock,
            origin="https://venue/",
            credentials=KEYS,
            options=Options(query_timeout_s=timeout_s),
        )

    def answer(self, _method: str, _target: str) -> HttpAnswer | None:
        return self.answers.pop(0) if self.answers else None

    @property
    def targets(self) -> list[str]:
        return [target for http in self.network.https for _, target, _ in http.requests]


def ok(body: bytes = b"{}", **headers: str) -> HttpAnswer:
    return HttpAnswer(200, {k.replace("_", "-"): v for k, v in headers.items()}, body)


def refused(status: int, code: int, text: str = "no", **headers: str) -> HttpAnswer:
    body = f'{{"code":{code},"msg":"{text}"}}'.encode()
    return HttpAnswer(status, {k.replace("_", "-"): v for k, v in headers.items()}, body)


def run(desk: Desk, story: Story) -> None:
    asyncio.run(story(desk))


@pytest.mark.parametrize(
    ("dialect", "ping_every_s", "limit_s"), [(SPOT, 20, 60), (USDM, 180, 200)]
)
def test_a_connection_may_be_as_silent_as_the_venue_is_between_two_pings(
    dialect: Dialect, ping_every_s: int, limit_s: int
) -> None:
    def rest(options: Options) -> Rest:
        return Rest(
            FakeNetwork(), ManualClock(), origin="https://venue", credentials=None,
            options=options, dialect=dialect,
        )  # fmt: skip

    assert ping_every_s < rest(Options()).silence_limit_s == limit_s
    assert rest(Options(silence_limit_s=0)).silence_limit_s == 0
    assert rest(Options(paper_pings=True)).silence_limit_s == 0


def test_who_asks_for_the_offset_while_it_is_measured_waits_for_that() -> None:
    async def story(desk: Desk) -> None:
        asking = [asyncio.create_task(desk.rest.measure_offset()) for _ in range(20)]
        await turn()
        body = b'{"serverTime":%d}' % (START_NS // 10**6 + 70)
        desk.network.https[0].answer(200, body)
        await asyncio.gather(*asking)
        assert len(desk.targets) == 1
        assert desk.rest.offset_ns == 70 * 10**6

    run(Desk(), story)


def test_waiting_for_a_turn_does_not_shift_the_offset() -> None:
    async def story(desk: Desk) -> None:
        before = asyncio.create_task(desk.rest.get("/api/v3/depth", {}, weight=1))
        await turn()
        measuring = asyncio.create_task(desk.rest.measure_offset())
        await turn()
        desk.clock.wait(4 * NS_PER_S)
        desk.network.https[0].answer(200, b"{}")
        await before
        await turn()
        body = b'{"serverTime":%d}' % (desk.clock.now_ns() // 10**6)
        desk.network.https[0].answer(200, body)
        await measuring
        assert desk.rest.offset_ns == 0

    run(Desk(), story)


def test_a_slow_answer_about_time_is_asked_again_and_the_quickest_counts() -> None:
    took_ms = [4_000, 900, 2_000]

    async def story(desk: Desk) -> None:
        await desk.rest.measure_offset()
        assert desk.rest.offset_ns == 0

    class Slow(Desk):
        def answer(self, _method: str, _target: str) -> HttpAnswer:
            ms = took_ms.pop(0)
            # All of the time passes on the way back, but for the quickest half of it.
            ahead_ns = ms * 10**6 // 2 if ms == 900 else 0
            self.clock.wait(ahead_ns)
            answer = ok(b'{"serverTime":%d}' % (self.clock.now_ns() // 10**6))
            self.clock.wait(ms * 10**6 - ahead_ns)
            return answer

    run(Slow(), story)
    assert took_ms == []


def test_a_signed_question_is_signed_over_exactly_what_is_sent() -> None:
    target = Desk().rest.signed_target("/api/v3/order", {"symbol": "\uff11", "a": "b c"})
    path, _, query = target.partition("?")
    text, _, signature = query.rpartition("&signature=")
    assert path == "/api/v3/order"
    assert text == (f"symbol=%EF%BC%91&a=b%20c&recvWindow=5000&timestamp={START_NS // 10**6}")
    assert signature == hmac.new(b"SECRET", text.encode(), hashlib.sha256).hexdigest()


def test_a_question_carries_the_key_in_its_header() -> None:
    async def story(desk: Desk) -> None:
        assert await desk.rest.get("/api/v3/ping", {}, weight=1) == b"{}"
        assert desk.network.https[0].requests == [
            ("GET", "/api/v3/ping", {"X-MBX-APIKEY": "KEY"})
        ]

    run(Desk(ok()), story)


def test_without_a_key_nothing_is_signed() -> None:
    desk = Desk()
    rest = Rest(
        desk.network, desk.clock, origin="https://v", credentials=None, options=Options()
    )
    with pytest.raises(CredentialsRefused):
        rest.signed_target("/x", {})


def test_the_offset_is_measured_in_the_middle_of_the_round_trip() -> None:
    async def story(desk: Desk) -> None:
        def answer(_method: str, _target: str) -> HttpAnswer:
            desk.clock.wait(20 * 10**6)
            return ok(b'{"serverTime":%d}' % (START_NS // 10**6 + 1010))

        desk.network.answers = answer
        await desk.rest.measure_offset()
        assert desk.rest.offset_ns == NS_PER_S
        assert desk.rest.timestamp_ms() == START_NS // 10**6 + 1020

    run(Desk(), story)


def test_a_refused_time_stamp_is_measured_and_the_question_asked_once_more() -> None:
    later = START_NS // 10**6 + 7000

    async def story(desk: Desk) -> None:
        assert await desk.rest.get_signed("/x", {}, weight=1) == b"yes"
        assert [t.partition("?")[0] for t in desk.targets] == ["/x", "/api/v3/time", "/x"]
        assert f"timestamp={later}" in desk.targets[2]

    run(
        Desk(refused(400, -1021), ok(b'{"serverTime":%d}' % later), ok(b"yes")),
        story,
    )


def test_a_time_stamp_that_stays_refused_is_said_and_not_tried_for_ever() -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(VenueRefused, match="set this machine's clock"):
            await desk.rest.get_signed("/x", {}, weight=1)
        assert len(desk.targets) == 3

    time = ok(b'{"serverTime":1700000000000}')
    run(Desk(refused(400, -1021), time, refused(400, -1021), ok()), story)


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (refused(400, -1022, "Signature"), CredentialsRefused, "check API key, secret"),
        (refused(401, -2015, "Invalid API-key"), CredentialsRefused, "Invalid API-key"),
        (refused(400, -2014, "format"), CredentialsRefused, "-2014"),
        (refused(400, -1121, "Invalid symbol."), VenueRefused, "Invalid symbol."),
        (refused(504, -1007, "Timeout"), VenueTimeout, "-1007"),
        (HttpAnswer(502, {}, b"<html>"), VenueUnavailable, "status 502"),
        (refused(429, -1003, "slow down"), VenueUnavailable, "slow down"),
    ],
)
def test_a_refusal_is_one_line_of_the_kind_that_says_what_to_do(
    answer: HttpAnswer, kind: type[HoldfastError], text: str
) -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(kind, match=re.escape(text)) as raised:
            await desk.rest.get("/x", {}, weight=1)
        assert "\n" not in str(raised.value)

    run(Desk(answer), story)


@pytest.mark.parametrize("status", [418, 429])
def test_after_a_limit_nothing_is_asked_until_the_venue_said(status: int) -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(VenueUnavailable):
            await desk.rest.get("/x", {}, weight=1)
        desk.clock.wait(NS_PER_S)
        with pytest.raises(VenueUnavailable, match=r"nothing may be asked for 6\.0 s"):
            await desk.rest.get("/x", {}, weight=1)
        assert len(desk.targets) == 1
        desk.clock.wait(6 * NS_PER_S)
        assert await desk.rest.get("/x", {}, weight=1) == b"{}"

    run(Desk(refused(status, -1003, retry_after="7"), ok()), story)


def test_what_strangers_left_of_a_minutes_weight_but_a_fifth_may_be_used() -> None:
    async def story(desk: Desk) -> None:
        await desk.rest.get("/x", {}, weight=599)
        await desk.rest.get("/x", {}, weight=599)
        with pytest.raises(VenueUnavailable, match="request limits"):
            await desk.rest.get("/x", {}, weight=599)
        desk.clock.wait(60 * NS_PER_S)
        await desk.rest.get("/x", {}, weight=599)
        assert len(desk.targets) == 3

    run(Desk(ok(x_mbx_used_weight_1m="4200"), ok(x_mbx_used_weight_1m="4799"), ok()), story)


def test_a_question_waits_for_its_turn_as_long_as_its_answer_is_of_use() -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(VenueUnavailable):
            await desk.rest.get("/x", {}, weight=1)
        asked = asyncio.ensure_future(desk.rest.get("/x", {}, weight=1))
        await asyncio.sleep(0)
        assert len(desk.targets) == 1
        assert desk.rest.governor.waiting_count == 1
        desk.clock.wait(3 * NS_PER_S)
        assert await asked == b"{}"
        assert desk.rest.governor.waiting_count == 0

    run(Desk(refused(429, -1003, retry_after="3"), ok()), story)


def test_a_question_on_a_connection_that_ends_is_asked_once_more_on_another() -> None:
    async def story(desk: Desk) -> None:
        asking = asyncio.create_task(desk.rest.get("/x", {}, weight=1))
        await asyncio.sleep(0)
        desk.answers.append(ok(b"second"))
        desk.network.https[0].close()
        assert await asking == b"second"
        assert len(desk.network.https) == 2

    run(Desk(None), story)


def test_an_answer_that_does_not_come_is_a_time_out_and_ends_the_connection() -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(VenueTimeout, match=r"https://venue/x: no answer in 0\.01 s"):
            await desk.rest.get("/x", {"secret": "not shown"}, weight=1)
        assert not desk.network.https[0].is_open

    run(Desk(timeout_s=0.01), story)


def test_a_venue_that_cannot_be_reached_is_one_clear_line() -> None:
    async def story(desk: Desk) -> None:
        desk.network.refusals = 1
        with pytest.raises(VenueUnavailable, match="https://venue: no connection"):
            await desk.rest.get("/x", {}, weight=1)

    run(Desk(), story)


def test_after_failures_another_door_is_asked_and_the_first_one_tried_again_later() -> None:
    async def story(desk: Desk) -> None:
        desk.rest = Rest(
            desk.network,
            desk.clock,
            origin="https://a/",
            others=["https://b"],
            credentials=None,
            options=Options(),
        )

        async def ask(*, refusals: int = 0) -> None:
            desk.network.refusals = refusals
            desk.answers = [ok()]
            await desk.rest.get("/x", {}, weight=1)

        for _ in range(FAILURES_A_DOOR):
            with pytest.raises(VenueUnavailable, match="https://a: no connection"):
                await ask(refusals=1)
        await ask()
        await ask()
        assert [http.origin for http in desk.network.https] == ["https://b"]
        desk.clock.wait(WAY_BACK_NS)
        with pytest.raises(VenueUnavailable, match="https://a: no connection"):
            await ask(refusals=1)
        await ask()
        assert desk.network.https[-1].origin == "https://b"
        desk.clock.wait(WAY_BACK_NS)
        await ask()
        assert desk.network.https[-1].origin == "https://a"

    run(Desk(), story)


def test_a_keyed_request_carries_the_key_and_no_signature() -> None:
    async def story(desk: Desk) -> None:
        assert await desk.rest.keyed("POST", "/fapi/v1/listenKey", weight=1) == b"{}"
        ((method, target, headers),) = desk.network.https[0].requests
        assert (method, target) == ("POST", "/fapi/v1/listenKey")
        assert headers == {"X-MBX-APIKEY": "KEY"}

    run(Desk(ok()), story)


def test_questions_that_keep_failing_are_not_asked_for_a_while_and_then_one_tries() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(5):
            with pytest.raises(VenueUnavailable, match="status 503"):
                await desk.rest.get("/x", {}, weight=1)
        with pytest.raises(VenueUnavailable, match="nothing is asked for a while"):
            await desk.rest.get("/x", {}, weight=1)
        assert len(desk.targets) == 5
        desk.clock.wait(NS_PER_S)
        assert await desk.rest.get("/x", {}, weight=1) == b"{}"
        assert await desk.rest.get("/x", {}, weight=1) == b"{}"

    run(Desk(*(refused(503, 0, "busy") for _ in range(5)), ok(), ok()), story)
