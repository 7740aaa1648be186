"""Events become arrays and come back; what is not known in full is refused."""

from typing import Any

import msgspec
import pytest

from holdfast.domain import events as ev
from holdfast.errors import JournalCorrupt, JournalNewer
from holdfast.journal.codec import Upcaster, decode, encode
from tests.unit.journal.kit import ended

HALTED = ev.StrategyHalted("trend", "raised")


def test_an_event_is_an_array_of_its_fields_in_their_order() -> None:
    assert msgspec.msgpack.decode(encode(HALTED)) == ["trend", "raised"]


def test_an_event_comes_back_equal() -> None:
    saved = ev.StrategySaved("trend", b"\x00\xff")
    assert decode(saved.TYPE, encode(saved)) == saved


def test_the_order_in_which_a_map_was_filled_does_not_reach_the_bytes() -> None:
    one = ev.LimitsSet({"a": {"x": 1, "y": 2}, "b": {}}, "me", "start")
    other = ev.LimitsSet({"b": {}, "a": {"y": 2, "x": 1}}, "me", "start")
    assert encode(one) == encode(other)


@pytest.mark.parametrize("kind", ["order.imagined/1", "run.ended/2", ""])
def test_an_unknown_type_or_version_is_refused_by_number_and_name(kind: str) -> None:
    with pytest.raises(JournalNewer, match=f"record 7 has type '{kind}'"):
        decode(kind, encode(ended(1)), seq=7)


def test_more_fields_than_known_are_refused_instead_of_dropped() -> None:
    body = msgspec.msgpack.encode(["reason", "of a later version"])
    with pytest.raises(JournalNewer, match=r"record 3 \(run.ended/1\) has more fields"):
        decode("run.ended/1", body, seq=3)


def test_more_fields_than_known_are_refused_in_a_long_array_too() -> None:
    known = len(ev.OrderFilled.__struct_fields__)
    body = msgspec.msgpack.encode([""] * (known + 1))
    with pytest.raises(JournalNewer, match="more fields"):
        decode(ev.OrderFilled.TYPE, body)


def test_a_field_that_was_appended_with_a_default_is_absent_in_older_records() -> None:
    refused = ev.IntentRefused("s", "BTCUSDT", "buy", "1", "2", "intent", [], 1, 5)
    older = msgspec.msgpack.encode(msgspec.to_builtins(refused)[:-1])
    assert decode(refused.TYPE, older) == refused


@pytest.mark.parametrize("body", [b"", b"\x91", b"\xc1", b"\x91\x05", b"\x90", b"\x91\xa1\xff"])
def test_bytes_that_are_no_such_event_are_named(body: bytes) -> None:
    with pytest.raises(JournalCorrupt, match=r"record 9 \(run.ended/1\) cannot be decoded"):
        decode("run.ended/1", body, seq=9)


def test_older_versions_are_lifted_step_by_step() -> None:
    def name_the_scope(fields: list[Any]) -> list[Any]:
        return ["account", *fields]

    def add_the_reason(fields: list[Any]) -> list[Any]:
        return [*fields, "not recorded then"]

    steps: dict[str, Upcaster] = {
        "trading.stopped/1": ("trading.stopped/2", name_the_scope),
        "trading.stopped/2": ("trading.paused/1", add_the_reason),
    }
    body = msgspec.msgpack.encode(["operator"])
    paused = decode("trading.stopped/1", body, upcasters=steps)
    assert paused == ev.TradingPaused("account", "operator", "not recorded then")
