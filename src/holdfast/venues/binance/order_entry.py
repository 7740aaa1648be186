"""The way orders take: the WebSocket API first, kept-alive HTTP when it is down.

Bytes are written before `submit` and `cancel` return, each once. An answer is given once for
each: what the venue says, or Unknown when the connection ends or nothing comes in time. The
adapter never sends anything twice, not even what was refused for its time stamp: only the gates
and the fence before them may decide that.
"""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial

from holdfast.domain.ids import AccountId, Symbol
from holdfast.domain.instant import NS_PER_MS, NS_PER_S, Clock
from holdfast.domain.instrument import Instrument
from holdfast.domain.order import NewOrder
from holdfast.domain.ports import HttpAnswer, HttpConnection, Network
from holdfast.domain.submission import Rejected, Submission, Unknown
from holdfast.domain.venue import (
    CancelAnswer,
    CancelOrder,
    CancelRefused,
    OrderSink,
    Pingable,
)
from holdfast.errors import HoldfastError, InvariantBroken, VenueTimeout, VenueUnavailable
from holdfast.venues.binance.options import Credentials, Endpoints, Options
from holdfast.venues.binance.pending import Asked, Pending
from holdfast.venues.binance.rest import Rest, refusal, retry_after_s
from holdfast.venues.binance.signing import signer
from holdfast.venues.binance.stream import StandingSocket
from holdfast.venues.binance.wire.account import Ended, Reported, event
from holdfast.venues.binance.wire.replies import (
    OK,
    ErrorBody,
    Reply,
    cancel_answer,
    error_body,
    reply,
    submission,
)
from holdfast.venues.binance.wire.requests import (
    LoggedOn,
    Params,
    Signed,
    cancel_params,
    order_params,
    request,
    signed,
    unsupported,
)
from holdfast.venues.binance.wire.unreadable import Unreadable

ORDER_PATH = "/api/v3/order"
FALLBACK_PAUSE_S = 1.0
MEASURED_EVERY = 600
_TIME_CODE = -1021
_BANNED = 418
_LIMITED = 429
_DEFAULT_HOLD_NS = 60 * NS_PER_S
_NOT_SENT = 0
_NOTHING_REPORTED = Reported([])


class BinanceOrderEntry:
    """Orders and cancels of one account; needs the key that may trade."""

    def __init__(
        self,
        network: Network,
        clock: Clock,
        *,
        endpoints: Endpoints,
        credentials: Credentials,
        account: AccountId,
        rest: Rest,
        jitter: Callable[[], float],
        options: Options,
    ) -> None:
        self._clock = clock
        self._account = account
        self._credentials = credentials
        self._rest = rest
        self._options = options
        self._writer = _writer(credentials, options)
        self._instruments: dict[Symbol, Instrument] = {}
        self._sink: OrderSink | None = None
        self._take_ping: Callable[[Pingable, bytes], None] | None = None
        self._pending = Pending(
            clock, timeout_ns=options.answer_timeout_ns, on_overdue=self._doubt
        )
        self._orders_held_until_ns = 0
        self._banned_until_ns = 0
        self._is_ready = False
        self._logon: asyncio.Future[None] | None = None
        self._logon_id = 0
        self._fallback: HttpConnection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket = StandingSocket(
            network,
            endpoints.ws_api,
            owner=self,
            jitter=jitter,
            silence_limit_s=0 if options.paper_pings else options.silence_limit_s,
        )

    @property
    def is_connected(self) -> bool:
        """Tell whether an order could be written now; not while the venue holds us back."""
        held_until_ns = self._orders_held_until_ns
        if held_until_ns and self._clock.now_ns() < held_until_ns:
            return False
        return self._is_ready or self._fallback_is_open

    def hand_pings_to(self, take: Callable[[Pingable, bytes], None]) -> None:
        """Let somebody answer this connection's pings in due time; without, at once."""
        self._take_ping = take

    async def start(self, instruments: list[Instrument], sink: OrderSink) -> None:
        """Connect both ways; returns when orders can be written, holds until `close`."""
        if not self._options.paper_pings:
            await self._rest.measure_offset()
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self._sink = sink
        self._logon = asyncio.get_running_loop().create_future()
        try:
            self._fallback = await self._rest.connect()
            await self._socket.open()
            async with asyncio.timeout(self._options.query_timeout_s):
                await self._logon
        except TimeoutError as error:
            await self.close()
            raise VenueTimeout("the order session was not confirmed in time") from error
        except HoldfastError:
            await self.close()
            raise
        finally:
            self._logon = None
        self._spawn(self._keep_fallback())

    def submit(self, order: NewOrder) -> None:
        """Write the order before returning; `on_submission` gets the answer, always once."""
        if order.account != self._account:
            raise InvariantBroken(f"an order of {order.account} on the way of {self._account}")
        now_ns = self._clock.now_ns()
        obstacle = unsupported(order)
        if not obstacle and now_ns < self._orders_held_until_ns:
            obstacle = "the venue asked us to wait; nothing was sent"
        if obstacle:
            self._refuse(order, obstacle)
            return
        request_id = self._pending.add(order, now_ns)
        if self._is_ready:
            timestamp_ms = (now_ns + self._rest.offset_ns) // NS_PER_MS
            if self._write(self._writer.place(request_id, order, timestamp_ms=timestamp_ms)):
                return
        if not self._post("POST", order_params(order), request_id=request_id):
            self._pending.take(request_id)
            self._refuse(order, "not connected; nothing was sent")

    def cancel(self, cancel: CancelOrder) -> None:
        """Write the cancel before returning; idempotent at the venue."""
        now_ns = self._clock.now_ns()
        if now_ns < self._banned_until_ns:
            self._refuse(cancel, "banned by the venue; nothing was sent")
            return
        request_id = self._pending.add(cancel, now_ns)
        params = cancel_params(cancel.symbol, cancel.client_order_id)
        if self._is_ready:
            timestamp_ms = self._rest.timestamp_ms()
            if self._write(self._writer.cancel(request_id, params, timestamp_ms=timestamp_ms)):
                return
        if not self._post("DELETE", params, request_id=request_id):
            self._pending.take(request_id)
            self._refuse(cancel, "not connected; nothing was sent")

    async def close(self) -> None:
        """Disconnect; what is unanswered becomes Unknown."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()
        if self._fallback is not None:
            self._fallback.close()
        self._pending.close()
        await self._rest.close()

    # What the socket says.

    def on_open(self) -> None:
        """Log on where the key allows it, else be ready at once."""
        if not self._credentials.is_ed25519:
            self._ready()
            return
        self._logon_id = self._pending.number()
        params: Params = {
            "apiKey": self._credentials.api_key,
            "recvWindow": self._options.recv_window_ms,
            "timestamp": self._rest.timestamp_ms(),
        }
        keyed = signed(params, signer(self._credentials).sign)
        self._socket.send(request(self._logon_id, "session.logon", params=keyed))

    def on_text(self, frame: memoryview) -> None:
        """Give the answer to whom it belongs; what cannot be read is left to its deadline."""
        read = reply(frame)
        if isinstance(read, Unreadable):
            return
        if raw := bytes(read.event):
            ended = event(raw, _NOTHING_REPORTED, received_at_ns=self._clock.now_ns())
            if isinstance(ended, Ended):
                self._socket.reopen(ended.reason)
        elif read.id == self._logon_id:
            self._on_logon(read)
        elif isinstance(read.id, int):
            self._note_limits(read.status, _retry_at_ns(read, self._rest.offset_ns))
            self._answer(read.id, read.status, error=read.error, body=bytes(read.result))

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Answer at once, or leave it to who asked for pings."""
        self._socket.proven()
        if self._take_ping is not None:
            self._take_ping(connection, payload)
        else:
            connection.pong(payload)

    def on_lost(self, reason: str) -> None:
        """Answer Unknown for all that was asked on this connection and not answered."""
        self._is_ready = False
        if self._logon is not None and not self._logon.done():
            self._logon.set_exception(VenueUnavailable(f"order session: {reason}"))
        for asked in self._pending.take_all(by_http=False):
            self._doubt(asked, f"the connection was lost: {reason}")

    def _ready(self) -> None:
        self._is_ready = True
        if self._logon is not None and not self._logon.done():
            self._logon.set_result(None)

    def _on_logon(self, read: Reply) -> None:
        if read.status == OK:
            self._socket.proven()
            self._ready()
            return
        error = read.error or ErrorBody()
        if error.code == _TIME_CODE:
            self._spawn(self._measure())
        if self._logon is not None and not self._logon.done():
            self._logon.set_exception(refusal(read.status, error, what="order session"))
        else:
            self._socket.reopen(f"logon refused: {error.msg}")

    # Requests and their one answer.

    def _write(self, message: bytes) -> bool:
        """Write to the WebSocket API; False when it is certain that nothing was written."""
        try:
            self._socket.send(message)
        except ConnectionError:
            return False
        return True

    def _post(self, method: str, params: Params, *, request_id: int) -> bool:
        """Write to the HTTP connection; False when it is certain that nothing was written."""
        connection = self._fallback
        if connection is None or not connection.is_open:
            return False
        self._pending.mark_http(request_id)
        try:
            connection.send(
                method,
                self._rest.signed_target(ORDER_PATH, params),
                headers=self._rest.headers,
                body=b"",
                on_answer=partial(self._on_http, request_id),
            )
        except ConnectionError:
            return False
        return True

    def _on_http(self, request_id: int, answer: HttpAnswer | None) -> None:
        if answer is None:
            asked = self._pending.take(request_id)
            if asked is not None:
                self._doubt(asked, "the connection was lost")
            return
        retry_at_ns = self._clock.now_ns() + retry_after_s(answer) * NS_PER_S
        self._note_limits(answer.status, retry_at_ns)
        error = None if answer.status == OK else error_body(answer.body)
        self._answer(request_id, answer.status, error=error, body=answer.body)

    def _answer(
        self, request_id: int, status: int, *, error: ErrorBody | None, body: bytes
    ) -> None:
        asked = self._pending.take(request_id)
        if asked is None:
            return
        if error is not None and error.code == _TIME_CODE:
            self._spawn(self._measure())
        if isinstance(asked, NewOrder):
            self._tell(asked, submission(status, error, body=body))
        else:
            instrument = self._instruments[asked.symbol]
            answer = cancel_answer(status, error, body=body, instrument=instrument)
            self._tell_cancel(asked, answer)

    def _doubt(self, asked: Asked, reason: str) -> None:
        if isinstance(asked, NewOrder):
            self._tell(asked, Unknown(reason))
        else:
            self._tell_cancel(asked, Unknown(reason))

    def _refuse(self, asked: Asked, reason: str) -> None:
        """Answer, after the caller has returned, that nothing was sent."""
        if isinstance(asked, NewOrder):
            tell = partial(self._tell, asked, Rejected(_NOT_SENT, reason))
        else:
            tell = partial(self._tell_cancel, asked, CancelRefused(_NOT_SENT, reason))
        self._clock.call_at(self._clock.now_ns(), tell)

    def _tell(self, order: NewOrder, answer: Submission) -> None:
        if self._sink is not None:
            self._sink.on_submission(order.client_order_id, answer)

    def _tell_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        if self._sink is not None:
            self._sink.on_cancel(cancel, answer)

    # Limits, time, and the way that stands by.

    def _note_limits(self, status: int, retry_at_ns: int) -> None:
        if status not in (_LIMITED, _BANNED):
            return
        until_ns = retry_at_ns or self._clock.now_ns() + _DEFAULT_HOLD_NS
        self._orders_held_until_ns = max(self._orders_held_until_ns, until_ns)
        if status == _BANNED:
            self._banned_until_ns = max(self._banned_until_ns, until_ns)

    async def _measure(self) -> None:
        with suppress(HoldfastError):
            await self._rest.measure_offset()

    @property
    def _fallback_is_open(self) -> bool:
        return self._fallback is not None and self._fallback.is_open

    async def _keep_fallback(self) -> None:
        """Open the HTTP connection again whenever it ended; venues end idle ones.

        The clock's offset is measured again from time to time: clocks drift over days.
        """
        for turn in itertools.count(1):
            await asyncio.sleep(FALLBACK_PAUSE_S)
            if turn % MEASURED_EVERY == 0 and not self._options.paper_pings:
                await self._measure()
            if not self._fallback_is_open and self._clock.now_ns() >= self._banned_until_ns:
                with suppress(VenueUnavailable):
                    self._fallback = await self._rest.connect()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _writer(credentials: Credentials, options: Options) -> Signed | LoggedOn:
    if credentials.is_ed25519:
        return LoggedOn(recv_window_ms=options.recv_window_ms)
    sign = signer(credentials, f"apiKey={credentials.api_key}&".encode()).sign
    return Signed(credentials.api_key, sign, recv_window_ms=options.recv_window_ms)


def _retry_at_ns(read: Reply, offset_ns: int) -> int:
    """Give when we may go on, on our clock; 0 when the venue does not say."""
    data = read.error.data if read.error is not None else None
    return data.retry_after * NS_PER_MS - offset_ns if data and data.retry_after else 0
