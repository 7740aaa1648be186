"""Where Binance is: production and test networks of each product, and the hosts of all of them.

The network connects to no host that is not listed here, nor one without TLS (loopback, where a
simulator listens, excepted). Other doors lead to the same venue; a test network is never
another door to production. Sources: Binance's API documentation of spot ("General API
Information", "WebSocket Streams", "Testnet") and USD-M; the USD-M test network as its official
clients address it.
"""

from urllib.parse import urlsplit

import msgspec

from holdfast.domain.instrument import Product
from holdfast.errors import ConfigError
from holdfast.venues.binance.options import Endpoints


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One network of one product."""

    name: str
    product: Product
    is_testnet: bool
    endpoints: Endpoints


PROFILES = (
    Profile(
        name="spot",
        product=Product.SPOT,
        is_testnet=False,
        endpoints=Endpoints(
            rest="https://api.binance.com",
            ws="wss://stream.binance.com:9443",
            ws_api="wss://ws-api.binance.com:443/ws-api/v3",
            other_rest=(
                "https://api1.binance.com",
                "https://api2.binance.com",
                "https://api3.binance.com",
                "https://api4.binance.com",
                "https://api-gcp.binance.com",
            ),
            public_rest=("https://data-api.binance.vision",),
            other_ws=("wss://stream.binance.com:443", "wss://data-stream.binance.vision"),
            other_ws_api=("wss://ws-api.binance.com:9443/ws-api/v3",),
        ),
    ),
    Profile(
        name="spot-testnet",
        product=Product.SPOT,
        is_testnet=True,
        endpoints=Endpoints(
            rest="https://testnet.binance.vision",
            ws="wss://stream.testnet.binance.vision",
            ws_api="wss://ws-api.testnet.binance.vision/ws-api/v3",
            other_ws=("wss://stream.testnet.binance.vision:9443",),
        ),
    ),
    Profile(
        name="usdm",
        product=Product.LINEAR,
        is_testnet=False,
        endpoints=Endpoints(
            rest="https://fapi.binance.com",
            ws="wss://fstream.binance.com",
            ws_api="wss://ws-fapi.binance.com/ws-fapi/v1",
        ),
    ),
    Profile(
        name="usdm-testnet",
        product=Product.LINEAR,
        is_testnet=True,
        endpoints=Endpoints(
            rest="https://testnet.binancefuture.com",
            ws="wss://fstream.binancefuture.com",
            ws_api="wss://testnet.binancefuture.com/ws-fapi/v1",
        ),
    ),
)


def profile(name: str) -> Profile:
    """Find a network by its name; ConfigError names those that exist."""
    found = next((known for known in PROFILES if known.name == name), None)
    if found is None:
        names = ", ".join(known.name for known in PROFILES)
        raise ConfigError(f"{name!r} is no network of Binance; there are: {names}")
    return found


def hosts(endpoints: Endpoints) -> frozenset[str]:
    """Give every host that an account of these endpoints may connect to."""
    urls = (
        endpoints.rest,
        endpoints.ws,
        endpoints.ws_api,
        *endpoints.other_rest,
        *endpoints.public_rest,
        *endpoints.other_ws,
        *endpoints.other_ws_api,
    )
    return frozenset(host for url in urls if (host := urlsplit(url).hostname))
