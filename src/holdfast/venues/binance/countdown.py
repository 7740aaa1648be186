"""USD-M's own dead man's switch: unless it is renewed, the venue cancels a symbol's orders.

It has a connection of its own, so that no query is in its way. A countdown may be given twice
without harm, so one whose connection was lost is given once more. Source: Binance's USD-M
document of auto-cancel all open orders (`countdownCancelAll`, weight 10, checked about every
10 ms).
"""

import asyncio

from holdfast.domain.ids import Symbol
from holdfast.domain.ports import HttpAnswer, HttpConnection
from holdfast.errors import VenueRefused, VenueTimeout, VenueUnavailable
from holdfast.traffic.governor import GRANTED
from holdfast.traffic.limits import Cost
from holdfast.venues.binance.rest import Rest, note_limits
from holdfast.venues.binance.session import TIME_CODE
from holdfast.venues.binance.wire.replies import OK, ErrorBody, error_body
from holdfast.venues.binance.wire.requests import Params
from holdfast.venues.binance.wire.verdicts import Ask, Verdict, judge

PATH = "/fapi/v1/countdownCancelAll"
WEIGHT = 10
_TRIES = 2


class BinanceCountdown:
    """The countdowns of one account; needs the key that may trade."""

    def __init__(self, rest: Rest, *, timeout_s: float) -> None:
        self._rest = rest
        self._timeout_s = timeout_s
        self._connection: HttpConnection | None = None
        self._turn = asyncio.Lock()

    async def countdown(self, symbol: Symbol, *, ms: int) -> None:
        """Start the countdown of a symbol anew, or end it with 0.

        `VenueTimeout` when it is not known whether that was done, `VenueUnavailable` or
        `VenueRefused` when it was not.
        """
        params: Params = {"countdownTime": ms, "symbol": symbol}
        async with self._turn:
            answer = await self._give(params)
            error = None if answer.status == OK else error_body(answer.body)
            if error is not None and error.code == TIME_CODE:
                await self._rest.measure_offset()
                answer = await self._give(params)
                error = None if answer.status == OK else error_body(answer.body)
        if error is not None:
            raise self._refusal(symbol, answer.status, error)

    async def close(self) -> None:
        """Disconnect; idempotent."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _give(self, params: Params) -> HttpAnswer:
        """Write the request, and once more when its connection was lost."""
        if self._rest.governor.ask(Cost(weight=WEIGHT), is_urgent=True) != GRANTED:
            raise VenueUnavailable(f"{PATH}: the venue wants to hear nothing now")
        may_be_done = False
        for _ in range(_TRIES):
            try:
                answer = await self._exchange(params)
            except VenueUnavailable as error:
                if may_be_done:
                    raise VenueTimeout(f"{PATH}: the connection was lost") from error
                raise
            if answer is not None:
                note_limits(self._rest.governor, answer, now_ns=self._rest.now_ns())
                return answer
            may_be_done = True
            await self.close()
        raise VenueTimeout(f"{PATH}: the connection was lost")

    async def _exchange(self, params: Params) -> HttpAnswer | None:
        if self._connection is None or not self._connection.is_open:
            self._connection = await self._rest.connect()
        answered: asyncio.Future[HttpAnswer | None] = asyncio.get_running_loop().create_future()

        def on_answer(answer: HttpAnswer | None) -> None:
            if not answered.done():
                answered.set_result(answer)

        try:
            self._connection.send(
                "POST",
                self._rest.signed_target(PATH, params),
                headers=self._rest.headers,
                body=b"",
                on_answer=on_answer,
            )
            async with asyncio.timeout(self._timeout_s):
                return await answered
        except ConnectionError:
            return None
        except TimeoutError as error:
            await self.close()
            raise VenueTimeout(f"{PATH}: no answer in {self._timeout_s:g} s") from error

    def _refusal(
        self, symbol: Symbol, status: int, error: ErrorBody
    ) -> VenueTimeout | VenueRefused:
        line = f"{PATH} {symbol}: {error.msg} (status {status}, code {error.code})"
        product = self._rest.product
        verdict = judge(status, error.code, text=error.msg, product=product, ask=Ask.CANCEL)
        if verdict is Verdict.NOT_DONE:
            return VenueRefused(line)
        return VenueTimeout(f"{line}; it is not known whether it was done")
