"""Trading through each fault of the exchange: what is true there is in the journal (XCH-5)."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from holdfast.domain.events import (
    Event,
    OrderAcked,
    OrderAdopted,
    OrderApproved,
    OrderDoubted,
    OrderFilled,
    OrderRejected,
    ReconciliationCompleted,
)
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.verify import verify
from tests.scenario.kit import QUOTES, TREND, exchange, holdfast, pairs, totals, truth

LENGTH = "90s"
MANY = 5
CONNECTED = "the user stream connected"
Kind = TypeVar("Kind", bound=Event)


class Told:
    """A run through faults: what the trader wrote, and what the exchange knows."""

    def __init__(self, result: dict[str, Any], events: list[Event], told: dict[str, Any]):
        self.result = result
        self.events = events
        self.told = told

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Give the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


def entry(kind: str, *, after: int = 3, count: int = MANY, probability: float = 0.5) -> str:
    """Write one entry of a faults file."""
    return (
        f'[[fault]]\nkind = "{kind}"\nafter = {after}\ncount = {count}\n'
        f"probability = {probability}\n"
    )


KINDS = (
    "order_answer_lost",
    "order_unknown_1007",
    "order_503",
    "disconnect_market",
    "disconnect_user",
    "depth_gap",
    "duplicate_user_event",
    "event_before_ack",
)
FAULTS = {kind: entry(kind) for kind in KINDS} | {
    "disconnect_market": entry("disconnect_market", after=500, count=3, probability=0.01),
    "disconnect_user": entry("disconnect_user", count=3),
    "depth_gap": entry("depth_gap", after=50, count=3, probability=0.1),
}


def trade(faults: str, cwd: Path, *, speed: str, length: str = LENGTH) -> Told:
    """Trade for a while through faults, and ask both sides."""
    (cwd / "faults.toml").write_text(faults)
    serving = ("--seed", "3", "--speed", speed, "--faults", "faults.toml")
    with exchange(*serving, cwd=cwd) as url:
        result = holdfast(
            "run", "--venue-url", url, "--journal", "j.db", "--for", length, "--json",
            *pairs([TREND, QUOTES], "--strategy"), cwd=cwd,
        ).json  # fmt: skip
        told = truth(url)
        with urllib.request.urlopen(f"{url}/sim/status", timeout=10) as answer:
            told["faults"] = json.load(answer)["faults"]
    store = SqliteStore.open(cwd / "j.db", read_only=True)
    try:
        return Told(result, [record.event for record in store.read()], told)
    finally:
        store.close()


def hold(run: Told, cwd: Path) -> None:
    """Hold the journal against the exchange's own account."""
    state = holdfast("journal", "state", "j.db", "--json", cwd=cwd).json
    assert verify(cwd / "j.db").head == run.result["journal"]["head"]
    assert state["state_hash"] == run.result["journal"]["state_hash"]
    assert state["balances"] == totals(run.told)
    assert state["open_orders"] == run.told["open_order_ids"] == []
    sent = [order["clientOrderId"] for order in run.told["orders"]]
    assert len(sent) == len(set(sent)), "an order reached the exchange twice"
    approved = {event.client_order_id for event in run.of(OrderApproved)}
    assert set(sent) <= approved, "an order reached the exchange unrecorded"
    assert run.of(OrderAdopted) == []
    booked = [(event.symbol, event.exec_id) for event in run.of(OrderFilled)]
    assert len(booked) == len(set(booked)), "a fill was booked twice"
    assert {exec_id for _, exec_id in booked} == {str(t["id"]) for t in run.told["trades"]}
    assert booked
    assert run.result["orders"]["unknown"] == 0
    assert run.of(ReconciliationCompleted)[-1].clean


def _resolved(run: Told) -> None:
    """Every order in doubt got an answer of the venue, and none was sent again."""
    doubted = {event.client_order_id for event in run.of(OrderDoubted)}
    acked = {event.client_order_id for event in run.of(OrderAcked)}
    rejected = {event.client_order_id for event in run.of(OrderRejected)}
    assert doubted
    assert doubted <= acked | rejected


def _asked(run: Told) -> None:
    """Every order in doubt was asked for, because no stream ever spoke of it."""
    _resolved(run)
    assert any("in doubt" in event.trigger for event in run.of(ReconciliationCompleted))


def _compared(run: Told) -> None:
    """Each regained user stream was compared, and trading went on after it."""
    triggers = [event.trigger for event in run.of(ReconciliationCompleted)]
    assert triggers.count(CONNECTED) >= 2
    last = max(
        number
        for number, event in enumerate(run.events)
        if isinstance(event, ReconciliationCompleted) and event.trigger == CONNECTED
    )
    assert any(isinstance(event, OrderApproved) for event in run.events[last:])


def _synchronised(run: Told) -> None:
    """The book was thrown away and built anew."""
    assert run.result["market"]["resyncs"] >= 1


def _unmoved(run: Told) -> None:
    """Nothing had to be asked for: the reports said everything, in whatever order."""
    triggers = [event.trigger for event in run.of(ReconciliationCompleted)]
    assert [t for t in triggers if t != "every 30 s"] == ["start", "stop"]


CHECKS: dict[str, Callable[[Told], None]] = {
    "order_answer_lost": _unmoved,
    "order_unknown_1007": _resolved,
    "order_503": _asked,
    "disconnect_market": _synchronised,
    "disconnect_user": _compared,
    "depth_gap": _synchronised,
    "duplicate_user_event": _unmoved,
    "event_before_ack": _unmoved,
}


LENGTHS = {"disconnect_user": "600s"}
"""At full speed the market runs far while a connection is opened again in real time."""


@pytest.mark.parametrize("kind", KINDS)
def test_after_a_fault_the_journal_has_what_the_exchange_has(kind: str, tmp_path: Path) -> None:
    run = trade(FAULTS[kind], tmp_path, speed="max", length=LENGTHS.get(kind, LENGTH))
    hold(run, tmp_path)
    assert run.told["faults"][kind] > 0
    CHECKS[kind](run)


def test_all_faults_together_at_twenty_times_the_speed_lose_nothing(tmp_path: Path) -> None:
    run = trade("\n".join(FAULTS.values()), tmp_path, speed="20")
    hold(run, tmp_path)
    assert set(run.told["faults"]) == set(KINDS)
    _compared(run)
