"""The same events give the same journal, however they were grouped, driven or interrupted."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.domain.event import Record
from holdfast.domain.events import CATALOGUE, Event
from holdfast.domain.ids import Shard
from holdfast.errors import JournalError
from holdfast.journal.chain import Row
from holdfast.journal.codec import decode, encode
from holdfast.journal.show import record_as_dict
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.store import Store
from holdfast.journal.writer import InlineWriter, Journal, ThreadWriter
from holdfast.testing.clock import ManualClock
from tests.unit.journal.kit import ACCOUNT, OPENED, MemoryStore

STEP_NS = 1_000_003


def _values(kind: Any) -> st.SearchStrategy[Any]:
    if isinstance(kind, msgspec.inspect.DictType):
        return st.dictionaries(st.text(max_size=8), _values(kind.value_type), max_size=4)
    if isinstance(kind, msgspec.inspect.AnyType):
        return st.one_of(st.text(max_size=5), st.integers(-(2**63), 2**64 - 1), st.booleans())
    if isinstance(kind, msgspec.inspect.ListType):
        return st.lists(_values(kind.item_type), max_size=4)
    if isinstance(kind, msgspec.inspect.StructType):
        return st.builds(kind.cls, *(_values(field.type) for field in kind.fields))
    plain: dict[type, st.SearchStrategy[Any]] = {
        msgspec.inspect.StrType: st.text(max_size=20),
        msgspec.inspect.IntType: st.integers(-(2**63), 2**64 - 1),
        msgspec.inspect.BoolType: st.booleans(),
        msgspec.inspect.BytesType: st.binary(max_size=20),
    }
    return plain[type(kind)]


EVENTS: st.SearchStrategy[Event] = st.sampled_from(sorted(CATALOGUE)).flatmap(
    lambda name: _values(msgspec.inspect.type_info(CATALOGUE[name]))
)
STEPS = st.lists(st.tuples(EVENTS, st.integers(0, 19), st.booleans()), min_size=1, max_size=30)


@given(event=EVENTS)
def test_every_event_comes_back_equal_and_can_be_shown(event: Event) -> None:
    body = encode(event)
    assert decode(event.TYPE, body) == event
    assert encode(decode(event.TYPE, body)) == body
    assert msgspec.json.encode(record_as_dict(_record(event)))


def _record(event: Event) -> Record:
    store = MemoryStore()
    run(store, Journal, steps=[(event, 0, True)], regroup=lambda _: True)
    return list(store.read())[-1]


@given(body=st.binary(max_size=60), name=st.sampled_from(sorted(CATALOGUE)))
def test_foreign_bytes_are_an_event_or_one_clear_refusal(body: bytes, name: str) -> None:
    try:
        event = decode(name, body, seq=5)
    except JournalError as refusal:
        said = str(refusal)
    else:
        said = f"record 5 {event.TYPE}"
    assert said.startswith("record 5")


def run(store: Store, kind: Any, *, steps: Any, regroup: Any, **more: Any) -> None:
    """Write the steps with one driver; `regroup` decides after which of them is drained."""
    clock = ManualClock()
    journal = kind(store, clock, account=ACCOUNT, durable_callback=lambda _: None, **more)
    journal.put(OPENED)
    for event, shard, drains in steps:
        clock.wait(STEP_NS)
        journal.put(event, Shard(shard))
        if regroup(drains):
            journal.wake() if kind is ThreadWriter else journal.drain()
    journal.close()


def _rows(steps: Any, kind: Any, *, regroup: Any, **more: Any) -> list[Row]:
    store = MemoryStore()
    run(store, kind, steps=steps, regroup=regroup, **more)
    return store.rows


@settings(max_examples=60)
@given(steps=STEPS)
def test_groups_threads_and_drivers_leave_no_trace(steps: Any) -> None:
    alone = _rows(steps, Journal, regroup=lambda _: True)
    assert _rows(steps, Journal, regroup=lambda drains: drains) == alone
    assert _rows(steps, InlineWriter, regroup=lambda drains: drains) == alone
    posted: list[Any] = []
    threaded = _rows(
        steps, ThreadWriter, regroup=lambda drains: drains,
        post=lambda *call: posted.append(call), failed_callback=posted.append,
    )  # fmt: skip
    assert threaded == alone
    assert all(call[1] <= len(alone) for call in posted)


@settings(max_examples=20)
@given(steps=STEPS, cut=st.integers(0, 30))
def test_closing_and_going_on_leaves_no_trace(
    tmp_path_factory: Any, steps: Any, cut: int
) -> None:
    whole = _rows(steps, Journal, regroup=lambda drains: drains)
    path = tmp_path_factory.mktemp("cut") / "j"
    store = SqliteStore.create(path)
    rows = iter(whole)
    first = [row for _, row in zip(range(cut), rows, strict=False)]
    if first:
        store.append(first)
    store.close()
    store = SqliteStore.open(path)
    for row in rows:
        store.append([row])
    memory = MemoryStore()
    memory.rows = whole
    assert list(store.read()) == list(memory.read())
    assert store.head() == memory.head()
    store.close()


@given(steps=STEPS, change=st.integers(0, 29), other=EVENTS)
def test_another_event_anywhere_is_another_head(steps: Any, change: int, other: Event) -> None:
    index = change % len(steps)
    event, shard, drains = steps[index]
    changed = [*steps[:index], (other, shard, drains), *steps[index + 1 :]]
    before = _rows(steps, Journal, regroup=lambda drains: drains)
    after = _rows(changed, Journal, regroup=lambda drains: drains)
    same = (event.TYPE, encode(event)) == (other.TYPE, encode(other))
    assert (before[-1][7] == after[-1][7]) == same
    assert before[: index + 1] == after[: index + 1]
