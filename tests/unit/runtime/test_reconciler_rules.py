"""How disagreement ends: quarantine, release, another instance's end, small checks (XCH-5)."""

from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.domain.submission import Unknown
from holdfast.domain.venue import ReportKind
from holdfast.errors import VenueTimeout
from holdfast.risk.halt import ANOTHER_INSTANCE, UNRECONCILED
from holdfast.runtime.instances import QUIET_NS
from holdfast.runtime.reconciler import DOUBT_DELAY_NS, HOLDINGS_EVERY, ROUNDS, START_AGAIN_NS
from holdfast.testing.venue import TrueOrder
from tests.unit.runtime.test_reconciler import WINDOW_NS, Scene, play

ENOUGH_NS = (ROUNDS + 2) * WINDOW_NS


def withhold_a_fill(scene: Scene) -> TrueOrder:
    """Let the venue name an execution of an order that no trade shows."""
    order = scene.arrive(scene.send())
    order.cum_quantity = scene.floor.traded.quantity("1")
    order.state = "filled"
    return order


async def quarantine(scene: Scene) -> TrueOrder:
    order = withhold_a_fill(scene)
    scene.reconciler.request("test")
    await scene.pass_time(ENOUGH_NS)
    assert scene.halts.quarantined == [scene.floor.symbol]
    return order


def test_a_symbol_that_never_agrees_is_set_apart_and_the_rest_goes_on() -> None:
    async def story(scene: Scene) -> None:
        await quarantine(scene)
        assert not scene.is_blocked
        (set_apart,) = scene.floor.written(ev.SymbolQuarantined)
        (incident,) = scene.floor.written(ev.IncidentOpened)
        assert (set_apart.rounds, incident.rounds) == (ROUNDS, ROUNDS)
        assert set_apart.differences == incident.differences
        assert "executions of" in set_apart.differences[0]
        assert scene.halts.reason("one", scene.floor.symbol) == "symbol quarantined"
        assert scene.halts.reason("one", "ETHUSDT") == ""

    play(story)


def test_a_symbol_is_not_set_apart_for_what_the_venue_had_no_chance_to_say() -> None:
    async def story(scene: Scene) -> None:
        scene.send()
        scene.reconciler.request("test")
        await scene.turns()
        scene.venue.silent = 1_000
        await scene.pass_time(ROUNDS * WINDOW_NS)
        assert scene.halts.quarantined == []
        assert scene.is_blocked
        scene.venue.silent = 0
        await scene.pass_time(START_AGAIN_NS + 3 * WINDOW_NS)
        assert not scene.is_blocked

    play(story)


def test_a_clean_comparison_releases_it_and_closes_the_incident() -> None:
    async def story(scene: Scene) -> None:
        order = await quarantine(scene)
        order.cum_quantity = 0
        scene.venue.execute(order, "1")
        scene.reconciler.request("again")
        await scene.reconciler.finish()
        (released,) = scene.floor.written(ev.SymbolReleased)
        assert (released.reason, released.differences) == ("a clean comparison", [])
        assert scene.halts.quarantined == []
        scene.reconciler.request("once more")
        await scene.reconciler.finish()
        assert scene.floor.node.state.incidents == {}
        assert not scene.is_blocked

    play(story)


def test_a_person_releases_it_with_its_differences_and_it_stays_released() -> None:
    async def story(scene: Scene) -> None:
        await quarantine(scene)
        assert scene.reconciler.release("ETHUSDT", "me: no") == ""
        ended = scene.reconciler.release(scene.floor.symbol, "me: seen")
        assert ended == "quarantine, no agreement"
        await scene.pass_time(ENOUGH_NS)
        assert scene.halts.quarantined == []
        assert not scene.is_blocked
        (released,) = scene.floor.written(ev.SymbolReleased)
        assert "executions of" in released.differences[0]
        assert len(scene.floor.written(ev.SymbolQuarantined)) == 1

    play(story)


def test_an_account_that_is_never_answered_is_an_incident_told_once_until_it_agrees() -> None:
    async def story(scene: Scene) -> None:
        scene.venue.silent = 1_000
        scene.reconciler.request("test")
        await scene.pass_time(4 * ENOUGH_NS)
        assert scene.is_blocked
        (incident,) = scene.floor.written(ev.IncidentOpened)
        assert (incident.kind, incident.scope) == ("no agreement", "account")
        scene.venue.silent = 0
        await scene.pass_time(2 * ENOUGH_NS)
        assert not scene.is_blocked
        assert len(scene.floor.written(ev.IncidentClosed)) == 1

    play(story)


def see_another(scene: Scene) -> TrueOrder:
    mine = scene.send()
    scene.arrive(mine)
    return scene.arrive(mine.replace("TEST1", "TEST2"))


def test_another_instance_is_over_a_minute_after_its_last_order() -> None:
    async def story(scene: Scene) -> None:
        order = see_another(scene)
        scene.reconciler.request("test")
        await scene.reconciler.finish()
        await scene.pass_time(QUIET_NS + NS_PER_S)
        assert ANOTHER_INSTANCE in scene.halts.blocks, "its order still rests"
        order.state = "canceled"
        await scene.pass_time(2 * QUIET_NS)
        assert list(scene.halts.blocks) == []
        (closed,) = scene.floor.written(ev.IncidentClosed)
        assert closed.reason == "no sign of it for a minute"
        assert len(scene.floor.written(ev.IncidentOpened)) == 1

    play(story)


def test_a_person_ends_another_instance_at_once() -> None:
    async def story(scene: Scene) -> None:
        order = see_another(scene)
        scene.reconciler.request("test")
        await scene.reconciler.finish()
        order.state = "canceled"
        assert scene.reconciler.release("account", "me: it is down") == "block"
        await scene.reconciler.finish()
        assert list(scene.halts.blocks) == []

    play(story)


def test_a_release_acknowledges_what_rests_and_only_a_new_sign_blocks_again() -> None:
    async def story(scene: Scene) -> None:
        order = see_another(scene)
        scene.reconciler.request("test")
        await scene.reconciler.finish()
        blocked = scene.halts.blocks[ANOTHER_INSTANCE]
        assert blocked.endswith("of BTCUSDT, of journal TEST2"), blocked
        assert scene.reconciler.release("account", "me: it is down") == "block"
        await scene.pass_time(2 * QUIET_NS)
        assert ANOTHER_INSTANCE not in scene.halts.blocks, "it rests, and that is known"
        assert scene.floor.node.state.incidents == {}
        order.cum_quantity = scene.floor.traded.quantity("0.5")
        scene.reconciler.request("it changed")
        await scene.reconciler.finish()
        await scene.turns()
        assert ANOTHER_INSTANCE in scene.halts.blocks
        assert scene.reconciler.release("account", "me: seen") == "block"
        await scene.reconciler.finish()
        assert ANOTHER_INSTANCE not in scene.halts.blocks
        scene.arrive(order.client_order_id[:-1] + "7")
        scene.reconciler.request("a new one")
        await scene.reconciler.finish()
        await scene.turns()
        assert ANOTHER_INSTANCE in scene.halts.blocks

    play(story)


def test_a_check_blocks_nothing_books_what_was_lost_and_is_recorded_only_then() -> None:
    async def story(scene: Scene) -> None:
        scene.reconciler.request("test")
        await scene.reconciler.finish()
        scene.venue.execute(scene.arrive(scene.send()), "1")
        scene.reconciler.check()
        assert not scene.is_blocked
        await scene.reconciler.finish()
        assert not scene.is_blocked
        assert [f.exec_id for f in scene.floor.written(ev.OrderFilled)] == ["1"]
        before = len(scene.floor.written(ev.ReconciliationCompleted))
        scene.reconciler.check()
        await scene.reconciler.finish()
        assert len(scene.floor.written(ev.ReconciliationCompleted)) == before

    play(story)


def test_a_check_leaves_alone_what_may_still_be_under_way() -> None:
    async def story(scene: Scene) -> None:
        sent = scene.send()
        scene.reconciler.check()
        await scene.reconciler.finish()
        assert not scene.is_blocked
        assert f"order {scene.floor.symbol} {sent}" not in scene.venue.questions
        scene.floor.wait(3 * WINDOW_NS)
        scene.reconciler.check()
        await scene.turns()
        assert f"order {scene.floor.symbol} {sent}" in scene.venue.questions
        assert scene.is_blocked, "an order that the venue does not know is risk"

    play(story)


def test_a_check_that_is_not_answered_has_everything_compared() -> None:
    async def story(scene: Scene) -> None:
        scene.reconciler.request("test")
        await scene.reconciler.finish()
        asked = scene.venue.open_orders
        failed: list[int] = []

        async def silent(symbol):  # type: ignore[no-untyped-def]
            if not failed:
                failed.append(1)
                raise VenueTimeout("no answer")
            return await asked(symbol)

        scene.venue.open_orders = silent  # type: ignore[method-assign]
        scene.reconciler.check()
        await scene.pass_time(WINDOW_NS)
        assert not scene.is_blocked
        completed = scene.floor.written(ev.ReconciliationCompleted)[-1]
        assert completed.trigger == "a check was not answered (no answer)"

    play(story)


def test_every_tenth_check_asks_for_holdings_too() -> None:
    async def story(scene: Scene) -> None:
        scene.halts.unblock(UNRECONCILED)
        for _ in range(HOLDINGS_EVERY):
            scene.reconciler.check()
            await scene.reconciler.finish()
        assert scene.venue.rounds == 1

    play(story)


def test_evidence_by_stream_stops_the_question_about_a_lost_answer() -> None:
    async def story(scene: Scene) -> None:
        scene.floor.trader.cast.on_doubt = scene.reconciler.request_for
        lost = scene.send()
        scene.floor.entry.answer(lost, Unknown("lost"))
        scene.floor.commit()
        scene.floor.hear(scene.floor.report(scene.floor.entry.submitted[-1], ReportKind.ACKED))
        scene.floor.commit()
        await scene.pass_time(2 * DOUBT_DELAY_NS, step_ns=100 * NS_PER_MS)
        assert scene.venue.questions == []
        assert not scene.is_blocked

    play(story)
