"""The account as the simulated exchange sees it; every question is answered at once."""

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import Asset
from holdfast.domain.venue import (
    AccountSink,
    BalanceReport,
    IncomeReport,
    OrderReport,
    PositionReport,
    TradeReport,
)
from holdfast.simexchange.futures.model import FuturesOrder
from holdfast.simexchange.model import Reject
from holdfast.venues.paper import usdm
from holdfast.venues.paper.floor import Floor
from holdfast.venues.paper.reports import amount, queried, trade_report

_NEWEST_PAGE = 1_000
_ALL = 1 << 60


class PaperAccountView:
    """Reports and queries of one account."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    async def start(self, instruments: list[Instrument], sink: AccountSink) -> None:
        """Subscribe to the account's reports until `close`."""
        del instruments
        self._floor.account_sink = sink
        sink.on_account_connected()

    async def balances(self) -> list[BalanceReport]:
        """Give every balance of spot and every margin wallet that is not empty, by asset."""
        floor = self._floor
        totals: dict[str, int] = {}
        for balance in floor.exchange.accounts.balances(floor.account):
            totals[balance.asset] = balance.free + balance.locked
        for wallet in floor.exchange.futures.margin.wallets(floor.account):
            totals[wallet.asset] = totals.get(wallet.asset, 0) + wallet.wallet
        return [
            BalanceReport(Asset(asset), amount(total))
            for asset, total in sorted(totals.items())
            if total
        ]

    async def positions(self) -> list[PositionReport]:
        """Give the positions that are not flat."""
        views = self._floor.exchange.futures.margin.positions(self._floor.account)
        return [usdm.position_report(view) for view in views if view.quantity]

    async def income(self, *, after_ns: UtcNs) -> list[IncomeReport]:
        """Give movements of the margin wallets, without the executions' own."""
        rows = self._floor.exchange.futures.orders.income(
            self._floor.account, start_ns=after_ns + 1, limit=_ALL
        )
        return [usdm.income_report(row) for row in rows if row.kind not in usdm.OWN_EXECUTIONS]

    async def open_orders(self, symbol: Symbol) -> list[OrderReport]:
        """Give the orders that rest, oldest first; conditional ones before plain ones."""
        floor = self._floor
        now_ns = floor.clock.now_ns()
        if not floor.is_contract(symbol):
            orders = floor.exchange.accounts.open_orders(floor.account, symbol)
            return [queried(order, now_ns) for order in orders]
        asked = floor.exchange.futures.orders
        algos = asked.open_algos(floor.account, symbol)
        return [
            *(usdm.algo_report(a, received_at_ns=now_ns, source="query") for a in algos),
            *map(self._queried, asked.open_orders(floor.account, symbol)),
        ]

    async def order(self, symbol: Symbol, client_order_id: ClientOrderId) -> OrderReport | None:
        """Give one order, or None when the exchange does not know it now."""
        floor = self._floor
        if floor.is_contract(symbol):
            return self._contract_order(symbol, client_order_id)
        found = floor.exchange.accounts.order(floor.account, symbol, client_id=client_order_id)
        return None if isinstance(found, Reject) else queried(found, floor.clock.now_ns())

    async def orders(self, symbol: Symbol, *, after: VenueOrderId | None) -> list[OrderReport]:
        """Give orders of any state after one in order; None means the newest thousand.

        Of contracts these are the plain orders; a conditional one is found by `order`.
        """
        floor = self._floor
        first = _after(after)
        limit = _NEWEST_PAGE if first is None else _ALL
        if floor.is_contract(symbol):
            plain = floor.exchange.futures.orders.all_orders(
                floor.account, symbol, order_id=first, limit=limit
            )
            return [self._queried(order) for order in plain]
        orders = floor.exchange.accounts.all_orders(
            floor.account, symbol, order_id=first, limit=limit
        )
        return [queried(order, floor.clock.now_ns()) for order in orders]

    async def trades(self, symbol: Symbol, *, after: ExecId | None) -> list[TradeReport]:
        """Give executions after a trade id in order; None means the newest thousand."""
        floor = self._floor
        first = None if after is None else int(after) + 1
        limit = _NEWEST_PAGE if after is None else _ALL
        if floor.is_contract(symbol):
            executed = floor.exchange.futures.orders.user_trades(
                floor.account, symbol, from_id=first, limit=limit
            )
            return [usdm.trade_report(trade) for trade in executed]
        trades = floor.exchange.accounts.my_trades(
            floor.account, symbol, from_id=first, limit=limit
        )
        return [trade_report(trade) for trade in trades]

    async def close(self) -> None:
        """Hear no more reports; idempotent."""
        self._floor.account_sink = None

    def _contract_order(self, symbol: Symbol, client_id: ClientOrderId) -> OrderReport | None:
        """Give a plain order, or what has become of a conditional one."""
        floor = self._floor
        asked = floor.exchange.futures.orders
        algo = asked.algo(floor.account, client_id=client_id)
        if isinstance(algo, Reject) or algo.symbol != symbol:
            found = asked.order(floor.account, symbol, client_id=client_id)
            return None if isinstance(found, Reject) else self._queried(found)
        if algo.actual_order_id:
            actual = asked.order(floor.account, symbol, order_id=algo.actual_order_id)
            if not isinstance(actual, Reject):
                return self._queried(actual)
        now_ns = floor.clock.now_ns()
        return usdm.algo_report(algo, received_at_ns=now_ns, source="query")

    def _queried(self, order: FuturesOrder) -> OrderReport:
        now_ns = self._floor.clock.now_ns()
        return usdm.queried(order, stop=self._floor.stop_of(order), received_at_ns=now_ns)


def _after(order_id: VenueOrderId | None) -> int | None:
    """Give the first number after an order; a stop that waits has none of that row."""
    if order_id is None or order_id.startswith(usdm.ALGO_PREFIX):
        return None
    return int(order_id) + 1
