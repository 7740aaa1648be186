"""The watchdog: another program that acts when the trader does not (XCH-4, promise 1).

It asks the trader for its heartbeat. A trader that does not answer is frozen or dead. A frozen
one is ended by its process descriptor first; only when its end is proven, and its journal is in
the watchdog's hands, does the watchdog act as the next trader: it takes the next epoch, cancels
what rests, and by policy reduces. Without proof it only cancels, which is safe twice, and calls
for a person.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum
from pathlib import Path

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.ids import SHARD_COUNT, Epoch, Shard
from holdfast.domain.instant import NS_PER_S, Clock
from holdfast.errors import JournalError, JournalLocked
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.writer import Journal
from holdfast.runtime.beat import Heard, hear
from holdfast.runtime.death import HeldProcess
from holdfast.runtime.state import State
from holdfast.runtime.sweep import Sweep, Swept
from holdfast.venues.binance.cancel_only import CancelOnly

ACTOR = "watchdog"
EVERY_S = 0.25
KILLED_WITHIN_S = 5.0
LOCK_WITHIN_S = 5.0
AGAIN_S = 5.0


class Policy(Enum):
    """What is done once the trader is gone: cancel, or cancel and close positions."""

    CANCEL = "cancel"
    REDUCE = "reduce"


class WatchdogRule(msgspec.Struct, frozen=True, kw_only=True):
    """How long the trader may be silent, and how long without a way to the venue."""

    frozen_s: float = 2.0
    unreachable_ns: int = 60 * NS_PER_S
    policy: Policy = Policy.CANCEL


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a watch ended."""

    what: str
    acted: bool
    proven: bool = False
    epoch: int = 0
    swept: Swept | None = None


Venue = Callable[[], Awaitable[CancelOnly]]
"""Opens the watchdog's own way to the venue."""


class Watchdog:
    """Watches one trader by its socket and journal; `watch` returns when there is none left."""

    def __init__(
        self,
        journal: Path,
        socket: Path,
        *,
        venue: Venue,
        clock: Clock,
        tell: Callable[[str], None],
        rule: WatchdogRule,
    ) -> None:
        self._journal = journal
        self._socket = socket
        self._venue = venue
        self._clock = clock
        self._tell = tell
        self._rule = rule
        self._process: HeldProcess | None = None
        self._heard_at_ns = clock.monotonic_ns()
        self._next_relief_ns = 0

    async def watch(self) -> Outcome:
        """Ask for the heartbeat until the trader has ended, by itself or by this."""
        try:
            while True:
                heard = await hear(self._socket, within_s=self._rule.frozen_s)
                if heard is not None:
                    await self._on_beat(heard)
                elif self._has_ended_in_order():
                    return Outcome(what="the trader ended in order", acted=False)
                elif self._is_gone or self._silent_s >= self._rule.frozen_s:
                    return await self._take_over()
                await asyncio.sleep(EVERY_S)
        finally:
            if self._process is not None:
                self._process.close()

    @property
    def _silent_s(self) -> float:
        return (self._clock.monotonic_ns() - self._heard_at_ns) / NS_PER_S

    @property
    def _is_gone(self) -> bool:
        return self._process is not None and self._process.is_dead

    async def _on_beat(self, heard: Heard) -> None:
        """Note that the trader lives; relieve it when it cannot reach the venue and we can."""
        self._heard_at_ns = self._clock.monotonic_ns()
        if self._process is None or self._process.pid != heard.pid:
            if self._process is not None:
                self._process.close()
            self._process = HeldProcess(heard.pid)
            self._tell(f"watching the trader (process {heard.pid}) of {self._journal}")
        is_cut_off = heard.beat.unreachable_ns >= self._rule.unreachable_ns
        if is_cut_off and self._heard_at_ns >= self._next_relief_ns:
            self._next_relief_ns = self._heard_at_ns + int(AGAIN_S * NS_PER_S)
            swept = await self._sweep_without_proof()
            lost_s = heard.beat.unreachable_ns / NS_PER_S
            self._tell(f"the trader cannot reach the venue for {lost_s:.0f} s: {swept.line}")

    def _has_ended_in_order(self) -> bool:
        """Tell whether the journal's last words are those of a run that ended."""
        if self._process is not None and not self._process.is_dead:
            return False
        try:
            return _read(self._journal)[1]
        except JournalError:
            return False

    async def _take_over(self) -> Outcome:
        why = f"no heartbeat for {self._silent_s:.1f} s"
        self._tell(f"{why}: acting")
        if not await self._prove_death():
            swept = await self._sweep_without_proof()
            self._tell(
                f"the trader's end is NOT proven: {swept.line}; a person has to look now"
            )
            return Outcome(what=why, acted=True, swept=swept)
        store = await self._journal_in_hand()
        if store is None:
            swept = await self._sweep_without_proof()
            self._tell(
                f"the trader is gone, its journal is not to be had: {swept.line}; look now"
            )
            return Outcome(what=why, acted=True, proven=True, swept=swept)
        try:
            return await self._act(store, why)
        finally:
            store.close()

    async def _prove_death(self) -> bool:
        """End the trader's process and wait for the proof; one never seen has no process."""
        if self._process is None:
            return True
        return await self._process.kill(within_s=KILLED_WITHIN_S)

    async def _journal_in_hand(self) -> SqliteStore | None:
        """Take the journal's lock, which a live trader of this machine would have."""
        until_ns = self._clock.monotonic_ns() + int(LOCK_WITHIN_S * NS_PER_S)
        while True:
            try:
                return SqliteStore.open(self._journal)
            except JournalLocked:
                if self._clock.monotonic_ns() > until_ns:
                    return None
            except JournalError as error:
                self._tell(str(error))
                return None
            await asyncio.sleep(EVERY_S)

    async def _act(self, store: SqliteStore, why: str) -> Outcome:
        """Take the next epoch, sweep, and write down what was done."""
        state, _ = _fold(store)
        journal = Journal(
            store, self._clock, account=state.account.account, durable_callback=_nothing
        )
        epoch = journal.take_epoch(
            shards=[Shard(i) for i in range(SHARD_COUNT)], reason=f"{ACTOR}: {why}"
        )
        journal.put(ev.IncidentOpened(ACTOR, "account", why))
        journal.drain()
        swept = await self._sweep(state, epoch)
        journal.put(
            ev.CommandReceived(
                ACTOR, ACTOR, why, f"{ACTOR}-{epoch}", msgspec.to_builtins(swept), swept.line
            )
        )
        journal.drain()
        journal.close()
        self._tell(f"the trader is gone: {swept.line}; epoch {epoch}")
        return Outcome(what=why, acted=True, proven=True, epoch=epoch, swept=swept)

    async def _sweep(self, state: State, epoch: Epoch) -> Swept:
        venue = await self._venue()
        try:
            sweep = Sweep(venue, state, tell=self._tell)
            await sweep.cancel()
            if self._rule.policy is Policy.REDUCE:
                await sweep.reduce(epoch)
            return sweep.swept
        finally:
            await venue.close()

    async def _sweep_without_proof(self) -> Swept:
        """Cancel by what the journal says so far; nothing is written and nothing is sent."""
        state, _ = _read(self._journal)
        venue = await self._venue()
        try:
            return await Sweep(venue, state, tell=self._tell).cancel()
        finally:
            await venue.close()


def _read(path: Path) -> tuple[State, bool]:
    """Fold what is durable of a journal that somebody else may write."""
    store = SqliteStore.open(path, read_only=True)
    try:
        return _fold(store)
    finally:
        store.close()


def _fold(store: SqliteStore) -> tuple[State, bool]:
    """Give the state of a journal, and whether its last run ended in order."""
    state: State | None = None
    has_ended = False
    for record in store.read():
        state = state or State(record.header.account)
        state.apply(record.event)
        if isinstance(record.event, ev.RunEnded | ev.RunStarted):
            has_ended = isinstance(record.event, ev.RunEnded)
    if state is None:
        raise JournalError(f"journal {store.path} holds no record yet")
    return state, has_ended


def _nothing(_seq: int) -> None:
    """Stand where nobody waits for durability."""
