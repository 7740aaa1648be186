"""The terminal view: what it folds from the journal, and what it says in one line."""

import io
from typing import Any

import msgspec
import pytest
from rich.console import Console

from holdfast.cli.view import FILLS_SHOWN, Pulses, Screen
from holdfast.domain import events as ev
from holdfast.domain.event import Header, Record
from holdfast.domain.events import Event
from holdfast.domain.ids import AccountId, Epoch, Shard
from holdfast.domain.instant import UtcNs
from holdfast.runtime.pulse import FeedPulse, Pulse
from holdfast.testing.happenings import acked, approved, canceled, filled, opening
from holdfast.testing.market import instrument

BTC = instrument()
NOON_NS = 1_700_049_600 * 10**9


def pulse(**changes: Any) -> Pulse:
    told = Pulse(
        seq=1, market_ns=NOON_NS, mode="paper", status="trading",
        feeds=[FeedPulse("BTCUSDT", "100", "101", 12, True)],
        journal_events=20, journal_durable=18, dropped=0, p50_us=250.0, p99_us=900.0,
    )  # fmt: skip
    return msgspec.structs.replace(told, **changes)


def screen_of(*happened: Event) -> Screen:
    """Make a screen that has folded these events."""
    screen = Screen()
    for seq, event in enumerate(happened, 1):
        header = Header(
            seq=seq,
            account=AccountId("demo"),
            shard=Shard(0),
            epoch=Epoch(1),
            type=event.TYPE,
            recorded_at_ns=UtcNs(0),
        )
        screen.take(Record(header, event))
    return screen


def traded(*, fills: int = 1) -> list[Event]:
    """Tell of a market order in many parts, and of one that rests."""
    order = approved(
        BTC, "buy", client_order_id="A1", quantity="20", price="0", worst_price="100"
    )
    resting = approved(BTC, "sell", client_order_id="A2", quantity="1", price="120")
    parts = [filled(order, str(n), quantity="1", price="100", fee="0.1") for n in range(fills)]
    mark = ev.MarkRecorded("BTCUSDT", "100", "mid", 0)
    books = opening(BTC, balances={"USDT": "10000"})
    return [*books, mark, order, acked(order), *parts, resting, acked(resting)]


def drawn(screen: Screen) -> str:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    console.print(screen.draw())
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_before_the_first_pulse_it_says_that_the_run_starts() -> None:
    assert Screen().line() == "starting"
    assert "starting" in drawn(Screen())
    assert Screen().equity() == "-"


def test_one_plain_line_says_everything() -> None:
    screen = screen_of(*traded(fills=2))
    screen.hear(pulse())
    assert screen.line() == (
        "12:00:00  paper/trading  equity 10,000.80 USDT (net +0.80)  trend BTCUSDT 2  "
        "orders 2  "
        "fills 2  feed 12 ms  journal 18"
    )


def test_without_a_position_it_is_flat() -> None:
    screen = screen_of(*opening(BTC, balances={"USDT": "10000"}))
    screen.hear(pulse(done=0.5))
    assert "  flat  orders 0  fills 0  " in screen.line()
    assert screen.line().endswith("50% done")


def test_the_newest_fills_are_kept_and_all_are_counted() -> None:
    screen = screen_of(*traded(fills=FILLS_SHOWN + 3))
    assert screen.fill_count == FILLS_SHOWN + 3
    assert [fill.exec_id for fill in screen.fills] == [
        str(n) for n in range(3, FILLS_SHOWN + 3)
    ]


def test_pulses_move_the_marks_and_an_empty_side_moves_nothing() -> None:
    screen = screen_of(*traded())
    screen.hear(pulse(feeds=[FeedPulse("BTCUSDT", "200", "202", 1, True)]))
    assert screen.marks == {"BTCUSDT": "201"}
    screen.hear(pulse(feeds=[FeedPulse("BTCUSDT", "", "", -1, False)]))
    assert screen.marks == {"BTCUSDT": "201"}
    assert "feed -1 ms" in screen.line()


def test_the_screen_shows_mode_market_positions_orders_and_fills() -> None:
    screen = screen_of(*traded(fills=2))
    screen.hear(pulse(dropped=3))
    text = drawn(screen)
    for words in (
        "PAPER", "trading", "12:00:00", "100 / 101", "age 12 ms", "18 durable of 20",
        "p50 250 us", "3 pulses dropped", "last fills of 2", "0.1 USDT", "120", "sell",
    ):  # fmt: skip
        assert words in text
    assert text.index("positions") < text.index("open orders") < text.index("last fills")


def test_an_order_that_ended_is_shown_no_more() -> None:
    resting = approved(BTC, "sell", client_order_id="A2", quantity="1", price="120")
    told = [*opening(BTC, balances={"BTC": "1"}), resting, acked(resting), canceled(resting)]
    screen = screen_of(*told)
    screen.hear(pulse())
    assert "orders 0" in screen.line()
    assert screen.events == len(told)


def test_the_stream_of_pulses_ends_at_its_end_or_at_a_torn_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Stdin:
        buffer = io.BytesIO(
            msgspec.json.encode(pulse(seq=1)) + b"\n" + msgspec.json.encode(pulse(seq=2))[:40]
        )

    monkeypatch.setattr("sys.stdin", Stdin)
    screen = Screen()
    pulses = Pulses(screen)
    pulses.run()
    assert pulses.ended.is_set()
    assert screen.pulse is not None
    assert screen.pulse.seq == 1
