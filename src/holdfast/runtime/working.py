"""What each strategy holds and has in the market, as the frozen views that sizing reads.

A view is made again only when something of its strategy and symbol changed.
"""

from holdfast.decision.view import PositionView, working
from holdfast.domain.account import Account
from holdfast.domain.ids import ClientOrderId, StrategyId, Symbol
from holdfast.domain.money import PriceUnits, QuantityUnits


class Working:
    """Views of the account's open orders; `quotes` are the ids of those made from quotes."""

    def __init__(self, account: Account) -> None:
        self.quotes: set[ClientOrderId] = set()
        self._account = account
        self._views: dict[tuple[StrategyId, Symbol], PositionView] = {}

    def touch(self, strategy: StrategyId, symbol: Symbol) -> None:
        """Learn that an order or the position of a strategy on a symbol changed."""
        self._views.pop((strategy, symbol), None)
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
            view = self._views[key] = PositionView(
                symbol,
                QuantityUnits(account.position(strategy, symbol)),
                working(account.working.get(key, {}).values(), quotes=self.quotes),
                sum(i.undrawn for i in undrawn if i.side.sign > 0),
                sum(i.undrawn for i in undrawn if i.side.sign < 0),
                mark,
            )
        return view
