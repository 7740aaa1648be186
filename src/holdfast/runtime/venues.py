"""The adapters of each product, made the same way for paper and live."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path

import msgspec

from holdfast.domain.ids import AccountId
from holdfast.domain.instant import NS_PER_MS
from holdfast.domain.instrument import Product
from holdfast.domain.ports import Network
from holdfast.runtime import random
from holdfast.runtime.config import Config
from holdfast.runtime.guards import AskStatus
from holdfast.runtime.rate_file import RateFile
from holdfast.runtime.session import AnyClock, AnyVenue
from holdfast.traffic.governor import Governor
from holdfast.venues.binance.adapter import BinanceSpot, BinanceUsdm
from holdfast.venues.binance.contract_settings import BinanceSettings
from holdfast.venues.binance.dialect import SPOT, USDM
from holdfast.venues.binance.options import Credentials, Endpoints, Options
from holdfast.venues.binance.rest import Rest, scoped
from holdfast.venues.binance.system_status import system_status

HOLDS_WATCHED_NS = 100 * NS_PER_MS
"""How soon a process knows that another one was told to wait."""
PRODUCTS = {"spot": Product.SPOT, "usdm": Product.LINEAR}
"""The products by the names that a configuration gives them."""


class Way(msgspec.Struct, frozen=True):
    """Where a venue is, as whom it is asked, and how patiently."""

    endpoints: Endpoints
    credentials: Credentials
    options: Options


def make_venue(
    product: Product,
    network: Network,
    *,
    clock: AnyClock,
    config: Config,
    way: Way,
    governor: Governor | None = None,
) -> AnyVenue:
    """Make the adapter of a product; without a governor it shares the limits with nobody."""
    kind = BinanceSpot if product is Product.SPOT else BinanceUsdm
    return kind(
        network,
        clock,
        endpoints=way.endpoints,
        credentials=way.credentials,
        account=AccountId(config.account),
        jitter=random.seeded(config.seed, "reconnect").random,
        options=way.options,
        governor=governor,
    )


def shared_governor(
    product: Product,
    path: Path,
    *,
    clock: AnyClock,
    account: str,
    stack: AsyncExitStack,
    tell: Callable[[str], None],
) -> Governor:
    """Make a governor that shares the limits with every process that uses the same file."""
    pool = RateFile(path, tell=tell)
    stack.callback(pool.close)
    return Governor(
        clock,
        scoped((SPOT if product is Product.SPOT else USDM).limits, account, product=product),
        account=account,
        pool=pool,
        run=pool.run,
        post=partial(_post, asyncio.get_running_loop()),
        watch_ns=HOLDS_WATCHED_NS,
    )


def _post(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    """Bring work back to the trader's thread; nothing once its loop is over."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(work)


def status_of(
    network: Network, origin: str, *, clock: AnyClock, stack: AsyncExitStack
) -> AskStatus:
    """Make what asks the venue whether it is in maintenance."""
    rest = Rest(network, clock, origin=origin, credentials=None, options=Options())
    stack.push_async_callback(rest.close)
    return partial(system_status, rest)


def settings_of(
    product: Product, network: Network, *, clock: AnyClock, way: Way, governor: Governor
) -> BinanceSettings | None:
    """Make what reads and sets the account's settings; None where there are none."""
    if product is Product.SPOT:
        return None
    rest = Rest(
        network,
        clock,
        origin=way.endpoints.rest,
        credentials=way.credentials,
        options=way.options,
        governor=governor,
        dialect=USDM,
    )
    return BinanceSettings(rest)
