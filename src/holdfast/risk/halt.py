"""What keeps new risk from being taken: pauses, halts, quarantines, and blocks for a while.

Pauses, halts and quarantines are a fold of the journal. Blocks are what is true right now (not
reconciled, the journal lags, another instance trades) and are set anew after every start; an
account begins blocked until it has been reconciled. Reductions and cancels pass all of them.
"""

from enum import Enum
from typing import TYPE_CHECKING, Any

from holdfast.domain import events as ev

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "account"
UNRECONCILED = "not reconciled"
ANOTHER_INSTANCE = "another instance trades"


class TradingState(Enum):
    """How a scope may trade; a pause is resumed, a halt ends with a new start."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


class Halts:
    """The states of scopes (the account, strategies, symbols) and the blocks of the account.

    `on_change` runs when one of them began or ended.
    """

    def __init__(self) -> None:
        self.is_clear = False
        self.on_change: Callable[[], None] | None = None
        self._paused: set[str] = set()
        self._halted: set[str] = set()
        self._quarantined: set[str] = set()
        self._blocks: dict[str, str] = {UNRECONCILED: "the venue was not asked yet"}

    def apply(self, event: ev.Event) -> None:
        """Fold one event; kinds that do not concern halts change nothing."""
        match event:
            case ev.TradingPaused():
                self._paused.add(event.scope)
            case ev.TradingResumed():
                self._paused.discard(event.scope)
            case ev.SymbolQuarantined():
                self._quarantined.add(event.symbol)
            case ev.SymbolReleased():
                self._quarantined.discard(event.symbol)
            case ev.StrategyHalted():
                self._halted.add(event.strategy)
            case ev.StrategyStarted():
                self._halted.discard(event.strategy)
            case _:
                return
        self._weigh()

    def state(self, scope: str) -> TradingState:
        """Give the state of one scope, without what the account's state adds."""
        if scope in self._halted:
            return TradingState.HALTED
        return TradingState.REDUCING if scope in self._paused else TradingState.ACTIVE

    def mode(self, strategy: str) -> TradingState:
        """Give what a strategy may do by itself, the account's state included."""
        own = self.state(strategy)
        if own is TradingState.ACTIVE and self._blocks:
            return TradingState.REDUCING
        return self.state(ACCOUNT) if own is TradingState.ACTIVE else own

    def block(self, condition: str, detail: str) -> None:
        """Let no new risk pass while a condition holds; idempotent."""
        is_new = condition not in self._blocks
        self._blocks[condition] = detail
        if is_new:
            self._weigh()

    def unblock(self, condition: str) -> None:
        """Learn that a condition holds no more; idempotent."""
        if self._blocks.pop(condition, None) is not None:
            self._weigh()

    @property
    def quarantined(self) -> list[str]:
        """Give the symbols that take no new risk until a comparison of them is clean."""
        return sorted(self._quarantined)

    @property
    def blocks(self) -> dict[str, str]:
        """Give every condition that holds, with its detail."""
        return dict(self._blocks)

    def reason(self, strategy: str, symbol: str) -> str:
        """Say in constant words why new risk is refused; empty when it is not."""
        if self.is_clear:
            return ""
        if self._blocks:
            return next(iter(self._blocks))
        for kind, scope in ((ACCOUNT, ACCOUNT), ("strategy", strategy), ("symbol", symbol)):
            state = self.state(scope)
            if state is not TradingState.ACTIVE:
                return f"{kind} {'halted' if state is TradingState.HALTED else 'paused'}"
        return "symbol quarantined" if symbol in self._quarantined else ""

    def canonical(self) -> dict[str, Any]:
        """Give the journaled part in the form of the state hash."""
        return {"halted": sorted(self._halted), "paused": sorted(self._paused)}

    def _weigh(self) -> None:
        self.is_clear = not (self._paused or self._halted or self._blocks or self._quarantined)
        if self.on_change is not None:
            self.on_change()
