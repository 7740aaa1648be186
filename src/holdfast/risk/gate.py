"""The two reviews: of intents against the limits of the whole, of orders when they leave.

This module alone makes `Accepted` and `Approved`. Every gate is asked and all refusals are
kept; a gate that fails refuses, and no gates at all refuse. There is no way around a review.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import msgspec

from holdfast.domain.approval import Accepted, Approved, Refusal, Refused
from holdfast.domain.ids import IntentId
from holdfast.domain.instant import NS_PER_S, UtcNs
from holdfast.domain.intent import SizedIntent
from holdfast.domain.money import PriceUnits
from holdfast.domain.order import NewOrder
from holdfast.domain.submission import Withheld, WithheldReason
from holdfast.risk import crossed
from holdfast.risk.halt import UNRECONCILED
from holdfast.risk.reservation import reserve
from holdfast.risk.view import Ask, View, ask_of_intent, ask_of_order

APPROVAL_LIFE_NS = NS_PER_S

Check: TypeAlias = Callable[[Ask, View], Refusal | None]
Guard: TypeAlias = Callable[[Callable[[], Any]], Any]
"""Runs a call and gives its result; an exception comes back as a value that has a `line`."""


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """One rule: what it is asked about, and whether reductions must pass it too."""

    name: str
    check: Check
    intents: bool = False
    orders: bool = False
    reductions: bool = False


class Gates:
    """The gates of an account, sorted by what they are asked about.

    `guard` fences the gates: what goes wrong in one of them becomes its refusal.
    """

    def __init__(self, gates: Sequence[Gate], *, guard: Guard) -> None:
        self.guard = guard
        self.intents = tuple(gate for gate in gates if gate.intents)
        self.orders = tuple(gate for gate in gates if gate.orders)
        self.reducing_intents = tuple(gate for gate in self.intents if gate.reductions)
        self.reducing_orders = tuple(gate for gate in self.orders if gate.reductions)


def review_intent(
    intent: SizedIntent, view: View, *, gates: Gates, intent_id: IntentId
) -> Accepted | Refused:
    """Ask every gate of the whole about an intent; an `Accepted` comes with its reservation."""
    if not gates.intents:
        return _NO_GATES
    asked = gates.guard(lambda: ask_of_intent(intent, view))
    if not isinstance(asked, Ask):
        return Refused((_failure("intent", asked),))
    if intent.quantity <= 0 or asked.worst_price <= 0:
        return _NO_PRICE if intent.quantity > 0 else _NO_QUANTITY
    applying = gates.reducing_intents if asked.reduces else gates.intents
    refusals = _ask_all(applying, asked, view=view, guard=gates.guard)
    if refusals:
        return Refused(tuple(refusals))
    reservation = reserve(
        view.instrument,
        intent.side,
        quantity=intent.quantity,
        worst_price=asked.worst_price,
        limits=view.limits,
    )
    return Accepted(intent_id, view.strategy, intent, reservation)


def worst_price(intent: SizedIntent, view: View) -> PriceUnits:
    """Give the price that an intent's reservation is made for; its orders carry it."""
    return PriceUnits(ask_of_intent(intent, view).worst_price)


def review_order(
    order: NewOrder, view: View, *, gates: Gates, parent: Accepted | None = None
) -> Approved | Refused:
    """Ask every gate about an order that is about to leave; the one maker of `Approved`.

    `parent` is the accepted intent when the account does not hold it yet, so that an intent and
    its first order can be reviewed before either is written. An approval counts at once against
    the order rate.
    """
    if not gates.orders:
        return _NO_GATES
    if order.strategy != view.strategy or order.symbol != view.instrument.symbol:
        return Refused((Refusal("order", "the view is of another strategy or symbol"),))
    asked = gates.guard(lambda: ask_of_order(order, view, parent=parent))
    if not isinstance(asked, Ask):
        return Refused((_failure("order", asked),))
    applying = gates.reducing_orders if asked.reduces else gates.orders
    refusals = _ask_all(applying, asked, view=view, guard=gates.guard)
    if refusals:
        return Refused(tuple(refusals))
    now_ns = view.now_ns
    view.desk.window.spend(order.strategy, now_ns)
    return Approved(order, UtcNs(now_ns), UtcNs(now_ns + APPROVAL_LIFE_NS))


def recheck(order: NewOrder, view: View) -> Withheld | None:
    """Ask again, when the commit is done, what may have changed meanwhile: halts and the book.

    Like the review it lets reductions pass. The gateway calls it in the block that sends.
    """
    halts = view.desk.halts
    if halts.is_clear and view.book_is_valid and crossed.check(_NOTHING, view) is None:
        return None
    if ask_of_order(order, view, parent=None).reduces:
        return None
    reason = halts.reason(view.strategy, view.instrument.symbol)
    if reason == UNRECONCILED:
        return Withheld(WithheldReason.NOT_RECONCILED, reason)
    if reason:
        return Withheld(WithheldReason.HALTED, reason)
    return Withheld(WithheldReason.BOOK_INVALID, "the book is not valid or crossed")


def _ask_all(
    applying: tuple[Gate, ...], asked: Ask, *, view: View, guard: Guard
) -> list[Refusal]:
    """Ask in one fence; only when something goes wrong, each gate in a fence of its own."""
    answer = guard(
        lambda: [
            refusal for gate in applying if (refusal := gate.check(asked, view)) is not None
        ]
    )
    if isinstance(answer, list):
        return answer
    refusals = []
    for gate in applying:
        single = guard(partial(gate.check, asked, view))
        if single is not None:
            refused = isinstance(single, Refusal)
            refusals.append(single if refused else _failure(gate.name, single))
    return refusals or [Refusal("gate failed", "a gate fails now and then")]


def _failure(name: str, failure: Any) -> Refusal:
    return Refusal("gate failed", name, str(getattr(failure, "line", failure)))


_NOTHING = Ask(True, 0, 0, 0, 0, 0, False)
_NO_GATES = Refused((Refusal("no gates", "an empty list of gates refuses"),))
_NO_PRICE = Refused((Refusal("price", "no market price to bound the order"),))
_NO_QUANTITY = Refused((Refusal("quantity", "the quantity is not positive"),))
