"""The way orders take: the WebSocket API first, kept-alive HTTP when it is down.

Bytes are written before `submit`, `submit_list`, `replace` and `cancel` return, each once. An
answer is given once for each order and cancel: what the venue says, or Unknown when the
connection ends or nothing comes in time. The adapter never sends anything twice, not even what
was refused for its time stamp: only the gates and the fence before them may decide that. What
an answer proves stands in `wire/verdicts.py`.
"""

from collections.abc import Callable
from functools import partial
from typing import assert_never

from holdfast.domain.ids import AccountId, Symbol
from holdfast.domain.instant import NS_PER_MS, NS_PER_S, Clock
from holdfast.domain.instrument import Instrument
from holdfast.domain.order import NewOrder
from holdfast.domain.ports import HttpAnswer, Network
from holdfast.domain.submission import Rejected, Submission, Unknown
from holdfast.domain.venue import (
    CancelAnswer,
    CancelOrder,
    CancelRefused,
    OrderSink,
    Pingable,
)
from holdfast.errors import InvariantBroken
from holdfast.venues.binance.options import Credentials, Endpoints, Options
from holdfast.venues.binance.order_dialect import ORDER_DIALECTS, OrderDialect
from holdfast.venues.binance.pending import Asked, OrderList, Pending, Replacement
from holdfast.venues.binance.rest import Rest, note_limits
from holdfast.venues.binance.session import TIME_CODE, OrderSession
from holdfast.venues.binance.signing import signer
from holdfast.venues.binance.wire.replies import (
    OK,
    Answered,
    Reply,
    cancel_answer,
    error_body,
    list_submissions,
    replace_answers,
    submission,
)
from holdfast.venues.binance.wire.requests import PLACE, Call, LoggedOn, Signed
from holdfast.venues.binance.wire.verdicts import Ask, Failure, Verdict, judge_failure
from holdfast.venues.binance.wire.words import ALGO_PREFIX, is_conditional

_BANNED = 418
_LIMITED = 429
_DEFAULT_HOLD_NS = 60 * NS_PER_S
_LONGEST_HOLD_NS = 3 * 86_400 * NS_PER_S  # the longest ban that the venue documents
_NOT_SENT = 0


class BinanceOrderEntry:
    """Orders and cancels of one account at one product; needs the key that may trade.

    `on_answered` hears of symbols of which the user stream should tell something now.
    """

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
        self.on_answered: Callable[[Symbol], None] | None = None
        self._clock = clock
        self._account = account
        self._rest = rest
        self._dialect = dialect = ORDER_DIALECTS[rest.product]
        self._writer = _writer(credentials, options, dialect)
        self._instruments: dict[Symbol, Instrument] = {}
        self._sink: OrderSink | None = None
        self._pending = Pending(
            clock,
            timeout_ns=options.answer_timeout_ns,
            on_overdue=self._on_overdue,
        )
        self._timeout_ns = options.answer_timeout_ns
        self._governor = rest.governor
        self._session = OrderSession(
            network,
            clock,
            endpoints=endpoints,
            credentials=credentials,
            rest=rest,
            jitter=jitter,
            options=options,
            owner=self,
        )

    @property
    def is_connected(self) -> bool:
        """Tell whether an order could be written now; not while the venue holds us back."""
        held_until_ns = self._governor.held_until_ns()
        if held_until_ns and self._clock.now_ns() < held_until_ns:
            return False
        return self._session.is_open

    @property
    def can_cancel(self) -> bool:
        """Tell whether a cancel could be written now; a 429 holds none back."""
        held_until_ns = self._governor.held_until_ns(is_urgent=True)
        return self._clock.now_ns() >= held_until_ns and self._session.is_open

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing that was written to the socket waits for its answer."""
        return not self._pending.waits(by_http=False)

    def hand_pings_to(self, take: Callable[[Pingable, bytes], None]) -> None:
        """Let somebody answer this connection's pings in due time; without, at once."""
        self._session.hand_pings_to(take)

    async def start(self, instruments: list[Instrument], sink: OrderSink) -> None:
        """Connect both ways; returns when orders can be written, holds until `close`."""
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self._sink = sink
        await self._session.start()

    def submit(self, order: NewOrder) -> None:
        """Write the order before returning; `on_submission` gets the answer, always once."""
        now_ns = self._clock.now_ns()
        dialect = self._dialect
        if order.account != self._account:
            self._check_account(order)
        if obstacle := dialect.obstacle(order):
            self._refuse(order, Failure.UNSUPPORTED, obstacle)
            return
        if now_ns < self._governor.held_until_ns():
            self._refuse(order, Failure.HELD)
            return
        if not dialect.is_plain(order):
            instrument = self._listed(order, order.symbol)
            if instrument is not None:
                self._write(order, dialect.place(order, instrument), now_ns)
            return
        request_id = self._pending.add(order, now_ns)
        if self._session.is_ready:
            timestamp_ms = (now_ns + self._rest.offset_ns) // NS_PER_MS
            message = self._writer.place(request_id, order, timestamp_ms=timestamp_ms)
            if self._session.send(message):
                return
        self._post(request_id, order, _plain_call(dialect, order))

    def submit_list(self, orders: tuple[NewOrder, ...]) -> None:
        """Write the orders of one list as one request; each is answered once."""
        if not orders:
            return
        for order in orders:
            self._check_account(order)
        asked = OrderList(orders)
        lists = self._dialect.lists
        obstacle = lists.obstacle(orders) if lists else "there are no order lists here"
        if lists is None or obstacle:
            self._refuse(asked, Failure.UNSUPPORTED, obstacle)
        elif self._clock.now_ns() < self._governor.held_until_ns():
            self._refuse(asked, Failure.HELD)
        elif instrument := self._listed(asked, orders[0].symbol):
            self._write(asked, lists.place(orders, instrument), self._clock.now_ns())

    def replace(self, cancel: CancelOrder, order: NewOrder) -> None:
        """Write one request that cancels and, only if that succeeds, places."""
        self._check_account(order)
        asked = Replacement(cancel, order)
        lists = self._dialect.lists
        obstacle = self._dialect.obstacle(order)
        if cancel.symbol != order.symbol:
            obstacle = "an order takes the place of one of its own symbol"
        if lists is None or obstacle:
            reason = obstacle or "there is no cancel-and-replace here"
            self._refuse(asked, Failure.UNSUPPORTED, reason)
        elif self._clock.now_ns() < self._governor.held_until_ns():
            self._refuse(asked, Failure.HELD)
        elif instrument := self._listed(asked, order.symbol):
            call = lists.replace(cancel, self._dialect.place(order, instrument))
            self._write(asked, call, self._clock.now_ns())

    def cancel(self, cancel: CancelOrder) -> None:
        """Write the cancel before returning; idempotent at the venue."""
        now_ns = self._clock.now_ns()
        if now_ns < self._governor.held_until_ns(is_urgent=True):
            self._refuse(cancel, Failure.BANNED)
        elif self._listed(cancel, cancel.symbol):
            self._write(cancel, self._dialect.cancel(cancel), now_ns)

    async def close(self) -> None:
        """Disconnect; what is unanswered becomes Unknown."""
        for by_http in (False, True):
            for asked in self._pending.take_all(by_http=by_http):
                self._fail(asked, Failure.CLOSED)
        await self._session.close()
        self._pending.close()

    # What the session says.

    def on_reply(self, read: Reply) -> None:
        """Give the answer to whom it belongs."""
        if isinstance(read.id, int):
            self._note_limits(read.status, _retry_at_ns(read, self._rest.offset_ns))
            for count in read.counts():
                self._governor.learn(*count.kind_and_window, used=count.count)
            self._answer(read.id, Answered(read.status, read.error, read.result))

    def on_session_lost(self, reason: str) -> None:
        """Answer Unknown for all that was asked on this connection and not answered."""
        for asked in self._pending.take_all(by_http=False):
            self._fail(asked, Failure.LOST, reason)

    # Requests and their one answer.

    def _listed(self, asked: Asked, symbol: Symbol) -> Instrument | None:
        """Give the instrument of a request; without one the request is refused."""
        instrument = self._instruments.get(symbol)
        if instrument is None:
            reason = f"{symbol[:40]} is not among the instruments of this session"
            self._refuse(asked, Failure.UNSUPPORTED, reason)
        return instrument

    def _write(self, asked: Asked, call: Call, now_ns: int) -> None:
        """Write any request by the way that is open."""
        request_id = self._pending.add(asked, now_ns)
        if self._session.is_ready:
            timestamp_ms = self._rest.timestamp_ms()
            message = self._writer.write(request_id, call, timestamp_ms=timestamp_ms)
            if self._session.send(message):
                return
        self._post(request_id, asked, call)

    def _post(self, request_id: int, asked: Asked, call: Call) -> None:
        """Write by HTTP, or say that nothing could be written."""
        self._pending.mark_http(request_id)
        if not self._session.post(call, on_answer=partial(self._on_http, request_id)):
            self._pending.take(request_id)
            self._refuse(asked, Failure.NOT_CONNECTED)

    def _on_http(self, request_id: int, answer: HttpAnswer | None) -> None:
        if answer is None:
            asked = self._pending.take(request_id)
            if asked is not None:
                self._fail(asked, Failure.LOST)
            return
        note_limits(self._governor, answer, now_ns=self._clock.now_ns())
        error = None if answer.status == OK else error_body(answer.body)
        self._answer(request_id, Answered(answer.status, error, answer.body))

    def _answer(self, request_id: int, answered: Answered) -> None:
        asked = self._pending.take(request_id)
        if asked is None:
            return
        if answered.error is not None and answered.error.code == TIME_CODE:
            self._session.measure()
        if answered.status == _LIMITED and isinstance(asked, CancelOrder):
            self._governor.obey(until_ns=self._governor.held_until_ns(), is_ban=True)
        product = self._dialect.product
        ask = _ask_of(asked, self._dialect)
        match asked:
            case NewOrder(client_order_id=order_id):
                self._tell(asked, submission(answered, order_id, product=product, ask=ask))
            case CancelOrder(symbol, order_id):
                instrument = self._instruments[symbol]
                verdict = cancel_answer(
                    answered, order_id, instrument=instrument, product=product, ask=ask
                )
                self._tell_cancel(asked, verdict)
            case OrderList(orders):
                ids = [order.client_order_id for order in orders]
                answers = list_submissions(answered, ids, product=product)
                for order, answer in zip(orders, answers, strict=True):
                    self._tell(order, answer)
            case Replacement(cancel, order):
                verdict, placed = replace_answers(
                    answered,
                    cancel.client_order_id,
                    order_id=order.client_order_id,
                    instrument=self._instruments[cancel.symbol],
                    product=product,
                )
                self._tell_cancel(cancel, verdict)
                self._tell(order, placed)
            case _:
                assert_never(asked)

    def _on_overdue(self, asked: Asked, by_http: bool) -> None:
        """Answer Unknown, and use no way again that has said nothing since it was asked."""
        self._fail(asked, Failure.NO_ANSWER)
        if not by_http:
            self._session.doubt(self._timeout_ns / NS_PER_S)

    def _fail(self, asked: Asked, failure: Failure, detail: str = "") -> None:
        """Answer everything of a request with what a failure proves."""
        reason = f"{failure.value}: {detail}" if detail else failure.value
        is_done_not = judge_failure(failure) is Verdict.NOT_DONE
        cancels, orders = _parts(asked)
        for cancel in cancels:
            refused = CancelRefused(_NOT_SENT, reason)
            self._tell_cancel(cancel, refused if is_done_not else Unknown(reason))
        for order in orders:
            rejected = Rejected(_NOT_SENT, reason)
            self._tell(order, rejected if is_done_not else Unknown(reason))

    def _refuse(self, asked: Asked, failure: Failure, detail: str = "") -> None:
        """Answer, after the caller has returned, that nothing was sent."""
        self._clock.call_at(self._clock.now_ns(), partial(self._fail, asked, failure, detail))

    def _tell(self, order: NewOrder, answer: Submission) -> None:
        if self.on_answered is not None and not isinstance(answer, Rejected):
            self.on_answered(order.symbol)
        if self._sink is not None:
            self._sink.on_submission(order.client_order_id, answer)

    def _tell_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        if self.on_answered is not None and not isinstance(answer, CancelRefused):
            self.on_answered(cancel.symbol)
        if self._sink is not None:
            self._sink.on_cancel(cancel, answer)

    def _note_limits(self, status: int, retry_at_ns: int) -> None:
        if status not in (_LIMITED, _BANNED):
            return
        now_ns = self._clock.now_ns()
        if retry_at_ns <= now_ns - _DEFAULT_HOLD_NS:
            retry_at_ns = now_ns + _DEFAULT_HOLD_NS  # not said, or no instant of this day
        until_ns = min(retry_at_ns, now_ns + _LONGEST_HOLD_NS)
        self._governor.obey(until_ns=until_ns, is_ban=status == _BANNED)

    def _check_account(self, order: NewOrder) -> None:
        if order.account != self._account:
            raise InvariantBroken(f"an order of {order.account} on the way of {self._account}")


def _parts(asked: Asked) -> tuple[tuple[CancelOrder, ...], tuple[NewOrder, ...]]:
    """Give the cancels and the orders of a request."""
    match asked:
        case NewOrder():
            return (), (asked,)
        case CancelOrder():
            return (asked,), ()
        case OrderList(orders):
            return (), orders
        case Replacement(cancel, order):
            return (cancel,), (order,)
        case _:
            assert_never(asked)


def _plain_call(dialect: OrderDialect, order: NewOrder) -> Call:
    """Write a plain order as any other request."""
    return Call(PLACE, "POST", dialect.path, dialect.plain_params(order))


def _ask_of(asked: Asked, dialect: OrderDialect) -> Ask:
    """Say which column of the table a request stands in."""
    match asked:
        case NewOrder(order_type=kind):
            is_algo = dialect.lists is None and is_conditional(kind)
            return Ask.PLACE_ALGO if is_algo else Ask.PLACE
        case CancelOrder(order_type=kind, venue_order_id=order_id):
            waits = not order_id or order_id.startswith(ALGO_PREFIX)
            is_algo = dialect.lists is None and is_conditional(kind) and waits
            return Ask.CANCEL_ALGO if is_algo else Ask.CANCEL
        case OrderList():
            return Ask.PLACE_LIST
        case Replacement():
            return Ask.REPLACE
        case _:
            assert_never(asked)


def _writer(
    credentials: Credentials, options: Options, dialect: OrderDialect
) -> Signed | LoggedOn:
    recv_window_ms, plain = options.recv_window_ms, dialect.plain_params
    if credentials.is_ed25519:
        return LoggedOn(recv_window_ms=recv_window_ms, plain=plain)
    sign = signer(credentials, f"apiKey={credentials.api_key}&".encode()).sign
    return Signed(
        credentials.api_key,
        sign,
        sign_all=signer(credentials).sign,
        recv_window_ms=recv_window_ms,
        plain=plain,
    )


def _retry_at_ns(read: Reply, offset_ns: int) -> int:
    """Give when we may go on, on our clock; 0 when the venue does not say."""
    data = read.error.data if read.error is not None else None
    return data.retry_after * NS_PER_MS - offset_ns if data and data.retry_after else 0
