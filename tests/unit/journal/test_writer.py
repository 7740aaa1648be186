"""The ring, its numbers and stamps, and the three ways in which it is drained."""

import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from holdfast.domain import events as ev
from holdfast.domain.ids import Shard
from holdfast.domain.instant import NS_PER_MS
from holdfast.errors import HoldfastError, InvariantBroken, JournalFailed
from holdfast.journal.store import Store
from holdfast.journal.writer import InlineWriter, Journal, ThreadWriter
from holdfast.testing.clock import ManualClock
from tests.unit.journal.kit import ACCOUNT, MemoryStore, ended, fill, journal_on

WAIT_S = 20


class StuckStore(MemoryStore):
    """A store whose appends wait until a test lets them through."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.gate = threading.Event(), threading.Event()

    def append(self, rows: Any) -> None:
        self.entered.set()
        assert self.gate.wait(WAIT_S)
        super().append(rows)


class Loop:
    """Stands for an event loop: keeps what the thread posts until a test runs it."""

    def __init__(self) -> None:
        self.failures: list[HoldfastError] = []
        self.durable: list[int] = []
        self._reached = threading.Condition()

    def post(self, callback: Callable[..., object], *arguments: Any) -> None:
        with self._reached:
            callback(*arguments)
            self._reached.notify_all()

    def wait(self, until: Callable[[], bool]) -> bool:
        with self._reached:
            return self._reached.wait_for(until, WAIT_S)

    def writer(self, store: Store, *, capacity: int = 1000) -> ThreadWriter:
        return ThreadWriter(
            store,
            ManualClock(),
            account=ACCOUNT,
            durable_callback=self.durable.append,
            post=self.post,
            failed_callback=self.failures.append,
            capacity=capacity,
        )


def test_numbers_begin_at_one_and_have_no_gap() -> None:
    journal = journal_on(MemoryStore())
    assert [journal.put(ended(number)) for number in range(4)] == [1, 2, 3, 4]


def test_nothing_is_durable_before_it_was_drained() -> None:
    store, told = MemoryStore(), []
    journal = journal_on(store, durable=told.append)
    journal.put(ended(1))
    journal.put(ended(2))
    assert (journal.durable, journal.lag_events, store.rows, told) == (0, 2, [], [])
    journal.drain()
    assert (journal.durable, journal.lag_events, len(store.rows), told) == (2, 0, 2, [2])


def test_everything_queued_is_one_commit() -> None:
    store = MemoryStore()
    journal = journal_on(store)
    fill(journal, 10, group=5)
    assert store.commits == [7, 5]


def test_stamps_never_go_backwards() -> None:
    class Jumping(ManualClock):
        def now_ns(self) -> Any:
            return stamps.pop(0)

    stamps, store = [50, 40, 60], MemoryStore()
    journal = journal_on(store, clock=Jumping())
    for number in range(3):
        journal.put(ended(number))
    journal.drain()
    assert [row[5] for row in store.rows] == [50, 50, 60]


def test_a_journal_goes_on_where_its_store_ends() -> None:
    store, clock = MemoryStore(), ManualClock()
    clock.wait(NS_PER_MS)
    fill(journal_on(store, clock=clock), 3)
    again = journal_on(store, clock=ManualClock())
    assert (again.seq, again.durable, again.epoch) == (5, 5, 1)
    assert again.take_epoch(shards=[Shard(0)], reason="resume") == 2
    again.drain()
    records = list(store.read())
    assert [record.header.seq for record in records] == [1, 2, 3, 4, 5, 6]
    assert records[-1].event == ev.EpochTaken(2, [0], "resume")
    assert (records[-1].header.epoch, records[-2].header.epoch) == (2, 1)
    assert records[-1].header.recorded_at_ns == records[-2].header.recorded_at_ns


def test_a_full_ring_stops_the_journal() -> None:
    journal = journal_on(MemoryStore(), capacity=4)
    for number in range(4):
        assert journal.ring_fraction == number / 4
        journal.put(ended(number))
    with pytest.raises(JournalFailed, match="ring of 4 events is full"):
        journal.put(ended(5))
    assert journal.failed is not None


def test_the_age_of_what_waits_is_measured_on_the_monotonic_clock() -> None:
    clock = ManualClock()
    journal = journal_on(MemoryStore(), clock=clock)
    assert journal.oldest_pending_ns == 0
    journal.put(ended(1))
    clock.wait(3 * NS_PER_MS)
    journal.put(ended(2))
    assert journal.oldest_pending_ns == 3 * NS_PER_MS
    journal.drain()
    assert journal.oldest_pending_ns == 0


def test_after_a_refused_write_nothing_is_taken_and_nothing_is_written() -> None:
    store = MemoryStore(refuses_from=3)
    journal = journal_on(store)
    fill(journal, 0)
    journal.put(ended(1))
    with pytest.raises(JournalFailed, match="disk is full"):
        journal.drain()
    store.refuses_from = 1 << 62
    with pytest.raises(JournalFailed):
        journal.put(ended(2))
    journal.close()
    assert (journal.durable, len(store.rows), store.is_closed) == (2, 2, True)


@pytest.mark.parametrize("kind", [Journal, InlineWriter])
def test_a_head_that_cannot_be_noted_stops_the_journal(kind: type[Journal]) -> None:
    class Unanchored(MemoryStore):
        def acknowledge(self) -> None:
            raise JournalFailed("cannot write the anchor")

    store = Unanchored()
    journal = kind(store, ManualClock(), account=ACCOUNT, durable_callback=lambda _: None)
    journal.put(ended(1))
    with pytest.raises(JournalFailed, match="anchor"):
        journal.close()
    assert (journal.durable, len(store.rows), store.is_closed) == (1, 1, True)
    assert isinstance(journal.failed, JournalFailed)


def test_an_event_that_cannot_be_encoded_stops_the_journal() -> None:
    journal = journal_on(MemoryStore())
    journal.put(ev.LimitsSet({"gate": object()}, "me", "start"))
    with pytest.raises(InvariantBroken, match=r"limits.set/1 1 cannot be encoded"):
        journal.drain()
    assert isinstance(journal.failed, InvariantBroken)


def test_an_inline_journal_counts_as_durable_what_it_commits_later() -> None:
    store, told = MemoryStore(), []
    journal = InlineWriter(store, ManualClock(), account=ACCOUNT, durable_callback=told.append)
    fill(journal, 3)
    assert (journal.durable, told, store.rows) == (5, [3, 4, 5], [])
    journal.close()
    assert (len(store.rows), store.acknowledged, store.is_closed) == (5, 5, True)


def test_an_inline_journal_commits_when_enough_has_come_together() -> None:
    store = MemoryStore()
    journal = InlineWriter(
        store, ManualClock(), account=ACCOUNT, durable_callback=lambda _: None
    )
    for number in range(20_000):
        journal.put(ended(number))
        journal.drain()
    assert 8_000 < len(store.rows) < 20_000
    journal.close()
    assert len(store.rows) == 20_000


def test_an_inline_journal_that_failed_refuses() -> None:
    store = MemoryStore(refuses_from=1)
    journal = InlineWriter(
        store, ManualClock(), account=ACCOUNT, durable_callback=lambda _: None
    )
    journal.put(ended(1))
    journal.drain()
    with pytest.raises(JournalFailed):
        journal.close()
    with pytest.raises(JournalFailed):
        journal.drain()
    assert store.is_closed


def test_the_thread_commits_what_came_together_and_tells_the_loop() -> None:
    store, loop = StuckStore(), Loop()
    journal = loop.writer(store)
    journal.put(ended(0))
    journal.wake()
    assert store.entered.wait(WAIT_S)
    for number in range(5):
        journal.put(ended(number))
        journal.wake()
    assert (journal.durable, journal.lag_events) == (0, 6)
    store.gate.set()
    assert loop.wait(lambda: journal.durable == 6)
    journal.close()
    assert (loop.durable, store.commits, loop.failures) == ([1, 6], [1, 5], [])


def test_closing_commits_what_is_queued_without_a_wake() -> None:
    store, loop = MemoryStore(), Loop()
    journal = loop.writer(store)
    for number in range(100):
        journal.put(ended(number))
    journal.close()
    journal.close()
    assert (journal.durable, len(store.rows), store.is_closed) == (100, 100, True)


def test_an_event_is_never_left_asleep() -> None:
    store, loop = MemoryStore(), Loop()
    journal = loop.writer(store)
    for number in range(500):
        seq = journal.put(ended(number))
        journal.wake()
        if number % 3:
            assert loop.wait(lambda seq=seq: journal.durable >= seq)  # type: ignore[misc]
    journal.close()
    assert len(store.rows) == 500


def test_a_failure_in_the_thread_reaches_the_loop_and_the_next_put() -> None:
    store, loop = MemoryStore(refuses_from=2), Loop()
    journal = loop.writer(store)
    journal.put(ended(1))
    journal.wake()
    assert loop.wait(lambda: journal.durable == 1)
    journal.put(ended(2))
    journal.wake()
    assert loop.wait(lambda: bool(loop.failures))
    assert isinstance(journal.failed, JournalFailed)
    with pytest.raises(JournalFailed):
        journal.put(ended(3))
    journal.close()
    assert (journal.durable, store.is_closed) == (1, True)


def test_the_switch_interval_is_given_back() -> None:
    before = sys.getswitchinterval()
    journal = Loop().writer(MemoryStore())
    assert sys.getswitchinterval() == pytest.approx(5e-4)
    journal.close()
    assert sys.getswitchinterval() == before
