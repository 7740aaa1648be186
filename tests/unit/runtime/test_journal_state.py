"""A journal read without its trader: the same state, or the name of where it is not."""

import json
from pathlib import Path

import pytest

from holdfast.domain import events as ev
from holdfast.domain.events import Event
from holdfast.domain.ids import AccountId
from holdfast.errors import InvariantBroken, JournalError
from holdfast.journal.sqlite import SqliteStore
from holdfast.runtime.journal_state import read_state, show_lines
from holdfast.runtime.state import STATE_FORM, State
from holdfast.testing.happenings import acked, approved, filled, opening
from holdfast.testing.market import instrument
from tests.unit.journal.kit import journal_on

BTC = instrument()
FIRST = approved(BTC, "buy", client_order_id="A1", quantity="2")
STORY: list[Event] = [
    ev.JournalOpened("TEST1", "sim", "main", "paper", STATE_FORM),
    *opening(BTC, balances={"USDT": "1000"}),
    FIRST,
    acked(FIRST),
    filled(FIRST, "1", quantity="1"),
]


def write(path: Path, events: list[Event]) -> tuple[Path, str]:
    """Write a journal; gives its path and the hash of the state that it leads to."""
    journal = journal_on(SqliteStore.create(path))
    state = State(AccountId("main"))
    for event in events:
        journal.put(event)
        state.apply(event)
    journal.close()
    return path, state.digest()


def test_the_state_is_folded_from_the_bytes(tmp_path: Path) -> None:
    path, state_hash = write(tmp_path / "j.db", STORY)
    answer = read_state(path)
    assert answer["schema"] == "journal-state/1"
    assert (answer["events"], answer["form"], answer["state_hash"]) == (
        len(STORY), STATE_FORM, state_hash,
    )  # fmt: skip
    assert answer["open_orders"] == ["A1"]
    assert answer["balances"] == {"BTC": "1", "USDT": "900"}
    assert [p["quantity"] for p in answer["positions"]] == ["1"]
    assert json.loads(json.dumps(answer)) == answer


def test_a_barrier_with_the_right_hash_holds(tmp_path: Path) -> None:
    _, state_hash = write(tmp_path / "before.db", STORY)
    told = [*STORY, ev.BarrierPassed(STATE_FORM, state_hash), ev.RunEnded("done")]
    path, _ = write(tmp_path / "j.db", told)
    assert read_state(path)["events"] == len(told)


def test_a_barrier_with_another_hash_is_named(tmp_path: Path) -> None:
    told = [*STORY, ev.BarrierPassed(STATE_FORM, "0" * 64), ev.RunEnded("done")]
    path, _ = write(tmp_path / "j.db", told)
    with pytest.raises(InvariantBroken, match=f"before record {len(STORY) + 1} folds"):
        read_state(path)


def test_a_barrier_of_another_form_is_not_compared(tmp_path: Path) -> None:
    path, _ = write(tmp_path / "j.db", [*STORY, ev.BarrierPassed("state/0", "0" * 64)])
    assert read_state(path)["events"] == len(STORY) + 1


def test_an_empty_journal_has_no_state(tmp_path: Path) -> None:
    SqliteStore.create(tmp_path / "j.db").close()
    with pytest.raises(JournalError, match="no record yet"):
        read_state(tmp_path / "j.db")


def test_records_are_shown_one_a_line_and_by_their_type(tmp_path: Path) -> None:
    path, _ = write(tmp_path / "j.db", STORY)
    lines = [json.loads(line) for line in show_lines(path, kind=None, follow_on=False)]
    assert [line["seq"] for line in lines] == list(range(1, len(STORY) + 1))
    for kind in ("order.filled", "order.filled/1"):
        assert len(list(show_lines(path, kind=kind, follow_on=False))) == 1
    assert list(show_lines(path, kind="order", follow_on=False)) == []
