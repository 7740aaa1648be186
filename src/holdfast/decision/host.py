"""A strategy behind a fence: what it does wrong comes back as a value and stops it alone.

Wrong is: to raise, to return what is no list of intents on its own symbols, or to be over its
budget three times. A strategy that failed is not called again. Nothing here catches an
exception: `guard` is handed in by the runtime, the one place that may.
"""

from collections.abc import Callable, Sequence
from types import CoroutineType
from typing import Any, TypeAlias

from holdfast.decision.check import nonsense, shadowed
from holdfast.decision.context import Context
from holdfast.decision.strategy import History, OrderUpdate, Strategy, TradingMode
from holdfast.domain.fill import Fill
from holdfast.domain.ids import StrategyId, Symbol
from holdfast.domain.instant import NS_PER_MS
from holdfast.domain.intent import Cancel, Intent
from holdfast.domain.market import Bar, BookTop, TradePrint
from holdfast.domain.order import OrderStatus
from holdfast.errors import StrategyFailed, one_line


class Failure:
    """What was raised in a guarded call, as one line, with the place it happened."""

    __slots__ = ("line",)

    def __init__(self, line: str) -> None:
        self.line = line


Guard: TypeAlias = Callable[..., Any]
"""Runs a call; what it raises comes back as a `Failure`."""
Answer: TypeAlias = Sequence[Intent] | StrategyFailed

BUDGET_NS = 50 * NS_PER_MS
OVERRUNS_ALLOWED = 2
MOST_INTENTS = 100
_NOTHING: tuple[Intent, ...] = ()


class Hosted:
    """One strategy with its fence.

    Each callback gives the intents that count, or `StrategyFailed` once, after which it gives
    nothing. `monotonic_ns` measures the budget; without it (replay) there is none, and no clock
    is read. `withheld_count` counts intents of a strategy that was not ready.
    """

    def __init__(
        self,
        strategy: Strategy,
        context: Context,
        *,
        guard: Guard,
        monotonic_ns: Callable[[], int] | None = None,
    ) -> None:
        self.id: StrategyId = context.strategy
        self.strategy = strategy
        self.context = context
        self.failed: StrategyFailed | None = None
        self.withheld_count = 0
        self.overrun_count = 0
        self._guard = guard
        self._monotonic_ns = monotonic_ns
        self._symbols = frozenset(map(Symbol, strategy.symbols)) or frozenset(
            context.instruments
        )
        kind = type(strategy)
        self.sees_book = kind.book is not Strategy.book
        self.sees_trades = kind.trade is not Strategy.trade
        strategy.context = context

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Give the symbols that it sees and may trade."""
        return self._symbols

    def start(self, history: History, *, saved: bytes | None) -> Answer:
        """Begin; the budget does not count here."""
        start, context = self.strategy.start, self.context
        answer = self._unmeasured("start", lambda: start(context, history, saved=saved))
        wrong = self._guard(shadowed, self.strategy) if self.failed is None else ""
        return self._fail(f"after start, {wrong}") if type(wrong) is str and wrong else answer

    def book(self, top: BookTop) -> Answer:
        """Show a new top of a book."""
        if not self.sees_book:
            return _NOTHING
        return self._call("book", self.strategy.book, top)

    def book_invalid(self, symbol: Symbol, reason: str) -> Answer:
        """Tell that a book cannot be trusted."""
        return self._call("book_invalid", lambda: self.strategy.book_invalid(symbol, reason))

    def trade(self, trade: TradePrint) -> Answer:
        """Show a trade of the market."""
        if not self.sees_trades:
            return _NOTHING
        return self._call("trade", self.strategy.trade, trade)

    def bar(self, bar: Bar) -> Answer:
        """Show a closed bar."""
        return self._call("bar", lambda: self.strategy.bar(bar))

    def order(self, update: OrderUpdate) -> Answer:
        """Show what became of an order or an intent.

        In answer to something that was not sent only cancels count: to insist at once on what
        a gate has just refused would never end.
        """
        answer = self._call("order", lambda: self.strategy.order(update))
        return _cancels(answer) if update.status is OrderStatus.NOT_SENT else answer

    def fill(self, fill: Fill) -> Answer:
        """Show a durable fill."""
        return self._call("fill", lambda: self.strategy.fill(fill))

    def timer(self, name: str, at_ns: int) -> Answer:
        """Wake it."""
        return self._call("timer", lambda: self.strategy.timer(name, at_ns))

    def mode(self, mode: TradingMode) -> Answer:
        """Tell what the gates let through."""
        return self._call("mode", lambda: self.strategy.mode(mode))

    def stop(self, reason: str) -> Answer:
        """End it; its timers are taken back, and only cancels come out."""
        answer = self._unmeasured("stop", lambda: self.strategy.stop(reason))
        self.context.cancel_timers()
        return _cancels(answer)

    def save(self) -> bytes | StrategyFailed | None:
        """Ask for its state."""
        if self.failed is not None:
            return None
        saved = self._guard(self.strategy.save)
        if saved is None or type(saved) is bytes:
            return saved
        wrong = self._guard(_wrong, "save", saved, "bytes or None")
        return self._fail(wrong if type(wrong) is str else _wrong("save", wrong, ""))

    def _call(self, callback: str, call: Callable[..., object], *shown: object) -> Answer:
        """Run a callback; this is on the hot path, so it does all of it in one frame."""
        if self.failed is not None:
            return _NOTHING
        clock = self._monotonic_ns
        began = clock() if clock is not None else 0
        result = self._guard(call, *shown)
        answer = _NOTHING if result is None else self._weighed(callback, result)
        if clock is not None and (took := clock() - began) > BUDGET_NS:
            return self._overrun(callback, took, answer=answer)
        return answer

    def _unmeasured(self, callback: str, call: Callable[[], object]) -> Answer:
        if self.failed is not None:
            return _NOTHING
        result = self._guard(call)
        return _NOTHING if result is None else self._weighed(callback, result)

    def _overrun(self, callback: str, took_ns: int, *, answer: Answer) -> Answer:
        self.overrun_count += 1
        if self.overrun_count <= OVERRUNS_ALLOWED or isinstance(answer, StrategyFailed):
            return answer
        return self._fail(
            f"{callback} took {took_ns // NS_PER_MS} ms, over the budget of "
            f"{BUDGET_NS // NS_PER_MS} ms for the {self.overrun_count}rd time"
        )

    def _weighed(self, callback: str, result: Any) -> Answer:
        """Check what a callback gave; to look at it may run the strategy's code again."""
        if type(result) is Failure:
            return self._fail(_wrong(callback, result, ""))
        checked = self._guard(self._checked, callback, result)
        if type(checked) is Failure:
            return self._fail(_wrong(callback, checked, ""))
        if type(checked) is str:
            return self._fail(checked)
        return checked  # type: ignore[no-any-return]  # a guard gives back what it is given

    def _checked(self, callback: str, result: Any) -> Sequence[Intent] | str:
        """Give a copy of the intents that count, or what is wrong."""
        if type(result) is not list and type(result) is not tuple:
            return _wrong(callback, result, "None or a list of intents")
        if len(result) > MOST_INTENTS:
            return f"{callback} returned {len(result)} intents, at most {MOST_INTENTS}"
        intents = result[:]
        for intent in intents:
            wrong = nonsense(intent, self._symbols)
            if wrong:
                return f"{callback} returned {wrong}"
        if not self.strategy.ready:
            self.withheld_count += len(intents)
            return _NOTHING
        return intents

    def _fail(self, reason: str) -> StrategyFailed:
        self.failed = StrategyFailed(f"strategy {self.id}: {one_line(reason)}")
        self.context.cancel_timers()
        return self.failed


def _cancels(answer: Answer) -> Answer:
    if isinstance(answer, StrategyFailed):
        return answer
    return [intent for intent in answer if isinstance(intent, Cancel)]


def _wrong(callback: str, result: object, right: str) -> str:
    if type(result) is CoroutineType:
        result.close()
        return f"{callback} returned a coroutine; callbacks are plain functions, not async"
    if type(result) is not Failure:
        return f"{callback} returned a {type(result).__name__}; return {right}"
    if result.line.startswith("SystemExit"):
        return f"{callback} called sys.exit; to do nothing, return None"
    return f"{callback} raised {result.line}"
