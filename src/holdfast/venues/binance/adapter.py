"""Binance spot and USD-M as the three protocols of a venue, joined here and sharing no state.

`market_data` needs no key, `account_view` a key that reads, `order_entry` the key that trades;
each has connections and a clock offset of its own, so each can move to a process of its own.
"""

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import ClassVar, Generic, TypeVar

from holdfast.domain.ids import AccountId
from holdfast.domain.instant import Clock
from holdfast.domain.ports import Network
from holdfast.errors import CredentialsRefused
from holdfast.traffic.breaker import Breaker
from holdfast.traffic.governor import Governor
from holdfast.venues.binance.account_view import BinanceAccountView
from holdfast.venues.binance.countdown import BinanceCountdown
from holdfast.venues.binance.dialect import SPOT, USDM, Dialect
from holdfast.venues.binance.market_data import BinanceMarketData
from holdfast.venues.binance.options import LIVE, Credentials, Endpoints, Options
from holdfast.venues.binance.order_entry import BinanceOrderEntry
from holdfast.venues.binance.rest import Rest, own_governor
from holdfast.venues.binance.usdm_view import UsdmAccountView

__all__ = ["BinanceSpot", "BinanceUsdm", "Credentials", "Endpoints", "Options"]

View = TypeVar("View", BinanceAccountView, UsdmAccountView)


class _Product(Generic[View]):
    """One account at a product of Binance, or at what speaks its protocol.

    `jitter` gives numbers in [0, 1) for the pauses between attempts to connect.
    """

    dialect: ClassVar[Dialect]

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
        governor: Governor | None = None,
    ) -> None:
        self.governor = governor or own_governor(clock, self.dialect)
        self._network = network
        self._clock = clock
        self._endpoints = endpoints
        self._jitter = jitter
        self._options = options
        self._credentials = credentials
        self._breakers: dict[str, Breaker] = {}
        self._public = self._rest(None, "market")
        self.market_data = BinanceMarketData(
            network,
            clock,
            endpoints=endpoints,
            rest=self._public,
            jitter=jitter,
            options=options,
            dialect=self.dialect,
        )
        self._account_view: View | None = None
        self._order_entry: BinanceOrderEntry | None = None
        if credentials is None:
            return
        self._account_view = self._view(credentials)
        self._order_entry = BinanceOrderEntry(
            network,
            clock,
            endpoints=endpoints,
            credentials=credentials,
            account=account,
            rest=self._rest(credentials, "order session"),
            jitter=jitter,
            options=options,
        )
        self._order_entry.on_answered = self._account_view.expect

    @property
    def account_view(self) -> View:
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

    @property
    def breakers(self) -> dict[str, Breaker]:
        """Give the breakers of questions by the class of what is asked."""
        return dict(self._breakers)

    async def server_time_ns(self) -> int:
        """Ask the venue for its time; a paper clock starts from the simulator's answer."""
        return await self._public.server_time_ns()

    async def close(self) -> None:
        """Disconnect everything; what is unanswered becomes Unknown; idempotent."""
        self.governor.close()
        await self.market_data.close()
        if self._account_view is not None:
            await self._account_view.close()
        if self._order_entry is not None:
            await self._order_entry.close()

    @abstractmethod
    def _view(self, credentials: Credentials) -> View:
        """Make what reads the account."""

    def _rest(self, credentials: Credentials | None, what: str) -> Rest:
        ends = self._endpoints
        rest = Rest(
            self._network,
            self._clock,
            origin=ends.rest,
            credentials=credentials,
            options=self._options,
            governor=self.governor,
            dialect=self.dialect,
            others=ends.other_rest + (() if credentials else ends.public_rest),
        )
        self._breakers[f"{what} questions"] = rest.breaker
        return rest


class BinanceSpot(_Product[BinanceAccountView]):
    """One account at Binance spot, or at what speaks its protocol."""

    dialect = SPOT

    def _view(self, credentials: Credentials) -> BinanceAccountView:
        return BinanceAccountView(
            self._network,
            self._clock,
            endpoints=self._endpoints,
            credentials=credentials,
            rest=self._rest(credentials, "account"),
            jitter=self._jitter,
            options=self._options,
        )


class BinanceUsdm(_Product[UsdmAccountView]):
    """One account at Binance USD-M futures, or at what speaks its protocol."""

    dialect = USDM

    def _view(self, credentials: Credentials) -> UsdmAccountView:
        return UsdmAccountView(
            self._network,
            self._clock,
            endpoints=self._endpoints,
            rest=self._rest(credentials, "account"),
            jitter=self._jitter,
            options=self._options,
        )

    @cached_property
    def countdown(self) -> BinanceCountdown:
        """Give the venue's own dead man's switch; CredentialsRefused without a key."""
        if self._credentials is None:
            raise CredentialsRefused("no countdown can be started without an API key")
        rest = self._rest(self._credentials, "countdown")
        return BinanceCountdown(rest, timeout_s=self._options.query_timeout_s)

    async def close(self) -> None:
        """Disconnect everything; what is unanswered becomes Unknown; idempotent."""
        await super().close()
        if self._credentials is not None:
            await self.countdown.close()
