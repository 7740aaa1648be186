"""Take order lists as they reach the matching core: refuse them, or book all their orders.

A refusal has no effect on any order of the list.
"""

from msgspec.structs import replace

from holdfast.simexchange.admission import Admission
from holdfast.simexchange.clearing import Clearing
from holdfast.simexchange.contingency import Contingency, share_lock
from holdfast.simexchange.filters import INVALID_SYMBOL, UNKNOWN_ORDER, missing
from holdfast.simexchange.model import Canceled, PlaceRequest, Reject, SimOrder
from holdfast.simexchange.placing import Placing
from holdfast.simexchange.quotas import check_list_quotas
from holdfast.simexchange.requests import (
    CancelListRequest,
    Listed,
    ListRequest,
    ListUpdate,
    OrderList,
)

BAD_PRICES = Reject(-2010, "The relationship of the prices for the orders is not correct.")
LIMIT_BELOW = Reject(-1165, "A limit order in a buy OCO must be below.")
LIMIT_ABOVE = Reject(-1166, "A limit order in a sell OCO must be above.")
BOTH_LIMIT = Reject(-1168, "At least one OCO order must be contingent.")
STOP_ABOVE = Reject(-1196, "A stop loss order in a buy OCO must be above.")
STOP_BELOW = Reject(-1197, "A stop loss order in a sell OCO must be below.")
PROFIT_BELOW = Reject(-1198, "A take profit order in a buy OCO must be below.")
PROFIT_ABOVE = Reject(-1199, "A take profit order in a sell OCO must be above.")
NOT_IN_OCO = Reject(-1158, "Order type not supported in OCO.")
WORKING_BUYS = Reject(-1222, "Working order in an OPO list must be a bid.")
PENDING_SELLS = Reject(-1223, "Pending orders in an OPO list must be asks.")
DUPLICATE_LIST = Reject(-2010, "Duplicate order sent.")
_STOPS = ("STOP_LOSS", "STOP_LOSS_LIMIT")
_PROFITS = ("TAKE_PROFIT", "TAKE_PROFIT_LIMIT")


class Listing:
    """The door for order lists."""

    def __init__(
        self,
        clearing: Clearing,
        placing: Placing,
        *,
        admission: Admission,
        contingency: Contingency,
    ) -> None:
        self._clearing = clearing
        self._placing = placing
        self._admission = admission
        self._contingency = contingency
        self._next_list_id = 1

    def place(self, account: str, request: ListRequest, *, at_ns: int) -> Listed | Reject:
        """Book a list and let what may work of it work."""
        refusal = self._refusal(account, request, at_ns=at_ns)
        if refusal is not None:
            return refusal
        orders = [
            self._placing.make(account, one, order_id=0, at_ns=at_ns) for one in request.orders
        ]
        starting = orders if request.kind == "OCO" else orders[:1]
        plans = []
        for order in starting:
            plan, refusal = self._placing.plan(order, at_ns=at_ns)
            if refusal is not None:
                return refusal
            plans.append(plan)
        order_list = self._book(account, request, orders, at_ns=at_ns)
        self._clearing.reports.tell(account, ListUpdate(at_ns, order_list.view()))
        for order in orders:
            self._clearing.accept(order, locks=order in starting)
        placed = []
        for order, plan in zip(starting, plans, strict=True):
            fills = self._placing.enter(order, plan, at_ns=at_ns)
            placed.append(self._admission.placed(order, fills))
        placed += [self._admission.placed(order, []) for order in orders[len(starting) :]]
        view = order_list.view()
        self._contingency.settle(at_ns=at_ns)
        return Listed(view, placed)

    def cancel(
        self, account: str, request: CancelListRequest, *, at_ns: int
    ) -> Canceled | Reject:
        """Cancel a list that is not done."""
        if request.symbol not in self._clearing.pairs:
            return INVALID_SYMBOL
        if request.list_id is None and not request.list_client_order_id:
            return missing("orderListId")
        found = self._find(account, request)
        if found is None:
            return UNKNOWN_ORDER
        request_id = request.new_client_order_id or self._admission.request_id()
        return self._admission.cancel_list(found, request_id, at_ns=at_ns)

    def _find(self, account: str, request: CancelListRequest) -> OrderList | None:
        for one in self._clearing.holdings[account].open_lists.values():
            is_meant = request.list_id in (None, one.list_id)
            named = request.list_client_order_id in ("", one.list_client_order_id)
            if one.symbol == request.symbol and is_meant and named:
                return one
        return None

    def _refusal(self, account: str, request: ListRequest, *, at_ns: int) -> Reject | None:
        orders = list(request.orders)
        refusal = None
        if request.kind != "OTO":
            refusal = _pair_failure(orders[-2], orders[-1])
        if request.is_paid_by_working:
            refusal = refusal or _paid_failure(orders)
            paid = orders[0].quantity
            orders[1:] = [replace(order, quantity=paid) for order in orders[1:]]
        refusal = refusal or self._admission.refusal(account, orders, at_ns=at_ns)
        if refusal is not None:
            return refusal
        holdings = self._clearing.holdings[account]
        for one in holdings.open_lists.values():
            if one.list_client_order_id == request.list_client_order_id:
                return DUPLICATE_LIST
        pair = self._clearing.pairs[request.symbol]
        refusal = check_list_quotas(pair.rules, holdings=holdings, house=self._admission.house)
        if refusal is None and request.kind == "OCO":
            refusal = _price_failure(orders, pair.last_price)
        return refusal

    def _book(
        self, account: str, request: ListRequest, orders: list[SimOrder], *, at_ns: int
    ) -> OrderList:
        list_id = self._next_list_id
        self._next_list_id += 1
        for order, one in zip(orders, request.orders, strict=True):
            order.order_id = order.lock_id = self._admission.next_order_id()
            order.list_id = list_id
            order.client_order_id = one.client_order_id or f"order{order.order_id:017d}"
        order_list = OrderList(request, orders, at_ns=at_ns)
        for order in order_list.pending:
            order.status, order.is_working, order.working_ns = "PENDING_NEW", False, 0
        holdings = self._clearing.holdings[account]
        holdings.lists[list_id] = holdings.open_lists[list_id] = order_list
        if request.kind == "OCO":
            share_lock(self._clearing, orders)
        return order_list


def _pair_failure(above: PlaceRequest, below: PlaceRequest) -> Reject | None:
    """Name what is wrong with the types of a pair. Source: the venue's codes -1158 to -1199."""
    buys = above.side == "BUY"
    if above.order_type == below.order_type == "LIMIT_MAKER":
        return BOTH_LIMIT
    for order, is_above in ((above, True), (below, False)):
        if order.order_type == "LIMIT_MAKER":
            if is_above == buys:
                return LIMIT_BELOW if buys else LIMIT_ABOVE
        elif order.order_type in _STOPS:
            if is_above != buys:
                return STOP_ABOVE if buys else STOP_BELOW
        elif order.order_type in _PROFITS:
            if is_above == buys:
                return PROFIT_BELOW if buys else PROFIT_ABOVE
        else:
            return NOT_IN_OCO
    return None


def _paid_failure(orders: list[PlaceRequest]) -> Reject | None:
    if orders[0].side != "BUY":
        return WORKING_BUYS
    if any(order.side != "SELL" for order in orders[1:]):
        return PENDING_SELLS
    return None


def _price_failure(orders: list[PlaceRequest], last: int) -> Reject | None:
    """Check that the last price lies between the two orders of a pair."""
    above, below = orders
    high = above.price if above.order_type == "LIMIT_MAKER" else above.stop_price
    low = below.price if below.order_type == "LIMIT_MAKER" else below.stop_price
    if last and ((high and high <= last) or (low and low >= last)):
        return BAD_PRICES
    return None
