"""The way orders take into the simulated exchange in the same process."""

from collections.abc import Callable
from functools import partial

from holdfast.domain.instrument import Instrument
from holdfast.domain.order import NewOrder
from holdfast.domain.submission import Rejected
from holdfast.domain.venue import CancelOrder, CancelRefused, OrderSink
from holdfast.venues.paper import spot, usdm
from holdfast.venues.paper.floor import Floor

_NOT_SENT = 0
_CLOSED = "not connected; nothing was sent"


class PaperOrderEntry:
    """Orders and cancels of one account; an answer never comes from inside the call."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._is_open = False

    @property
    def is_connected(self) -> bool:
        """Tell whether an order could be written now."""
        return self._is_open

    @property
    def can_cancel(self) -> bool:
        """Tell whether a cancel could be written now."""
        return self._is_open

    async def start(self, instruments: list[Instrument], sink: OrderSink) -> None:
        """Open the way until `close`."""
        del instruments
        self._floor.order_sink = sink
        self._is_open = True

    def submit(self, order: NewOrder) -> None:
        """Send an order; `on_submission` gets the answer, always once."""
        reason = self._obstacle(order)
        if reason:
            self._reject(order, reason)
        else:
            self._floor.place(order)

    def cancel(self, cancel: CancelOrder) -> None:
        """Send a cancel; `on_cancel` gets the answer, always once."""
        if self._is_open:
            self._floor.cancel(cancel)
        else:
            self._refuse_cancel(cancel, _CLOSED)

    def submit_list(self, orders: tuple[NewOrder, ...]) -> None:
        """Send the orders of one list to spot; at USD-M every order is rejected."""
        reason = self._list_obstacle(orders)
        if not reason:
            self._floor.place_list(orders)
            return
        for order in orders:
            self._reject(order, reason)

    def replace(self, cancel: CancelOrder, order: NewOrder) -> None:
        """Send one cancel-and-replace to spot; USD-M has none, there both are refused."""
        reason = self._obstacle(order)
        if self._floor.is_contract(order.symbol):
            reason = "USD-M has no cancel-and-replace; nothing was sent"
        if not reason:
            self._floor.replace(cancel, order)
            return
        self._refuse_cancel(cancel, reason)
        self._reject(order, reason)

    async def close(self) -> None:
        """Close the way; what is unanswered becomes Unknown, though it still arrives."""
        self._is_open = False
        self._floor.give_up()

    def _obstacle(self, order: NewOrder) -> str:
        if not self._is_open:
            return _CLOSED
        is_contract = self._floor.is_contract(order.symbol)
        return usdm.obstacle(order) if is_contract else spot.obstacle(order)

    def _list_obstacle(self, orders: tuple[NewOrder, ...]) -> str:
        if not self._is_open:
            return _CLOSED
        if any(self._floor.is_contract(order.symbol) for order in orders):
            return "USD-M has no order lists; nothing was sent"
        return spot.list_obstacle(orders)

    def _reject(self, order: NewOrder, reason: str) -> None:
        sink = self._floor.order_sink
        if sink is not None:
            refusal = Rejected(_NOT_SENT, reason)
            self._soon(partial(sink.on_submission, order.client_order_id, refusal))

    def _refuse_cancel(self, cancel: CancelOrder, reason: str) -> None:
        sink = self._floor.order_sink
        if sink is not None:
            self._soon(partial(sink.on_cancel, cancel, CancelRefused(_NOT_SENT, reason)))

    def _soon(self, tell: Callable[[], None]) -> None:
        self._floor.clock.call_at(self._floor.clock.now_ns(), tell)
