"""What an operator may demand of USD-M at this instant; each returns what then happened."""

from collections.abc import Callable

from holdfast.errors import UsageError
from holdfast.simexchange.futures.algos import Algos
from holdfast.simexchange.futures.clearing import Clearing
from holdfast.simexchange.futures.liquidation import (
    DELEVERAGING,
    LIQUIDATION,
    SETTLEMENT,
    Guard,
)
from holdfast.simexchange.futures.member import Member
from holdfast.simexchange.futures.requests import FuturesEmission
from holdfast.simexchange.model import SimOrder

_REASONS = {
    "TRANSFER": "DEPOSIT",
    "INTERNAL_TRANSFER": "DEPOSIT",
    "WELCOME_BONUS": "ADMIN_DEPOSIT",
    "CROSS_COLLATERAL_TRANSFER": "ADJUSTMENT",
}


class Demands:
    """Forced ends of positions, and movements of wallets that no trade explains."""

    def __init__(
        self,
        clearing: Clearing,
        guard: Guard,
        *,
        algos: Algos,
        now: Callable[[], int],
        finish: Callable[[], list[FuturesEmission]],
    ) -> None:
        self._clearing = clearing
        self._guard = guard
        self._algos = algos
        self._now = now
        self._finish = finish

    def force_liquidation(self, account: str, symbol: str) -> list[FuturesEmission]:
        """Liquidate an account's positions of a symbol, whatever their margin."""
        return self._close(account, symbol, LIQUIDATION)

    def force_adl(self, account: str, symbol: str) -> list[FuturesEmission]:
        """Close an account's positions of a symbol as deleveraging does, without a fee."""
        return self._close(account, symbol, DELEVERAGING)

    def force_trigger(self, account: str, symbol: str) -> list[FuturesEmission]:
        """Trigger an account's oldest waiting algo order of a symbol, whatever the price."""
        self._check_symbol(symbol)
        waiting = self._member(account).open_algos.values()
        algo = next((one for one in waiting if one.symbol == symbol), None)
        if algo is None:
            raise UsageError(f"{account!r} has no algo order that waits on {symbol}")
        self._algos.trigger(algo, at_ns=self._now())
        return self._finish()

    def fill(self, order: SimOrder, quantity: int) -> list[FuturesEmission]:
        """Let the market fill a resting order at its own price; nothing if it ended."""
        found = self._member(order.account).open.get(order.symbol, {}).get(order.order_id)
        if found is not None:
            self._clearing.fill_maker(found, quantity, at_ns=self._now())
        return self._finish()

    def end(self, order: SimOrder, status: str, *, reason: str = "") -> list[FuturesEmission]:
        """End an open order as the venue does by itself; nothing if it ended."""
        found = self._member(order.account).open.get(order.symbol, {}).get(order.order_id)
        if found is not None:
            self._clearing.end(found, status, at_ns=self._now(), reason=reason)
        return self._finish()

    def settle(self, symbol: str) -> list[FuturesEmission]:
        """Delist a symbol: cancel all its orders, close all its positions at the mark price."""
        self._check_symbol(symbol)
        at_ns = self._now()
        for member in self._clearing.members.values():
            for order in list(member.open.get(symbol, {}).values()):
                self._clearing.end(order, "CANCELED", at_ns=at_ns, reason="DELISTING")
            self._close_all(member, symbol, SETTLEMENT)
        return self._finish()

    def move_wallet(
        self, account: str, asset: str, *, amount: int, kind: str = "TRANSFER"
    ) -> list[FuturesEmission]:
        """Add a signed amount to a wallet; income of `kind` and an ACCOUNT_UPDATE tell it."""
        member = self._member(account)
        wallet = member.wallet(asset)
        if wallet.balance + amount < 0:
            raise UsageError(f"wallet {asset} of {account!r} would fall below zero")
        at_ns = self._now()
        wallet.balance += amount
        moved = self._clearing.totals.moved
        moved[asset] = moved.get(asset, 0) + amount
        reason = _REASONS.get(kind, "ADJUSTMENT")
        if reason == "DEPOSIT" and amount < 0:
            reason = "WITHDRAW"
        reports = self._clearing.reports
        reports.book(
            member, kind, symbol="", asset=asset, amount=amount, at_ns=at_ns, info=kind
        )
        reports.margin(member, reason, at_ns=at_ns, changes={asset: amount})
        for stake in list(member.stakes.values()):
            self._guard.check(member, stake, at_ns=at_ns)
        return self._finish()

    def _close(self, account: str, symbol: str, prefix: str) -> list[FuturesEmission]:
        self._check_symbol(symbol)
        self._close_all(self._member(account), symbol, prefix)
        return self._finish()

    def _close_all(self, member: Member, symbol: str, prefix: str) -> None:
        stake = member.stake(self._clearing.contracts[symbol])
        for position in stake.held():
            self._guard.close(
                member, stake, position=position, prefix=prefix, at_ns=self._now()
            )

    def _check_symbol(self, symbol: str) -> None:
        contract = self._clearing.contracts.get(symbol)
        if contract is None:
            known = ", ".join(sorted(self._clearing.contracts)) or "none"
            raise UsageError(f"{symbol!r} is no USD-M symbol here; there is {known}")

    def _member(self, account: str) -> Member:
        member = self._clearing.members.get(account)
        if member is None:
            known = ", ".join(sorted(self._clearing.members))
            raise UsageError(f"no account {account!r}; there is {known}")
        return member
