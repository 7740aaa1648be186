"""What the operations of USD-M have in common: reading parameters, reaching the exchange."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from holdfast.simexchange import refusals
from holdfast.simexchange.desk import Call, Pending
from holdfast.simexchange.futures.requests import FuturesRequest
from holdfast.simexchange.model import Outcome, Reject
from holdfast.simexchange.params import Params
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.usdm.payloads.digits import MILLISECOND_NS, Digits

if TYPE_CHECKING:
    from holdfast.simexchange.futures.exchange import FuturesExchange

DAY_NS = 86_400 * 10**9
_Done = TypeVar("_Done")


def futures(call: Call) -> "FuturesExchange":
    """Return the futures side of the exchange."""
    return call.floor.exchange.futures


def digits(call: Call, symbol: str) -> Digits:
    """Return how a symbol's numbers are written."""
    return call.floor.usdm.digits(symbol)


def pending(
    call: Call,
    request: FuturesRequest,
    *,
    shape: Callable[[Outcome], object],
    is_new_order: bool = False,
) -> Pending:
    """Hand a request to the core; `shape` makes the answer of its outcome."""
    core, account = futures(call), call.account
    return Pending(
        start=lambda: core.enter(account, request, arrived_ns=call.now_ns),
        shape=shape,
        is_new_order=is_new_order,
    )


def done(outcome: object, kind: type[_Done]) -> _Done:
    """Return what was done, or raise what the core refused."""
    if isinstance(outcome, Reject):
        raise Refusal(outcome.code, outcome.message)
    assert isinstance(outcome, kind), "a request is answered by its own kind of outcome"
    return outcome


def expect(found: _Done | Reject) -> _Done:
    """Return what a query found, or raise what it was refused with."""
    if isinstance(found, Reject):
        raise Refusal(found.code, found.message)
    return found


def symbol_or_none(call: Call) -> str | None:
    """Return the symbol asked for, None when the request names none."""
    return call.symbol if "symbol" in call.params else None


def instant(params: Params, name: str) -> int | None:
    """Return an optional instant of milliseconds, in nanoseconds."""
    value = params.integer(name)
    return None if value is None else value * MILLISECOND_NS


def window(params: Params, *, most_ns: int) -> tuple[int | None, int | None]:
    """Return the optional start and end of a query; refuse one that is too long."""
    start_ns, end_ns = instant(params, "startTime"), instant(params, "endTime")
    if start_ns is not None and end_ns is not None:
        if end_ns < start_ns:
            raise Refusal(-1023, "Start time is greater than end time.")
        if end_ns - start_ns > most_ns:
            days = most_ns // DAY_NS
            raise Refusal(-4166, f"Search window is restricted to recent {days} days only.")
    return start_ns, end_ns


def order_ids(params: Params) -> tuple[int | None, str]:
    """Return the order id and the original client id; one of them has to be there."""
    order_id = params.integer("orderId")
    client_id = params.optional("origClientOrderId") or ""
    if order_id is None and not client_id:
        text = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
        raise Refusal(-1102, text)
    return order_id, client_id


def flag_or_none(params: Params, name: str) -> bool | None:
    """Return a boolean that may be left out; its text may have any case."""
    value = params.optional(name)
    if value is None:
        return None
    if value.lower() not in ("true", "false"):
        raise refusals.invalid(name)
    return value.lower() == "true"
