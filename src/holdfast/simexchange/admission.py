"""Take requests as they reach the matching core: refuse them, or carry them out at once.

A refusal has no effect. Checks run in one order: symbol, form, filters, duplicate id,
post-only, balance; the first that fails answers.
"""

import copy

from holdfast.simexchange.accounts import Holdings
from holdfast.simexchange.clearing import Clearing
from holdfast.simexchange.filters import (
    CANCEL_RESTRICTED,
    DUPLICATE,
    INSUFFICIENT_BALANCE,
    INVALID_SYMBOL,
    UNKNOWN_ORDER,
    WOULD_TAKE,
    check_filters,
    check_form,
    missing,
)
from holdfast.simexchange.matching import Budget, Plan, plan_taker, would_take
from holdfast.simexchange.model import (
    Canceled,
    CancelRequest,
    Placed,
    PlaceRequest,
    Reject,
    SimOrder,
)
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.pair import Pair

WRONG_CLIENT_ID = Reject(-2039, "Client order ID is not correct for this order ID.")
_NO_PLAN = Plan([], 0, 0)


class Admission:
    """The door of the matching core."""

    def __init__(self, clearing: Clearing) -> None:
        self._clearing = clearing
        self._pairs = clearing.pairs
        self._next_order_id = 1
        self._next_request_id = 1

    def check(self, account: str, request: PlaceRequest, *, at_ns: int) -> Reject | None:
        """Say what would refuse an order now, without any effect."""
        pair = self._pairs.get(request.symbol)
        if pair is None:
            return INVALID_SYMBOL
        refusal = self._refusal(account, pair, request, at_ns=at_ns)
        if refusal is not None:
            return refusal
        order = _order(account, request, pair, order_id=0, at_ns=at_ns)
        _, refusal = self._plan(pair, order, request)
        return refusal

    def place(self, account: str, request: PlaceRequest, *, at_ns: int) -> Placed | Reject:
        """Match an order and let its rest rest, or refuse it."""
        pair = self._pairs.get(request.symbol)
        if pair is None:
            return INVALID_SYMBOL
        refusal = self._refusal(account, pair, request, at_ns=at_ns)
        if refusal is not None:
            return refusal
        order = _order(account, request, pair, order_id=self._next_order_id, at_ns=at_ns)
        plan, refusal = self._plan(pair, order, request)
        if refusal is not None:
            return refusal
        self._next_order_id += 1
        is_market = order.order_type == "MARKET"
        if order.quote_quantity:
            order.quantity = plan.quantity + plan.prevented
        self._clearing.accept(order, locks=not is_market)
        if order.time_in_force == "FOK" and plan.quantity < order.quantity:
            self._clearing.expire(order, "UNFILLED_FOK_ORDER_EXPIRED", at_ns=at_ns)
            return Placed(copy.copy(order), [])
        fills = self._clearing.take(order, plan, at_ns=at_ns)
        self._finish(pair, order, plan, at_ns=at_ns)
        return Placed(copy.copy(order), fills)

    def cancel(self, account: str, request: CancelRequest, *, at_ns: int) -> Canceled | Reject:
        """Cancel one open order, or refuse."""
        if request.symbol not in self._pairs:
            return INVALID_SYMBOL
        if request.order_id is None and not request.original_client_order_id:
            return missing("orderId")
        order = self._find(account, request)
        if isinstance(order, Reject):
            return order
        wanted = {"ONLY_NEW": "NEW", "ONLY_PARTIALLY_FILLED": "PARTIALLY_FILLED"}
        if request.restrictions and wanted.get(request.restrictions) != order.status:
            return CANCEL_RESTRICTED
        request_id = request.new_client_order_id or self._request_id()
        self._clearing.cancel(order, request_id, at_ns=at_ns)
        return Canceled([copy.copy(order)], [request_id])

    def cancel_all(self, account: str, symbol: str, *, at_ns: int) -> Canceled | Reject:
        """Cancel every open order of a symbol, oldest first; -2011 when there is none."""
        if symbol not in self._pairs:
            return INVALID_SYMBOL
        orders = list(self._clearing.holdings[account].open.get(symbol, {}).values())
        if not orders:
            return UNKNOWN_ORDER
        request_ids = []
        for order in orders:
            request_ids.append(self._request_id())
            self._clearing.cancel(order, request_ids[-1], at_ns=at_ns)
        return Canceled([copy.copy(order) for order in orders], request_ids)

    def _refusal(
        self, account: str, pair: Pair, request: PlaceRequest, *, at_ns: int
    ) -> Reject | None:
        holdings = self._clearing.holdings[account]
        open_orders = holdings.open.get(request.symbol, {})
        refusal = check_form(request) or check_filters(
            request,
            pair.rules,
            average=pair.reference_price(now_ns=at_ns),
            open_count=len(open_orders),
        )
        if refusal is None and request.client_order_id:
            known = holdings.by_client_id.get((request.symbol, request.client_order_id))
            if known is not None and known.order_id in open_orders:
                return DUPLICATE
        return refusal

    def _plan(
        self, pair: Pair, order: SimOrder, request: PlaceRequest
    ) -> tuple[Plan, Reject | None]:
        own = pair.opposite(order)
        if order.order_type == "LIMIT_MAKER":
            if would_take(order, pair.book, own=own):
                return _NO_PLAN, WOULD_TAKE
            plan = _NO_PLAN
        else:
            budget = Budget(
                request.quote_quantity or request.quantity,
                by_quote=bool(request.quote_quantity),
                step=pair.rules.step,
            )
            is_limited = order.order_type != "MARKET"
            plan = plan_taker(order, pair.book, own=own, is_limited=is_limited, budget=budget)
        is_covered = self._covers(pair, order, plan)
        return plan, None if is_covered else INSUFFICIENT_BALANCE

    def _covers(self, pair: Pair, order: SimOrder, plan: Plan) -> bool:
        holdings = self._clearing.holdings[order.account]
        rules = pair.rules
        is_market = order.order_type == "MARKET"
        if order.side == "SELL":
            quantity = order.quantity or plan.quantity
            if rules.product == "linear":
                return _covers_short(holdings, pair, quantity)
            return quantity <= holdings.free.get(rules.base, 0)
        if not is_market:
            return self._clearing.lock_needed(order)[1] <= holdings.free.get(rules.quote, 0)
        needed = plan.cost
        if rules.product == "linear":
            needed += -(-needed * self._clearing.rates(order.account, rules)[1] // E8)
        return needed <= holdings.free.get(rules.quote, 0)

    def _finish(self, pair: Pair, order: SimOrder, plan: Plan, *, at_ns: int) -> None:
        if order.status == "EXPIRED_IN_MATCH":
            return
        if order.quote_quantity and not plan.is_exhausted and order.cum_quantity:
            self._clearing.settle_taker(order)
        elif order.order_type == "MARKET" and (order.leaves_quantity or order.quote_quantity):
            self._clearing.expire(order, "INSUFFICIENT_LIQUIDITY", at_ns=at_ns)
        elif not order.leaves_quantity:
            self._clearing.settle_taker(order)
        elif order.time_in_force == "IOC":
            self._clearing.expire(order, "UNFILLED_IOC_QUANTITY_EXPIRED", at_ns=at_ns)
        else:
            pair.rest(order)

    def _find(self, account: str, request: CancelRequest) -> SimOrder | Reject:
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

    def _request_id(self) -> str:
        request_id = f"cancel{self._next_request_id:016d}"
        self._next_request_id += 1
        return request_id


def _order(
    account: str, request: PlaceRequest, pair: Pair, *, order_id: int, at_ns: int
) -> SimOrder:
    return SimOrder(
        account=account,
        symbol=request.symbol,
        order_id=order_id,
        client_order_id=request.client_order_id or f"order{order_id:017d}",
        side="BUY" if request.side == "BUY" else "SELL",
        order_type=request.order_type,
        time_in_force=request.time_in_force or "GTC",
        quantity=request.quantity,
        quote_quantity=request.quote_quantity,
        price=request.price,
        stp_mode=request.stp_mode or pair.rules.stp_mode,
        created_ns=at_ns,
        updated_ns=at_ns,
        working_ns=at_ns,
        strategy_id=request.strategy_id,
        strategy_type=request.strategy_type,
    )


def _covers_short(holdings: Holdings, pair: Pair, quantity: int) -> bool:
    """Tell whether the short that a sale may lead to is worth no more than the equity.

    All open sales count as done, open buys as not; what only reduces a long always passes.
    """
    rules = pair.rules
    open_orders = holdings.open.get(rules.symbol, {}).values()
    selling = sum(order.leaves_quantity for order in open_orders if order.side == "SELL")
    position = holdings.total(rules.base)
    short = selling + quantity - position
    if short <= 0:
        return True
    mark = pair.tape.last.price if pair.tape.last else rules.first_price
    equity = holdings.total(rules.quote) + position * mark // E8
    return short * mark // E8 <= equity
