"""What the venue lets a key do, read from bytes, and what speaks against trading with it.

Source: GET /sapi/v1/account/apiRestrictions of the venue's wallet documents. A field that is
missing counts as the worse answer, because a right that is not shown may well be there.
"""

import msgspec

from holdfast.domain.instant import NS_PER_MS, NS_PER_S, UtcNs
from holdfast.domain.instrument import Product
from holdfast.venues.binance.wire.unreadable import READ_ERRORS, Unreadable

DAY_NS = 86_400 * NS_PER_S
OLDEST_KEY_NS = 90 * DAY_NS
LEAST_LEFT_NS = 7 * DAY_NS


class KeyRights(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The rights of a key; instants in milliseconds, 0 where the venue names none."""

    ip_restrict: bool = False
    enable_reading: bool = False
    enable_withdrawals: bool = True
    enable_internal_transfer: bool = True
    permits_universal_transfer: bool = True
    enable_spot_and_margin_trading: bool = False
    enable_futures: bool = False
    enable_margin: bool = False
    enable_vanilla_options: bool = False
    enable_fix_api_trade: bool = False
    enable_portfolio_margin_trading: bool = False
    create_time: int = 0
    trading_authority_expiration_time: int = 0

    @property
    def granted(self) -> list[str]:
        """Give the names of the rights that the key has, as the venue spells them."""
        fields = msgspec.structs.fields(self)
        return [one.encode_name for one in fields if getattr(self, one.name) is True]


_RIGHTS = msgspec.json.Decoder(KeyRights)
_TRADING = {Product.SPOT: "enable_spot_and_margin_trading", Product.LINEAR: "enable_futures"}
_MONEY = (
    ("enable_withdrawals", "it can withdraw"),
    ("enable_internal_transfer", "it can transfer to other accounts"),
    ("permits_universal_transfer", "it can move money between wallets"),
)
_UNNEEDED = (
    ("enable_spot_and_margin_trading", "trade spot"),
    ("enable_futures", "trade futures"),
    ("enable_margin", "borrow and trade on margin"),
    ("enable_vanilla_options", "trade options"),
    ("enable_fix_api_trade", "trade by FIX"),
    ("enable_portfolio_margin_trading", "trade on portfolio margin"),
)


def key_rights(body: bytes) -> KeyRights | Unreadable:
    """Read the venue's answer."""
    try:
        return _RIGHTS.decode(body)
    except READ_ERRORS as error:
        return Unreadable(str(error))


def objections(rights: KeyRights, product: Product, *, now_ns: UtcNs) -> list[str]:
    """Say what speaks against trading with a key; empty when nothing does."""
    needed = _TRADING[product]
    found = [text for name, text in _MONEY if getattr(rights, name)]
    if not rights.ip_restrict:
        found.append("it is not bound to an address")
    if not rights.enable_reading:
        found.append("it cannot read the account")
    if not getattr(rights, needed):
        found.append(f"it cannot {dict(_UNNEEDED)[needed]}")
    found += [
        f"it can {text}, which this account does not need"
        for name, text in _UNNEEDED
        if name != needed and getattr(rights, name)
    ]
    age_ns = now_ns - rights.create_time * NS_PER_MS
    if rights.create_time and age_ns > OLDEST_KEY_NS:
        found.append(f"it is {age_ns // DAY_NS} days old, at most {OLDEST_KEY_NS // DAY_NS}")
    left_ns = rights.trading_authority_expiration_time * NS_PER_MS - now_ns
    if rights.trading_authority_expiration_time and left_ns < LEAST_LEFT_NS:
        found.append(f"its right to trade ends within {LEAST_LEFT_NS // DAY_NS} days")
    return found
