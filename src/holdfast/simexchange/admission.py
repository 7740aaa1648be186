"""Take requests as they reach the matching core: refuse them, or carry them out at once.

A refusal has no effect. Checks run in one order: symbol, form, filters, duplicate id,
post-only, balance; the first that fails answers.
"""

import copy
from itertools import takewhile

from holdfast.simexchange.clearing import Clearing
from holdfast.simexchange.contingency import Contingency
from holdfast.simexchange.filters import (
    CANCEL_RESTRICTED,
    CLOSED_FOR_CANCELS,
    DUPLICATE,
    INVALID_SYMBOL,
    UNKNOWN_ORDER,
    check_filters,
    check_form,
    missing,
)
from holdfast.simexchange.model import (
    Canceled,
    CancelRequest,
    OwnTrade,
    Placed,
    PlaceRequest,
    Reject,
    SimOrder,
)
from holdfast.simexchange.pair import Pair
from holdfast.simexchange.placing import AT_MARKET, Placing, waits
from holdfast.simexchange.quotas import HouseRules, check_quotas
from holdfast.simexchange.requests import OrderList, Replaced, ReplaceRequest

WRONG_CLIENT_ID = Reject(-2039, "Client order ID is not correct for this order ID.")
CLOSED_STATUSES = ("HALT", "BREAK", "END_OF_DAY")
"""CANCEL_ONLY is a status of its own, so it is assumed that these take no cancels."""


class Admission:
    """The door of the matching core."""

    def __init__(self, clearing: Clearing, placing: Placing, contingency: Contingency) -> None:
        self.house = HouseRules()
        self._clearing = clearing
        self._placing = placing
        self._contingency = contingency
        self._pairs = clearing.pairs
        self._next_order_id = 1
        self._next_request_id = 1

    def check(self, account: str, request: PlaceRequest, *, at_ns: int) -> Reject | None:
        """Say what would refuse an order now, without any effect."""
        refusal = self.refusal(account, [request], at_ns=at_ns)
        if refusal is not None:
            return refusal
        order = self._placing.make(account, request, order_id=0, at_ns=at_ns)
        return self._placing.plan(order, at_ns=at_ns)[1]

    def place(self, account: str, request: PlaceRequest, *, at_ns: int) -> Placed | Reject:
        """Match an order and let its rest rest, or refuse it."""
        refusal = self.refusal(account, [request], at_ns=at_ns)
        if refusal is not None:
            return refusal
        order_id = self._next_order_id
        order = self._placing.make(account, request, order_id=order_id, at_ns=at_ns)
        plan, refusal = self._placing.plan(order, at_ns=at_ns)
        if refusal is not None:
            return refusal
        self._next_order_id += 1
        if order.quote_quantity:
            order.quantity = plan.quantity + plan.prevented
        self._clearing.accept(order, locks=order.order_type not in AT_MARKET or waits(order))
        fills = self._placing.enter(order, plan, at_ns=at_ns)
        return self.placed(order, fills)

    def placed(self, order: SimOrder, fills: list[OwnTrade]) -> Placed:
        """Answer with an order as it stands."""
        if not order.prevented_match_id:
            return Placed(copy.copy(order), fills)
        prevented = [
            match
            for match in takewhile(
                lambda match: match.at_ns >= order.created_ns,
                reversed(self._clearing.holdings[order.account].prevented),
            )
            if match.taker_order_id == order.order_id
        ]
        return Placed(copy.copy(order), fills, prevented[::-1])

    def cancel(self, account: str, request: CancelRequest, *, at_ns: int) -> Canceled | Reject:
        """Cancel one open order, or refuse; an order of a list takes the list with it."""
        if request.symbol not in self._pairs:
            return INVALID_SYMBOL
        if request.order_id is None and not request.original_client_order_id:
            return missing("orderId")
        if self._pairs[request.symbol].rules.status in CLOSED_STATUSES:
            return CLOSED_FOR_CANCELS
        order = self.find(account, request)
        if isinstance(order, Reject):
            return order
        wanted = {"ONLY_NEW": "NEW", "ONLY_PARTIALLY_FILLED": "PARTIALLY_FILLED"}
        if request.restrictions and wanted.get(request.restrictions) != order.status:
            return CANCEL_RESTRICTED
        request_id = request.new_client_order_id or self.request_id()
        if order.list_id > 0:
            return self.cancel_list(self._contingency.list_of(order), request_id, at_ns=at_ns)
        self._clearing.cancel(order, request_id, at_ns=at_ns)
        return Canceled([copy.copy(order)], [request_id])

    def cancel_list(self, order_list: OrderList, request_id: str, *, at_ns: int) -> Canceled:
        """Cancel what is open of a list."""
        ended = self._contingency.cancel(order_list, request_id, at_ns=at_ns)
        return Canceled(
            [copy.copy(order) for order in ended],
            [request_id] * len(ended),
            {order_list.list_id: order_list.view()},
        )

    def cancel_all(self, account: str, symbol: str, *, at_ns: int) -> Canceled | Reject:
        """Cancel every open order of a symbol, oldest first; -2011 when there is none."""
        if symbol not in self._pairs:
            return INVALID_SYMBOL
        if self._pairs[symbol].rules.status in CLOSED_STATUSES:
            return CLOSED_FOR_CANCELS
        orders = list(self._clearing.holdings[account].open.get(symbol, {}).values())
        if not orders:
            return UNKNOWN_ORDER
        done = Canceled([], [], {})
        for order in orders:
            if not self._clearing.is_open(order):
                continue
            request = CancelRequest(symbol=symbol, order_id=order.order_id)
            canceled = self.cancel(account, request, at_ns=at_ns)
            assert isinstance(canceled, Canceled), "an open order can be canceled"
            done.orders.extend(canceled.orders)
            done.client_order_ids.extend(canceled.client_order_ids)
            done.lists.update(canceled.lists)
        return done

    def replace(
        self, account: str, request: ReplaceRequest, *, at_ns: int
    ) -> Replaced | Reject:
        """Cancel an order and place another; filters refuse both before anything is done.

        Source: the venue's description of cancel-and-replace.
        """
        placing = request.place
        refusal = self.refusal(account, [placing], at_ns=at_ns, knows_ids=False)
        if refusal is not None:
            return refusal
        canceled = self.cancel(account, request.cancel, at_ns=at_ns)
        if isinstance(canceled, Reject) and not request.goes_on:
            return Replaced(canceled, None)
        if request.refused is not None:
            return Replaced(canceled, request.refused)
        placed = self.place(account, placing, at_ns=at_ns)
        if isinstance(placed, Reject) and isinstance(canceled, Canceled):
            self._report_rejected(account, placing, placed, at_ns=at_ns)
        return Replaced(canceled, placed)

    def refusal(
        self,
        account: str,
        requests: list[PlaceRequest],
        *,
        at_ns: int,
        knows_ids: bool = True,
    ) -> Reject | None:
        """Say which form, filter, quota or id refuses orders that come together."""
        pair = self._pairs.get(requests[0].symbol)
        if pair is None:
            return INVALID_SYMBOL
        average = pair.reference_price(now_ns=at_ns)
        for request in requests:
            refusal = check_form(request) or check_filters(
                request, pair.rules, average=average, open_count=-1
            )
            if refusal is not None:
                return refusal
        holdings = self._clearing.holdings[account]
        refusal = check_quotas(
            requests, pair.rules, holdings=holdings, house=self.house, average=average
        )
        if refusal is None and knows_ids:
            refusal = self._duplicate(account, pair, requests)
        return refusal

    def next_order_id(self) -> int:
        """Give out an order id."""
        order_id = self._next_order_id
        self._next_order_id += 1
        return order_id

    def request_id(self) -> str:
        """Give out a client id for a request that brought none."""
        request_id = f"cancel{self._next_request_id:016d}"
        self._next_request_id += 1
        return request_id

    def _duplicate(
        self, account: str, pair: Pair, requests: list[PlaceRequest]
    ) -> Reject | None:
        holdings = self._clearing.holdings[account]
        symbol = pair.rules.symbol
        open_orders = holdings.open.get(symbol, {})
        ids = [one.client_order_id for one in requests if one.client_order_id]
        for client_id in ids:
            known = holdings.by_client_id.get((symbol, client_id))
            if known is not None and known.order_id in open_orders:
                return DUPLICATE
        return DUPLICATE if len(set(ids)) < len(ids) else None

    def _report_rejected(
        self, account: str, request: PlaceRequest, refusal: Reject, *, at_ns: int
    ) -> None:
        order = self._placing.make(account, request, order_id=self.next_order_id(), at_ns=at_ns)
        order.status, order.is_working = "REJECTED", False
        self._placing.report_rejected(order, refusal, at_ns=at_ns)

    def find(self, account: str, request: CancelRequest) -> SimOrder | Reject:
        """Return the open order that a request names."""
        holdings = self._clearing.holdings[account]
        open_orders = holdings.open.get(request.symbol, {})
        client_id = request.original_client_order_id
        if request.order_id is None:
            known = holdings.by_client_id.get((request.symbol, client_id))
            found = open_orders.get(known.order_id) if known is not None else None
            return found or UNKNOWN_ORDER
        found = open_orders.get(request.order_id)
        if found is None:
            return UNKNOWN_ORDER
        if client_id and found.client_order_id != client_id:
            return WRONG_CLIENT_ID
        return found
