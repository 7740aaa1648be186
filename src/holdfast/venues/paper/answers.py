"""What the simulated exchange answers to a request, as the order sink takes it."""

from typing import TypeAlias

from holdfast.domain.ids import VenueOrderId
from holdfast.domain.money import QuantityUnits
from holdfast.domain.order import NewOrder
from holdfast.domain.submission import Acked, Rejected, Submission, Unknown
from holdfast.domain.venue import (
    CancelAcked,
    CancelAnswer,
    CancelOrder,
    CancelRefused,
    OrderSink,
)
from holdfast.errors import InvariantBroken
from holdfast.simexchange.filters import DUPLICATE
from holdfast.simexchange.futures import filters as usdm_filters
from holdfast.simexchange.futures.requests import (
    AlgoCanceled,
    AlgoPlaced,
    FuturesCanceled,
    FuturesOutcome,
    FuturesPlaced,
)
from holdfast.simexchange.model import Canceled, Outcome, Placed, Reject
from holdfast.simexchange.requests import Listed, Replaced
from holdfast.venues.paper.usdm import algo_order_id

DUPLICATE_MEANS = "an order with this id rests at the venue"
NOT_ATTEMPTED = Reject(-2021, "Order cancel-replace failed: nothing was canceled.")
_DUPLICATES = (DUPLICATE, usdm_filters.DUPLICATE)

Asked: TypeAlias = NewOrder | CancelOrder | tuple[NewOrder, ...] | tuple[CancelOrder, NewOrder]
Came: TypeAlias = "Outcome | FuturesOutcome | Unknown"


def answer(sink: OrderSink, asked: Asked, *, came: Came) -> None:
    """Tell what came of a request: each order and each cancel in it exactly once."""
    if isinstance(asked, NewOrder):
        sink.on_submission(asked.client_order_id, submission(came))
    elif isinstance(asked, CancelOrder):
        sink.on_cancel(asked, cancel_answer(came))
    elif isinstance(asked[0], CancelOrder):
        canceled, placed = _parts(came)
        sink.on_cancel(asked[0], cancel_answer(canceled))
        sink.on_submission(asked[1].client_order_id, submission(placed))
    else:
        placed_by_id = _by_client_id(came)
        for order in asked:
            outcome = placed_by_id.get(order.client_order_id, came)
            sink.on_submission(order.client_order_id, submission(outcome))


def submission(came: Came) -> Submission:
    """Give the answer to an order; that its id rests already is no proof of a rejection."""
    match came:
        case Unknown():
            return came
        case Placed(order) | FuturesPlaced(order):
            return Acked(VenueOrderId(str(order.order_id)))
        case AlgoPlaced(algo):
            return Acked(algo_order_id(algo))
        case Reject():
            if came in _DUPLICATES:
                return Unknown(DUPLICATE_MEANS)
            return Rejected(came.code, came.message)
        case _:
            raise InvariantBroken(f"an order was answered with {came}")


def cancel_answer(came: Came) -> CancelAnswer:
    """Give the answer to a cancel."""
    match came:
        case Unknown():
            return came
        case Canceled(orders) | FuturesCanceled(orders):
            return CancelAcked(QuantityUnits(orders[0].cum_quantity))
        case AlgoCanceled():
            return CancelAcked(QuantityUnits(0))
        case Reject():
            return CancelRefused(came.code, came.message)
        case _:
            raise InvariantBroken(f"a cancel was answered with {came}")


def _parts(came: Came) -> tuple[Came, Came]:
    """Give both halves of a cancel-and-replace; what was refused whole refuses both."""
    if isinstance(came, Replaced):
        return came.canceled, NOT_ATTEMPTED if came.placed is None else came.placed
    return came, came


def _by_client_id(came: Came) -> dict[str, Placed]:
    if not isinstance(came, Listed):
        return {}
    return {placed.order.client_order_id: placed for placed in came.placed}
