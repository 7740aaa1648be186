"""Book what happens to positions, wallets and orders of USD-M.

Money is conserved: what an account gains, the recorded market, another account, the fees, the
funding pool or the insurance fund loses (`Totals`). A position is changed nowhere else.
"""

import msgspec

from holdfast.simexchange.assumptions import FeeAssumptions
from holdfast.simexchange.clearing import FIRST_TRADE_ID
from holdfast.simexchange.fees import Fee, Traded, fee_of, rates
from holdfast.simexchange.futures.marks import Marks
from holdfast.simexchange.futures.member import Member
from holdfast.simexchange.futures.model import ContractRules, FuturesOrder, FuturesTrade
from holdfast.simexchange.futures.position import Position, Stake, opens
from holdfast.simexchange.futures.reports import Reports
from holdfast.simexchange.matching import Plan, notional
from holdfast.simexchange.model import SimOrder, SymbolRules
from holdfast.simexchange.pair import Pair

LIVE = ("NEW", "PARTIALLY_FILLED")


class Totals:
    """What stands on the other side of the accounts, by asset or by symbol."""

    def __init__(self) -> None:
        self.fees: dict[str, int] = {}
        self.funding: dict[str, int] = {}
        self.insurance: dict[str, int] = {}
        self.moved: dict[str, int] = {}
        self.market_quantity: dict[str, int] = {}
        self.market_value: dict[str, int] = {}

    def face(self, symbol: str, signed: int, *, value: int) -> None:
        """Take the other side of an execution."""
        self.market_quantity[symbol] = self.market_quantity.get(symbol, 0) - signed
        paid = value if signed > 0 else -value
        self.market_value[symbol] = self.market_value.get(symbol, 0) + paid


class Clearing:
    """Executions, wallets and orders of all accounts."""

    def __init__(
        self,
        contracts: dict[str, ContractRules],
        pairs: dict[str, Pair],
        *,
        members: dict[str, Member],
        marks: dict[str, Marks],
        fees: FeeAssumptions,
    ) -> None:
        self.contracts = contracts
        self.pairs = pairs
        self.members = members
        self.marks = marks
        self.totals = Totals()
        self.reports = Reports(members, marks)
        self.exposed: dict[str, dict[str, Member]] = {name: {} for name in contracts}
        self.ended_algos: list[FuturesOrder] = []
        self._fees = fees
        self._trade_id = FIRST_TRADE_ID

    def rates(self, account: str, rules: SymbolRules) -> tuple[int, int]:
        """Return an account's maker and taker rate for a symbol."""
        spec = self.members[account].spec
        return rates(self._fees, rules, own=(spec.maker_rate, spec.taker_rate))

    def stake(self, account: str, symbol: str) -> Stake:
        """Return what an account holds of a symbol."""
        return self.members[account].stake(self.contracts[symbol])

    def accept(self, order: FuturesOrder) -> None:
        """Book a new order and report it."""
        member = self.members[order.account]
        member.orders.setdefault(order.symbol, {})[order.order_id] = order
        member.open.setdefault(order.symbol, {})[order.order_id] = order
        member.by_client_id[order.symbol, order.client_order_id] = order
        self.reserve(order)
        self.reports.order(order, "NEW", at_ns=order.created_ns)

    def rest(self, order: FuturesOrder) -> None:
        """Put an order into the queue of its price."""
        order.is_working = True
        self.pairs[order.symbol].rest(order)

    def leave(self, order: FuturesOrder) -> None:
        """Take an order out of its queue, if it stands in one."""
        if order.is_working:
            self.pairs[order.symbol].leave(order)
        order.is_working = False

    def take(self, order: FuturesOrder, plan: Plan, *, at_ns: int) -> list[FuturesTrade]:
        """Carry a taker's plan out, as far as reducing orders still reduce."""
        pair = self.pairs[order.symbol]
        fills: list[FuturesTrade] = []
        for step in plan.steps:
            maker = None if step.maker is None else own(step.maker.order)
            if order.status not in LIVE or (maker is not None and maker.status not in LIVE):
                continue
            if step.kind == "prevent" and maker is not None:
                self._prevent(order, maker, step.quantity, at_ns=at_ns)
                continue
            quantity = min(step.quantity, self.room(order))
            if maker is not None:
                quantity = min(quantity, self.room(maker))
            if quantity <= 0:
                continue
            trade_id = self._next_trade_id()
            if maker is None:
                signed = _signed(order, quantity)
                self.totals.face(order.symbol, signed, value=notional(step.price, quantity))
                pair.book.consume(step.price, quantity, is_bid=order.side == "SELL")
                pair.opposite(order).taken(step.price, quantity)
            fills.append(self._execute(order, step.price, quantity, trade_id, at_ns=at_ns))
            if maker is not None:
                self._execute(maker, step.price, quantity, trade_id, at_ns=at_ns, is_maker=True)
                self._settle_makers(order.symbol, maker, at_ns=at_ns)
        return fills

    def fill_maker(self, order: FuturesOrder, quantity: int, *, at_ns: int) -> None:
        """Book what the recorded market filled of a resting order, at the order's price."""
        quantity = min(quantity, self.room(order))
        if order.status not in LIVE or quantity <= 0:
            return
        self.totals.face(
            order.symbol, _signed(order, quantity), value=notional(order.price, quantity)
        )
        trade_id = self._next_trade_id()
        self._execute(order, order.price, quantity, trade_id, at_ns=at_ns, is_maker=True)
        self._settle_makers(order.symbol, order, at_ns=at_ns)

    def take_over(self, order: FuturesOrder, *, at_ns: int) -> None:
        """Execute an order of the venue whole against the fund, at its price (CALCULATED)."""
        quantity, trade_id = order.quantity, self._next_trade_id()
        value = notional(order.price, quantity)
        self.totals.face(order.symbol, _signed(order, quantity), value=value)
        self._execute(order, order.price, quantity, trade_id, at_ns=at_ns, is_ours=False)
        self.settle_taker(order, at_ns=at_ns)

    def settle_taker(self, order: FuturesOrder, *, at_ns: int) -> None:
        """Close a taker that was filled at once, and the reducing orders that it left idle."""
        if order.status == "FILLED":
            self._close(order)
        self._drop_idle(order.account, order.symbol, at_ns=at_ns)

    def room(self, order: FuturesOrder) -> int:
        """Return how much of an order may execute: a reducing one, at most its position."""
        if opens(order):
            return order.leaves_quantity
        position = self.stake(order.account, order.symbol).positions[order.position_side]
        return min(order.leaves_quantity, position.reducible(order.side))

    def reserve(self, order: FuturesOrder) -> None:
        """Take the margin of what is left of a limit order that may open."""
        member = self.members[order.account]
        stake = member.stake(self.contracts[order.symbol])
        is_held = order.status in LIVE and order.order_type == "LIMIT" and opens(order)
        stake.reserve(order, notional(order.price, order.leaves_quantity) if is_held else 0)
        member.recount_orders(stake)

    def end(self, order: FuturesOrder, status: str, *, at_ns: int, reason: str = "") -> None:
        """Cancel or expire what is left of an order and report it."""
        order.status = status
        order.expiry_reason = reason
        order.updated_ns = at_ns
        self._close(order)
        kind = "CANCELED" if status == "CANCELED" else "EXPIRED"
        self.reports.order(order, kind, at_ns=at_ns, reason=reason)

    def _drop_idle(self, account: str, symbol: str, *, at_ns: int) -> None:
        """Expire the resting orders that could only reduce what is no longer there."""
        open_orders = self.members[account].open.get(symbol, {})
        idle = [
            order
            for order in open_orders.values()
            if order.is_working and not opens(order) and not self.room(order)
        ]
        for order in idle:
            self.end(order, "EXPIRED", at_ns=at_ns, reason="REDUCE_ONLY")

    def _execute(
        self,
        order: FuturesOrder,
        price: int,
        quantity: int,
        trade_id: int,
        *,
        at_ns: int,
        is_maker: bool = False,
        is_ours: bool = True,
    ) -> FuturesTrade:
        member = self.members[order.account]
        stake = member.stake(self.contracts[order.symbol])
        wallet = member.wallet(stake.contract.margin_asset)
        value = notional(price, quantity)
        order.cum_quantity += quantity
        order.cum_quote += value
        order.updated_ns = at_ns
        order.status = "PARTIALLY_FILLED" if order.leaves_quantity else "FILLED"
        position = stake.positions[order.position_side]
        realized = self._move(member, stake, position, _signed(order, quantity), value)
        position.updated_ns = at_ns
        order.realized += realized
        wallet.balance += realized
        self.reserve(order)
        rate = self.rates(order.account, stake.contract.rules)[0 if is_maker else 1]
        fee = self._fee(member, order, quantity, value, rate if is_ours else 0)
        self.totals.fees[fee.asset] = self.totals.fees.get(fee.asset, 0) + fee.amount
        member.wallet(fee.asset).balance -= fee.amount
        position.carried -= fee.amount if fee.asset == wallet.asset else 0
        trade = _trade(order, price, quantity, fee=fee, realized=realized)
        trade = msgspec.structs.replace(
            trade, trade_id=trade_id, is_maker=is_maker, realized_asset=wallet.asset
        )
        self._note(member, stake, position, trade)
        kind = "TRADE" if is_ours else "CALCULATED"
        self.reports.order(order, kind, at_ns=at_ns, trade=trade)
        return trade

    def _note(
        self, member: Member, stake: Stake, position: Position, trade: FuturesTrade
    ) -> None:
        member.trades.setdefault(trade.symbol, []).append(trade)
        for kind, asset, amount in (
            ("REALIZED_PNL", trade.realized_asset, trade.realized),
            ("COMMISSION", trade.fee_asset, -trade.fee),
        ):
            self.reports.book(
                member,
                kind,
                symbol=trade.symbol,
                asset=asset,
                amount=amount,
                at_ns=trade.at_ns,
                info=str(trade.trade_id),
                trade_id=trade.trade_id,
            )
        changes = {trade.realized_asset: 0}
        if trade.fee:
            changes[trade.fee_asset] = 0
        self.reports.margin(
            member, "ORDER", at_ns=trade.at_ns, changes=changes, held=[(stake, position)]
        )

    def _move(
        self, member: Member, stake: Stake, position: Position, signed: int, value: int
    ) -> int:
        """Change a position and its part of the isolated wallet; return what it realizes."""
        symbol = stake.contract.symbol
        held = position.quantity
        realized = position.add(signed, value)
        if stake.margin_type == "isolated":
            self._move_isolated(member, stake, position, held=held, signed=signed, value=value)
        member.revalue(stake, position, mark=self.marks[symbol].mark)
        if stake.is_flat:
            self.exposed[symbol].pop(member.spec.name, None)
            stake.warned = False
        else:
            self.exposed[symbol][member.spec.name] = member
        return realized

    def _move_isolated(
        self,
        member: Member,
        stake: Stake,
        position: Position,
        *,
        held: int,
        signed: int,
        value: int,
    ) -> None:
        is_opening = not held or (held > 0) == (signed > 0)
        kept, opened = position.isolated_wallet, value
        if not is_opening:
            closed = min(abs(signed), abs(held))
            kept -= kept * closed // abs(held)
            opened = value - value * closed // abs(signed)
        if not position.quantity:
            kept = opened = 0
        member.set_isolated(stake, position, amount=kept + opened // stake.leverage)

    def _fee(
        self, member: Member, order: FuturesOrder, quantity: int, value: int, rate: int
    ) -> Fee:
        discount = self._fees.discount.asset
        held = member.wallets.get(discount)
        return fee_of(
            self._fees,
            self.contracts[order.symbol].rules,
            traded=Traded(order.side == "BUY", quantity, value),
            rate=rate,
            discount_free=held.cross if held is not None else 0,
        )

    def _settle_makers(self, symbol: str, maker: FuturesOrder, *, at_ns: int) -> None:
        if maker.status == "FILLED":
            self._close(maker)
        self._drop_idle(maker.account, symbol, at_ns=at_ns)

    def _close(self, order: FuturesOrder) -> None:
        self.leave(order)
        self.members[order.account].open[order.symbol].pop(order.order_id, None)
        self.reserve(order)
        if order.algo_id:
            self.ended_algos.append(order)

    def _prevent(
        self, taker: FuturesOrder, maker: FuturesOrder, quantity: int, *, at_ns: int
    ) -> None:
        ends = {
            "EXPIRE_MAKER": (maker,),
            "EXPIRE_TAKER": (taker,),
            "EXPIRE_BOTH": (maker, taker),
        }[taker.stp_mode]
        for order in ends:
            order.prevented_quantity += quantity
            self.end(order, "EXPIRED_IN_MATCH", at_ns=at_ns, reason="SELF_TRADE")

    def _next_trade_id(self) -> int:
        trade_id = self._trade_id
        self._trade_id += 1
        return trade_id


def own(order: SimOrder) -> FuturesOrder:
    """Return an order out of a queue of USD-M as what it is."""
    assert isinstance(order, FuturesOrder), "the queues of USD-M hold its orders alone"
    return order


def _signed(order: FuturesOrder, quantity: int) -> int:
    return quantity if order.side == "BUY" else -quantity


def _trade(
    order: FuturesOrder, price: int, quantity: int, *, fee: Fee, realized: int
) -> FuturesTrade:
    return FuturesTrade(
        account=order.account,
        symbol=order.symbol,
        trade_id=0,
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        side=order.side,
        price=price,
        quantity=quantity,
        quote_quantity=notional(price, quantity),
        fee=fee.amount,
        fee_asset=fee.asset,
        is_maker=False,
        at_ns=order.updated_ns,
        position_side=order.position_side,
        realized=realized,
    )
