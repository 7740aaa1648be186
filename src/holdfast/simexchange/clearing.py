"""Book what happens to orders: acceptance, executions, cancels, expiry, prevention.

Money is conserved: what an account gives, another account, the recorded market (`market`) or
the venue's fees (`fees`) receive. Every change of an order is reported as it happened.
"""

import copy
from collections.abc import Sequence

from holdfast.simexchange.accounts import Holdings
from holdfast.simexchange.assumptions import FeeAssumptions
from holdfast.simexchange.fees import Fee, Traded, fee_of, rates
from holdfast.simexchange.matching import Plan, notional
from holdfast.simexchange.model import (
    AccountEvent,
    BalanceUpdate,
    Emission,
    OrderUpdate,
    OwnTrade,
    SimOrder,
    SymbolRules,
)
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.pair import MakerFill, Pair

FIRST_TRADE_ID = 10**12 + 1
"""Own executions are numbered from here on, apart from the recording's ids."""


class Clearing:
    """Executions, balances and reports of all accounts."""

    def __init__(
        self, pairs: dict[str, Pair], holdings: dict[str, Holdings], fees: FeeAssumptions
    ) -> None:
        self.pairs = pairs
        self.holdings = holdings
        self.fee_assumptions = fees
        self.fees: dict[str, int] = {}
        self.market: dict[str, int] = {}
        self.out: list[Emission] = []
        self._trade_id = FIRST_TRADE_ID
        self._execution_id = 1
        self._match_id = 1

    def rates(self, account: str, rules: SymbolRules) -> tuple[int, int]:
        """Return an account's maker and taker rate for a symbol."""
        spec = self.holdings[account].spec
        return rates(self.fee_assumptions, rules, own=(spec.maker_rate, spec.taker_rate))

    def lock_needed(self, order: SimOrder) -> tuple[str, int]:
        """Return which asset a limit order locks for what is left of it, and how much.

        A linear sale locks nothing; a linear buy locks the taker's fee too, paid in the quote
        asset.
        """
        rules = self.pairs[order.symbol].rules
        leaves = order.leaves_quantity
        if order.side == "SELL":
            return rules.base, leaves if rules.product == "spot" else 0
        amount = -(-order.price * leaves // E8)
        if rules.product == "linear":
            amount += -(-amount * self.rates(order.account, rules)[1] // E8)
        return rules.quote, amount

    def accept(self, order: SimOrder, *, locks: bool) -> None:
        """Book a new order; `locks` is false for an order that cannot rest."""
        order.is_working = True
        holdings = self.holdings[order.account]
        holdings.orders.setdefault(order.symbol, {})[order.order_id] = order
        holdings.open.setdefault(order.symbol, {})[order.order_id] = order
        holdings.by_client_id[order.symbol, order.client_order_id] = order
        if locks:
            self._lock(holdings, order)
        self._report(order, "NEW", at_ns=order.created_ns)
        self._report_balances(holdings, at_ns=order.created_ns)

    def take(self, order: SimOrder, plan: Plan, *, at_ns: int) -> list[OwnTrade]:
        """Carry a taker's plan out; return its executions."""
        pair = self.pairs[order.symbol]
        takes_bids = order.side == "SELL"
        own = pair.opposite(order)
        fills = []
        for step in plan.steps:
            if step.kind == "prevent" and step.maker is not None:
                self._prevent(order, step.maker.order, step.quantity, at_ns=at_ns)
                continue
            trade_id = self._next_trade_id()
            trade = self._execute(
                order, step.price, step.quantity, trade_id, at_ns, maker=False
            )
            fills.append(trade)
            if step.maker is not None:
                maker = step.maker.order
                self._execute(maker, step.price, step.quantity, trade_id, at_ns, maker=True)
                self._close_if_filled(pair, maker)
            else:
                self._face_market(order, pair.rules, step.price, step.quantity)
                pair.book.consume(step.price, step.quantity, is_bid=takes_bids)
                own.taken(step.price, step.quantity)
        return fills

    def fill_makers(self, pair: Pair, fills: Sequence[MakerFill], *, at_ns: int) -> None:
        """Book what the recorded market filled, each at the order's own price."""
        for maker, quantity in fills:
            order = maker.order
            self._execute(
                order, order.price, quantity, self._next_trade_id(), at_ns, maker=True
            )
            self._face_market(order, pair.rules, order.price, quantity)
            self._close_if_filled(pair, order)

    def settle_taker(self, order: SimOrder) -> None:
        """Close a taker that was filled at once."""
        order.status = "FILLED"
        order.is_working = False
        self._unlock(order)

    def expire(self, order: SimOrder, reason: str, *, at_ns: int) -> None:
        """End what is left of an order that may not rest."""
        order.expiry_reason = reason
        self._end(order, "EXPIRED", at_ns=at_ns)
        self._report(order, "EXPIRED", at_ns=at_ns)
        self._report_balances(self.holdings[order.account], at_ns=at_ns)

    def cancel(self, order: SimOrder, client_order_id: str, *, at_ns: int) -> None:
        """Take an order out of its queue and give back what it locked."""
        self.pairs[order.symbol].leave(order)
        self._end(order, "CANCELED", at_ns=at_ns)
        self._report(order, "CANCELED", at_ns=at_ns, request_id=client_order_id)
        self._report_balances(self.holdings[order.account], at_ns=at_ns)

    def drain(self) -> list[Emission]:
        """Hand out what was reported since the last drain."""
        out = self.out
        self.out = []
        return out

    def _execute(
        self,
        order: SimOrder,
        price: int,
        quantity: int,
        trade_id: int,
        at_ns: int,
        *,
        maker: bool,
    ) -> OwnTrade:
        rules = self.pairs[order.symbol].rules
        holdings = self.holdings[order.account]
        value = notional(price, quantity)
        order.cum_quantity += quantity
        order.cum_quote += value
        order.updated_ns = at_ns
        order.is_working = order.leaves_quantity > 0
        order.status = "PARTIALLY_FILLED" if order.is_working else "FILLED"
        if order.order_id in holdings.locks:
            self._lock(holdings, order)
        is_buy = order.side == "BUY"
        holdings.add(rules.base, quantity if is_buy else -quantity)
        holdings.add(rules.quote, -value if is_buy else value)
        fee = self._charge(holdings, rules, Traded(is_buy, quantity, value), maker=maker)
        trade = OwnTrade(
            account=order.account,
            symbol=order.symbol,
            trade_id=trade_id,
            order_id=order.order_id,
            client_order_id=order.client_order_id,
            side=order.side,
            price=price,
            quantity=quantity,
            quote_quantity=value,
            fee=fee.amount,
            fee_asset=fee.asset,
            is_maker=maker,
            at_ns=at_ns,
        )
        holdings.trades.setdefault(order.symbol, []).append(trade)
        self._report(order, "TRADE", at_ns=at_ns, trade=trade)
        self._report_balances(holdings, at_ns=at_ns)
        return trade

    def _charge(
        self, holdings: Holdings, rules: SymbolRules, traded: Traded, *, maker: bool
    ) -> Fee:
        maker_rate, taker_rate = self.rates(holdings.spec.name, rules)
        fee = fee_of(
            self.fee_assumptions,
            rules,
            traded=traded,
            rate=maker_rate if maker else taker_rate,
            discount_free=holdings.free.get(self.fee_assumptions.discount.asset, 0),
        )
        holdings.add(fee.asset, -fee.amount)
        self.fees[fee.asset] = self.fees.get(fee.asset, 0) + fee.amount
        return fee

    def _lock(self, holdings: Holdings, order: SimOrder) -> None:
        asset, amount = self.lock_needed(order)
        holdings.lock(order.order_id, asset, amount=amount)

    def _face_market(
        self, order: SimOrder, rules: SymbolRules, price: int, quantity: int
    ) -> None:
        sign = -1 if order.side == "BUY" else 1
        value = notional(price, quantity)
        self.market[rules.base] = self.market.get(rules.base, 0) + sign * quantity
        self.market[rules.quote] = self.market.get(rules.quote, 0) - sign * value

    def _prevent(self, taker: SimOrder, maker: SimOrder, quantity: int, *, at_ns: int) -> None:
        match_id = self._match_id
        self._match_id += 1
        ends = {
            "EXPIRE_MAKER": (maker,),
            "EXPIRE_TAKER": (taker,),
            "EXPIRE_BOTH": (maker, taker),
        }[taker.stp_mode]
        for order in ends:
            order.prevented_quantity += quantity
            if order is maker:
                self.pairs[order.symbol].leave(order)
            self._end(order, "EXPIRED_IN_MATCH", at_ns=at_ns)
            counter = taker if order is maker else maker
            self._report(
                order,
                "TRADE_PREVENTION",
                at_ns=at_ns,
                prevented=(match_id, quantity, counter),
            )
            self._report_balances(self.holdings[order.account], at_ns=at_ns)

    def _close_if_filled(self, pair: Pair, order: SimOrder) -> None:
        if not order.leaves_quantity:
            pair.leave(order)
            self._unlock(order)

    def _end(self, order: SimOrder, status: str, *, at_ns: int) -> None:
        order.status = status
        order.is_working = False
        order.updated_ns = at_ns
        self._unlock(order)

    def _unlock(self, order: SimOrder) -> None:
        holdings = self.holdings[order.account]
        holdings.open[order.symbol].pop(order.order_id, None)
        if order.order_id in holdings.locks:
            holdings.lock(order.order_id, holdings.locks[order.order_id][0], amount=0)

    def _report(
        self,
        order: SimOrder,
        execution_type: str,
        *,
        at_ns: int,
        trade: OwnTrade | None = None,
        request_id: str = "",
        prevented: tuple[int, int, SimOrder] | None = None,
    ) -> None:
        match_id, prevented_quantity, counter = prevented or (0, 0, None)
        update = OrderUpdate(
            at_ns=at_ns,
            execution_type=execution_type,
            execution_id=self._execution_id,
            order=copy.copy(order),
            client_order_id=request_id or order.client_order_id,
            original_client_order_id=order.client_order_id if request_id else "",
            trade=trade,
            prevented_match_id=match_id,
            last_prevented_quantity=prevented_quantity,
            counter_order_id=counter.order_id if counter is not None else 0,
            counter_symbol=counter.symbol if counter is not None else "",
        )
        self._execution_id += 1
        self.out.append(AccountEvent(order.account, update))

    def _report_balances(self, holdings: Holdings, *, at_ns: int) -> None:
        if not holdings.changed:
            return
        holdings.updated_ns = at_ns
        balances = [holdings.balance(asset) for asset in holdings.changed]
        holdings.changed.clear()
        self.out.append(AccountEvent(holdings.spec.name, BalanceUpdate(at_ns, balances)))

    def _next_trade_id(self) -> int:
        trade_id = self._trade_id
        self._trade_id += 1
        return trade_id
