"""Whatever the order of the reports, and however often they come, one order (EXE-3)."""

from collections.abc import Callable

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from holdfast.domain.account import HeldOrder
from holdfast.domain.fold import new_order
from holdfast.domain.ids import AccountId, ExecId, VenueOrderId
from holdfast.domain.money import QuantityUnits
from holdfast.domain.order import Ending, Order, OrderStatus
from holdfast.testing.happenings import approved
from holdfast.testing.market import instrument

BTCUSDT = instrument()
REQUEST = new_order(
    approved(BTCUSDT, "buy", client_order_id="a", quantity="10"),
    AccountId("demo"),
    instrument=BTCUSDT,
)
ONE = REQUEST.quantity // 10
QUICK = settings(max_examples=500, database=None, derandomize=True, phases=[Phase.generate])


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, int]]:
    """What may really happen to one order, as a set of reports."""
    fills = [("fill", n) for n in range(draw(st.integers(0, 5)))]
    cum = len(fills)
    ending = draw(st.sampled_from(["", "canceled", "expired", "rejected", "not_sent"]))
    if ending in ("rejected", "not_sent"):
        fills, cum = [], 0
    reports = [*fills]
    if ending:
        reports.append((ending, cum))
    if ending in ("canceled", "expired") and draw(st.booleans()):
        reports.append(
            (draw(st.sampled_from(["canceled", "expired"])), draw(st.integers(0, cum)))
        )
    if draw(st.booleans()) and ending not in ("rejected", "not_sent"):
        reports.append(("ack", 0))
    if draw(st.booleans()):
        reports.append(("doubt", 0))
    return reports


def tell(order: Order, kind: str, number: int) -> None:
    match kind:
        case "ack":
            order.ack(VenueOrderId("7"))
        case "doubt":
            order.doubt()
        case "fill":
            order.fill(
                ExecId(str(number)), QuantityUnits(ONE), venue_order_id=VenueOrderId("7")
            )
        case "canceled" | "expired" | "rejected" | "not_sent":
            ending: Ending = kind
            order.report(QuantityUnits(number * ONE))
            order.end(ending)


def summary(order: Order) -> tuple[object, ...]:
    held = HeldOrder(order, asset="USDT", amount=1_000)  # type: ignore[arg-type]
    return (
        order.status,
        order.cum_quantity,
        order.reported_quantity,
        order.leaves_quantity,
        order.ending,
        order.is_unknown,
        order.is_open,
        order.venue_order_id,
        sorted(order.executions),
        held.reserved,
    )


def check_any_way(make: Callable[[], Order], data: st.DataObject) -> None:
    reports = data.draw(histories())
    straight, shuffled = make(), make()
    for report in reports:
        tell(straight, *report)
    repeats = data.draw(st.lists(st.sampled_from(reports), max_size=4)) if reports else []
    for report in data.draw(st.permutations([*reports, *repeats])):
        tell(shuffled, *report)
    assert summary(straight) == summary(shuffled)


def make_order() -> Order:
    return Order(request=REQUEST)


class DropsLateFills(Order):
    """A planted bug: an order that has ended takes no execution."""

    def fill(self, *arguments, **named):
        return False if self.ending else super().fill(*arguments, **named)


class CountsTwice(Order):
    """A planted bug: an execution is booked each time that it is told."""

    def fill(self, exec_id, quantity, *, venue_order_id):
        unheard = ExecId(f"{exec_id}-{len(self.executions)}")
        return super().fill(unheard, quantity, venue_order_id=venue_order_id)


class LastWordWins(Order):
    """A planted bug: a doubt that comes late is believed."""

    def doubt(self):
        self.in_doubt = True


class ForgetsTheFigure(Order):
    """A planted bug: the cumulative quantity is what was told last."""

    def report(self, reported_quantity):
        self.reported_quantity = reported_quantity


@given(st.data())
def test_reports_in_any_order_and_number_lead_to_the_same_order(data):
    check_any_way(make_order, data)


@pytest.mark.parametrize(
    "planted", [DropsLateFills, CountsTwice, LastWordWins, ForgetsTheFigure]
)
def test_a_planted_bug_in_the_order_is_caught(planted):
    @QUICK
    @given(st.data())
    def law(data):
        check_any_way(lambda: planted(request=REQUEST), data)

    with pytest.raises(AssertionError):
        law()


def check_risk(make: Callable[[], Order], data: st.DataObject) -> None:
    """At every moment the order counts with all that a later report may still book."""
    reports = data.draw(st.permutations(data.draw(histories())))
    order = make()
    for at, report in enumerate(reports):
        tell(order, *report)
        later = sum(ONE for kind, _ in reports[at + 1 :] if kind == "fill")
        assert order.is_open == (order.leaves_quantity > 0)
        assert order.leaves_quantity <= REQUEST.quantity
        if not order.ending or order.reported_quantity >= order.cum_quantity + later:
            assert order.leaves_quantity >= later
        if order.status is OrderStatus.FILLED:
            assert not order.is_unknown


class LetsGoAtTheEnd(Order):
    """A planted bug: what the end of an order named and nobody booked is no risk."""

    @property
    def leaves_quantity(self):
        return 0 if self.ending else super().leaves_quantity


@given(st.data())
def test_an_order_is_never_worth_less_risk_than_what_may_still_be_booked(data):
    check_risk(make_order, data)


def test_a_planted_end_that_forgets_executions_is_caught():
    @QUICK
    @given(st.data())
    def law(data):
        check_risk(lambda: LetsGoAtTheEnd(request=REQUEST), data)

    with pytest.raises(AssertionError):
        law()
