"""What a key may do at the venue, as its owner set it, and as the venue tells it.

Source: GET /sapi/v1/account/apiRestrictions of the venue's wallet documents.
"""

from ipaddress import ip_address
from typing import Literal

import msgspec

NS_PER_MS = 10**6
DAY_NS = 86_400 * 10**9


class Rights(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """The rights of a key, under the venue's own names; instants in milliseconds.

    None in a right to trade stands for what the key's permissions and the listed products
    give. A `create_time` of 0 is a day before now, an expiration of 0 is never.
    """

    ip_restrict: bool = True
    enable_reading: bool = True
    enable_withdrawals: bool = False
    enable_internal_transfer: bool = False
    permits_universal_transfer: bool = False
    enable_spot_and_margin_trading: bool | None = None
    enable_futures: bool | None = None
    enable_margin: bool = False
    enable_vanilla_options: bool = False
    enable_fix_api_trade: bool = False
    enable_fix_read_only: bool = False
    enable_portfolio_margin_trading: bool = False
    create_time: int = 0
    trading_authority_expiration_time: int = 0

    def may_trade(self, product: Literal["spot", "usdm"]) -> bool:
        """Tell whether nothing here forbids to trade a product."""
        right = (
            self.enable_spot_and_margin_trading if product == "spot" else self.enable_futures
        )
        return right is not False


def told(rights: Rights, *, trades: dict[str, bool], now_ns: int) -> dict[str, object]:
    """Answer with the rights; `trades` are the rights to trade that nobody set."""
    shown: dict[str, object] = {
        name: trades.get(name, False) if value is None else value
        for name, value in msgspec.to_builtins(rights).items()
    }
    if not rights.create_time:
        shown["createTime"] = (now_ns - DAY_NS) // NS_PER_MS
    if not rights.trading_authority_expiration_time:
        del shown["tradingAuthorityExpirationTime"]
    return shown


def check_addresses(addresses: list[str]) -> tuple[str, ...]:
    """Return network addresses; raise ValueError for what is none."""
    for text in addresses:
        try:
            ip_address(text)
        except ValueError:
            raise ValueError(
                f"{text[:40]!r} is no address; such as 127.0.0.1 would be right"
            ) from None
    return tuple(addresses)
