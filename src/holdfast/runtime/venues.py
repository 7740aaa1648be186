"""The adapters of each product, made the same way for paper and live."""

import msgspec

from holdfast.domain.ids import AccountId
from holdfast.domain.instrument import Product
from holdfast.domain.ports import Network
from holdfast.runtime import random
from holdfast.runtime.config import Config
from holdfast.runtime.session import AnyClock, AnyVenue
from holdfast.venues.binance.adapter import BinanceSpot, BinanceUsdm
from holdfast.venues.binance.contract_settings import BinanceSettings
from holdfast.venues.binance.dialect import USDM
from holdfast.venues.binance.options import Credentials, Endpoints, Options
from holdfast.venues.binance.rest import Rest

PRODUCTS = {"spot": Product.SPOT, "usdm": Product.LINEAR}
"""The products by the names that a configuration gives them."""


class Way(msgspec.Struct, frozen=True):
    """Where a venue is, as whom it is asked, and how patiently."""

    endpoints: Endpoints
    credentials: Credentials
    options: Options


def make_venue(
    product: Product, network: Network, *, clock: AnyClock, config: Config, way: Way
) -> AnyVenue:
    """Make the adapter of a product."""
    kind = BinanceSpot if product is Product.SPOT else BinanceUsdm
    return kind(
        network,
        clock,
        endpoints=way.endpoints,
        credentials=way.credentials,
        account=AccountId(config.account),
        jitter=random.seeded(config.seed, "reconnect").random,
        options=way.options,
    )


def settings_of(
    product: Product, network: Network, *, clock: AnyClock, way: Way
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
        dialect=USDM,
    )
    return BinanceSettings(rest)
