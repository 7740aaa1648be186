"""Streams of several products side by side: a stream belongs to the one that knows its name."""

from collections.abc import Iterable
from typing import Protocol

from holdfast.simexchange.model import Record
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.streams import Listener

UNKNOWN_STREAM = 2


class Streams(Protocol):
    """Streams that a connection can listen to."""

    def knows(self, name: str) -> bool:
        """Tell whether a stream of this name exists."""

    def subscribe(self, listener: Listener, names: list[str]) -> None:
        """Add streams to a listener; unknown names are refused before anything is done."""

    def unsubscribe(self, listener: Listener, names: list[str]) -> None:
        """Take streams from a listener; names that it does not have are ignored."""

    def drop(self, listener: Listener) -> None:
        """Forget a listener whose connection is gone."""


class ProductStreams(Protocol):
    """The market streams of one product, as the floor sees them."""

    @property
    def has_listeners(self) -> bool:
        """Tell whether any stream is listened to."""

    def hears(self, symbol: str) -> bool:
        """Tell whether anybody listens to a symbol."""

    def announce(self, text: bytes) -> None:
        """Ping every listening connection with a text."""

    def is_stale(self, since_ns: int) -> bool:
        """Tell whether a listening connection has heard nothing since then."""

    def tell_time(self, since_ns: int) -> None:
        """Tell the time to the listening connections that heard nothing since then."""

    def cut_all(self) -> None:
        """Cut every listening connection."""

    def publish(self, record: Record) -> None:
        """Send what a record means to whoever listens."""


class JoinedStreams:
    """What a door offers that serves several kinds of streams."""

    def __init__(self, parts: Iterable[Streams]) -> None:
        self._parts = list(parts)

    def knows(self, name: str) -> bool:
        """Tell whether a stream of this name exists."""
        return any(part.knows(name) for part in self._parts)

    def subscribe(self, listener: Listener, names: list[str]) -> None:
        """Add streams to a listener; unknown names are refused before anything is done."""
        for name in names:
            if not self.knows(name):
                raise Refusal(UNKNOWN_STREAM, f"Invalid request: unknown stream {name!r}")
        for part in self._parts:
            known = [name for name in names if part.knows(name)]
            if known:
                part.subscribe(listener, known)

    def unsubscribe(self, listener: Listener, names: list[str]) -> None:
        """Take streams from a listener; names that it does not have are ignored."""
        for part in self._parts:
            part.unsubscribe(listener, [name for name in names if part.knows(name)])

    def drop(self, listener: Listener) -> None:
        """Forget a listener whose connection is gone."""
        for part in self._parts:
            part.drop(listener)


class EveryStream:
    """The market streams of all products; what is done to one is done to all."""

    def __init__(self, products: Iterable[ProductStreams]) -> None:
        self._products = list(products)

    @property
    def has_listeners(self) -> bool:
        """Tell whether any stream is listened to."""
        return any(product.has_listeners for product in self._products)

    def hears(self, symbol: str) -> bool:
        """Tell whether anybody listens to a symbol."""
        return any(product.hears(symbol) for product in self._products)

    def announce(self, text: bytes) -> None:
        """Ping every listening connection with a text."""
        for product in self._products:
            product.announce(text)

    def is_stale(self, since_ns: int) -> bool:
        """Tell whether a listening connection has heard nothing since then."""
        return any(product.is_stale(since_ns) for product in self._products)

    def tell_time(self, since_ns: int) -> None:
        """Tell the time to the listening connections that heard nothing since then."""
        for product in self._products:
            product.tell_time(since_ns)

    def cut_all(self) -> None:
        """Cut every listening connection."""
        for product in self._products:
            product.cut_all()

    def publish(self, record: Record) -> None:
        """Send what a record means to whoever listens."""
        for product in self._products:
            if product.hears(record.symbol):
                product.publish(record)
