"""What a running venue holds for USD-M beside the core: streams, listen keys, history."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from holdfast.simexchange.listed import Listed
from holdfast.simexchange.pacing import MarketClock
from holdfast.simexchange.usdm.history import History
from holdfast.simexchange.usdm.listenkeys import ListenKeys
from holdfast.simexchange.usdm.payloads.digits import Digits
from holdfast.simexchange.usdm.streams import UsdmStreams

if TYPE_CHECKING:
    from holdfast.simexchange.exchange import Exchange


class UsdmState:
    """The USD-M side of a floor."""

    def __init__(
        self, exchange: "Exchange", clock: MarketClock, *, on_change: Callable[[], None]
    ) -> None:
        self.rules = Listed(exchange.symbols, is_linear=True)
        self.streams = UsdmStreams(exchange, clock, on_change=on_change, rules=self.rules)
        self.listen_keys = ListenKeys(clock.limits_now_ns)
        self.streams.on_mark = self.listen_keys.expire_due
        self.history = History()

    def digits(self, symbol: str) -> Digits:
        """Return how a symbol's numbers are written."""
        return self.streams.digits_of(symbol)
