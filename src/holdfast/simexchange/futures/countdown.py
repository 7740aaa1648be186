"""The venue's dead man's switch: a symbol's orders are canceled unless it is asked again.

https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api/Auto-Cancel-All-Open-Orders
"""

from holdfast.simexchange.futures import filters
from holdfast.simexchange.futures.admission import Admission
from holdfast.simexchange.futures.algos import Algos
from holdfast.simexchange.futures.requests import Countdown, CountdownSet
from holdfast.simexchange.futures.timers import Timers
from holdfast.simexchange.model import Reject

_NS_PER_MS = 1_000_000


class Countdowns:
    """The running countdowns, one an account and symbol."""

    def __init__(
        self, admission: Admission, algos: Algos, *, timers: Timers, cancels_algos: bool
    ) -> None:
        self._admission = admission
        self._algos = algos
        self._timers = timers
        self._cancels_algos = cancels_algos
        self._due: dict[tuple[str, str], int] = {}

    def set(self, account: str, request: Countdown, *, at_ns: int) -> CountdownSet | Reject:
        """Start a countdown anew, or end it with 0."""
        symbol = request.symbol
        if symbol not in self._algos.books:
            return filters.INVALID_SYMBOL
        if request.ms < 0:
            return filters.invalid("countdownTime")
        key = account, symbol
        self._due.pop(key, None)
        if request.ms:
            due_ns = self._due[key] = at_ns + request.ms * _NS_PER_MS
            self._timers.at(due_ns, lambda now_ns: self._strike(account, symbol, now_ns))
        return CountdownSet(symbol, request.ms)

    def _strike(self, account: str, symbol: str, now_ns: int) -> None:
        if self._due.get((account, symbol)) != now_ns:
            return
        del self._due[account, symbol]
        self._admission.cancel_all(account, symbol, at_ns=now_ns)
        if self._cancels_algos:
            self._algos.cancel_all(account, symbol, at_ns=now_ns)
