"""Read-only questions to USD-M; every answer is a copy or is never changed again.

An unknown account or symbol raises KeyError. Windows are in market nanoseconds, both ends in.
"""

import copy
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import islice
from typing import TypeVar

from holdfast.simexchange.futures.clearing import Clearing
from holdfast.simexchange.futures.filters import NO_SUCH_ALGO, NO_SUCH_ORDER
from holdfast.simexchange.futures.model import (
    AlgoOrder,
    Bracket,
    FundingPoint,
    FuturesOrder,
    FuturesTrade,
    Income,
    Mark,
    PositionView,
    SymbolSetting,
    WalletView,
)
from holdfast.simexchange.futures.views import position_view, wallet_view
from holdfast.simexchange.model import Reject

_Row = TypeVar("_Row")


class OrderQueries:
    """An account's orders, conditional orders, executions and income."""

    def __init__(self, clearing: Clearing) -> None:
        self._members = clearing.members

    def order(
        self, account: str, symbol: str, *, order_id: int | None = None, client_id: str = ""
    ) -> FuturesOrder | Reject:
        """Return the order (the newest of that client id), or -2013."""
        member = self._members[account]
        if order_id is not None:
            found = member.orders.get(symbol, {}).get(order_id)
        else:
            found = member.by_client_id.get((symbol, client_id))
        return NO_SUCH_ORDER if found is None else copy.copy(found)

    def open_order(
        self, account: str, symbol: str, *, order_id: int | None = None, client_id: str = ""
    ) -> FuturesOrder | Reject:
        """Return the order while it is open, else -2013."""
        found = self.order(account, symbol, order_id=order_id, client_id=client_id)
        if isinstance(found, Reject):
            return found
        is_open = found.order_id in self._members[account].open.get(symbol, {})
        return found if is_open else NO_SUCH_ORDER

    def open_orders(self, account: str, symbol: str | None = None) -> list[FuturesOrder]:
        """Return what is open, oldest first; conditional orders are not in it."""
        rests = self._members[account].open
        groups = rests.values() if symbol is None else [rests.get(symbol, {})]
        orders = [copy.copy(order) for group in groups for order in group.values()]
        return sorted(orders, key=lambda order: order.order_id)

    def all_orders(
        self,
        account: str,
        symbol: str,
        *,
        order_id: int | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> list[FuturesOrder]:
        """Return orders by rising id: from `order_id` on, else those of the window."""
        orders = list(self._members[account].orders.get(symbol, {}).values())
        if order_id is not None:
            first = bisect_left(orders, order_id, key=lambda order: order.order_id)
            chosen: Sequence[FuturesOrder] = orders[first : first + limit]
        else:
            chosen = _window(orders, lambda order: order.created_ns, start_ns, end_ns, limit)
        return [copy.copy(order) for order in chosen]

    def user_trades(
        self,
        account: str,
        symbol: str,
        *,
        from_id: int | None = None,
        order_id: int | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> list[FuturesTrade]:
        """Return executions by rising trade id: from `from_id` on, else those of the window."""
        trades = self._members[account].trades.get(symbol, [])
        if order_id is not None:
            trades = [trade for trade in trades if trade.order_id == order_id]
        if from_id is not None:
            first = bisect_left(trades, from_id, key=lambda trade: trade.trade_id)
            return list(islice(trades, first, first + limit))
        return list(_window(trades, lambda trade: trade.at_ns, start_ns, end_ns, limit))

    def algo(
        self, account: str, *, algo_id: int | None = None, client_id: str = ""
    ) -> AlgoOrder | Reject:
        """Return a conditional order of any state (the newest of that client id), or -2013."""
        member = self._members[account]
        if algo_id is not None:
            found = member.algos.get(algo_id)
        else:
            found = member.algo_by_client_id.get(client_id)
        return NO_SUCH_ALGO if found is None else copy.copy(found)

    def open_algos(self, account: str, symbol: str | None = None) -> list[AlgoOrder]:
        """Return conditional orders that were not triggered, oldest first."""
        algos = self._members[account].open_algos.values()
        return [copy.copy(algo) for algo in algos if symbol in (None, algo.symbol)]

    def all_algos(
        self,
        account: str,
        symbol: str,
        *,
        algo_id: int | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> list[AlgoOrder]:
        """Return conditional orders by rising id: from `algo_id` on, else of the window."""
        algos = [a for a in self._members[account].algos.values() if a.symbol == symbol]
        if algo_id is not None:
            chosen: Sequence[AlgoOrder] = [a for a in algos if a.algo_id >= algo_id][:limit]
        else:
            chosen = _window(algos, lambda algo: algo.created_ns, start_ns, end_ns, limit)
        return [copy.copy(algo) for algo in chosen]

    def income(
        self,
        account: str,
        *,
        symbol: str | None = None,
        kind: str | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 100,
    ) -> list[Income]:
        """Return movements of the wallets, oldest first."""
        rows = self._members[account].income
        if symbol is not None or kind is not None:
            rows = [
                row for row in rows if symbol in (None, row.symbol) and kind in (None, row.kind)
            ]
        return list(_window(rows, lambda row: row.at_ns, start_ns, end_ns, limit))


class MarginQueries:
    """Positions, wallets, settings, and what anybody may ask of a contract."""

    def __init__(self, clearing: Clearing, now: Callable[[], int]) -> None:
        self._clearing = clearing
        self._members = clearing.members
        self._now = now

    def positions(self, account: str, symbol: str | None = None) -> list[PositionView]:
        """Return the positions of one symbol or of all listed ones, flat ones too.

        One-way: BOTH of each symbol; hedge mode: LONG and SHORT of each.
        """
        member = self._members[account]
        names = self._clearing.contracts if symbol is None else [symbol]
        return [
            position_view(
                member, stake, position=position, mark=self._clearing.marks[name].mark
            )
            for name in names
            for stake in [self._clearing.stake(account, name)]
            for position in stake.shown()
        ]

    def wallets(self, account: str) -> list[WalletView]:
        """Return every margin asset of the contracts and of the account, by name."""
        member = self._members[account]
        for contract in self._clearing.contracts.values():
            member.wallet(contract.margin_asset)
        return [wallet_view(member, wallet) for _, wallet in sorted(member.wallets.items())]

    def is_hedge(self, account: str) -> bool:
        """Tell whether the account is in hedge mode."""
        return self._members[account].is_hedge

    def settings(self, account: str, symbol: str | None = None) -> list[SymbolSetting]:
        """Return leverage and margin type by symbol."""
        names = self._clearing.contracts if symbol is None else [symbol]
        stakes = [self._clearing.stake(account, name) for name in names]
        return [
            SymbolSetting(
                symbol=stake.contract.symbol,
                leverage=stake.leverage,
                margin_type=stake.margin_type,
                max_notional=stake.max_notional,
            )
            for stake in stakes
        ]

    def rates(self, account: str, symbol: str) -> tuple[int, int]:
        """Return the maker and the taker rate, counts of 10^-8."""
        return self._clearing.rates(account, self._clearing.contracts[symbol].rules)

    def brackets(self, symbol: str) -> tuple[Bracket, ...]:
        """Return the leverage table."""
        return self._clearing.contracts[symbol].brackets

    def mark(self, symbol: str) -> Mark:
        """Return mark price, index, funding rate and next funding, as they are now."""
        return self._clearing.marks[symbol].shown(self._now())

    def funding_history(
        self,
        symbol: str | None = None,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 100,
    ) -> list[FundingPoint]:
        """Return the fundings that happened, oldest first."""
        names = self._clearing.contracts if symbol is None else [symbol]
        points = [point for name in names for point in self._clearing.marks[name].points]
        points.sort(key=lambda point: point.at_ns)
        return list(_window(points, lambda point: point.at_ns, start_ns, end_ns, limit))


def _window(
    rows: Sequence[_Row],
    at_ns: Callable[[_Row], int],
    start_ns: int | None,
    end_ns: int | None,
    limit: int,
) -> Sequence[_Row]:
    """Choose the oldest rows from a start on, else the newest."""
    first = 0 if start_ns is None else bisect_left(rows, start_ns, key=at_ns)
    last = len(rows) if end_ns is None else bisect_left(rows, end_ns + 1, key=at_ns)
    chosen = rows[first:last]
    if limit <= 0:
        return []
    return chosen[:limit] if start_ns is not None else chosen[-limit:]
