"""What the venue tells of a key's rights, and that it holds to it."""

from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Product
from holdfast.errors import ConfigError
from holdfast.simexchange.accounts import (
    DEMO_READ_API_KEY,
    DEMO_READ_SECRET,
    AccountSpec,
    demonstration_account,
    load_accounts,
)
from holdfast.simexchange.rights import Rights
from holdfast.venues.binance.wire.rights import key_rights, objections
from tests.unit.simexchange_wire.venue_kit import RULES, START_NS, Client, open_venue, run

PATH = "/sapi/v1/account/apiRestrictions"
FILE = """
[[accounts]]
name = "desk"
api_key = "k"
secret = "s"
balances = { USDT = "1" }
addresses = ["127.0.0.2"]
rights = { enableWithdrawals = true, ipRestrict = false, createTime = 5 }
"""


def holding(**changes: Any) -> list[AccountSpec]:
    """The demonstration account with another first key."""
    account = demonstration_account({"BTCUSDT": RULES})
    first = msgspec.structs.replace(account.keys[0], **changes)
    return [msgspec.structs.replace(account, keys=(first, *account.keys[1:]))]


async def refused(client: Client, method: str, path: str, **params: object) -> bool:
    """Tell whether the key is refused as the venue refuses keys."""
    body = await client.signed(method, path, **params)
    return client.status == 401 and body["code"] == -2015


@pytest.mark.parametrize(
    ("product", "asked"), [("spot", Product.SPOT), ("linear", Product.LINEAR)]
)
def test_nothing_speaks_against_the_demonstration_key(product: str, asked: Product) -> None:
    async def story() -> None:
        rules = msgspec.structs.replace(RULES, product=product)
        async with open_venue(rules=rules) as client:
            body = await client.signed("GET", PATH)
            rights = key_rights(msgspec.json.encode(body))
            assert not hasattr(rights, "reason")
            assert objections(rights, asked, now_ns=UtcNs(START_NS)) == []

    run(story())


def test_a_reading_key_shows_no_right_to_trade() -> None:
    async def story() -> None:
        async with open_venue() as client:
            client.key, client.secret = DEMO_READ_API_KEY, DEMO_READ_SECRET
            body = await client.signed("GET", PATH)
            assert body["enableReading"] is True
            assert body["enableSpotAndMarginTrading"] is body["enableFutures"] is False

    run(story())


def test_rights_that_were_set_are_told_and_held() -> None:
    async def story() -> None:
        set_so = Rights(enable_withdrawals=True, enable_spot_and_margin_trading=False)
        async with open_venue(accounts=holding(rights=set_so)) as client:
            body = await client.signed("GET", PATH)
            assert body["enableWithdrawals"] is True
            assert await refused(client, "POST", "/api/v3/order", symbol="BTCUSDT")
            assert "canTrade" in await client.signed("GET", "/api/v3/account")
        blind = holding(rights=Rights(enable_reading=False))
        async with open_venue(accounts=blind) as client:
            assert await refused(client, "GET", "/api/v3/account")
            assert "orderId" in await client.order()

    run(story())


def test_a_key_bound_to_an_address_is_good_from_nowhere_else() -> None:
    async def story() -> None:
        async with open_venue(accounts=holding(addresses=("127.0.0.2",))) as client:
            assert await refused(client, "GET", "/api/v3/account")
            assert "id" in await (await client.open("/ws-api/v3")).call("ping")
            there = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
            async with aiohttp.ClientSession(connector=there) as session:
                client.session = session
                assert "canTrade" in await client.signed("GET", "/api/v3/account")

    run(story())


def test_an_accounts_file_sets_rights_and_addresses(tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(FILE)
    [account] = load_accounts(path)
    assert account.keys[0].addresses == ("127.0.0.2",)
    assert account.keys[0].rights == Rights(
        enable_withdrawals=True, ip_restrict=False, create_time=5
    )
    for text, words in (
        (FILE.replace("127.0.0.2", "home"), "is no address"),
        (FILE.replace("ipRestrict", "ipRestricted"), "ipRestricted"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match=words):
            load_accounts(path)
