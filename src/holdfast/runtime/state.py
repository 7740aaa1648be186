"""The whole state as a fold of the journal, and its hash in the numbered form `state/1`.

It covers orders, reservations, positions, balances, lots, limits, halts and what strategies
saved; nothing of market data, latency, paths or the host. Live and reader fold the same way, so
equal journals give equal hashes (JNL-1).
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

STATE_FORM = "state/1"
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

    def canonical(self) -> dict[str, Any]:
        """Give everything that the hash covers, as plain sorted values."""
        return {
            "form": STATE_FORM,
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

    def digest(self) -> str:
        """Hash the canonical form."""
        data = msgspec.json.encode(self.canonical(), order="deterministic")
        return hashlib.sha256(data).hexdigest()


def fold_records(records: Iterable[Record]) -> State | None:
    """Fold a whole journal; None when it has no record."""
    state: State | None = None
    for record in records:
        if state is None:
            state = State(record.header.account)
        state.apply(record.event)
    return state
