"""What strategies are told, and that nothing is told to one that has not begun."""

from holdfast.domain import fold
from holdfast.domain.ids import AccountId, StrategyId
from holdfast.risk.halt import UNRECONCILED
from holdfast.runtime.cast import Cast, Member
from holdfast.runtime.lane import Stopless
from holdfast.runtime.state import State
from holdfast.testing import happenings as told
from holdfast.testing.market import instrument

BTCUSDT = instrument()
ORDER = told.approved(BTCUSDT, "buy", client_order_id="a", quantity="2")
FILL = told.filled(ORDER, "7")


class Desk:
    """Stands for pipeline and recorder: keeps what strategies were shown."""

    def __init__(self):
        self.working = self
        self.stops = Stopless()
        self.answered = []
        self.decided = []

    def touch(self, strategy, symbol):
        self.touched = (strategy, symbol)

    def answer(self, host, answer):
        self.answered.append(answer)

    def decide(self, event):
        self.decided.append(event)

    def flush(self):
        self.flushed = True


class Host:
    """A strategy's host that answers with what it was shown."""

    symbols = frozenset({BTCUSDT.symbol})

    def start(self, history, *, saved):
        return ("start", [fill.exec_id for fill in history.fills])

    def fill(self, fill):
        return ("fill", fill.exec_id)

    def order(self, update):
        return ("order", update.status.value)

    def mode(self, mode):
        return ("mode", mode.value)


def make_cast():
    state, desk = State(AccountId("demo")), Desk()
    for event in [*told.opening(BTCUSDT, balances={"USDT": "1000"}), ORDER, FILL]:
        fold.apply(state.account, event)
    state.halts.unblock(UNRECONCILED)
    cast = Cast(recorder=desk, state=state, pipeline=desk)
    cast.members[StrategyId("trend")] = Member(Host(), "digest", fills=[])
    return cast, desk


def test_a_fill_found_before_the_start_comes_with_the_history():
    cast, desk = make_cast()
    cast.on_filled(FILL)
    cast.on_order_changed("a", told.acked(ORDER))
    assert desk.answered == []
    assert desk.touched == ("trend", "BTCUSDT")
    cast.start()
    assert desk.answered == [("start", ["7"])]


def test_a_fill_after_the_start_is_told_at_once():
    cast, desk = make_cast()
    cast.start()
    cast.on_filled(FILL)
    assert desk.answered == [("start", []), ("fill", "7"), ("order", "partially_filled")]


def test_a_refused_cancel_of_an_order_that_has_ended_is_not_told_again():
    cast, desk = make_cast()
    cast.start()
    del desk.answered[:]
    cast.on_order_changed("a", told.cancel_rejected(ORDER))
    assert [what for what, _ in desk.answered] == ["order"]
    fold.apply(cast._state.account, told.canceled(ORDER, cum_quantity="2"))
    cast.on_order_changed("a", told.cancel_rejected(ORDER))
    assert len(desk.answered) == 1


def test_an_order_of_nobody_here_is_told_to_nobody():
    cast, desk = make_cast()
    cast.members.clear()
    cast.start()
    cast.on_filled(FILL)
    cast.on_order_changed("unknown", told.acked(ORDER))
    assert desk.answered == []
