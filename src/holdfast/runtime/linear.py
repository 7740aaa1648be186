"""Plain linear contracts in paper mode, where the simulated exchange speaks as a spot venue.

The simulator trades a futures recording over the spot interface and says of each symbol what it
is. A linear symbol's base balance there, which may be below zero, is the account's position.
No real venue does so, and its adapter knows nothing of it.
"""

from collections.abc import Mapping, Sequence

import msgspec

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.money import AmountUnits, Asset
from holdfast.domain.order import PositionSide
from holdfast.domain.venue import (
    AccountSink,
    AccountView,
    BalanceReport,
    IncomeReport,
    OrderReport,
    PositionReport,
    TradeReport,
)


def with_products(
    listed: Sequence[Instrument], products: Mapping[str, Product]
) -> list[Instrument]:
    """Give listed instruments as what they are; a symbol without a product stays as it is."""
    return [
        msgspec.structs.replace(one, product=products.get(one.symbol, one.product))
        for one in listed
    ]


def with_positions(view: AccountView, instruments: Sequence[Instrument]) -> AccountView:
    """Give a view that tells positions from balances; the same one where all is spot."""
    contracts = {one.base: one for one in instruments if one.product is not Product.SPOT}
    return LinearAccountView(view, contracts) if contracts else view


def positions_in(
    balances: Sequence[BalanceReport], contracts: Mapping[Asset, Instrument]
) -> list[PositionReport]:
    """Give the signed position of each contract whose base balance is not zero."""
    return [
        PositionReport(
            symbol=contracts[held.asset].symbol,
            position_side=PositionSide.BOTH,
            quantity=contracts[held.asset].quantity_of(AmountUnits(held.total)),
        )
        for held in balances
        if held.asset in contracts
    ]


class LinearAccountView:
    """An account whose base balances of contracts are positions."""

    def __init__(self, view: AccountView, contracts: Mapping[Asset, Instrument]) -> None:
        self._view = view
        self._contracts = contracts

    async def start(self, instruments: list[Instrument], sink: AccountSink) -> None:
        """Subscribe to the user stream and keep it up until `close`."""
        await self._view.start(instruments, sink)

    async def balances(self) -> list[BalanceReport]:
        """Fetch every non-zero balance that is no position."""
        found = await self._view.balances()
        return [held for held in found if held.asset not in self._contracts]

    async def positions(self) -> list[PositionReport]:
        """Fetch the signed positions that are not flat."""
        return positions_in(await self._view.balances(), self._contracts)

    async def income(self, *, after_ns: UtcNs) -> list[IncomeReport]:
        """Fetch what the venue has of movements."""
        return await self._view.income(after_ns=after_ns)

    async def open_orders(self, symbol: Symbol) -> list[OrderReport]:
        """Fetch the orders that rest."""
        return await self._view.open_orders(symbol)

    async def order(self, symbol: Symbol, client_order_id: ClientOrderId) -> OrderReport | None:
        """Fetch one order; None when the venue does not know it, which proves nothing yet."""
        return await self._view.order(symbol, client_order_id)

    async def orders(self, symbol: Symbol, *, after: VenueOrderId | None) -> list[OrderReport]:
        """Fetch orders of any state after one in order; None means the newest page."""
        return await self._view.orders(symbol, after=after)

    async def trades(self, symbol: Symbol, *, after: ExecId | None) -> list[TradeReport]:
        """Fetch executions after a trade id in order; None means the newest page."""
        return await self._view.trades(symbol, after=after)

    async def close(self) -> None:
        """Disconnect; idempotent."""
        await self._view.close()
