"""What the matching core is asked beyond an order and a cancel, and what it answers.

Order lists, cancel-and-replace, amendments; the facts about lists and balances that the user
stream tells; the records that only queries show.
"""

from typing import Literal, TypeAlias

import msgspec

from holdfast.simexchange.model import (
    Canceled,
    CancelRequest,
    Placed,
    PlaceRequest,
    Reject,
    SimOrder,
)

ListKind: TypeAlias = Literal["OCO", "OTO", "OTOCO"]
LIST_SIZES: dict[ListKind, int] = {"OCO": 2, "OTO": 2, "OTOCO": 3}
EXECUTING = "EXECUTING"
ALL_DONE = "ALL_DONE"


class ListRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A new order list: the working order first, then the pair as above and below.

    `is_paid_by_working` (OPO) takes the pending quantity from what the working order receives;
    the pending requests then have none.
    """

    symbol: str
    kind: ListKind
    orders: tuple[PlaceRequest, ...]
    list_client_order_id: str = ""
    is_paid_by_working: bool = False


class CancelListRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A cancel of a whole list, by its id, its client id, or both."""

    symbol: str
    list_id: int | None = None
    list_client_order_id: str = ""
    new_client_order_id: str = ""


class ReplaceRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A cancel and a new order, one act of the core.

    `goes_on` places the order even when nothing was canceled; `refused` is what stands in the
    way of the new order already (its rate limit), while the cancel is still wanted.
    """

    cancel: CancelRequest
    place: PlaceRequest
    goes_on: bool
    refused: Reject | None = None


class AmendRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A smaller quantity for an open order, which keeps its place in the queue."""

    symbol: str
    quantity: int
    order_id: int | None = None
    original_client_order_id: str = ""
    new_client_order_id: str = ""


Request: TypeAlias = ListRequest | CancelListRequest | ReplaceRequest | AmendRequest


class ListView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A list as it stood; `contingency` is OCO or OTO, `orders` symbol, id and client id."""

    list_id: int
    symbol: str
    contingency: str
    status_type: str
    order_status: str
    list_client_order_id: str
    at_ns: int
    orders: list[tuple[str, int, str]]


class Listed(msgspec.Struct, frozen=True, gc=False):
    """A list that was placed, each order as it stood then, with its executions."""

    view: ListView
    placed: list[Placed]


class Replaced(msgspec.Struct, frozen=True, gc=False):
    """Both results; `placed` is None when the new order was not attempted."""

    canceled: Canceled | Reject
    placed: Placed | Reject | None


class Amended(msgspec.Struct, frozen=True, gc=False):
    """The order after its amendment, and its list when it has one."""

    order: SimOrder
    original_client_order_id: str
    execution_id: int
    at_ns: int
    view: ListView | None = None


class ListUpdate(msgspec.Struct, frozen=True, gc=False):
    """The fact `listStatus`."""

    at_ns: int
    view: ListView


class BalanceShift(msgspec.Struct, frozen=True, gc=False):
    """A change that no trade made: `balanceUpdate` or `externalLockUpdate`."""

    at_ns: int
    kind: Literal["balanceUpdate", "externalLockUpdate"]
    asset: str
    delta: int


class Amendment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of an order's amendments."""

    symbol: str
    order_id: int
    execution_id: int
    original_client_order_id: str
    new_client_order_id: str
    original_quantity: int
    new_quantity: int
    at_ns: int


class PreventedMatch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One match that self-trade prevention stopped; 0 where a party lost nothing."""

    symbol: str
    match_id: int
    taker_order_id: int
    maker_order_id: int
    trade_group_id: int
    mode: str
    price: int
    taker_quantity: int
    maker_quantity: int
    at_ns: int


class OrderList:
    """A living list: its orders by role. A pair is one-cancels-the-other."""

    __slots__ = (
        "account",
        "is_done",
        "is_paid",
        "kind",
        "list_client_order_id",
        "list_id",
        "orders",
        "pair",
        "pending",
        "placed_ns",
        "symbol",
        "updated_ns",
        "working",
    )

    def __init__(self, request: ListRequest, orders: list[SimOrder], *, at_ns: int) -> None:
        first = orders[0]
        self.account = first.account
        self.list_id = first.list_id
        self.kind = request.kind
        self.symbol = request.symbol
        self.list_client_order_id = request.list_client_order_id or f"list{first.list_id:018d}"
        self.is_paid = request.is_paid_by_working
        self.orders = orders
        self.working = None if request.kind == "OCO" else first
        self.pending = [] if request.kind == "OCO" else orders[1:]
        self.pair = [] if request.kind == "OTO" else orders[-2:]
        self.placed_ns = self.updated_ns = at_ns
        self.is_done = False

    def sibling(self, order: SimOrder) -> SimOrder | None:
        """Return the other order of the pair."""
        if order not in self.pair:
            return None
        return self.pair[1] if self.pair[0] is order else self.pair[0]

    def view(self, status_type: str = "") -> ListView:
        """Return the list as it stands."""
        return ListView(
            list_id=self.list_id,
            symbol=self.symbol,
            contingency="OCO" if self.kind == "OCO" else "OTO",
            status_type=status_type or (ALL_DONE if self.is_done else "EXEC_STARTED"),
            order_status=ALL_DONE if self.is_done else EXECUTING,
            list_client_order_id=self.list_client_order_id,
            at_ns=self.updated_ns,
            orders=[
                (order.symbol, order.order_id, order.client_order_id) for order in self.orders
            ],
        )
