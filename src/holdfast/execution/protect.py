"""How a position's stop is placed, replaced and dropped, so that it is never without one.

What is to be done follows from what is: the wanted terms, the position, and the protective
orders with what is known of them. There are no steps to remember, so a trader that was killed
anywhere goes on from its journal. On contracts the new stop is placed, confirmed, and only then
the old one canceled; both only reduce, so that they cannot turn the position over. On spot,
where the asset is held by the stop, one request cancels the one and places the other, and an
exit takes a stop's place in the same way. An Unknown order is neither there nor gone: nothing
that could trade beside it is sent unless the venue itself keeps the two from turning the
position over. A position without a confirmed stop for longer than the bound gets the old terms
back, or is left.
"""

from typing import TypeAlias

import msgspec

from holdfast.domain.ids import ClientOrderId
from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.domain.order import Order, Purpose
from holdfast.domain.protection import Protection, StopTerms

BOUND_NS = 2 * NS_PER_S
"""How long a position may be without a confirmed stop before something else is done."""
RETRY_NS = 250 * NS_PER_MS
MOST_STOPS = 3
"""How many stops may stand for one position while their fate is not known."""
OLD_TERMS, EXIT, WAIT = "old terms", "exit", "wait"


class Place(msgspec.Struct, frozen=True):
    """Send a stop; with `replaces`, as one request with the cancel of that order."""

    terms: StopTerms
    quantity: int
    replaces: ClientOrderId = ClientOrderId("")


class Drop(msgspec.Struct, frozen=True):
    """Cancel a stop."""

    client_order_id: ClientOrderId
    reason: str


class Leave(msgspec.Struct, frozen=True):
    """Exit so much of the position at the market; `replaces` is as in `Place`."""

    quantity: int
    replaces: ClientOrderId = ClientOrderId("")


class Covered(msgspec.Struct, frozen=True):
    """A stop is confirmed; there was none for so long."""

    order: Order
    uncovered_ns: int


class Uncovered(msgspec.Struct, frozen=True):
    """From now on no stop is confirmed."""

    reason: str


class Overdue(msgspec.Struct, frozen=True):
    """There was none for longer than the bound, and this is done now."""

    uncovered_ns: int
    response: str


class Retreat(msgspec.Struct, frozen=True):
    """Want the terms again that a confirmed stop had."""

    terms: StopTerms
    reason: str


class Ended(msgspec.Struct, frozen=True):
    """No stop is wanted any more."""

    uncovered_ns: int
    reason: str


class Wake(msgspec.Struct, frozen=True):
    """Look again at this instant, if nothing changes before."""

    at_ns: int


Act: TypeAlias = Place | Drop | Leave | Covered | Uncovered | Overdue | Retreat | Ended | Wake


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """A protection and everything that bears on it, as it is known now.

    `quantity` is the position without its sign, rounded down to what can be sent, and 0 when it
    is flat or dust. `orders` are the open orders that would take it away, protective ones among
    them. `can_open` holds while an order of the strategy could still open it. `is_atomic` means
    spot: an order has to be canceled for another to have its asset. `is_guarded` means that the
    venue itself keeps two stops from both filling. `is_through` tells of terms that the market
    has passed. `failed_at_ns` is when an order of it was last refused.
    """

    protection: Protection
    quantity: int
    orders: list[Order]
    can_open: bool
    is_atomic: bool
    is_guarded: bool
    is_through: bool
    is_covered_through: bool
    now_ns: int
    failed_at_ns: int = 0

    @property
    def stops(self) -> list[Order]:
        """Give the protective ones that have not ended."""
        return [
            order
            for order in self.orders
            if order.request.purpose is Purpose.PROTECTIVE and not order.ending
        ]

    @property
    def exits(self) -> list[Order]:
        """Give the others that have not ended."""
        return [
            order
            for order in self.orders
            if order.request.purpose is not Purpose.PROTECTIVE and not order.ending
        ]

    @property
    def confirmed(self) -> list[Order]:
        """Give the stops that are known to live."""
        return [order for order in self.stops if order.acked and not order.cancel_requested]

    @property
    def missing(self) -> int:
        """Give how much of the position no confirmed stop covers."""
        covered = sum(order.leaves_quantity for order in self.confirmed)
        return max(0, self.quantity - covered)

    @property
    def is_swapping(self) -> bool:
        """Tell whether one request that places and cancels is on its way and not in doubt."""
        return any(_is_swap(order) for order in [*self.stops, *self.exits])

    @property
    def in_doubt(self) -> bool:
        """Tell whether the fate of any order that would take the position is not known."""
        return any(order.is_unknown for order in [*self.stops, *self.exits])


def step(situation: Situation) -> list[Act]:
    """Say what to do now; nothing when there is nothing to do but to wait for the venue.

    Carried out, it leads to another situation, for which this is asked again.
    """
    if not situation.quantity:
        return _without_position(situation)
    acts = _measure(situation)
    if acts:
        return acts
    overdue = _overdue(situation)
    if overdue:
        return overdue
    return [*_act(situation), *_wake(situation)]


def _without_position(situation: Situation) -> list[Act]:
    """Drop what protects nothing; the protection ends when nothing can open it any more."""
    acts: list[Act] = [
        Drop(order.request.client_order_id, "the position is flat")
        for order in situation.stops
        if not order.cancel_requested and not order.is_unknown
    ]
    if not situation.stops and not situation.can_open:
        acts.append(Ended(_uncovered_ns(situation), "the position is flat"))
    elif situation.protection.since_ns:
        held = situation.confirmed
        if held:
            acts.insert(0, Covered(held[0], _uncovered_ns(situation)))
    return acts


def _measure(situation: Situation) -> list[Act]:
    """Note when cover began or ended; what it says is in force before anything is done."""
    protection = situation.protection
    if situation.missing:
        if protection.since_ns or situation.is_swapping:
            return []
        return [Uncovered("an exit took its place" if situation.exits else "no stop is known")]
    wanted = [o for o in situation.confirmed if protection.terms.are_of(o.request)]
    stop = (wanted or situation.confirmed)[-1]
    known = protection.covered_by == stop.request.client_order_id
    if known and not protection.since_ns:
        return []
    return [Covered(stop, _uncovered_ns(situation))]


def _overdue(situation: Situation) -> list[Act]:
    """Say what is done once the bound is over: the old terms, or out of the position."""
    protection, lasted_ns = situation.protection, _uncovered_ns(situation)
    if not protection.since_ns or lasted_ns < BOUND_NS or protection.response == EXIT:
        return []
    is_safe = situation.is_guarded or not situation.in_doubt
    old = protection.covered
    if not is_safe:
        return [] if protection.response == WAIT else [Overdue(lasted_ns, WAIT)]
    is_new = old is not None and old != protection.terms and not situation.is_covered_through
    if old is not None and is_new and protection.response != OLD_TERMS:
        return [Overdue(lasted_ns, OLD_TERMS), Retreat(old, "no stop was confirmed in time")]
    if protection.response == OLD_TERMS and lasted_ns < 2 * BOUND_NS:
        return []
    resting = situation.is_atomic and bool(situation.exits) and not situation.is_through
    if resting and protection.response != OLD_TERMS:
        return [Overdue(lasted_ns, OLD_TERMS)]
    return [Overdue(lasted_ns, EXIT)]


def _act(situation: Situation) -> list[Act]:
    """Bring what is at the venue nearer to what is wanted."""
    protection = situation.protection
    if _is_resting(situation):
        return []
    if situation.missing and (protection.response == EXIT or situation.is_through):
        return _leave(situation)
    wanted = [
        order
        for order in situation.stops
        if protection.terms.are_of(order.request) and not order.cancel_requested
    ]
    fitting = _fitting(situation)
    if situation.is_atomic and not fitting and any(map(_is_at_work, situation.stops)):
        return []
    right = [order for order in wanted if order.leaves_quantity == fitting]
    keep = next((order for order in right if order.acked), None)
    if keep is not None:
        return _beside_kept(situation, keep)
    is_sending = any(not order.acked and not order.in_doubt for order in situation.stops)
    if is_sending or (not situation.missing and any(order.is_unknown for order in wanted)):
        return []
    if situation.is_through:
        old = protection.covered
        if old is None or old == protection.terms:
            return []
        return [Retreat(old, "the stop would trigger at once")]
    return _swap(situation) if situation.is_atomic else _beside(situation)


def _beside_kept(situation: Situation, keep: Order) -> list[Act]:
    """Drop what stands beside the right stop, and an exit of a part that rests for too long."""
    superfluous = [order for order in situation.stops if order is not keep]
    acts: list[Act] = [
        Drop(order.request.client_order_id, "replaced")
        for order in superfluous
        if not order.cancel_requested and not order.is_unknown
    ]
    if not superfluous and situation.is_atomic and situation.missing and _is_late(situation):
        acts += [
            Drop(order.request.client_order_id, "it rests in the stop's place")
            for order in situation.exits
            if order.acked and not order.cancel_requested
        ]
    return acts


def _beside(situation: Situation) -> list[Act]:
    """Contracts: the new stop stands beside the old one until it is confirmed."""
    if sum(order.is_unknown for order in situation.stops) >= MOST_STOPS:
        return []
    return [*_surplus(situation), Place(situation.protection.terms, situation.quantity)]


def _surplus(situation: Situation) -> list[Act]:
    """Drop one stop on old terms without which the others cover the position."""
    covered = sum(order.leaves_quantity for order in situation.confirmed)
    for order in situation.confirmed:
        if covered - order.leaves_quantity >= situation.quantity:
            return [Drop(order.request.client_order_id, "replaced")]
    return []


def _swap(situation: Situation) -> list[Act]:
    """Spot: one request takes the old stop away and places the new one."""
    terms, may_double = situation.protection.terms, situation.is_guarded
    if situation.in_doubt and not (may_double and _is_late(situation)):
        return []
    waiting = [order for order in situation.stops if not _is_at_work(order)]
    old = next((o for o in waiting if o.acked and not o.cancel_requested), None)
    if old is not None:
        return [Place(terms, _fitting(situation), old.request.client_order_id)]
    if any(not order.is_unknown for order in waiting):
        return []
    free = _fitting(situation)
    if free:
        return [Place(terms, free)]
    return _back_from_exit(situation)


def _back_from_exit(situation: Situation) -> list[Act]:
    """Give the asset of an exit that rests for too long back to a stop."""
    if not _is_late(situation):
        return []
    for order in situation.exits:
        if order.acked and not order.cancel_requested:
            if order.cum_quantity:
                return [Drop(order.request.client_order_id, "it rests in the stop's place")]
            stop_quantity = min(situation.quantity, order.leaves_quantity)
            terms = situation.protection.terms
            return [Place(terms, stop_quantity, order.request.client_order_id)]
    return []


def _leave(situation: Situation) -> list[Act]:
    """Exit what is not covered, unless an exit is on its way."""
    if situation.is_atomic and situation.in_doubt and not situation.is_guarded:
        return []
    exits = [order for order in situation.exits if not order.request.is_conditional]
    at_market = [order for order in exits if not order.request.price]
    if any(not order.is_unknown for order in at_market):
        return []
    if not situation.is_atomic:
        return [Leave(situation.missing)] if len(at_market) < MOST_STOPS else []
    in_the_way = [o for o in [*situation.stops, *exits] if not _is_at_work(o)]
    for order in in_the_way:
        if order.acked and not order.cancel_requested:
            quantity = min(situation.missing, order.leaves_quantity)
            return [Leave(quantity, order.request.client_order_id)]
    return [Leave(situation.missing)] if not at_market and not in_the_way else []


def _fitting(situation: Situation) -> int:
    """Give what a stop is to be for: on spot what is being sold already has its own part."""
    if not situation.is_atomic:
        return situation.quantity
    at_work = [*situation.exits, *filter(_is_at_work, situation.stops)]
    leaving = sum(order.leaves_quantity for order in at_work)
    return max(0, situation.quantity - leaving)


def _is_at_work(order: Order) -> bool:
    """Tell whether a stop has woken up; it is not replaced any more."""
    return order.is_triggered or bool(order.cum_quantity)


def _is_swap(order: Order) -> bool:
    return bool(order.request.replaces) and not order.acked and not order.in_doubt


def _is_resting(situation: Situation) -> bool:
    """Tell whether to wait a little after a refusal before anything is tried again."""
    failed_at_ns = situation.failed_at_ns
    return bool(failed_at_ns) and situation.now_ns < failed_at_ns + RETRY_NS


def _is_late(situation: Situation) -> bool:
    return bool(situation.protection.since_ns) and _uncovered_ns(situation) >= BOUND_NS


def _uncovered_ns(situation: Situation) -> int:
    since_ns = situation.protection.since_ns
    return situation.now_ns - since_ns if since_ns else 0


def _wake(situation: Situation) -> list[Act]:
    """Name the next instant at which time alone changes what is to be done."""
    due = []
    if situation.protection.since_ns:
        due += [situation.protection.since_ns + times * BOUND_NS for times in (1, 2)]
    if situation.failed_at_ns:
        due.append(situation.failed_at_ns + RETRY_NS)
    to_come = [at_ns for at_ns in due if at_ns > situation.now_ns]
    return [Wake(min(to_come))] if to_come else []
