"""Make an open order smaller in its place: the queue does not see the difference.

Source: the venue's questions on order amend keep priority. An amendment never raises a
quantity; both orders of a pair are amended together.
"""

import copy

from holdfast.simexchange.admission import Admission
from holdfast.simexchange.clearing import Clearing
from holdfast.simexchange.contingency import Contingency
from holdfast.simexchange.filters import (
    DUPLICATE,
    INVALID_SYMBOL,
    MARKET_CLOSED,
    UNKNOWN_ORDER,
    check_filters,
    missing,
)
from holdfast.simexchange.model import CancelRequest, PlaceRequest, Reject, SimOrder
from holdfast.simexchange.requests import Amended, Amendment, AmendRequest, ListUpdate

AMEND_REJECTED = -2038
NO_CHANGE = Reject(AMEND_REJECTED, "The requested action would change no state; rejecting.")
NO_INCREASE = Reject(AMEND_REJECTED, "Order amend (quantity increase) is not supported.")
NOT_PENDING = Reject(AMEND_REJECTED, "Order amend (pending OPO order) is not supported.")
TOO_OFTEN = Reject(AMEND_REJECTED, "Filter failure: MAX_NUM_ORDER_AMENDS")


class Amending:
    """The door for amendments."""

    def __init__(
        self, clearing: Clearing, admission: Admission, contingency: Contingency
    ) -> None:
        self._clearing = clearing
        self._admission = admission
        self._contingency = contingency

    def amend(self, account: str, request: AmendRequest, *, at_ns: int) -> Amended | Reject:
        """Carry an amendment out, or refuse it without any effect."""
        order = self._find(account, request)
        if isinstance(order, Reject):
            return order
        refusal = self._refusal(order, request, at_ns=at_ns)
        if refusal is not None:
            return refusal
        former_id = order.client_order_id
        pair_of = self._pair_of(order)
        before = order.quantity
        for one in pair_of:
            self._shrink(one, request.quantity, at_ns=at_ns)
        order.client_order_id = request.new_client_order_id or self._admission.request_id()
        holdings = self._clearing.holdings[account]
        holdings.by_client_id.pop((order.symbol, former_id), None)
        holdings.by_client_id[order.symbol, order.client_order_id] = order
        execution_id = self._report(order, former_id, before, at_ns=at_ns)
        for one in pair_of:
            if one is not order:
                self._report(one, one.client_order_id, before, at_ns=at_ns)
            if not one.leaves_quantity:
                self._clearing.expire(one, "NONE", at_ns=at_ns)
        self._clearing.reports.balances(holdings, at_ns=at_ns)
        view = None
        if order.list_id > 0:
            order_list = self._contingency.list_of(order)
            view = order_list.view("UPDATED")
            if order.client_order_id != former_id:
                self._clearing.reports.tell(account, ListUpdate(at_ns, view))
            self._contingency.settle(at_ns=at_ns)
        return Amended(copy.copy(order), former_id, execution_id, at_ns, view)

    def _find(self, account: str, request: AmendRequest) -> SimOrder | Reject:
        if request.symbol not in self._clearing.pairs:
            return INVALID_SYMBOL
        if request.order_id is None and not request.original_client_order_id:
            return missing("orderId")
        sought = CancelRequest(
            symbol=request.symbol,
            order_id=request.order_id,
            original_client_order_id=request.original_client_order_id,
        )
        found = self._admission.find(account, sought)
        if found == UNKNOWN_ORDER:
            return Reject(AMEND_REJECTED, UNKNOWN_ORDER.message)
        return found

    def _refusal(self, order: SimOrder, request: AmendRequest, *, at_ns: int) -> Reject | None:
        pair = self._clearing.pairs[order.symbol]
        if pair.rules.status != "TRADING":
            return MARKET_CLOSED
        if not order.quantity:
            return NOT_PENDING
        if request.quantity >= order.quantity:
            return NO_CHANGE if request.quantity == order.quantity else NO_INCREASE
        if pair.rules.max_order_amends and order.amend_count >= pair.rules.max_order_amends:
            return TOO_OFTEN
        new_id = request.new_client_order_id
        known = self._clearing.holdings[order.account].by_client_id.get((order.symbol, new_id))
        if known is not None and known is not order and self._clearing.is_open(known):
            return DUPLICATE
        smaller = PlaceRequest(
            symbol=order.symbol,
            side=order.side,
            order_type=order.order_type,
            quantity=request.quantity,
            price=order.price,
            stop_price=order.stop_price,
        )
        average = pair.reference_price(now_ns=at_ns)
        return check_filters(smaller, pair.rules, average=average, open_count=-1)

    def _pair_of(self, order: SimOrder) -> list[SimOrder]:
        if order.list_id > 0:
            order_list = self._contingency.list_of(order)
            if order in order_list.pair:
                return [one for one in order_list.pair if self._clearing.is_open(one)]
        return [order]

    def _shrink(self, order: SimOrder, quantity: int, *, at_ns: int) -> None:
        order.quantity = max(quantity, order.cum_quantity + order.prevented_quantity)
        order.iceberg_quantity = min(order.iceberg_quantity, order.quantity)
        order.updated_ns = at_ns
        order.amend_count += 1
        holdings = self._clearing.holdings[order.account]
        if order.lock_id in holdings.locks and order.leaves_quantity:
            self._clearing.lock(order)

    def _report(self, order: SimOrder, former_id: str, before: int, *, at_ns: int) -> int:
        holdings = self._clearing.holdings[order.account]
        execution_id = self._clearing.reports.order(
            order,
            "REPLACED",
            at_ns=at_ns,
            client_order_ids=(order.client_order_id, former_id),
        )
        rows = holdings.amendments.setdefault(order.order_id, [])
        rows.append(
            Amendment(
                symbol=order.symbol,
                order_id=order.order_id,
                execution_id=execution_id,
                original_client_order_id=former_id,
                new_client_order_id=order.client_order_id,
                original_quantity=before,
                new_quantity=order.quantity,
                at_ns=at_ns,
            )
        )
        return execution_id
