"""What the venue's own people do to it while it runs; no client can ask for any of it.

Faults and tests act through here: rules and status of a symbol, money that comes and goes,
locks of other systems, a reference price set by hand.
"""

from typing import Any

import msgspec

from holdfast.simexchange.admission import Admission
from holdfast.simexchange.clearing import Clearing
from holdfast.simexchange.model import Emission, SymbolRules
from holdfast.simexchange.quotas import HouseRules
from holdfast.simexchange.requests import BalanceShift

EXTERNAL = 0
"""The lock of an external system; orders are numbered from 1."""


class Operator:
    """The switches behind the counter."""

    def __init__(
        self, symbols: dict[str, SymbolRules], clearing: Clearing, admission: Admission
    ) -> None:
        self._symbols = symbols
        self._clearing = clearing
        self._admission = admission

    def change_rules(self, symbol: str, **changes: Any) -> None:
        """Change fields of a symbol's rules; orders that are open stay as they are."""
        pair = self._clearing.pairs[symbol]
        changed = msgspec.structs.replace(pair.rules, **changes)
        pair.rules = self._symbols[symbol] = changed
        pair.book.step = changed.step

    def limit_accounts(self, house: HouseRules) -> None:
        """Set the limits that an account has over all symbols."""
        self._admission.house = house

    @property
    def house(self) -> HouseRules:
        """Return the limits that an account has over all symbols."""
        return self._admission.house

    def set_reference_price(self, symbol: str, price: int | None) -> None:
        """Set a symbol's reference price by hand; None leaves it without one."""
        self._clearing.pairs[symbol].reference.set(price)

    def deposit(self, account: str, asset: str, amount: int, *, at_ns: int) -> list[Emission]:
        """Bring money in, or with a negative amount out (never more than is free)."""
        holdings = self._clearing.holdings[account]
        amount = max(amount, -holdings.free.get(asset, 0))
        holdings.add(asset, amount)
        self._clearing.market[asset] = self._clearing.market.get(asset, 0) - amount
        shift = BalanceShift(at_ns, "balanceUpdate", asset, amount)
        self._clearing.tell(account, shift)
        self._clearing.report_balances(holdings, at_ns=at_ns)
        return self._clearing.drain()

    def lock_externally(
        self, account: str, asset: str, amount: int, *, at_ns: int
    ) -> list[Emission]:
        """Set what another system of the venue locks of an asset; 0 gives it back."""
        holdings = self._clearing.holdings[account]
        held_asset, held = holdings.locks.get(EXTERNAL, (asset, 0))
        if held_asset != asset:
            holdings.lock(EXTERNAL, held_asset, amount=0)
            held = 0
        amount = min(amount, held + holdings.free.get(asset, 0))
        holdings.lock(EXTERNAL, asset, amount=amount)
        shift = BalanceShift(at_ns, "externalLockUpdate", asset, amount - held)
        self._clearing.tell(account, shift)
        self._clearing.report_balances(holdings, at_ns=at_ns)
        return self._clearing.drain()
