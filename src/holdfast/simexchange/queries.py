"""Read-only questions to the exchange; every answer is a copy or is never changed again."""

from holdfast.simexchange.accounts import AccountSpec
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


class AccountQueries:
    """What the accounts' owners may ask."""

    def by_key(self, api_key: str) -> AccountSpec | None:
        """Return the account that owns the API key, or None."""

    def spec(self, account: str) -> AccountSpec:
        """Return the account as it was opened (name, keys, rates)."""

    def rates(self, account: str, symbol: str) -> tuple[int, int]:
        """Return the maker and the taker rate, counts of 10^-8."""

    def order(
        self, account: str, symbol: str, *, order_id: int | None = None, client_id: str = ""
    ) -> SimOrder | Reject:
        """Return the order (the newest of that client id), or -2013."""

    def open_orders(self, account: str, symbol: str | None = None) -> list[SimOrder]:
        """Return what rests, oldest first."""

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

    def balances(self, account: str) -> list[Balance]:
        """Return every asset that the account ever held, by name."""

    def updated_ns(self, account: str) -> int:
        """Return the instant of the last change of a balance."""


class MarketQueries:
    """What anybody may ask."""

    def depth(self, symbol: str, *, limit: int = 100) -> DepthView:
        """Return the recording's book at its last diff; one level a side where it has none."""

    def best(self, symbol: str) -> Ticker | None:
        """Return the newest best bid and ask, or None before the first."""

    def recent_trades(self, symbol: str, *, limit: int = 500) -> list[Trade]:
        """Return the newest recorded trades (at most 1000), oldest first."""

    def trades_from(self, symbol: str, from_id: int, *, limit: int = 500) -> list[Trade]:
        """Return the kept recorded trades with `trade_id` >= `from_id`, oldest first."""

    def klines(
        self,
        symbol: str,
        interval: str,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> list[Bar]:
        """Return candles by rising time, the open one last; quiet intervals repeat the close.

        Raise ValueError for an unknown interval.
        """

    def ticker_24h(self, symbol: str) -> DayStatistics:
        """Return the rolling 24 hours, to the minute."""

    def ticker_price(self, symbol: str) -> int:
        """Return the last recorded price, the symbol's first price before any trade."""

    def average_price(self, symbol: str) -> int:
        """Return the volume-weighted price of the last `notional_average_minutes` minutes."""
