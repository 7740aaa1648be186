"""What an account may change: leverage, margin type, position mode, isolated margin.

A refusal has no effect; what is already as wanted is refused as the venue refuses it.
"""

from holdfast.simexchange.futures import filters
from holdfast.simexchange.futures.clearing import Clearing
from holdfast.simexchange.futures.contracts import max_notional
from holdfast.simexchange.futures.model import ConfigUpdate, PositionSide
from holdfast.simexchange.futures.position import Stake
from holdfast.simexchange.futures.requests import (
    AdjustMargin,
    Changed,
    LeverageSet,
    SetLeverage,
    SetMarginType,
    SetMultiAssets,
    SetPositionMode,
)
from holdfast.simexchange.model import Reject


class Settings:
    """Changes of one account's settings."""

    def __init__(self, clearing: Clearing) -> None:
        self._clearing = clearing

    def leverage(
        self, account: str, request: SetLeverage, *, at_ns: int
    ) -> LeverageSet | Reject:
        """Change a symbol's leverage, with or without a position."""
        contract = self._clearing.contracts.get(request.symbol)
        if contract is None:
            return filters.INVALID_SYMBOL
        if not 1 <= request.leverage <= contract.max_leverage:
            return filters.BAD_LEVERAGE
        stake = self._clearing.stake(account, request.symbol)
        allowed = max_notional(contract, request.leverage)
        exposure = stake.exposure()
        if exposure > allowed:
            return filters.POSITION_LIMIT
        falls = request.leverage < stake.leverage
        if falls and stake.margin_type == "isolated" and not stake.is_flat:
            return filters.ISOLATED_LEVERAGE
        member = self._clearing.members[account]
        more = exposure // request.leverage - exposure // stake.leverage
        if falls and more > member.wallet(contract.margin_asset).available:
            return filters.LEVERAGE_TOO_SMALL
        stake.leverage = request.leverage
        self._revalue(account, stake)
        fact = ConfigUpdate(at_ns=at_ns, symbol=request.symbol, leverage=request.leverage)
        self._clearing.reports.tell(account, fact)
        return LeverageSet(request.symbol, request.leverage, allowed)

    def margin_type(
        self, account: str, request: SetMarginType, *, at_ns: int
    ) -> Changed | Reject:
        """Change a symbol between cross and isolated, while nothing of it is open."""
        if request.symbol not in self._clearing.contracts:
            return filters.INVALID_SYMBOL
        stake = self._clearing.stake(account, request.symbol)
        member = self._clearing.members[account]
        if stake.margin_type == request.margin_type:
            return filters.SAME_MARGIN_TYPE
        if member.open.get(request.symbol):
            return filters.MARGIN_TYPE_ORDERS
        if not stake.is_flat:
            return filters.MARGIN_TYPE_POSITION
        stake.margin_type = request.margin_type
        self._clearing.reports.margin(
            member,
            "MARGIN_TYPE_CHANGE",
            at_ns=at_ns,
            changes={},
            held=[(stake, position) for position in stake.shown()],
        )
        return Changed()

    def adjust(self, account: str, request: AdjustMargin, *, at_ns: int) -> Changed | Reject:
        """Move margin between the cross wallet and an isolated position."""
        contract = self._clearing.contracts.get(request.symbol)
        if contract is None:
            return filters.INVALID_SYMBOL
        member = self._clearing.members[account]
        stake = self._clearing.stake(account, request.symbol)
        side = _side(request.position_side, is_hedge=member.is_hedge)
        if side is None:
            return filters.WRONG_POSITION_SIDE
        position = stake.positions[side]
        if not position.quantity:
            return filters.NO_POSITION
        if stake.margin_type != "isolated":
            return filters.ONLY_ISOLATED
        if not request.amount:
            return filters.invalid("amount")
        wallet = member.wallet(contract.margin_asset)
        if request.amount > wallet.available:
            return filters.CROSS_SHORT
        spare = position.isolated_wallet + min(0, position.unrealized) - position.margin
        if -request.amount > max(0, spare):
            return filters.ISOLATED_SHORT
        member.set_isolated(stake, position, amount=position.isolated_wallet + request.amount)
        self._clearing.reports.margin(
            member,
            "MARGIN_TRANSFER",
            at_ns=at_ns,
            changes={wallet.asset: 0},
            held=[(stake, position)],
        )
        return Changed(request.amount)

    def position_mode(
        self, account: str, request: SetPositionMode, *, at_ns: int
    ) -> Changed | Reject:
        """Change between one-way and hedge mode, while nothing at all is open."""
        del at_ns
        member = self._clearing.members[account]
        if member.is_hedge == request.is_hedge:
            return filters.SAME_POSITION_MODE
        if member.open_algos or any(member.open.values()):
            return filters.MODE_ORDERS
        if not all(stake.is_flat for stake in member.stakes.values()):
            return filters.MODE_POSITION
        member.is_hedge = request.is_hedge
        for stake in member.stakes.values():
            stake.is_hedge = request.is_hedge
        return Changed()

    def multi_assets(
        self, account: str, request: SetMultiAssets, *, at_ns: int
    ) -> Changed | Reject:
        """Refuse: margin is of a single asset here."""
        del account, at_ns
        return filters.NO_MULTI_ASSETS if request.is_multi else filters.SAME_MULTI_ASSETS

    def _revalue(self, account: str, stake: Stake) -> None:
        member = self._clearing.members[account]
        mark = self._clearing.marks[stake.contract.symbol].mark
        for position in stake.positions.values():
            member.revalue(stake, position, mark=mark)


def _side(named: str, *, is_hedge: bool) -> PositionSide | None:
    if not is_hedge:
        return "BOTH" if named in ("", "BOTH") else None
    if named == "LONG":
        return "LONG"
    return "SHORT" if named == "SHORT" else None
