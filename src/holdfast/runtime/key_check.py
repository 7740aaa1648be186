"""The trading key is judged before the first order: what it can do beyond trading is refused.

A person may override the objections for some days, with a reason; that is journaled with them.
No answer from the venue is no permission. Rights can be changed while a trader runs, so the key
is judged again every day; what has become worse then is an incident for a person, because an
account with positions is not helped by a trader that ends.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_S, Clock, UtcNs
from holdfast.domain.instrument import Product
from holdfast.errors import ConfigError, CredentialsRefused, HoldfastError
from holdfast.runtime.recorder import Recorder
from holdfast.venues.binance.wire.rights import KeyRights, objections

LONGEST_OVERRIDE_DAYS = 30
JUDGED_EVERY_NS = 86_400 * NS_PER_S
JUDGED_AGAIN_NS = 3_600 * NS_PER_S
"""How soon the venue is asked again when it did not answer."""
INCIDENT = "trading key"
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


class KeyWatch:
    """Has the key judged again every day, from `start` to `close`."""

    def __init__(
        self,
        judge: Callable[[], Awaitable[ev.KeyChecked]],
        *,
        clock: Clock,
        recorder: Recorder,
        tell: Callable[[str], None],
    ) -> None:
        self._judge = judge
        self._clock = clock
        self._recorder = recorder
        self._tell = tell
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Judge a day from now, and every day."""
        self._task = asyncio.get_running_loop().create_task(self._keep_judging())

    async def close(self) -> None:
        """Judge no more; idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _keep_judging(self) -> None:
        wait_ns = JUDGED_EVERY_NS
        while True:
            due = asyncio.Event()
            timer = self._clock.call_at(self._clock.now_ns() + wait_ns, due.set)
            try:
                await due.wait()
            finally:
                timer.cancel()
            wait_ns = await self._look()

    async def _look(self) -> int:
        """Judge once; give how long to wait for the next time."""
        try:
            self._recorder.decide(await self._judge())
        except (CredentialsRefused, ConfigError) as error:
            self._tell(str(error))
            self._recorder.decide(ev.IncidentOpened(INCIDENT, "account", str(error)))
        except HoldfastError:
            return JUDGED_AGAIN_NS
        self._recorder.flush()
        return JUDGED_EVERY_NS


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
