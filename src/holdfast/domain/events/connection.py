"""The way to the venue: its key, its status, breakers, and the dead man's switch."""

from typing import ClassVar

import msgspec

from holdfast.domain.events.event import Event


class BreakerChanged(Event, frozen=True, array_like=True):
    """A circuit breaker opened, tries, or closed; `endpoint_class` says what it guards."""

    TYPE: ClassVar[str] = "breaker.changed/1"
    endpoint_class: str
    state: str
    reason: str


class VenueStatusChanged(Event, frozen=True, array_like=True):
    """The venue says that it is in maintenance, or normal again; `status` is its own word."""

    TYPE: ClassVar[str] = "venue.status_changed/1"
    is_normal: bool
    status: str


class KeyChecked(Event, frozen=True, array_like=True):
    """What the venue lets the trading key do was read and judged at a start.

    `objections` that stand are overridden by a person until `override_until_ns`, 0 without one.
    """

    TYPE: ClassVar[str] = "key.checked/1"
    api_key_start: str
    permissions: list[str]
    objections: list[str] = msgspec.field(default_factory=list)
    override_until_ns: int = 0
    override_reason: str = ""


class DeadManArmed(Event, frozen=True, array_like=True):
    """The venue cancels a symbol's orders unless it hears from us within the countdown."""

    TYPE: ClassVar[str] = "countdown.armed/1"
    symbol: str
    countdown_ms: int


class DeadManRefreshed(Event, frozen=True, array_like=True):
    """The countdowns of these symbols began anew."""

    TYPE: ClassVar[str] = "countdown.refreshed/1"
    symbols: list[str]
    countdown_ms: int


class DeadManDisarmed(Event, frozen=True, array_like=True):
    """The venue's countdown of a symbol was ended."""

    TYPE: ClassVar[str] = "countdown.disarmed/1"
    symbol: str
    reason: str


class ConnectionLapsed(Event, frozen=True, array_like=True):
    """The venue was out of reach for too long: entries and exits are canceled, stops stay."""

    TYPE: ClassVar[str] = "connection.lapsed/1"
    what: str
    lost_ns: int
    canceled_count: int


class ConnectionRestored(Event, frozen=True, array_like=True):
    """The venue is in reach again after a lapse."""

    TYPE: ClassVar[str] = "connection.restored/1"
    what: str
    lost_ns: int
