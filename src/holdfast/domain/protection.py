"""What a position's protective stop is to be, and since when it is not there.

Beside this only the protective orders themselves are state, so that a trader that was killed at
any step goes on from its journal.
"""

from typing import Any

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.ids import ClientOrderId, StrategyId, Symbol
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import PriceUnits
from holdfast.domain.order import NewOrder, PositionSide, Side, TriggerPrice

ProtectionKey = tuple[StrategyId, Symbol, PositionSide]
ProtectionEvent = (
    ev.ProtectionSet
    | ev.ProtectionCovered
    | ev.ProtectionUncovered
    | ev.ProtectionOverdue
    | ev.ProtectionEnded
)


class StopTerms(msgspec.Struct, frozen=True):
    """Where a stop waits, and at which price it then trades; 0 is the market."""

    trigger_price: PriceUnits
    price: PriceUnits = PriceUnits(0)
    trigger_by: TriggerPrice = TriggerPrice.LAST

    def are_of(self, order: NewOrder) -> bool:
        """Tell whether an order is a stop on these terms."""
        return (
            order.trigger_price == self.trigger_price
            and order.price == self.price
            and order.trigger_by is self.trigger_by
        )


class Protection(msgspec.Struct):
    """One position's protection as the journal has it.

    `covered` are the terms on which the venue last confirmed a stop, `covered_by` that stop.
    `since_ns` is the instant from which no stop was known to live, 0 while one is or none is
    needed; `response` is what was decided when that had lasted too long.
    """

    terms: StopTerms
    side: Side
    covered: StopTerms | None = None
    covered_by: ClientOrderId = ClientOrderId("")
    since_ns: int = 0
    response: str = ""


class Protections:
    """Every protection of an account; changed by the fold alone."""

    def __init__(self) -> None:
        self.open: dict[ProtectionKey, Protection] = {}

    def apply(self, event: ProtectionEvent, instrument: Instrument) -> None:
        """Fold one event."""
        side = PositionSide(event.position_side)
        key = (StrategyId(event.strategy), instrument.symbol, side)
        if isinstance(event, ev.ProtectionSet):
            self._set(key, event, instrument)
            return
        known = self.open.get(key)
        if known is None:
            return
        match event:
            case ev.ProtectionCovered():
                known.covered = _terms(event, instrument)
                known.covered_by = ClientOrderId(event.client_order_id)
                known.since_ns, known.response = 0, ""
            case ev.ProtectionUncovered():
                known.since_ns = event.since_ns
            case ev.ProtectionOverdue():
                known.response = event.response
            case ev.ProtectionEnded():
                del self.open[key]

    def _set(self, key: ProtectionKey, event: ev.ProtectionSet, instrument: Instrument) -> None:
        terms = _terms(event, instrument)
        known = self.open.get(key)
        if known is None:
            self.open[key] = Protection(terms, Side(event.side))
        else:
            known.terms, known.side = terms, Side(event.side)

    def canonical(self) -> list[Any]:
        """Give everything in the form of the state hash."""
        return [
            [
                *key[:2],
                key[2].value,
                [known.terms.trigger_price, known.terms.price, known.terms.trigger_by.value],
                known.side.value,
                known.covered_by,
                str(known.since_ns),
                known.response,
            ]
            for key, known in sorted(self.open.items(), key=lambda item: str(item[0]))
        ]


def _terms(event: ev.ProtectionSet | ev.ProtectionCovered, instrument: Instrument) -> StopTerms:
    return StopTerms(
        instrument.price(event.trigger_price),
        instrument.price(event.price),
        TriggerPrice(event.trigger_by),
    )
