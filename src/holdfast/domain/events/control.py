"""Journal, epochs, runs, limits, strategies, commands and barriers."""

from typing import Any, ClassVar

import msgspec

from holdfast.domain.events.event import Event


class JournalOpened(Event, frozen=True, array_like=True):
    """The first record: whose journal this is and which state form its hashes use."""

    TYPE: ClassVar[str] = "journal.opened/1"
    journal_id: str
    venue: str
    account: str
    mode: str
    state_form: str


class EpochTaken(Event, frozen=True, array_like=True):
    """A trader took the right to write for shards; every start takes a new epoch."""

    TYPE: ClassVar[str] = "epoch.taken/1"
    epoch: int
    shards: list[int]
    reason: str


class RunStarted(Event, frozen=True, array_like=True):
    """A run began with this seed, these symbols and strategies."""

    TYPE: ClassVar[str] = "run.started/1"
    mode: str
    seed: int
    symbols: list[str]
    strategies: list[str]
    version: str
    notes: list[str]


class RunEnded(Event, frozen=True, array_like=True):
    """A run ended, with its reason."""

    TYPE: ClassVar[str] = "run.ended/1"
    reason: str


class LimitsSet(Event, frozen=True, array_like=True):
    """The limits of the gates, whole, as a map from gate to its parameters."""

    TYPE: ClassVar[str] = "limits.set/1"
    limits: dict[str, Any]
    actor: str
    reason: str


class ReconciliationCompleted(Event, frozen=True, array_like=True):
    """Ours and the venue's answers were compared; `differences` were turned into events.

    `through` names for each symbol the last execution that the comparison covered, so that the
    next one asks from there and an execution that the stream lost is found. `latest_orders`
    names for each the venue's newest order, whosever, after which a lost one is looked for.
    """

    TYPE: ClassVar[str] = "reconciliation.completed/1"
    trigger: str
    orders: int
    fills: int
    differences: list[str]
    clean: bool
    through: dict[str, str] = msgspec.field(default_factory=dict)
    latest_orders: dict[str, str] = msgspec.field(default_factory=dict)


class StrategyStarted(Event, frozen=True, array_like=True):
    """A strategy began, with the digest of its source."""

    TYPE: ClassVar[str] = "strategy.started/1"
    strategy: str
    symbols: list[str]
    source_digest: str


class StrategySaved(Event, frozen=True, array_like=True):
    """A strategy's own state at a barrier; given back to it at the next start."""

    TYPE: ClassVar[str] = "strategy.saved/1"
    strategy: str
    saved: bytes


class StrategyHalted(Event, frozen=True, array_like=True):
    """A strategy was stopped alone; the rest goes on."""

    TYPE: ClassVar[str] = "strategy.halted/1"
    strategy: str
    reason: str


class TradingPaused(Event, frozen=True, array_like=True):
    """No new risk in a scope (`account`, or a strategy's or symbol's name)."""

    TYPE: ClassVar[str] = "trading.paused/1"
    scope: str
    actor: str
    reason: str


class TradingResumed(Event, frozen=True, array_like=True):
    """New risk is allowed again in a scope."""

    TYPE: ClassVar[str] = "trading.resumed/1"
    scope: str
    actor: str
    reason: str


class CommandReceived(Event, frozen=True, array_like=True):
    """A person or program commanded something; repeated keys act once."""

    TYPE: ClassVar[str] = "command.received/1"
    verb: str
    actor: str
    reason: str
    idempotency_key: str
    arguments: dict[str, Any]
    outcome: str


class BarrierPassed(Event, frozen=True, array_like=True):
    """The hash of the state after every record before this one."""

    TYPE: ClassVar[str] = "state.barrier/1"
    form: str
    state_hash: str
