"""What is told and noted of USD-M: the accounts' facts in order, and their income."""

import copy
from collections.abc import Mapping, Sequence

from holdfast.simexchange.futures.marks import Marks
from holdfast.simexchange.futures.member import Member
from holdfast.simexchange.futures.model import (
    AlgoOrder,
    AlgoUpdate,
    ForcedOrder,
    FuturesEvent,
    FuturesFact,
    FuturesOrder,
    FuturesOrderUpdate,
    FuturesTrade,
    Income,
    Liquidated,
    MarginUpdate,
    PositionView,
    WalletChange,
)
from holdfast.simexchange.futures.position import Position, Stake
from holdfast.simexchange.futures.requests import FuturesEmission
from holdfast.simexchange.futures.views import position_view


class Reports:
    """Emissions since the last drain, and the numbers of income."""

    def __init__(self, members: Mapping[str, Member], marks: Mapping[str, Marks]) -> None:
        self.out: list[FuturesEmission] = []
        self._members = members
        self._marks = marks
        self._tran_id = 1

    def drain(self) -> list[FuturesEmission]:
        """Hand out what was reported since the last drain."""
        out = self.out
        self.out = []
        return out

    def tell(self, account: str, fact: FuturesFact) -> None:
        """Report a fact to an account."""
        self.out.append(FuturesEvent(account, fact))

    def order(
        self,
        order: FuturesOrder,
        kind: str,
        *,
        at_ns: int,
        trade: FuturesTrade | None = None,
        reason: str = "",
    ) -> None:
        """Report an execution of an order."""
        stake = self._members[order.account].stakes[order.symbol]
        update = FuturesOrderUpdate(
            at_ns=at_ns,
            execution_type=kind,
            order=copy.copy(order),
            trade=trade,
            bid_notional=stake.bids,
            ask_notional=stake.asks,
            expire_reason=reason,
        )
        self.tell(order.account, update)

    def liquidated(self, order: FuturesOrder, *, at_ns: int) -> None:
        """Make a liquidation public."""
        self.out.append(Liquidated(ForcedOrder(at_ns, copy.copy(order))))

    def algo(self, algo: AlgoOrder, *, at_ns: int) -> None:
        """Report a change of a conditional order."""
        algo.updated_ns = at_ns
        self.tell(algo.account, AlgoUpdate(at_ns, copy.copy(algo)))

    def margin(
        self,
        member: Member,
        reason: str,
        *,
        at_ns: int,
        changes: Mapping[str, int],
        held: Sequence[tuple[Stake, Position]] = (),
    ) -> None:
        """Report wallets (asset to change beside profit and fees) and positions."""
        balances = []
        for asset, change in changes.items():
            wallet = member.wallet(asset)
            wallet.updated_ns = at_ns
            balances.append(WalletChange(asset, wallet.balance, wallet.cross, change))
        update = MarginUpdate(
            at_ns=at_ns,
            reason=reason,
            balances=balances,
            positions=[
                self.shown(member, stake, position=position) for stake, position in held
            ],
        )
        self.tell(member.spec.name, update)

    def shown(self, member: Member, stake: Stake, *, position: Position) -> PositionView:
        """Show a position at the present mark."""
        mark = self._marks[stake.contract.symbol].mark
        return position_view(member, stake, position=position, mark=mark)

    def book(
        self,
        member: Member,
        kind: str,
        *,
        symbol: str,
        asset: str,
        amount: int,
        at_ns: int,
        info: str = "",
        trade_id: int = 0,
    ) -> None:
        """Note a movement of a wallet; nothing is noted of nothing."""
        if not amount:
            return
        income = Income(
            tran_id=self._tran_id,
            kind=kind,
            symbol=symbol,
            asset=asset,
            amount=amount,
            info=info,
            trade_id=trade_id,
            at_ns=at_ns,
        )
        self._tran_id += 1
        member.income.append(income)
