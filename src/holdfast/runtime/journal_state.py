"""Read a journal without its trader: its state by the same fold, its records one a line."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from holdfast.domain.events import BarrierPassed
from holdfast.domain.money import amount_text
from holdfast.errors import InvariantBroken, JournalError
from holdfast.journal.show import record_as_dict
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.tail import follow
from holdfast.journal.verify import verify
from holdfast.runtime.result import positions_of
from holdfast.runtime.state import EARLIER_FORM, STATE_FORM, State

_POLL_S = 0.25


def read_state(path: Path) -> dict[str, Any]:
    """Verify and fold a journal; gives the answer of `holdfast journal state --json`."""
    states: list[State] = []

    def fold(record: Any) -> None:
        if not states:
            states.append(State(record.header.account))
        if isinstance(record.event, BarrierPassed):
            _hold(states[0], record.event, path=path, seq=record.header.seq)
        states[0].apply(record.event)

    verified = verify(path, each=fold)
    if not states:
        raise JournalError(f"journal {path} holds no record yet")
    state = states[0]
    return {
        "schema": "journal-state/1",
        "path": str(path),
        "events": verified.events,
        "head": verified.head,
        "form": STATE_FORM,
        "state_hash": state.digest(),
        "epoch": state.epoch,
        "mode": state.mode,
        "positions": positions_of(state, {}),
        "open_orders": sorted(state.account.orders),
        "balances": {
            asset: amount_text(state.account.balances[asset])
            for asset in sorted(state.account.balances)
        },
    }


def _hold(state: State, barrier: BarrierPassed, *, path: Path, seq: int) -> None:
    """Compare the fold with the hash that the trader had at a barrier."""
    if barrier.form not in (STATE_FORM, EARLIER_FORM):
        return
    if barrier.state_hash != state.digest(barrier.form):
        raise InvariantBroken(
            f"journal {path}: the state before record {seq} folds to another hash than the "
            "trader had; its records are whole, so this is a bug: please report it"
        )


def show_lines(path: Path, *, kind: str | None, follow_on: bool) -> Iterator[str]:
    """Give records as JSON lines, all or of one type (with or without its version)."""
    idle = threading.Event()
    if follow_on:
        records = follow(path, lambda: not idle.wait(_POLL_S))
    else:
        records = SqliteStore.open(path, read_only=True).read()
    for record in records:
        name = record.header.type
        if kind is None or kind in (name, name.partition("/")[0]):
            yield json.dumps(record_as_dict(record), separators=(",", ":"))
