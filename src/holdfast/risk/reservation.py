"""What an order holds until it ended: worst price plus fee for a buy, the asset for a sell.

Every division is rounded up, so that a reservation never falls short of what it stands for.
"""

from holdfast.domain.approval import Reservation
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.money import AmountUnits
from holdfast.domain.order import NewOrder, Side
from holdfast.risk.limits import SymbolLimits

PPM = 1_000_000
_SPOT, _SELL = Product.SPOT, Side.SELL  # an enum looks its members up anew each time


def reserve(
    instrument: Instrument,
    side: Side,
    *,
    quantity: int,
    worst_price: int,
    limits: SymbolLimits,
    is_guarded: bool = False,
) -> Reservation:
    """Give the reservation of a quantity at its worst price.

    A linear contract holds its initial margin and its fee, whichever the side; an order that
    the venue keeps from opening a position needs no margin.
    """
    is_spot = instrument.product is _SPOT
    if is_spot and side is _SELL:
        return Reservation(instrument.base, instrument.base_amount(quantity))
    notional = worst_price * quantity * limits.notional_scale
    fee = -(-notional * limits.fee_ppm // PPM)
    if is_spot:
        return Reservation(instrument.quote, AmountUnits(notional + fee))
    margin = 0 if is_guarded else -(-notional // limits.leverage)
    return Reservation(instrument.settle, AmountUnits(margin + fee))


def reserve_order(
    order: NewOrder, instrument: Instrument, *, limits: SymbolLimits
) -> Reservation:
    """Give the reservation of one order, by the same rule as its intent's."""
    return reserve(
        instrument,
        order.side,
        quantity=order.quantity,
        worst_price=order.worst_price,
        limits=limits,
        is_guarded=order.is_guarded,
    )
