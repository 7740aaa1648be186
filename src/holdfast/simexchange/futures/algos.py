"""Conditional orders of USD-M: taken in, canceled, expired, triggered, finished.

They lock no margin and are checked against position and margin at their trigger alone, when a
plain order with a number of its own (and by assumption a client id of its own) comes of them.
"""

import copy

from holdfast.simexchange.assumptions import FuturesOrderAssumptions
from holdfast.simexchange.filters import missing, not_required
from holdfast.simexchange.futures import filters
from holdfast.simexchange.futures.admission import Admission
from holdfast.simexchange.futures.algobook import AlgoBook, is_reached
from holdfast.simexchange.futures.clearing import Clearing
from holdfast.simexchange.futures.model import (
    AlgoOrder,
    ConditionalReject,
    ContractRules,
    FuturesOrder,
    PositionSide,
)
from holdfast.simexchange.futures.requests import (
    AlgoCancel,
    AlgoCanceled,
    AlgoPlace,
    AlgoPlaced,
    FuturesPlace,
)
from holdfast.simexchange.futures.timers import Timers
from holdfast.simexchange.model import Reject
from holdfast.simexchange.numbers import E8

CONTRACT_PRICE, MARK_PRICE = "CONTRACT_PRICE", "MARK_PRICE"
_LEAST_CALLBACK, _MOST_CALLBACK = E8 // 10, 10 * E8
_TRAILING = "TRAILING_STOP_MARKET"
_LIMITS = ("STOP", "TAKE_PROFIT")


class Algos:
    """The algo book of all accounts."""

    def __init__(
        self,
        clearing: Clearing,
        admission: Admission,
        *,
        timers: Timers,
        assumed: FuturesOrderAssumptions,
    ) -> None:
        self._clearing = clearing
        self._admission = admission
        self._timers = timers
        self._assumed = assumed
        self._keeps_id = assumed.triggered_client_id == "same"
        self._next_algo_id = 1
        self.books = {
            symbol: {CONTRACT_PRICE: AlgoBook(), MARK_PRICE: AlgoBook()}
            for symbol in clearing.contracts
        }

    def place(self, account: str, request: AlgoPlace, *, at_ns: int) -> AlgoPlaced | Reject:
        """Take a conditional order in, or refuse it."""
        contract = self._clearing.contracts.get(request.symbol)
        if contract is None:
            return filters.INVALID_SYMBOL
        if contract.rules.status != "TRADING":
            return filters.CLOSED
        refusal = _check_form(request) or filters.check_common(request, contract, now_ns=at_ns)
        refusal = refusal or _check_filters(request, contract)
        if refusal is not None:
            return refusal
        side = self._admission.position_side(account, request)
        if isinstance(side, Reject):
            return side
        algo = self._algo(account, request, position_side=side, at_ns=at_ns)
        refusal = self._refusal(algo, contract)
        if refusal is not None:
            return refusal
        self._keep(algo, at_ns=at_ns)
        return AlgoPlaced(copy.copy(algo))

    def cancel(self, account: str, request: AlgoCancel, *, at_ns: int) -> AlgoCanceled | Reject:
        """Cancel one conditional order that was not triggered, or refuse."""
        member = self._clearing.members[account]
        if request.algo_id is not None:
            algo = member.open_algos.get(request.algo_id)
        elif request.client_algo_id:
            known = member.algo_by_client_id.get(request.client_algo_id)
            algo = None if known is None else member.open_algos.get(known.algo_id)
        else:
            return missing("algoId")
        if algo is None:
            return filters.UNKNOWN_ORDER
        self._end(algo, "CANCELED", at_ns=at_ns)
        return AlgoCanceled([copy.copy(algo)])

    def cancel_all(self, account: str, symbol: str, *, at_ns: int) -> AlgoCanceled | Reject:
        """Cancel all untriggered orders of a symbol, oldest first; none is no refusal."""
        if symbol not in self._clearing.contracts:
            return filters.INVALID_SYMBOL
        open_algos = self._clearing.members[account].open_algos.values()
        algos = [algo for algo in open_algos if algo.symbol == symbol]
        for algo in algos:
            self._end(algo, "CANCELED", at_ns=at_ns)
        return AlgoCanceled([copy.copy(algo) for algo in algos])

    def watch(self, symbol: str, working_type: str, *, price: int, at_ns: int) -> None:
        """Trigger what waited for a price."""
        for algo in self.books[symbol][working_type].reached(price):
            if algo.status == "NEW" and not self._is_protected(algo):
                self.trigger(algo, at_ns=at_ns)

    def trigger(self, algo: AlgoOrder, *, at_ns: int) -> None:
        """Place the plain order of an algo order, under an id of its own."""
        self._forget(algo)
        algo.status = "TRIGGERING"
        algo.triggered_ns = at_ns
        reports = self._clearing.reports
        reports.algo(algo, at_ns=at_ns)
        prepared = self._admission.prepare(
            algo.account, self._request(algo), at_ns=at_ns, algo=algo
        )
        if isinstance(prepared, Reject):
            algo.status = "REJECTED"
            algo.reject_code, algo.reject_reason = prepared.code, prepared.message
            reports.algo(algo, at_ns=at_ns)
            fact = ConditionalReject(at_ns, copy.copy(algo), prepared.code, prepared.message)
            reports.tell(algo.account, fact)
            return
        algo.status = "TRIGGERED"
        algo.actual_order_id = self._admission.next_order_id()
        reports.algo(algo, at_ns=at_ns)
        self._admission.carry_out(prepared, order_id=algo.actual_order_id, at_ns=at_ns)

    def finish(self, order: FuturesOrder, *, at_ns: int) -> None:
        """Note that the plain order of a triggered one has ended."""
        algo = self._clearing.members[order.account].algos[order.algo_id]
        algo.status = "FINISHED"
        algo.actual_quantity = order.cum_quantity
        algo.actual_price = order.avg_price
        self._clearing.reports.algo(algo, at_ns=at_ns)

    def _refusal(self, algo: AlgoOrder, contract: ContractRules) -> Reject | None:
        member = self._clearing.members[algo.account]
        known = member.algo_by_client_id.get(algo.client_algo_id)
        if known is not None and known.algo_id in member.open_algos:
            return filters.DUPLICATE
        waiting = [one for one in member.open_algos.values() if one.symbol == algo.symbol]
        if len(waiting) >= contract.max_algo_orders:
            return filters.TOO_MANY_ALGOS
        same = (algo.side, algo.position_side, algo.order_type)
        if algo.close_position and any(
            one.close_position and (one.side, one.position_side, one.order_type) == same
            for one in waiting
        ):
            return filters.CLOSE_POSITION_EXISTS
        price = self._price(algo.symbol, algo.working_type)
        if algo.order_type == _TRAILING:
            if not algo.activate_price:
                algo.activate_price = price
                return None
            is_passed = (
                algo.activate_price < price
                if algo.side == "SELL"
                else algo.activate_price > price
            )
            return filters.WOULD_TRIGGER if is_passed else None
        return filters.WOULD_TRIGGER if is_reached(algo, price) else None

    def _algo(
        self, account: str, request: AlgoPlace, *, position_side: PositionSide, at_ns: int
    ) -> AlgoOrder:
        algo_id = self._next_algo_id
        is_limit = request.order_type in _LIMITS
        return AlgoOrder(
            account=account,
            algo_id=algo_id,
            client_algo_id=request.client_algo_id or f"a{algo_id:021d}",
            symbol=request.symbol,
            side=request.side,
            order_type=request.order_type,
            position_side=position_side,
            time_in_force=request.time_in_force or "GTC",
            quantity=request.quantity,
            price=request.price,
            trigger_price=request.trigger_price,
            working_type=request.working_type or CONTRACT_PRICE,
            created_ns=at_ns,
            updated_ns=at_ns,
            price_match=request.price_match or "NONE",
            reduce_only=bool(request.reduce_only) or request.close_position,
            close_position=request.close_position,
            price_protect=request.price_protect,
            stp_mode=request.stp_mode or "EXPIRE_MAKER",
            good_till_ns=request.good_till_ns,
            activate_price=request.activate_price,
            callback_rate=request.callback_rate,
            actual_type="LIMIT" if is_limit else "MARKET",
        )

    def _keep(self, algo: AlgoOrder, *, at_ns: int) -> None:
        self._next_algo_id += 1
        member = self._clearing.members[algo.account]
        member.algos[algo.algo_id] = member.open_algos[algo.algo_id] = algo
        member.algo_by_client_id[algo.client_algo_id] = algo
        self.books[algo.symbol][algo.working_type].add(algo)
        if algo.good_till_ns:
            self._timers.at(algo.good_till_ns, lambda now_ns: self._run_out(algo, now_ns))
        self._clearing.reports.algo(algo, at_ns=at_ns)

    def _run_out(self, algo: AlgoOrder, now_ns: int) -> None:
        if algo.status == "NEW":
            self._end(algo, "EXPIRED", at_ns=now_ns)

    def _end(self, algo: AlgoOrder, status: str, *, at_ns: int) -> None:
        self._forget(algo)
        algo.status = status
        self._clearing.reports.algo(algo, at_ns=at_ns)

    def _forget(self, algo: AlgoOrder) -> None:
        self._clearing.members[algo.account].open_algos.pop(algo.algo_id, None)
        self.books[algo.symbol][algo.working_type].remove(algo)

    def _request(self, algo: AlgoOrder) -> FuturesPlace:
        """Make the plain order: closing the position takes what it holds at this instant."""
        quantity = algo.quantity
        if algo.close_position:
            stake = self._clearing.stake(algo.account, algo.symbol)
            quantity = stake.positions[algo.position_side].reducible(algo.side)
        is_limit = algo.actual_type == "LIMIT"
        is_both = algo.position_side == "BOTH"
        return FuturesPlace(
            symbol=algo.symbol,
            side=algo.side,
            order_type=algo.actual_type,
            position_side=algo.position_side,
            time_in_force=algo.time_in_force if is_limit else "",
            quantity=quantity,
            price=algo.price,
            reduce_only=(algo.reduce_only or None) if is_both else None,
            client_order_id=algo.client_algo_id if self._keeps_id else "",
            price_match="" if algo.price_match == "NONE" else algo.price_match,
            stp_mode=algo.stp_mode,
            good_till_ns=algo.good_till_ns if is_limit else 0,
        )

    def _is_protected(self, algo: AlgoOrder) -> bool:
        if not algo.price_protect:
            return False
        mark = self._clearing.marks[algo.symbol].mark
        apart = abs(self._price(algo.symbol, CONTRACT_PRICE) - mark)
        return apart * E8 > mark * int(self._assumed.trigger_protect)

    def _price(self, symbol: str, working_type: str) -> int:
        pair = self._clearing.pairs[symbol]
        if working_type == MARK_PRICE:
            return self._clearing.marks[symbol].mark
        return pair.tape.last.price if pair.tape.last else pair.rules.first_price


def _check_form(request: AlgoPlace) -> Reject | None:
    if request.order_type not in filters.CONDITIONAL_TYPES:
        return Reject(-1116, "Invalid orderType.")
    if request.working_type not in ("", CONTRACT_PRICE, MARK_PRICE):
        return filters.invalid("workingType")
    refusal = _check_closing(request)
    if refusal is not None:
        return refusal
    if not request.close_position and not request.quantity:
        return missing("quantity")
    is_trailing = request.order_type == _TRAILING
    if is_trailing and not _LEAST_CALLBACK <= request.callback_rate <= _MOST_CALLBACK:
        return filters.invalid("callbackRate")
    if not is_trailing and not request.trigger_price:
        return missing("triggerPrice")
    is_priced = request.price or request.price_match in filters.PRICE_MATCHES
    return missing("price") if request.order_type in _LIMITS and not is_priced else None


def _check_closing(request: AlgoPlace) -> Reject | None:
    if not request.close_position:
        return None
    if request.order_type not in ("STOP_MARKET", "TAKE_PROFIT_MARKET"):
        return Reject(
            -4136,
            f"Target strategy invalid for orderType '{request.order_type}',"
            "closePosition 'true'",
        )
    if request.quantity:
        return Reject(-4137, "Quantity must be zero with closePosition equals true")
    return not_required("reduceOnly") if request.reduce_only else None


def _check_filters(request: AlgoPlace, contract: ContractRules) -> Reject | None:
    rules = contract.rules
    is_market = request.order_type not in _LIMITS
    if not request.close_position:
        refusal = filters.check_quantity(request.quantity, rules, is_market=is_market)
        if refusal is not None:
            return refusal
    for price in (request.price, request.trigger_price, request.activate_price):
        refusal = filters.check_price(price, rules) if price else None
        if refusal is not None:
            return refusal
    return None
