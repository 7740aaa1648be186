"""The candles of mark price, index price and premium, made of the marks that were published."""

from collections.abc import Callable, Iterable

from holdfast.simexchange.model import Bar, Mark, Trade
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.tape import Tape


class MarkBook:
    """The marks of every contract; a sample counts as a trade without quantity."""

    def __init__(self, symbols: Iterable[str], now_ns: Callable[[], int]) -> None:
        names = list(symbols)
        self._now_ns = now_ns
        self._marks = {symbol: Tape(symbol) for symbol in names}
        self._indexes = {symbol: Tape(symbol) for symbol in names}
        self._premiums = {symbol: Tape(symbol) for symbol in names}
        self._count = 0

    def note(self, mark: Mark) -> None:
        """Take a mark in."""
        self._count += 1
        premium = (mark.mark - mark.index) * E8 // mark.index if mark.index else 0
        for tapes, price in (
            (self._marks, mark.mark),
            (self._indexes, mark.index),
            (self._premiums, premium),
        ):
            tapes[mark.symbol].add(_sample(mark, price, number=self._count))

    def klines(
        self,
        symbol: str,
        interval: str,
        *,
        start_ns: int | None,
        end_ns: int | None,
        limit: int,
    ) -> list[Bar]:
        """Return candles of the mark price, as `MarketQueries.klines` does."""
        return self._bars(self._marks[symbol], interval, start_ns, end_ns, limit)

    def index_klines(
        self,
        symbol: str,
        interval: str,
        *,
        start_ns: int | None,
        end_ns: int | None,
        limit: int,
    ) -> list[Bar]:
        """Return candles of the index price."""
        return self._bars(self._indexes[symbol], interval, start_ns, end_ns, limit)

    def premium_klines(
        self,
        symbol: str,
        interval: str,
        *,
        start_ns: int | None,
        end_ns: int | None,
        limit: int,
    ) -> list[Bar]:
        """Return candles of the premium of the mark price over the index price."""
        return self._bars(self._premiums[symbol], interval, start_ns, end_ns, limit)

    def _bars(
        self, tape: Tape, interval: str, start_ns: int | None, end_ns: int | None, limit: int
    ) -> list[Bar]:
        return tape.bars(
            interval, now_ns=self._now_ns(), start_ns=start_ns, end_ns=end_ns, limit=limit
        )


def _sample(mark: Mark, price: int, *, number: int) -> Trade:
    return Trade(
        at_ns=mark.at_ns,
        symbol=mark.symbol,
        trade_id=number,
        price=price,
        quantity=0,
        buyer_is_maker=False,
        first_id=number,
        last_id=number,
    )
