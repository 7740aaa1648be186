"""The pen: decisions are in force when written, the venue's word when durable (JNL-1)."""

import asyncio

from holdfast.domain import events as ev
from holdfast.domain.ids import AccountId
from holdfast.journal.writer import Journal
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.state import State
from holdfast.testing.clock import ManualClock
from tests.unit.journal.kit import MemoryStore


class Desk:
    """A recorder whose journal is drained by hand."""

    def __init__(self) -> None:
        self.state = State(AccountId("demo"))
        self.flushes = 0
        self.journal = Journal(
            MemoryStore(),
            ManualClock(),
            account=AccountId("demo"),
            durable_callback=self.durable,
        )
        self.recorder = Recorder(self.journal, self.state, flush=self.flush)

    def durable(self, seq: int) -> None:
        self.recorder.on_durable(seq)

    def flush(self) -> None:
        self.flushes += 1

    @property
    def balance(self) -> int:
        return self.state.account.balances.get("USDT", 0) // 10**18  # type: ignore[call-overload,no-any-return]


def opened(amount: str) -> ev.BalanceOpened:
    return ev.BalanceOpened("USDT", amount, "1", "USDT", "test")


def test_a_decision_is_in_force_at_once() -> None:
    desk = Desk()
    assert desk.recorder.decide(opened("5")) == 1
    assert desk.balance == 5
    assert desk.recorder.is_idle


def test_what_is_only_written_is_left_to_the_caller() -> None:
    desk = Desk()
    desk.recorder.write(opened("5"))
    desk.journal.drain()
    assert desk.balance == 0


def test_what_the_venue_said_is_in_force_when_durable_and_then_told() -> None:
    desk, told = Desk(), []
    desk.recorder.hear(opened("5"), lambda: told.append(desk.balance))
    assert (desk.balance, told) == (0, [])
    assert not desk.recorder.is_idle
    desk.journal.drain()
    assert (desk.balance, told) == (5, [5])
    assert desk.recorder.is_idle


def test_everything_that_waited_happens_in_journal_order() -> None:
    desk, told = Desk(), []
    desk.recorder.hear(opened("1"), lambda: told.append("heard 1"))
    seq = desk.recorder.write(opened("2"))
    desk.recorder.when_durable(seq, lambda: told.append("sent 2"))
    desk.recorder.hear(opened("3"), lambda: told.append("heard 3"))
    desk.recorder.on_durable(1)
    assert told == ["heard 1"]
    desk.recorder.on_durable(2)
    assert told == ["heard 1", "sent 2"]
    desk.journal.drain()
    assert told == ["heard 1", "sent 2", "heard 3"]


def test_what_is_heard_while_others_are_told_waits_for_its_own_record() -> None:
    desk, told = Desk(), []
    desk.recorder.hear(
        opened("1"), lambda: desk.recorder.hear(opened("2"), lambda: told.append("inner"))
    )
    desk.recorder.on_durable(1)
    assert told == []
    assert not desk.recorder.is_idle
    desk.journal.drain()
    assert told == ["inner"]


def test_waiting_for_quiet_ends_when_nothing_waits_any_more() -> None:
    async def story() -> None:
        desk = Desk()
        await desk.recorder.settled()
        desk.recorder.hear(opened("1"), lambda: None)
        desk.recorder.hear(opened("2"), lambda: None)
        waiting = asyncio.create_task(desk.recorder.settled())
        await asyncio.sleep(0)
        desk.recorder.on_durable(1)
        await asyncio.sleep(0)
        assert not waiting.done()
        desk.recorder.on_durable(2)
        await asyncio.wait_for(waiting, 5)

    asyncio.run(story())


def test_a_segment_is_flushed_once_until_something_is_put_again() -> None:
    desk = Desk()
    assert desk.recorder.is_flushed
    desk.recorder.decide(opened("1"))
    assert not desk.recorder.is_flushed
    desk.recorder.flush()
    assert desk.recorder.is_flushed
    assert desk.flushes == 1
