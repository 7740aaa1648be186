"""The account as the simulated exchange sees it; every question is answered at once."""

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.money import Asset, QuantityUnits
from holdfast.domain.order import PositionSide
from holdfast.domain.venue import (
    AccountSink,
    BalanceReport,
    IncomeReport,
    OrderReport,
    PositionReport,
    TradeReport,
)
from holdfast.simexchange.model import Reject
from holdfast.venues.paper.floor import Floor
from holdfast.venues.paper.reports import amount, queried, trade_report

_NEWEST_PAGE = 1_000
_ALL = 1 << 60


class PaperAccountView:
    """Reports and queries of one account."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._instruments: list[Instrument] = []

    async def start(self, instruments: list[Instrument], sink: AccountSink) -> None:
        """Subscribe to the account's reports until `close`."""
        self._instruments = instruments
        self._floor.account_sink = sink
        sink.on_account_connected()

    async def balances(self) -> list[BalanceReport]:
        """Give every non-zero balance; a derivative's base is a position and no balance."""
        symbols = self._floor.exchange.symbols.values()
        positions = {rules.base for rules in symbols if rules.product != "spot"}
        return [
            BalanceReport(Asset(balance.asset), amount(balance.free + balance.locked))
            for balance in self._floor.exchange.accounts.balances(self._floor.account)
            if balance.free + balance.locked and balance.asset not in positions
        ]

    async def positions(self) -> list[PositionReport]:
        """Give signed position quantities of derivative instruments that are not flat."""
        held = {
            balance.asset: balance.free + balance.locked
            for balance in self._floor.exchange.accounts.balances(self._floor.account)
        }
        return [
            PositionReport(
                symbol=instrument.symbol,
                position_side=PositionSide.BOTH,
                quantity=QuantityUnits(held[instrument.base]),
            )
            for instrument in self._instruments
            if instrument.product is not Product.SPOT and held.get(instrument.base)
        ]

    async def income(self, *, after_ns: UtcNs) -> list[IncomeReport]:  # noqa: ARG002
        """Give nothing: this exchange moves no margin wallet but by executions."""
        return []

    async def open_orders(self, symbol: Symbol) -> list[OrderReport]:
        """Give the orders that rest, oldest first."""
        floor = self._floor
        orders = floor.exchange.accounts.open_orders(floor.account, symbol)
        return [queried(order, floor.clock.now_ns()) for order in orders]

    async def order(self, symbol: Symbol, client_order_id: ClientOrderId) -> OrderReport | None:
        """Give one order, or None when the exchange does not know it now."""
        floor = self._floor
        found = floor.exchange.accounts.order(floor.account, symbol, client_id=client_order_id)
        return None if isinstance(found, Reject) else queried(found, floor.clock.now_ns())

    async def orders(self, symbol: Symbol, *, after: VenueOrderId | None) -> list[OrderReport]:
        """Give orders of any state after one in order; None means the newest thousand."""
        floor = self._floor
        orders = floor.exchange.accounts.all_orders(
            floor.account,
            symbol,
            order_id=None if after is None else int(after) + 1,
            limit=_NEWEST_PAGE if after is None else _ALL,
        )
        return [queried(order, floor.clock.now_ns()) for order in orders]

    async def trades(self, symbol: Symbol, *, after: ExecId | None) -> list[TradeReport]:
        """Give executions after a trade id in order; None means the newest thousand."""
        floor = self._floor
        trades = floor.exchange.accounts.my_trades(
            floor.account,
            symbol,
            from_id=None if after is None else int(after) + 1,
            limit=_NEWEST_PAGE if after is None else _ALL,
        )
        return [trade_report(trade) for trade in trades]

    async def close(self) -> None:
        """Hear no more reports; idempotent."""
        self._floor.account_sink = None
