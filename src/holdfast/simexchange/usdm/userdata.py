"""User data by listen key: a key is a stream name of the private route.

A key that is not valid is accepted and stays silent, as at the venue.
"""

from typing import TYPE_CHECKING

import msgspec

from holdfast.simexchange.connection import Connection
from holdfast.simexchange.everystream import UNKNOWN_STREAM
from holdfast.simexchange.floor import Floor
from holdfast.simexchange.futures.model import FuturesFact
from holdfast.simexchange.payloads.feed import wrap
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.streams import Listener
from holdfast.simexchange.usdm.listenkeys import ListenKey, is_listen_key
from holdfast.simexchange.usdm.payloads import events
from holdfast.simexchange.usdm.payloads.orders import Json
from holdfast.simexchange.userdata import Subscription

if TYPE_CHECKING:
    from holdfast.simexchange.model import AccountFact


class KeySubscription(Subscription):
    """A listen key on one connection: events are raw, or in the envelope of a stream."""

    product = "usdm"

    def __init__(self, listener: Listener, key: str, *, account: str, floor: Floor) -> None:
        super().__init__(listener.connection, account, 0)
        self.key = key
        self.listener = listener
        self._floor = floor

    def concerns(self, fact: "AccountFact | FuturesFact") -> bool:
        """Tell whether a fact is of this subscription's product."""
        return isinstance(fact, FuturesFact)

    def events(self, fact: "AccountFact | FuturesFact") -> list[Json]:
        """Say in the product's words what happened."""
        assert isinstance(fact, FuturesFact), "a subscription is asked what concerns it"
        return events.events(fact, self._floor.usdm.streams.digits)

    def push(self, event: Json) -> None:
        """Send one event."""
        message = msgspec.json.encode(event)
        if self.listener.is_combined:
            message = wrap(self.key, message)
        self.connection.push(message)


class PrivateStreams:
    """The private route: its stream names are listen keys."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    def knows(self, name: str) -> bool:
        """Tell whether a name has the form of a listen key."""
        return is_listen_key(name)

    def subscribe(self, listener: Listener, names: list[str]) -> None:
        """Listen with keys; one that is not valid stays silent."""
        for name in names:
            if not self.knows(name):
                raise Refusal(UNKNOWN_STREAM, f"Invalid request: unknown stream {name!r}")
        for name in names:
            account = self._floor.usdm.listen_keys.account_of(name)
            held = self._of(listener.connection)
            if account is not None and name not in {one.key for one in held}:
                self._floor.users.subscribe(
                    KeySubscription(listener, name, account=account, floor=self._floor)
                )
            listener.names[name] = None

    def unsubscribe(self, listener: Listener, names: list[str]) -> None:
        """Take keys from a listener; those that it does not have are ignored."""
        for one in self._of(listener.connection):
            if one.key in names:
                self._floor.users.remove(one)
        for name in names:
            listener.names.pop(name, None)

    def drop(self, listener: Listener) -> None:
        """Forget a listener whose connection is gone."""
        self.unsubscribe(listener, [one.key for one in self._of(listener.connection)])

    def _of(self, connection: Connection) -> list[KeySubscription]:
        held = self._floor.users.of(connection)
        return [one for one in held if isinstance(one, KeySubscription)]


def tell_expiry(floor: Floor, key: ListenKey) -> None:
    """Tell everybody who listens with a key that it is no more valid, and stop telling more."""
    event = events.listen_key_expired(key.text, at_ns=floor.clock.now_ns())
    for one in floor.users.of_account(key.account):
        if isinstance(one, KeySubscription) and one.key == key.text:
            one.push(event)
            floor.users.remove(one)
