"""Equal refusals are written once, and then as a count for each second of market time.

Equal means the same strategy, symbol, side and stage and the same gates with the same reasons;
what was asked may differ. Nothing here reads a clock.
"""

from collections import OrderedDict

import msgspec

from holdfast.domain.approval import Refusal, Refused
from holdfast.domain.events import IntentRefused
from holdfast.domain.ids import IntentId, StrategyId
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Instrument
from holdfast.domain.intent import SizedIntent
from holdfast.domain.order import NewOrder

KINDS_KEPT = 1_000
_NO_INTENT = IntentId("")

_Key = tuple[str, str, str, str, tuple[tuple[str, str], ...]]


class _Tally(msgspec.Struct):
    """Refusals of one kind since the last that was written."""

    opened_at_ns: int
    count: int = 0
    first_at_ns: int = 0
    latest: IntentRefused | None = None


class Refusals:
    """Turns refusals into events; each refusal is in exactly one event's count."""

    def __init__(self) -> None:
        self._tallies: OrderedDict[_Key, _Tally] = OrderedDict()

    def note(
        self,
        refused: Refused,
        asked: SizedIntent | NewOrder,
        *,
        strategy: StrategyId,
        instrument: Instrument,
        now_ns: int,
        intent_id: IntentId = _NO_INTENT,
    ) -> list[IntentRefused]:
        """Take a refusal; gives the events that are due, most often one or none."""
        event = IntentRefused(
            strategy=strategy,
            symbol=asked.symbol,
            side=asked.side.value,
            quantity=instrument.quantity_text(asked.quantity),
            price=instrument.price_text(asked.price),
            stage="order" if isinstance(asked, NewOrder) else "intent",
            refusals=list(refused.refusals),
            count=1,
            first_at_ns=now_ns,
            intent_id=intent_id,
        )
        due = self.flush(now_ns)
        key = _key(event, refused.refusals)
        tally = self._tallies.get(key)
        if tally is None:
            self._tallies[key] = _Tally(now_ns)
            return [*due, event, *self._forget()]
        if not tally.count:
            tally.first_at_ns = now_ns
        tally.count += 1
        tally.latest = event
        return due

    def flush(self, now_ns: int) -> list[IntentRefused]:
        """Give the counts of the seconds that are over."""
        due = []
        while self._tallies:
            key, tally = next(iter(self._tallies.items()))
            if now_ns - tally.opened_at_ns < NS_PER_S:
                break
            del self._tallies[key]
            if tally.count:
                due.append(_counted(tally))
                self._tallies[key] = _Tally(now_ns)
        return due

    def close(self) -> list[IntentRefused]:
        """Give every count that is left; for the end of a run."""
        left = [_counted(tally) for tally in self._tallies.values() if tally.count]
        self._tallies.clear()
        return left

    def _forget(self) -> list[IntentRefused]:
        """Close the oldest kind when there are too many."""
        if len(self._tallies) <= KINDS_KEPT:
            return []
        _, tally = self._tallies.popitem(last=False)
        return [_counted(tally)] if tally.count else []


def _key(event: IntentRefused, refusals: tuple[Refusal, ...]) -> _Key:
    reasons = tuple((refusal.gate, refusal.reason) for refusal in refusals)
    return event.strategy, event.symbol, event.side, event.stage, reasons


def _counted(tally: _Tally) -> IntentRefused:
    latest = tally.latest
    if latest is None:
        raise AssertionError("a tally that counted kept no refusal")
    return msgspec.structs.replace(latest, count=tally.count, first_at_ns=tally.first_at_ns)
