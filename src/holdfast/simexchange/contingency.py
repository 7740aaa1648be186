"""Draw the consequences for order lists: one cancels the other, one triggers the other.

Whatever happened to an order of a list stands in `Clearing.touched`; `settle` works it off. Of
a pair never both execute: the other one ends as soon as one works or executes. A cancel takes
the whole list at once, so what ends alone has expired.
"""

from itertools import takewhile

from holdfast.simexchange.clearing import Clearing
from holdfast.simexchange.model import Reject, SimOrder
from holdfast.simexchange.pair import Pair
from holdfast.simexchange.placing import AT_MARKET, Placing, waits
from holdfast.simexchange.requests import ListUpdate, OrderList
from holdfast.simexchange.triggers import ALGO_TYPES

OCO_TRIGGER = "OCO_TRIGGER"
PHASE_ONE_EXPIRED = "OTO_PHASE_ONE_EXPIRED"


class Contingency:
    """The rules of order lists."""

    def __init__(self, clearing: Clearing, placing: Placing) -> None:
        self._clearing = clearing
        self._placing = placing

    def fire(self, pair: Pair, *, at_ns: int) -> None:
        """Let the orders work whose price has come, the oldest first."""
        for order in pair.triggers.take_fired():
            if not self._clearing.is_open(order):
                continue
            if order.list_id > 0:
                order_list = self.list_of(order)
                self._clearing.stand_alone(order)
                self._end_sibling(order_list, order, at_ns=at_ns)
            self._placing.fire(order, at_ns=at_ns)
            self.settle(at_ns=at_ns)

    def settle(self, *, at_ns: int) -> None:
        """Follow up all that happened to orders of lists."""
        touched = self._clearing.touched
        while touched:
            order = touched.popleft()
            self._follow(self.list_of(order), order, at_ns=at_ns)

    def cancel(self, order_list: OrderList, request_id: str, *, at_ns: int) -> list[SimOrder]:
        """Cancel all open orders of a list; return them."""
        ended = [order for order in order_list.orders if self._clearing.is_open(order)]
        for order in ended:
            self._clearing.cancel(order, request_id, at_ns=at_ns)
        self.settle(at_ns=at_ns)
        return ended

    def list_of(self, order: SimOrder) -> OrderList:
        """Return the list that an order belongs to."""
        return self._clearing.holdings[order.account].lists[order.list_id]

    def _follow(self, order_list: OrderList, order: SimOrder, *, at_ns: int) -> None:
        is_open = self._clearing.is_open(order)
        if order is order_list.working:
            self._follow_working(order_list, order, at_ns=at_ns)
        elif order.expiry_reason != OCO_TRIGGER and (
            order.cum_quantity or order.prevented_quantity or not is_open
        ):
            self._end_sibling(order_list, order, at_ns=at_ns)
        is_over = not any(self._clearing.is_open(one) for one in order_list.orders)
        if is_over and not order_list.is_done:
            order_list.is_done = True
            del self._clearing.holdings[order_list.account].open_lists[order_list.list_id]
            order_list.updated_ns = at_ns
            self._release_proceeds(order_list, at_ns=at_ns)
            self._clearing.reports.tell(
                order_list.account, ListUpdate(at_ns, order_list.view())
            )

    def _follow_working(self, order_list: OrderList, order: SimOrder, *, at_ns: int) -> None:
        waiting = [one for one in order_list.pending if one.status == "PENDING_NEW"]
        if order_list.is_paid and order.cum_quantity and waiting:
            self._keep_proceeds(order_list, order, at_ns=at_ns)
        if not waiting or self._clearing.is_open(order):
            return
        if order.status == "FILLED":
            self._begin(order_list, waiting, at_ns=at_ns)
            return
        for one in waiting:
            self._clearing.expire(one, PHASE_ONE_EXPIRED, at_ns=at_ns)

    def _end_sibling(self, order_list: OrderList, order: SimOrder, *, at_ns: int) -> None:
        sibling = order_list.sibling(order)
        if sibling is not None and self._clearing.is_open(sibling):
            self._clearing.expire(sibling, OCO_TRIGGER, at_ns=at_ns)

    def _begin(self, order_list: OrderList, waiting: list[SimOrder], *, at_ns: int) -> None:
        """Bring the pending orders to the book, or end them with the reason."""
        if order_list.is_paid:
            self._release_proceeds(order_list, at_ns=at_ns)
        for order in waiting:
            order.status = "NEW"
            order.updated_ns = at_ns
            is_algo = order.order_type in ALGO_TYPES
            order.is_working, order.working_ns = not is_algo, 0 if is_algo else at_ns
        planned = [self._placing.plan(order, at_ns=at_ns) for order in waiting]
        for order, (_, refusal) in zip(waiting, planned, strict=True):
            if refusal is not None or not order.quantity:
                self._give_up(waiting, order, refusal, at_ns=at_ns)
                return
        if order_list.pair:
            share_lock(self._clearing, waiting)
        for order, (plan, _) in zip(waiting, planned, strict=True):
            if order.order_type not in AT_MARKET or waits(order):
                self._clearing.lock(order)
            self._clearing.reports.order(order, "NEW", at_ns=at_ns)
            self._clearing.reports.balances(self._clearing.holdings[order.account], at_ns=at_ns)
            self._placing.enter(order, plan, at_ns=at_ns)

    def _give_up(
        self, waiting: list[SimOrder], failed: SimOrder, refusal: Reject | None, *, at_ns: int
    ) -> None:
        nothing = Reject(-2010, "Price * QTY is zero or less.")
        self._placing.reject(failed, refusal or nothing, at_ns=at_ns)
        for order in waiting:
            if order is not failed:
                self._clearing.expire(order, OCO_TRIGGER, at_ns=at_ns)

    def _keep_proceeds(self, order_list: OrderList, order: SimOrder, *, at_ns: int) -> None:
        """Lock what the working order received for the pending orders.

        Source: the venue's questions on one-pays-the-other lists. A fee in the received asset
        is taken out of it.
        """
        holdings = self._clearing.holdings[order.account]
        rules = self._clearing.pairs[order.symbol].rules
        fees = sum(
            trade.fee
            for trade in takewhile(
                lambda trade: trade.at_ns >= order.created_ns,
                reversed(holdings.trades[order.symbol]),
            )
            if trade.order_id == order.order_id and trade.fee_asset == rules.base
        )
        received = order.cum_quantity - fees
        holdings.lock(-order_list.list_id, rules.base, amount=received)
        self._clearing.reports.balances(holdings, at_ns=at_ns)
        if order.status != "FILLED":
            return
        for one in order_list.pending:
            step = rules.step
            if one.order_type in AT_MARKET and rules.market_step:
                step = max(step, rules.market_step)
            quantity = received - received % step
            one.quantity = quantity if quantity >= rules.min_quantity else 0

    def _release_proceeds(self, order_list: OrderList, *, at_ns: int) -> None:
        holdings = self._clearing.holdings[order_list.account]
        held = holdings.locks.get(-order_list.list_id)
        if order_list.is_paid and held is not None:
            holdings.lock(-order_list.list_id, held[0], amount=0)
            self._clearing.reports.balances(holdings, at_ns=at_ns)


def share_lock(clearing: Clearing, pair: list[SimOrder]) -> None:
    """Let one lock pay for both orders of a pair: only one of them can ever execute."""
    key = -pair[0].list_id
    for order in pair:
        order.lock_id = key
    clearing.holdings[pair[0].account].shared[key] = list(pair)
