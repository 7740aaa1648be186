"""Whether the user stream is alive: does it tell what queries of orders show?

A user stream is silent for hours when nothing happens, so silence alone means nothing. A symbol
is looked at while orders of it rest or an answer has just said that something happened: what a
query shows and the stream does not tell in time makes it mute.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import msgspec

from holdfast.domain.ids import ClientOrderId, Symbol
from holdfast.domain.instant import NS_PER_S, Clock
from holdfast.domain.money import QuantityUnits
from holdfast.domain.venue import OrderReport, ReportKind
from holdfast.errors import HoldfastError
from holdfast.venues.binance.options import Options
from holdfast.venues.binance.stray import beside

SYMBOLS_A_LOOK = 1
"""Weight is shared: with orders in many symbols each is looked at more seldom."""
KEPT_ENDED = 1_000
_ENDED = (ReportKind.CANCELED, ReportKind.EXPIRED, ReportKind.REJECTED)


class Queries(Protocol):
    """What of an account's queries is needed to check its stream."""

    async def open_orders(self, symbol: Symbol) -> list[OrderReport]:
        """Fetch the orders that rest."""

    async def order(self, symbol: Symbol, client_order_id: ClientOrderId) -> OrderReport | None:
        """Fetch one order."""


class _Told(msgspec.Struct):
    """What the stream has said of an order that rests."""

    symbol: Symbol
    cum_quantity: QuantityUnits


class UserWatch:
    """Compares what was told with what is asked, from `start` to `close`.

    `venue_now_ns` gives the venue's time: what an order did before the subscription is not
    expected of the stream. Orders go by their client ids, which a triggered stop keeps.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        queries: Queries,
        reopen: Callable[[str], None],
        measure: Callable[[], Awaitable[None]],
        venue_now_ns: Callable[[], int],
        options: Options,
    ) -> None:
        self._clock = clock
        self._venue_now_ns = venue_now_ns
        self._since_ns = 0
        self._queries = queries
        self._reopen = reopen
        self._measure = measure
        self._options = options
        self._rule = options.liveness
        self._told: dict[ClientOrderId, _Told] = {}
        self._ended: dict[ClientOrderId, None] = {}
        self._heard_ns: dict[Symbol, int] = {}
        self._due_ns: dict[Symbol, int] = {}
        self._measured_ns = clock.now_ns()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        if self._rule.suspect_after_s:
            self._task = beside(self._keep_looking())

    async def close(self) -> None:
        """Look no more; idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def begin(self, symbols: Iterable[Symbol] = ()) -> None:
        """Note a new subscription: what was told before is worth nothing.

        Orders may rest in any of the `symbols` since before it, so each is looked at once.
        """
        self._since_ns = self._venue_now_ns()
        self._told.clear()
        self._ended.clear()
        for symbol in symbols:
            self._due_ns[symbol] = self._next_ns()

    def hear(self, report: OrderReport) -> None:
        """Note a report of the stream."""
        self._heard_ns[report.symbol] = self._clock.now_ns()
        name = report.client_order_id
        if _is_over(report):
            self._told.pop(name, None)
            self._ended[name] = None
            if len(self._ended) > KEPT_ENDED:
                del self._ended[next(iter(self._ended))]
        elif name not in self._ended:
            self._note(report)
            self._due_ns.setdefault(report.symbol, self._next_ns())

    def expect(self, symbol: Symbol) -> None:
        """Learn that the stream should soon tell something of a symbol."""
        self._due_ns[symbol] = min(self._next_ns(), self._due_ns.get(symbol, self._next_ns()))

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self._rule.look_every_s)
            try:
                await self._measure_again()
                for symbol in self._due():
                    await self._look(symbol)
            except (HoldfastError, ConnectionError):
                continue  # without an answer nothing is known of the stream

    def _due(self) -> list[Symbol]:
        now_ns = self._clock.now_ns()
        due = sorted((at_ns, s) for s, at_ns in self._due_ns.items() if at_ns <= now_ns)
        return [symbol for _, symbol in due[:SYMBOLS_A_LOOK]]

    async def _look(self, symbol: Symbol) -> None:
        """Compare a symbol once, and once more what differed, unless the stream spoke."""
        asked_ns = self._clock.now_ns()
        missing = await self._untold(symbol)
        if missing and self._heard_ns.get(symbol, 0) < asked_ns:
            await asyncio.sleep(self._rule.grace_s)
            if self._heard_ns.get(symbol, 0) < asked_ns:
                self._due_ns.clear()
                self._reopen(f"the user stream is mute: {missing}")
                return
        if any(told.symbol == symbol for told in self._told.values()):
            self._due_ns[symbol] = self._next_ns()
        else:
            self._due_ns.pop(symbol, None)

    async def _untold(self, symbol: Symbol) -> str:
        """Say what queries show of a symbol that was not told; empty when nothing."""
        resting = {r.client_order_id: r for r in await self._queries.open_orders(symbol)}
        for name, report in resting.items():
            if name in self._ended:
                continue  # the query lags behind the stream
            known = self._told.get(name)
            if known is None or report.cum_quantity > known.cum_quantity:
                if report.venue_at_ns >= self._since_ns:
                    return f"it did not tell what became of {name!r} of {symbol}"
                self._note(report)
        for name, told in list(self._told.items()):
            if told.symbol != symbol or name in resting:
                continue
            found = await self._queries.order(symbol, name)
            if found is not None and _is_over(found) and name in self._told:
                return f"it did not tell of the end of {name!r} of {symbol}"
        return ""

    def _note(self, report: OrderReport) -> None:
        known = self._told.get(report.client_order_id)
        told = known.cum_quantity if known is not None else QuantityUnits(0)
        self._told[report.client_order_id] = _Told(
            report.symbol, max(told, report.cum_quantity)
        )

    def _next_ns(self) -> int:
        return self._clock.now_ns() + int(self._rule.suspect_after_s * NS_PER_S)

    async def _measure_again(self) -> None:
        now_ns = self._clock.now_ns()
        if now_ns >= self._measured_ns + int(self._options.measure_every_s * NS_PER_S):
            self._measured_ns = now_ns
            await self._measure()


def _is_over(report: OrderReport) -> bool:
    return report.kind in _ENDED or report.cum_quantity >= report.quantity
