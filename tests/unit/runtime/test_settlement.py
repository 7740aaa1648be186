"""The venue's words: each becomes exactly the right event, once, however it comes (EXE-3)."""

import msgspec
import pytest

from holdfast.domain import events as ev
from holdfast.domain.ids import ClientOrderId, Symbol, VenueOrderId
from holdfast.domain.instrument import Product
from holdfast.domain.intent import Buy, Sell
from holdfast.domain.order import NewOrder, OrderStatus, Origin, Side
from holdfast.domain.submission import Acked, Rejected, Submission, Unknown
from holdfast.domain.venue import (
    CancelAcked,
    CancelAnswer,
    CancelOrder,
    CancelRefused,
    ReportKind,
)
from tests.unit.runtime.kit import Floor, Watcher

FOREIGN = "web_abc123"


class Told(Floor):
    """A floor with one order that left, and a list of what the venue is asked."""

    def __init__(self, product: Product = Product.SPOT) -> None:
        self.one = Watcher()
        super().__init__(one=self.one, product=product)
        self.open()
        self.asked: list[tuple[Symbol, ClientOrderId]] = []
        self.cast.on_doubt = lambda symbol, order: self.asked.append((symbol, order))
        units = self.traded.quantity("2")
        self.one.wishes = [Buy(self.symbol, units, self.traded.price("100.01"))]
        self.top("100.00", "100.02")
        self.commit()
        (self.order,) = self.entry.submitted
        self.begun = len(self.put)

    def answer(self, answer: Submission) -> None:
        self.entry.answer(self.order.client_order_id, answer)

    def cancel(self, answer: CancelAnswer) -> None:
        self.trader.cancel_all(reason="test")
        self.entry.answer_cancel(CancelOrder(self.symbol, self.order.client_order_id), answer)

    def fill(self, exec_id: str, quantity: str, *, cum: str, **how: str) -> None:
        execution = self.execution(exec_id, quantity, **how)
        self.hear(self.report(self.order, ReportKind.FILLED, cum=cum, execution=execution))

    @property
    def new(self) -> list[str]:
        """Give the types of the events since the order left."""
        return [event.TYPE for event in self.put[self.begun :]]

    @property
    def status(self) -> OrderStatus:
        order = self.node.state.account.find(self.order.client_order_id)
        assert order is not None
        return order.status


def test_an_ack_is_in_force_and_told_when_it_is_durable() -> None:
    floor = Told()
    floor.answer(Acked(VenueOrderId("V1")))
    assert floor.new == ["order.acked/1"]
    assert floor.status is OrderStatus.APPROVED
    assert floor.one.told("order") == []
    floor.commit()
    assert floor.status is OrderStatus.ACCEPTED
    assert [update.status for update in floor.one.told("order")] == [OrderStatus.ACCEPTED]


@pytest.mark.parametrize("is_durable", [True, False])
def test_an_ack_by_response_and_by_stream_is_written_once(is_durable: bool) -> None:
    floor = Told()
    floor.answer(Acked(VenueOrderId("V1")))
    if is_durable:
        floor.commit()
    floor.hear(floor.report(floor.order, ReportKind.ACKED))
    floor.commit()
    assert floor.new == ["order.acked/1"]


def test_a_rejection_is_written_once_and_final() -> None:
    floor = Told()
    floor.answer(Rejected(-2010, "insufficient balance"))
    floor.hear(floor.report(floor.order, ReportKind.REJECTED))
    floor.commit()
    floor.hear(floor.report(floor.order, ReportKind.REJECTED))
    (event,) = floor.written(ev.OrderRejected)
    assert (event.code, event.message) == (-2010, "insufficient balance")
    assert floor.status is OrderStatus.REJECTED
    assert floor.one.told("order")[-1].reason == "insufficient balance"


def test_a_lost_answer_is_unknown_and_the_venue_is_asked() -> None:
    floor = Told()
    floor.answer(Unknown("no answer in 5 s"))
    assert floor.new == ["order.doubted/1"]
    assert floor.asked == [(floor.symbol, floor.order.client_order_id)]
    floor.commit()
    assert floor.status is OrderStatus.UNKNOWN
    assert floor.one.told("order")[-1].reason == "no answer in 5 s"


def test_an_answer_that_is_lost_after_the_stream_told_of_the_order_leaves_no_doubt() -> None:
    floor = Told()
    floor.hear(floor.report(floor.order, ReportKind.ACKED))
    floor.commit()
    floor.answer(Unknown("no answer in 5 s"))
    assert floor.new == ["order.acked/1"]
    assert floor.asked == []


def test_a_fill_settles_a_doubt() -> None:
    floor = Told()
    floor.answer(Unknown("lost"))
    floor.fill("1", "2", cum="2")
    floor.commit()
    assert floor.status is OrderStatus.FILLED
    assert floor.position("one") == "2"


def test_a_fill_is_durable_before_the_strategy_sees_it() -> None:
    floor = Told()
    floor.fill("1", "2", cum="2")
    assert floor.one.told("fill") == []
    assert floor.position("one") == "0"
    floor.commit()
    assert [fill.exec_id for fill in floor.one.told("fill")] == ["1"]
    assert floor.one.told("order")[-1].status is OrderStatus.FILLED


@pytest.mark.parametrize("is_durable", [True, False])
def test_a_fill_that_is_told_twice_is_booked_once(is_durable: bool) -> None:
    floor = Told()
    floor.fill("1", "1", cum="1")
    if is_durable:
        floor.commit()
    floor.fill("1", "1", cum="1")
    floor.commit()
    floor.fill("2", "1", cum="2")
    floor.commit()
    assert floor.new == ["order.filled/1", "order.filled/1"]
    assert floor.position("one") == "2"
    assert len(floor.one.told("fill")) == 2


def test_a_fill_after_the_cancel_is_booked_and_ends_the_open_rest() -> None:
    floor = Told()
    floor.cancel(CancelAcked(floor.traded.quantity("1")))
    floor.commit()
    assert floor.status is OrderStatus.CANCELED
    assert floor.asked == [(floor.symbol, floor.order.client_order_id)]
    account = floor.node.state.account
    assert floor.order.client_order_id in account.orders
    floor.fill("1", "1", cum="1")
    floor.commit()
    assert floor.position("one") == "1"
    assert floor.order.client_order_id not in account.orders


def test_a_cancel_that_is_answered_and_reported_is_written_once() -> None:
    floor = Told()
    floor.cancel(CancelAcked(floor.traded.quantity("0")))
    floor.hear(floor.report(floor.order, ReportKind.CANCELED))
    floor.commit()
    floor.hear(floor.report(floor.order, ReportKind.CANCELED))
    assert len(floor.written(ev.OrderCanceled)) == 1
    assert floor.asked == []
    assert floor.status is OrderStatus.CANCELED


def test_a_refused_cancel_of_an_open_order_has_it_asked_for() -> None:
    floor = Told()
    floor.answer(Acked(VenueOrderId("V1")))
    floor.commit()
    floor.cancel(CancelRefused(-2011, "Unknown order sent."))
    floor.commit()
    (event,) = floor.written(ev.CancelRejected)
    assert (event.code, event.message) == (-2011, "Unknown order sent.")
    assert floor.asked == [(floor.symbol, floor.order.client_order_id)]


def test_a_refused_cancel_of_a_filled_order_says_nothing_new() -> None:
    floor = Told()
    floor.fill("1", "2", cum="2")
    floor.commit()
    floor.entry.answer_cancel(
        CancelOrder(floor.symbol, floor.order.client_order_id), CancelRefused(-2011, "gone")
    )
    assert floor.written(ev.CancelRejected) == []
    assert floor.asked == []


def test_a_lost_answer_to_a_cancel_has_the_order_asked_for() -> None:
    floor = Told()
    floor.cancel(Unknown("lost"))
    assert floor.asked == [(floor.symbol, floor.order.client_order_id)]
    assert floor.new == ["order.cancel_requested/1"]


def test_an_expiry_keeps_the_venues_figure() -> None:
    floor = Told()
    floor.hear(floor.report(floor.order, ReportKind.EXPIRED, cum="0.5"))
    floor.commit()
    (event,) = floor.written(ev.OrderExpired)
    assert event.cum_quantity == "0.5"
    assert floor.order.client_order_id in floor.node.state.account.orders


def test_answers_about_orders_that_nobody_knows_change_nothing() -> None:
    floor = Told()
    nobody = ClientOrderId("HTEST1000000000000Z")
    floor.trader.sinks.on_submission(nobody, Acked(VenueOrderId("V9")))
    floor.trader.sinks.on_cancel(CancelOrder(floor.symbol, nobody), CancelRefused(1, ""))
    assert floor.new == []


def foreign(floor: Told, client_order_id: str, **more: object) -> None:
    kind = ReportKind.FILLED if more else ReportKind.ACKED
    floor.hear(
        floor.report(floor.order, kind, client_order_id=client_order_id, **more)  # type: ignore[arg-type]
    )


def test_a_manual_order_is_seen_and_its_fills_belong_to_nobody() -> None:
    floor = Told()
    foreign(floor, FOREIGN)
    for _ in range(2):
        foreign(floor, FOREIGN, cum="1", execution=floor.execution("7", "1"))
    floor.commit()
    foreign(floor, FOREIGN, cum="1", execution=floor.execution("7", "1"))
    assert floor.new == ["order.foreign_seen/1", "fill.foreign_seen/1"]
    assert floor.written(ev.ForeignOrderSeen)[0].ours is False
    assert floor.position("unattributed") == "1"
    assert floor.position("one") == "0"
    assert floor.one.told("fill") == []


def close_by_hand(floor: Told, exec_id: str, quantity: str) -> None:
    report = floor.report(
        floor.order,
        ReportKind.FILLED,
        cum=quantity,
        execution=floor.execution(exec_id, quantity),
        client_order_id=FOREIGN,
    )
    floor.hear(msgspec.structs.replace(report, side=Side.SELL))
    floor.commit()


def test_a_close_by_hand_takes_from_the_strategy_pauses_the_symbol_and_is_one_incident() -> (
    None
):
    floor = Told(Product.LINEAR)
    floor.fill("1", "2", cum="2")
    floor.commit()
    for exec_id, quantity in (("7", "1.5"), ("8", "0.5"), ("8", "0.5")):
        close_by_hand(floor, exec_id, quantity)
    assert (floor.position("one"), floor.position("unattributed")) == ("0", "0")
    (incident,) = floor.written(ev.IncidentOpened)
    assert (incident.kind, incident.scope) == ("closed by hand", floor.symbol)
    assert "sell 1.5 took from the positions of one 1.5" in incident.reason
    assert len(floor.written(ev.TradingPaused)) == 1
    assert floor.node.state.halts.reason("one", floor.symbol) == "symbol paused"
    taken = [fill for fill in floor.one.told("fill") if not fill.client_order_id]
    assert [floor.traded.quantity_text(fill.last_quantity) for fill in taken] == ["1.5", "0.5"]
    assert {fill.side for fill in taken} == {Side.SELL}


def test_what_a_strategy_has_working_is_canceled_when_a_person_closes_its_position() -> None:
    floor = Told(Product.LINEAR)
    floor.fill("1", "2", cum="2")
    floor.commit()
    units = floor.traded.quantity("2")
    floor.one.wishes = [Sell(floor.symbol, units, floor.traded.price("100.05"))]
    floor.top("100.00", "100.03")
    floor.commit()
    exit_order = floor.entry.submitted[-1]
    assert exit_order.side is Side.SELL
    close_by_hand(floor, "7", "2")
    asked = floor.written(ev.CancelRequested)
    assert [event.client_order_id for event in asked] == [exit_order.client_order_id]


def test_an_order_with_our_mark_and_another_journals_id_is_another_instance() -> None:
    floor = Told()
    other = floor.order.client_order_id.replace("TEST1", "TEST2")
    signs: list[str] = []
    floor.trader.cast.on_another = lambda _sign, detail: signs.append(detail)
    foreign(floor, other)
    assert floor.written(ev.ForeignOrderSeen)[0].ours is True
    assert signs == [f"order {other} of {floor.symbol}, of journal TEST2"]


def test_a_liquidation_is_told_once_pauses_its_symbol_and_has_everything_compared() -> None:
    floor = Told()
    for exec_id in ("7", "8"):
        report = floor.report(
            floor.order,
            ReportKind.FILLED,
            cum="1",
            execution=floor.execution(exec_id, "1"),
            client_order_id="autoclose-1",
        )
        floor.hear(msgspec.structs.replace(report, origin=Origin.LIQUIDATION))
    floor.commit()
    assert floor.new == [
        "order.foreign_seen/1",
        "incident.opened/1",
        "trading.paused/1",
        "fill.foreign_seen/1",
        "fill.foreign_seen/1",
    ]
    assert floor.node.state.halts.reason("one", floor.symbol) == "symbol paused"
    assert floor.asked == [(floor.symbol, "autoclose-1")]


def test_an_order_of_this_journal_that_it_does_not_know_is_asked_for() -> None:
    floor = Told()
    lost = floor.order.client_order_id[:-1] + "Z"
    foreign(floor, lost)
    assert floor.new == []
    assert floor.asked == [(floor.symbol, lost)]


def test_a_fee_in_quote_is_its_own_value() -> None:
    floor = Told()
    floor.fill("1", "2", cum="2", fee="0.2", fee_asset="USDT")
    (event,) = floor.written(ev.OrderFilled)
    assert (event.fee_value, event.fee_value_source) == ("0.2", "paid in quote")


def test_a_fee_in_base_is_valued_at_the_price_of_the_fill() -> None:
    floor = Told()
    floor.fill("1", "2", cum="2", fee="0.002", fee_asset="BTC")
    (event,) = floor.written(ev.OrderFilled)
    assert (event.fee_value, event.fee_value_source) == ("0.20002", "fill price")


def test_a_fee_in_a_third_asset_is_valued_at_its_mark_or_says_that_there_is_none() -> None:
    floor = Told()
    floor.fill("1", "1", cum="1", fee="0.01", fee_asset="BNB")
    floor.trader.settlement._fee_rate = lambda _asset, _currency: "600.5"
    floor.fill("2", "1", cum="2", fee="0.01", fee_asset="BNB")
    first, second = floor.written(ev.OrderFilled)
    assert (first.fee_value, first.fee_value_source) == ("0", "no rate")
    assert (second.fee_value, second.fee_value_source) == ("6.005", "mark of BNB")


def test_what_settled_leaves_nothing_pending() -> None:
    floor = Told()
    floor.answer(Acked(VenueOrderId("V1")))
    floor.fill("1", "1", cum="1")
    floor.cancel(CancelRefused(-2011, "no"))
    foreign(floor, FOREIGN)
    assert floor.trader.settlement._pending
    floor.commit()
    assert not floor.trader.settlement._pending
    assert isinstance(floor.order, NewOrder)
