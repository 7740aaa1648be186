"""Live mode: what a run stands on at the real venue, or at what speaks its protocol.

The same node and pipeline as in paper; only the clock is the wall's, the key a real one and the
market nobody's recording. Real money is traded only where that was said in so many words.
"""

import contextlib
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from holdfast.domain.events import Event, KeyChecked
from holdfast.domain.instrument import Product
from holdfast.errors import ConfigError, UsageError, VenueUnavailable
from holdfast.journal.chain import Head
from holdfast.runtime.clock import RunningClock
from holdfast.runtime.config import Config
from holdfast.runtime.credentials import live_credentials
from holdfast.runtime.guards import AskStatus
from holdfast.runtime.key_check import check_key
from holdfast.runtime.network import SocketNetwork
from holdfast.runtime.options import RunOptions
from holdfast.runtime.places import rates_path
from holdfast.runtime.session import Ground, Session
from holdfast.runtime.venues import (
    PRODUCTS,
    Way,
    make_venue,
    settings_of,
    shared_governor,
    status_of,
)
from holdfast.traffic.governor import Governor
from holdfast.venues.binance.dialect import SPOT, USDM
from holdfast.venues.binance.options import Endpoints, Options
from holdfast.venues.binance.profiles import hosts, profile
from holdfast.venues.binance.rest import Rest
from holdfast.venues.binance.wire.rights import KeyRights, key_rights
from holdfast.venues.binance.wire.unreadable import Unreadable

RIGHTS = "/sapi/v1/account/apiRestrictions"
CUSTOM = "named in the configuration"


class LiveGround:
    """Makes the ground of a live run; refuses at once what may not begin."""

    def __init__(
        self, config: Config, options: RunOptions, *, tell: Callable[[str], None]
    ) -> None:
        venue = config.venue
        self._config = config
        self._options = options
        self._tell = tell
        self._product = PRODUCTS[venue.product or "spot"]
        self._network_name, self.endpoints = endpoints_of(config)
        self._is_production = self._network_name == "production"
        self._asks_rights = not hosts(self.endpoints).isdisjoint(
            hosts(profile("spot").endpoints) | hosts(profile("usdm").endpoints)
        )
        self._is_loopback = all(_is_loopback(host) for host in hosts(self.endpoints))
        is_safe = self._network_name == "testnet" or self._is_loopback
        if not (is_safe or venue.real_money):
            raise UsageError(
                f"--mode live at {urlsplit(self.endpoints.rest).hostname} trades real money; "
                "say --yes-real-money, or venue.real_money = true in the configuration"
            )
        self._credentials = live_credentials(venue)

    async def prepare(
        self, session: Session, stack: contextlib.AsyncExitStack, *, network: SocketNetwork
    ) -> Ground:
        """Make the adapter and the clock."""
        del session
        clock = await self._clock(network)
        options = Options(recv_window_ms=self._config.venue.recv_window_ms)
        way = Way(self.endpoints, self._credentials, options)
        wanted = [self._options.symbol] if self._options.symbol else self._config.symbols
        where = f"live at {self.endpoints.rest} ({self._network_name})"
        venue = make_venue(
            self._product,
            network,
            clock=clock,
            config=self._config,
            way=way,
            governor=self._governor(clock, stack),
        )
        return Ground(
            venue=venue,
            clock=clock,
            name="binance",
            symbols=list(wanted),
            notes=[where],
            check=_check,
            first_words=partial(self._first_words, network, clock),
            judge_key=partial(self._judge_key, network, clock) if self._asks_rights else None,
            settings=settings_of(
                self._product, network, clock=clock, way=way, governor=venue.governor
            ),
            ask_status=self._ask_status(network, clock, stack),
        )

    def _governor(
        self, clock: RunningClock, stack: contextlib.AsyncExitStack
    ) -> Governor | None:
        """Share the venue's limits with the other processes of this machine."""
        named = self._config.guards.rates_file
        if self._is_loopback and not named:
            return None
        host = urlsplit(self.endpoints.rest).hostname or ""
        return shared_governor(
            self._product,
            Path(named) if named else rates_path(host),
            clock=clock,
            account=self._config.account,
            stack=stack,
            tell=self._tell,
        )

    def _ask_status(
        self, network: SocketNetwork, clock: RunningClock, stack: contextlib.AsyncExitStack
    ) -> AskStatus | None:
        """Give what asks for maintenance; a test network has no such question."""
        if not (self._is_production or self._is_loopback):
            return None
        spot = profile("spot").endpoints.rest if self._is_production else self.endpoints.rest
        return status_of(network, spot, clock=clock, stack=stack)

    async def _clock(self, network: SocketNetwork) -> RunningClock:
        """Give the wall's clock.

        What listens on loopback plays a recording whose time is not the wall's; there the clock
        starts from its word, and runs by itself as the wall's does.
        """
        clock = RunningClock()
        if not self._is_loopback:
            return clock
        origin = self.endpoints.rest
        dialect = SPOT if self._product is Product.SPOT else USDM
        rest = Rest(network, clock, origin=origin, credentials=None, options=Options(),
                    dialect=dialect)  # fmt: skip
        try:
            return RunningClock(await rest.server_time_ns())
        finally:
            await rest.close()

    async def _first_words(self, network: SocketNetwork, clock: RunningClock) -> list[Event]:
        """Have the key's rights judged; what comes out is journaled first."""
        return [await self._judge_key(network, clock)]

    async def _judge_key(self, network: SocketNetwork, clock: RunningClock) -> KeyChecked:
        venue = self._config.venue
        return await check_key(
            partial(self._rights, network, clock),
            self._product,
            api_key=self._credentials.api_key,
            now_ns=clock.now_ns(),
            override=venue.key_override,
        )

    async def _rights(self, network: SocketNetwork, clock: RunningClock) -> KeyRights | None:
        """Ask what the key may do; a test network and a simulator have no such question."""
        if not self._asks_rights:
            return None
        spot = profile("spot").endpoints
        rest = Rest(
            network, clock, origin=spot.rest, credentials=self._credentials, options=Options()
        )
        try:
            body = await rest.get_signed(RIGHTS, {}, weight=1)
        finally:
            await rest.close()
        rights = key_rights(body)
        if isinstance(rights, Unreadable):
            raise VenueUnavailable(f"the key's rights cannot be read: {rights.reason}")
        return rights

    @property
    def hosts(self) -> frozenset[str]:
        """Give every host that this run may connect to."""
        asked = hosts(profile("spot").endpoints) if self._asks_rights else frozenset()
        return hosts(self.endpoints) | asked


def endpoints_of(config: Config) -> tuple[str, Endpoints]:
    """Give the doors of the network, or those that the configuration names."""
    venue = config.venue
    named = [venue.rest, venue.ws, venue.ws_api]
    if any(named):
        if not all(named):
            raise ConfigError("venue: rest, ws and ws_api belong together; give all or none")
        if venue.network:
            raise ConfigError("venue: name a network, or rest, ws and ws_api; not both")
        return CUSTOM, Endpoints(rest=venue.rest, ws=venue.ws, ws_api=venue.ws_api)
    if not venue.network:
        raise UsageError("--mode live: say where with --venue testnet or --venue production")
    product = venue.product or "spot"
    name = f"{product}-testnet" if venue.network == "testnet" else product
    return venue.network, profile(name).endpoints


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _check(head: Head, mode: str) -> None:
    """Take any journal of a live run: its records are of the same wall clock."""
    del head, mode
