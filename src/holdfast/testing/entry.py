"""An order entry that keeps what it was given and answers when a test says so."""

from holdfast.domain.ids import ClientOrderId
from holdfast.domain.instrument import Instrument
from holdfast.domain.order import NewOrder
from holdfast.domain.submission import Submission
from holdfast.domain.venue import CancelAnswer, CancelOrder, OrderSink


class SilentEntry:
    """An `OrderEntry` whose venue says nothing by itself."""

    def __init__(self) -> None:
        self.is_connected = True
        self.is_held = False
        self.submitted: list[NewOrder] = []
        self.canceled: list[CancelOrder] = []
        self.lists: list[tuple[NewOrder, ...]] = []
        self.replaced: list[tuple[CancelOrder, NewOrder]] = []
        self.instruments: list[Instrument] = []
        self._sink: OrderSink | None = None

    @property
    def can_cancel(self) -> bool:
        """Tell whether cancels go on: while connected, and while orders alone have to wait."""
        return self.is_connected or self.is_held

    async def start(self, instruments: list[Instrument], sink: OrderSink) -> None:
        """Remember who wants the answers."""
        self.instruments = instruments
        self._sink = sink

    def submit(self, order: NewOrder) -> None:
        """Keep an order."""
        self.submitted.append(order)

    def cancel(self, cancel: CancelOrder) -> None:
        """Keep a cancel."""
        self.canceled.append(cancel)

    def submit_list(self, orders: tuple[NewOrder, ...]) -> None:
        """Keep the orders of one list."""
        self.lists.append(orders)

    def replace(self, cancel: CancelOrder, order: NewOrder) -> None:
        """Keep a cancel and what takes its place."""
        self.replaced.append((cancel, order))

    def answer(self, client_order_id: ClientOrderId, submission: Submission) -> None:
        """Let the venue answer a submission."""
        if self._sink is not None:
            self._sink.on_submission(client_order_id, submission)

    def answer_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        """Let the venue answer a cancel."""
        if self._sink is not None:
            self._sink.on_cancel(cancel, answer)

    async def close(self) -> None:
        """Disconnect."""
        self.is_connected = False
