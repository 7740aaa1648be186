"""Protective stops from a strategy's wish to the venue and back, with every answer by hand."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from holdfast.domain import events as ev
from holdfast.domain.ids import VenueOrderId
from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.domain.instrument import Product
from holdfast.domain.intent import (
    Buy,
    Cancel,
    EntryWithExits,
    OneCancelsOther,
    Protect,
    Sell,
)
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import NewOrder, OrderStatus, OrderType, Purpose, Side
from holdfast.domain.submission import Acked, Rejected, Unknown
from holdfast.domain.venue import CancelAcked, CancelRefused, ReportKind
from tests.unit.runtime.kit import Floor, Watcher


class Stand(Floor):
    """A floor with one strategy, and words for what venue and market do."""

    def __init__(self, product: Product = Product.SPOT) -> None:
        self.watcher = Watcher()
        super().__init__(with_send=True, product=product, trend=self.watcher)
        self.number = 0

    def wish(self, *intents: object) -> None:
        self.watcher.wishes = list(intents)  # type: ignore[arg-type]
        self.top()
        self.commit()

    def units(self, text: str) -> QuantityUnits:
        return self.traded.quantity(text)

    def sent(self) -> NewOrder:
        return self.entry.submitted[-1]

    def ack(self, order: NewOrder) -> None:
        self.number += 1
        self.entry.answer(order.client_order_id, Acked(VenueOrderId(f"V{self.number}")))
        self.commit()

    def fill(self, order: NewOrder, quantity: str) -> None:
        self.number += 1
        execution = self.execution(str(self.number), quantity)
        self.hear(self.report(order, ReportKind.FILLED, cum=quantity, execution=execution))
        self.commit()

    def hold(self, quantity: str = "2") -> None:
        self.wish(Buy(self.symbol, self.units(quantity), self.traded.price("100.01")))
        self.ack(self.sent())
        self.fill(self.sent(), quantity)

    def protect(self, price: str) -> None:
        self.wish(Protect(self.symbol, self.traded.price(price)))

    def protected(self, quantity: str = "2", price: str = "95") -> NewOrder:
        self.hold(quantity)
        self.protect(price)
        self.ack(self.sent())
        return self.sent()

    def end(self, order: NewOrder, kind: ReportKind = ReportKind.CANCELED) -> None:
        self.hear(self.report(order, kind))
        self.commit()


def spot() -> Stand:
    stand = Stand()
    stand.open({"USDT": "100000", "BTC": "0"})
    return stand


def contracts() -> Stand:
    stand = Stand(Product.LINEAR)
    stand.open({"USDT": "100000"})
    return stand


def canceled(stand: Stand) -> list[str]:
    return [cancel.client_order_id for cancel in stand.entry.canceled]


def told_lines(stand: Stand) -> list[str]:
    lines: list[str] = []
    stand.trader.pipeline.tell = lines.append
    return lines


def last(stand: Stand, kind: type) -> object:
    return stand.written(kind)[-1]


def test_a_stop_is_placed_for_the_whole_position_and_confirmed() -> None:
    stand = spot()
    stop = stand.protected()
    assert (stop.order_type, stop.purpose) == (OrderType.STOP_MARKET, Purpose.PROTECTIVE)
    assert (stop.quantity, stop.trigger_price) == (
        stand.units("2"),
        stand.traded.price("95"),
    )
    assert [
        type(event).__name__ for event in stand.put if "Protection" in str(type(event))
    ] == [
        "ProtectionSet",
        "ProtectionUncovered",
        "ProtectionCovered",
    ]
    stand.protect("95")
    assert stand.sent() is stop


def test_on_spot_one_request_takes_the_old_stop_away_and_places_the_new_one() -> None:
    stand = spot()
    old = stand.protected()
    stand.protect("96")
    cancel, new = stand.entry.replaced[-1]
    assert (cancel.client_order_id, new.replaces) == (old.client_order_id, old.client_order_id)
    assert stand.node.state.account.symbol_exposures[stand.symbol].selling == stand.units("2")
    stand.entry.answer_cancel(cancel, CancelAcked(0))  # type: ignore[arg-type]
    stand.ack(new)
    assert last(stand, ev.ProtectionCovered).uncovered_ns == 0  # type: ignore[attr-defined]
    assert len(stand.written(ev.ProtectionUncovered)) == 1
    assert not stand.entry.canceled


def test_on_contracts_the_old_stop_goes_only_when_the_new_one_is_confirmed() -> None:
    stand = contracts()
    old = stand.protected()
    assert old.reduce_only
    stand.protect("96")
    new = stand.sent()
    assert new is not old
    assert not stand.entry.canceled
    stand.ack(new)
    assert canceled(stand) == [old.client_order_id]
    stand.end(old)
    assert len(stand.written(ev.ProtectionUncovered)) == 1


def test_an_unknown_new_stop_leaves_the_old_one_where_it_is() -> None:
    stand = contracts()
    stand.protected()
    stand.protect("96")
    new = stand.sent()
    stand.entry.answer(new.client_order_id, Unknown("lost"))
    stand.commit()
    stand.wait(10 * NS_PER_S)
    assert not stand.entry.canceled
    stand.hear(stand.report(new, ReportKind.ACKED))
    stand.commit()
    assert len(stand.entry.canceled) == 1


def test_a_refused_new_stop_is_tried_again_and_the_old_one_stays() -> None:
    stand = contracts()
    stand.protected()
    stand.protect("96")
    sent = len(stand.entry.submitted)
    stand.entry.answer(stand.sent().client_order_id, Rejected(-1, "no"))
    stand.commit()
    assert len(stand.entry.submitted) == sent
    stand.wait(300 * NS_PER_MS)
    assert len(stand.entry.submitted) == sent + 1
    assert not stand.entry.canceled


def test_a_stop_that_ends_is_placed_again_and_the_time_without_one_is_measured() -> None:
    stand = contracts()
    old = stand.protected()
    stand.end(old)
    assert stand.sent() is not old
    stand.wait(40 * NS_PER_MS)
    stand.ack(stand.sent())
    assert last(stand, ev.ProtectionCovered).uncovered_ns == 40 * NS_PER_MS  # type: ignore[attr-defined]


def test_a_position_that_gets_no_stop_in_time_is_left_and_the_user_is_told() -> None:
    stand = contracts()
    lines: list[str] = []
    stand.trader.pipeline.tell = lines.append
    stand.hold()
    stand.protect("95")
    for _ in range(12):
        order = stand.sent()
        if order.purpose is Purpose.EXIT:
            break
        stand.entry.answer(order.client_order_id, Rejected(-1, "no"))
        stand.commit()
        stand.wait(250 * NS_PER_MS)
        stand.commit()
    overdue = last(stand, ev.ProtectionOverdue)
    assert overdue.uncovered_ns == 2 * NS_PER_S  # type: ignore[attr-defined]
    assert overdue.response == "exit"  # type: ignore[attr-defined]
    assert stand.sent().order_type is OrderType.MARKET
    assert stand.sent().reduce_only
    assert stand.written(ev.IncidentOpened)
    assert "no stop for 2000 ms" in lines[-1]
    stand.ack(stand.sent())
    stand.fill(stand.sent(), "2")
    assert stand.position("trend") == "0"
    assert stand.written(ev.ProtectionEnded)
    assert stand.written(ev.IncidentClosed)


def test_the_old_terms_come_back_before_the_position_is_left() -> None:
    stand = spot()
    stand.protected()
    stand.protect("96")
    cancel, new = stand.entry.replaced[-1]
    stand.entry.answer_cancel(cancel, CancelAcked(0))  # type: ignore[arg-type]
    for _ in range(9):
        stand.entry.answer(new.client_order_id, Rejected(-1, "no"))
        stand.commit()
        stand.wait(250 * NS_PER_MS)
        stand.commit()
        new = stand.sent()
    assert last(stand, ev.ProtectionOverdue).response == "old terms"  # type: ignore[attr-defined]
    assert new.trigger_price == stand.traded.price("95")
    stand.ack(new)
    assert stand.node.state.incidents == {}


def test_an_exit_of_spot_takes_the_place_of_the_stop() -> None:
    stand = spot()
    stop = stand.protected()
    stand.wish(Sell(stand.symbol, stand.units("2"), purpose=Purpose.EXIT))
    cancel, order = stand.entry.replaced[-1]
    assert cancel.client_order_id == stop.client_order_id
    stand.entry.answer_cancel(cancel, CancelAcked(0))  # type: ignore[arg-type]
    stand.ack(order)
    stand.fill(order, "2")
    assert stand.position("trend") == "0"
    assert last(stand, ev.ProtectionEnded).uncovered_ns == 0  # type: ignore[attr-defined]
    assert len(stand.entry.submitted) == 2


def test_an_exit_that_rests_gives_its_place_back_to_the_stop() -> None:
    stand = spot()
    stand.protected()
    stand.wish(
        Sell(stand.symbol, stand.units("2"), stand.traded.price("101"), purpose=Purpose.EXIT)
    )
    cancel, order = stand.entry.replaced[-1]
    stand.entry.answer_cancel(cancel, CancelAcked(0))  # type: ignore[arg-type]
    stand.ack(order)
    stand.wait(2 * NS_PER_S)
    stand.commit()
    back, stop = stand.entry.replaced[-1]
    assert back.client_order_id == order.client_order_id
    assert stop.purpose is Purpose.PROTECTIVE


def test_an_exit_of_a_part_that_rests_gives_its_place_back_and_nothing_is_sold() -> None:
    stand = spot()
    stand.protected()
    stand.wish(
        Sell(stand.symbol, stand.units("1"), stand.traded.price("101"), purpose=Purpose.EXIT)
    )
    cancel, order = stand.entry.replaced[-1]
    stand.entry.answer_cancel(cancel, CancelAcked(0))  # type: ignore[arg-type]
    stand.ack(order)
    rest = stand.sent()
    assert (rest.purpose, rest.quantity) == (Purpose.PROTECTIVE, stand.units("1"))
    stand.ack(rest)
    stand.wait(2 * NS_PER_S)
    stand.commit()
    assert canceled(stand)[-1] == order.client_order_id
    stand.end(order)
    taken, whole = stand.entry.replaced[-1]
    assert taken.client_order_id == rest.client_order_id
    assert (whole.purpose, whole.quantity) == (Purpose.PROTECTIVE, stand.units("2"))
    stand.entry.answer_cancel(taken, CancelAcked(0))  # type: ignore[arg-type]
    stand.ack(whole)
    stand.wait(4 * NS_PER_S)
    stand.commit()
    assert stand.entry.replaced[-1][1] is whole
    assert stand.sent() is rest
    assert stand.node.state.incidents == {}


def test_a_flat_position_drops_its_stop() -> None:
    stand = contracts()
    stop = stand.protected()
    stand.wish(Sell(stand.symbol, stand.units("2"), purpose=Purpose.EXIT, reduce_only=True))
    order = stand.sent()
    assert order.purpose is Purpose.EXIT
    stand.ack(order)
    stand.fill(order, "2")
    assert canceled(stand) == [stop.client_order_id]
    stand.end(stop)
    assert stand.written(ev.ProtectionEnded)
    assert stand.node.state.account.protections.open == {}


def test_cancel_all_and_the_strategys_own_cancel_leave_the_stop() -> None:
    stand = contracts()
    stop = stand.protected()
    stand.wish(Cancel(stand.symbol))
    assert stand.trader.cancel_all(reason="asked") == 0
    stand.wish(Cancel(stand.symbol, stop.client_order_id))
    assert len(stand.entry.canceled) == 1


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        ("101", "the stop would trigger at once"),
        ("95.001", "the trigger is no price here"),
    ],
)
@pytest.mark.parametrize("make", [spot, contracts])
def test_a_slip_in_a_first_stop_is_refused_and_told_and_nothing_is_sold(
    make: Callable[[], Stand], price: str, reason: str
) -> None:
    stand = make()
    lines = told_lines(stand)
    stand.hold()
    entry = stand.sent()
    wish = Protect(stand.symbol, PriceUnits(int(Decimal(price) * stand.traded.price("1"))))
    stand.wish(wish)
    stand.wish(wish)
    stand.wait(5 * NS_PER_S)
    assert stand.sent() is entry
    update = stand.watcher.told("order")[-1]
    assert (update.status, update.purpose) == (OrderStatus.NOT_SENT, Purpose.PROTECTIVE)
    assert update.refusals[0].reason.startswith(reason)
    assert [line for line in lines if reason in line] == lines
    assert len(lines) == 1
    assert not stand.written(ev.ProtectionSet)
    assert stand.written(ev.IntentRefused)


def test_a_refused_new_price_leaves_the_stop_that_is_there_and_is_told() -> None:
    stand = contracts()
    lines = told_lines(stand)
    stop = stand.protected()
    stand.protect("101")
    assert stand.sent() is stop
    assert len(stand.written(ev.ProtectionSet)) == 1
    assert "would trigger at once" in stand.watcher.told("order")[-1].refusals[0].reason
    assert lines == [
        "strategy trend: the stop of BTCUSDT at 101 is refused: the stop would trigger at "
        "once; it belongs below the market"
    ]


def test_a_stop_above_the_entry_that_it_is_for_is_refused_before_there_is_a_position() -> None:
    stand = contracts()
    price = stand.traded.price
    stand.wish(
        Buy(stand.symbol, stand.units("2"), price("98")), Protect(stand.symbol, price("99"))
    )
    assert stand.sent().purpose is Purpose.ENTRY
    assert not stand.written(ev.ProtectionSet)
    stand.protect("97")
    assert len(stand.written(ev.ProtectionSet)) == 1


def test_a_stop_is_measured_by_the_trigger_of_the_entry_that_it_is_for() -> None:
    stand = contracts()
    price = stand.traded.price
    stand.wish(
        Buy(stand.symbol, stand.units("2"), trigger_price=price("110")),
        Protect(stand.symbol, price("105")),
    )
    assert len(stand.written(ev.ProtectionSet)) == 1


def test_a_market_that_passed_a_stop_before_it_was_there_is_left_and_told() -> None:
    stand = contracts()
    lines = told_lines(stand)
    stand.wish(
        Buy(stand.symbol, stand.units("2"), stand.traded.price("100.01")),
        Protect(stand.symbol, stand.traded.price("95")),
    )
    entry = stand.sent()
    stand.ack(entry)
    stand.see(stand.market.top("94.00", "94.01"))
    stand.fill(entry, "2")
    assert stand.sent().purpose is Purpose.EXIT
    assert lines == [
        "BTCUSDT, the stop of trend: the market has passed its stop; what has none is left"
    ]


def test_a_protection_given_up_cancels_its_stop() -> None:
    stand = contracts()
    stop = stand.protected()
    stand.wish(Protect(stand.symbol, stand.traded.price("0")))
    assert canceled(stand) == [stop.client_order_id]
    assert stand.node.state.account.protections.open == {}


def test_a_wish_for_a_stop_with_no_position_is_told_and_forgotten() -> None:
    stand = contracts()
    lines: list[str] = []
    stand.trader.pipeline.tell = lines.append
    stand.protect("95")
    assert len(lines) == 1
    assert "there is nothing to protect" in lines[0]
    assert stand.watcher.told("order")[-1].refusals[0].gate == "protect"
    assert stand.node.state.account.protections.open == {}


def test_an_entry_is_covered_from_its_first_fill_and_the_stop_grows_with_it() -> None:
    stand = contracts()
    stand.wish(
        Buy(stand.symbol, stand.units("2"), stand.traded.price("100.01")),
        Protect(stand.symbol, stand.traded.price("95")),
    )
    entry = stand.sent()
    stand.ack(entry)
    stand.fill(entry, "0.5")
    first = stand.sent()
    assert first.quantity == stand.units("0.5")
    stand.ack(first)
    stand.fill(entry, "1.5")
    assert stand.sent().quantity == stand.units("2")
    stand.ack(stand.sent())
    assert canceled(stand) == [first.client_order_id]


def test_a_refused_cancel_of_the_old_stop_is_tried_again() -> None:
    stand = contracts()
    old = stand.protected()
    stand.protect("96")
    stand.ack(stand.sent())
    stand.entry.answer_cancel(stand.entry.canceled[-1], CancelRefused(-2011, "no"))
    stand.commit()
    assert canceled(stand) == [old.client_order_id] * 2


@pytest.mark.parametrize("make", [spot, contracts])
def test_strategies_see_that_a_stop_was_triggered(make) -> None:  # type: ignore[no-untyped-def]
    stand = make()
    stop = stand.protected()
    stand.hear(stand.report(stop, ReportKind.TRIGGERED))
    stand.commit()
    update = stand.watcher.told("order")[-1]
    assert update.status is OrderStatus.TRIGGERED
    assert stand.written(ev.OrderTriggered)


def test_a_list_leaves_as_one_request_and_counts_once() -> None:
    stand = spot()
    stand.hold()
    price = stand.traded.price
    stand.wish(
        OneCancelsOther(stand.symbol, Side.SELL, stand.units("2"), price("105"), price("95"))
    )
    [(limit, stop)] = stand.entry.lists
    assert (limit.order_type, stop.order_type) == (
        OrderType.LIMIT_MAKER,
        OrderType.STOP_MARKET,
    )
    assert (limit.contingency, limit.order_list_id) == ("OCO", stop.order_list_id)
    account = stand.node.state.account
    assert account.exposures["trend", stand.symbol].selling == stand.units("2")
    assert account.reserved["BTC"] == stand.traded.base_amount(stand.units("2"))
    stand.ack(limit)
    stand.ack(stop)
    stand.fill(limit, "2")
    stand.end(stop, ReportKind.EXPIRED)
    assert stand.position("trend") == "0"
    assert account.reserved["BTC"] == 0


def test_the_exits_of_an_entry_hold_nothing_until_it_is_filled() -> None:
    stand = spot()
    price = stand.traded.price
    stand.wish(
        EntryWithExits(
            stand.symbol, Side.BUY, stand.units("2"), price("100"),
            take_profit_price=price("110"), stop_price=price("90"),
        )
    )  # fmt: skip
    [(entry, limit, stop)] = stand.entry.lists
    account = stand.node.state.account
    exposure = account.exposures["trend", stand.symbol]
    assert (exposure.buying, exposure.selling) == (stand.units("2"), 0)
    for order in (entry, limit, stop):
        stand.ack(order)
    stand.fill(entry, "2")
    assert (exposure.buying, exposure.selling) == (0, stand.units("2"))
    assert account.reserved["BTC"] == stand.traded.base_amount(stand.units("2"))


def test_a_list_on_contracts_is_refused_with_a_reason_and_nothing_leaves() -> None:
    stand = contracts()
    stand.hold()
    price = stand.traded.price
    stand.wish(
        OneCancelsOther(stand.symbol, Side.SELL, stand.units("2"), price("105"), price("95"))
    )
    assert stand.entry.lists == []
    refusal = stand.watcher.told("order")[-1].refusals[0]
    assert (refusal.reason, refusal.limit) == ("the product has no such order list", "none")
