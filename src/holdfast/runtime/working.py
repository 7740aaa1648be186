"""What each strategy holds and has in the market, as the frozen views that sizing reads.

A view is made again only when something of its strategy and symbol changed.
"""

from collections.abc import Iterable

from holdfast.decision.view import PositionView, working
from holdfast.domain.account import Account, PositionKey
from holdfast.domain.ids import ClientOrderId, StrategyId, Symbol
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import Order, PositionSide


class Working:
    """Views of the account's open orders; `quotes` are the ids of those made from quotes."""

    def __init__(self, account: Account) -> None:
        self.quotes: set[ClientOrderId] = set()
        self._account = account
        self._views: dict[tuple[StrategyId, Symbol], PositionView] = {}
        self._side_views: dict[PositionKey, PositionView] = {}

    def touch(self, strategy: StrategyId, symbol: Symbol) -> None:
        """Learn that an order or the position of a strategy on a symbol changed."""
        self._views.pop((strategy, symbol), None)
        if self._side_views:
            self._side_views.clear()
        if len(self.quotes) > len(self._account.orders):
            self.quotes.intersection_update(self._account.orders)

    def view(self, strategy: StrategyId, symbol: Symbol, *, mark: PriceUnits) -> PositionView:
        """Give filled, live and Unknown of a strategy on a symbol.

        The mark is the one of the moment at which something changed last; it only helps to see
        which quantities are too small to send, which the filters decide in the end.
        """
        key = (strategy, symbol)
        view = self._views.get(key)
        if view is None:
            account = self._account
            undrawn = [i for i in account.intents.values() if (i.strategy, i.symbol) == key]
            orders = account.working.get(key, {}).values()
            view = self._views[key] = PositionView(
                symbol,
                QuantityUnits(account.position(strategy, symbol)),
                working(orders, quotes=self.quotes, uncounted=self._uncounted(orders)),
                sum(i.undrawn for i in undrawn if i.side.sign > 0),
                sum(i.undrawn for i in undrawn if i.side.sign < 0),
                mark,
            )
        return view

    def side_view(
        self, strategy: StrategyId, symbol: Symbol, *, side: PositionSide
    ) -> PositionView:
        """Give the same of one position side in hedge mode; nothing there is undrawn."""
        key = (strategy, symbol, side)
        view = self._side_views.get(key)
        if view is None:
            account = self._account
            held = account.positions.get(key)
            orders = [
                order
                for order in account.working.get((strategy, symbol), {}).values()
                if order.request.position_side is side
            ]
            view = self._side_views[key] = PositionView(
                symbol,
                held.quantity if held else QuantityUnits(0),
                working(orders),
                position_side=side,
            )
        return view

    def _uncounted(self, orders: Iterable[Order]) -> dict[ClientOrderId, int]:
        """Give what does not count of orders that depend on another one."""
        held = (self._account.orders.get(order.request.client_order_id) for order in orders)
        return {
            one.order.request.client_order_id: one.order.leaves_quantity - one.counted
            for one in held
            if one is not None and (one.behind is not None or one.after is not None)
        }
