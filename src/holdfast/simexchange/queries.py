"""Read-only questions to the exchange; every answer is a copy or is never changed again."""

import copy
from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import islice
from typing import TypeVar

import msgspec

from holdfast.simexchange.accounts import AccountSpec
from holdfast.simexchange.clearing import Clearing
from holdfast.simexchange.filters import NO_SUCH_ORDER
from holdfast.simexchange.model import (
    Balance,
    Bar,
    DayStatistics,
    DepthView,
    OwnTrade,
    Reject,
    SimOrder,
    Ticker,
    Trade,
)
from holdfast.simexchange.pair import Pair
from holdfast.simexchange.requests import Amendment, ListView, OrderList, PreventedMatch

_Row = TypeVar("_Row", SimOrder, OwnTrade)


class AccountQueries:
    """What the accounts' owners may ask; an unknown account raises KeyError."""

    def __init__(self, clearing: Clearing) -> None:
        self._clearing = clearing
        self._holdings = clearing.holdings
        self._by_key = {
            key.api_key: holdings.spec
            for holdings in clearing.holdings.values()
            for key in holdings.spec.keys
        }

    def by_key(self, api_key: str) -> AccountSpec | None:
        """Return the account that owns the API key, or None."""
        return self._by_key.get(api_key)

    def specs(self) -> list[AccountSpec]:
        """Return all accounts as they were opened."""
        return [holdings.spec for holdings in self._holdings.values()]

    def spec(self, account: str) -> AccountSpec:
        """Return the account as it was opened (name, keys, rates)."""
        return self._holdings[account].spec

    def rates(self, account: str, symbol: str) -> tuple[int, int]:
        """Return the maker and the taker rate, counts of 10^-8."""
        return self._clearing.rates(account, self._clearing.pairs[symbol].rules)

    def order(
        self, account: str, symbol: str, *, order_id: int | None = None, client_id: str = ""
    ) -> SimOrder | Reject:
        """Return the order (the newest of that client id), or -2013."""
        holdings = self._holdings[account]
        if order_id is not None:
            found = holdings.orders.get(symbol, {}).get(order_id)
            if found is not None and client_id and found.client_order_id != client_id:
                found = None
        else:
            found = holdings.by_client_id.get((symbol, client_id))
        return NO_SUCH_ORDER if found is None else copy.copy(found)

    def open_orders(self, account: str, symbol: str | None = None) -> list[SimOrder]:
        """Return what rests, oldest first."""
        rests = self._holdings[account].open
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
    ) -> list[SimOrder]:
        """Return orders by rising id: from `order_id` on, else the newest in the window."""
        orders = list(self._holdings[account].orders.get(symbol, {}).values())
        chosen: Sequence[SimOrder]
        if order_id is not None:
            first = bisect_left(orders, order_id, key=lambda order: order.order_id)
            chosen = orders[first : first + limit]
        else:
            chosen = _window(orders, lambda order: order.created_ns, start_ns, end_ns, limit)
        return [copy.copy(order) for order in chosen]

    def my_trades(
        self,
        account: str,
        symbol: str,
        *,
        from_id: int | None = None,
        order_id: int | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> list[OwnTrade]:
        """Return executions by rising trade id: from `from_id` on, else the newest."""
        trades = self._holdings[account].trades.get(symbol, [])
        if from_id is not None:
            first = bisect_left(trades, from_id, key=lambda trade: trade.trade_id)
            following = (
                t for t in islice(trades, first, None) if order_id in (None, t.order_id)
            )
            return list(islice(following, limit))
        if order_id is not None:
            trades = [trade for trade in trades if trade.order_id == order_id]
        return list(_window(trades, lambda trade: trade.at_ns, start_ns, end_ns, limit))

    def balances(self, account: str) -> list[Balance]:
        """Return every asset that the account ever held, by name."""
        holdings = self._holdings[account]
        return [holdings.balance(asset) for asset in sorted(holdings.free)]

    def updated_ns(self, account: str) -> int:
        """Return the instant of the last change of a balance, 0 before the first."""
        return self._holdings[account].updated_ns

    def names(self) -> list[str]:
        """Return the accounts' names in the order in which they were opened."""
        return list(self._holdings)


class HistoryQueries:
    """What an account may ask of its lists, amendments and prevented matches."""

    def __init__(self, clearing: Clearing) -> None:
        self._holdings = clearing.holdings

    def order_list(
        self, account: str, *, list_id: int | None = None, client_id: str = ""
    ) -> ListView | None:
        """Return a list as it stands (the newest of that client id), or None."""
        for one in reversed(self._holdings[account].lists.values()):
            is_meant = list_id in (None, one.list_id)
            if is_meant and client_id in ("", one.list_client_order_id):
                return one.view()
        return None

    def order_lists(self, account: str, *, only_open: bool = False) -> list[OrderList]:
        """Return an account's lists by rising id; the caller changes none of them."""
        holdings = self._holdings[account]
        return list((holdings.open_lists if only_open else holdings.lists).values())

    def prevented(self, account: str, symbol: str) -> list[PreventedMatch]:
        """Return the matches that self-trade prevention stopped, by rising id."""
        return [one for one in self._holdings[account].prevented if one.symbol == symbol]

    def amendments(self, account: str, order_id: int) -> list[Amendment]:
        """Return the amendments of an order, by rising execution id."""
        return list(self._holdings[account].amendments.get(order_id, ()))


class MarketQueries:
    """What anybody may ask; an unknown symbol raises KeyError."""

    def __init__(self, pairs: dict[str, Pair], now: Callable[[], int]) -> None:
        self._pairs = pairs
        self._now = now
        self.stale: DepthView | None = None

    def depth(self, symbol: str, *, limit: int = 100) -> DepthView:
        """Return the recording's book at its last diff; one level a side where it has none.

        While a fault has put a book into `stale`, that one is returned.
        """
        if self.stale is not None:
            bids, asks = self.stale.bids[:limit], self.stale.asks[:limit]
            return msgspec.structs.replace(self.stale, bids=bids, asks=asks)
        return self._pairs[symbol].book.view(limit=limit)

    def best(self, symbol: str) -> Ticker | None:
        """Return the newest best bid and ask, or None before the first."""
        return self._pairs[symbol].book.best()

    def recent_trades(self, symbol: str, *, limit: int = 500) -> list[Trade]:
        """Return the newest recorded trades (at most 1000), oldest first."""
        return self._pairs[symbol].tape.recent()[-limit:] if limit > 0 else []

    def trades_from(self, symbol: str, from_id: int, *, limit: int = 500) -> list[Trade]:
        """Return the kept recorded trades with `trade_id` >= `from_id`, oldest first."""
        trades = self._pairs[symbol].tape.recent()
        return [trade for trade in trades if trade.trade_id >= from_id][:limit]

    def klines(
        self,
        symbol: str,
        interval: str,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
        ahead_ns: int = 0,
    ) -> list[Bar]:
        """Return candles by rising time, the open one last; quiet intervals repeat the close.

        From `start_ns` on the first `limit`, else the newest. Days begin `ahead_ns` before
        those of UTC. Raise ValueError for an unknown interval.
        """
        return self._pairs[symbol].tape.bars(
            interval,
            now_ns=self._now(),
            start_ns=start_ns,
            end_ns=end_ns,
            limit=limit,
            ahead_ns=ahead_ns,
        )

    def ticker_24h(self, symbol: str, *, start_ns: int | None = None) -> DayStatistics:
        """Return the rolling 24 hours, or what was since an instant, to the minute."""
        return self._pairs[symbol].tape.day(now_ns=self._now(), start_ns=start_ns)

    def ticker_price(self, symbol: str) -> int:
        """Return the last recorded price, the symbol's first price before any trade."""
        pair = self._pairs[symbol]
        return pair.tape.last.price if pair.tape.last else pair.rules.first_price

    def average_price(self, symbol: str) -> int:
        """Return the volume-weighted price of the last `notional_average_minutes` minutes."""
        pair = self._pairs[symbol]
        minutes = pair.rules.notional_average_minutes
        return pair.tape.average(now_ns=self._now(), minutes=minutes) or pair.rules.first_price

    def average_minutes(self, symbol: str) -> int:
        """Return how many minutes the average price is made of."""
        return self._pairs[symbol].rules.notional_average_minutes

    def reference_price(self, symbol: str) -> int | None:
        """Return the reference price, 0 where it is null; None when there never was one."""
        pair = self._pairs[symbol]
        if not pair.reference.exists(pair.rules):
            return None
        return pair.reference.price(pair.rules, now_ns=self._now())

    def gaps(self, symbol: str) -> int:
        """Return how many depth diffs did not follow the one before."""
        return self._pairs[symbol].book.gaps


def _window(
    rows: list[_Row],
    at_ns: Callable[[_Row], int],
    start_ns: int | None,
    end_ns: int | None,
    limit: int,
) -> Sequence[_Row]:
    first = 0 if start_ns is None else bisect_left(rows, start_ns, key=at_ns)
    last = len(rows) if end_ns is None else bisect_left(rows, end_ns + 1, key=at_ns)
    chosen = rows[first:last]
    if limit <= 0:
        return []
    return chosen[:limit] if start_ns is not None else chosen[-limit:]
