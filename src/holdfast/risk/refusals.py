"""Equal refusals are written once, and then as a count for each second of market time.

Equal means the same strategy, symbol, side and stage and the same gates with the same reasons;
what was asked may differ. Nothing here reads a clock.
"""

from collections import OrderedDict

import msgspec

from holdfast.domain.approval import Refused
from holdfast.domain.events import IntentRefused
from holdfast.domain.ids import IntentId, StrategyId
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Instrument
from holdfast.domain.intent import SizedIntent
from holdfast.domain.order import NewOrder, Side

KINDS_KEPT = 1_000
_NO_INTENT = IntentId("")

_Key = tuple[str, str, Side, str, tuple[tuple[str, str], ...]]


class _Asked(msgspec.Struct):
    """A refusal with what it was about."""

    refused: Refused
    asked: SizedIntent | NewOrder
    strategy: StrategyId
    instrument: Instrument
    intent_id: IntentId

    def event(self, *, count: int, first_at_ns: int) -> IntentRefused:
        return IntentRefused(
            strategy=self.strategy,
            symbol=self.asked.symbol,
            side=self.asked.side.value,
            quantity=self.instrument.quantity_text(self.asked.quantity),
            price=self.instrument.price_text(self.asked.price),
            stage=_stage(self.asked),
            refusals=list(self.refused.refusals),
            count=count,
            first_at_ns=first_at_ns,
            intent_id=self.intent_id,
        )


class _Tally(msgspec.Struct):
    """Refusals of one kind since the last that was written."""

    opened_at_ns: int
    latest: _Asked
    count: int = 0
    first_at_ns: int = 0

    def event(self) -> IntentRefused:
        return self.latest.event(count=self.count, first_at_ns=self.first_at_ns)


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
        due = self.flush(now_ns)
        latest = _Asked(refused, asked, strategy, instrument, intent_id)
        key = _key(latest)
        tally = self._tallies.get(key)
        if tally is None:
            self._tallies[key] = _Tally(now_ns, latest)
            return [*due, latest.event(count=1, first_at_ns=now_ns), *self._forget()]
        if not tally.count:
            tally.first_at_ns = now_ns
        tally.count += 1
        tally.latest = latest
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
                due.append(tally.event())
                self._tallies[key] = _Tally(now_ns, tally.latest)
        return due

    def close(self) -> list[IntentRefused]:
        """Give every count that is left; for the end of a run."""
        left = [tally.event() for tally in self._tallies.values() if tally.count]
        self._tallies.clear()
        return left

    def _forget(self) -> list[IntentRefused]:
        """Close the oldest kind when there are too many."""
        if len(self._tallies) <= KINDS_KEPT:
            return []
        _, tally = self._tallies.popitem(last=False)
        return [tally.event()] if tally.count else []


def _stage(asked: SizedIntent | NewOrder) -> str:
    return "order" if isinstance(asked, NewOrder) else "intent"


def _key(latest: _Asked) -> _Key:
    asked = latest.asked
    reasons = tuple((refusal.gate, refusal.reason) for refusal in latest.refused.refusals)
    return latest.strategy, asked.symbol, asked.side, _stage(asked), reasons
