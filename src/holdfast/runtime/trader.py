"""One trader: its stages joined, and the acts of its life in their order.

Open, trade, stop. It starts blocked; the venue and the journal have to agree before new risk is
taken, and again after every connect.
"""

import asyncio

from holdfast.domain import events as ev
from holdfast.domain.contracts import is_contract
from holdfast.domain.instant import NS_PER_S, Clock
from holdfast.domain.money import Asset, amount_text
from holdfast.domain.order import Purpose
from holdfast.domain.venue import BalanceReport
from holdfast.runtime.cast import Cast
from holdfast.runtime.marks import EVERY_NS, Marks
from holdfast.runtime.pipeline import Pipeline
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.rounds import Rounds
from holdfast.runtime.settlement import Settlement
from holdfast.runtime.sinks import Sinks
from holdfast.runtime.state import STATE_FORM, State
from holdfast.runtime.stops import Stops

BARRIER_EVERY_NS = 300 * NS_PER_S
CANCELED_AGAIN_S = 1.0


class Trader:
    """Pipeline, settlement, strategies and sinks of one account."""

    def __init__(
        self,
        *,
        clock: Clock,
        recorder: Recorder,
        state: State,
        pipeline: Pipeline,
        marks: Marks,
    ) -> None:
        self.pipeline = pipeline
        self.state = state
        self.marks = marks
        self.is_opened = False
        self.cast = Cast(recorder=recorder, state=state, pipeline=pipeline)
        pipeline.stops = Stops(pipeline, recorder=recorder, state=state, clock=clock)
        self.settlement = Settlement(
            recorder=recorder,
            state=state,
            clock=clock,
            listener=self.cast,
            fee_rate=marks.price,
        )
        self.sinks = Sinks(pipeline, self.settlement, halts=state.halts, recorder=recorder)
        self.rounds = Rounds(clock, self.sinks)
        self._recorder = recorder
        self._clock = clock
        state.halts.on_change = self._on_halts_changed

    def open_balances(self, balances: list[BalanceReport], *, source: str) -> None:
        """Write the opening balances at their first marks: what is traded, or every wallet."""
        instruments = self.state.account.instruments.values()
        quotes = sorted({i.quote for i in instruments})
        traded = {a for i in instruments for a in (i.base, i.quote)}
        margined = any(is_contract(instrument) for instrument in instruments)
        at_ns = self._clock.now_ns() if margined else 0
        for balance in sorted(balances, key=lambda b: b.asset):
            if not (margined or balance.asset in traded) or not balance.total:
                continue
            currency = balance.asset if balance.asset in quotes else quotes[0]
            for quote in quotes:
                if self.marks.price(balance.asset, quote):
                    currency = Asset(quote)
                    break
            mark = self.marks.price(balance.asset, currency)
            self._recorder.decide(
                ev.BalanceOpened(
                    balance.asset,
                    amount_text(balance.total),
                    mark or "0",
                    currency,
                    source,
                    at_ns,
                )
            )
        self._keep_marking()
        self.is_opened = True

    def resume(self) -> None:
        """Go on with the balances of the journal."""
        self._keep_marking()
        self.is_opened = True

    def cancel_all(self, *, reason: str, including_stops: bool = False) -> int:
        """Cancel every resting entry and exit of every strategy; stops only when asked for."""
        return self.pipeline.cancel_all(reason=reason, including_stops=including_stops)

    def cancel_without_journal(self) -> None:
        """Cancel what rests when nothing can be recorded any more: cancels act first."""
        self.pipeline.cancel_unrecorded()

    def begin_stop(self, reason: str) -> None:
        """Stop the strategies and cancel what rests."""
        self.state.halts.block("stopping", reason)
        self.cast.stop(reason)
        self.cancel_all(reason=reason)
        self._recorder.flush()

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing rests and nothing waits for disk; stops may rest."""
        account = self.state.account
        return self._recorder.is_idle and all(
            held.order.request.purpose is Purpose.PROTECTIVE for held in account.orders.values()
        )

    def keep_passing_barriers(self) -> None:
        """Save the strategies and write the state's hash, now and every five minutes."""

        def save() -> None:
            self.cast.save()
            self.pass_barrier()
            self._recorder.flush()

        self.rounds.keep(save, every_ns=BARRIER_EVERY_NS)

    def pass_barrier(self) -> str:
        """Write the state's hash, unless the venue's word is on its way; gives the hash."""
        if not self._recorder.is_idle:
            return ""
        state_hash = self.state.digest()
        self._recorder.decide(ev.BarrierPassed(STATE_FORM, state_hash))
        return state_hash

    async def quiet(self) -> None:
        """Wait until nothing rests any more; what still does after a while is canceled again.

        A cancel may be refused for its time stamp or lost, and an order may come to the book
        late.
        """
        while not self.is_quiet:
            try:
                async with asyncio.timeout(CANCELED_AGAIN_S):
                    if self._recorder.is_idle:
                        await self.cast.changed()
                    else:
                        await self._recorder.settled()
            except TimeoutError:
                self.cancel_all(reason="it still rests")
                self._recorder.flush()

    def end(self, reason: str) -> str:
        """Write the last marks, counts and the barrier; gives the state hash."""
        for event in self.pipeline.refusals.close():
            self._recorder.decide(event)
        self.marks.record()
        self._recorder.decide(ev.RunEnded(reason))
        state_hash = self.pass_barrier()
        self._recorder.flush()
        return state_hash

    def _keep_marking(self) -> None:
        """Write marks now and at each full minute from here on."""

        def mark() -> None:
            self.marks.record()
            self._recorder.flush()

        self.rounds.keep(mark, every_ns=EVERY_NS, since_ns=0)

    def _on_halts_changed(self) -> None:
        """Let strategies be told by a timer, outside of what changed the halts."""
        self._clock.call_at(self._clock.now_ns(), self.cast.tell_modes)
