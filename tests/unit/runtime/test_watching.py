"""What is looked at four times a second: the journal's lag, and what the screens are told."""

import asyncio
import os

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.intent import Buy
from holdfast.execution.ownership import ACCOUNT, ANOTHER
from holdfast.risk.halt import UNRECONCILED
from holdfast.runtime.pulse import Pulse
from holdfast.runtime.run import shortcomings
from holdfast.runtime.watching import (
    LAG_LIMIT_NS,
    LAG_SAID_AFTER_LOOKS,
    LAGGING,
    SAID_AFTER_LOOKS,
    Watching,
    said_of,
)
from tests.unit.runtime.kit import Floor, Watcher


def look(floor: Floor, *, times: int = 1) -> list[Pulse]:
    """Let a watcher look, and give what it told."""

    async def story() -> list[Pulse]:
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb", buffering=0) as pipe, os.fdopen(reading, "rb") as read:
            watching = Watching(floor.node, floor.trader, pipe=pipe)
            for _ in range(times):
                watching.start()
            watching.close()
            pipe.close()
            return [msgspec.json.decode(line, type=Pulse) for line in read]

    return asyncio.run(story())


def test_a_pulse_tells_market_status_and_journal() -> None:
    floor = Floor(one=Watcher()).open()
    first, last = look(floor)
    assert (first.seq, last.seq) == (1, 2)
    assert (first.mode, first.status) == ("paper", "trading")
    assert (first.feeds[0].bid, first.feeds[0].ask) == ("100", "100.01")
    assert first.feeds[0].age_ms == 0
    assert first.journal_events == first.journal_durable == len(floor.put)
    assert first.p50_us is None


def test_before_the_first_price_there_is_none() -> None:
    first, _ = look(Floor())
    assert (first.feeds[0].bid, first.feeds[0].age_ms, first.feeds[0].healthy) == (
        "",
        -1,
        False,
    )
    assert first.status == "not reconciled: the venue was not asked yet"


def test_a_comparison_that_takes_long_is_said_once_with_the_order_it_waits_for() -> None:
    floor = Floor(one=Watcher()).open()
    told: list[str] = []
    floor.node.tell = told.append
    halts = floor.node.state.halts
    halts.block(UNRECONCILED, "BTCUSDT: order X is in doubt")
    assert look(floor, times=SAID_AFTER_LOOKS)[-1].status.endswith("order X is in doubt")
    assert told == []
    look(floor, times=SAID_AFTER_LOOKS + 3)
    assert told == ["no new risk is taken: not reconciled: BTCUSDT: order X is in doubt"]


def test_a_pause_is_shown() -> None:
    floor = Floor(one=Watcher()).open()
    floor.node.recorder.decide(ev.TradingPaused("one", "me", "x"))
    assert look(floor)[0].status == "trading, a part is paused or halted"
    floor.node.recorder.decide(ev.TradingPaused("account", "me", "x"))
    assert look(floor)[0].status == "paused"


def test_new_risk_waits_while_the_journal_lags() -> None:
    floor = Floor(one=Watcher()).open()
    floor.node.recorder.decide(ev.TradingResumed("account", "me", "x"))
    floor.wait(LAG_LIMIT_NS + 1)
    look(floor)
    assert "wait for the disk" in floor.node.state.halts.blocks[LAGGING]
    floor.commit()
    look(floor)
    assert LAGGING not in floor.node.state.halts.blocks


def test_a_disk_that_is_behind_for_more_than_a_second_is_told_once_and_its_end() -> None:
    floor = Floor(one=Watcher()).open()
    lines: list[str] = []
    floor.node.tell = lines.append
    floor.node.recorder.decide(ev.TradingResumed("account", "me", "x"))
    floor.wait(LAG_LIMIT_NS + 1)
    look(floor, times=LAG_SAID_AFTER_LOOKS)
    assert lines == []

    async def story() -> None:
        watching = Watching(floor.node, floor.trader, pipe=None)
        for _ in range(2 * LAG_SAID_AFTER_LOOKS):
            watching.start()
        assert len(lines) == 1
        floor.commit()
        watching.start()
        watching.close()

    asyncio.run(story())
    assert lines[0].startswith("the disk is behind, so no new risk is taken: ")
    assert lines[1:] == ["the disk has caught up; new risk is taken again"]


def test_refusals_that_were_held_back_are_written_as_a_count() -> None:
    one = Watcher()
    floor = Floor(one=one).open({"USDT": "10", "BTC": "0"})
    for number in range(3):
        one.wishes = [Buy(floor.symbol, floor.traded.quantity("1"), floor.traded.price("99"))]
        floor.top("100.00", f"100.{number + 10}")
    floor.wait(2 * 10**9)
    floor.commit()
    look(floor)
    assert sum(event.count for event in floor.written(ev.IntentRefused)) == 3


def test_another_instance_is_told_of_once_and_again_at_the_end() -> None:
    floor = Floor(one=Watcher()).open()
    told: list[str] = []
    floor.node.tell = told.append
    floor.node.recorder.decide(ev.IncidentOpened(ANOTHER, ACCOUNT, "order x-1"))
    look(floor, times=3)
    line = "another instance trades this account: order x-1; no new risk is taken"
    assert len(told) == 1
    assert told[0].startswith(line)
    assert [said.startswith(line) for said in shortcomings(floor.node)] == [True]


def test_an_incident_is_told_with_what_closes_it_and_a_quarantine_stands_at_the_end() -> None:
    floor = Floor(one=Watcher()).open()
    told: list[str] = []
    floor.node.tell = told.append
    decide = floor.node.recorder.decide
    decide(ev.IncidentOpened("no agreement", floor.symbol, "in 20 rounds", 20, ["x"]))
    decide(ev.SymbolQuarantined(floor.symbol, "in 20 rounds", 20, ["x"]))
    look(floor)
    (line,) = told
    assert line.startswith("incident: no agreement, BTCUSDT: in 20 rounds;")
    assert "holdfast release --scope BTCUSDT" in line
    assert shortcomings(floor.node)[-1] == "BTCUSDT is quarantined"


def test_an_incident_names_the_whole_command_that_closes_it() -> None:
    said = said_of(ev.IncidentOpened("uncovered", "slow trend BTCUSDT", "no stop"))
    assert "`holdfast release --scope 'slow trend BTCUSDT' --reason ...`" in said
