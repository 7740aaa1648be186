"""Faults of requests, on either interface: refused, unanswered, answered late or with a lie.

An order's fate and its answer are two things: some of these let the order live and say
nothing, or the opposite of what happened.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from holdfast.simexchange import refusals
from holdfast.simexchange.answers import Answer, Reply
from holdfast.simexchange.faults import forced
from holdfast.simexchange.faults.armed import Faults, Scene
from holdfast.simexchange.faults.kinds import FaultKind
from holdfast.simexchange.futures.requests import FuturesPlaced
from holdfast.simexchange.limits import too_many_orders
from holdfast.simexchange.model import Outcome, Placed
from holdfast.simexchange.payloads.feed import MICROSECOND_NS
from holdfast.simexchange.refusals import Refusal

if TYPE_CHECKING:
    from holdfast.simexchange.desk import Call, Desk, Operation, Pending, Proof

POST_ONLY = ("LIMIT_MAKER", "GTX")
RESTING = ("NEW", "PARTIALLY_FILLED")
TAKING = ("GTC", "IOC", "FOK", "")
HALF = 0.5


def is_cancel(endpoint: str) -> bool:
    """Tell whether an endpoint cancels one order."""
    is_rest = endpoint.startswith("DELETE ") and endpoint.endswith("/order")
    return is_rest or endpoint == "order.cancel"


def is_snapshot(endpoint: str) -> bool:
    """Tell whether an endpoint answers with the book."""
    return endpoint == "depth" or endpoint.endswith("/depth")


def spoil_request(
    desk: "Desk", operation: "Operation", *, call: "Call", proof: "Proof", reply: Reply
) -> "tuple[Operation, Reply]":
    """Draw what befalls a request before anything is checked; raise what refuses it."""
    faults, floor = desk.floor.faults, desk.floor
    scene = scene_of(desk, call, proof=proof)
    now_ns = floor.clock.limits_now_ns()
    limits = desk.address(call.address)
    full = faults.drawn(FaultKind.WEIGHT_EXCEEDED_429, scene)
    if full is not None:
        raise limits.fill_up(now_ns, until_ns=now_ns + full.lasts_ns)
    banned = faults.drawn(FaultKind.ADDRESS_BANNED_418, scene)
    if banned is not None:
        raise limits.ban(now_ns, until_ns=now_ns + banned.lasts_ns)
    refused = faults.drawn(FaultKind.REQUEST_REFUSED, scene)
    if refused is not None and refused.code is not None:
        text = refused.message or "Refused on demand."
        raise Refusal(refused.code, text, status=refused.status or 400)
    if faults.strikes(FaultKind.MICROSECOND_STAMPS, scene):
        call.unit_ns = MICROSECOND_NS
    if is_snapshot(call.endpoint):
        operation = _with_stale_book(desk, operation, scene)
    delayed = faults.drawn(FaultKind.ANSWER_DELAYED, scene)
    if faults.strikes(FaultKind.ANSWER_LOST, scene):
        return operation, lambda _answer: reply(None)
    if delayed is None:
        return operation, reply
    wait_ns = delayed.delay_ns
    return operation, lambda answer: _later(desk, wait_ns, lambda: reply(answer))


def scene_of(desk: "Desk", call: "Call", *, proof: "Proof | None" = None) -> Scene:
    """Say whom and what a request is about; the key names the account, proven or not."""
    account = call.account
    key = proof.trusted_key or proof.api_key if proof is not None else None
    if not account and key:
        spec = desk.floor.exchange.accounts.by_key(key)
        account = spec.name if spec is not None else ""
    return Scene(
        account=account,
        symbol=call.params.values.get("symbol", ""),
        product=desk.quotas.product,
        endpoint=call.endpoint,
        address=call.address,
    )


def spoil_order(
    desk: "Desk", call: "Call", *, pending: "Pending", reply: Reply
) -> "tuple[Pending, Reply] | None":
    """Draw what befalls a new order; None when it is answered and goes no further."""
    scene = scene_of(desk, call)
    refusal = _refused(desk, call, scene)
    if refusal is not None:
        reply(Answer(refusal=refusal))
        return None
    late = desk.floor.faults.drawn(FaultKind.ORDER_LATE_1007, scene)
    if late is not None:
        reply(Answer(refusal=refusals.execution_unknown()))
        return msgspec.structs.replace(pending, wait_ns=late.delay_ns), _nobody
    has_range = scene.symbol in desk.floor.exchange.clearing.pairs
    if has_range and desk.floor.faults.strikes(FaultKind.ORDER_PRICE_RANGE_EXPIRED, scene):
        pending = forced.out_of_range(desk.floor, pending, symbol=scene.symbol)
    lie, lives = _lie(desk, scene)
    if lie is not None and not lives:
        reply(Answer(refusal=lie))
        return None
    pending = _with_aftermath(desk, call, pending, scene)
    if desk.floor.faults.strikes(FaultKind.ORDER_ANSWER_LOST, scene):
        return pending, lambda answer: reply(None if _is_accepted(answer) else answer)
    if lie is None:
        return pending, reply
    told = Answer(refusal=lie)
    return pending, lambda answer: reply(told if _is_accepted(answer) else answer)


def spoil_cancel(desk: "Desk", call: "Call") -> None:
    """Draw whether an order is filled just before its cancel arrives, which then finds none."""
    order = forced.resting(
        desk.floor.exchange,
        call.account,
        symbol=call.params.values.get("symbol", ""),
        order_id=call.params.values.get("orderId", ""),
        client_order_id=call.params.values.get("origClientOrderId", ""),
    )
    if order is None:
        return
    if desk.floor.faults.strikes(FaultKind.CANCEL_FILL_RACE, scene_of(desk, call)):
        forced.fill(desk.floor, order, quantity=order.leaves_quantity)


def _refused(desk: "Desk", call: "Call", scene: Scene) -> Refusal | None:
    faults = desk.floor.faults
    if faults.strikes(FaultKind.ORDER_UNAVAILABLE_503, scene):
        return refusals.unavailable()
    if not _only_reduces(call) and faults.strikes(FaultKind.ORDER_THROTTLED_1008, scene):
        return refusals.throttled()
    if faults.strikes(FaultKind.ORDER_COUNT_1015, scene):
        now_ns = desk.floor.clock.limits_now_ns()
        quota, window = desk.orders(call.account).windows[0]
        return too_many_orders(quota, window.ends_at_ns(now_ns))
    return None


def _lie(desk: "Desk", scene: Scene) -> tuple[Refusal | None, bool]:
    """Draw what a new order's answer says instead of the truth, and whether the order lives."""
    faults = desk.floor.faults
    if faults.strikes(FaultKind.ORDER_UNKNOWN_1007, scene):
        return refusals.execution_unknown(), True
    failed = faults.drawn(FaultKind.ORDER_5XX, scene)
    if failed is not None:
        return refusals.failed(failed.status or 500), True
    for kind, refusal in (
        (FaultKind.ORDER_503, refusals.service_unavailable),
        (FaultKind.ORDER_408, refusals.timed_out),
    ):
        if faults.strikes(kind, scene):
            return refusal(), _lives(faults, kind)
    return None, True


def _lives(faults: Faults, kind: FaultKind) -> bool:
    """Toss whether an order lives of which nobody says anything."""
    return faults.uniform(f"{kind.value}:{faults.happened[kind.value]}") < HALF


def _with_aftermath(desk: "Desk", call: "Call", pending: "Pending", scene: Scene) -> "Pending":
    """Let the venue end an order that rests, right after it is answered."""
    floor, faults = desk.floor, desk.floor.faults
    values = call.params.values
    is_post_only = values.get("type") in POST_ONLY or values.get("timeInForce") in POST_ONLY

    def shape(outcome: Outcome) -> object:
        body = pending.shape(outcome)
        if not isinstance(outcome, Placed | FuturesPlaced):
            return body
        if outcome.order.status not in RESTING:
            return body
        order = outcome.order
        part = faults.drawn(FaultKind.ORDER_PART_FILLED_EXPIRED, scene)
        if part is not None:
            fraction = part.fraction or HALF
            floor.afterwards(
                lambda: forced.part_fill_and_expire(floor, order, fraction=fraction)
            )
        elif is_post_only and faults.strikes(FaultKind.ORDER_GTX_EXPIRED, scene):
            floor.afterwards(lambda: forced.expire(floor, order))
        elif faults.strikes(FaultKind.ORDER_STP_EXPIRED, scene):
            floor.afterwards(lambda: forced.prevent(floor, order))
        return body

    return msgspec.structs.replace(pending, shape=shape)


def _with_stale_book(desk: "Desk", operation: "Operation", scene: Scene) -> "Operation":
    floor = desk.floor
    ages = floor.faults.delays(FaultKind.STALE_SNAPSHOT, scene)
    view = floor.market_faults.stale(scene.symbol, age_ns=min(ages)) if ages else None
    if view is None or not floor.faults.strikes(FaultKind.STALE_SNAPSHOT, scene):
        return operation
    market, run = floor.exchange.market, operation.run

    def run_on_stale(call: "Call") -> object:
        market.stale = view
        try:
            return run(call)
        finally:
            market.stale = None

    return msgspec.structs.replace(operation, run=run_on_stale)


def _only_reduces(call: "Call") -> bool:
    values = call.params.values
    return "true" in (values.get("reduceOnly"), values.get("closePosition"))


def _later(desk: "Desk", delay_ns: int, act: Callable[[], None]) -> None:
    desk.floor.timetable.after(delay_ns, act)


def _is_accepted(answer: Answer | None) -> bool:
    return answer is not None and answer.refusal is None


def _nobody(_answer: Answer | None) -> None:
    pass
