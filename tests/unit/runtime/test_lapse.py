"""A venue out of reach: when orders are canceled, that stops stay, and what comes after.

The row of connections that are lost altogether is XCH-12, that of the 60 s XCH-4.
"""

from holdfast.domain import events as ev
from holdfast.domain.ids import AccountId
from holdfast.domain.instant import NS_PER_S
from holdfast.journal.writer import Journal
from holdfast.risk.halt import UNRECONCILED
from holdfast.runtime.lapse import OUT_OF_REACH, Acts, Lapse, LapseRule
from holdfast.runtime.state import State
from holdfast.testing.clock import ManualClock
from tests.unit.journal.kit import MemoryStore
from tests.unit.runtime.test_dead_man import Listening


class Desk:
    """A watch over two ways that a test cuts."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.state = State(AccountId("demo"))
        self.state.halts.unblock(UNRECONCILED)
        journal = Journal(
            MemoryStore(),
            self.clock,
            account=AccountId("demo"),
            durable_callback=lambda _: None,
        )
        self.recorder = Listening(journal, self.state)
        self.up = {"orders": True, "the user stream": True}
        self.canceled: list[str] = []
        self.compared: list[str] = []
        self.said: list[str] = []
        self.lapse = Lapse(
            {name: lambda name=name: self.up[name] for name in self.up},  # type: ignore[misc]
            clock=self.clock,
            recorder=self.recorder,
            halts=self.state.halts,
            acts=Acts(
                self._cancel, lambda: self.up["orders"], self.compared.append, self.said.append
            ),
            rule=LapseRule(),
        )
        self.lapse.start()

    def _cancel(self, reason: str) -> int:
        self.canceled.append(reason)
        return 3

    def wait_s(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.wait(NS_PER_S)


def test_a_way_that_is_lost_for_less_than_the_limit_cancels_nothing() -> None:
    desk = Desk()
    for _ in range(5):
        desk.up["the user stream"] = False
        desk.wait_s(59)
        desk.up["the user stream"] = True
        desk.wait_s(1)
    assert desk.canceled == []
    assert not desk.lapse.is_lapsed


def test_a_way_lost_for_a_minute_cancels_blocks_records_and_says_so() -> None:
    desk = Desk()
    desk.up["the user stream"] = False
    desk.wait_s(62)
    assert desk.canceled[0].startswith("the user stream lost for 60")
    assert desk.state.halts.reason("trend", "BTCUSDT") == OUT_OF_REACH
    (lapsed,) = (e for e in desk.recorder.decided if isinstance(e, ev.ConnectionLapsed))
    assert (lapsed.what, lapsed.canceled_count) == ("the user stream", 3)
    assert "stops of open positions stay" in desk.said[0]


def test_cancels_are_repeated_as_long_as_something_can_be_written() -> None:
    desk = Desk()
    desk.up["the user stream"] = False
    desk.wait_s(90)
    assert 5 <= len(desk.canceled) <= 7


def test_what_could_not_be_written_is_canceled_when_it_can() -> None:
    desk = Desk()
    desk.up["orders"] = desk.up["the user stream"] = False
    desk.wait_s(100)
    before = len(desk.canceled)
    desk.up["orders"] = True
    desk.wait_s(1)
    assert desk.canceled[before:] == [OUT_OF_REACH]


def test_when_all_ways_are_back_both_sides_are_compared_and_the_block_ends() -> None:
    desk = Desk()
    desk.up["orders"] = desk.up["the user stream"] = False
    desk.wait_s(70)
    desk.up["orders"] = True
    desk.wait_s(1)
    assert desk.compared == []
    desk.up["the user stream"] = True
    desk.wait_s(1)
    assert desk.compared == ["the user stream is back"]
    assert desk.state.halts.reason("trend", "BTCUSDT") == ""
    restored = [e.what for e in desk.recorder.decided if isinstance(e, ev.ConnectionRestored)]
    assert restored == ["orders", "the user stream"]


def test_a_watch_that_was_closed_looks_no_more() -> None:
    desk = Desk()
    desk.lapse.close()
    desk.lapse.close()
    desk.up["orders"] = False
    desk.wait_s(100)
    assert desk.canceled == []
