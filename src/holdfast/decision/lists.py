"""From an intent for several orders to the one that counts, and its legs: a list of the venue.

The order that counts is reviewed against the limits of the whole. Of an OCO it is the leg with
the higher price, so that a buy reserves for its worst; of the others it is the working leg.
"""

from msgspec.structs import replace

from holdfast.domain.ids import Symbol
from holdfast.domain.intent import EntryWithExits, OneCancelsOther, SizedIntent
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import Contingency, Purpose, Side


def one_cancels_other(intent: OneCancelsOther) -> SizedIntent:
    """Size two orders of which only one can fill."""
    limit, stop = _exits(
        intent.symbol,
        intent.side,
        quantity=intent.quantity,
        limit_price=intent.price,
        stop_price=intent.stop_price,
        stop_limit_price=intent.stop_limit_price,
        purpose=intent.purpose,
        confidence=intent.confidence,
    )
    first, second = (stop, limit) if intent.side is Side.BUY else (limit, stop)
    return _listed(first, Contingency.OCO, (second,))


def entry_with_exits(intent: EntryWithExits) -> SizedIntent:
    """Size a working order and the one or two that follow when all of it is filled."""
    entry = SizedIntent(
        symbol=intent.symbol,
        side=intent.side,
        quantity=intent.quantity,
        price=intent.price,
        post_only=intent.post_only,
        confidence=intent.confidence,
    )
    exits = _exits(
        intent.symbol,
        intent.side.opposite,
        quantity=intent.exit_quantity or intent.quantity,
        limit_price=intent.take_profit_price,
        stop_price=intent.stop_price,
        stop_limit_price=intent.stop_limit_price,
        purpose=Purpose.EXIT,
        confidence=intent.confidence,
    )
    if not intent.take_profit_price:
        return _listed(entry, Contingency.OTO, exits[1:])
    if not intent.stop_price:
        return _listed(entry, Contingency.OTO, exits[:1])
    return _listed(entry, Contingency.OTOCO, exits)


def _listed(
    first: SizedIntent, contingency: Contingency, legs: tuple[SizedIntent, ...]
) -> SizedIntent:
    return replace(first, contingency=contingency.value, legs=legs)


def _exits(
    symbol: Symbol,
    side: Side,
    *,
    quantity: QuantityUnits,
    limit_price: PriceUnits,
    stop_price: PriceUnits,
    stop_limit_price: PriceUnits,
    purpose: Purpose,
    confidence: float,
) -> tuple[SizedIntent, SizedIntent]:
    """Give a limit order that only makes, and a stop that protects."""
    limit = SizedIntent(
        symbol=symbol,
        side=side,
        quantity=quantity,
        price=limit_price,
        post_only=True,
        purpose=purpose,
        confidence=confidence,
    )
    stop = SizedIntent(
        symbol=symbol,
        side=side,
        quantity=quantity,
        price=stop_limit_price,
        purpose=purpose,
        confidence=confidence,
        trigger_price=stop_price,
    )
    return limit, stop
