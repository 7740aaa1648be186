"""What the venue's own people do to it while it runs; no client can ask for any of it.

Faults and tests act through here: rules and status of a symbol, money that comes and goes,
locks of other systems, a reference price set by hand, orders that the venue fills or ends. What
became of an order is handed out by `Exchange.settle`.
"""

import copy
from typing import Any

import msgspec

from holdfast.simexchange.admission import Admission
from holdfast.simexchange.clearing import Clearing
from holdfast.simexchange.matching import Step
from holdfast.simexchange.model import Emission, SimOrder, SymbolRules
from holdfast.simexchange.pair import MakerFill
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

    def deposit(self, account: str, asset: str, *, amount: int, at_ns: int) -> list[Emission]:
        """Bring money in, or with a negative amount out (never more than is free)."""
        holdings = self._clearing.holdings[account]
        amount = max(amount, -holdings.free.get(asset, 0))
        holdings.add(asset, amount)
        self._clearing.market[asset] = self._clearing.market.get(asset, 0) - amount
        shift = BalanceShift(at_ns, "balanceUpdate", asset, amount)
        self._clearing.reports.tell(account, shift)
        self._clearing.reports.balances(holdings, at_ns=at_ns)
        return self._clearing.drain()

    def lock_externally(
        self, account: str, asset: str, *, amount: int, at_ns: int
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
        self._clearing.reports.tell(account, shift)
        self._clearing.reports.balances(holdings, at_ns=at_ns)
        return self._clearing.drain()

    def fill(self, order: SimOrder, quantity: int, *, at_ns: int) -> bool:
        """Let the market fill a resting order at its own price; return whether it rested."""
        pair = self._clearing.pairs[order.symbol]
        maker = pair.resting.get(order.order_id)
        if maker is None:
            return False
        amount = min(quantity, maker.order.leaves_quantity)
        self._clearing.fill_makers(pair, [MakerFill(maker, amount)], at_ns=at_ns)
        return True

    def expire(self, order: SimOrder, reason: str, *, at_ns: int) -> bool:
        """End an open order as the venue does by itself; return whether it was open."""
        found = self._open(order)
        if found is not None:
            self._clearing.expire(found, reason, at_ns=at_ns)
        return found is not None

    def prevent(self, order: SimOrder, *, at_ns: int) -> bool:
        """End an open order as if one of its own account had met it."""
        found = self._open(order)
        if found is None:
            return False
        counter = copy.copy(found)
        counter.order_id, counter.stp_mode = found.order_id + 1, "EXPIRE_MAKER"
        counter.side = "SELL" if found.side == "BUY" else "BUY"
        step = Step("prevent", found.price, found.leaves_quantity, None)
        self._clearing._prevent(counter, found, step, at_ns=at_ns)
        return True

    def _open(self, order: SimOrder) -> SimOrder | None:
        holdings = self._clearing.holdings[order.account]
        return holdings.open.get(order.symbol, {}).get(order.order_id)
