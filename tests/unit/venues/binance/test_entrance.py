"""Who may connect: bans are obeyed, and what is refused in place of a connection (XCH-3)."""

from holdfast.domain.ports import HttpAnswer, WebSocketRefused
from holdfast.testing.clock import ManualClock
from holdfast.testing.network import FakeNetwork
from holdfast.venues.binance.entrance import API_CONNECT, Entrance
from holdfast.venues.binance.options import Options
from holdfast.venues.binance.rest import Rest


def desk() -> tuple[ManualClock, Rest]:
    clock = ManualClock()
    return clock, Rest(
        FakeNetwork(), clock, origin="https://venue", credentials=None, options=Options()
    )


def refused(status: int, seconds: int) -> WebSocketRefused:
    return WebSocketRefused("no", HttpAnswer(status, {"retry-after": str(seconds)}, b""))


def test_a_ban_holds_every_entrance_and_a_429_only_its_own() -> None:
    clock, rest = desk()
    one, other = Entrance(rest), Entrance(rest, cost=API_CONNECT)
    one.refused(refused(429, 30))
    assert (one.wait_s(), other.wait_s()) == (30, 0)
    clock.wait(30 * 10**9)
    one.refused(refused(418, 120))
    assert (one.wait_s(), other.wait_s()) == (120, 120)
    clock.wait(120 * 10**9)
    assert (one.wait_s(), other.wait_s()) == (0, 0)


def test_what_is_no_word_of_limits_holds_nothing() -> None:
    _, rest = desk()
    entrance = Entrance(rest)
    entrance.refused(refused(502, 30))
    entrance.refused(ConnectionRefusedError("no route"))
    assert entrance.wait_s() == 0


def test_a_connect_to_an_api_is_counted_with_its_weight_and_one_to_a_stream_is_not() -> None:
    _, rest = desk()
    Entrance(rest).entered()
    assert rest.governor.used("weight") == 0
    Entrance(rest, cost=API_CONNECT).entered()
    assert rest.governor.used("weight") == 2
