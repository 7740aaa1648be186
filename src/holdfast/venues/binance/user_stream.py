"""The user stream of either product: subscribed, told once, replaced without a gap.

The stream has no replay: after every (re)subscription its owner compares orders, trades and
balances before new risk is allowed, so a message that cannot be read only has to end the
connection. How a product subscribes and wraps its events is its `Subscription`.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence

from holdfast.domain.instant import Clock
from holdfast.domain.ports import Network
from holdfast.domain.venue import AccountSink, OrderReport, Pingable
from holdfast.errors import HoldfastError, VenueTimeout, VenueUnavailable
from holdfast.venues.binance.doors import Doors
from holdfast.venues.binance.handover import Switched, UserHandover
from holdfast.venues.binance.options import Options
from holdfast.venues.binance.owners import Gate
from holdfast.venues.binance.stream import StandingSocket
from holdfast.venues.binance.subscription import Confirmed, Refusal, Subscription, UserEvent
from holdfast.venues.binance.wire.account import AccountChanged
from holdfast.venues.binance.wire.unreadable import Unreadable

SHUTDOWN = "serverShutdown"


class UserStream:
    """One account's events, to one sink.

    Beside it `told` hears of every report and `on_confirmed` of every subscription that begins
    anew.
    """

    def __init__(
        self,
        network: Network,
        clock: Clock,
        *,
        urls: Sequence[str],
        subscription: Subscription,
        measure: Callable[[], Coroutine[None, None, None]],
        jitter: Callable[[], float],
        gate: Gate,
        options: Options,
    ) -> None:
        self.told: Callable[[OrderReport], None] = _nobody
        self.on_confirmed: Callable[[], None] = _nobody
        self._clock = clock
        self._subscription = subscription
        self._measure = measure
        self._options = options
        self._sink: AccountSink | None = None
        self._subscribed: asyncio.Future[None] | None = None
        self._measuring: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._opened_count = self._asked_count = 0
        live = not options.paper_pings
        handover = UserHandover(
            subscription,
            hand_over=self._hand_over,
            on_unreadable=self._on_unreadable,
            on_switched=self._on_switched,
            rotation=options.rotation,
        )
        self._socket = StandingSocket(
            network,
            Doors(
                urls,
                monotonic_ns=clock.monotonic_ns,
                way_back_ns=options.rotation.way_back_ns,
            ),
            owner=self,
            overlap=handover if live else None,
            rotation=options.rotation,
            path=subscription.path,
            jitter=jitter,
            gate=gate,
        )

    async def start(self, sink: AccountSink) -> None:
        """Subscribe; returns when the stream is up, keeps it up until `close`."""
        self._sink = sink
        self._subscribed = asyncio.get_running_loop().create_future()
        try:
            await self._socket.open()
            async with asyncio.timeout(self._options.query_timeout_s):
                await self._subscribed
        except TimeoutError as error:
            await self.close()
            raise VenueTimeout("the user stream was not confirmed in time") from error
        except HoldfastError:
            await self.close()
            raise
        finally:
            self._subscribed = None

    def reopen(self, reason: str) -> None:
        """Leave a connection that does not do its work; the account is compared anew."""
        self._socket.reopen(reason)

    def tell(self, events: Sequence[UserEvent]) -> None:
        """Hand events over, in their order."""
        for event in events:
            self._tell(event)

    async def close(self) -> None:
        """Disconnect; idempotent."""
        self._sink = None
        if self._measuring is not None:
            self._measuring.cancel()
        self._await_no_more()
        await self._socket.close()
        await self._subscription.close()

    # What the socket says.

    def on_open(self) -> None:
        """Ask for the user stream; a connection that does not answer in time is left."""
        self._opened_count += 1
        self._asked_count = 0
        self._ask()

    def on_text(self, frame: memoryview) -> None:
        """Hand an event over, or take the answer to the subscription."""
        found = self._subscription.unwrap(frame)
        if isinstance(found, bytes):
            self._hand_over([found])
        elif isinstance(found, Confirmed):
            self._confirm()
        elif isinstance(found, Unreadable):
            self._on_unreadable(found.reason)
        elif isinstance(found, Refusal):
            self._on_refusal(found)

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Answer at once, or in paper mode leave it to the sink."""
        if self._options.paper_pings and self._sink is not None:
            self._sink.on_ping(connection, payload)
        else:
            connection.pong(payload)

    def on_lost(self, reason: str) -> None:
        """Block new risk until the next subscription is compared."""
        self._await_no_more()
        if self._subscribed is not None and not self._subscribed.done():
            self._subscribed.set_exception(VenueUnavailable(f"user stream: {reason}"))
        if self._sink is not None:
            self._sink.on_account_lost(reason)

    # Events, and the answer to the subscription.

    def _hand_over(self, raws: Sequence[bytes]) -> None:
        for raw in raws:
            now_ns = self._clock.now_ns()
            self.tell(self._subscription.events(raw, received_at_ns=now_ns))

    def _tell(self, event: UserEvent) -> None:
        sink = self._sink
        if sink is None:
            return
        if isinstance(event, OrderReport):
            self.told(event)
            sink.on_report(event)
            sink.on_frame_end()
        elif isinstance(event, AccountChanged):
            sink.on_account_changed(event.reason)
            sink.on_frame_end()
        elif isinstance(event, Unreadable):
            self._socket.reopen(f"unreadable event: {event.reason}")
        elif event.reason == SHUTDOWN:
            self._socket.rotate(event.reason)
        else:
            self._socket.reopen(event.reason)

    def _ask(self) -> None:
        self._asked_count += 1
        hello = self._subscription.hello()
        if not hello:
            self._confirm()
            return
        self._socket.send(hello)
        self._await_no_more()
        self._deadline = asyncio.get_running_loop().call_later(
            self._options.query_timeout_s, self.reopen, "the subscription was not answered"
        )

    def _await_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _confirm(self) -> None:
        self._await_no_more()
        self._socket.proven()
        self.on_confirmed()
        if self._subscribed is not None and not self._subscribed.done():
            self._subscribed.set_result(None)
        if self._sink is not None:
            self._sink.on_account_connected()

    def _on_unreadable(self, reason: str) -> None:
        self._socket.reopen(f"unreadable message: {reason}")

    def _on_switched(self, reason: str, switched: Switched) -> None:
        """Go on with a successor; unless the two had agreed, the account is compared anew."""
        if switched is Switched.AGREED or self._sink is None:
            return
        self._sink.on_account_lost(reason)
        if switched is Switched.CONFIRMED:
            self._confirm()

    def _on_refusal(self, refusal: Refusal) -> None:
        self._await_no_more()
        if refusal.is_time and self._asked_count == 1:
            self._measuring = asyncio.get_running_loop().create_task(self._ask_again())
        elif self._subscribed is not None and not self._subscribed.done():
            self._subscribed.set_exception(refusal.error)
        else:
            self._socket.reopen(str(refusal.error))

    async def _ask_again(self) -> None:
        """Subscribe once more with the venue's time, if the connection is still the same."""
        number = self._opened_count
        try:
            await self._measure()
            if number == self._opened_count:
                self._ask()
        except (HoldfastError, ConnectionError) as error:
            self._socket.reopen(str(error))


def _nobody(*_: object) -> None:
    """Tell nobody; stands where nobody looks after the stream."""
