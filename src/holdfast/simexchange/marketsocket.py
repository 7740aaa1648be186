"""Requests on a market stream connection: SUBSCRIBE and its relatives, so many a second."""

from typing import TypeAlias

import msgspec

from holdfast.simexchange.connection import POLICY_VIOLATION, Connection, farewell
from holdfast.simexchange.everystream import Streams
from holdfast.simexchange.limits import SECOND_NS, SPOT, Window
from holdfast.simexchange.pacing import MarketClock
from holdfast.simexchange.payloads import feed
from holdfast.simexchange.payloads.feed import MILLISECOND_NS
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.streams import Listener

INVALID_REQUEST = 2
UNKNOWN_PROPERTY = 0
LONGEST_ID = 36
RequestId: TypeAlias = int | str | None


class Request(msgspec.Struct):
    """One control message."""

    method: str
    id: RequestId = None
    params: list[str | bool] = []


class MarketSession:
    """One connection to the market streams."""

    def __init__(
        self,
        streams: Streams,
        connection: Connection,
        *,
        clock: MarketClock,
        is_combined: bool,
        unit_ns: int = MILLISECOND_NS,
        messages_per_second: int = SPOT.messages_per_second,
    ) -> None:
        self._streams = streams
        self._connection = connection
        self._clock = clock
        self._messages = Window(SECOND_NS, messages_per_second)
        connection.farewell = self._farewell
        self._listener = Listener(connection, is_combined=is_combined, unit_ns=unit_ns)

    def open(self, names: list[str]) -> None:
        """Subscribe to the streams of the address; what is no stream is ignored there."""
        known = [name for name in names if self._streams.knows(name)]
        if known:
            self._streams.subscribe(self._listener, known)

    def take(self, raw: bytes) -> None:
        """Take one control message and answer it."""
        if not self.count():
            return
        try:
            request = msgspec.json.decode(raw, type=Request)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            refusal = Refusal(INVALID_REQUEST, f"Invalid request: {error}")
            self._answer({"error": refusal.body(), "id": None})
            return
        if isinstance(request.id, str) and len(request.id) > LONGEST_ID:
            refusal = Refusal(INVALID_REQUEST, "Invalid request: request ID is too long")
            self._answer({"error": refusal.body(), "id": None})
            return
        try:
            self._answer({"result": self._run(request), "id": request.id})
        except Refusal as refused:
            self._answer({"error": refused.body(), "id": request.id})

    def count(self) -> bool:
        """Count an incoming message; over the limit the connection is closed."""
        if self._messages.add(1, self._clock.limits_now_ns()) <= self._messages.limit:
            return True
        self._connection.close(POLICY_VIOLATION)
        return False

    def drop(self) -> None:
        """Forget the streams of a connection that is gone."""
        self._streams.drop(self._listener)

    def _run(self, request: Request) -> object:
        method, params = request.method, request.params
        if method == "LIST_SUBSCRIPTIONS":
            return list(self._listener.names)
        if method in ("SET_PROPERTY", "GET_PROPERTY"):
            return self._property(method, params)
        if method not in ("SUBSCRIBE", "UNSUBSCRIBE"):
            text = (
                "Invalid request: unknown method, expected one of SUBSCRIBE, UNSUBSCRIBE, "
                "LIST_SUBSCRIPTIONS, SET_PROPERTY, GET_PROPERTY"
            )
            raise Refusal(INVALID_REQUEST, text)
        names = [name for name in params if isinstance(name, str)]
        if len(names) != len(params) or not names:
            text = "Invalid request: params must be a list of stream names"
            raise Refusal(INVALID_REQUEST, text)
        if method == "SUBSCRIBE":
            self._streams.subscribe(self._listener, names)
        else:
            self._streams.unsubscribe(self._listener, names)
        return None

    def _property(self, method: str, params: list[str | bool]) -> object:
        if not params or params[0] != "combined":
            raise Refusal(UNKNOWN_PROPERTY, "Unknown property")
        if method == "GET_PROPERTY":
            return self._listener.is_combined
        if len(params) != len(("name", "value")) or not isinstance(params[1], bool):
            raise Refusal(INVALID_REQUEST, "Invalid request: property value must be a boolean")
        self._listener.is_combined = params[1]
        return None

    def _farewell(self, at_ms: int) -> bytes:
        said = farewell(at_ms)
        return feed.wrap("!serverShutdown", said) if self._listener.is_combined else said

    def _answer(self, body: dict[str, object]) -> None:
        self._connection.push(msgspec.json.encode(body))
