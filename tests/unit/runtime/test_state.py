"""The state's hash: equal for equal journals, moved by all it covers, and by nothing else."""

import msgspec
import pytest

from holdfast.domain import events as ev
from holdfast.domain.events import Event
from holdfast.domain.ids import AccountId
from holdfast.runtime.state import EARLIER_FORM, STATE_FORM, State, fold_records
from holdfast.testing.happenings import (
    accepted,
    acked,
    approved,
    canceled,
    doubted,
    filled,
    opening,
)
from holdfast.testing.market import instrument
from tests.unit.journal.kit import MemoryStore, journal_on

BTC = instrument()
ORDER = approved(BTC, "buy", client_order_id="A1", quantity="2", price="100")
STORY: list[Event] = [
    ev.JournalOpened("TEST1", "sim", "demo", "paper", STATE_FORM),
    ev.EpochTaken(1, [0], "started"),
    ev.RunStarted("paper", 1, ["BTCUSDT"], [], "1", []),
    *opening(BTC, balances={"USDT": "1000", "BTC": "5"}),
    ev.LimitsSet({"a": 1}, "me", "test"),
    ev.MarkRecorded("BTCUSDT", "100", "mid", 0),
    ORDER,
    acked(ORDER),
]
MOVES = {
    "orders": approved(BTC, "buy", client_order_id="A2"),
    "a doubt": doubted(approved(BTC, "buy", client_order_id="A2")),
    "fills": filled(ORDER, "1"),
    "endings": canceled(ORDER),
    "cancels": ev.CancelRequested("A1", "trend", "BTCUSDT", ""),
    "reservations": accepted(BTC, "buy", intent_id="i1", quantity="1", price="100"),
    "balances": ev.BalanceAdjusted("USDT", "1", "1", "USDT", "venue"),
    "limits": ev.LimitsSet({"a": 2}, "me", "test"),
    "pauses": ev.TradingPaused("account", "me", "lunch"),
    "halts": ev.StrategyHalted("trend", "raised"),
    "saved state": ev.StrategySaved("trend", b"1"),
    "commands": ev.CommandReceived("pause", "me", "x", "k1", {}, "done"),
    "epochs": ev.EpochTaken(2, [0], "resumed"),
    "reconciled executions": ev.ReconciliationCompleted(
        "start", 0, 0, [], True, {"BTCUSDT": "7"}
    ),
}
STAYS: dict[str, Event] = {
    "marks": ev.MarkRecorded("BTCUSDT", "101", "mid", 0),
    "a run's end": ev.RunEnded("done"),
    "the version and notes of a run": ev.RunStarted("paper", 1, ["BTCUSDT"], ["x"], "2", ["n"]),
    "refusals": ev.IntentRefused("trend", "BTCUSDT", "buy", "1", "0", "intent", [], 1, 0),
    "a strange order": ev.ForeignOrderSeen("web", "9", "BTCUSDT", "buy", "1", "NEW", False),
    "barriers": ev.BarrierPassed(STATE_FORM, "x"),
}


def state_of(events: list[Event]) -> State:
    state = State(AccountId("demo"))
    for event in events:
        state.apply(event)
    return state


def test_equal_journals_have_equal_hashes() -> None:
    assert state_of(STORY).digest() == state_of(STORY).digest()
    assert len(state_of(STORY).digest()) == 64


@pytest.mark.parametrize("what", [name for name in MOVES if name != "a doubt"])
def test_everything_that_the_hash_covers_moves_it(what: str) -> None:
    assert state_of([*STORY, MOVES[what]]).digest() != state_of(STORY).digest()


def test_an_unknown_order_moves_it() -> None:
    sent = [*STORY, MOVES["orders"]]
    assert state_of([*sent, MOVES["a doubt"]]).digest() != state_of(sent).digest()


@pytest.mark.parametrize("what", list(STAYS))
def test_what_it_does_not_cover_leaves_it(what: str) -> None:
    assert state_of([*STORY, STAYS[what]]).digest() == state_of(STORY).digest()


def test_a_pause_and_its_resume_leave_no_trace() -> None:
    both = [ev.TradingPaused("account", "me", "x"), ev.TradingResumed("account", "me", "x")]
    assert state_of([*STORY, *both]).digest() == state_of(STORY).digest()


def test_the_form_is_numbered_and_plain() -> None:
    canonical = state_of([*STORY, *MOVES.values()]).canonical()
    assert canonical["form"] == STATE_FORM == "state/2"
    text = msgspec.json.encode(canonical, order="deterministic")
    read = msgspec.json.decode(text)
    assert msgspec.json.encode(read, order="deterministic") == text


def test_the_form_before_is_computed_too_and_knows_nothing_of_margin() -> None:
    margin = [
        ev.FundingPaid("1", "BTCUSDT", "USDT", "0", 5),
        ev.IncidentOpened("liquidation", "BTCUSDT", "x"),
        ev.SymbolQuarantined("BTCUSDT", "x", 20, []),
    ]
    before, after = state_of(STORY), state_of([*STORY, *margin])
    assert before.digest(EARLIER_FORM) == after.digest(EARLIER_FORM)
    assert before.digest() != after.digest()
    assert list(before.canonical(EARLIER_FORM)) == [
        "form", "journal_id", "epoch", "account", "ledger", "halts", "limits", "saved",
        "commands",
    ]  # fmt: skip


def test_folding_the_bytes_gives_the_hash_that_was_live() -> None:
    store = MemoryStore()
    journal = journal_on(store)
    live = State(AccountId("main"))
    for event in [*STORY, *MOVES.values(), *STAYS.values()]:
        journal.put(event)
        live.apply(event)
    journal.drain()
    folded = fold_records(store.read())
    assert folded is not None
    assert folded.digest() == live.digest()
    assert fold_records(MemoryStore().read()) is None
