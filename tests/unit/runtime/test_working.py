"""Views of what works: made again only when something changed, quotes forgotten when gone."""

from holdfast.domain.ids import StrategyId, VenueOrderId
from holdfast.domain.intent import Buy, Quote
from holdfast.domain.money import PriceUnits
from holdfast.domain.order import Side
from holdfast.domain.submission import Acked, Rejected
from tests.unit.runtime.kit import Floor, Watcher

ONE = StrategyId("one")
MARK = PriceUnits(1)


def test_a_view_stays_the_same_until_something_changes() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    working = floor.trader.pipeline.working
    before = working.view(ONE, floor.symbol, mark=MARK)
    assert working.view(ONE, floor.symbol, mark=MARK) is before
    one.wishes = [Buy(floor.symbol, floor.traded.quantity("1"), floor.traded.price("99"))]
    floor.top("100.00", "100.02")
    after = working.view(ONE, floor.symbol, mark=MARK)
    assert after is not before
    assert [order.leaves_quantity for order in after.orders] == [floor.traded.quantity("1")]


def test_an_ack_and_an_ending_show_in_the_next_view() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    one.wishes = [Buy(floor.symbol, floor.traded.quantity("1"), floor.traded.price("99"))]
    floor.top("100.00", "100.02")
    floor.commit()
    order = floor.entry.submitted[0].client_order_id
    floor.entry.answer(order, Acked(VenueOrderId("V1")))
    floor.commit()
    working = floor.trader.pipeline.working
    assert len(working.view(ONE, floor.symbol, mark=MARK).orders) == 1
    floor.entry.answer(order, Rejected(-1, "no"))
    floor.commit()
    assert working.view(ONE, floor.symbol, mark=MARK).orders == ()


def test_the_ids_of_quotes_are_forgotten_with_their_orders() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    working = floor.trader.pipeline.working
    for number in range(20):
        quantity, price = floor.traded.quantity("1"), floor.traded.price("99")
        one.wishes = [Quote(floor.symbol, Side.BUY, price, quantity)]
        floor.top("100.00", f"100.{number + 10}")
        floor.commit()
        assert len(working.quotes) <= 2
        floor.entry.answer(floor.entry.submitted[-1].client_order_id, Rejected(-1, "no"))
        floor.commit()
    assert len(floor.entry.submitted) == 20
    view = working.view(ONE, floor.symbol, mark=MARK)
    assert view.orders == ()
