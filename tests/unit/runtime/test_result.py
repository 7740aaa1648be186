"""The `run/1` object, field by field, as the command line promises it."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.event import Header, Record
from holdfast.domain.events import Event
from holdfast.domain.ids import AccountId, Epoch, Shard
from holdfast.domain.instant import NS_PER_US, UtcNs
from holdfast.runtime import run
from holdfast.runtime.latency import Latency
from holdfast.runtime.result import positions_of, run_result, tally
from holdfast.runtime.state import State
from holdfast.testing.happenings import (
    acked,
    approved,
    canceled,
    doubted,
    filled,
    opening,
    rejected,
    withheld,
)
from holdfast.testing.market import instrument

BTC = instrument()
MARKET = {
    "messages": 10, "trades": 2, "depth_updates": 3, "gaps": 0, "resyncs": 1, "max_age_ms": 7,
}  # fmt: skip
JOURNAL = {"path": "j.db", "events": 9, "head": "ab", "state_hash": "cd", "verified": True}


def order(name: str, side: str = "buy", quantity: str = "1") -> ev.OrderApproved:
    return approved(BTC, side, client_order_id=name, quantity=quantity, price="100")


BOUGHT, SOLD = order("A1", quantity="3"), order("A2", "sell")
STORY: list[Event] = [
    ev.JournalOpened("TEST1", "sim", "demo", "paper", "state/1"),
    ev.RunStarted("paper", 7, ["BTCUSDT"], [], "1", []),
    *opening(BTC, balances={"USDT": "1000", "BTC": "2"}),
    ev.MarkRecorded("BTCUSDT", "100", "mid", 0),
    BOUGHT,
    acked(BOUGHT),
    filled(BOUGHT, "1", quantity="1", price="100", fee="0.1"),
    filled(BOUGHT, "2", quantity="2", price="103"),
    SOLD,
    acked(SOLD),
    filled(SOLD, "3", quantity="1", price="110"),
    *(order("A3"), rejected(order("A3"))),
    *(order("A4"), withheld(order("A4"))),
    *(order("A5"), acked(order("A5")), canceled(order("A5"))),
    *(order("A6"), doubted(order("A6"))),
    *(order("A7"), doubted(order("A7")), acked(order("A7"))),
    ev.IntentRefused("trend", "BTCUSDT", "buy", "1", "0", "intent", [], 4, 0),
    ev.MarkRecorded("BTCUSDT", "120", "mid", 0),
]


def records(events: Iterable[Event]) -> list[Record]:
    return [
        Record(Header(seq, AccountId("demo"), Shard(0), Epoch(1), event.TYPE, UtcNs(0)), event)
        for seq, event in enumerate(events, 1)
    ]


def result(events: list[Event], *, latency: Latency | None = None) -> dict[str, Any]:
    state = State(AccountId("demo"))
    for event in events:
        state.apply(event)
    return run_result(
        state=state,
        counted=tally(records(events)),
        strategies=["trend"],
        market=MARKET,
        journal=JOURNAL,
        latency=latency,
        report="r.html",
    )


def test_it_has_the_fields_of_the_contract_in_their_order() -> None:
    told = result(STORY, latency=Latency())
    assert list(told) == [
        "schema", "mode", "seed", "strategies", "symbols", "orders", "fills", "volume_quote",
        "positions", "pnl", "market", "journal", "latency_us", "report",
        "movements", "foreign", "incidents", "quarantined", "stops",
    ]  # fmt: skip
    assert (told["schema"], told["mode"], told["seed"]) == ("run/1", "paper", 7)
    assert (told["strategies"], told["symbols"]) == (["trend"], ["BTCUSDT"])
    assert told["market"] == MARKET
    assert told["journal"] == JOURNAL
    assert told["report"] == "r.html"
    assert json.loads(json.dumps(told)) == told


def test_the_last_line_of_a_run_says_what_stays_open_at_the_venue() -> None:
    bought = order("B1", quantity="3")
    stop = msgspec.structs.replace(
        order("B2", "sell", "3"),
        order_type="stop_market",
        purpose="protective",
        trigger_price="90",
        price="0",
    )
    story: list[Event] = [
        *STORY[:5],
        *(bought, acked(bought), filled(bought, "1", quantity="3", price="100")),
        *(stop, acked(stop)),
    ]
    told = result(story, latency=Latency())
    assert [
        (one["symbol"], one["quantity"], one["trigger_price"]) for one in told["stops"]
    ] == [("BTCUSDT", "3", "90")]
    last = run._summary(told).splitlines()[-1]
    assert last.startswith("stays open at the venue: 3 BTCUSDT of ")
    assert last.endswith("sell 3 BTCUSDT at 90")
    flat = run._summary(told | {"positions": [], "stops": []}).splitlines()[-1]
    assert flat == "stays open at the venue: no position and no stop"
    assert "stays open" not in run._summary(told | {"mode": "replay"})


def test_what_nobody_here_ordered_is_shown() -> None:
    told = result(
        [
            *STORY,
            ev.FundingPaid("1", "BTCUSDT", "USDT", "-0.5", 1),
            ev.FundingPaid("2", "BTCUSDT", "USDT", "0.2", 1),
            ev.IncidentOpened("liquidation", "BTCUSDT", "order autoclose-1"),
            ev.SymbolQuarantined("BTCUSDT", "no agreement", 20, []),
        ]
    )
    assert told["movements"] == {"FUNDING_FEE USDT": "-0.3"}
    assert told["incidents"] == [
        {"kind": "liquidation", "scope": "BTCUSDT", "reason": "order autoclose-1"}
    ]
    assert told["quarantined"] == ["BTCUSDT"]


def test_orders_are_counted_by_what_became_of_them() -> None:
    assert result(STORY)["orders"] == {
        "submitted": 6, "acked": 4, "rejected": 1, "unknown": 1, "filled": 2, "canceled": 1,
        "refused": 5,
    }  # fmt: skip
    assert list(result(STORY)["orders"]) == [
        "submitted", "acked", "rejected", "unknown", "filled", "canceled", "refused",
    ]  # fmt: skip


def test_a_doubt_that_came_after_the_ack_is_not_unknown() -> None:
    told = [*STORY, doubted(order("A7"))]
    assert result(told)["orders"]["unknown"] == 1


def test_an_order_whose_end_is_known_is_no_longer_unknown() -> None:
    lost, ended = order("A8"), canceled(order("A8"))
    assert result([*STORY, lost, doubted(lost)])["orders"]["unknown"] == 2
    assert result([*STORY, lost, doubted(lost), ended])["orders"]["unknown"] == 1
    filled_up = filled(lost, "7", quantity="1", price="100")
    assert result([*STORY, lost, doubted(lost), filled_up])["orders"]["unknown"] == 1


def test_fills_and_volume_are_exact() -> None:
    told = result(STORY)
    assert told["fills"] == 3
    assert told["volume_quote"] == "416"


def test_positions_have_their_average_mark_and_open_result_as_text() -> None:
    (position,) = result(STORY)["positions"]
    assert position == {
        "account": "demo", "strategy": "trend", "symbol": "BTCUSDT", "position_side": "both",
        "quantity": "2", "avg_price": "103", "mark": "120", "unrealized": "34",
    }  # fmt: skip


def test_without_a_mark_a_position_is_not_valued() -> None:
    state = State(AccountId("demo"))
    for event in STORY:
        state.apply(event)
    (position,) = positions_of(state, {})
    assert (position["mark"], position["unrealized"]) == ("", "")


def test_profit_and_loss_are_texts_that_add_up() -> None:
    pnl = result(STORY)["pnl"]
    assert list(pnl) == [
        "realized",
        "unrealized",
        "fees",
        "funding",
        "net",
        "currency",
        "other",
    ]
    assert all(isinstance(value, str) for value in pnl.values())
    assert (pnl["fees"], pnl["funding"], pnl["currency"]) == ("0.1", "0", "USDT")
    assert float(pnl["net"]) == (
        float(pnl["realized"]) + float(pnl["unrealized"]) - float(pnl["fees"])
    )


def test_latency_is_null_in_replay_and_counts_elsewhere() -> None:
    assert result(STORY)["latency_us"] is None
    nothing = result(STORY, latency=Latency())["latency_us"]
    assert nothing == {"tick_to_order": {"p50": None, "p99": None, "n": 0}}
    latency = Latency()
    for _ in range(3):
        latency.add(100 * NS_PER_US)
    measured = result(STORY, latency=latency)["latency_us"]["tick_to_order"]
    assert list(measured) == ["p50", "p99", "n"]
    assert measured["n"] == 3
    assert 100 <= measured["p50"] <= measured["p99"]


def test_an_adopted_order_is_filled_once() -> None:
    adopted = ev.OrderAdopted(
        "A9", "V9", "unattributed", "BTCUSDT", "spot", "buy", "limit", "gtc", "2", "100",
        "both", False, "entry", "USDT", "200", "found",
    )  # fmt: skip
    like = order("A9", quantity="2")
    told = [*STORY, adopted, filled(like, "8", quantity="1"), filled(like, "9", quantity="1")]
    assert result(told)["orders"]["filled"] == result(STORY)["orders"]["filled"] + 1
