"""What self-trade prevention takes from each of two orders, and what it reports of it.

Source: the venue's questions on self-trade prevention. The modes that expire take all that is
left of an order; the modes that shrink take the prevented match from both.
"""

from typing import TypedDict

from holdfast.simexchange.matching import SHRINKING, notional
from holdfast.simexchange.model import SimOrder
from holdfast.simexchange.requests import PreventedMatch


class PreventionFacts(TypedDict, total=False):
    """The fields of a report that belong to TRADE_PREVENTION."""

    prevented_match_id: int
    last_prevented_quantity: int
    counter_order_id: int
    counter_symbol: str
    prevented_price: int
    prevented_quote: int


def prevented_quantities(
    mode: str, taker: SimOrder, *, maker: SimOrder, quantity: int
) -> tuple[int, int]:
    """Return what the taker and the maker lose."""
    if mode in SHRINKING:
        return quantity, quantity
    return (
        taker.leaves_quantity if mode in ("EXPIRE_TAKER", "EXPIRE_BOTH") else 0,
        maker.leaves_quantity if mode in ("EXPIRE_MAKER", "EXPIRE_BOTH") else 0,
    )


def prevention_facts(
    order: SimOrder, match: PreventedMatch, *, counter: SimOrder
) -> PreventionFacts:
    """Return what the report of one of the orders says of a prevented match."""
    is_taker = order.order_id == match.taker_order_id
    quantity = match.taker_quantity if is_taker else match.maker_quantity
    facts = PreventionFacts(
        prevented_match_id=match.match_id,
        last_prevented_quantity=quantity,
        counter_order_id=counter.order_id,
        counter_symbol=counter.symbol,
    )
    if match.mode == "TRANSFER":
        facts["prevented_price"] = match.price
        facts["prevented_quote"] = notional(match.price, quantity)
    return facts
