"""A record as one object that JSON can carry."""

import json

from holdfast.domain import events as ev
from holdfast.domain.approval import Refusal
from holdfast.domain.event import Header, Record
from holdfast.domain.ids import AccountId, Epoch, Shard
from holdfast.domain.instant import UtcNs
from holdfast.journal.show import record_as_dict


def _record(event: ev.Event) -> Record:
    at_ns = UtcNs(1_700_000_000_000_000_042)
    return Record(Header(7, AccountId("main"), Shard(3), Epoch(2), event.TYPE, at_ns), event)


def test_a_record_shows_its_header_and_its_fields_by_name() -> None:
    shown = record_as_dict(_record(ev.RunEnded("end of data")))
    assert shown == {
        "seq": 7,
        "type": "run.ended/1",
        "recorded_at": "2023-11-14T22:13:20.000000042Z",
        "recorded_at_ns": 1_700_000_000_000_000_042,
        "account": "main",
        "shard": 3,
        "epoch": 2,
        "event": {"reason": "end of data"},
    }


def test_structs_inside_an_event_show_their_fields_by_name_too() -> None:
    refusal = Refusal("notional", "too large", "200", "100")
    event = ev.IntentRefused("s", "BTCUSDT", "buy", "1", "2", "intent", [refusal], 1, 5)
    shown = record_as_dict(_record(event))["event"]
    assert shown["refusals"] == [
        {"gate": "notional", "reason": "too large", "asked": "200", "limit": "100"}
    ]


def test_bytes_become_base64_and_the_whole_is_json() -> None:
    shown = record_as_dict(_record(ev.StrategySaved("trend", b"\x00\xff")))
    assert json.loads(json.dumps(shown))["event"]["saved"] == "AP8="
