"""Take plain orders of USD-M as they reach the matching core: refuse them, or carry them out.

A refusal has no effect. Checks run in one order: symbol, form, position side, filters,
duplicate id, reduce-only, post-only and fill-or-kill, margin; the first that fails answers.
"""

import copy
from itertools import islice
from typing import NamedTuple

from holdfast.simexchange.assumptions import FuturesOrderAssumptions
from holdfast.simexchange.filters import missing, not_required
from holdfast.simexchange.futures import filters
from holdfast.simexchange.futures.clearing import LIVE, Clearing
from holdfast.simexchange.futures.model import AlgoOrder, FuturesOrder, PositionSide
from holdfast.simexchange.futures.neworder import new_order
from holdfast.simexchange.futures.position import Stake, opens
from holdfast.simexchange.futures.requests import (
    AlgoPlace,
    FuturesCancel,
    FuturesCanceled,
    FuturesModified,
    FuturesModify,
    FuturesPlace,
    FuturesPlaced,
)
from holdfast.simexchange.futures.timers import Timers
from holdfast.simexchange.matching import Budget, Plan, notional, plan_taker, would_take
from holdfast.simexchange.model import Reject
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.pair import Pair

MODIFICATIONS = 10_000
_NO_PLAN = Plan([], 0, 0)


class Prepared(NamedTuple):
    """An order that may be taken in, and what it will do at once."""

    order: FuturesOrder
    plan: Plan


class Admission:
    """The door of the matching core of USD-M."""

    def __init__(
        self, clearing: Clearing, timers: Timers, assumed: FuturesOrderAssumptions
    ) -> None:
        self._clearing = clearing
        self._timers = timers
        self._assumed = assumed
        self._next_order_id = 1

    def next_order_id(self) -> int:
        """Number an order."""
        order_id = self._next_order_id
        self._next_order_id += 1
        return order_id

    def prepare(
        self, account: str, request: FuturesPlace, *, at_ns: int, algo: AlgoOrder | None = None
    ) -> Prepared | Reject:
        """Check a new order without any effect; `algo` is the conditional one it comes from."""
        contract = self._clearing.contracts.get(request.symbol)
        if contract is None:
            return filters.INVALID_SYMBOL
        refusal = filters.check_form(request)
        if algo is None:
            refusal = refusal or filters.check_common(request, contract, now_ns=at_ns)
        if refusal is not None:
            return refusal
        if contract.rules.status != "TRADING":
            return filters.CLOSED
        stake = self._clearing.stake(account, request.symbol)
        side = self.position_side(account, request)
        if isinstance(side, Reject):
            return side
        pair = self._clearing.pairs[request.symbol]
        price = self._price(request, pair)
        if isinstance(price, Reject):
            return price
        order = new_order(
            account, request, price=price, position_side=side, at_ns=at_ns, algo=algo
        )
        return self._refusal(stake, pair, order) or self._planned(stake, pair, order)

    def place(
        self, account: str, request: FuturesPlace, *, at_ns: int
    ) -> FuturesPlaced | Reject:
        """Match an order and let its rest rest, or refuse it."""
        prepared = self.prepare(account, request, at_ns=at_ns)
        if isinstance(prepared, Reject):
            return prepared
        return self.carry_out(prepared, order_id=self.next_order_id(), at_ns=at_ns)

    def carry_out(self, prepared: Prepared, *, order_id: int, at_ns: int) -> FuturesPlaced:
        """Take a prepared order in under its number."""
        order, plan = prepared
        order.order_id = order_id
        order.client_order_id = order.client_order_id or f"x{order_id:021d}"
        self._clearing.accept(order)
        if order.good_till_ns:
            self._timers.at(order.good_till_ns, lambda now_ns: self._run_out(order, now_ns))
        if self._kills(order, plan):
            reason = "GTX_ORDER_REJECT" if order.time_in_force == "GTX" else "FOK"
            self._clearing.end(order, "EXPIRED", at_ns=at_ns, reason=reason)
            return FuturesPlaced(copy.copy(order), [])
        fills = self._clearing.take(order, plan, at_ns=at_ns)
        self._finish(order, at_ns=at_ns)
        return FuturesPlaced(copy.copy(order), fills)

    def modify(
        self, account: str, request: FuturesModify, *, at_ns: int
    ) -> FuturesModified | Reject:
        """Change price and quantity; a new price or more quantity goes to the queue's end.

        https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api/Modify-Order
        """
        order = self._find(
            account,
            request.symbol,
            order_id=request.order_id,
            client_id=request.original_client_order_id,
        )
        if isinstance(order, Reject):
            return order
        pair = self._clearing.pairs[order.symbol]
        match = FuturesPlace(
            symbol=order.symbol, side=order.side, order_type="LIMIT", price=request.price,
            price_match=request.price_match,
        )  # fmt: skip
        price = self._price(match, pair)
        if isinstance(price, Reject):
            return price
        refusal = self._modify_refusal(order, request, price=price)
        if refusal is not None:
            return refusal
        if request.quantity <= order.cum_quantity:
            self._clearing.end(order, "CANCELED", at_ns=at_ns)
            return FuturesModified(copy.copy(order), [])
        stake = self._clearing.stake(account, order.symbol)
        changed = copy.copy(order)
        changed.price, changed.quantity = price, request.quantity
        planned = self._plan_change(stake, pair, order, changed)
        if isinstance(planned, Reject):
            return planned
        return self._change(order, changed, planned, at_ns=at_ns)

    def cancel(
        self, account: str, request: FuturesCancel, *, at_ns: int
    ) -> FuturesCanceled | Reject:
        """Cancel one open order, or refuse."""
        order = self._find(
            account,
            request.symbol,
            order_id=request.order_id,
            client_id=request.original_client_order_id,
        )
        if isinstance(order, Reject):
            return order
        self._clearing.end(order, "CANCELED", at_ns=at_ns)
        return FuturesCanceled([copy.copy(order)])

    def cancel_all(self, account: str, symbol: str, *, at_ns: int) -> FuturesCanceled | Reject:
        """Cancel every plain order of a symbol, oldest first; none is no refusal."""
        if symbol not in self._clearing.contracts:
            return filters.INVALID_SYMBOL
        orders = list(self._clearing.members[account].open.get(symbol, {}).values())
        for order in orders:
            self._clearing.end(order, "CANCELED", at_ns=at_ns)
        return FuturesCanceled([copy.copy(order) for order in orders])

    def position_side(
        self, account: str, request: FuturesPlace | AlgoPlace
    ) -> PositionSide | Reject:
        """Return the position that an order is for, or what is wrong with naming it."""
        if self._clearing.members[account].is_hedge:
            if request.reduce_only is not None:
                return not_required("reduceonly")
            if request.position_side == "LONG":
                return "LONG"
            return "SHORT" if request.position_side == "SHORT" else filters.WRONG_POSITION_SIDE
        return "BOTH" if request.position_side in ("", "BOTH") else filters.WRONG_POSITION_SIDE

    def _find(
        self, account: str, symbol: str, *, order_id: int | None, client_id: str
    ) -> FuturesOrder | Reject:
        """Return an open order by either id; the order id counts when both are sent."""
        if symbol not in self._clearing.contracts:
            return filters.INVALID_SYMBOL
        member = self._clearing.members[account]
        open_orders = member.open.get(symbol, {})
        if order_id is not None:
            return open_orders.get(order_id) or filters.UNKNOWN_ORDER
        if not client_id:
            return missing("orderId")
        known = member.by_client_id.get((symbol, client_id))
        found = open_orders.get(known.order_id) if known is not None else None
        return found or filters.UNKNOWN_ORDER

    def _price(self, request: FuturesPlace, pair: Pair) -> int | Reject:
        match = filters.PRICE_MATCHES.get(request.price_match)
        if match is None:
            return request.price
        is_opponent, depth = match
        is_bid = (request.side == "SELL") == is_opponent
        levels = list(islice(pair.book.available(is_bid=is_bid), depth))
        return levels[-1][0] if len(levels) == depth else filters.NO_MATCH_DEPTH

    def _refusal(self, stake: Stake, pair: Pair, order: FuturesOrder) -> Reject | None:
        rules = pair.rules
        mark = self._clearing.marks[order.symbol].mark
        is_market = order.order_type == "MARKET"
        refusal = filters.check_quantity(order.quantity, rules, is_market=is_market)
        if not is_market:
            refusal = refusal or filters.check_price(order.price, rules)
            refusal = refusal or filters.check_band(
                order.side, order.price, rules=rules, mark=mark
            )
        if opens(order):
            price = mark if is_market else order.price
            refusal = refusal or filters.check_notional(price, order.quantity, rules=rules)
        if refusal is not None:
            return refusal
        member = self._clearing.members[order.account]
        open_orders = member.open.get(order.symbol, {})
        known = member.by_client_id.get((order.symbol, order.client_order_id))
        if order.client_order_id and known is not None and known.order_id in open_orders:
            return filters.DUPLICATE
        if not is_market and len(open_orders) >= rules.max_orders:
            return filters.TOO_MANY_ORDERS
        if opens(order):
            return None
        reducible = stake.positions[order.position_side].reducible(order.side)
        is_too_much = order.position_side != "BOTH" and order.quantity > reducible
        return filters.REDUCE_ONLY if not reducible or is_too_much else None

    def _planned(self, stake: Stake, pair: Pair, order: FuturesOrder) -> Prepared | Reject:
        plan = self._plan(pair, order)
        if isinstance(plan, Reject):
            return plan
        is_refused = self._assumed.gtx_answer == "reject" and order.time_in_force == "GTX"
        if is_refused and would_take(order, pair.book, own=pair.opposite(order)):
            return filters.WOULD_TAKE
        if order.time_in_force == "FOK" and self._kills(order, plan):
            return filters.FOK_UNFILLED
        refusal = self._margin_refusal(stake, order, plan)
        return refusal or Prepared(order, plan)

    def _plan(self, pair: Pair, order: FuturesOrder) -> Plan | Reject:
        """Plan what an order takes; a market order no further from the mark than its bound."""
        wanted = order.leaves_quantity
        if not opens(order):
            wanted = self._clearing.room(order)
        budget = Budget(wanted, by_quote=False, step=pair.rules.step)
        own = pair.opposite(order)
        if order.order_type != "MARKET":
            return plan_taker(order, pair.book, own=own, is_limited=True, budget=budget)
        bounded = copy.copy(order)
        mark = self._clearing.marks[order.symbol].mark
        bound = mark * self._assumed.market_take_bound // E8
        bounded.price = mark + bound if order.side == "BUY" else mark - bound
        plan = plan_taker(bounded, pair.book, own=own, is_limited=True, budget=budget)
        is_offered = next(pair.book.available(is_bid=order.side == "SELL"), None) is not None
        return filters.MARKET_BOUND if not plan.steps and is_offered else plan

    def _margin_refusal(self, stake: Stake, order: FuturesOrder, plan: Plan) -> Reject | None:
        """Refuse what the account cannot margin: initial margin and the loss at entry.

        All of the quantity counts, also of an order whose rest would expire.
        """
        if not opens(order):
            return None
        mark = self._clearing.marks[order.symbol].mark
        quantity = order.leaves_quantity
        value = plan.cost + notional(order.price or mark, quantity - plan.quantity)
        now = stake.exposure()
        is_buy = order.side == "BUY"
        then = stake.exposure(bids=value if is_buy else 0, asks=0 if is_buy else value)
        if then <= now:
            return None
        fair = notional(mark, quantity)
        loss = max(0, value - fair if is_buy else fair - value)
        wallet = self._clearing.members[order.account].wallet(stake.contract.margin_asset)
        if then > stake.max_notional:
            return filters.POSITION_LIMIT
        if -(-(then - now) // stake.leverage) + loss > wallet.available:
            return filters.MARGIN_SHORT
        return None

    def _kills(self, order: FuturesOrder, plan: Plan) -> bool:
        if order.time_in_force == "GTX":
            return bool(plan.steps)
        return order.time_in_force == "FOK" and plan.quantity < self._clearing.room(order)

    def _finish(self, order: FuturesOrder, *, at_ns: int) -> None:
        if order.status in LIVE and order.leaves_quantity:
            if order.order_type == "MARKET":
                is_short = bool(self._clearing.room(order))
                reason = "INSUFFICIENT_LIQUIDITY" if is_short else "REDUCE_ONLY"
                self._clearing.end(order, "EXPIRED", at_ns=at_ns, reason=reason)
            elif order.time_in_force in ("IOC", "FOK"):
                reason = f"UNFILLED_{order.time_in_force}"
                self._clearing.end(order, "EXPIRED", at_ns=at_ns, reason=reason)
            else:
                self._clearing.rest(order)
        self._clearing.settle_taker(order, at_ns=at_ns)

    def _run_out(self, order: FuturesOrder, now_ns: int) -> None:
        if order.status in LIVE:
            self._clearing.end(order, "EXPIRED", at_ns=now_ns, reason="GTD")

    def _modify_refusal(
        self, order: FuturesOrder, request: FuturesModify, *, price: int
    ) -> Reject | None:
        rules = self._clearing.contracts[order.symbol].rules
        if order.order_type != "LIMIT" or request.side != order.side:
            return filters.invalid("side")
        if order.modified_count >= MODIFICATIONS:
            return Reject(-5026, "Exceed maximum modify order limit.")
        if (price, request.quantity) == (order.price, order.quantity):
            return filters.UNCHANGED
        mark = self._clearing.marks[order.symbol].mark
        refusal = filters.check_quantity(request.quantity, rules, is_market=False)
        refusal = refusal or filters.check_price(price, rules)
        refusal = refusal or filters.check_band(order.side, price, rules=rules, mark=mark)
        if refusal is None and opens(order):
            refusal = filters.check_notional(price, request.quantity, rules=rules)
        return refusal

    def _plan_change(
        self, stake: Stake, pair: Pair, order: FuturesOrder, changed: FuturesOrder
    ) -> Plan | Reject:
        """Plan a changed order with the margin of the former one given back."""
        self._give_back(stake, order, is_open=False)
        plan = self._plan(pair, changed)
        refusal = plan if isinstance(plan, Reject) else None
        if not isinstance(plan, Reject):
            refusal = self._margin_refusal(stake, changed, plan)
        self._give_back(stake, order, is_open=True)
        return refusal or plan

    def _give_back(self, stake: Stake, order: FuturesOrder, *, is_open: bool) -> None:
        if is_open:
            self._clearing.reserve(order)
        else:
            stake.reserve(order, 0)
            self._clearing.members[order.account].recount_orders(stake)

    def _change(
        self, order: FuturesOrder, changed: FuturesOrder, plan: Plan, *, at_ns: int
    ) -> FuturesModified:
        keeps_place = changed.price == order.price and changed.quantity < order.quantity
        if not keeps_place:
            self._clearing.leave(order)
        order.price, order.quantity = changed.price, changed.quantity
        order.modified_count += 1
        order.updated_ns = at_ns
        self._clearing.reserve(order)
        self._clearing.reports.order(order, "AMENDMENT", at_ns=at_ns)
        if keeps_place:
            return FuturesModified(copy.copy(order), [])
        if self._kills(order, plan):
            self._clearing.end(order, "EXPIRED", at_ns=at_ns, reason="GTX_ORDER_REJECT")
            return FuturesModified(copy.copy(order), [])
        fills = self._clearing.take(order, plan, at_ns=at_ns)
        self._finish(order, at_ns=at_ns)
        return FuturesModified(copy.copy(order), fills)
