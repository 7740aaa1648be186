"""REST of the venue over one kept-alive connection: signing, time offset, weights, bans.

It knows HTTP and nothing of trading. Queries are asked one after the other; the path of orders
does not lead through here, it only takes the time stamp and the signature from here.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from holdfast.domain.instant import NS_PER_MS, NS_PER_S, Clock
from holdfast.domain.instrument import Product
from holdfast.domain.ports import HttpAnswer, HttpConnection, Network
from holdfast.errors import (
    CredentialsRefused,
    VenueRefused,
    VenueTimeout,
    VenueUnavailable,
)
from holdfast.traffic.breaker import QUERIES, Breaker
from holdfast.traffic.governor import GRANTED, Governor
from holdfast.traffic.limits import Cost, Limit
from holdfast.traffic.pool import MemoryPool
from holdfast.venues.binance.dialect import SPOT, Dialect
from holdfast.venues.binance.doors import Doors
from holdfast.venues.binance.options import Credentials, Options
from holdfast.venues.binance.signing import signer
from holdfast.venues.binance.wire.instruments import RateLimit
from holdfast.venues.binance.wire.numbers import instant
from holdfast.venues.binance.wire.replies import OK, ErrorBody, error_body
from holdfast.venues.binance.wire.requests import Params, query_text
from holdfast.venues.binance.wire.unreadable import READ_ERRORS
from holdfast.venues.binance.wire.verdicts import KEY_CODES

COUNTS = (
    ("x-mbx-used-weight-1m", "weight", 60 * NS_PER_S),
    ("x-mbx-order-count-10s", "orders", 10 * NS_PER_S),
    ("x-mbx-order-count-1m", "orders", 60 * NS_PER_S),
    ("x-mbx-order-count-1d", "orders", 86_400 * NS_PER_S),
)
"""The headers in which the venue says what it has counted, and the window of each."""
QUICK_NS = 500 * NS_PER_MS
MOST_SAMPLES = 3
"""How often the venue's clock is asked while its answers take longer than that."""
BANNED = 418
ADDRESS = "address"
NOBODYS = "account"
_TIME_CODE = -1021
LIMITED = (BANNED, 429)
_UNAUTHORIZED = 401
_SERVER_ERROR = 500
_LONGEST_WAIT_S = 3 * 86_400


class _Time(msgspec.Struct, rename="camel"):
    server_time: int


_TIME = msgspec.json.Decoder(_Time)


class QuestionRefused(VenueRefused):
    """A refusal of a question, with the venue's code."""

    def __init__(self, line: str, code: int) -> None:
        super().__init__(line)
        self.code = code


class Rest:
    """Queries of one key, or of none.

    A connection of this product may say nothing for `silence_limit_s`; 0 waits for ever.
    """

    def __init__(
        self,
        network: Network,
        clock: Clock,
        *,
        origin: str,
        credentials: Credentials | None,
        options: Options,
        governor: Governor | None = None,
        dialect: Dialect = SPOT,
        others: Sequence[str] = (),
    ) -> None:
        self.product = dialect.product
        limit_s = 0.0 if options.paper_pings else options.silence_limit_s
        self.silence_limit_s = dialect.silence_s(limit_s)
        self._dialect = dialect
        self._doors = Doors(
            [url.rstrip("/") for url in (origin, *others)], monotonic_ns=clock.monotonic_ns
        )
        self.offset_ns = 0
        self.governor = governor or own_governor(clock, dialect)
        self._owns_governor = governor is None
        self.breaker = Breaker(QUERIES)
        self._network = network
        self._clock = clock
        self._options = options
        self.headers = {"X-MBX-APIKEY": credentials.api_key} if credentials else {}
        self._signer = signer(credentials) if credentials else None
        self._connection: HttpConnection | None = None
        self._turn = asyncio.Lock()
        self._measuring = asyncio.Lock()
        self._measured_count = 0
        self._span = (0, 0)

    def adopt(self, limits: Sequence[RateLimit]) -> None:
        """Have the governor keep to the limits that the venue named."""
        self.governor.adopt(scoped(limits, self.governor.account, product=self.product))

    def now_ns(self) -> int:
        """Give the instant of the clock here."""
        return self._clock.now_ns()

    def timestamp_ms(self) -> int:
        """Give the venue's time as far as it is known here."""
        return (self._clock.now_ns() + self.offset_ns) // NS_PER_MS

    async def server_time_ns(self) -> int:
        """Ask the venue for its time."""
        time = self._dialect.time
        body = await self.get(time.path, {}, weight=time.weight)
        try:
            return instant(_TIME.decode(body).server_time)
        except READ_ERRORS as error:
            raise VenueUnavailable(
                f"{self._doors.current}: unreadable time ({error})"
            ) from error

    async def measure_offset(self) -> None:
        """Measure how far the venue's clock is ahead, at the middle of a round trip.

        Who asks while it is measured waits for that. A slow answer leaves much in doubt, so it
        is asked again, and the quickest of all counts. Waiting for one's turn is no round trip.
        """
        number = self._measured_count
        async with self._measuring:
            if number != self._measured_count:
                return
            best_ns = -1
            for _ in range(MOST_SAMPLES):
                server_ns = await self.server_time_ns()
                asked_at_ns, answered_at_ns = self._span
                took_ns = answered_at_ns - asked_at_ns
                if best_ns < 0 or took_ns < best_ns:
                    best_ns = took_ns
                    self.offset_ns = server_ns - (asked_at_ns + answered_at_ns) // 2
                if best_ns <= QUICK_NS:
                    break
            self.governor.offset_ns = self.offset_ns
            self._measured_count += 1

    async def get(self, path: str, params: Params, *, weight: int) -> bytes:
        """Ask a public question."""
        query = query_text(params)
        target = f"{path}?{query}" if query else path
        return _checked(await self._ask(target, weight), path)

    async def get_signed(self, path: str, params: Params, *, weight: int) -> bytes:
        """Ask about the account; a time stamp that is refused is measured and given again."""
        answer = await self._ask(self.signed_target(path, params), weight)
        if answer.status != OK and error_body(answer.body).code == _TIME_CODE:
            await self.measure_offset()
            answer = await self._ask(self.signed_target(path, params), weight)
        return _checked(answer, path)

    async def set_signed(self, path: str, params: Params, *, weight: int) -> bytes:
        """Change a setting that may be told twice; a refused time stamp is given again."""
        answer = await self._ask(self.signed_target(path, params), weight, method="POST")
        if answer.status != OK and error_body(answer.body).code == _TIME_CODE:
            await self.measure_offset()
            answer = await self._ask(self.signed_target(path, params), weight, method="POST")
        return _checked(answer, path)

    async def keyed(self, method: str, path: str, *, weight: int) -> bytes:
        """Ask in the name of the key alone, unsigned, what is safe to be asked twice."""
        return _checked(await self._ask(path, weight, method=method), path)

    def signed_target(self, path: str, params: Params) -> str:
        """Write path and signed query of a request."""
        if self._signer is None:
            raise CredentialsRefused(f"{path} needs an API key")
        query = query_text(
            {
                **params,
                "recvWindow": self._options.recv_window_ms,
                "timestamp": self.timestamp_ms(),
            }
        )
        signature = query_text({"signature": self._signer.sign(query.encode())})
        return f"{path}?{query}&{signature}"

    async def connect(self) -> HttpConnection:
        """Open a connection; VenueUnavailable when none can be had."""
        if self._doors.may_go_back():
            self._doors.go_back()
        origin = self._doors.current
        try:
            return await self._network.http(origin)
        except OSError as error:
            self._doors.failed()
            raise VenueUnavailable(f"{origin}: no connection ({error})") from error

    async def close(self) -> None:
        """Disconnect; idempotent, and a later question connects again.

        A governor of its own takes no more portions ahead of time, so no timer is left behind.
        """
        if self._owns_governor:
            self.governor.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _ask(self, target: str, weight: int, *, method: str = "GET") -> HttpAnswer:
        async with self._turn:
            await self._admit(weight)
            asked_at_ns = self._clock.monotonic_ns()
            try:
                answer = await self._answer(method, target)
            except (VenueTimeout, VenueUnavailable):
                self.breaker.note(self._clock.now_ns(), is_good=False)
                raise
            is_good = answer.status < _SERVER_ERROR
            took_ns = self._clock.monotonic_ns() - asked_at_ns
            self.breaker.note(self._clock.now_ns(), is_good=is_good, took_ns=took_ns)
            self._note_limits(answer)
            return answer

    async def _answer(self, method: str, target: str) -> HttpAnswer:
        """Ask, and once more on another connection when the first one was lost."""
        if self._doors.may_go_back():
            await self.close()
        answer = await self._exchange(method, target)
        if answer is None:
            await self.close()
            answer = await self._exchange(method, target)
        if answer is None:
            self._doors.failed()
            raise VenueUnavailable(f"{self._doors.current}: the connection was lost")
        self._doors.worked()
        return answer

    async def _exchange(self, method: str, target: str) -> HttpAnswer | None:
        """Ask once; None when the connection was lost, which for a question does no harm."""
        if self._connection is None or not self._connection.is_open:
            self._connection = await self.connect()
        answered: asyncio.Future[HttpAnswer | None] = asyncio.get_running_loop().create_future()

        def on_answer(answer: HttpAnswer | None) -> None:
            if not answered.done():
                answered.set_result(answer)

        asked_at_ns = self._clock.now_ns()
        try:
            self._connection.send(
                method, target, headers=self.headers, body=b"", on_answer=on_answer
            )
            async with asyncio.timeout(self._options.query_timeout_s):
                answer = await answered
            self._span = (asked_at_ns, self._clock.now_ns())
            return answer
        except TimeoutError as error:
            await self.close()
            self._doors.failed()
            path = target.partition("?")[0]
            raise VenueTimeout(
                f"{self._doors.current}{path}: no answer in {self._options.query_timeout_s:g} s"
            ) from error
        except ConnectionError:
            return None

    async def _admit(self, weight: int) -> None:
        """Wait until the venue may be asked, as long as an answer would be of use."""
        clock, cost = self._clock, Cost(weight=weight)
        if not self.breaker.allows(clock.now_ns()):
            raise VenueUnavailable(
                f"{self._doors.current}: nothing is asked for a while: it fails"
            )
        useful_until_ns = clock.now_ns() + int(self._options.query_timeout_s * NS_PER_S)
        while (again_at_ns := self.governor.ask(cost)) != GRANTED:
            if again_at_ns > useful_until_ns:
                wait = f"{(again_at_ns - clock.now_ns()) / NS_PER_S:.1f} s (request limits)"
                raise VenueUnavailable(
                    f"{self._doors.current}: nothing may be asked for {wait}"
                )
            due = asyncio.Event()
            timer = clock.call_at(again_at_ns, due.set)
            try:
                with self.governor.waiting():
                    await due.wait()
            finally:
                timer.cancel()

    def _note_limits(self, answer: HttpAnswer) -> None:
        note_limits(self.governor, answer, now_ns=self._clock.now_ns())


def own_governor(clock: Clock, dialect: Dialect) -> Governor:
    """Make a governor for who shares the venue's limits with nobody."""
    limits = scoped(dialect.limits, NOBODYS, product=dialect.product)
    return Governor(
        clock, limits, account=NOBODYS, pool=MemoryPool(), run=_at_once, post=_at_once
    )


def scoped(limits: Sequence[RateLimit], account: str, *, product: Product) -> list[Limit]:
    """Say of each limit whom it counts: orders the account's, all else the address's.

    The products count apart, so that one file can hold the limits of both.
    """
    return [
        Limit(
            one.kind,
            one.window_ns,
            one.most,
            f"{product.value} {account if one.kind == 'orders' else ADDRESS}",
        )
        for one in limits
    ]


def _at_once(work: Callable[[], None]) -> None:
    work()


def note_limits(governor: Governor, answer: HttpAnswer, *, now_ns: int) -> None:
    """Learn what the venue has counted, and obey what it asks for."""
    for name, kind, window_ns in COUNTS:
        used = answer.headers.get(name, "")
        if used.isascii() and used.isdigit():
            governor.learn(kind, window_ns, used=int(used[:9]))
    if answer.status in LIMITED:
        until_ns = now_ns + retry_after_s(answer) * NS_PER_S
        governor.obey(until_ns=until_ns, is_ban=answer.status == BANNED)


def retry_after_s(answer: HttpAnswer) -> int:
    """Read how long the venue asks us to wait; a minute where it does not say."""
    text = answer.headers.get("retry-after", "")
    if not (text.isascii() and text.isdigit()):
        return 60
    return min(int(text[:9]), _LONGEST_WAIT_S)


def _checked(answer: HttpAnswer, path: str) -> bytes:
    if answer.status == OK:
        return answer.body
    raise refusal(answer.status, error_body(answer.body), what=path)


def refusal(
    status: int, error: ErrorBody, *, what: str
) -> CredentialsRefused | QuestionRefused | VenueTimeout | VenueUnavailable:
    """Turn the venue's refusal of a question into the exception that says what to do."""
    line = f"{what}: {error.msg or 'refused'} (status {status}, code {error.code})"
    if error.code in KEY_CODES or status == _UNAUTHORIZED:
        return CredentialsRefused(f"{line}; check API key, secret, permissions and IP list")
    if error.code == _TIME_CODE:
        return QuestionRefused(f"{line}; set this machine's clock", error.code)
    if status in LIMITED:
        return VenueUnavailable(line)
    if status >= _SERVER_ERROR:
        return VenueTimeout(line) if error.code in (-1006, -1007) else VenueUnavailable(line)
    return QuestionRefused(line, error.code)
