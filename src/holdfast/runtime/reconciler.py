"""Asks the venue and compares, until both agree; new risk waits for it (XCH-5).

One comparison at a time. While the questions are out, paper time stands still, so that the
market cannot run ahead of a trader that may not act. It converges in a bounded number of rounds
or stays blocked, says why, and begins again after a minute.
"""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from holdfast.domain import events as ev
from holdfast.domain.approval import Reservation
from holdfast.domain.ids import ClientOrderId, Epoch, Symbol
from holdfast.domain.instant import NS_PER_MS, NS_PER_S, Clock
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import Asset
from holdfast.domain.venue import AccountView, OrderReport
from holdfast.errors import VenueRefused, VenueTimeout, VenueUnavailable
from holdfast.execution.answers import VenueAnswers, inquire
from holdfast.execution.reconcile import Ours, Reconciled, reconcile
from holdfast.gateway.gateway import Gateway
from holdfast.risk.halt import ANOTHER_INSTANCE, UNRECONCILED
from holdfast.risk.reservation import reserve
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.trader import Trader

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 20
START_AGAIN_NS = 60 * NS_PER_S
DOUBT_DELAY_NS = 500 * NS_PER_MS
MARGIN_NS = NS_PER_S
_UNANSWERED = (VenueTimeout, VenueUnavailable, VenueRefused)


class Reconciler:
    """Keeps our account and the venue's in agreement."""

    def __init__(
        self,
        trader: Trader,
        view: AccountView,
        *,
        recorder: Recorder,
        gateway: Gateway,
        clock: Clock,
        recv_window_ns: int,
    ) -> None:
        self.is_asking = False
        self.last: Reconciled | None = None
        self.on_done: Callable[[], None] = _nothing
        self.on_failure: Callable[[BaseException], None] = _nothing
        self._trader = trader
        self._view = view
        self._recorder = recorder
        self._gateway = gateway
        self._clock = clock
        self._settle_ns = recv_window_ns + MARGIN_NS
        self._task: asyncio.Task[None] | None = None
        self._again = ""
        self._named: dict[ClientOrderId, Symbol] = {}

    def request(self, trigger: str) -> None:
        """Block new risk and compare, now or after the comparison that is going on."""
        self._trader.state.halts.block(UNRECONCILED, trigger)
        if self._task is not None and not self._task.done():
            self._again = trigger
            return
        self._task = asyncio.get_running_loop().create_task(self._run(trigger))
        self._task.add_done_callback(self._on_end)

    def request_for(self, symbol: Symbol, client_order_id: ClientOrderId) -> None:
        """Have an order asked for, unless its fate becomes known by itself in a moment."""
        if self._trader.state.account.find(client_order_id) is None:
            self._named[client_order_id] = symbol

        def ask() -> None:
            order = self._trader.state.account.find(client_order_id)
            if order is None or order.is_open:
                self.request(f"{symbol}: order {client_order_id} is in doubt")

        self._clock.call_at(self._clock.now_ns() + DOUBT_DELAY_NS, ask)

    async def finish(self) -> None:
        """Wait for the comparison that is going on; failures of its questions are its own."""
        if self._task is not None:
            await self._task

    async def close(self) -> None:
        """Give up what is going on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """Hand on what no round expects, so that it is not found out much later."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.on_failure(error)

    async def _run(self, trigger: str) -> None:
        answers: VenueAnswers | None = None
        with_newest = True
        for attempt in range(ROUNDS):
            with_newest = with_newest or bool(self._again)
            self._again = ""
            self.is_asking = True
            try:
                await self._quiet()
                answers = await inquire(
                    self._view,
                    self._trader.state.account,
                    now_ns=self._clock.now_ns,
                    earlier=answers,
                    named=self._named,
                    with_newest=with_newest,
                )
                with_newest = False
                for client_order_id in answers.orders:
                    self._named.pop(client_order_id, None)
                await self._quiet()
                result = reconcile(self._ours(), answers)
                self.last = result
                await self._carry_out(result, trigger, is_last=attempt == ROUNDS - 1)
                if result.clean and not self._again:
                    self._agree(result, trigger)
                    return
            except _UNANSWERED as error:
                self._trader.state.halts.block(UNRECONCILED, str(error))
            finally:
                self.is_asking = False
                self.on_done()
            await self._wait(self._settle_ns // 2)
        self._trader.state.halts.block(UNRECONCILED, f"no agreement in {ROUNDS} rounds")
        self._clock.call_at(
            self._clock.now_ns() + START_AGAIN_NS, partial(self.request, trigger)
        )

    def _agree(self, result: Reconciled, trigger: str) -> None:
        """Let new risk pass, unless the user stream went down meanwhile: it asks again."""
        halts = self._trader.state.halts
        if result.foreign_instance:
            halts.block(ANOTHER_INSTANCE, trigger)
        if self._trader.sinks.is_account_up:
            halts.unblock(UNRECONCILED)

    async def _carry_out(self, result: Reconciled, trigger: str, *, is_last: bool) -> None:
        for event in result.events:
            self._recorder.hear(event, lambda event=event: self._tell(event))  # type: ignore[misc]
        if result.clean or result.events or is_last:
            self._recorder.decide(result.completed(trigger))
        self._recorder.flush()
        await self._quiet()
        for cancel in result.cancels:
            self._gateway.cancel(cancel, epoch=Epoch(self._trader.state.epoch))

    def _tell(self, event: ev.Event) -> None:
        client_order_id = ClientOrderId(getattr(event, "client_order_id", ""))
        if isinstance(event, ev.OrderAdopted):
            order = self._trader.state.account.find(client_order_id)
            if order is not None:
                self._trader.pipeline.working.touch(
                    order.request.strategy, order.request.symbol
                )
        elif isinstance(event, ev.OrderFilled):
            self._trader.cast.on_filled(event)
        elif client_order_id:
            self._trader.cast.on_order_changed(client_order_id, event)

    def _ours(self) -> Ours:
        state = self._trader.state
        return Ours(
            account=state.account,
            journal_id=state.journal_id,
            epoch=Epoch(state.epoch),
            settle_ns=self._settle_ns,
            fee_value=self._trader.settlement.fee_value,
            reserve=self._reserve,
            mark_of=self._mark_of,
        )

    def _reserve(self, instrument: Instrument, report: OrderReport) -> Reservation:
        return reserve(
            instrument,
            report.side,
            quantity=report.quantity,
            worst_price=report.price or self._trader.marks.feeds[instrument.symbol].valuation,
            limits=self._trader.pipeline.desk.compiled[instrument.symbol],
        )

    def _mark_of(self, asset: Asset) -> tuple[str, str]:
        for quote in sorted({i.quote for i in self._trader.state.account.instruments.values()}):
            price = self._trader.marks.price(asset, quote)
            if price:
                return price, quote
        return "", ""

    async def _quiet(self) -> None:
        """Wait until nothing of ours is on its way to disk."""
        while not self._recorder.is_idle:
            self._recorder.flush()
            await self._recorder.settled()

    async def _wait(self, duration_ns: int) -> None:
        """Let market time pass."""
        waited = asyncio.get_running_loop().create_future()
        self._clock.call_at(
            self._clock.now_ns() + duration_ns,
            lambda: None if waited.done() else waited.set_result(None),
        )
        await waited


def _nothing(*_: object) -> None:
    """Do nothing; stands where nobody waits for a comparison."""
