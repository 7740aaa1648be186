"""A gateway in another process: the trader's end and the gateway's end of one byte stream.

Both ends are given bytes and a function that writes bytes; who owns the socket is not their
concern. What the gateway withholds comes back as an answer, because the caller does not wait.
"""

from collections.abc import Callable
from typing import Protocol, assert_never

from holdfast.domain.approval import Approved
from holdfast.domain.ids import ClientOrderId, Epoch, Shard
from holdfast.domain.submission import Submission, Unknown, Withheld, WithheldReason
from holdfast.domain.venue import CancelAnswer, CancelOrder, OrderSink
from holdfast.gateway import wire
from holdfast.gateway.epoch import Epochs
from holdfast.gateway.gateway import Gateway

Write = Callable[[bytes], None]


class GatewaySink(OrderSink, Protocol):
    """Where answers go, and what was withheld after `submit` or `cancel` had returned."""

    def on_withheld(self, client_order_id: ClientOrderId, withheld: Withheld) -> None:
        """Learn that an order did not leave; given instead of an answer."""

    def on_cancel_withheld(self, cancel: CancelOrder, withheld: Withheld) -> None:
        """Learn that a cancel did not leave; given instead of an answer."""


class RemoteGateway:
    """The trader's end; it asks as `Gateway` does, and is answered through its sink."""

    def __init__(self, write: Write, sink: GatewaySink) -> None:
        self._write = write
        self._sink = sink
        self._lines = wire.Lines()
        self._orders: dict[ClientOrderId, None] = {}
        self._cancels: list[CancelOrder] = []
        self.is_connected = True

    def take(self, shard: Shard, epoch: Epoch) -> None:
        """Ask the gateway to serve an epoch; requests of a lower one are withheld after it."""
        self._write(wire.encode(wire.TakeEpoch(shard, epoch)))

    def submit(self, approved: Approved, *, epoch: Epoch) -> Withheld | None:
        """Hand one order over before returning; withheld here only when nobody listens."""
        if not self.is_connected:
            return Withheld(WithheldReason.NOT_CONNECTED)
        self._orders[approved.order.client_order_id] = None
        self._write(wire.encode(wire.SubmitOrder(approved, epoch)))
        return None

    def cancel(self, cancel: CancelOrder, *, epoch: Epoch) -> Withheld | None:
        """Hand one cancel over before returning; withheld here only when nobody listens."""
        if not self.is_connected:
            return Withheld(WithheldReason.NOT_CONNECTED)
        self._cancels.append(cancel)
        self._write(wire.encode(wire.SubmitCancel(cancel, epoch)))
        return None

    def submit_list(self, approved: tuple[Approved, ...], *, epoch: Epoch) -> Withheld | None:
        """Hand the orders of one list over before returning."""
        if not self.is_connected:
            return Withheld(WithheldReason.NOT_CONNECTED)
        for one in approved:
            self._orders[one.order.client_order_id] = None
        self._write(wire.encode(wire.SubmitList(approved, epoch)))
        return None

    def replace(
        self, cancel: CancelOrder, approved: Approved, *, epoch: Epoch
    ) -> Withheld | None:
        """Hand a cancel over with the order that takes its place, before returning."""
        if not self.is_connected:
            return Withheld(WithheldReason.NOT_CONNECTED)
        self._cancels.append(cancel)
        self._orders[approved.order.client_order_id] = None
        self._write(wire.encode(wire.SubmitReplace(cancel, approved, epoch)))
        return None

    def receive(self, data: bytes) -> None:
        """Take bytes of the gateway's end."""
        for line in self._lines.feed(data):
            self._take(wire.decode_answer(line))

    def lost(self, reason: str) -> None:
        """Learn that the stream is gone: what is unanswered may have left and is Unknown."""
        self.is_connected = False
        orders, self._orders = self._orders, {}
        cancels, self._cancels = self._cancels, []
        for client_order_id in orders:
            self._sink.on_submission(client_order_id, Unknown(reason))
        for cancel in cancels:
            self._sink.on_cancel(cancel, Unknown(reason))

    def _take(self, answer: wire.Answer) -> None:
        match answer:
            case wire.OrderWasAnswered(client_order_id, submission):
                self._orders.pop(client_order_id, None)
                self._sink.on_submission(client_order_id, submission)
            case wire.OrderWasWithheld(client_order_id, withheld):
                self._orders.pop(client_order_id, None)
                self._sink.on_withheld(client_order_id, withheld)
            case wire.CancelWasAnswered(cancel, verdict):
                self._forget(cancel)
                self._sink.on_cancel(cancel, verdict)
            case wire.CancelWasWithheld(cancel, withheld):
                self._forget(cancel)
                self._sink.on_cancel_withheld(cancel, withheld)
            case _:
                assert_never(answer)

    def _forget(self, cancel: CancelOrder) -> None:
        if cancel in self._cancels:
            self._cancels.remove(cancel)


class GatewayServer:
    """The gateway's end of one trader's stream; it is the sink of its gateway."""

    def __init__(self, gateway: Gateway, write: Write, *, epochs: Epochs) -> None:
        self._gateway = gateway
        self._write = write
        self._epochs = epochs
        self._lines = wire.Lines()

    def receive(self, data: bytes) -> None:
        """Take bytes of the trader's end; each request is carried out before the next."""
        for line in self._lines.feed(data):
            self._serve(wire.decode_request(line))

    def on_submission(self, client_order_id: ClientOrderId, answer: Submission) -> None:
        """Send the venue's answer to the trader."""
        self._write(wire.encode(wire.OrderWasAnswered(client_order_id, answer)))

    def on_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        """Send the venue's answer to the trader."""
        self._write(wire.encode(wire.CancelWasAnswered(cancel, answer)))

    def _serve(self, request: wire.Request) -> None:
        gateway = self._gateway
        match request:
            case wire.TakeEpoch(shard, epoch):
                self._epochs.take(shard, epoch)
            case wire.SubmitOrder(approved, epoch):
                self._tell(gateway.submit(approved, epoch=epoch), orders=(approved,))
            case wire.SubmitCancel(cancel, epoch):
                self._tell(gateway.cancel(cancel, epoch=epoch), cancel=cancel)
            case wire.SubmitList(listed, epoch):
                self._tell(gateway.submit_list(listed, epoch=epoch), orders=listed)
            case wire.SubmitReplace(cancel, approved, epoch):
                withheld = gateway.replace(cancel, approved, epoch=epoch)
                self._tell(withheld, cancel=cancel, orders=(approved,))
            case _:
                assert_never(request)

    def _tell(
        self,
        withheld: Withheld | None,
        *,
        cancel: CancelOrder | None = None,
        orders: tuple[Approved, ...] = (),
    ) -> None:
        """Say of each thing asked in one request that it did not leave, when it did not."""
        if withheld is None:
            return
        if cancel is not None:
            self._write(wire.encode(wire.CancelWasWithheld(cancel, withheld)))
        for approved in orders:
            client_order_id = approved.order.client_order_id
            self._write(wire.encode(wire.OrderWasWithheld(client_order_id, withheld)))
