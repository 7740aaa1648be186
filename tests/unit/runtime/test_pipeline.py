"""The life of an order: what leaves when, what halts alone, what is counted (EXE-2, RSK-1)."""

import pytest

from holdfast.domain import events as ev
from holdfast.domain.ids import StrategyId, VenueOrderId
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.intent import Buy, Cancel, Quote, Sell, Target
from holdfast.domain.order import OrderStatus, Side
from holdfast.domain.submission import Acked, Rejected
from holdfast.domain.venue import CancelAcked, ReportKind
from holdfast.market.bars import GRACE_NS
from tests.unit.runtime.kit import Floor, Watcher

MINUTE_NS = 60 * NS_PER_S


class Raises(Watcher):
    """Raises at the first trade that it sees."""

    def trade(self, _trade: object) -> None:
        raise RuntimeError("out of ideas")


class ByTheMinute(Watcher):
    """Looks at bars of a minute."""

    bars = ("1m",)


def bid(floor: Floor, quantity: str = "1", price: str = "99.50") -> Buy:
    return Buy(floor.symbol, floor.traded.quantity(quantity), floor.traded.price(price))


def wish(floor: Floor, watcher: Watcher, *wishes: object) -> None:
    """Have a strategy answer the next book with these."""
    watcher.wishes = list(wishes)  # type: ignore[arg-type]
    floor.top("100.00", f"100.{floor.market.update_id % 90 + 10}")


def test_an_order_leaves_only_after_its_intent_is_durable() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    wish(floor, one, bid(floor))
    (approved,) = floor.written(ev.OrderApproved)
    assert floor.entry.submitted == []
    assert not floor.node.recorder.is_idle
    floor.commit()
    (sent,) = floor.entry.submitted
    assert sent.client_order_id == approved.client_order_id
    assert (sent.quantity_text, sent.price_text) == ("1", "99.5")
    assert floor.trader.pipeline.latency.count == 1


def test_with_send_lets_the_order_leave_at_once() -> None:
    one = Watcher()
    floor = Floor(with_send=True, one=one).open()
    wish(floor, one, bid(floor))
    assert len(floor.entry.submitted) == 1
    assert floor.node.journal.lag_events >= 2


def test_what_is_approved_counts_before_it_is_durable() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    free = floor.node.state.account.available(floor.traded.quote)
    wish(floor, one, bid(floor))
    held = free - floor.node.state.account.available(floor.traded.quote)
    assert held >= floor.traded.notional(
        floor.traded.price("99.50"), floor.traded.quantity("1")
    )
    view = floor.trader.pipeline.position(StrategyId("one"), floor.symbol)
    assert [order.side for order in view.orders] == [Side.BUY]


def test_an_order_that_waited_past_its_deadline_is_withheld_and_its_strategy_told() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    wish(floor, one, bid(floor))
    floor.wait(2 * NS_PER_S)
    floor.commit()
    assert floor.entry.submitted == []
    (withheld,) = floor.written(ev.OrderWithheld)
    assert "deadline" in withheld.reason
    assert [update.status for update in one.told("order")] == [OrderStatus.NOT_SENT]
    assert not floor.node.state.account.orders
    assert floor.node.recorder.is_idle


def test_a_pause_during_the_commit_withholds_new_risk() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    wish(floor, one, bid(floor))
    floor.node.recorder.decide(ev.TradingPaused("account", "me", "lunch"))
    floor.commit()
    assert floor.entry.submitted == []
    assert len(floor.written(ev.OrderWithheld)) == 1


def test_a_strategy_that_raises_is_halted_alone() -> None:
    good, bad = Watcher(), Raises()
    floor = Floor(good=good, bad=bad).open()
    wish(floor, bad, bid(floor))
    wish(floor, good, bid(floor, price="99.40"))
    floor.commit()
    mine = {order.strategy: order for order in floor.entry.submitted}
    floor.see(floor.market.trade("100.00"))
    (halted,) = floor.written(ev.StrategyHalted)
    assert halted.strategy == "bad"
    assert "out of ideas" in halted.reason
    assert [c.client_order_id for c in floor.entry.canceled] == [
        mine[StrategyId("bad")].client_order_id
    ]
    wish(floor, good, bid(floor, price="99.30"))
    floor.commit()
    assert [order.strategy for order in floor.entry.submitted] == ["bad", "good", "good"]
    assert len(good.told("trade")) == 1


def test_an_order_of_a_strategy_that_is_halted_before_it_left_never_leaves() -> None:
    bad = Raises()
    floor = Floor(bad=bad).open()
    wish(floor, bad, bid(floor))
    floor.see(floor.market.trade("100.00"))
    floor.commit()
    assert floor.entry.submitted == []
    assert len(floor.written(ev.OrderWithheld)) == 1
    assert not floor.node.state.account.orders


def test_a_wish_that_gates_refuse_is_told_with_its_reasons_and_counted() -> None:
    one = Watcher()
    floor = Floor(one=one).open({"USDT": "1000", "BTC": "0"})
    for _ in range(5):
        wish(floor, one, bid(floor, "40"))
    floor.wait(2 * NS_PER_S)
    for event in floor.trader.pipeline.refusals.flush(floor.clock.now_ns()):
        floor.node.recorder.decide(event)
    refused = floor.written(ev.IntentRefused)
    assert sum(event.count for event in refused) == 5
    assert len(refused) < 5
    updates = one.told("order")
    assert len(updates) == 5
    assert all(update.status is OrderStatus.NOT_SENT for update in updates)
    assert "balance" in {refusal.gate for refusal in updates[0].refusals}
    assert floor.entry.submitted == []


def test_a_target_counts_what_is_filled_and_what_is_on_its_way() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    goal = Target(floor.symbol, floor.traded.quantity("1"))
    wish(floor, one, goal)
    wish(floor, one, goal)
    floor.commit()
    (order,) = floor.entry.submitted
    execution = floor.execution("1", "1")
    floor.hear(floor.report(order, ReportKind.FILLED, cum="1", execution=execution))
    floor.commit()
    wish(floor, one, goal)
    floor.commit()
    assert len(floor.entry.submitted) == 1
    assert floor.position("one") == "1"


def test_a_quote_replaces_the_one_on_its_side_when_that_is_gone() -> None:
    one = Watcher()
    floor = Floor(one=one).open()

    def quote(price: str) -> Quote:
        return Quote(
            floor.symbol, Side.BUY, floor.traded.price(price), floor.traded.quantity("1")
        )

    wish(floor, one, quote("99.50"))
    floor.commit()
    (first,) = floor.entry.submitted
    floor.entry.answer(first.client_order_id, Acked(VenueOrderId("V1")))
    floor.commit()
    wish(floor, one, quote("99.40"))
    assert [c.client_order_id for c in floor.entry.canceled] == [first.client_order_id]
    floor.entry.answer_cancel(floor.entry.canceled[0], CancelAcked(floor.traded.quantity("0")))
    floor.commit()
    wish(floor, one, quote("99.40"))
    floor.commit()
    assert [order.price_text for order in floor.entry.submitted] == ["99.5", "99.4"]


def test_a_cancel_acts_first_and_is_recorded_after() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    wish(floor, one, bid(floor))
    floor.commit()
    wish(floor, one, Cancel(floor.symbol))
    assert len(floor.entry.canceled) == 1
    (requested,) = floor.written(ev.CancelRequested)
    assert requested.client_order_id == floor.entry.submitted[0].client_order_id


def test_an_order_that_is_canceled_on_its_way_to_disk_never_leaves() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    wish(floor, one, bid(floor))
    wish(floor, one, Cancel(floor.symbol))
    floor.commit()
    assert floor.entry.submitted == floor.entry.canceled == []
    assert len(floor.written(ev.CancelRequested)) == len(floor.written(ev.OrderWithheld)) == 1
    assert not floor.node.state.account.orders


def test_without_a_connection_a_cancel_is_not_recorded_as_sent() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    wish(floor, one, bid(floor))
    floor.commit()
    floor.entry.is_connected = False
    floor.trader.cancel_all(reason="test")
    assert floor.entry.canceled == []
    assert floor.written(ev.CancelRequested) == []


def test_a_bar_is_closed_by_the_first_trade_past_its_end() -> None:
    one = ByTheMinute()
    floor = Floor(one=one).open()
    floor.see(floor.market.trade("100.00"))
    floor.wait(MINUTE_NS)
    floor.see(floor.market.trade("101.00"))
    assert len(one.told("bar")) == 1
    assert one.told("bar")[0].close == floor.traded.price("100.00")


def test_a_bar_is_closed_by_its_timer_when_no_trade_comes() -> None:
    one = ByTheMinute()
    floor = Floor(one=one).open()
    floor.see(floor.market.trade("100.00"))
    at_ns = floor.clock.now_ns()
    end_ns = at_ns - at_ns % MINUTE_NS + MINUTE_NS
    floor.wait(end_ns + GRACE_NS - 1 - at_ns)
    assert one.told("bar") == []
    floor.wait(1)
    assert len(one.told("bar")) == 1
    floor.wait(MINUTE_NS)
    assert len(one.told("bar")) == 1


def test_a_lost_stream_makes_the_book_invalid_and_stops_new_risk_not_cancels() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    wish(floor, one, bid(floor))
    floor.commit()
    floor.trader.sinks.on_book_invalid(floor.symbol, "disconnected: test")
    assert one.told("book_invalid") == ["BTCUSDT: disconnected: test"]
    one.wishes = [bid(floor)]
    floor.see(floor.market.trade("100.00"))
    floor.commit()
    assert len(floor.entry.submitted) == 1
    assert len(floor.written(ev.IntentRefused)) == 1
    assert floor.trader.cancel_all(reason="test") == 1
    assert len(floor.entry.canceled) == 1


def test_a_gap_in_depth_has_a_snapshot_fetched_and_the_book_joins_again() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    floor.wait()
    floor.see(floor.market.diff([("99.00", "1")]))
    floor.wait()
    assert floor.snapshots == [floor.symbol]
    floor.see(floor.market.snapshot([("100.00", "1")], [("100.01", "1")]))
    feed = floor.node.marks.feeds[floor.symbol]
    assert feed.sync.is_ready
    floor.market.update_id += 5
    floor.wait(NS_PER_S)
    floor.see(floor.market.diff([("99.00", "2")]))
    assert not feed.sync.is_ready
    assert len(one.told("book_invalid")) >= 1
    assert len(floor.snapshots) == 2


def test_two_strategies_never_rest_against_each_other() -> None:
    buyer, seller = Watcher(), Watcher()
    floor = Floor(buyer=buyer, seller=seller).open()
    wish(floor, buyer, bid(floor, price="100.00"))
    floor.commit()
    seller.wishes = [
        Sell(floor.symbol, floor.traded.quantity("1"), floor.traded.price("100.00"))
    ]
    floor.top("100.00", "100.05")
    floor.commit()
    assert [order.strategy for order in floor.entry.submitted] == ["buyer"]
    (refused,) = floor.written(ev.IntentRefused)
    assert "opposing" in {refusal.gate for refusal in refused.refusals}


@pytest.mark.parametrize("with_send", [False, True])
def test_a_rejection_frees_what_was_reserved(with_send: bool) -> None:
    one = Watcher()
    floor = Floor(with_send=with_send, one=one).open()
    free = floor.node.state.account.available(floor.traded.quote)
    wish(floor, one, bid(floor))
    floor.commit()
    floor.entry.answer(floor.entry.submitted[0].client_order_id, Rejected(-2010, "no"))
    assert floor.node.state.account.available(floor.traded.quote) < free
    floor.commit()
    assert floor.node.state.account.available(floor.traded.quote) == free
    assert one.told("order")[-1].status is OrderStatus.REJECTED


def test_when_the_journal_takes_nothing_cancels_still_leave() -> None:
    one = Watcher()
    floor = Floor(one=one).open()
    wish(floor, one, bid(floor))
    floor.commit()
    before = len(floor.put)
    floor.trader.cancel_without_journal()
    assert len(floor.entry.canceled) == 1
    assert len(floor.put) == before
