"""Open orders by strategy and symbol, and the frozen views of them that sizing compares with.

Kept in step with the account by whoever changes it; a view is made again only when something
of its strategy and symbol changed.
"""

from collections.abc import Iterator

from holdfast.decision.view import PositionView, working
from holdfast.domain.account import Account
from holdfast.domain.ids import ClientOrderId, StrategyId, Symbol
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import NewOrder, Order, Purpose

_Key = tuple[StrategyId, Symbol]


class Working:
    """The open orders of each strategy on each symbol."""

    def __init__(self, account: Account) -> None:
        self.quotes: set[ClientOrderId] = set()
        self._account = account
        self._orders: dict[_Key, dict[ClientOrderId, Order]] = {}
        self._views: dict[_Key, PositionView] = {}
        for held in account.orders.values():
            self.add(held.order.request)

    def add(self, request: NewOrder) -> None:
        """Learn of an order that the account has."""
        order = self._account.find(request.client_order_id)
        if order is not None and order.is_open:
            key = (request.strategy, request.symbol)
            self._orders.setdefault(key, {})[request.client_order_id] = order
            self._views.pop(key, None)

    def touch(self, strategy: StrategyId, symbol: Symbol) -> None:
        """Learn that an order or the position of a strategy on a symbol changed."""
        key = (strategy, symbol)
        self._views.pop(key, None)
        orders = self._orders.get(key)
        if orders:
            for client_order_id in [i for i, order in orders.items() if not order.is_open]:
                del orders[client_order_id]
                self.quotes.discard(client_order_id)

    def view(self, strategy: StrategyId, symbol: Symbol, *, mark: PriceUnits) -> PositionView:
        """Give filled, live and Unknown of a strategy on a symbol.

        The mark is the one of the moment at which something changed last; it only helps to see
        which quantities are too small to send, which the filters decide in the end.
        """
        key = (strategy, symbol)
        view = self._views.get(key)
        if view is None:
            orders = self._orders.get(key, {})
            undrawn = [
                i for i in self._account.intents.values() if (i.strategy, i.symbol) == key
            ]
            view = self._views[key] = PositionView(
                symbol,
                QuantityUnits(self._account.position(strategy, symbol)),
                working(orders.values(), quotes=self.quotes),
                sum(i.undrawn for i in undrawn if i.side.sign > 0),
                sum(i.undrawn for i in undrawn if i.side.sign < 0),
                mark,
            )
        return view

    def cancelable(
        self, strategy: StrategyId, symbol: Symbol, *, including_stops: bool = False
    ) -> Iterator[Order]:
        """Give a strategy's open entries and exits that nobody has asked to cancel."""
        for order in list(self._orders.get((strategy, symbol), {}).values()):
            if (
                order.is_open
                and not order.ending
                and not order.cancel_requested
                and (including_stops or order.request.purpose is not Purpose.PROTECTIVE)
            ):
                yield order
