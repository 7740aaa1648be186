"""Binance spot as the three protocols of a venue, joined here and sharing no state.

`market_data` needs no key, `account_view` a key that reads, `order_entry` the key that trades;
each has connections, weights and a clock offset of its own, so each can move to a process of
its own.
"""

from collections.abc import Callable

from holdfast.domain.ids import AccountId
from holdfast.domain.instant import Clock
from holdfast.domain.ports import Network
from holdfast.errors import CredentialsRefused
from holdfast.venues.binance.account_view import BinanceAccountView
from holdfast.venues.binance.market_data import BinanceMarketData
from holdfast.venues.binance.options import LIVE, Credentials, Endpoints, Options
from holdfast.venues.binance.order_entry import BinanceOrderEntry
from holdfast.venues.binance.rest import Rest

__all__ = ["BinanceSpot", "Credentials", "Endpoints", "Options"]


class BinanceSpot:
    """One account at Binance spot, or at what speaks its protocol.

    `jitter` gives numbers in [0, 1) for the pauses between attempts to connect.
    """

    def __init__(
        self,
        network: Network,
        clock: Clock,
        *,
        endpoints: Endpoints,
        credentials: Credentials | None,
        account: AccountId,
        jitter: Callable[[], float],
        options: Options = LIVE,
    ) -> None:
        public = Rest(network, clock, origin=endpoints.rest, credentials=None, options=options)
        self._public = public
        self.market_data = BinanceMarketData(
            network, clock, endpoints=endpoints, rest=public, jitter=jitter, options=options
        )
        self._account_view: BinanceAccountView | None = None
        self._order_entry: BinanceOrderEntry | None = None
        if credentials is None:
            return
        reading, trading = (
            Rest(
                network, clock, origin=endpoints.rest, credentials=credentials, options=options
            )
            for _ in range(2)
        )
        self._account_view = BinanceAccountView(
            network,
            clock,
            endpoints=endpoints,
            credentials=credentials,
            rest=reading,
            jitter=jitter,
            options=options,
        )
        self._order_entry = BinanceOrderEntry(
            network,
            clock,
            endpoints=endpoints,
            credentials=credentials,
            account=account,
            rest=trading,
            jitter=jitter,
            options=options,
        )

    @property
    def account_view(self) -> BinanceAccountView:
        """Give the account's reports and queries; CredentialsRefused without a key."""
        if self._account_view is None:
            raise CredentialsRefused("the account cannot be read without an API key")
        return self._account_view

    @property
    def order_entry(self) -> BinanceOrderEntry:
        """Give the way orders take; CredentialsRefused without a key."""
        if self._order_entry is None:
            raise CredentialsRefused("no order can be sent without an API key")
        return self._order_entry

    async def server_time_ns(self) -> int:
        """Ask the venue for its time; a paper clock starts from the simulator's answer."""
        return await self._public.server_time_ns()

    async def close(self) -> None:
        """Disconnect everything; what is unanswered becomes Unknown; idempotent."""
        await self.market_data.close()
        if self._account_view is not None:
            await self._account_view.close()
        if self._order_entry is not None:
            await self._order_entry.close()
