"""Where a venue's adapter delivers: market, account and answers to orders, each to its stage.

Every delivery ends with a flush, so that what was journaled becomes durable in due time.
"""

from typing import TYPE_CHECKING

from holdfast.domain.ids import ClientOrderId, Symbol
from holdfast.domain.submission import Submission
from holdfast.domain.venue import CancelAnswer, CancelOrder, OrderReport, Pingable
from holdfast.risk.halt import UNRECONCILED, Halts
from holdfast.runtime.pipeline import Pipeline
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.settlement import Settlement

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast.runtime.pacing import Pacer

DISCONNECTED = "disconnected"
"""How the reason begins when it was the connection, and not a gap, that broke a book."""


class Sinks:
    """Implements `MarketSink`, `AccountSink` and `OrderSink`.

    A decoded message goes to the pipeline without a step between, and a frame's end only
    flushes what was put. Without a pacer a ping is answered at once. `on_connected` has the
    venue compared with the journal, as `on_market_connected` does after the market's stream was
    lost and `on_moved` when balances moved by no execution; `on_frame` runs at the end of every
    market frame, and what is in `next_frame` at the end of the next one alone. `tell` says a
    line to the user.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        settlement: Settlement,
        *,
        halts: Halts,
        recorder: Recorder,
    ) -> None:
        self.is_account_up = False
        self.pacer: Pacer | None = None
        self.on_connected: Callable[[], None] = _nothing
        self.on_market_connected: Callable[[], None] = _nothing
        self.on_moved: Callable[[str], None] = _nothing
        self.on_frame: Callable[[], None] | None = None
        self.next_frame: list[Callable[[], None]] = []
        self.tell: Callable[[str], None] = _nothing
        self._is_account_lost = False
        self._is_market_lost = False
        self.on_market = pipeline.on_market
        self._pipeline = pipeline
        self._settlement = settlement
        self._halts = halts
        self._recorder = recorder
        self._flush = recorder.flush

    def on_book_invalid(self, symbol: Symbol, reason: str) -> None:
        """Learn that a stream broke."""
        self._pipeline.lose(symbol, reason)
        self._flush()
        if reason.startswith(DISCONNECTED) and not self._is_market_lost:
            self._is_market_lost = True
            self.tell(f"the venue's market stream is lost ({reason}); trying again")
            self.next_frame.append(self._find_market)

    def on_frame_end(self) -> None:
        """Learn that a frame is done: the journal's writer is woken."""
        if self.on_frame is not None:
            self.on_frame()
        if self.next_frame:
            waiting, self.next_frame = self.next_frame, []
            for then in waiting:
                then()
        if not self._recorder.is_flushed:
            self._flush()

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Take a ping; in paper mode it carries the time."""
        if self.pacer is None:
            connection.pong(payload)
        else:
            self.pacer.on_ping(connection, payload)

    def on_report(self, report: OrderReport) -> None:
        """Take one report of the user stream."""
        self._settlement.on_report(report)

    def on_account_changed(self, reason: str) -> None:
        """Learn that balances moved without an execution: both sides have to be compared."""
        self.on_moved(reason)

    def on_account_connected(self) -> None:
        """Learn that the user stream is up: the venue has to be compared with the journal."""
        self.is_account_up = True
        if self._is_account_lost:
            self._is_account_lost = False
            self.tell("the venue's user stream is back")
        self.on_connected()

    def on_account_lost(self, reason: str) -> None:
        """Learn that the user stream is gone: no new risk from here."""
        self.is_account_up = False
        self._halts.block(UNRECONCILED, reason)
        if not self._is_account_lost:
            self._is_account_lost = True
            self.tell(f"the venue's user stream is lost ({reason}); trying again")

    @property
    def is_market_up(self) -> bool:
        """Tell whether the market's stream is there, as far as it was told."""
        return not self._is_market_lost

    def fall_silent(self) -> None:
        """Tell of no more losses: the streams are being closed."""
        self.tell = _nothing

    def on_submission(self, client_order_id: ClientOrderId, answer: Submission) -> None:
        """Take the answer to a submission."""
        self._settlement.on_submission(client_order_id, answer)
        self._flush()

    def on_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        """Take the answer to a cancel."""
        self._settlement.on_cancel(cancel, answer)
        self._flush()

    def _find_market(self) -> None:
        self._is_market_lost = False
        self.tell("the venue's market stream is back")
        self.on_market_connected()


def _nothing(*_: object) -> None:
    """Do nothing; stands where nobody listens yet."""
