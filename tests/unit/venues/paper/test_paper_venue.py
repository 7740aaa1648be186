"""The matching core as a venue: order of what is told, latency on the clock, queries."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from holdfast.domain.ids import (
    AccountId,
    ClientOrderId,
    ExecId,
    IntentId,
    StrategyId,
    Symbol,
)
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.market import BookTop, DepthDiff, DepthSnapshot, MarketEvent, TradePrint
from holdfast.domain.money import PriceUnits, QuantityUnits, amount_units
from holdfast.domain.order import NewOrder, OrderType, Side, TimeInForce
from holdfast.domain.submission import Acked, Rejected, Submission
from holdfast.domain.venue import (
    CancelAcked,
    CancelAnswer,
    CancelOrder,
    CancelRefused,
    OrderReport,
    Pingable,
    ReportKind,
)
from holdfast.errors import NotFound
from holdfast.simexchange.accounts import AccountSpec
from holdfast.simexchange.model import Depth, Record, Snapshot, SymbolRules, Ticker, Trade
from holdfast.simexchange.numbers import E8
from holdfast.testing.clock import ManualClock
from holdfast.venues.paper.adapter import PaperVenue
from tests.property.sim_kit import RULES, STEP, SYMBOL, TICK, assumptions

MS = 1_000_000
LATENCY_NS = 2 * MS
SNAPSHOT = Snapshot(MS, SYMBOL, 1, [(100 * TICK, 5 * STEP)], [(101 * TICK, 5 * STEP)])


def ticker(at_ms: int, bid: int, ask: int, size: int = 5) -> Ticker:
    return Ticker(at_ms * MS, SYMBOL, at_ms, bid * TICK, size * STEP, ask * TICK, size * STEP)


class Heard:
    """Every sink at once: what was said, in the order in which it was said."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.react: Callable[[MarketEvent], None] = lambda _event: None

    def on_market(self, event: MarketEvent) -> None:
        self.said.append(event)
        self.react(event)

    def on_book_invalid(self, symbol: Symbol, reason: str) -> None:
        self.said.append((symbol, reason))

    def on_report(self, report: OrderReport) -> None:
        self.said.append(report)

    def on_submission(self, client_order_id: ClientOrderId, answer: Submission) -> None:
        self.said.append((client_order_id, answer))

    def on_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        self.said.append((cancel, answer))

    def on_account_connected(self) -> None:
        self.said.append("connected")

    def on_account_changed(self, reason: str) -> None:
        self.said.append(reason)

    def on_account_lost(self, reason: str) -> None:
        self.said.append(reason)

    def on_frame_end(self) -> None:
        """Say nothing of frames."""

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        connection.pong(payload)

    def reports(self) -> list[OrderReport]:
        return [said for said in self.said if isinstance(said, OrderReport)]

    def kinds(self) -> list[str]:
        return [type(said).__name__ for said in self.said]


class Stage:
    """A paper venue with one account and a sink that listens to everything."""

    def __init__(self, records: list[Record], rules: SymbolRules = RULES) -> None:
        self.clock = ManualClock(0)
        self.heard = Heard()
        is_spot = rules.product == "spot"
        self.venue = PaperVenue(
            self.clock,
            symbols={SYMBOL: rules},
            records=records,
            account=AccountSpec(
                name="ann",
                keys=(),
                balances={"AAA": 50 * E8, "BBB": 10_000 * E8} if is_spot else {},
                futures_balances={} if is_spot else {"BBB": 10_000 * E8},
            ),
            assumptions=assumptions(order_us=2_000, cancel_us=2_000),
            seed=1,
        )
        self.instruments: list[Instrument] = []
        self.count = 0

    async def start(self) -> None:
        venue = self.venue
        self.instruments = await venue.market_data.instruments([Symbol(SYMBOL)])
        await venue.market_data.start(self.instruments, self.heard)
        await venue.order_entry.start(self.instruments, self.heard)
        await venue.account_view.start(self.instruments, self.heard)

    def play(self, limit: int = 1_000) -> bool:
        return self.venue.market_data.play(limit=limit)

    def order(self, side: Side, quantity: int, price: int = 0, **more: Any) -> NewOrder:
        self.count += 1
        fields: dict[str, Any] = {
            "client_order_id": ClientOrderId(f"H{self.count}"),
            "account": AccountId("ann"),
            "strategy": StrategyId("s"),
            "intent_id": IntentId("i"),
            "symbol": Symbol(SYMBOL),
            "product": Product.SPOT,
            "side": side,
            "order_type": OrderType.LIMIT if price else OrderType.MARKET,
            "time_in_force": TimeInForce.GTC,
            "quantity": QuantityUnits(quantity * STEP),
            "price": PriceUnits(price * TICK),
            "quantity_text": str(quantity),
            "price_text": str(price),
            "worst_price": PriceUnits(price * TICK),
        }
        return NewOrder(**(fields | more))

    def submit(self, order: NewOrder) -> NewOrder:
        self.venue.order_entry.submit(order)
        return order


def act(story: Callable[[Stage], Coroutine[Any, Any, None]], stage: Stage) -> None:
    async def run() -> None:
        await stage.start()
        await story(stage)
        await stage.venue.close()

    asyncio.run(run())


def test_records_reach_the_sink_in_their_order_and_the_clock_follows_them() -> None:
    diff = Depth(3 * MS, SYMBOL, 2, 3, 0, [(99 * TICK, STEP)], [])
    trade = Trade(4 * MS, SYMBOL, 7, 100 * TICK, STEP, True, 7, 7)
    stage = Stage([SNAPSHOT, ticker(2, 100, 101), diff, trade])
    instants: list[int] = []
    stage.heard.react = lambda _event: instants.append(stage.clock.now_ns())

    async def story(stage: Stage) -> None:
        assert not stage.play()

    act(story, stage)
    assert stage.heard.kinds() == ["str", "BookTop", "DepthDiff", "TradePrint"]
    assert instants == [2 * MS, 3 * MS, 4 * MS]
    _, top, seen_diff, seen_trade = stage.heard.said
    assert isinstance(top, BookTop)
    assert (top.bid, top.ask, top.received_at_ns) == (100 * TICK, 101 * TICK, 2 * MS)
    assert isinstance(seen_diff, DepthDiff)
    assert (seen_diff.first_id, seen_diff.previous_id) == (2, -1)
    assert isinstance(seen_trade, TradePrint)
    assert seen_trade.buyer_is_maker


def test_a_snapshot_that_was_asked_for_comes_after_the_record_in_hand() -> None:
    diff = Depth(2 * MS, SYMBOL, 2, 2, 0, [(99 * TICK, STEP)], [])
    stage = Stage([SNAPSHOT, diff])

    async def story(stage: Stage) -> None:
        ask = stage.venue.market_data.request_snapshot
        stage.heard.react = lambda event: (
            ask(event.symbol) if isinstance(event, DepthDiff) else None
        )
        stage.play()

    act(story, stage)
    snapshot = stage.heard.said[-1]
    assert isinstance(snapshot, DepthSnapshot)
    assert snapshot.last_id == 2
    assert snapshot.bids == [(100 * TICK, 5 * STEP), (99 * TICK, STEP)]


def test_an_order_is_answered_when_its_latency_has_passed_and_not_before() -> None:
    stage = Stage([SNAPSHOT, ticker(2, 100, 101), ticker(3, 100, 101), ticker(9, 100, 101)])

    async def story(stage: Stage) -> None:
        stage.play(limit=2)
        order = stage.submit(stage.order(Side.BUY, 2))
        stage.play(limit=1)
        assert stage.heard.reports() == []
        stage.play()
        acked, filled = stage.heard.reports()
        assert (acked.kind, filled.kind) == (ReportKind.ACKED, ReportKind.FILLED)
        assert filled.venue_at_ns == filled.received_at_ns == 2 * MS + LATENCY_NS
        assert filled.execution is not None
        assert filled.execution.last_price == 101 * TICK
        assert filled.execution.fee == amount_units("0.002")
        assert filled.execution.fee_asset == "AAA"
        answer = (order.client_order_id, Acked(filled.venue_order_id))
        said = stage.heard.said
        assert said.index(answer) + 1 == said.index(acked) < said.index(filled)

    act(story, stage)


def test_a_refusal_of_the_exchange_is_a_rejection_with_its_code() -> None:
    stage = Stage([SNAPSHOT, ticker(2, 100, 101), ticker(9, 100, 101)])

    async def story(stage: Stage) -> None:
        stage.play(limit=2)
        order = stage.submit(stage.order(Side.SELL, 99))
        stage.play()
        _, answer = next(said for said in stage.heard.said if isinstance(said, tuple))
        assert isinstance(answer, Rejected)
        assert answer.code == -2010
        assert (
            await stage.venue.account_view.order(Symbol(SYMBOL), order.client_order_id) is None
        )

    act(story, stage)


def test_what_the_exchange_does_not_have_is_refused_from_the_clock() -> None:
    stage = Stage([SNAPSHOT, ticker(2, 100, 101)])

    async def story(stage: Stage) -> None:
        stage.submit(stage.order(Side.BUY, 1, 100, time_in_force=TimeInForce.GTD))
        assert stage.heard.said == ["connected"]
        stage.clock.wait(0)
        _, answer = stage.heard.said[-1]
        assert isinstance(answer, Rejected)
        assert "good till a date" in answer.message

    act(story, stage)


def test_a_resting_order_is_filled_by_the_recorded_market_after_its_record() -> None:
    trade = Trade(9 * MS, SYMBOL, 7, 99 * TICK, STEP, True, 7, 7)
    stage = Stage([SNAPSHOT, ticker(2, 100, 101), ticker(8, 100, 101), trade])

    async def story(stage: Stage) -> None:
        stage.play(limit=2)
        stage.submit(stage.order(Side.BUY, 3, 100))
        stage.play()
        assert stage.heard.kinds()[-2:] == ["TradePrint", "OrderReport"]
        filled = stage.heard.said[-1]
        assert (filled.cum_quantity, filled.quantity) == (STEP, 3 * STEP)
        assert filled.status_text == "PARTIALLY_FILLED"
        [resting] = await stage.venue.account_view.open_orders(Symbol(SYMBOL))
        assert (resting.kind, resting.cum_quantity) == (ReportKind.ACKED, STEP)
        [execution] = await stage.venue.account_view.trades(Symbol(SYMBOL), after=None)
        assert execution.execution == filled.execution
        after = ExecId(execution.execution.exec_id)
        assert await stage.venue.account_view.trades(Symbol(SYMBOL), after=after) == []

    act(story, stage)


def test_a_cancel_is_answered_and_a_second_one_is_refused() -> None:
    stage = Stage([SNAPSHOT, ticker(2, 100, 101)])

    async def story(stage: Stage) -> None:
        stage.play()
        order = stage.submit(stage.order(Side.BUY, 3, 99))
        cancel = CancelOrder(order.symbol, order.client_order_id)
        stage.venue.order_entry.cancel(cancel)
        stage.venue.order_entry.cancel(cancel)
        stage.clock.wait(20 * MS)
        answers = [said[1] for said in stage.heard.said if isinstance(said, tuple)]
        assert answers[1] == CancelAcked(QuantityUnits(0))
        assert isinstance(answers[2], CancelRefused)
        assert answers[2].code == -2011
        report = stage.heard.reports()[-1]
        assert (report.kind, report.client_order_id) == (
            ReportKind.CANCELED,
            order.client_order_id,
        )

    act(story, stage)


def test_orders_after_one_are_given_in_any_state() -> None:
    stage = Stage([SNAPSHOT, ticker(2, 100, 101), ticker(20, 100, 101)])

    async def story(stage: Stage) -> None:
        stage.play(limit=2)
        first = stage.submit(stage.order(Side.BUY, 3, 99))
        second = stage.submit(stage.order(Side.BUY, 1))
        stage.venue.order_entry.cancel(CancelOrder(first.symbol, first.client_order_id))
        stage.play()
        view = stage.venue.account_view
        every = await view.orders(Symbol(SYMBOL), after=None)
        assert [(o.client_order_id, o.kind) for o in every] == [
            (first.client_order_id, ReportKind.CANCELED),
            (second.client_order_id, ReportKind.STATUS),
        ]
        assert await view.orders(Symbol(SYMBOL), after=every[0].venue_order_id) == every[1:]
        assert await view.orders(Symbol(SYMBOL), after=every[1].venue_order_id) == []

    act(story, stage)


def test_a_closed_way_sends_nothing_and_says_so() -> None:
    stage = Stage([SNAPSHOT])

    async def story(stage: Stage) -> None:
        await stage.venue.order_entry.close()
        assert not stage.venue.order_entry.is_connected
        order = stage.submit(stage.order(Side.BUY, 1, 100))
        stage.venue.order_entry.cancel(CancelOrder(order.symbol, order.client_order_id))
        stage.clock.wait(MS)
        first, second = (said[1] for said in stage.heard.said[1:])
        assert isinstance(first, Rejected)
        assert isinstance(second, CancelRefused)
        assert stage.venue.exchange.accounts.all_orders("ann", SYMBOL) == []

    act(story, stage)


def test_spot_has_balances_and_no_positions() -> None:
    stage = Stage([SNAPSHOT])

    async def story(stage: Stage) -> None:
        balances = await stage.venue.account_view.balances()
        assert [(balance.asset, balance.total) for balance in balances] == [
            ("AAA", amount_units("50")),
            ("BBB", amount_units("10000")),
        ]
        assert await stage.venue.account_view.positions() == []

    act(story, stage)


def test_an_unknown_symbol_is_named() -> None:
    stage = Stage([])

    async def story(stage: Stage) -> None:
        with pytest.raises(NotFound, match="'ETHUSDT' is not in the data; it has AAABBB"):
            await stage.venue.market_data.instruments([Symbol("ETHUSDT")])

    act(story, stage)


def test_play_stops_at_its_limit_at_a_pause_and_at_the_end() -> None:
    stage = Stage([SNAPSHOT, *(ticker(at, 100, 101) for at in range(2, 12))])

    async def story(stage: Stage) -> None:
        market = stage.venue.market_data
        assert stage.play(limit=3)
        assert market.played_count == 3
        stage.heard.react = lambda _event: market.pause()
        assert stage.play()
        assert market.played_count == 4
        stage.heard.react = lambda _event: None
        assert not stage.play()
        assert market.is_ended
        assert market.played_count == 11

    act(story, stage)
