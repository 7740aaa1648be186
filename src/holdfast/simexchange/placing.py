"""Bring orders to work: plan them against the book, let them take, rest or wait for a price.

New orders come here, and so do waiting orders that fired and pending orders whose turn it is.
A refusal has no effect; who asked decides what becomes of the order.
"""

from holdfast.simexchange.accounts import Holdings
from holdfast.simexchange.clearing import Clearing
from holdfast.simexchange.filters import INSUFFICIENT_BALANCE, WOULD_TAKE, WOULD_TRIGGER
from holdfast.simexchange.matching import Budget, Plan, plan_taker, would_take
from holdfast.simexchange.model import OwnTrade, PlaceRequest, Reject, SimOrder, SymbolRules
from holdfast.simexchange.pair import Pair
from holdfast.simexchange.triggers import ALGO_TYPES, would_trigger

AT_MARKET = frozenset({"MARKET", "STOP_LOSS", "TAKE_PROFIT"})
REJECT_REASONS = {
    INSUFFICIENT_BALANCE: "INSUFFICIENT_BALANCES",
    WOULD_TRIGGER: "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY",
    WOULD_TAKE: "WOULD_MATCH_IMMEDIATELY",
}
_NO_PLAN = Plan([], 0, 0)


class Placing:
    """What orders do when they come to the book."""

    def __init__(self, clearing: Clearing) -> None:
        self._clearing = clearing

    def make(
        self, account: str, request: PlaceRequest, *, order_id: int, at_ns: int
    ) -> SimOrder:
        """Make an order of a request; it is not booked by that."""
        pair = self._clearing.pairs[request.symbol]
        is_algo = request.order_type in ALGO_TYPES
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
            working_ns=0 if is_algo else at_ns,
            is_working=not is_algo,
            strategy_id=request.strategy_id,
            strategy_type=request.strategy_type,
            iceberg_quantity=request.iceberg_quantity,
            stop_price=request.stop_price,
            trailing_delta=request.trailing_delta,
            lock_id=order_id,
            funding_price=request.price or request.stop_price or pair.last_price,
            trade_group_id=self._clearing.holdings[account].spec.trade_group_id,
        )

    def plan(self, order: SimOrder, *, at_ns: int) -> tuple[Plan, Reject | None]:
        """Say what an order would do now, and what refuses it."""
        pair = self._clearing.pairs[order.symbol]
        plan = _NO_PLAN
        if waits(order):
            if would_trigger(order, pair.last_price):
                return plan, WOULD_TRIGGER
        elif order.order_type == "LIMIT_MAKER":
            if would_take(order, pair.book, own=pair.opposite(order)):
                return plan, WOULD_TAKE
        else:
            plan = self._taker_plan(pair, order, at_ns=at_ns)
            if order.quote_quantity and not plan.expiry_reason:
                refusal = _too_thin(plan, pair.rules)
                if refusal is not None:
                    return plan, refusal
        return plan, None if self._covers(pair, order, plan) else INSUFFICIENT_BALANCE

    def enter(self, order: SimOrder, plan: Plan, *, at_ns: int) -> list[OwnTrade]:
        """Let a booked order do what was planned: wait for its price, rest, or take."""
        pair = self._clearing.pairs[order.symbol]
        if waits(order):
            pair.wait(order)
            return []
        if order.time_in_force == "FOK" and plan.quantity < order.leaves_quantity:
            reason = plan.expiry_reason or "UNFILLED_FOK_ORDER_EXPIRED"
            self._clearing.expire(order, reason, at_ns=at_ns)
            return []
        fills = self._clearing.take(order, plan, at_ns=at_ns)
        if self._clearing.is_open(order):
            self._finish(pair, order, plan, at_ns=at_ns)
        return fills

    def fire(self, order: SimOrder, *, at_ns: int) -> None:
        """Let an order work whose price has come; it expires when nothing pays for it."""
        keeps = order.order_type not in AT_MARKET
        self._clearing.stand_alone(order, keeps=keeps)
        order.is_working = True
        order.working_ns = order.updated_ns = at_ns
        if order.list_id > 0:
            self._clearing.touched.append(order)
        plan, refusal = self.plan(order, at_ns=at_ns)
        if refusal is not None:
            self.reject(order, refusal, at_ns=at_ns)
            return
        self._clearing.reports.order(order, "NEW", at_ns=at_ns)
        self._clearing.reports.balances(self._clearing.holdings[order.account], at_ns=at_ns)
        self.enter(order, plan, at_ns=at_ns)

    def reject(self, order: SimOrder, refusal: Reject, *, at_ns: int) -> None:
        """End an order that cannot come to the book, with the reason."""
        self._clearing.expire(
            order,
            "REJECTED",
            at_ns=at_ns,
            reject_reason=REJECT_REASONS.get(refusal, "NONE"),
        )

    def report_rejected(self, order: SimOrder, refusal: Reject, *, at_ns: int) -> None:
        """Report an order that was refused after the one it replaces was canceled."""
        reason = REJECT_REASONS.get(refusal, "NONE")
        self._clearing.reports.order(order, "REJECTED", at_ns=at_ns, reject_reason=reason)

    def _taker_plan(self, pair: Pair, order: SimOrder, *, at_ns: int) -> Plan:
        budget = Budget(
            order.quote_quantity or order.leaves_quantity,
            by_quote=bool(order.quote_quantity),
            step=pair.rules.step,
        )
        return plan_taker(
            order,
            pair.book,
            own=pair.opposite(order),
            is_limited=order.order_type not in AT_MARKET,
            budget=budget,
            prices=pair.reference.limits(pair.rules, order.side, now_ns=at_ns),
        )

    def _covers(self, pair: Pair, order: SimOrder, plan: Plan) -> bool:
        holdings = self._clearing.holdings[order.account]
        rules = pair.rules
        if order.side == "SELL":
            quantity = order.leaves_quantity or plan.quantity + plan.prevented
            return quantity <= _disposable(holdings, order, rules.base)
        if order.order_type not in AT_MARKET or waits(order):
            needed = self._clearing.lock_needed(order)[1]
        else:
            needed = plan.cost
        return needed <= _disposable(holdings, order, rules.quote)

    def _finish(self, pair: Pair, order: SimOrder, plan: Plan, *, at_ns: int) -> None:
        is_at_market = order.order_type in AT_MARKET
        if plan.expiry_reason:
            self._clearing.expire(order, plan.expiry_reason, at_ns=at_ns)
        elif order.quote_quantity and not plan.is_exhausted and order.cum_quantity:
            self._clearing.settle_taker(order)
        elif is_at_market and (order.leaves_quantity or order.quote_quantity):
            self._clearing.expire(order, "INSUFFICIENT_LIQUIDITY", at_ns=at_ns)
        elif not order.leaves_quantity:
            self._clearing.settle_taker(order)
        elif order.time_in_force == "IOC":
            self._clearing.expire(order, "UNFILLED_IOC_QUANTITY_EXPIRED", at_ns=at_ns)
        else:
            pair.rest(order)


def waits(order: SimOrder) -> bool:
    """Tell whether an order still waits for its price."""
    return order.order_type in ALGO_TYPES and not order.is_working


def _too_thin(plan: Plan, rules: SymbolRules) -> Reject | None:
    """Refuse an order by quote amount for which the book holds less than the least quantity.

    Source: the venue's messages of -2010.
    """
    if not plan.is_exhausted or plan.prevented or plan.quantity >= rules.min_quantity:
        return None
    what = "`LOT_SIZE` filter" if plan.quantity else "symbol"
    return Reject(-2010, f"Order book liquidity is less than {what} minimum quantity.")


def _disposable(holdings: Holdings, order: SimOrder, asset: str) -> int:
    """Return what may pay for an order: what is free, and what is locked for it already."""
    return holdings.free.get(asset, 0) + holdings.locks.get(order.lock_id, (asset, 0))[1]
