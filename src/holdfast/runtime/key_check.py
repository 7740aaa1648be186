"""The trading key is judged before the first order: what it can do beyond trading is refused.

A person may override the objections for some days, with a reason; that is journaled with them.
No answer from the venue is no permission.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_S, UtcNs
from holdfast.domain.instrument import Product
from holdfast.errors import ConfigError, CredentialsRefused
from holdfast.venues.binance.wire.rights import KeyRights, objections

LONGEST_OVERRIDE_DAYS = 30
_SHOWN = 4


class KeyOverride(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Who takes the risk of a key that can do too much, until when, and why."""

    until: date
    reason: str


Ask = Callable[[], Awaitable[KeyRights | None]]
"""Asks the venue; None where it has no such question (a test network)."""


async def check_key(
    ask: Ask, product: Product, *, api_key: str, now_ns: UtcNs, override: KeyOverride | None
) -> ev.KeyChecked:
    """Read and judge the key's rights; CredentialsRefused names every objection that stands."""
    rights = await ask()
    start = api_key[:_SHOWN]
    if rights is None:
        return ev.KeyChecked(start, ["not told by this venue"])
    found = objections(rights, product, now_ns=now_ns)
    if not found:
        return ev.KeyChecked(start, rights.granted)
    until_ns = _overridden_until_ns(override, now_ns)
    if override is None or until_ns <= now_ns:
        over = f"; the override ended {override.until}" if override else ""
        raise CredentialsRefused(
            f"the key {start}... may not trade: {'; '.join(found)}{over}. Make a key that can "
            "only read and trade and is bound to this address, or set venue.key_override"
        )
    return ev.KeyChecked(start, rights.granted, found, until_ns, override.reason)


def _overridden_until_ns(override: KeyOverride | None, now_ns: UtcNs) -> int:
    """Give the end of the override's last day, UTC; `ConfigError` when that is too far off."""
    if override is None:
        return 0
    if not override.reason.strip():
        raise ConfigError("venue.key_override: a reason is needed; it is journaled")
    ends = datetime.combine(override.until, datetime.min.time(), UTC) + timedelta(days=1)
    until_ns = int(ends.timestamp()) * NS_PER_S
    if until_ns - now_ns > (LONGEST_OVERRIDE_DAYS + 1) * 86_400 * NS_PER_S:
        raise ConfigError(
            f"venue.key_override.until {override.until}: at most {LONGEST_OVERRIDE_DAYS} days "
            "ahead"
        )
    return until_ns
