"""USD-M in the same process: positions, stops under their own id, funding, lists of spot."""

from typing import Any

import msgspec

from holdfast.domain.ids import ClientOrderId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Product
from holdfast.domain.market import MarkPrice
from holdfast.domain.money import PriceUnits, amount_units
from holdfast.domain.order import (
    Contingency,
    NewOrder,
    OrderType,
    Origin,
    PositionSide,
    Side,
)
from holdfast.domain.submission import Acked, Rejected
from holdfast.domain.venue import CancelAcked, CancelOrder, CancelRefused, ReportKind
from holdfast.simexchange.model import Record, Ticker, Trade
from tests.property.sim_kit import RULES, STEP, SYMBOL, TICK
from tests.unit.venues.paper.test_paper_venue import MS, SNAPSHOT, Stage, act, ticker

LINEAR = msgspec.structs.replace(RULES, product="linear")
SECOND_NS = 1_000 * MS
EIGHT_HOURS_NS = 8 * 3_600 * SECOND_NS


def printed(at_ms: int, price: int) -> Trade:
    return Trade(at_ms * MS, SYMBOL, at_ms, price * TICK, STEP, True, at_ms, at_ms)


def perpetual(*records: Record) -> Stage:
    return Stage([SNAPSHOT, ticker(2, 100, 101), *records], LINEAR)


def stop(stage: Stage, trigger: int, **more: Any) -> NewOrder:
    return stage.order(
        Side.SELL,
        2,
        order_type=OrderType.STOP_MARKET,
        trigger_price=PriceUnits(trigger * TICK),
        reduce_only=True,
        **more,
    )


def test_a_position_of_a_perpetual_is_no_balance() -> None:
    stage = perpetual(ticker(9, 100, 101))

    async def story(stage: Stage) -> None:
        assert stage.instruments[0].product is Product.LINEAR
        stage.play(limit=2)
        stage.submit(stage.order(Side.SELL, 2))
        stage.play()
        [held] = await stage.venue.account_view.positions()
        assert (held.symbol, held.quantity) == (SYMBOL, -2 * STEP)
        assert (held.position_side, held.entry_price) == (PositionSide.BOTH, "100")
        [wallet] = await stage.venue.account_view.balances()
        assert (wallet.asset, wallet.total) == ("BBB", amount_units("9999.9"))
        [filled] = [r for r in stage.heard.reports() if r.kind is ReportKind.FILLED]
        assert filled.execution is not None
        assert filled.execution.realized == 0
        [trade] = await stage.venue.account_view.trades(Symbol(SYMBOL), after=None)
        assert trade.execution == filled.execution

    act(story, stage)


def test_marks_are_shown_once_a_second() -> None:
    stage = perpetual(ticker(500, 102, 103), ticker(1_500, 104, 105))

    async def story(stage: Stage) -> None:
        stage.play()
        marks = [said for said in stage.heard.said if isinstance(said, MarkPrice)]
        assert [mark.venue_at_ns for mark in marks] == [MS, 1_500 * MS]
        assert marks[0].mark == 100 * TICK + TICK // 2
        assert marks[0].funding_rate == "0.0001"
        assert marks[0].next_funding_at_ns == EIGHT_HOURS_NS

    act(story, stage)


def test_a_triggered_stop_is_reported_under_its_own_client_id() -> None:
    stage = perpetual(ticker(9, 100, 101), printed(20, 98), ticker(30, 100, 101))

    async def story(stage: Stage) -> None:
        stage.play(limit=2)
        stage.submit(stage.order(Side.BUY, 2))
        asked = stage.submit(stop(stage, 99))
        stage.play(limit=1)
        assert (asked.client_order_id, Acked(VenueOrderId("algo:1"))) in stage.heard.said
        [resting] = await stage.venue.account_view.open_orders(Symbol(SYMBOL))
        assert (resting.venue_order_id, resting.order_type) == ("algo:1", OrderType.STOP_MARKET)
        stage.play()
        mine = [r for r in stage.heard.reports() if r.client_order_id == asked.client_order_id]
        told = [(r.kind, r.venue_order_id, r.status_text) for r in mine]
        assert told == [
            (ReportKind.ACKED, "algo:1", "NEW"),
            (ReportKind.STATUS, "algo:1", "TRIGGERING"),
            (ReportKind.ACKED, "2", "TRIGGERED"),
            (ReportKind.ACKED, "2", "NEW"),
            (ReportKind.FILLED, "2", "FILLED"),
            (ReportKind.STATUS, "2", "FINISHED"),
        ]
        assert await stage.venue.account_view.positions() == []
        found = await stage.venue.account_view.order(Symbol(SYMBOL), asked.client_order_id)
        assert found is not None
        assert (found.venue_order_id, found.cum_quantity) == ("2", 2 * STEP)

    act(story, stage)


def test_a_stop_is_canceled_where_it_waits() -> None:
    stage = perpetual(ticker(9, 100, 101), ticker(30, 100, 101), ticker(40, 100, 101))

    async def story(stage: Stage) -> None:
        stage.play(limit=2)
        asked = stage.submit(stop(stage, 99))
        stage.play(limit=1)
        wish = CancelOrder(
            Symbol(SYMBOL), asked.client_order_id, OrderType.STOP_MARKET, VenueOrderId("algo:1")
        )
        stage.venue.order_entry.cancel(wish)
        stage.venue.order_entry.cancel(wish)
        stage.play()
        answers = [said[1] for said in stage.heard.said if isinstance(said, tuple)]
        assert [type(one) for one in answers] == [Acked, CancelAcked, CancelRefused]
        assert await stage.venue.account_view.open_orders(Symbol(SYMBOL)) == []

    act(story, stage)


def test_funding_is_told_as_a_change_and_given_as_income() -> None:
    late = Ticker(EIGHT_HOURS_NS + MS, SYMBOL, 99, 100 * TICK, STEP, 101 * TICK, STEP)
    stage = perpetual(ticker(9, 100, 101), late)

    async def story(stage: Stage) -> None:
        stage.play(limit=2)
        stage.submit(stage.order(Side.BUY, 2))
        stage.play()
        assert "FUNDING_FEE" in stage.heard.said
        [paid] = await stage.venue.account_view.income(after_ns=UtcNs(0))
        assert (paid.kind, paid.amount) == ("FUNDING_FEE", amount_units("-0.0201"))
        assert paid.venue_at_ns == EIGHT_HOURS_NS
        assert await stage.venue.account_view.income(after_ns=paid.venue_at_ns) == []

    act(story, stage)


def test_a_liquidation_says_that_the_venue_made_it() -> None:
    stage = perpetual(ticker(9, 100, 101))

    async def story(stage: Stage) -> None:
        stage.play(limit=2)
        stage.submit(stage.order(Side.BUY, 2))
        stage.play()
        floor = stage.venue.market_data._floor
        floor.deliver(stage.venue.exchange.futures.demands.force_liquidation("ann", SYMBOL))
        [made] = [
            r for r in stage.heard.reports() if r.execution and r.origin is not Origin.REQUEST
        ]
        assert made.origin is Origin.LIQUIDATION
        assert made.client_order_id.startswith("autoclose-")
        [fee] = await stage.venue.account_view.income(after_ns=UtcNs(0))
        assert fee.kind == "INSURANCE_CLEAR"

    act(story, stage)


def test_usdm_has_neither_lists_nor_cancel_and_replace() -> None:
    stage = perpetual(ticker(9, 100, 101))

    async def story(stage: Stage) -> None:
        first, second = stage.order(Side.BUY, 1, 99), stage.order(Side.BUY, 1, 98)
        stage.venue.order_entry.submit_list((first, second))
        stage.venue.order_entry.replace(CancelOrder(Symbol(SYMBOL), ClientOrderId("x")), first)
        stage.clock.wait(0)
        answers = [said[1] for said in stage.heard.said if isinstance(said, tuple)]
        assert [type(one) for one in answers] == [Rejected, Rejected, CancelRefused, Rejected]

    act(story, stage)


def test_a_list_of_spot_is_one_request_that_answers_each_order() -> None:
    stage = Stage([SNAPSHOT, ticker(2, 100, 101), ticker(9, 100, 101), ticker(20, 100, 101)])

    async def story(stage: Stage) -> None:
        stage.play(limit=2)
        shared: dict[str, Any] = {"order_list_id": "L1", "contingency": Contingency.OCO.value}
        profit = stage.order(Side.SELL, 2, 110, order_type=OrderType.LIMIT_MAKER, **shared)
        guard = stage.order(
            Side.SELL,
            2,
            order_type=OrderType.STOP_MARKET,
            trigger_price=PriceUnits(90 * TICK),
            **shared,
        )
        stage.venue.order_entry.submit_list((guard, profit))
        stage.play(limit=1)
        answers: dict[str, Any] = dict(
            said for said in stage.heard.said if isinstance(said, tuple)
        )
        assert [type(answers[o.client_order_id]) for o in (guard, profit)] == [Acked, Acked]
        rest = await stage.venue.account_view.open_orders(Symbol(SYMBOL))
        assert {r.order_type for r in rest} == {OrderType.LIMIT_MAKER, OrderType.STOP_MARKET}

    act(story, stage)


def test_a_replacement_of_spot_cancels_and_places_as_one_request() -> None:
    stage = Stage([SNAPSHOT, ticker(2, 100, 101), ticker(9, 100, 101), ticker(20, 100, 101)])

    async def story(stage: Stage) -> None:
        stage.play(limit=2)
        former = stage.submit(stage.order(Side.BUY, 1, 90))
        stage.play(limit=1)
        wish = CancelOrder(Symbol(SYMBOL), former.client_order_id)
        stage.venue.order_entry.replace(wish, stage.order(Side.BUY, 1, 91))
        unknown = CancelOrder(Symbol(SYMBOL), ClientOrderId("nobody"))
        stage.venue.order_entry.replace(unknown, stage.order(Side.BUY, 1, 92))
        stage.play()
        answers = [said[1] for said in stage.heard.said if isinstance(said, tuple)]
        assert [type(one) for one in answers] == [
            Acked, CancelAcked, Acked, CancelRefused, Rejected,
        ]  # fmt: skip
        [rest] = await stage.venue.account_view.open_orders(Symbol(SYMBOL))
        assert rest.price == 91 * TICK

    act(story, stage)
