"""The one place that knows the concrete classes: it wires a trader for a clock and a venue.

A node owns the journal and its writer. A fresh journal is opened with its identity; a resumed
one is folded first. Every start takes the next epoch of all shards.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from holdfast.decision.context import Context
from holdfast.decision.host import Hosted
from holdfast.decision.load import Loaded, load_strategy
from holdfast.decision.sizing import QUOTE
from holdfast.domain import events as ev
from holdfast.domain.ids import (
    SHARD_COUNT,
    AccountId,
    ClientOrderIds,
    Epoch,
    JournalId,
    Shard,
    StrategyId,
    Symbol,
    journal_id,
    shard_of,
)
from holdfast.domain.instant import Clock
from holdfast.domain.instrument import Instrument
from holdfast.domain.order import NewOrder
from holdfast.domain.submission import Withheld
from holdfast.domain.venue import OrderEntry
from holdfast.errors import ConfigError, JournalError, UsageError
from holdfast.gateway.budget import BudgetLimits
from holdfast.gateway.epoch import Epochs
from holdfast.gateway.gateway import Gateway
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.writer import Journal
from holdfast.market.bars import Bars
from holdfast.market.feed import Feed
from holdfast.risk.gate import Gates, recheck
from holdfast.risk.standard import STANDARD
from holdfast.risk.view import Desk
from holdfast.runtime import random
from holdfast.runtime.cast import Member, fill_of
from holdfast.runtime.config import Config, StrategyEntry
from holdfast.runtime.lane import Lane
from holdfast.runtime.marks import Marks
from holdfast.runtime.pipeline import Pipeline
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.state import STATE_FORM, State
from holdfast.runtime.supervise import guard, guard_loading, guard_strategy
from holdfast.runtime.trader import Trader
from holdfast.runtime.version import program_version
from holdfast.traffic.governor import Governor

if TYPE_CHECKING:
    from holdfast.domain.fill import Fill

FILLS_KEPT = 10_000
"""How many of its newest fills a strategy that saved nothing since is given back."""
DEFAULT_STRATEGY = "holdfast.examples.trend:Trend"
MakeJournal = Callable[[SqliteStore, Callable[[int], None]], Journal]


class Chosen(msgspec.Struct, frozen=True):
    """A strategy that a run was asked for, loaded."""

    name: StrategyId
    loaded: Loaded
    parameters: dict[str, Any]


class Node:
    """A wired trader with its journal; made once for a run."""

    def __init__(
        self,
        config: Config,
        *,
        path: Path,
        strategies: list["Chosen"],
        clock: Clock,
        store: SqliteStore,
        make_journal: MakeJournal,
    ) -> None:
        self.path = path
        self.config = config
        self.clock = clock
        self.state = State(AccountId(config.account))
        self.quotes: set[str] = set()
        self.fills: dict[str, deque[Fill]] = {}
        self.is_resumed = False
        self._fold(store)
        self.journal = make_journal(store, self._on_durable)
        self.recorder = Recorder(self.journal, self.state, flush=self.flush)
        self.marks = Marks(self.recorder)
        self._strategies = strategies
        self.trader: Trader | None = None
        self.after_durable: Callable[[], None] = _nothing
        self.schedule_commit: Callable[[], None] = self.journal.wake
        self.tell: Callable[[str], None] = _nothing

    def flush(self) -> None:
        """End a segment: what was put becomes durable in due time."""
        self.schedule_commit()

    def open(
        self, *, journal: JournalId, venue: str, symbols: list[str], notes: list[str]
    ) -> None:
        """Write who this is, the epoch that it takes, and what it runs.

        `UsageError` when what is resumed is another kind of run, before anything is written.
        """
        self._check_resumed(symbols)
        decide = self.recorder.decide
        if not self.is_resumed:
            decide(
                ev.JournalOpened(
                    journal, venue, self.config.account, self.config.mode, STATE_FORM
                )
            )
        epoch = self.journal.epoch + 1
        shards = [Shard(i) for i in range(SHARD_COUNT)]
        self.journal.take_epoch(
            shards=shards, reason="resumed" if self.is_resumed else "started"
        )
        self.state.apply(ev.EpochTaken(epoch, list(shards), ""))
        decide(
            ev.RunStarted(
                self.config.mode,
                self.config.seed,
                symbols,
                [entry.path for entry in self.config.strategies],
                program_version(),
                notes,
            )
        )

    def register(self, instruments: list[Instrument]) -> None:
        """Write instruments that are new or changed; the units of known ones never change."""
        for instrument in instruments:
            known = self.state.account.instruments.get(instrument.symbol)
            if known == instrument:
                continue
            if known is not None and _units(known) != _units(instrument):
                raise JournalError(
                    f"{instrument.symbol} counts in other units at this venue than in this "
                    "journal; begin a new journal"
                )
            definition: dict[str, Any] = msgspec.to_builtins(instrument)
            self.recorder.decide(ev.InstrumentRegistered(instrument.symbol, definition))
        limits: dict[str, Any] = msgspec.to_builtins(self.config.limits)
        if limits != self.state.limits:
            self.recorder.decide(ev.LimitsSet(limits, "configuration", "at start"))

    def wire(
        self,
        entry: OrderEntry,
        *,
        snapshot: Callable[[Symbol], None],
        governor: Governor | None = None,
    ) -> Trader:
        """Make desk, gates, gateway, pipeline and trader, and host the strategies."""
        state, clock = self.state, self.clock
        desk = Desk(state.account, self.config.limits, halts=state.halts)
        pipeline: Pipeline | None = None

        def ask_again(order: NewOrder) -> Withheld | None:
            assert pipeline is not None
            lane = pipeline.lanes[order.symbol]
            view = lane.views[order.strategy]
            view.now_ns = clock.now_ns()
            view.book_is_valid = not lane.feed.invalid_reason
            return recheck(order, view)

        self.gateway = gateway = self._gateway(entry, ask_again, governor=governor)
        pipeline = Pipeline(
            clock=clock,
            recorder=self.recorder,
            state=state,
            desk=desk,
            gates=Gates(STANDARD, guard=guard),
            gateway=gateway,
            snapshot=snapshot,
            before_send=self.config.journal.intent_durability == "before-send",
        )
        pipeline.tell = self.tell
        self.trader = Trader(
            clock=clock,
            recorder=self.recorder,
            state=state,
            pipeline=pipeline,
            marks=self.marks,
        )
        self._add_lanes(pipeline, desk)
        self._host_strategies(self.trader, pipeline, desk)
        pipeline.working.quotes.update(
            held.order.request.client_order_id
            for held in state.account.orders.values()
            if held.order.request.intent_id in self.quotes
        )
        return self.trader

    def _gateway(
        self,
        entry: OrderEntry,
        ask_again: Callable[[NewOrder], Withheld | None],
        *,
        governor: Governor | None,
    ) -> Gateway:
        """Make the way out, at this start's epoch and within the venue's counts."""
        epochs = Epochs(_persisted_with_the_journal)
        for shard in range(SHARD_COUNT):
            epochs.take(Shard(shard), Epoch(self.state.epoch))
        venue = self.config.venue
        budget = BudgetLimits(
            orders_per_10s_count=venue.orders_per_10s_count,
            orders_per_day_count=venue.orders_per_day_count,
        )
        return Gateway(
            entry,
            epochs=epochs,
            clock=self.clock,
            recheck=ask_again,
            budget=budget,
            governor=governor,
        )

    def _add_lanes(self, pipeline: Pipeline, desk: Desk) -> None:
        for symbol, instrument in self.state.account.instruments.items():
            desk.register(instrument)
            feed = Feed(symbol)
            self.marks.feeds[symbol] = feed
            ids = ClientOrderIds(
                self.state.journal_id, shard_of(symbol), Epoch(self.state.epoch)
            )
            pipeline.lanes[symbol] = Lane(feed=feed, ids=ids)
        self.marks.instruments = self.state.account.instruments

    def _host_strategies(self, trader: Trader, pipeline: Pipeline, desk: Desk) -> None:
        instruments = self.state.account.instruments
        replay = self.config.mode == "replay"
        for chosen in self._strategies:
            name, loaded = chosen.name, chosen.loaded
            unknown = sorted(set(loaded.strategy.symbols) - set(instruments))
            if unknown:
                raise ConfigError(
                    f"strategy '{name}' trades {', '.join(unknown)}, which this run has not; "
                    f"it has {', '.join(sorted(instruments))}"
                )
            context = Context(
                name,
                instruments=instruments,
                clock=self.clock,
                position=partial(pipeline.position, name),
                side_position=partial(pipeline.side_position, name),
                on_timer=trader.cast.waker(name),
                parameters=chosen.parameters,
            )
            host = Hosted(
                loaded.strategy,
                context,
                guard=guard_strategy,
                monotonic_ns=None if replay else self.clock.monotonic_ns,
            )
            member = Member(
                host,
                loaded.source_digest,
                fills=self.fills.pop(name, ()),
                intervals_ns=loaded.intervals_ns,
            )
            trader.cast.members[name] = member
            for symbol in sorted(host.symbols):
                lane = pipeline.lanes[symbol]
                view = desk.view(name, instruments[symbol])
                bars = [Bars(symbol, interval) for interval in loaded.intervals_ns]
                member.joins.append(partial(lane.join, host, view, bars=bars))

    def _check_resumed(self, symbols: list[str]) -> None:
        if not self.is_resumed:
            return
        if self.state.mode != self.config.mode:
            raise UsageError(
                f"--resume: this journal is of a run in mode {self.state.mode}, "
                f"not {self.config.mode}"
            )
        missing = sorted(set(self.state.account.instruments) - set(symbols))
        if missing:
            raise UsageError(
                f"--resume: this journal trades {', '.join(missing)} too; a run that goes on "
                "needs all of its symbols"
            )

    def _fold(self, store: SqliteStore) -> None:
        """Fold what an existing journal holds."""
        for record in store.read():
            if not self.is_resumed and record.header.account != self.config.account:
                raise JournalError(
                    f"this journal is of account '{record.header.account}', "
                    f"not '{self.config.account}'"
                )
            self.is_resumed = True
            self.state.apply(record.event)
            if isinstance(record.event, ev.IntentAccepted) and record.event.algorithm == QUOTE:
                self.quotes.add(record.event.intent_id)
            elif isinstance(record.event, ev.StrategySaved):
                self.fills.pop(record.event.strategy, None)
            elif isinstance(record.event, ev.OrderFilled):
                fill = fill_of(record.event, self.state)
                kept = self.fills.setdefault(fill.strategy, deque(maxlen=FILLS_KEPT))
                kept.append(fill)

    def _on_durable(self, seq: int) -> None:
        self.recorder.on_durable(seq)
        self.after_durable()


def choose(config: Config) -> list[Chosen]:
    """Load the strategies, so that what is wrong with them is said before anything starts."""
    chosen: dict[str, Chosen] = {}
    config.strategies = config.strategies or [StrategyEntry(path=DEFAULT_STRATEGY)]
    for entry in config.strategies:
        loaded = load_strategy(entry.path, read=_read, guard=guard_loading)
        name = entry.name or loaded.name.lower()
        if name in chosen:
            raise ConfigError(
                f"two strategies are named '{name}'; give each its own name in the "
                "configuration ([[strategies]] name = ...)"
            )
        chosen[name] = Chosen(StrategyId(name), loaded, entry.parameters)
    return list(chosen.values())


def open_store(path: Path, *, resume: bool) -> SqliteStore:
    """Create a journal, or open the one to go on with; one clear line when neither can be."""
    if resume:
        if not path.exists():
            raise UsageError(f"--resume: there is no journal at {path}")
        return SqliteStore.open(path)
    if path.exists():
        raise UsageError(
            f"journal {path} exists; add --resume to go on with it, or name a new file"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"journal {path}: its folder cannot be made ({error.strerror}); name another"
        ) from None
    return SqliteStore.create(path)


def name_journal(config: Config) -> JournalId:
    """Name a journal: by the seed in replay, so that it repeats, else by entropy."""
    if config.mode == "replay":
        return journal_id(random.seeded(config.seed, "journal").getrandbits(64))
    return journal_id(random.entropy())


def _units(instrument: Instrument) -> tuple[int, int]:
    return instrument.price_exponent, instrument.quantity_exponent


def _read(path: str) -> bytes:
    return Path(path).read_bytes()


def _persisted_with_the_journal(*_: object) -> None:
    """Do nothing: in one process the epoch is in the journal before an order can be."""


def _nothing(*_: object) -> None:
    """Do nothing; stands where nobody listens yet."""
