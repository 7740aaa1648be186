"""Asks the venue and compares, until both agree; new risk waits for it (XCH-5).

One comparison at a time: of everything after what may have hidden something (a start, a connect
of either stream, a doubt, the end), when new risk waits for it; and a small one every 30 s,
after which it waits only if that found what no event settles. While the questions are out,
paper time stands still, so that the market cannot run ahead of a trader that may not act.
It converges in a bounded number of rounds. A symbol that does not is quarantined with an
incident and the rest goes on; where it is the account that does not, it stays blocked, says
why, and begins again after a minute.
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
from holdfast.execution.answers import Question, VenueAnswers, inquire
from holdfast.execution.comparison import Ours, Reconciled
from holdfast.execution.ownership import ACCOUNT
from holdfast.execution.reconcile import reconcile
from holdfast.gateway.gateway import Gateway
from holdfast.risk.halt import UNRECONCILED
from holdfast.risk.reservation import reserve
from holdfast.runtime.instances import OtherInstance
from holdfast.runtime.outcome import Outcome
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.taken import say_taken
from holdfast.runtime.trader import Trader

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

ROUNDS = 20
START_AGAIN_NS = 60 * NS_PER_S
FIRST_PAUSE_NS = 50 * NS_PER_MS
"""Most differences are over in a moment. Each round waits twice as long as the one before, up
to half of the time after which an order that is not known can no longer arrive."""
DOUBT_DELAY_NS = 500 * NS_PER_MS
MARGIN_NS = NS_PER_S
CHECK_EVERY_NS = 30 * NS_PER_S
HOLDINGS_EVERY = 10
"""Every so many checks ask for balances, positions and income, too."""
WITH_ORDERS, WITHOUT_ORDERS = 8, 4
"""How many symbols one check asks about, of those with open orders and of the others."""
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
        self.on_agreed: Callable[[], None] = _nothing
        self.on_failure: Callable[[BaseException], None] = _nothing
        self.other = OtherInstance(trader.state, recorder, clock=clock, ask=self.request)
        self._trader = trader
        self._view = view
        self._recorder = recorder
        self._clock = clock
        self._settle_ns = recv_window_ns + MARGIN_NS
        self._outcome = Outcome(trader, recorder, gateway=gateway)
        self._task: asyncio.Task[None] | None = None
        self._again = ""
        self._named: dict[ClientOrderId, Symbol] = {}
        self._adopted: set[str] = set()
        self._checks_count = 0
        self._checked: dict[Symbol, int] = {}
        trader.cast.on_another = self.other.see

    @property
    def is_busy(self) -> bool:
        """Tell whether a comparison is going on."""
        return self._task is not None and not self._task.done()

    def request(self, trigger: str) -> None:
        """Block new risk and compare all, now or after the comparison that is going on."""
        self._trader.state.halts.block(UNRECONCILED, trigger)
        if self.is_busy:
            self._again = trigger
        else:
            self._begin(self._run(trigger))

    def check(self) -> None:
        """Compare orders and executions of a few symbols, without blocking anything."""
        if not self.is_busy:
            self._begin(self._check())

    def request_for(self, symbol: Symbol, client_order_id: ClientOrderId) -> None:
        """Have an order asked for, unless evidence settles it in a moment."""
        if self._trader.state.account.find(client_order_id) is None:
            self._named[client_order_id] = symbol

        def ask() -> None:
            if self._is_in_doubt(client_order_id):
                self.request(f"{symbol}: order {client_order_id} is in doubt")

        self._clock.call_at(self._clock.now_ns() + DOUBT_DELAY_NS, ask)

    def release(self, scope: str, reason: str) -> str:
        """End a quarantine or incidents by a person's word; empty when there is none such.

        What differed of a symbol is accepted as it stands, its position as the venue has it.
        """
        state = self._trader.state
        done = []
        if scope in state.halts.quarantined:
            left = self.last.unsettled.get(scope, []) if self.last is not None else []
            self._recorder.decide(ev.SymbolReleased(scope, reason, 0, left))
            self._adopted.add(scope)
            done.append("quarantine")
        for kind, about in sorted(state.incidents):
            if about == scope and not self._outcome.is_standing(kind, about):
                self._recorder.decide(ev.IncidentClosed(kind, about, reason))
                done.append(kind)
        if scope == ACCOUNT and self.other.end(reason):
            done.append("block")
        if done:
            self.request(f"{scope} was released")
        return ", ".join(done)

    async def finish(self) -> None:
        """Wait for the comparison that is going on; failures of its questions are its own."""
        if self._task is not None:
            await self._task

    async def close(self) -> None:
        """Give up what is going on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _begin(self, work: "Coroutine[None, None, None]") -> None:
        self._task = asyncio.get_running_loop().create_task(work)
        self._task.add_done_callback(self._on_end)

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """Hand on what no round expects, and begin what was asked for during a check."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.on_failure(error)
        elif self._again and not task.cancelled():
            again, self._again = self._again, ""
            self.request(again)

    def _is_in_doubt(self, client_order_id: ClientOrderId) -> bool:
        """Tell whether nothing yet says what became of an order; any evidence does."""
        order = self._trader.state.account.find(client_order_id)
        if order is None:
            return True
        return order.is_open and bool(
            not order.acked or order.ending or order.cancels_requested_count
        )

    async def _run(self, trigger: str) -> None:
        """Compare everything until it agrees, for a bounded number of rounds."""
        answers: VenueAnswers | None = None
        result: Reconciled | None = None
        with_newest = True
        answered = 0
        for attempt in range(1, ROUNDS + 1):
            with_newest = with_newest or bool(self._again)
            self._again = ""
            try:
                question = Question(named=dict(self._named), with_newest=with_newest)
                answers, result = await self._compare(question, answers, before=result)
                with_newest = False
                answered += 1
                for client_order_id in answers.orders:
                    self._named.pop(client_order_id, None)
                telling = result.clean or result.events or attempt == ROUNDS
                await self._outcome.carry_out(result, trigger if telling else "")
                if result.clean and not self._again:
                    self._agree(result)
                    return
                self._trader.state.halts.block(UNRECONCILED, result.awaited or trigger)
            except _UNANSWERED as error:
                self._trader.state.halts.block(UNRECONCILED, str(error))
            finally:
                self._end_asking()
            await self._wait(min(self._settle_ns // 2, FIRST_PAUSE_NS << attempt))
        # A venue that was silent for most of it has not disagreed about any symbol.
        self._give_up(result if answered > ROUNDS // 2 else None, trigger)

    async def _check(self) -> None:
        """Compare a few symbols once; what is not settled by events begins a comparison of all.

        Orders that may still be under way are left alone, and so are holdings that moved.
        """
        self._checks_count += 1
        with_holdings = self._checks_count % HOLDINGS_EVERY == 0
        question = Question(
            symbols=self._due(),
            with_newest=False,
            with_holdings=with_holdings,
            left_before_ns=self._clock.now_ns() - self._settle_ns,
        )
        trigger = "every 30 s"
        try:
            _, result = await self._compare(question, None, before=None)
            known = self._trader.state.account.reconciled_through
            news = any(known.get(Symbol(s)) != i for s, i in result.through.items())
            await self._outcome.carry_out(result, trigger if result.events or news else "")
            if not (result.clean or result.is_moving):
                self._again = self._again or next(iter(result.unsettled.values()))[0]
        except _UNANSWERED as error:
            self._again = self._again or f"a check was not answered ({error})"
        finally:
            self._end_asking()

    async def _compare(
        self, question: Question, answers: VenueAnswers | None, *, before: Reconciled | None
    ) -> tuple[VenueAnswers, Reconciled]:
        """Ask and compare, with nothing of ours on its way to disk at either end."""
        self.is_asking = True
        await self._outcome.quiet()
        answers = await inquire(
            self._view,
            self._trader.state.account,
            question=question,
            now_ns=self._clock.now_ns,
            earlier=answers,
        )
        await self._outcome.quiet()
        self.last = result = reconcile(self._ours(before), answers)
        return answers, result

    def _end_asking(self) -> None:
        self.is_asking = False
        self.on_done()

    def _agree(self, result: Reconciled) -> None:
        """Let new risk pass, unless the user stream went down meanwhile: it asks again."""
        self._adopted.clear()
        self.other.look(result.others)
        self._outcome.close_disagreements()
        say_taken(self._trader.state, self._recorder)  # one that died may not have
        if self._trader.sinks.is_account_up:
            if UNRECONCILED in self._trader.state.halts.blocks:
                self.on_agreed()
            self._trader.state.halts.unblock(UNRECONCILED)

    def _give_up(self, result: Reconciled | None, trigger: str) -> None:
        """Quarantine the symbols that did not agree; the account waits where it is it."""
        if result is not None and self._outcome.quarantine(result, rounds=ROUNDS):
            self._agree(result)
            return
        self._trader.state.halts.block(UNRECONCILED, f"no agreement in {ROUNDS} rounds")
        self._outcome.lament(result, rounds=ROUNDS)
        self._clock.call_at(
            self._clock.now_ns() + START_AGAIN_NS, partial(self.request, trigger)
        )

    def _due(self) -> tuple[Symbol, ...]:
        """Choose the symbols of a check: those asked longest ago, with open orders first."""
        account = self._trader.state.account
        live = {held.order.request.symbol for held in account.orders.values()}
        symbols = sorted(account.instruments, key=lambda s: (self._checked.get(s, 0), s))
        chosen = [s for s in symbols if s in live][:WITH_ORDERS]
        chosen += [s for s in symbols if s not in live][:WITHOUT_ORDERS]
        self._checked.update(dict.fromkeys(chosen, self._checks_count))
        return tuple(chosen)

    def _ours(self, before: Reconciled | None) -> Ours:
        state = self._trader.state
        return Ours(
            account=state.account,
            journal_id=state.journal_id,
            epoch=Epoch(state.epoch),
            settle_ns=self._settle_ns,
            fee_value=self._trader.settlement.fee_value,
            reserve=self._reserve,
            mark_of=self._mark_of,
            quarantined=frozenset(state.halts.quarantined),
            adopted=frozenset(self._adopted),
            unexplained=before.unexplained if before is not None else {},
            incidents=frozenset(state.incidents),
            acknowledged=frozenset(state.acknowledged),
        )

    def _reserve(self, instrument: Instrument, report: OrderReport) -> Reservation:
        return reserve(
            instrument,
            report.side,
            quantity=report.quantity,
            worst_price=report.price or self._trader.marks.feeds[instrument.symbol].valuation,
            limits=self._trader.pipeline.desk.compiled[instrument.symbol],
            is_guarded=report.reduce_only,
        )

    def _mark_of(self, asset: Asset) -> tuple[str, str]:
        for quote in sorted({i.quote for i in self._trader.state.account.instruments.values()}):
            price = self._trader.marks.price(asset, quote)
            if price:
                return price, quote
        return "", ""

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
