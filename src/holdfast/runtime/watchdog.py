"""The watchdog: another program that acts when the trader does not (XCH-4, promise 1).

It asks the trader for its heartbeat. A trader that does not answer is frozen or dead. A frozen
one is ended by its process descriptor first; only when its end is proven, and its journal is in
the watchdog's hands, does the watchdog act as the next trader: it takes the next epoch, cancels
what rests, and by policy reduces. Without proof it only cancels, which is safe twice, and calls
for a person.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from functools import partial
from pathlib import Path

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.ids import SHARD_COUNT, Epoch, Shard
from holdfast.domain.instant import NS_PER_S, Clock
from holdfast.domain.order import Purpose
from holdfast.errors import JournalError, JournalLocked, UsageError
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.writer import Journal
from holdfast.runtime.beat import Heard, file_mark, hear
from holdfast.runtime.death import HeldProcess
from holdfast.runtime.reduction import Reduction
from holdfast.runtime.state import State, fold_records
from holdfast.runtime.sweep import Sweep, Swept
from holdfast.venues.binance.cancel_only import CancelOnly

ACTOR = "watchdog"
EVERY_S = 0.25
KILLED_WITHIN_S = 5.0
LOCK_WITHIN_S = 5.0
AGAIN_S = 5.0
_MARKS = (ev.RunStarted, ev.RunEnded)
_LAST_WORDS = 64
"""How many of the newest records tell whether a run has ended; it is one of the last two."""


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
    """Watches one trader by its socket and journal; `watch` returns when there is none left.

    `sockets` are the places where a trader of this journal may listen.
    """

    def __init__(
        self,
        journal: Path,
        sockets: Sequence[Path],
        *,
        venue: Venue,
        clock: Clock,
        tell: Callable[[str], None],
        rule: WatchdogRule,
    ) -> None:
        self._journal = journal
        self._sockets = tuple(sockets)
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
                heard = await self._hear()
                if heard is not None:
                    await self._on_beat(heard)
                elif self._has_ended_in_order():
                    return self._end_in_order()
                elif self._is_gone or self._silent_s >= self._rule.frozen_s:
                    return await self._take_over()
                await asyncio.sleep(EVERY_S)
        finally:
            if self._process is not None:
                self._process.close()

    async def _hear(self) -> Heard | None:
        for socket in self._sockets:
            heard = await hear(socket, within_s=self._rule.frozen_s)
            if heard is not None:
                return heard
        return None

    @property
    def _silent_s(self) -> float:
        return (self._clock.monotonic_ns() - self._heard_at_ns) / NS_PER_S

    @property
    def _is_gone(self) -> bool:
        return self._process is not None and self._process.is_dead

    async def _on_beat(self, heard: Heard) -> None:
        """Note that the trader lives; relieve it when it cannot reach the venue and we can."""
        if self._process is None or self._process.pid != heard.pid:
            self._hold(heard)
        self._heard_at_ns = self._clock.monotonic_ns()
        is_cut_off = heard.beat.unreachable_ns >= self._rule.unreachable_ns
        if is_cut_off and self._heard_at_ns >= self._next_relief_ns:
            self._next_relief_ns = self._heard_at_ns + int(AGAIN_S * NS_PER_S)
            swept = await self._sweep_without_proof()
            lost_s = heard.beat.unreachable_ns / NS_PER_S
            self._tell(f"the trader cannot reach the venue for {lost_s:.0f} s: {swept.line}")

    def _hold(self, heard: Heard) -> None:
        """Take hold of the process that answered, if it is the trader of this journal."""
        journal = heard.beat.journal
        if journal and journal != file_mark(self._journal):
            raise UsageError(
                f"the trader that answers has another journal than {self._journal}; "
                "name its socket with --socket, or its journal with --journal"
            )
        try:
            process = HeldProcess(heard.pid)
        except ProcessLookupError:
            return  # it ended after its answer; silence tells the rest
        if self._process is not None:
            self._process.close()
        self._process = process
        self._tell(f"watching the trader (process {heard.pid}) of {self._journal}")

    def _has_ended_in_order(self) -> bool:
        """Tell whether the journal's last words are of a run that ended and left nothing.

        Its process may still be there for a while, writing a report.
        """
        try:
            return _has_last_words(self._journal) and not _leaves_orders(self._journal)
        except JournalError:
            return False

    def _end_in_order(self) -> Outcome:
        what = "the trader ended in order"
        if self._process is None:
            self._tell(
                f"no trader of {self._journal} runs, and the last one ended in order; "
                "start the trader first, and the watchdog after it"
            )
        else:
            self._tell(f"{what}: nothing is to be done")
        return Outcome(what=what, acted=False)

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
            is_proven = self._process is not None
            end = "the trader is gone" if is_proven else "no trader was ever heard"
            self._tell(
                f"{end}, and its journal is in other hands (another watchdog, or a trader that "
                f"starts) or cannot be written: {swept.line}; look now"
            )
            return Outcome(what=why, acted=True, proven=is_proven, swept=swept)
        try:
            return await self._act(store, why)
        except JournalError as error:
            self._tell(str(error))
            swept = await self._sweep_without_proof()
            self._tell(f"the trader is gone, its journal takes nothing: {swept.line}; look now")
            return Outcome(what=why, acted=True, proven=True, swept=swept)
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
        state = _fold(store)
        acted, reduced = _acts_before(store)
        journal = Journal(
            store, self._clock, account=state.account.account, durable_callback=_nothing
        )
        epoch = journal.take_epoch(
            shards=[Shard(i) for i in range(SHARD_COUNT)], reason=f"{ACTOR}: {why}"
        )
        if acted:
            told = "; nothing more is reduced" if reduced else ""
            self._tell(f"another watchdog acted on this journal before{told}")
        journal.put(ev.IncidentOpened(ACTOR, "account", why))
        journal.drain()
        swept = await self._sweep(state, epoch, journal=None if reduced else journal)
        journal.put(
            ev.CommandReceived(
                ACTOR, ACTOR, why, f"{ACTOR}-{epoch}", msgspec.to_builtins(swept), swept.line
            )
        )
        journal.drain()
        journal.close()
        self._tell(f"the trader is gone: {swept.line}; epoch {epoch}")
        return Outcome(what=why, acted=True, proven=True, epoch=epoch, swept=swept)

    async def _sweep(self, state: State, epoch: Epoch, *, journal: Journal | None) -> Swept:
        """Cancel, and by policy reduce; what another watchdog reduced is not sold twice."""
        venue = await self._venue()
        try:
            sweep = Sweep(venue, state, tell=self._tell)
            await sweep.cancel()
            if self._rule.policy is Policy.REDUCE:
                reduction = Reduction(
                    venue, state, sweep=sweep, tell=self._tell, pause=asyncio.sleep
                )
                if journal is None:
                    await reduction.look()
                else:
                    await reduction.close_all(
                        epoch, write=partial(_write, journal), now_ns=self._clock.now_ns()
                    )
            return sweep.swept
        finally:
            await venue.close()

    async def _sweep_without_proof(self) -> Swept:
        """Cancel by what the journal says so far; nothing is written and nothing is sent."""
        state = _read(self._journal)
        venue = await self._venue()
        try:
            return await Sweep(venue, state, tell=self._tell).cancel()
        finally:
            await venue.close()


def _read(path: Path) -> State:
    """Fold what is durable of a journal that somebody else may write."""
    store = SqliteStore.open(path, read_only=True)
    try:
        return _fold(store)
    finally:
        store.close()


def _fold(store: SqliteStore) -> State:
    state = fold_records(store.read())
    if state is None:
        raise JournalError(f"journal {store.path} holds no record yet")
    return state


def _has_last_words(path: Path) -> bool:
    """Tell whether the newest run of a journal has ended, without reading all of it."""
    store = SqliteStore.open(path, read_only=True)
    try:
        newest = max(1, store.head().seq - _LAST_WORDS)
        found = [type(r.event) for r in store.read(newest) if isinstance(r.event, _MARKS)]
    finally:
        store.close()
    return bool(found) and found[-1] is ev.RunEnded


def _leaves_orders(path: Path) -> bool:
    """Tell whether entries or exits are open by a journal's word."""
    return any(
        held.order.request.purpose is not Purpose.PROTECTIVE and not held.order.ending
        for held in _read(path).account.orders.values()
    )


def _acts_before(store: SqliteStore) -> tuple[bool, bool]:
    """Tell whether a watchdog acted since the newest run began, and whether it reduced."""
    acted = reduced = False
    for record in store.read():
        if isinstance(record.event, ev.RunStarted):
            acted = reduced = False
        elif isinstance(record.event, ev.IncidentOpened):
            acted = acted or record.event.kind == ACTOR
        elif isinstance(record.event, ev.OrderApproved):
            reduced = acted
    return acted, reduced


def _write(journal: Journal, event: ev.Event) -> None:
    """Make a record durable before anything is done about it."""
    journal.put(event)
    journal.drain()


def _nothing(_seq: int) -> None:
    """Stand where nobody waits for durability."""
