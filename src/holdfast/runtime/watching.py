"""What is looked at four times a second: pulses for screens, the journal's lag, the garbage."""

import asyncio
from collections.abc import Callable
from shlex import quote
from typing import IO

from holdfast.domain import events as ev
from holdfast.domain.contracts import CLOSED_BY_HAND
from holdfast.domain.instant import NS_PER_MS
from holdfast.errors import JournalFailed
from holdfast.execution.ownership import ANOTHER
from holdfast.risk.halt import ACCOUNT, UNRECONCILED, TradingState
from holdfast.runtime.node import Node
from holdfast.runtime.pulse import FeedPulse, Pulse, PulseStream
from holdfast.runtime.trader import Trader

EVERY_S = 0.25
LAG_LIMIT_NS = 250 * NS_PER_MS
RING_LIMIT = 0.5
SAID_AFTER_LOOKS = 8
"""How often a comparison is seen going on before that is said: two seconds."""
LAGGING = "journal lags"
LAG_SAID_AFTER_LOOKS = 4
"""How often it is seen to lag before that is said: one second."""


class Watching:
    """A periodic look at the trader; it reads and never waits. `sweep` collects garbage."""

    def __init__(
        self,
        node: Node,
        trader: Trader,
        *,
        pipe: IO[bytes] | None,
        sweep: Callable[[], None] | None = None,
    ) -> None:
        self._sweep = sweep
        self._node = node
        self._trader = trader
        self._stream = PulseStream(pipe) if pipe is not None else None
        self._timer: asyncio.TimerHandle | None = None
        self._told: dict[tuple[str, str], ev.IncidentOpened] = {}
        self._lagging_count = 0
        self._waiting_count = 0
        self._awaited = ""

    def start(self) -> None:
        """Look now and again every quarter of a second."""
        self._look()
        self._timer = asyncio.get_running_loop().call_later(EVERY_S, self.start)

    def close(self) -> None:
        """Look once more and stop."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._pulse()

    def _look(self) -> None:
        journal, halts = self._node.journal, self._node.state.halts
        if journal.oldest_pending_ns > LAG_LIMIT_NS or journal.ring_fraction > RING_LIMIT:
            halts.block(LAGGING, f"{journal.lag_events} events wait for the disk")
        else:
            halts.unblock(LAGGING)
        self._tell_of_lag()
        self._tell_of_incidents()
        self._tell_what_is_awaited()
        for event in self._trader.pipeline.refusals.flush(self._node.clock.now_ns()):
            if not isinstance(journal.failed, JournalFailed):
                self._node.recorder.decide(event)
        self._node.flush()
        self._pulse()
        if self._sweep is not None:
            self._sweep()

    def _tell_of_incidents(self) -> None:
        """Say each incident once, and that it is over when it is."""
        state = self._node.state
        for key, opened in state.incidents.items():
            if key not in self._told:
                self._told[key] = opened
                self._node.tell(said_of(opened))
        for key in [key for key in self._told if key not in state.incidents]:
            kind, scope = key
            del self._told[key]
            self._node.tell(f"the incident is over: {kind}, {scope}")

    def _tell_of_lag(self) -> None:
        """Say once that the disk is behind, when it has been for long, and its end."""
        detail = self._node.state.halts.blocks.get(LAGGING, "")
        if not detail and self._lagging_count > LAG_SAID_AFTER_LOOKS:
            self._node.tell("the disk has caught up; new risk is taken again")
        self._lagging_count = self._lagging_count + 1 if detail else 0
        if self._lagging_count == LAG_SAID_AFTER_LOOKS + 1:
            self._node.tell(f"the disk is behind, so no new risk is taken: {detail}")

    def _tell_what_is_awaited(self) -> None:
        """Say what new risk waits for once that takes long, each thing once, and its end."""
        blocks = self._node.state.halts.blocks
        if UNRECONCILED not in blocks:
            if self._awaited:
                self._node.tell("reconciled again; new risk is taken")
            self._waiting_count, self._awaited = 0, ""
            return
        self._waiting_count += 1
        detail = blocks[UNRECONCILED]
        if self._waiting_count > SAID_AFTER_LOOKS and detail != self._awaited:
            self._awaited = detail
            self._node.tell(f"no new risk is taken: {UNRECONCILED}: {detail}")

    def _pulse(self) -> None:
        if self._stream is None:
            return
        node, latency = self._node, self._trader.pipeline.latency
        self._stream.seq += 1
        self._stream.send(
            Pulse(
                seq=self._stream.seq,
                market_ns=node.clock.now_ns(),
                mode=node.config.mode,
                status=self._status(),
                feeds=self._feeds(),
                journal_events=node.journal.seq,
                journal_durable=node.journal.durable,
                dropped=self._stream.dropped,
                p50_us=latency.percentile_us(0.5),
                p99_us=latency.percentile_us(0.99),
            )
        )

    def _status(self) -> str:
        halts = self._node.state.halts
        if halts.is_clear:
            return "trading"
        blocks = halts.blocks
        if blocks:
            reason, detail = next(iter(blocks.items()))
            return f"{reason}: {detail}" if reason == UNRECONCILED and detail else reason
        paused = halts.state(ACCOUNT) is not TradingState.ACTIVE
        return "paused" if paused else "trading, a part is paused or halted"

    def _feeds(self) -> list[FeedPulse]:
        now = self._node.clock.now_ns()
        pulses = []
        for symbol, feed in self._node.marks.feeds.items():
            instrument = self._node.state.account.instruments[symbol]
            top, age = feed.top, feed.age_ns(now)
            pulses.append(
                FeedPulse(
                    symbol,
                    instrument.price_text(top.bid) if top else "",
                    instrument.price_text(top.ask) if top else "",
                    age // NS_PER_MS if age is not None else -1,
                    feed.is_healthy(now),
                )
            )
        return pulses


def said_of(incident: ev.IncidentOpened) -> str:
    """Say an incident in one line, with what ends it."""
    if incident.kind == ANOTHER:
        return (
            f"another instance trades this account: {incident.reason}; no new risk is taken "
            "until a minute after its last sign with none of its orders resting; go on with "
            "that journal (`holdfast run --resume`), or if it is down let its orders stand: "
            "`holdfast release --scope account --reason ...`"
        )
    if incident.kind == CLOSED_BY_HAND:
        return (
            f"incident: {incident.scope} was {incident.kind}: {incident.reason}; it takes no "
            f"new risk until `holdfast resume --scope {quote(incident.scope)}`; `holdfast "
            f"release --scope {quote(incident.scope)} --reason ...` closes the incident"
        )
    return (
        f"incident: {incident.kind}, {incident.scope}: {incident.reason}; "
        f"`holdfast release --scope {quote(incident.scope)} --reason ...` closes it"
    )
