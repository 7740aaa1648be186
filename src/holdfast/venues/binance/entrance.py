"""Whether the venue may be connected to now: bans are obeyed, and connects are counted.

A connection costs weight where it leads to an API, and the venue answers 429 or 418 in place of
a WebSocket to who opens too many. Sources: Binance's spot documents of the WebSocket API
("connecting costs weight 2") and of general API information.
"""

from holdfast.domain.instant import NS_PER_S
from holdfast.domain.ports import WebSocketRefused
from holdfast.traffic.limits import Cost
from holdfast.venues.binance.rest import BANNED, LIMITED, Rest, retry_after_s

API_CONNECT = Cost(weight=2)
STREAM_CONNECT = Cost(requests=0)


class Entrance:
    """One address of the venue; what it refuses holds this one, a ban all of them."""

    def __init__(self, rest: Rest, *, cost: Cost = STREAM_CONNECT) -> None:
        self._rest = rest
        self._governor = rest.governor
        self._cost = cost
        self._held_until_ns = 0

    @property
    def silence_limit_s(self) -> float:
        """Give how long a connection of this product may say nothing; 0 waits for ever."""
        return self._rest.silence_limit_s

    def wait_s(self) -> float:
        """Give how long to wait before the next connect; 0 when it may be now."""
        banned_until_ns = self._governor.held_until_ns(is_urgent=True)
        wait_ns = max(self._held_until_ns, banned_until_ns) - self._rest.now_ns()
        return max(0, wait_ns) / NS_PER_S

    def entered(self) -> None:
        """Count a connect."""
        self._governor.spend(self._cost)

    def refused(self, error: Exception) -> None:
        """Obey what the venue said in place of a connection."""
        if not isinstance(error, WebSocketRefused) or error.answer.status not in LIMITED:
            return
        wait_ns = retry_after_s(error.answer) * NS_PER_S
        self._held_until_ns = self._rest.now_ns() + wait_ns
        if error.answer.status == BANNED:
            self._governor.obey(until_ns=self._held_until_ns, is_ban=True)
