"""The whole state as a fold of the journal, and its hash in numbered forms.

It covers orders, reservations, positions, balances, lots, limits, halts and what strategies
saved; nothing of market data, latency, paths or the host. Live and reader fold the same way, so
equal journals give equal hashes (JNL-1). `state/2` adds to `state/1` what margin accounts have
beside cash, protections, quarantined symbols and open incidents; both are computed, and two
versions compare the older.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.account import Account
from holdfast.domain.event import Record
from holdfast.domain.ids import AccountId, JournalId, StrategyId
from holdfast.ledger.ledger import Ledger
from holdfast.risk.halt import Halts

STATE_FORM = "state/2"
EARLIER_FORM = "state/1"
COMMAND_KEYS_KEPT = 1_000
"""How many of the newest commands are remembered, so that a repeated key acts once."""


class State:
    """What a journal says; `apply` is called once for each record, in their order."""

    def __init__(self, account: AccountId) -> None:
        self.account = Account(account)
        self.ledger = Ledger(account)
        self.halts = Halts()
        self.journal_id = JournalId("")
        self.epoch = 0
        self.limits: dict[str, Any] = {}
        self.saved: dict[StrategyId, bytes] = {}
        self.command_keys: dict[str, ev.CommandReceived] = {}
        self.mode = ""
        self.seed = 0
        self.symbols: list[str] = []
        self.incidents: dict[tuple[str, str], ev.IncidentOpened] = {}
        self.acknowledged: set[str] = set()

    def apply(self, event: ev.Event) -> None:
        """Fold one event."""
        fold.apply(self.account, event)
        self.ledger.apply(event)
        self.halts.apply(event)
        self._apply_control(event)

    def _apply_control(self, event: ev.Event) -> None:
        match event:
            case ev.JournalOpened():
                self.journal_id = JournalId(event.journal_id)
                self.mode = event.mode
            case ev.RunStarted():
                self.seed = event.seed
                self.symbols = event.symbols
            case ev.EpochTaken():
                self.epoch = max(self.epoch, event.epoch)
            case ev.IncidentOpened():
                self.incidents[event.kind, event.scope] = event
            case ev.IncidentClosed():
                self.incidents.pop((event.kind, event.scope), None)
                self.acknowledged.update(event.acknowledged)
            case ev.LimitsSet():
                self.limits = event.limits
            case ev.StrategySaved():
                self.saved[StrategyId(event.strategy)] = event.saved
            case ev.CommandReceived():
                self.command_keys[event.idempotency_key] = event
                if len(self.command_keys) > COMMAND_KEYS_KEPT:
                    del self.command_keys[next(iter(self.command_keys))]
            case _:
                pass

    def canonical(self, form: str = STATE_FORM) -> dict[str, Any]:
        """Give everything that the hash of a form covers, as plain sorted values."""
        added: dict[str, Any] = {}
        if form != EARLIER_FORM:
            added = {
                "contracts": self.account.contracts.canonical(),
                "protections": self.account.protections.canonical(),
                "quarantined": self.halts.quarantined,
                "incidents": [list(key) for key in sorted(self.incidents)],
            }
        return {
            **added,
            "form": form,
            "journal_id": self.journal_id,
            "epoch": self.epoch,
            "account": self.account.canonical(),
            "ledger": self.ledger.canonical(),
            "halts": self.halts.canonical(),
            "limits": self.limits,
            "saved": {name: self.saved[name].hex() for name in sorted(self.saved)},
            "commands": {
                key: self.command_keys[key].outcome for key in sorted(self.command_keys)
            },
        }

    def digest(self, form: str = STATE_FORM) -> str:
        """Hash the canonical values of a form."""
        data = msgspec.json.encode(self.canonical(form), order="deterministic")
        return hashlib.sha256(data).hexdigest()


def fold_records(records: Iterable[Record]) -> State | None:
    """Fold a whole journal; None when it has no record."""
    state: State | None = None
    for record in records:
        if state is None:
            state = State(record.header.account)
        state.apply(record.event)
    return state
