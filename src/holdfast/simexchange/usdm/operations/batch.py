"""Several orders in one request: placed, changed or canceled at once, answered in order.

Each has its own result, an order or an error object; that some fail does not undo the others.
"""

from collections.abc import Callable

import msgspec

from holdfast.simexchange import refusals
from holdfast.simexchange.desk import Batch, Call, Operation, Pending, Security
from holdfast.simexchange.params import Params
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.usdm.operations import trade

MOST_ORDERS = 5
MOST_CANCELS = 10


def _place(call: Call) -> Batch:
    known = (*trade.PLACE_NAMES, *trade.CONDITIONAL_NAMES)
    return _batch(call, _orders(call), trade.place, known)


def _modify(call: Call) -> Batch:
    return _batch(call, _orders(call), trade.modify, trade.MODIFY_NAMES)


def _cancel(call: Call) -> Batch:
    params, symbol = call.params, call.symbol
    ids, client_ids = _ids(params, "orderIdList"), _ids(params, "origClientOrderIdList")
    if bool(ids) == bool(client_ids):
        text = "Either orderIdList or origClientOrderIdList must be sent."
        raise Refusal(-1102 if not ids else -1128, text)
    if len(ids or client_ids) > MOST_CANCELS:
        raise Refusal(-4082, "Invalid number of batch place orders.")
    name = "orderId" if ids else "origClientOrderId"
    entries = [{"symbol": symbol, name: str(one)} for one in ids or client_ids]
    return _batch(call, entries, trade.cancel, trade.CANCEL_NAMES)


def _batch(
    call: Call,
    entries: list[dict[str, str]],
    run: Callable[[Call], Pending],
    known: tuple[str, ...],
) -> Batch:
    parts: list[Pending | Refusal] = []
    for entry in entries:
        one = msgspec.structs.replace(call, params=Params(entry))
        unknown = set(entry) - set(known)
        try:
            if unknown:
                raise refusals.unread(len(entry) - len(unknown), len(entry))
            parts.append(run(one))
        except Refusal as refusal:
            parts.append(refusal)
    return Batch(parts=parts)


def _orders(call: Call) -> list[dict[str, str]]:
    call.params.text("batchOrders")
    entries = _list(call.params, "batchOrders")
    if not 0 < len(entries) <= MOST_ORDERS:
        raise Refusal(-4082, "Invalid number of batch place orders.")
    orders: list[dict[str, str]] = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise refusals.invalid("batchOrders")
        orders.append({str(name): _text(value) for name, value in entry.items()})
    return orders


def _ids(params: Params, name: str) -> list[object]:
    """Read a list of ids; clients write its name in lower case too, and the venue takes it."""
    return _list(params, name) or _list(params, name.lower())


def _list(params: Params, name: str) -> list[object]:
    text = params.optional(name)
    if text is None:
        return []
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise refusals.invalid(name) from None
    if not isinstance(found, list):
        raise refusals.invalid(name)
    return found


def _text(value: object) -> str:
    """Return a value as it would stand in a query: numbers keep their digits."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


PLACE = Operation(run=_place, weight=5, security=Security.TRADE, names=("batchOrders",))
MODIFY = Operation(run=_modify, weight=5, security=Security.TRADE, names=("batchOrders",))
CANCEL = Operation(
    run=_cancel,
    security=Security.TRADE,
    names=(
        "symbol",
        "orderIdList",
        "orderidlist",
        "origClientOrderIdList",
        "origclientorderidlist",
    ),
)
