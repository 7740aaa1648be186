"""The acts of a trader's life: begin, keep, stop, and go on where it was (ACC-1, JNL-1)."""

import asyncio

import msgspec
import pytest

from holdfast.decision.strategy import TradingMode
from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.intent import Buy
from holdfast.domain.order import OrderStatus
from holdfast.domain.venue import CancelAcked, CancelRefused, ReportKind
from holdfast.errors import ConfigError, JournalError, UsageError
from holdfast.risk.halt import UNRECONCILED
from holdfast.runtime.config import Config
from holdfast.runtime.state import fold_records
from holdfast.runtime.trader import BARRIER_EVERY_NS, CANCELED_AGAIN_S
from tests.unit.runtime.kit import Floor, Watcher


class Remembers(Watcher):
    """Saves how often it was asked."""

    def save(self) -> bytes | None:
        """Give a new state each time."""
        self.saved = b"%d" % (int(self.saved or b"0") + 1)
        return self.saved


class CannotSave(Watcher):
    """Fails when its state is wanted."""

    def save(self) -> bytes | None:
        """Fail."""
        raise OSError("no")


def bid(floor: Floor, one: Watcher, *, price: str = "99") -> None:
    """Have a strategy's bid leave."""
    traded = floor.traded
    one.wishes = [Buy(traded.symbol, traded.quantity("1"), traded.price(price))]
    floor.top("100.00", f"100.{floor.market.update_id % 80 + 10}")
    floor.commit()


def fill(floor: Floor, exec_id: str = "1") -> None:
    """Let the newest order be filled."""
    order = floor.entry.submitted[-1]
    execution = floor.execution(exec_id, "1", price="99")
    floor.hear(floor.report(order, ReportKind.FILLED, cum="1", execution=execution))
    floor.commit()


def test_it_begins_blocked_and_no_strategy_sees_a_market_before_it_starts() -> None:
    one = Watcher()
    floor = Floor(one=one)
    assert UNRECONCILED in floor.node.state.halts.blocks
    floor.top()
    assert one.seen == []
    floor.open()
    floor.top("100.00", "100.05")
    assert [what for what, _ in one.seen] == ["start", "book"]


def test_the_first_records_say_who_it_is_and_what_it_takes() -> None:
    floor = Floor(one=Watcher()).open()
    kinds = [event.TYPE for event in floor.put]
    assert kinds[:5] == [
        "journal.opened/1", "epoch.taken/1", "run.started/1", "instrument.registered/1",
        "limits.set/1",
    ]  # fmt: skip
    (taken,) = floor.written(ev.EpochTaken)
    assert len(taken.shards) == 20


def test_a_strategy_is_given_back_what_it_saved_and_the_fills_since() -> None:
    one = Remembers()
    floor = Floor(one=one).open()
    floor.trader.keep_passing_barriers()
    bid(floor, one)
    fill(floor)
    again = Watcher()
    resumed = Floor(store=floor.store, one=again)
    assert resumed.node.is_resumed
    assert resumed.position("one") == "1"
    resumed.node.state.halts.unblock(UNRECONCILED)
    resumed.trader.resume()
    resumed.cast.start()
    ((history, saved),) = again.told("start")
    assert saved == b"1"
    assert [fill.exec_id for fill in history.fills] == ["1"]
    assert resumed.written(ev.JournalOpened) == []
    assert resumed.written(ev.LimitsSet) == []
    assert resumed.node.journal.epoch == floor.node.journal.epoch + 1


def test_the_fold_of_the_bytes_is_the_state_that_it_had() -> None:
    one = Remembers()
    floor = Floor(one=one).open()
    bid(floor, one)
    fill(floor)
    bid(floor, one)
    floor.trader.begin_stop("test")
    floor.commit()
    state_hash = floor.trader.end("test")
    floor.commit()
    folded = fold_records(floor.records())
    assert folded is not None
    assert folded.digest() == floor.node.state.digest() == state_hash
    assert isinstance(floor.put[-1], ev.BarrierPassed)


def test_what_did_not_change_is_not_saved_again() -> None:
    one = Watcher()
    one.saved = b"same"
    floor = Floor(one=one).open()
    for _ in range(3):
        floor.cast.save()
    assert len(floor.written(ev.StrategySaved)) == 1


def test_a_strategy_that_cannot_save_is_halted_alone() -> None:
    floor = Floor(bad=CannotSave(), one=Remembers()).open()
    floor.cast.save()
    assert [event.strategy for event in floor.written(ev.StrategyHalted)] == ["bad"]
    assert [event.strategy for event in floor.written(ev.StrategySaved)] == ["one"]


def test_a_barrier_is_passed_as_time_goes_but_not_in_a_gap_nor_while_a_report_waits() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    floor.trader.keep_passing_barriers()
    assert len(floor.written(ev.BarrierPassed)) == 1
    floor.wait(BARRIER_EVERY_NS)
    assert len(floor.written(ev.BarrierPassed)) == 1
    floor.top()
    floor.wait(2 * BARRIER_EVERY_NS)
    assert len(floor.written(ev.BarrierPassed)) == 2
    bid(floor, one)
    order = floor.entry.submitted[0]
    floor.hear(floor.report(order, ReportKind.ACKED))
    assert floor.trader.pass_barrier() == ""
    floor.commit()
    assert floor.trader.pass_barrier()


def test_a_stop_ends_the_strategies_cancels_what_rests_and_takes_no_new_risk() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    bid(floor, one)
    floor.trader.begin_stop("enough")
    assert one.told("stop") == ["enough"]
    assert len(floor.entry.canceled) == 1
    assert "stopping" in floor.node.state.halts.blocks


def test_it_is_quiet_when_the_last_order_is_gone_and_on_disk() -> None:
    async def story() -> None:
        one = Watcher()
        floor = Floor(one=one).open()
        bid(floor, one)
        floor.trader.begin_stop("enough")
        quiet = asyncio.create_task(floor.trader.quiet())
        await asyncio.sleep(0)
        floor.entry.answer_cancel(
            floor.entry.canceled[0], CancelAcked(floor.traded.quantity("0"))
        )
        await asyncio.sleep(0)
        assert not quiet.done()
        floor.commit()
        await asyncio.wait_for(quiet, 5)

    asyncio.run(story())


def test_what_still_rests_after_a_refused_cancel_is_canceled_again() -> None:
    async def story() -> None:
        one = Watcher()
        floor = Floor(one=one).open()
        bid(floor, one)
        floor.trader.begin_stop("enough")
        floor.entry.answer_cancel(
            floor.entry.canceled[0], CancelRefused(-1021, "Timestamp is ahead of the server.")
        )
        floor.commit()
        quiet = asyncio.create_task(floor.trader.quiet())
        await asyncio.wait({quiet}, timeout=1.5 * CANCELED_AGAIN_S)
        assert floor.entry.canceled[1] == floor.entry.canceled[0]
        floor.entry.answer_cancel(
            floor.entry.canceled[1], CancelAcked(floor.traded.quantity("0"))
        )
        floor.commit()
        await asyncio.wait_for(quiet, 5)

    asyncio.run(asyncio.wait_for(story(), 10))


def test_it_is_quiet_when_the_last_order_was_withheld() -> None:
    async def story() -> None:
        one = Watcher()
        floor = Floor(one=one).open()
        traded = floor.traded
        one.wishes = [Buy(traded.symbol, traded.quantity("1"), traded.price("99"))]
        floor.top("100.00", "100.05")
        floor.trader.begin_stop("enough")
        quiet = asyncio.create_task(floor.trader.quiet())
        await asyncio.sleep(0)
        floor.commit()
        await asyncio.wait_for(quiet, 5)
        assert floor.entry.submitted == []

    asyncio.run(story())


def test_a_timer_of_a_strategy_rings_at_its_instant_and_may_wish() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    at_ns = floor.clock.now_ns() + NS_PER_S
    one.context.set_timer(at_ns, "soon")
    traded = floor.traded
    one.wishes = [Buy(traded.symbol, traded.quantity("1"), traded.price("99"))]
    floor.wait(NS_PER_S)
    floor.commit()
    assert one.told("timer") == [("soon", at_ns)]
    assert len(floor.entry.submitted) == 1


def test_strategies_are_told_what_the_gates_let_through_once_for_each_change() -> None:
    one, two = Watcher(), Watcher()
    floor = Floor(one=one, two=two).open()
    halts, decide = floor.node.state.halts, floor.node.recorder.decide
    floor.wait()
    assert one.told("mode") == []
    halts.block(UNRECONCILED, "lost")
    halts.block(UNRECONCILED, "still lost")
    decide(ev.TradingPaused("two", "me", "x"))
    floor.wait()
    halts.unblock(UNRECONCILED)
    floor.wait()
    assert one.told("mode") == [TradingMode.REDUCING, TradingMode.ACTIVE]
    assert two.told("mode") == [TradingMode.REDUCING]
    decide(ev.TradingPaused("account", "me", "x"))
    decide(ev.TradingResumed("two", "me", "x"))
    floor.wait()
    decide(ev.TradingResumed("account", "me", "x"))
    floor.wait()
    assert two.told("mode") == [TradingMode.REDUCING, TradingMode.ACTIVE]
    floor.trader.begin_stop("done")
    floor.wait()
    assert two.told("mode")[-1] is TradingMode.ACTIVE


def test_a_strategy_that_starts_while_the_account_is_paused_is_told_at_once() -> None:
    one = Watcher()
    floor = Floor(one=one)
    floor.node.recorder.decide(ev.TradingPaused("account", "me", "x"))
    floor.open()
    assert one.told("mode") == [TradingMode.REDUCING]


def test_fills_and_updates_reach_the_strategy_that_they_belong_to() -> None:
    one, two = Watcher(), Watcher()
    floor = Floor(one=one, two=two).open()
    bid(floor, one)
    fill(floor)
    assert [update.status for update in one.told("order")] == [OrderStatus.FILLED]
    assert two.told("order") == two.told("fill") == []


def test_a_strategy_of_a_symbol_that_the_run_has_not_is_refused() -> None:
    class Elsewhere(Watcher):
        symbols = ("ETHUSDT",)

    with pytest.raises(ConfigError, match="trades ETHUSDT, which this run has not"):
        Floor(one=Elsewhere())


def test_a_run_goes_on_in_its_own_mode_with_all_of_its_symbols() -> None:
    floor = Floor(one=Watcher()).open()
    written = len(floor.store.rows)
    with pytest.raises(UsageError, match="of a run in mode paper, not replay"):
        Floor(config=Config(mode="replay"), store=floor.store)
    with pytest.raises(UsageError, match="this journal trades BTCUSDT too"):
        Floor(store=floor.store, symbol="ETHUSDT")
    assert len(floor.store.rows) == written


def test_an_instrument_whose_units_changed_is_refused() -> None:
    floor = Floor(one=Watcher()).open()
    finer = msgspec.structs.replace(floor.traded, price_exponent=10)
    with pytest.raises(JournalError, match="other units at this venue"):
        floor.node.register([finer])
    other_tick = msgspec.structs.replace(floor.traded, tick=floor.traded.tick * 10)
    floor.node.register([other_tick])
    assert len(floor.written(ev.InstrumentRegistered)) == 2


def test_a_journal_of_another_account_is_refused() -> None:
    floor = Floor(one=Watcher()).open()
    with pytest.raises(JournalError, match="of account 'demo', not 'other'"):
        Floor(config=Config(account="other"), store=floor.store)
