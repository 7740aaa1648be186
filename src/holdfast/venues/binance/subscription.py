"""How the user stream of each product is asked for, kept and read.

Spot subscribes by a signed message of the WebSocket API. USD-M gives a listen key by REST: it
is in the address of the private route, lives for an hour and is prolonged every half hour; a
key that is gone (-1125, `listenKeyExpired`) is replaced by a new one and a new connection.
Source: Binance spot "User Data Stream", USD-M "User Data Streams"; routes as its clients use.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import msgspec

from holdfast.domain.instant import NS_PER_S, Clock, Timer, UtcNs
from holdfast.domain.venue import OrderReport
from holdfast.errors import HoldfastError, VenueUnavailable
from holdfast.venues.binance.options import Credentials, Options
from holdfast.venues.binance.rest import QuestionRefused, Rest, refusal
from holdfast.venues.binance.signing import signer
from holdfast.venues.binance.wire import account, usdm_account, usdm_events
from holdfast.venues.binance.wire.account import AccountChanged, Ended, Reported
from holdfast.venues.binance.wire.replies import OK, ErrorBody, reply
from holdfast.venues.binance.wire.requests import Params, request, signed
from holdfast.venues.binance.wire.stops import TriggeredStops
from holdfast.venues.binance.wire.unreadable import Unreadable

SUBSCRIBE = "userDataStream.subscribe.signature"
LISTEN_KEY = "/fapi/v1/listenKey"
KEPT_ALIVE_EVERY_NS = 1_800 * NS_PER_S
KEPT_ALIVE_AGAIN_NS = 60 * NS_PER_S
KEY_GONE = -1125
_TIME_CODE = -1021

UserEvent: TypeAlias = OrderReport | AccountChanged | Ended | Unreadable


class Confirmed(msgspec.Struct, frozen=True):
    """The venue says that the subscription stands."""


class Refusal(msgspec.Struct, frozen=True):
    """The venue does not let us subscribe; `is_time` when the time stamp was what it minded."""

    error: HoldfastError
    is_time: bool = False


Unwrapped: TypeAlias = bytes | Confirmed | Refusal | Unreadable | None


class Subscription(Protocol):
    """How a product's user stream is asked for and read."""

    async def path(self) -> str:
        """Give what follows the address; may ask the venue for a key first."""

    def hello(self) -> bytes:
        """Give the message that subscribes; empty when being connected is enough."""

    def unwrap(self, frame: memoryview) -> Unwrapped:
        """Take an event out of its frame; None for what needs no attention."""

    def events(self, raw: bytes, *, received_at_ns: UtcNs) -> Sequence[UserEvent]:
        """Read what an event says."""

    async def close(self) -> None:
        """End what keeps the subscription alive."""


class SignedSubscription:
    """Spot: a signed message on a connection of the WebSocket API."""

    def __init__(
        self, rest: Rest, *, credentials: Credentials, options: Options, reported: Reported
    ) -> None:
        self._rest = rest
        self._api_key = credentials.api_key
        self._signer = signer(credentials)
        self._recv_window_ms = options.recv_window_ms
        self._reported = reported
        self._request_id = 0

    async def path(self) -> str:
        """Give nothing: the address is the whole URL."""
        return ""

    def hello(self) -> bytes:
        """Sign a subscription with the venue's time as it is known now."""
        self._request_id += 1
        params: Params = {
            "apiKey": self._api_key,
            "recvWindow": self._recv_window_ms,
            "timestamp": self._rest.timestamp_ms(),
        }
        keyed = signed(params, self._signer.sign)
        return request(self._request_id, SUBSCRIBE, params=keyed)

    def unwrap(self, frame: memoryview) -> Unwrapped:
        """Take an event, or the answer to the newest subscription."""
        read = reply(frame)
        if isinstance(read, Unreadable):
            return read
        if raw := bytes(read.event):
            return raw
        if read.id != self._request_id:
            return None
        if read.status == OK:
            return Confirmed()
        error = read.error or ErrorBody()
        failure = refusal(read.status, error, what="user stream")
        return Refusal(failure, is_time=error.code == _TIME_CODE)

    def events(self, raw: bytes, *, received_at_ns: UtcNs) -> Sequence[UserEvent]:
        """Read an event; empty for kinds and symbols that are not ours."""
        event = account.event(raw, self._reported, received_at_ns=received_at_ns)
        return () if event is None else (event,)

    async def close(self) -> None:
        """Do nothing: a subscription ends with its connection."""


class ListenKey:
    """USD-M: a key in the address, prolonged while it is in use; `on_gone` when it is not.

    `on_release` takes the events that were held back and are due although no message came.
    """

    def __init__(
        self,
        rest: Rest,
        clock: Clock,
        *,
        reported: Reported,
        stops: TriggeredStops,
        on_gone: Callable[[str], None],
        on_release: Callable[[Sequence[UserEvent]], None],
    ) -> None:
        self._rest = rest
        self._clock = clock
        self._on_release = on_release
        self._releasing: Timer | None = None
        self._on_gone = on_gone
        self._events = usdm_events.UserEvents(reported, stops)
        self._key = ""
        self._timer: Timer | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def path(self) -> str:
        """Ask for the key: a new one, or the same one as long as it is valid."""
        body = await self._rest.keyed("POST", LISTEN_KEY, weight=1)
        key = usdm_account.listen_key(body)
        if isinstance(key, Unreadable):
            raise VenueUnavailable(f"{LISTEN_KEY}: unreadable answer ({key.reason})")
        self._key = key
        self._keep(KEPT_ALIVE_EVERY_NS)
        return f"/private/ws?listenKey={key}"

    def hello(self) -> bytes:
        """Give nothing: the key in the address has subscribed."""
        return b""

    def unwrap(self, frame: memoryview) -> Unwrapped:
        """Give the frame, which is the event."""
        return bytes(frame)

    def events(self, raw: bytes, *, received_at_ns: UtcNs) -> Sequence[UserEvent]:
        """Read an event and what it frees of those that were held back."""
        found = self._events.read(raw, received_at_ns=received_at_ns)
        if self._events.is_holding and self._releasing is None:
            self._releasing = self._clock.call_at(
                received_at_ns + usdm_events.HELD_FOR_NS, self._release
            )
        return found

    async def close(self) -> None:
        """Prolong the key no more; it ends by itself, for another connection may use it."""
        for timer in (self._timer, self._releasing):
            if timer is not None:
                timer.cancel()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)

    def _release(self) -> None:
        self._releasing = None
        self._on_release(self._events.release(self._clock.now_ns()))
        if self._events.is_holding:
            self._releasing = self._clock.call_at(
                self._clock.now_ns() + usdm_events.HELD_FOR_NS, self._release
            )

    def _keep(self, after_ns: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_at(self._clock.now_ns() + after_ns, self._due)

    def _due(self) -> None:
        self._keeping = asyncio.get_running_loop().create_task(self._prolong())

    async def _prolong(self) -> None:
        """Prolong the key; one that is gone is told, other failures are tried again."""
        try:
            await self._rest.keyed("PUT", LISTEN_KEY, weight=1)
        except QuestionRefused as error:
            if error.code == KEY_GONE:
                self._on_gone("the listen key is gone")
                return
            self._keep(KEPT_ALIVE_AGAIN_NS)
        except HoldfastError:
            self._keep(KEPT_ALIVE_AGAIN_NS)
        else:
            self._keep(KEPT_ALIVE_EVERY_NS)
