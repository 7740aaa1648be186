"""Profiles: each network complete, encrypted and apart from the others (XCH-1, XCH-2)."""

from urllib.parse import urlsplit

import pytest

from holdfast.domain.instrument import Product
from holdfast.errors import ConfigError
from holdfast.venues.binance.options import Endpoints
from holdfast.venues.binance.profiles import PROFILES, Profile, hosts, profile


def urls(found: Profile) -> list[str]:
    ends = found.endpoints
    return [
        ends.rest, ends.ws, ends.ws_api, *ends.other_rest, *ends.public_rest, *ends.other_ws,
        *ends.other_ws_api,
    ]  # fmt: skip


@pytest.mark.parametrize("found", PROFILES, ids=lambda found: found.name)
def test_every_address_of_a_profile_is_encrypted_and_of_the_venue(found: Profile) -> None:
    for url in urls(found):
        parts = urlsplit(url)
        assert parts.scheme in ("https", "wss")
        assert parts.hostname in hosts(found.endpoints)
        assert parts.hostname.endswith((".binance.com", "binance.vision", "binancefuture.com"))


def test_a_test_network_shares_no_host_with_production() -> None:
    real, test = (
        frozenset().union(*(hosts(p.endpoints) for p in PROFILES if p.is_testnet is which))
        for which in (False, True)
    )
    assert not real & test


def test_a_profile_is_found_by_name_or_refused_with_the_names() -> None:
    assert profile("usdm").product is Product.LINEAR
    with pytest.raises(ConfigError, match="there are: spot, spot-testnet, usdm, usdm-testnet"):
        profile("live")


def test_the_defaults_are_the_production_of_spot() -> None:
    plain, found = Endpoints(), profile("spot").endpoints
    assert (plain.rest, plain.ws, plain.ws_api) == (found.rest, found.ws, found.ws_api)
