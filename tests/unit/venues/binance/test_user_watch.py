"""Liveness of the user stream: what queries show and it does not tell makes it mute (XCH-2)."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from holdfast.domain.ids import ClientOrderId, Symbol, VenueOrderId
from holdfast.domain.instant import NS_PER_S, UtcNs
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import OrderType, Side, TimeInForce
from holdfast.domain.venue import OrderReport, ReportKind
from holdfast.errors import VenueUnavailable
from holdfast.testing.clock import START_NS, ManualClock
from holdfast.venues.binance.options import Liveness, Options
from holdfast.venues.binance.user_watch import UserWatch
from tests.unit.venues.binance.sinks import until

BTC = Symbol("BTCUSDT")
LOOK_S = 0.002
Story = Callable[["Desk"], Coroutine[None, None, None]]


def report(name: str, *, done: int = 0, at_ns: int = START_NS, **changes: Any) -> OrderReport:
    told: dict[str, Any] = {
        "kind": ReportKind.ACKED,
        "client_order_id": ClientOrderId(name),
        "venue_order_id": VenueOrderId("1"),
        "symbol": BTC,
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "price": PriceUnits(1),
        "quantity": QuantityUnits(10),
        "cum_quantity": QuantityUnits(done),
        "venue_at_ns": UtcNs(at_ns),
    }
    return OrderReport(**{**told, **changes})


class Desk:
    """A watch before a venue that is the test."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.resting: list[OrderReport] = []
        self.ended: dict[str, OrderReport] = {}
        self.mute: list[str] = []
        self.looks = 0
        self.measured = 0
        self.is_down = False
        self.watch = UserWatch(
            self.clock,
            queries=self,
            reopen=self.mute.append,
            measure=self.measure,
            venue_now_ns=self.clock.now_ns,
            options=Options(liveness=Liveness(look_every_s=LOOK_S, grace_s=LOOK_S)),
        )

    async def open_orders(self, symbol: Symbol) -> list[OrderReport]:
        assert symbol == BTC
        self.looks += 1
        if self.is_down:
            raise VenueUnavailable("down")
        return list(self.resting)

    async def order(self, symbol: Symbol, client_order_id: ClientOrderId) -> OrderReport | None:
        return self.ended.get(client_order_id)

    async def measure(self) -> None:
        self.measured += 1

    async def pass_s(self, seconds: float) -> None:
        self.clock.wait(int(seconds * NS_PER_S))
        await asyncio.sleep(10 * LOOK_S)


def run(story: Story) -> None:
    async def whole() -> None:
        desk = Desk()
        desk.watch.begin()
        desk.watch.start()
        try:
            await story(desk)
        finally:
            await desk.watch.close()

    asyncio.run(whole())


def test_nothing_is_asked_while_nothing_rests_and_nothing_happened() -> None:
    async def story(desk: Desk) -> None:
        await desk.pass_s(100)
        assert desk.looks == 0

    run(story)


def test_an_order_that_was_acked_and_not_told_makes_the_stream_mute() -> None:
    async def story(desk: Desk) -> None:
        desk.resting = [report("A", at_ns=START_NS + 1)]
        desk.watch.expect(BTC)
        await desk.pass_s(1.9)
        assert desk.looks == 0
        await desk.pass_s(0.2)
        assert len(desk.mute) == 1
        assert "'A'" in desk.mute[0]

    run(story)


def test_a_fill_that_was_not_told_makes_the_stream_mute() -> None:
    async def story(desk: Desk) -> None:
        desk.watch.hear(report("A"))
        desk.resting = [report("A")]
        await desk.pass_s(2.1)
        assert (desk.looks, desk.mute) == (1, [])
        desk.resting = [report("A", done=4, at_ns=desk.clock.now_ns())]
        await desk.pass_s(2.1)
        assert len(desk.mute) == 1

    run(story)


def test_an_end_that_was_not_told_makes_the_stream_mute() -> None:
    async def story(desk: Desk) -> None:
        desk.watch.hear(report("A"))
        desk.ended = {"A": report("A", kind=ReportKind.CANCELED)}
        await desk.pass_s(2.1)
        assert "the end of 'A'" in desk.mute[0]

    run(story)


def test_what_rested_before_the_subscription_is_not_expected_of_the_stream() -> None:
    async def story(desk: Desk) -> None:
        desk.resting = [report("OLD", at_ns=START_NS - 1)]
        desk.watch.expect(BTC)
        for _ in range(5):
            await desk.pass_s(2.1)
        assert desk.looks == 5
        assert desk.mute == []
        desk.resting = [report("OLD", done=1, at_ns=desk.clock.now_ns())]
        await desk.pass_s(2.1)
        assert len(desk.mute) == 1

    run(story)


def test_a_query_that_lags_behind_the_stream_is_no_muteness() -> None:
    async def story(desk: Desk) -> None:
        desk.watch.hear(report("A"))
        desk.watch.hear(report("A", kind=ReportKind.CANCELED))
        desk.watch.hear(report("A"))
        desk.resting = [report("A", at_ns=START_NS + 1)]
        await desk.pass_s(2.1)
        assert desk.mute == []

    run(story)


def test_orders_that_rest_since_before_the_subscription_are_looked_after() -> None:
    async def story(desk: Desk) -> None:
        desk.resting = [report("A", at_ns=START_NS - 1)]
        desk.watch.begin([BTC])
        await desk.pass_s(2.1)
        await until(lambda: desk.looks >= 1)
        assert desk.mute == []
        desk.resting = []
        desk.ended = {"A": report("A", done=10, kind=ReportKind.STATUS)}
        await desk.pass_s(2.1)
        await until(lambda: len(desk.mute) == 1)

    run(story)


def test_a_watch_that_ends_by_a_bug_is_told_to_the_loop() -> None:
    told: list[str] = []

    async def story(desk: Desk) -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: told.append(repr(context["exception"]))
        )
        desk.resting = [None]  # type: ignore[list-item]
        desk.watch.expect(BTC)
        await desk.pass_s(2.1)
        await until(lambda: bool(told))
        assert "AttributeError" in told[0]

    run(story)


def test_what_the_stream_tells_in_the_time_of_grace_is_no_muteness() -> None:
    async def story(desk: Desk) -> None:
        desk.resting = [report("A", at_ns=START_NS + 1)]
        desk.watch.expect(BTC)
        desk.clock.wait(int(2.1 * NS_PER_S))
        await until(lambda: desk.looks == 1)
        desk.watch.hear(report("A"))
        await asyncio.sleep(10 * LOOK_S)
        assert desk.mute == []

    run(story)


def test_without_an_answer_nothing_is_known_and_the_question_stands() -> None:
    async def story(desk: Desk) -> None:
        desk.is_down = True
        desk.resting = [report("A", at_ns=START_NS + 1)]
        desk.watch.expect(BTC)
        await desk.pass_s(2.1)
        assert desk.looks > 1
        assert desk.mute == []
        desk.is_down = False
        await until(lambda: len(desk.mute) == 1)

    run(story)


def test_the_offset_is_measured_again_from_time_to_time() -> None:
    async def story(desk: Desk) -> None:
        await desk.pass_s(601)
        assert desk.measured == 1

    run(story)
