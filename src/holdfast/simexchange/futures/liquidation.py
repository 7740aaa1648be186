"""What the venue does to positions by itself: liquidation, deleveraging, settlement, funding.

Its orders close a position whole, at the mark price rounded to the tick, against the insurance
fund, which also fills up a wallet that would end below zero.
"""

from holdfast.simexchange.assumptions import LiquidationAssumptions
from holdfast.simexchange.futures.admission import Admission
from holdfast.simexchange.futures.clearing import Clearing
from holdfast.simexchange.futures.member import Member
from holdfast.simexchange.futures.model import (
    FundingPoint,
    FuturesOrder,
    MarginCall,
)
from holdfast.simexchange.futures.position import Position, Stake
from holdfast.simexchange.numbers import E8

LIQUIDATION, DELEVERAGING, SETTLEMENT = "autoclose-", "adl_autoclose", "settlement_autoclose-"


class Guard:
    """The venue's own hand on margin."""

    def __init__(
        self, clearing: Clearing, admission: Admission, assumed: LiquidationAssumptions
    ) -> None:
        self._clearing = clearing
        self._admission = admission
        self._assumed = assumed

    def revalue(self, symbol: str, *, at_ns: int) -> None:
        """Value the open positions of a symbol at its new mark, and liquidate what is short."""
        exposed = self._clearing.exposed[symbol]
        if not exposed:
            return
        mark = self._clearing.marks[symbol].mark
        for member in list(exposed.values()):
            stake = member.stakes[symbol]
            for position in stake.held():
                member.revalue(stake, position, mark=mark)
        for member in list(exposed.values()):
            self.check(member, member.stakes[symbol], at_ns=at_ns)

    def check(self, member: Member, stake: Stake, *, at_ns: int) -> None:
        """Liquidate, or warn of it, where a stake's margin does not suffice."""
        if stake.margin_type == "isolated":
            for position in stake.held():
                margin = position.isolated_wallet + position.unrealized
                if margin < position.maintenance:
                    self._cancel(member, [stake], at_ns=at_ns)
                    self.close(
                        member, stake, position=position, prefix=LIQUIDATION, at_ns=at_ns
                    )
                else:
                    self._warn_isolated(member, stake, position, at_ns=at_ns)
            return
        wallet = member.wallet(stake.contract.margin_asset)
        if wallet.is_short_of_margin:
            self._liquidate_cross(member, wallet.asset, at_ns=at_ns)
            return
        called = wallet.maintenance * E8 >= (wallet.cross + wallet.unrealized) * int(
            self._assumed.call_at
        )
        if called and wallet.maintenance and not wallet.warned:
            shown = [
                self._clearing.reports.shown(member, one, position=position)
                for one in self._cross_stakes(member, wallet.asset)
                for position in one.held()
            ]
            fact = MarginCall(at_ns, wallet.cross, shown)
            self._clearing.reports.tell(member.spec.name, fact)
        wallet.warned = called and wallet.maintenance > 0

    def close(
        self, member: Member, stake: Stake, *, position: Position, prefix: str, at_ns: int
    ) -> None:
        """Close a position by an order of the venue; nothing of it is left."""
        contract = stake.contract
        order = self._order(member, stake, position, prefix=prefix, at_ns=at_ns)
        fee_rate = contract.liquidation_fee if prefix == LIQUIDATION else 0
        margin_before = self._margin(member, stake, position, order.price)
        self._clearing.accept(order)
        due = order.price * order.quantity // E8 * fee_rate // E8
        fee = min(due, max(0, margin_before))
        self._clearing.take_over(order, at_ns=at_ns)
        self._clear(member, stake, -fee, at_ns=at_ns)
        self._insure(member, stake, left=margin_before - fee, at_ns=at_ns)
        if prefix == LIQUIDATION:
            self._clearing.reports.liquidated(order, at_ns=at_ns)

    def fund(self, point: FundingPoint) -> None:
        """Pay funding on all open positions of a symbol, then see who can still stand it."""
        clearing = self._clearing
        for member in list(clearing.exposed[point.symbol].values()):
            stake = member.stakes[point.symbol]
            for position in stake.held():
                self._pay_funding(member, stake, position, point)
        for member in list(clearing.exposed[point.symbol].values()):
            self.check(member, member.stakes[point.symbol], at_ns=point.at_ns)

    def _pay_funding(
        self, member: Member, stake: Stake, position: Position, point: FundingPoint
    ) -> None:
        signed = position.quantity * point.mark // E8
        amount = -signed * point.rate // E8
        asset = stake.contract.margin_asset
        is_isolated = stake.margin_type == "isolated"
        member.wallet(asset).balance += amount
        if is_isolated:
            member.set_isolated(stake, position, amount=position.isolated_wallet + amount)
        position.carried += amount
        pool = self._clearing.totals.funding
        pool[asset] = pool.get(asset, 0) - amount
        reports = self._clearing.reports
        reports.book(
            member,
            "FUNDING_FEE",
            symbol=point.symbol,
            asset=asset,
            amount=amount,
            at_ns=point.at_ns,
            info="FUNDING_FEE",
        )
        reports.margin(
            member,
            "FUNDING_FEE",
            at_ns=point.at_ns,
            changes={asset: amount},
            held=[(stake, position)] if is_isolated else [],
        )

    def _liquidate_cross(self, member: Member, asset: str, *, at_ns: int) -> None:
        wallet = member.wallet(asset)
        stakes = self._cross_stakes(member, asset)
        self._cancel(member, stakes, at_ns=at_ns)
        while wallet.is_short_of_margin:
            held = [(stake, position) for stake in stakes for position in stake.held()]
            stake, position = max(held, key=lambda one: one[1].maintenance)
            self.close(member, stake, position=position, prefix=LIQUIDATION, at_ns=at_ns)

    def _cancel(self, member: Member, stakes: list[Stake], *, at_ns: int) -> None:
        for stake in stakes:
            for order in list(member.open.get(stake.contract.symbol, {}).values()):
                self._clearing.end(order, "CANCELED", at_ns=at_ns, reason="LIQUIDATION")

    def _cross_stakes(self, member: Member, asset: str) -> list[Stake]:
        return [
            stake
            for stake in member.stakes.values()
            if stake.margin_type == "cross" and stake.contract.margin_asset == asset
        ]

    def _margin(self, member: Member, stake: Stake, position: Position, price: int) -> int:
        """Return what is left of a position's margin once it is closed at a price."""
        gain = price * abs(position.quantity) // E8 - position.entry_value
        profit = gain if position.quantity > 0 else -gain
        if stake.margin_type == "isolated":
            return position.isolated_wallet + profit
        wallet = member.wallet(stake.contract.margin_asset)
        return wallet.cross + wallet.unrealized - position.unrealized + profit

    def _insure(self, member: Member, stake: Stake, *, left: int, at_ns: int) -> None:
        """Fill a wallet up to zero; of cross margin only when its last position is closed."""
        wallet = member.wallet(stake.contract.margin_asset)
        lacking = -left
        if stake.margin_type == "cross":
            lacking = 0 if wallet.maintenance else -wallet.cross
        self._clear(member, stake, max(0, lacking), at_ns=at_ns)

    def _clear(self, member: Member, stake: Stake, amount: int, *, at_ns: int) -> None:
        """Move an amount between a wallet and the insurance fund."""
        if not amount:
            return
        asset = stake.contract.margin_asset
        member.wallet(asset).balance += amount
        fund = self._clearing.totals.insurance
        fund[asset] = fund.get(asset, 0) - amount
        reports = self._clearing.reports
        reports.book(
            member,
            "INSURANCE_CLEAR",
            symbol=stake.contract.symbol,
            asset=asset,
            amount=amount,
            at_ns=at_ns,
            info="INSURANCE_CLEAR",
        )
        reports.margin(member, "INSURANCE_CLEAR", at_ns=at_ns, changes={asset: amount})

    def _order(
        self, member: Member, stake: Stake, position: Position, *, prefix: str, at_ns: int
    ) -> FuturesOrder:
        order_id = self._admission.next_order_id()
        symbol, tick = stake.contract.symbol, stake.contract.rules.tick
        mark = self._clearing.marks[symbol].mark
        is_long = position.quantity > 0
        down = mark - mark % tick
        price = down if is_long or down == mark else down + tick
        return FuturesOrder(
            account=member.spec.name,
            symbol=symbol,
            order_id=order_id,
            client_order_id=f"{prefix}{order_id}" if prefix.endswith("-") else prefix,
            side="SELL" if is_long else "BUY",
            order_type="LIQUIDATION",
            time_in_force="IOC",
            quantity=abs(position.quantity),
            quote_quantity=0,
            price=max(tick, price),
            stp_mode="NONE",
            created_ns=at_ns,
            updated_ns=at_ns,
            working_ns=at_ns,
            position_side=position.side,
            reduce_only=True,
            original_type="LIQUIDATION",
        )

    def _warn_isolated(
        self, member: Member, stake: Stake, position: Position, *, at_ns: int
    ) -> None:
        margin = position.isolated_wallet + position.unrealized
        called = position.maintenance * E8 >= margin * int(self._assumed.call_at)
        if called and not stake.warned:
            shown = [self._clearing.reports.shown(member, stake, position=position)]
            self._clearing.reports.tell(member.spec.name, MarginCall(at_ns, 0, shown))
        stake.warned = called
