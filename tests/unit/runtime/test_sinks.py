"""Where an adapter delivers: each to its stage, and every delivery ends with a flush."""

from holdfast.domain.ids import VenueOrderId
from holdfast.domain.intent import Buy
from holdfast.domain.submission import Acked
from holdfast.domain.venue import ReportKind
from holdfast.risk.halt import UNRECONCILED
from tests.unit.runtime.kit import Floor, Watcher
from tests.unit.runtime.test_pacing import Wire


class Flushed(Floor):
    """A floor that counts its flushes."""

    def __init__(self) -> None:
        self.one = Watcher()
        super().__init__(one=self.one)
        self.flushes = 0
        self.open()
        self.node.schedule_commit = self._count

    def _count(self) -> None:
        self.flushes += 1

    def send(self) -> None:
        """Let an order leave."""
        self.one.wishes = [Buy(self.symbol, self.traded.quantity("1"), self.traded.price("99"))]
        self.top("100.00", "100.05")
        self.commit()


def test_a_frame_that_wrote_nothing_is_not_flushed_and_one_that_did_is() -> None:
    floor = Flushed()
    floor.top("100.00", "100.04")
    assert floor.flushes == 0
    floor.send()
    assert floor.flushes == 1


def test_reports_and_answers_are_flushed() -> None:
    floor = Flushed()
    floor.send()
    (order,) = floor.entry.submitted
    before = floor.flushes
    floor.entry.answer(order.client_order_id, Acked(VenueOrderId("V1")))
    assert floor.flushes == before + 1
    floor.hear(floor.report(order, ReportKind.CANCELED))
    assert floor.flushes == before + 2


def test_without_a_pacer_a_ping_is_answered_at_once() -> None:
    floor, wire = Flushed(), Wire()
    floor.trader.sinks.on_ping(wire, b"1")
    assert wire.pongs == [b"1"]


def test_a_lost_account_keeps_new_risk_out_and_a_regained_one_is_compared() -> None:
    floor = Flushed()
    asked: list[bool] = []
    sinks = floor.trader.sinks
    sinks.on_connected = lambda: asked.append(sinks.is_account_up)
    sinks.on_account_lost("reset by peer")
    assert floor.node.state.halts.blocks[UNRECONCILED] == "reset by peer"
    floor.send()
    assert floor.entry.submitted == []
    sinks.on_account_connected()
    assert asked == [True]
    assert UNRECONCILED in floor.node.state.halts.blocks


def test_a_regained_market_is_compared_once_and_so_is_an_account_that_moved() -> None:
    floor = Flushed()
    asked: list[str] = []
    sinks = floor.trader.sinks
    sinks.on_market_connected = lambda: asked.append("market")
    sinks.on_moved = asked.append
    for _ in range(2):
        sinks.on_book_invalid(floor.symbol, "disconnected: reset")
    assert asked == []
    sinks.on_frame_end()
    sinks.on_frame_end()
    sinks.on_account_changed("FUNDING_FEE")
    assert asked == ["market", "FUNDING_FEE"]


def test_the_opening_looks_at_the_end_of_each_frame_until_it_needs_to_no_more() -> None:
    floor = Flushed()
    frames: list[int] = []
    floor.trader.sinks.on_frame = lambda: frames.append(1)
    floor.top("100.00", "100.03")
    floor.trader.sinks.on_frame = None
    floor.top("100.00", "100.02")
    assert frames == [1]


def test_what_is_lost_and_what_is_back_is_said_once() -> None:
    floor = Flushed()
    sinks, said = floor.trader.sinks, list[str]()
    sinks.tell = said.append
    sinks.on_account_connected()
    for _ in range(2):
        sinks.on_book_invalid(floor.symbol, "a gap")
        sinks.on_book_invalid(floor.symbol, "disconnected: reset")
        sinks.on_account_lost("reset")
    sinks.on_account_connected()
    sinks.on_frame_end()
    sinks.on_frame_end()
    assert said == [
        "the venue's market stream is lost (disconnected: reset); trying again",
        "the venue's user stream is lost (reset); trying again",
        "the venue's user stream is back",
        "the venue's market stream is back",
    ]
    sinks.fall_silent()
    sinks.on_account_lost("closed")
    assert len(said) == 4
