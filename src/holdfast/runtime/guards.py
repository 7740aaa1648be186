"""What watches over a trader on real sockets: lost ways, maintenance, dead man's switch.

They need time that runs by itself; where a recording's time is the market's, nothing is lost
for a minute. What they do is journaled and shown.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial

from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_MS, NS_PER_S, Clock
from holdfast.domain.venue import CountdownCancel
from holdfast.runtime.beat import Beat
from holdfast.runtime.config import GuardsEntry
from holdfast.runtime.dead_man import DeadMan, DeadManRule
from holdfast.runtime.key_check import KeyWatch
from holdfast.runtime.lapse import Acts, Lapse, LapseRule
from holdfast.runtime.node import Node
from holdfast.runtime.reconciler import Reconciler
from holdfast.runtime.trader import Trader
from holdfast.runtime.venue_status import VenueStatus
from holdfast.traffic.breaker import Breaker, BreakerState

ORDERS = "the way for orders"
USER_STREAM = "the user stream"
MARKET = "the market stream"

AskStatus = Callable[[], Awaitable[tuple[bool, str]]]
JudgeKey = Callable[[], Awaitable[ev.KeyChecked]]


class Guards:
    """The guards of one trader, from `start` until its exit stack is closed."""

    def __init__(
        self,
        node: Node,
        trader: Trader,
        reconciler: Reconciler,
        *,
        rule: GuardsEntry,
        countdown: CountdownCancel | None,
        ask_status: AskStatus | None,
        breakers: Mapping[str, Breaker],
        judge_key: JudgeKey | None,
    ) -> None:
        self._clock: Clock = node.clock
        self._trader = trader
        self._beats = 0
        self._cut_off_since_ns = 0
        self._can_write: Callable[[], bool] = lambda: node.gateway.can_cancel
        self._lapse = Lapse(
            {
                ORDERS: lambda: node.gateway.is_connected,
                USER_STREAM: lambda: trader.sinks.is_account_up,
                MARKET: lambda: trader.sinks.is_market_up,
            },
            clock=node.clock,
            recorder=node.recorder,
            halts=node.state.halts,
            acts=Acts(
                lambda reason: trader.cancel_all(reason=reason),
                self._can_write,
                reconciler.request,
                node.tell,
            ),
            rule=LapseRule(limit_ns=int(rule.lost_for_s * NS_PER_S)),
        )
        for name, breaker in breakers.items():
            breaker.on_change = partial(self._on_breaker, node, name)
        self._dead_man = _dead_man(node, trader, countdown, rule=rule)
        self._status = ask_status and VenueStatus(
            ask_status,
            node.gateway.breakers,
            clock=node.clock,
            recorder=node.recorder,
            tell=node.tell,
        )
        self._breakers = node.gateway.breakers
        reconciler.on_agreed = self._on_agreed
        self._key = judge_key and KeyWatch(
            judge_key, clock=node.clock, recorder=node.recorder, tell=node.tell
        )

    def start(self, stack: AsyncExitStack) -> None:
        """Watch from here on, until the stack is closed."""
        self._lapse.start()
        stack.callback(self._lapse.close)
        if self._status is not None:
            self._status.start()
            stack.push_async_callback(self._status.close)
        if self._key is not None:
            self._key.start()
            stack.push_async_callback(self._key.close)
        if self._dead_man is not None:
            self._dead_man.start()
            stack.push_async_callback(self._dead_man.close)

    async def finish(self) -> None:
        """Watch no more, so that a run's last words are the last, whatever is lost after them.

        Countdowns of symbols where nothing rests end while that can be recorded.
        """
        self._lapse.close()
        if self._status is not None:
            await self._status.close()
        if self._key is not None:
            await self._key.close()
        if self._dead_man is not None:
            await self._dead_man.close()

    def _on_agreed(self) -> None:
        """Let orders try again at once: the account was compared, so the venue answers."""
        self._breakers.hear(self._clock.now_ns())
        if self._status is not None and not self._status.is_normal:
            self._status.hurry()

    def _on_breaker(self, node: Node, name: str, state: BreakerState, reason: str) -> None:
        node.recorder.decide(ev.BreakerChanged(name, state.value, reason))
        node.recorder.flush()

    def beat(self) -> Beat:
        """Say that the loop does its work; the watchdog asks."""
        self._beats += 1
        now_ns = self._clock.monotonic_ns()
        if self._can_write():
            self._cut_off_since_ns = 0
        else:
            self._cut_off_since_ns = self._cut_off_since_ns or now_ns
        cut_off_ns = now_ns - self._cut_off_since_ns if self._cut_off_since_ns else 0
        return Beat(
            number=self._beats,
            status="lapsed" if self._lapse.is_lapsed else "trading",
            unreachable_ns=cut_off_ns,
            open_orders_count=len(self._trader.state.account.orders),
        )


def _dead_man(
    node: Node, trader: Trader, countdown: CountdownCancel | None, *, rule: GuardsEntry
) -> DeadMan | None:
    if countdown is None or not rule.dead_man_s:
        return None
    return DeadMan(
        countdown,
        node.state.account,
        recorder=node.recorder,
        clock=node.clock,
        is_alive=lambda: trader.sinks.is_account_up and node.journal.failed is None,
        tell=node.tell,
        rule=DeadManRule(
            countdown_ms=int(rule.dead_man_s * NS_PER_S) // NS_PER_MS,
            heartbeat_ns=int(rule.heartbeat_s * NS_PER_S),
            with_positions=rule.dead_man_with_positions,
        ),
    )
