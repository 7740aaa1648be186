"""The two reviews: of intents against the limits of the whole, of orders when they leave.

This module alone makes `Accepted` and `Approved`. Every gate is asked and all refusals are
kept; a gate that fails refuses, and no gates at all refuse. There is no way around a review.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import msgspec

from holdfast.domain.approval import Accepted, Approved, Refusal, Refused, Reservation
from holdfast.domain.ids import IntentId
from holdfast.domain.instant import UtcNs
from holdfast.domain.intent import SizedIntent
from holdfast.domain.money import PriceUnits
from holdfast.domain.order import NewOrder
from holdfast.domain.submission import Withheld, WithheldReason
from holdfast.risk import crossed
from holdfast.risk.halt import UNRECONCILED
from holdfast.risk.view import APPROVAL_LIFE_NS, Ask, View, ask_of_intent, ask_of_order

Check: TypeAlias = Callable[[Ask, View], Refusal | None]
Guard: TypeAlias = Callable[..., Any]
"""Calls its first argument with the others; a failure comes back as a value with a `line`."""


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
        self.intent_checks = tuple(gate.check for gate in self.intents)
        self.order_checks = tuple(gate.check for gate in self.orders)
        self.reducing_intent_checks = _of_reductions(self.intents)
        self.reducing_order_checks = _of_reductions(self.orders)


def _of_reductions(gates: tuple[Gate, ...]) -> tuple[Check, ...]:
    return tuple(gate.check for gate in gates if gate.reductions)


def review_intent(
    intent: SizedIntent, view: View, *, gates: Gates, intent_id: IntentId
) -> Accepted | Refused:
    """Ask every gate of the whole about an intent; an `Accepted` comes with its reservation."""
    if not gates.intents:
        return _NO_GATES
    answer = gates.guard(_ask_intent, intent, view, gates)
    if not isinstance(answer, _Answer):
        make = partial(ask_of_intent, intent, view)
        answer = _ask_again(make, view, gates=gates, intent=True)
    reservation = answer.reservation
    if answer.refusals or reservation is None:
        return Refused(tuple(answer.refusals))
    return Accepted(intent_id, view.strategy, intent, reservation)


def worst_price(intent: SizedIntent, view: View) -> PriceUnits:
    """Give the price that an intent's reservation is made for; its orders carry it."""
    return intent.price or PriceUnits(ask_of_intent(intent, view).worst_price)


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
    answer = gates.guard(_ask_order, order, view, gates, parent)
    if not isinstance(answer, _Answer):
        make = partial(ask_of_order, order, view, parent=parent)
        answer = _ask_again(make, view, gates=gates, intent=False)
    if answer.refusals:
        return Refused(tuple(answer.refusals))
    now_ns = view.now_ns
    view.desk.window.spend(order.strategy, now_ns)
    return Approved(order, UtcNs(now_ns), UtcNs(now_ns + APPROVAL_LIFE_NS))


def recheck(order: NewOrder, view: View) -> Withheld | None:
    """Ask again, when the commit is done, what may have changed meanwhile: halts and the book.

    Like the review it lets reductions pass. The gateway calls it in the block that sends.
    """
    symbol = view.instrument.symbol
    reason = view.desk.halts.reason(view.strategy, symbol)
    if not reason and view.book_is_valid and crossed.is_sound(view.desk.tops.get(symbol)):
        return None
    if ask_of_order(order, view, parent=None).reduces:
        return None
    if reason == UNRECONCILED:
        return Withheld(WithheldReason.NOT_RECONCILED, reason)
    if reason:
        return Withheld(WithheldReason.HALTED, reason)
    return Withheld(WithheldReason.BOOK_INVALID, "the book is not valid or crossed")


class _Answer(msgspec.Struct):
    """Who refused, and what an intent that nobody refused will hold."""

    refusals: list[Refusal]
    reservation: Reservation | None = None


def _ask_intent(intent: SizedIntent, view: View, gates: Gates) -> _Answer:
    ask = ask_of_intent(intent, view)
    checks = gates.reducing_intent_checks if ask.reduces else gates.intent_checks
    refusals = _inherent(ask) or _refusals(checks, ask, view)
    return _Answer(refusals, ask.reservation)


def _ask_order(order: NewOrder, view: View, gates: Gates, parent: Accepted | None) -> _Answer:
    ask = ask_of_order(order, view, parent=parent)
    checks = gates.reducing_order_checks if ask.reduces else gates.order_checks
    return _Answer(_inherent(ask) or _refusals(checks, ask, view))


def _refusals(checks: tuple[Check, ...], ask: Ask, view: View) -> list[Refusal]:
    return [refusal for check in checks if (refusal := check(ask, view)) is not None]


def _inherent(ask: Ask) -> list[Refusal]:
    """Refuse what no gate could judge."""
    if ask.quantity > 0 and ask.worst_price > 0:
        return _OVERTURNS if ask.overturns else _NONE
    if ask.quantity <= 0:
        return [Refusal("quantity", "the quantity is not positive")]
    return [Refusal("price", "no price bounds the order")]


def _ask_again(make: Callable[[], Ask], view: View, *, gates: Gates, intent: bool) -> _Answer:
    """Ask each gate in a fence of its own, to name the one that fails; never passes."""
    guard = gates.guard
    ask = guard(make)
    if not isinstance(ask, Ask):
        return _Answer([_failure("ask", ask)])
    refusals = []
    for gate in gates.intents if intent else gates.orders:
        single = guard(gate.check, ask, view)
        if isinstance(single, Refusal):
            refusals.append(single)
        elif single is not None:
            refusals.append(_failure(gate.name, single))
    return _Answer(refusals or [Refusal("gate failed", "once")])


def _failure(name: str, failure: Any) -> Refusal:
    return Refusal("gate failed", name, str(getattr(failure, "line", failure)))


_NONE: list[Refusal] = []
_OVERTURNS = [
    Refusal(
        "reduction",
        "the account holds less than this exit and what works beside it would close",
    )
]
_NO_GATES = Refused((Refusal("no gates", "an empty list of gates refuses"),))
