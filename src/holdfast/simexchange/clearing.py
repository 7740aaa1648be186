"""Book what happens to orders: acceptance, executions, cancels, expiry, prevention.

Money is conserved: what an account gives, another account, the recorded market (`market`) or
the venue's fees (`fees`) receive. Every change of an order is reported as it happened; orders
of lists that changed stand in `touched` until `contingency` has drawn the consequences.
"""

from collections import deque
from collections.abc import Sequence

from holdfast.simexchange.accounts import Holdings
from holdfast.simexchange.assumptions import FeeAssumptions
from holdfast.simexchange.fees import Fee, Traded, fee_of, rates
from holdfast.simexchange.matching import Plan, Step, notional, prevention
from holdfast.simexchange.model import (
    Emission,
    OwnTrade,
    SimOrder,
    SymbolRules,
)
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.pair import MakerFill, Pair
from holdfast.simexchange.prevention import prevented_quantities
from holdfast.simexchange.reports import Reports
from holdfast.simexchange.requests import PreventedMatch

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
        self.reports = Reports()
        self.touched: deque[SimOrder] = deque()
        self._trade_id = FIRST_TRADE_ID
        self._match_id = 1

    def rates(self, account: str, rules: SymbolRules) -> tuple[int, int]:
        """Return an account's maker and taker rate for a symbol."""
        spec = self.holdings[account].spec
        return rates(self.fee_assumptions, rules, own=(spec.maker_rate, spec.taker_rate))

    def lock_needed(self, order: SimOrder) -> tuple[str, int]:
        """Return which asset a limit order locks for what is left of it, and how much."""
        rules = self.pairs[order.symbol].rules
        leaves = order.leaves_quantity
        if order.side == "SELL":
            return rules.base, leaves
        return rules.quote, -(-order.funding_price * leaves // E8)

    def accept(self, order: SimOrder, *, locks: bool) -> None:
        """Book a new order; `locks` is false for an order that cannot rest yet."""
        holdings = self.holdings[order.account]
        holdings.orders.setdefault(order.symbol, {})[order.order_id] = order
        holdings.open.setdefault(order.symbol, {})[order.order_id] = order
        holdings.by_client_id[order.symbol, order.client_order_id] = order
        if locks:
            self.lock(order)
        self.reports.order(order, "NEW", at_ns=order.updated_ns)
        self.reports.balances(holdings, at_ns=order.updated_ns)

    def is_open(self, order: SimOrder) -> bool:
        """Tell whether an order has not ended."""
        open_orders = self.holdings[order.account].open.get(order.symbol, {})
        return order.order_id in open_orders

    def lock(self, order: SimOrder) -> None:
        """Lock what an order needs; orders that share a lock need the most of any of them."""
        holdings = self.holdings[order.account]
        asset, amount = self.lock_needed(order)
        for other in holdings.shared.get(order.lock_id, ()):
            amount = max(amount, self.lock_needed(other)[1])
        holdings.lock(order.lock_id, asset, amount=amount)

    def stand_alone(self, order: SimOrder, *, keeps: bool = True) -> None:
        """Let the lock of a pair pay for this order alone; not `keeps` gives it back."""
        holdings = self.holdings[order.account]
        for other in holdings.shared.pop(order.lock_id, ()):
            if other is not order:
                other.lock_id = other.order_id
        if order.lock_id in holdings.locks:
            if keeps:
                self.lock(order)
            else:
                holdings.lock(order.lock_id, holdings.locks[order.lock_id][0], amount=0)

    def take(self, order: SimOrder, plan: Plan, *, at_ns: int) -> list[OwnTrade]:
        """Carry a taker's plan out; return its executions."""
        pair = self.pairs[order.symbol]
        takes_bids = order.side == "SELL"
        own = pair.opposite(order)
        fills = []
        for step in plan.steps:
            if step.kind == "prevent" and step.maker is not None:
                self._prevent(order, step.maker.order, step, at_ns=at_ns)
                continue
            trade_id = self._next_trade_id()
            trade = self._execute(
                order, step.price, step.quantity, trade_id, at_ns, maker=False
            )
            fills.append(trade)
            if step.maker is not None:
                maker = step.maker.order
                self._execute(maker, step.price, step.quantity, trade_id, at_ns, maker=True)
                self._after_maker(pair, maker, step.quantity)
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
            self._after_maker(pair, order, quantity)

    def settle_taker(self, order: SimOrder) -> None:
        """Close a taker that was filled at once."""
        order.status = "FILLED"
        order.is_working = False
        self._unlock(order)

    def expire(
        self, order: SimOrder, reason: str, *, at_ns: int, reject_reason: str = "NONE"
    ) -> None:
        """End what is left of an order that may not go on."""
        self.pairs[order.symbol].leave(order)
        order.expiry_reason = reason
        self._end(order, "EXPIRED", at_ns=at_ns)
        self.reports.order(order, "EXPIRED", at_ns=at_ns, reject_reason=reject_reason)
        self.reports.balances(self.holdings[order.account], at_ns=at_ns)

    def cancel(self, order: SimOrder, client_order_id: str, *, at_ns: int) -> None:
        """Take an order out of its queue and give back what it locked."""
        self.pairs[order.symbol].leave(order)
        self._end(order, "CANCELED", at_ns=at_ns)
        self.reports.order(
            order,
            "CANCELED",
            at_ns=at_ns,
            client_order_ids=(client_order_id, order.client_order_id),
        )
        self.reports.balances(self.holdings[order.account], at_ns=at_ns)

    def drain(self) -> list[Emission]:
        """Hand out what was reported since the last drain."""
        return self.reports.drain()

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
        if order.lock_id in holdings.locks:
            self.stand_alone(order)
        if order.list_id > 0:
            self.touched.append(order)
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
            list_id=order.list_id,
        )
        holdings.trades.setdefault(order.symbol, []).append(trade)
        self.reports.order(order, "TRADE", at_ns=at_ns, trade=trade)
        self.reports.balances(holdings, at_ns=at_ns)
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

    def _face_market(
        self, order: SimOrder, rules: SymbolRules, price: int, quantity: int
    ) -> None:
        sign = -1 if order.side == "BUY" else 1
        value = notional(price, quantity)
        self.market[rules.base] = self.market.get(rules.base, 0) + sign * quantity
        self.market[rules.quote] = self.market.get(rules.quote, 0) - sign * value

    def _prevent(self, taker: SimOrder, maker: SimOrder, step: Step, *, at_ns: int) -> None:
        mode = prevention(taker, maker)
        match_id = self._match_id
        self._match_id += 1
        lost = prevented_quantities(mode, taker, maker=maker, quantity=step.quantity)
        if mode == "TRANSFER":
            self._transfer(taker, maker, step)
        record = PreventedMatch(
            symbol=taker.symbol,
            match_id=match_id,
            taker_order_id=taker.order_id,
            maker_order_id=maker.order_id,
            trade_group_id=taker.trade_group_id,
            mode=mode,
            price=step.price,
            taker_quantity=lost[0],
            maker_quantity=lost[1],
            at_ns=at_ns,
        )
        for account in dict.fromkeys((taker.account, maker.account)):
            self.holdings[account].prevented.append(record)
        for order, counter, quantity in ((maker, taker, lost[1]), (taker, maker, lost[0])):
            if quantity:
                self._lose(order, quantity, at_ns=at_ns)
                order.prevented_match_id = match_id
                self.reports.order(
                    order, "TRADE_PREVENTION", at_ns=at_ns, prevented=(record, counter)
                )
                self.reports.balances(self.holdings[order.account], at_ns=at_ns)

    def _lose(self, order: SimOrder, quantity: int, *, at_ns: int) -> None:
        order.prevented_quantity += quantity
        order.updated_ns = at_ns
        if not order.leaves_quantity:
            self.pairs[order.symbol].leave(order)
            self._end(order, "EXPIRED_IN_MATCH", at_ns=at_ns)
            return
        if order.list_id > 0:
            self.touched.append(order)
        if order.lock_id in self.holdings[order.account].locks:
            self.stand_alone(order)
        self.pairs[order.symbol].shown(order, quantity)

    def _transfer(self, taker: SimOrder, maker: SimOrder, step: Step) -> None:
        """Move what was prevented between the two accounts, without a fee."""
        rules = self.pairs[taker.symbol].rules
        value = notional(step.price, step.quantity)
        for order in (maker, taker):
            sign = 1 if order.side == "BUY" else -1
            holdings = self.holdings[order.account]
            holdings.add(rules.base, sign * step.quantity)
            holdings.add(rules.quote, -sign * value)

    def _after_maker(self, pair: Pair, order: SimOrder, quantity: int) -> None:
        if order.leaves_quantity:
            pair.shown(order, quantity)
            return
        pair.leave(order)
        self._unlock(order)

    def _end(self, order: SimOrder, status: str, *, at_ns: int) -> None:
        order.status = status
        order.is_working = False
        order.updated_ns = at_ns
        self._unlock(order)
        if order.list_id > 0:
            self.touched.append(order)

    def _unlock(self, order: SimOrder) -> None:
        holdings = self.holdings[order.account]
        holdings.open[order.symbol].pop(order.order_id, None)
        sharing = holdings.shared.get(order.lock_id, [])
        if order in sharing:
            sharing.remove(order)
        if order.lock_id not in holdings.locks:
            return
        if sharing:
            self.lock(sharing[0])
            return
        holdings.shared.pop(order.lock_id, None)
        holdings.lock(order.lock_id, holdings.locks[order.lock_id][0], amount=0)

    def _next_trade_id(self) -> int:
        trade_id = self._trade_id
        self._trade_id += 1
        return trade_id
