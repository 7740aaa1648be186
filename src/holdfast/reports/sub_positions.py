"""What each strategy made of each symbol: its sub-position, valued, with its own fees.

Lots of a sub-position are its own, so its realized part may differ from the ledger's, which
closes the oldest lot of the whole account; the result after everything does not.
"""

from decimal import Context, Decimal, Inexact
from functools import reduce

import msgspec

from holdfast.domain.instrument import Instrument
from holdfast.domain.money import amount_text, exact
from holdfast.domain.order import PositionSide
from holdfast.domain.position import Position
from holdfast.reports.story import Story

EXACT = Context(prec=400, traps=[Inexact])
"""Wide enough for any sum or product of a journal's numbers; rounding raises."""


class SubPositionResult(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy's result in a symbol; `result` = realized + unrealized - fees, exactly."""

    strategy: str
    symbol: str
    currency: str
    quantity: str
    average_price: str
    mark: str
    realized: Decimal
    unrealized: Decimal
    fees: Decimal
    result: Decimal
    fills: int


def sub_positions(story: Story) -> list[SubPositionResult]:
    """Give every sub-position that ever traded, by strategy and symbol."""
    fees: dict[tuple[str, str, str], Decimal] = {}
    fills: dict[tuple[str, str, str], int] = {}
    for trade in story.trades:
        key = (trade.strategy, trade.event.symbol, trade.event.position_side)
        fills[key] = fills.get(key, 0) + 1
        fees[key] = EXACT.add(fees.get(key, Decimal(0)), exact(trade.event.fee_value or "0"))
    found = []
    for (strategy, symbol, side), position in story.account.positions.items():
        key = (strategy, symbol, side.value)
        instrument = story.account.instruments[symbol]
        mark = story.marks.get(symbol, "")
        realized = exact(amount_text(instrument.notional(1, position.realized)))
        unrealized = _unrealized(position, instrument, mark=mark)
        paid = fees.get(key, Decimal(0))
        found.append(
            SubPositionResult(
                strategy=strategy,
                symbol=symbol if side is PositionSide.BOTH else f"{symbol} {side.value}",
                currency=instrument.quote,
                quantity=instrument.quantity_text(position.quantity),
                average_price=_average_price(position, instrument),
                mark=mark,
                realized=realized,
                unrealized=unrealized,
                fees=paid,
                result=total([realized, unrealized, paid.copy_negate()]),
                fills=fills.get(key, 0),
            )
        )
    return sorted(found, key=lambda row: (row.currency, row.strategy, row.symbol))


def total(amounts: list[Decimal]) -> Decimal:
    """Add exactly."""
    return reduce(EXACT.add, amounts, Decimal(0))


def _unrealized(position: Position, instrument: Instrument, *, mark: str) -> Decimal:
    if not mark:
        return Decimal(0)
    quantity = exact(instrument.quantity_text(position.quantity))
    cost = exact(amount_text(instrument.notional(1, position.cost)))
    return EXACT.subtract(EXACT.multiply(quantity, exact(mark)), cost)


def _average_price(position: Position, instrument: Instrument) -> str:
    """Give the open lots' average price for a glance; it is the one rounded number."""
    if not position.quantity:
        return ""
    estimate = position.cost / position.quantity / 10**instrument.price_exponent
    return f"{estimate:,.8f}".rstrip("0").rstrip(".")
