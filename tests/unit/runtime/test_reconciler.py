"""Agreement with the venue: blocked until it is there, asked again until it is (XCH-5)."""

import asyncio
from collections.abc import Callable, Coroutine

from holdfast.domain import events as ev
from holdfast.domain.ids import ClientOrderId
from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.domain.intent import Buy
from holdfast.domain.order import OrderStatus
from holdfast.domain.submission import Unknown
from holdfast.domain.venue import BalanceReport
from holdfast.errors import VenueTimeout
from holdfast.risk.halt import ANOTHER_INSTANCE, UNRECONCILED
from holdfast.runtime.reconciler import (
    DOUBT_DELAY_NS,
    ROUNDS,
    START_AGAIN_NS,
    Reconciler,
)
from holdfast.testing.venue import TrueAccount, TrueOrder
from tests.unit.runtime.kit import BALANCES, Floor, Watcher

WINDOW_NS = 5 * NS_PER_S
TURNS = 40


class Ledge(TrueAccount):
    """A venue that is silent, or that does something while it is asked, as often as told."""

    def __init__(self, balances: dict[str, str]) -> None:
        super().__init__(balances)
        self.silent = 0
        self.rounds = 0
        self.meanwhile: Callable[[], None] = lambda: None

    async def balances(self) -> list[BalanceReport]:
        """Give every balance, or nothing at all."""
        self.rounds += 1
        self.meanwhile()
        if self.silent:
            self.silent -= 1
            raise VenueTimeout("no answer")
        return await super().balances()


class Scene:
    """A floor with one strategy, its venue's truth, and the reconciler between them."""

    def __init__(self) -> None:
        self.one = Watcher()
        self.floor = Floor(one=self.one).open()
        self.venue = Ledge(BALANCES)
        self.halts = self.floor.node.state.halts
        self.halts.block(UNRECONCILED, "test")
        self.floor.trader.sinks.on_account_connected()
        self.floor.node.schedule_commit = lambda: asyncio.get_running_loop().call_soon(
            self.floor.commit
        )
        self.reconciler = Reconciler(
            self.floor.trader,
            self.venue,
            recorder=self.floor.node.recorder,
            gateway=self.floor.node.gateway,
            clock=self.floor.clock,
            recv_window_ns=WINDOW_NS,
        )

    @property
    def is_blocked(self) -> bool:
        return UNRECONCILED in self.halts.blocks

    def send(self) -> ClientOrderId:
        """Let the strategy's order leave; the venue has not said a word about it."""
        self.halts.unblock(UNRECONCILED)
        traded = self.floor.traded
        self.one.wishes = [Buy(traded.symbol, traded.quantity("1"), traded.price("100.00"))]
        self.floor.top("100.00", "100.02")
        self.floor.commit()
        return self.floor.entry.submitted[-1].client_order_id

    def arrive(self, client_order_id: str) -> TrueOrder:
        """Let an order be at the venue."""
        order = TrueOrder(
            client_order_id, self.floor.traded, side="buy", quantity="1", price="100.00"
        )
        return self.venue.place(order)

    async def turns(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def pass_time(self, duration_ns: int, *, step_ns: int = NS_PER_S) -> None:
        """Let market time pass in steps."""
        for _ in range(-(-duration_ns // step_ns)):
            await self.turns()
            self.floor.wait(step_ns)
        await self.turns()

    def told(self) -> list[OrderStatus]:
        return [update.status for update in self.one.told("order")]


def play(story: Callable[[Scene], Coroutine[None, None, None]]) -> None:
    async def whole() -> None:
        scene = Scene()
        try:
            await story(scene)
        finally:
            await scene.reconciler.close()

    asyncio.run(whole())


def test_agreement_lets_new_risk_pass_and_is_recorded() -> None:
    async def story(scene: Scene) -> None:
        scene.reconciler.request("test")
        assert scene.is_blocked
        await scene.reconciler.finish()
        assert not scene.is_blocked
        (completed,) = scene.floor.written(ev.ReconciliationCompleted)
        assert completed.clean
        assert completed.trigger == "test"

    play(story)


def test_a_fill_that_was_not_seen_is_booked_and_the_strategy_told() -> None:
    async def story(scene: Scene) -> None:
        order = scene.arrive(scene.send())
        scene.venue.execute(order, "1", fee="0.1")
        scene.reconciler.request("test")
        await scene.reconciler.finish()
        await scene.turns()
        assert not scene.is_blocked
        assert scene.floor.position("one") == "1"
        assert len(scene.one.told("fill")) == 1
        assert scene.told()[-1] is OrderStatus.FILLED

    play(story)


def test_a_silent_venue_is_asked_again_and_new_risk_waits() -> None:
    async def story(scene: Scene) -> None:
        scene.venue.silent = 2
        scene.reconciler.request("test")
        await scene.turns()
        assert scene.halts.blocks[UNRECONCILED] == "no answer"
        await scene.pass_time(2 * WINDOW_NS)
        assert scene.venue.rounds == 3
        assert not scene.is_blocked

    play(story)


def test_it_gives_up_after_its_rounds_stays_blocked_and_begins_again_later() -> None:
    async def story(scene: Scene) -> None:
        scene.venue.silent = ROUNDS
        scene.reconciler.request("test")
        await scene.pass_time(ROUNDS * WINDOW_NS, step_ns=WINDOW_NS)
        assert scene.venue.rounds == ROUNDS
        assert "no agreement" in scene.halts.blocks[UNRECONCILED]
        await scene.pass_time(START_AGAIN_NS, step_ns=START_AGAIN_NS)
        assert not scene.is_blocked

    play(story)


def test_what_is_requested_meanwhile_has_the_venue_asked_once_more() -> None:
    async def story(scene: Scene) -> None:
        scene.venue.meanwhile = lambda: (
            scene.reconciler.request("again") if scene.venue.rounds == 1 else None
        )
        scene.reconciler.request("test")
        await scene.turns()
        assert scene.is_blocked
        await scene.pass_time(WINDOW_NS)
        assert scene.venue.rounds == 2
        assert not scene.is_blocked

    play(story)


def test_a_stream_that_goes_down_during_the_questions_keeps_new_risk_out() -> None:
    async def story(scene: Scene) -> None:
        sinks = scene.floor.trader.sinks
        sinks.on_connected = lambda: scene.reconciler.request("connected")
        scene.venue.meanwhile = lambda: (
            sinks.on_account_lost("reset") if scene.venue.rounds == 1 else None
        )
        scene.reconciler.request("test")
        await scene.pass_time(WINDOW_NS)
        assert scene.is_blocked
        sinks.on_account_connected()
        await scene.reconciler.finish()
        assert not scene.is_blocked

    play(story)


def test_an_order_in_doubt_is_asked_for_unless_its_fate_is_known_by_then() -> None:
    async def story(scene: Scene) -> None:
        first = scene.send()
        scene.reconciler.request_for(scene.floor.symbol, first)
        await scene.pass_time(DOUBT_DELAY_NS, step_ns=DOUBT_DELAY_NS)
        assert scene.venue.rounds == 1
        assert scene.is_blocked
        scene.reconciler.request_for(scene.floor.symbol, ClientOrderId("HTEST100000000000"))
        known = scene.venue.rounds
        await scene.turns()
        assert scene.venue.rounds == known

    play(story)


def test_an_unknown_order_that_the_venue_has_is_live_again() -> None:
    async def story(scene: Scene) -> None:
        lost = scene.send()
        scene.floor.trader.cast.on_doubt = scene.reconciler.request_for
        scene.floor.entry.answer(lost, Unknown("lost"))
        scene.floor.commit()
        assert scene.told()[-1] is OrderStatus.UNKNOWN
        scene.arrive(lost)
        await scene.pass_time(NS_PER_S, step_ns=100 * NS_PER_MS)
        assert scene.told()[-1] is OrderStatus.ACCEPTED
        assert not scene.is_blocked

    play(story)


def test_an_unknown_order_that_never_arrived_is_rejected_after_its_window() -> None:
    async def story(scene: Scene) -> None:
        lost = scene.send()
        scene.floor.entry.answer(lost, Unknown("lost"))
        scene.reconciler.request("test")
        await scene.turns()
        assert scene.is_blocked
        await scene.pass_time(3 * WINDOW_NS)
        assert scene.told()[-1] is OrderStatus.REJECTED
        assert not scene.is_blocked
        assert not scene.floor.node.state.account.orders

    play(story)


def test_an_order_with_our_id_that_the_journal_lacks_is_adopted() -> None:
    async def story(scene: Scene) -> None:
        lost = scene.send()
        scene.arrive(lost)
        scene.arrive(lost[:-1] + "9")
        scene.reconciler.request("test")
        await scene.reconciler.finish()
        (adopted,) = scene.floor.written(ev.OrderAdopted)
        assert adopted.strategy == "unattributed"
        assert not scene.is_blocked

    play(story)


def test_an_order_that_ended_before_it_was_recorded_is_adopted_and_its_fill_is_booked() -> None:
    async def story(scene: Scene) -> None:
        lost = scene.send()
        scene.arrive(lost)
        scene.venue.execute(scene.arrive(lost[:-1] + "9"), "1")
        scene.reconciler.request("test")
        await scene.reconciler.finish()
        (filled,) = scene.floor.written(ev.OrderFilled)
        assert (filled.client_order_id, filled.strategy) == (lost[:-1] + "9", "unattributed")
        assert scene.floor.node.state.account.symbol_position(scene.floor.symbol) > 0
        assert not scene.is_blocked

    play(story)


def test_the_newest_orders_are_asked_once_and_again_only_after_a_new_reason() -> None:
    async def story(scene: Scene) -> None:
        scene.send()
        scene.venue.meanwhile = lambda: (
            scene.reconciler.request("connected") if scene.venue.rounds == 1 else None
        )
        scene.reconciler.request("test")
        await scene.pass_time(3 * WINDOW_NS)
        asked = f"orders {scene.floor.symbol} None"
        assert scene.venue.rounds > 2
        assert scene.venue.questions.count(asked) == 2
        assert not scene.is_blocked

    play(story)


def test_an_order_of_ours_that_only_the_stream_spoke_of_is_asked_for_by_its_id() -> None:
    async def story(scene: Scene) -> None:
        lost = ClientOrderId(scene.send()[:-1] + "9")
        scene.arrive(scene.floor.entry.submitted[0].client_order_id)
        scene.arrive(lost)
        scene.reconciler.request_for(scene.floor.symbol, lost)
        scene.reconciler.request("test")
        await scene.reconciler.finish()
        assert f"order {scene.floor.symbol} {lost}" in scene.venue.questions
        scene.reconciler.request("again")
        await scene.reconciler.finish()
        assert scene.venue.questions.count(f"order {scene.floor.symbol} {lost}") == 1
        assert len(scene.floor.written(ev.OrderAdopted)) == 1

    play(story)


def test_another_instance_of_ours_keeps_new_risk_out_although_all_agree() -> None:
    async def story(scene: Scene) -> None:
        scene.arrive(scene.send().replace("TEST1", "TEST2"))
        scene.arrive(scene.floor.entry.submitted[0].client_order_id)
        scene.reconciler.request("test")
        await scene.reconciler.finish()
        assert list(scene.halts.blocks) == [ANOTHER_INSTANCE]

    play(story)
