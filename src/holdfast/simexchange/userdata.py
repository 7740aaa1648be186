"""User data: who subscribed to which account, and the events on their way to them."""

import msgspec

from holdfast.simexchange.chronicle import DEAF, LISTENED, Chronicle
from holdfast.simexchange.connection import Connection
from holdfast.simexchange.faults import Faults
from holdfast.simexchange.faults.at_user import UserFaults
from holdfast.simexchange.futures.model import FuturesFact
from holdfast.simexchange.model import AccountFact, BalanceUpdate, OrderUpdate
from holdfast.simexchange.pacing import MarketClock
from holdfast.simexchange.payloads import lists, orders
from holdfast.simexchange.payloads.feed import MILLISECOND_NS
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.requests import BalanceShift, ListUpdate
from holdfast.simexchange.timetable import Timetable


class Subscription:
    """One subscription to an account's events on one connection."""

    product = "spot"

    def __init__(
        self,
        connection: Connection,
        account: str,
        number: int,
        *,
        unit_ns: int = MILLISECOND_NS,
    ) -> None:
        self.connection = connection
        self.account = account
        self.number = number
        self.unit_ns = unit_ns

    def concerns(self, fact: "AccountFact | FuturesFact") -> bool:
        """Tell whether a fact is of this subscription's product."""
        return not isinstance(fact, FuturesFact)

    def events(self, fact: "AccountFact | FuturesFact") -> list[orders.Json]:
        """Say in the product's words what happened."""
        if isinstance(fact, OrderUpdate):
            return [orders.execution_report(fact, unit_ns=self.unit_ns)]
        if isinstance(fact, ListUpdate):
            return [lists.list_status(fact, unit_ns=self.unit_ns)]
        if isinstance(fact, BalanceShift):
            return [lists.balance_shift(fact, unit_ns=self.unit_ns)]
        assert isinstance(fact, BalanceUpdate), "a subscription is asked what concerns it"
        return [orders.account_position(fact, unit_ns=self.unit_ns)]

    def push(self, event: orders.Json) -> None:
        """Send one event in the envelope of its subscription."""
        envelope = {"subscriptionId": self.number, "event": event}
        self.connection.push(msgspec.json.encode(envelope))


class UserStreams:
    """All subscriptions to user data."""

    def __init__(
        self,
        clock: MarketClock,
        *,
        faults: Faults,
        timetable: Timetable,
        chronicle: Chronicle,
    ) -> None:
        self._clock = clock
        self._chronicle = chronicle
        self._faults = faults
        self._spoiled = UserFaults(faults, timetable)
        self._subscriptions: list[Subscription] = []

    def subscribe(self, subscription: Subscription) -> None:
        """Add a subscription; an account has one on each connection."""
        for present in self._subscriptions:
            if (
                present.connection is subscription.connection
                and present.account == subscription.account
            ):
                text = "Subscription already active for this connection and account."
                raise Refusal(-2035, text)
        is_first = not self._listens(subscription)
        self._subscriptions.append(subscription)
        if is_first:
            self._note(LISTENED, subscription)

    def unsubscribe(self, connection: Connection, *, number: int | None = None) -> None:
        """End one subscription of a connection, or all; each hears that it ended."""
        ended = [
            subscription
            for subscription in self._subscriptions
            if subscription.connection is connection
            and (number is None or subscription.number == number)
        ]
        if not ended:
            raise Refusal(-2036, "User Data Stream subscription not active.")
        for subscription in ended:
            self.remove(subscription)
            at = self._clock.now_ns() // subscription.unit_ns
            subscription.push({"e": "eventStreamTerminated", "E": at})

    def of(self, connection: Connection) -> list[Subscription]:
        """List the subscriptions of a connection."""
        return [one for one in self._subscriptions if one.connection is connection]

    def of_account(self, account: str) -> list[Subscription]:
        """List the subscriptions to an account."""
        return [one for one in self._subscriptions if one.account == account]

    def remove(self, subscription: Subscription) -> None:
        """End a subscription without a word."""
        self._subscriptions.remove(subscription)
        if not self._listens(subscription):
            self._note(DEAF, subscription)

    def drop(self, connection: Connection) -> None:
        """Forget a connection that is gone."""
        for subscription in self.of(connection):
            self.remove(subscription)

    def publish(self, account: str, fact: "AccountFact | FuturesFact") -> None:
        """Send an account event to everybody who subscribed to the account."""
        listeners = [one for one in self.of_account(account) if one.concerns(fact)]
        if not listeners:
            return
        if self._faults.on_user:
            self._spoiled.publish(account, fact, listeners=listeners)
            return
        for subscription in listeners:
            for event in subscription.events(fact):
                subscription.push(event)

    def _listens(self, like: Subscription) -> bool:
        """Tell whether anybody listens to the account and product of a subscription."""
        return any(one.product == like.product for one in self.of_account(like.account))

    def _note(self, what: str, subscription: Subscription) -> None:
        self._chronicle.note(what, account=subscription.account, product=subscription.product)
