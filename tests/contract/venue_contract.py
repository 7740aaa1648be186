"""What every venue keeps, as numbered cases; a venue is held to it by a short subclass.

A subclass opens a `Stage`: the three protocols connected to one market that moves, and an
account with enough of both assets to trade a little.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import pytest

from holdfast.domain.ids import AccountId, ClientOrderId, IntentId, StrategyId, Symbol
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.market import (
    BookTop,
    DepthDiff,
    DepthSnapshot,
    MarketEvent,
    TradePrint,
)
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import NewOrder, OrderType, Side, TimeInForce
from holdfast.domain.submission import Acked, Rejected, Submission, Unknown
from holdfast.domain.venue import (
    AccountView,
    CancelAcked,
    CancelAnswer,
    CancelOrder,
    CancelRefused,
    MarketData,
    OrderEntry,
    OrderReport,
    Pingable,
    ReportKind,
)
from holdfast.errors import NotFound

NEWS_WITHIN_S = 20.0
FAR = 100
"""A resting order stands this part of the price away: one hundredth."""


class Heard:
    """All three sinks in one; keeps what is said and wakes who waits for news."""

    def __init__(self) -> None:
        self.market: list[MarketEvent] = []
        self.tops: dict[Symbol, BookTop] = {}
        self.reports: list[OrderReport] = []
        self.answers: dict[ClientOrderId, list[Submission]] = {}
        self.cancels: dict[ClientOrderId, list[CancelAnswer]] = {}
        self.connected = 0
        self.lost: list[str] = []
        self.changed: list[str] = []
        self.invalid: list[str] = []
        self.news = asyncio.Event()

    def on_market(self, event: MarketEvent) -> None:
        self.market.append(event)
        if isinstance(event, BookTop):
            self.tops[event.symbol] = event
        self.news.set()

    def on_book_invalid(self, symbol: Symbol, reason: str) -> None:
        self.invalid.append(f"{symbol}: {reason}")
        self.news.set()

    def on_frame_end(self) -> None:
        self.news.set()

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        connection.pong(payload)

    def on_report(self, report: OrderReport) -> None:
        self.reports.append(report)
        self.news.set()

    def on_account_changed(self, reason: str) -> None:
        self.changed.append(reason)
        self.news.set()

    def on_account_connected(self) -> None:
        self.connected += 1
        self.news.set()

    def on_account_lost(self, reason: str) -> None:
        self.lost.append(reason)
        self.news.set()

    def on_submission(self, client_order_id: ClientOrderId, answer: Submission) -> None:
        self.answers.setdefault(client_order_id, []).append(answer)
        self.news.set()

    def on_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        self.cancels.setdefault(cancel.client_order_id, []).append(answer)
        self.news.set()

    def kinds(self, client_order_id: ClientOrderId) -> list[ReportKind]:
        return [r.kind for r in self.reports if r.client_order_id == client_order_id]


class Stage:
    """A venue that is up, and what a trader would say to it."""

    def __init__(
        self,
        market_data: MarketData,
        account_view: AccountView,
        order_entry: OrderEntry,
        *,
        instrument: Instrument,
        account: AccountId,
        heard: Heard,
        ask_snapshot: Callable[[Symbol], None],
        first_id: Callable[[], str],
    ) -> None:
        self.market_data = market_data
        self.account_view = account_view
        self.order_entry = order_entry
        self.instrument = instrument
        self.account = account
        self.heard = heard
        self.ask_snapshot = ask_snapshot
        self._next_id = first_id

    @property
    def symbol(self) -> Symbol:
        return self.instrument.symbol

    @property
    def top(self) -> BookTop:
        return self.heard.tops[self.symbol]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for news until something holds."""
        async with asyncio.timeout(NEWS_WITHIN_S):
            while not holds():
                self.heard.news.clear()
                await self.heard.news.wait()

    def order(self, side: Side, price: int, *, market: bool = False) -> NewOrder:
        """Make an order of the least quantity that the filters allow, and a little more."""
        instrument = self.instrument
        smallest = float(instrument.min_notional) * 10.0**instrument.quantity_exponent
        last = self.top.bid / 10.0**instrument.price_exponent
        quantity = instrument.floor_quantity(3 * smallest / last)
        quantity = QuantityUnits(max(quantity, 10 * instrument.step))
        chosen = instrument.round_price(price, "down")
        return NewOrder(
            client_order_id=ClientOrderId(self._next_id()),
            account=self.account,
            strategy=StrategyId("contract"),
            intent_id=IntentId("contract-1"),
            symbol=instrument.symbol,
            product=instrument.product,
            side=side,
            order_type=OrderType.MARKET if market else OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            quantity=quantity,
            price=PriceUnits(0) if market else chosen,
            quantity_text=instrument.quantity_text(quantity),
            price_text="0" if market else instrument.price_text(chosen),
            worst_price=chosen,
        )

    def resting(self) -> NewOrder:
        """Make a buy that no trade will reach soon."""
        return self.order(Side.BUY, self.top.bid - self.top.bid // FAR)

    async def submit(self, order: NewOrder) -> Submission:
        """Submit and wait for the answer."""
        self.order_entry.submit(order)
        await self.until(lambda: order.client_order_id in self.heard.answers)
        return self.heard.answers[order.client_order_id][0]

    async def cancel(self, client_order_id: ClientOrderId) -> CancelAnswer:
        """Cancel and wait for the answer."""
        before = len(self.heard.cancels.get(client_order_id, []))
        self.order_entry.cancel(CancelOrder(self.symbol, client_order_id))
        await self.until(lambda: len(self.heard.cancels.get(client_order_id, [])) > before)
        return self.heard.cancels[client_order_id][-1]

    async def end(self, order: NewOrder) -> None:
        """Take a resting order off the book again."""
        assert isinstance(await self.cancel(order.client_order_id), CancelAcked)


class VenueContract:
    """The cases."""

    def stage(self) -> AbstractAsyncContextManager[Stage]:
        """Open a stage whose market has begun."""
        raise NotImplementedError

    def run(self, story: Callable[[Stage], Awaitable[None]]) -> None:
        """Play a case on a stage of its own."""

        async def whole() -> None:
            async with self.stage() as stage:
                await stage.until(lambda: stage.symbol in stage.heard.tops)
                await story(stage)

        asyncio.run(whole())

    def test_01_an_instrument_can_price_and_size_an_order(self) -> None:
        async def case(stage: Stage) -> None:
            (found,) = await stage.market_data.instruments([stage.symbol])
            assert found == stage.instrument
            assert found.tick > 0
            assert found.step > 0
            assert found.base != found.quote
            assert await stage.market_data.instruments([]) == []

        self.run(case)

    def test_02_an_unknown_symbol_is_not_found_and_named(self) -> None:
        async def case(stage: Stage) -> None:
            with pytest.raises(NotFound, match="NOSUCHCOIN"):
                await stage.market_data.instruments([stage.symbol, Symbol("NOSUCHCOIN")])

        self.run(case)

    def test_03_market_events_come_in_their_order_and_on_the_tick(self) -> None:
        async def case(stage: Stage) -> None:
            heard = stage.heard
            await stage.until(lambda: any(isinstance(e, TradePrint) for e in heard.market))
            await stage.until(lambda: len(heard.market) >= 20)
            trades = [e.trade_id for e in heard.market if isinstance(e, TradePrint)]
            updates = [e.last_id for e in heard.market if isinstance(e, DepthDiff)]
            stamps = [e.received_at_ns for e in heard.market]
            assert trades == sorted(set(trades))
            assert updates == sorted(updates)
            assert stamps == sorted(stamps)
            for event in heard.market:
                if isinstance(event, BookTop):
                    assert event.bid < event.ask
                    assert event.bid % stage.instrument.tick == 0

        self.run(case)

    def test_04_a_snapshot_joins_the_updates_without_a_gap(self) -> None:
        async def case(stage: Stage) -> None:
            heard = stage.heard
            await stage.until(lambda: any(isinstance(e, DepthDiff) for e in heard.market))
            stage.ask_snapshot(stage.symbol)
            await stage.until(lambda: any(isinstance(e, DepthSnapshot) for e in heard.market))
            last_id = next(e.last_id for e in heard.market if isinstance(e, DepthSnapshot))
            await stage.until(
                lambda: any(
                    isinstance(e, DepthDiff) and e.last_id > last_id + 3 for e in heard.market
                )
            )
            later = [
                e for e in heard.market if isinstance(e, DepthDiff) and e.last_id > last_id
            ]
            assert later[0].first_id <= last_id + 1 <= later[0].last_id
            for before, after in itertools.pairwise(later):
                assert after.first_id == before.last_id + 1

        self.run(case)

    def test_05_an_order_is_acked_once_reported_and_found_resting(self) -> None:
        async def case(stage: Stage) -> None:
            order = stage.resting()
            answer = await stage.submit(order)
            assert isinstance(answer, Acked)
            await stage.until(lambda: bool(stage.heard.kinds(order.client_order_id)))
            (report,) = [
                r for r in stage.heard.reports if r.client_order_id == order.client_order_id
            ]
            assert report.kind is ReportKind.ACKED
            assert report.venue_order_id == answer.venue_order_id
            assert (report.price, report.quantity) == (order.price, order.quantity)
            assert (report.side, report.cum_quantity) == (Side.BUY, 0)
            resting = await stage.account_view.open_orders(stage.symbol)
            assert order.client_order_id in [found.client_order_id for found in resting]
            found = await stage.account_view.order(stage.symbol, order.client_order_id)
            assert found is not None
            assert (found.kind, found.venue_order_id) == (
                ReportKind.ACKED,
                answer.venue_order_id,
            )
            await stage.end(order)
            assert stage.heard.answers[order.client_order_id] == [answer]

        self.run(case)

    def test_06_a_cancel_is_reported_under_the_orders_own_id(self) -> None:
        async def case(stage: Stage) -> None:
            order = stage.resting()
            await stage.submit(order)
            answer = await stage.cancel(order.client_order_id)
            assert answer == CancelAcked(QuantityUnits(0))
            await stage.until(
                lambda: ReportKind.CANCELED in stage.heard.kinds(order.client_order_id)
            )
            resting = await stage.account_view.open_orders(stage.symbol)
            assert order.client_order_id not in [found.client_order_id for found in resting]
            found = await stage.account_view.order(stage.symbol, order.client_order_id)
            assert found is not None
            assert found.kind is ReportKind.CANCELED

        self.run(case)

    def test_07_a_cancel_of_what_does_not_rest_is_refused(self) -> None:
        async def case(stage: Stage) -> None:
            order = stage.resting()
            await stage.submit(order)
            await stage.end(order)
            assert isinstance(await stage.cancel(order.client_order_id), CancelRefused)
            nobody = ClientOrderId("NOBODYSENTTHIS")
            assert isinstance(await stage.cancel(nobody), CancelRefused)

        self.run(case)

    def test_08_a_market_order_fills_and_every_source_agrees_about_it(self) -> None:
        async def case(stage: Stage) -> None:
            before = {b.asset: b.total for b in await stage.account_view.balances()}
            order = stage.order(Side.BUY, stage.top.ask, market=True)
            assert isinstance(await stage.submit(order), Acked)
            await stage.until(lambda: _filled(stage.heard, order) == order.quantity)
            fills = [
                r
                for r in stage.heard.reports
                if r.client_order_id == order.client_order_id and r.execution
            ]
            assert fills[-1].cum_quantity == order.quantity
            trades = [
                trade
                for trade in await stage.account_view.trades(stage.symbol, after=None)
                if trade.venue_order_id == fills[0].venue_order_id
            ]
            assert [t.execution for t in trades] == [f.execution for f in fills]
            assert {t.side for t in trades} == {Side.BUY}
            after = {b.asset: b.total for b in await stage.account_view.balances()}
            expected = _settled(stage.instrument, before, fills)
            assert after == expected
            found = await stage.account_view.order(stage.symbol, order.client_order_id)
            assert found is not None
            assert (found.status_text, found.cum_quantity) == ("FILLED", order.quantity)

        self.run(case)

    def test_09_executions_after_an_id_are_those_that_came_later(self) -> None:
        async def case(stage: Stage) -> None:
            for _ in range(2):
                order = stage.order(Side.BUY, stage.top.ask, market=True)
                await stage.submit(order)
                await stage.until(
                    lambda order=order: _filled(stage.heard, order) == order.quantity
                )
            every = await stage.account_view.trades(stage.symbol, after=None)
            ids = [int(trade.execution.exec_id) for trade in every]
            assert ids == sorted(set(ids))
            rest = await stage.account_view.trades(
                stage.symbol, after=every[-2].execution.exec_id
            )
            assert rest == every[-1:]
            last = every[-1].execution.exec_id
            assert await stage.account_view.trades(stage.symbol, after=last) == []

        self.run(case)

    def test_10_an_order_against_the_filters_is_rejected_and_certainly_not_done(self) -> None:
        async def case(stage: Stage) -> None:
            plain = stage.resting()
            odd = msgspec.structs.replace(
                plain, price_text=stage.instrument.price_text(plain.price + 1)
            )
            answer = await stage.submit(odd)
            assert isinstance(answer, Rejected)
            assert answer.message
            assert await stage.account_view.order(stage.symbol, odd.client_order_id) is None

        self.run(case)

    def test_11_an_order_beyond_the_balance_is_rejected(self) -> None:
        async def case(stage: Stage) -> None:
            plain = stage.resting()
            huge = QuantityUnits(stage.instrument.max_quantity or 10**17)
            rich = msgspec.structs.replace(
                plain, quantity=huge, quantity_text=stage.instrument.quantity_text(huge)
            )
            assert isinstance(await stage.submit(rich), Rejected)

        self.run(case)

    def test_12_an_id_that_rests_already_is_never_taken_for_a_rejection(self) -> None:
        async def case(stage: Stage) -> None:
            order = stage.resting()
            await stage.submit(order)
            stage.order_entry.submit(order)
            await stage.until(lambda: len(stage.heard.answers[order.client_order_id]) == 2)
            assert isinstance(stage.heard.answers[order.client_order_id][1], Unknown)
            resting = await stage.account_view.open_orders(stage.symbol)
            mine = [o for o in resting if o.client_order_id == order.client_order_id]
            assert len(mine) == 1
            await stage.end(order)

        self.run(case)

    def test_13_an_order_that_nobody_sent_is_not_known(self) -> None:
        async def case(stage: Stage) -> None:
            nobody = ClientOrderId("NOBODYSENTTHIS")
            assert await stage.account_view.order(stage.symbol, nobody) is None
            held = await stage.account_view.positions()
            assert all(position.quantity for position in held)
            if stage.instrument.product is Product.SPOT:
                assert held == []

        self.run(case)

    def test_14_every_submission_is_answered_once_when_the_way_is_closed(self) -> None:
        async def case(stage: Stage) -> None:
            orders = [stage.resting() for _ in range(5)]
            for order in orders:
                stage.order_entry.submit(order)
            await stage.order_entry.close()
            await stage.order_entry.close()
            assert not stage.order_entry.is_connected
            for order in orders:
                (answer,) = stage.heard.answers[order.client_order_id]
                assert isinstance(answer, Acked | Unknown)

        self.run(case)

    def test_15_closing_is_idempotent_and_final(self) -> None:
        async def case(stage: Stage) -> None:
            for _ in range(2):
                await stage.market_data.close()
                await stage.account_view.close()
            count = len(stage.heard.market)
            await asyncio.sleep(0.05)
            assert len(stage.heard.market) == count
            assert stage.heard.invalid == []
            assert stage.heard.lost == []

        self.run(case)

    def test_16_bars_are_closed_aligned_and_joined_from_shorter_ones(self) -> None:
        async def case(stage: Stage) -> None:
            second = 1_000_000_000
            await stage.until(lambda: _span_ns(stage.heard) > 8 * second)
            ask = stage.market_data.bars
            short = await ask(stage.symbol, interval_ns=second, count=600)
            long = await ask(stage.symbol, interval_ns=2 * second, count=300)
            assert short
            for bars, interval_ns in ((short, second), (long, 2 * second)):
                opens = [bar.open_at_ns for bar in bars]
                assert opens == sorted(set(opens))
                assert not any(at_ns % interval_ns for at_ns in opens)
                assert all(bar.low <= bar.open <= bar.high for bar in bars)
                assert all(bar.low <= bar.close <= bar.high for bar in bars)
                assert all(bar.trade_count for bar in bars)
            joined = {bar.open_at_ns: bar for bar in long}
            for bar in short:
                held = joined.get(bar.open_at_ns - bar.open_at_ns % (2 * second))
                if held is not None:
                    assert held.low <= bar.low
                    assert bar.high <= held.high

        self.run(case)

    def test_17_orders_after_one_are_those_that_came_later_whatever_their_state(self) -> None:
        async def case(stage: Stage) -> None:
            view, symbol = stage.account_view, stage.symbol
            first, second = stage.resting(), stage.resting()
            for order in (first, second):
                assert isinstance(await stage.submit(order), Acked)
            await stage.end(second)
            last = stage.order(Side.BUY, stage.top.ask, market=True)
            assert isinstance(await stage.submit(last), Acked)
            await stage.until(lambda: _filled(stage.heard, last) == last.quantity)
            every = await view.orders(symbol, after=None)
            assert [found.client_order_id for found in every[-3:]] == [
                first.client_order_id,
                second.client_order_id,
                last.client_order_id,
            ]
            ids = [int(found.venue_order_id) for found in every]
            assert ids == sorted(set(ids))
            rested, canceled, filled = every[-3:]
            assert (rested.kind, rested.cum_quantity) == (ReportKind.ACKED, 0)
            assert (canceled.kind, canceled.cum_quantity) == (ReportKind.CANCELED, 0)
            assert (filled.status_text, filled.cum_quantity) == ("FILLED", last.quantity)
            assert filled.execution is None
            later = await view.orders(symbol, after=rested.venue_order_id)
            assert [found.venue_order_id for found in later] == [
                canceled.venue_order_id,
                filled.venue_order_id,
            ]
            assert await view.orders(symbol, after=filled.venue_order_id) == []
            await stage.end(first)

        self.run(case)


def _span_ns(heard: Heard) -> int:
    """Give how much market time the trades that were heard cover."""
    stamps = [e.venue_at_ns for e in heard.market if isinstance(e, TradePrint)]
    return max(stamps) - min(stamps) if stamps else 0


def _filled(heard: Heard, order: NewOrder) -> int:
    return sum(
        report.execution.last_quantity
        for report in heard.reports
        if report.client_order_id == order.client_order_id and report.execution
    )


def _settled(
    instrument: Instrument, before: dict[str, int], fills: list[OrderReport]
) -> dict[str, int]:
    """Work out balances after buys to the last digit: of a contract profit and fees alone."""
    after = dict(before)
    for fill in fills:
        execution = fill.execution
        assert execution is not None
        if instrument.product is Product.LINEAR:
            assert execution.realized is not None
            after[execution.fee_asset] += execution.realized - execution.fee
            continue
        cost = instrument.notional(execution.last_price, execution.last_quantity)
        after[instrument.quote] -= cost
        base = instrument.base_amount(execution.last_quantity)
        after[instrument.base] = after.get(instrument.base, 0) + base
        after[execution.fee_asset] -= execution.fee
    return {asset: total for asset, total in after.items() if total}


@asynccontextmanager
async def closing(stage: Stage) -> AsyncIterator[Stage]:
    """Give a stage and close all of it."""
    try:
        yield stage
    finally:
        await stage.market_data.close()
        await stage.account_view.close()
        await stage.order_entry.close()
