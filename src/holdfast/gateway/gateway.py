"""The single way out: fence, single use, deadline, budget, breaker, and what may have changed.

Everything from the first check to the venue's bytes happens in one call without a suspension
point. What is withheld has certainly not left, and its approval is used up all the same.
"""

from collections.abc import Callable

from holdfast.domain.approval import Approved
from holdfast.domain.ids import ClientOrderId, Epoch
from holdfast.domain.instant import Clock
from holdfast.domain.instrument import Instrument
from holdfast.domain.order import NewOrder, Purpose
from holdfast.domain.submission import Submission, Withheld, WithheldReason
from holdfast.domain.venue import CancelAnswer, CancelOrder, OrderEntry, OrderSink
from holdfast.gateway.breaker import Breakers
from holdfast.gateway.budget import BudgetLimits, OrderBudget
from holdfast.gateway.epoch import Epochs
from holdfast.gateway.ids import UsedIds
from holdfast.traffic.governor import GRANTED, Governor
from holdfast.traffic.limits import Cost

_ENTRY = Purpose.ENTRY  # an enum looks its members up anew each time
_AN_ORDER = Cost(orders=1)
_A_CANCEL = Cost()
Recheck = Callable[[NewOrder], Withheld | None]


class Gateway:
    """Lets approved orders and cancels out to one venue account, and their answers back in.

    The governor knows what other processes of the address and the account use of the venue's
    limits; without one only the orders of this gateway are counted.
    """

    def __init__(
        self,
        entry: OrderEntry,
        *,
        epochs: Epochs,
        clock: Clock,
        recheck: Recheck,
        budget: BudgetLimits | None = None,
        governor: Governor | None = None,
    ) -> None:
        self._entry = entry
        self._epochs = epochs
        self._clock = clock
        self._recheck = recheck
        self._budget = OrderBudget(budget or BudgetLimits())
        self._governor = governor
        self.breakers = Breakers()
        self._used = UsedIds()
        self._sink: OrderSink | None = None

    @property
    def is_connected(self) -> bool:
        """Tell whether an order could be written now."""
        return self._entry.is_connected

    @property
    def can_cancel(self) -> bool:
        """Tell whether a cancel could be written now."""
        return self._entry.can_cancel

    async def start(self, instruments: list[Instrument], sink: OrderSink) -> None:
        """Connect to the venue; answers go to the sink."""
        self._sink = sink
        await self._entry.start(instruments, self)

    async def close(self) -> None:
        """Disconnect; what is unanswered becomes Unknown."""
        await self._entry.close()

    def submit(self, approved: Approved, *, epoch: Epoch) -> Withheld | None:
        """Check and write one order before returning; a `Withheld` says why nothing left."""
        now_ns = self._clock.now_ns()
        withheld = self._withhold(approved, epoch, now_ns)
        if withheld is None:
            self._leave(approved.order, now_ns)
            self._entry.submit(approved.order)
        return withheld

    def cancel(self, cancel: CancelOrder, *, epoch: Epoch) -> Withheld | None:
        """Write one cancel before returning; only fence or a lost connection withhold it."""
        if not self._epochs.admits_cancel(cancel.client_order_id, epoch):
            return Withheld(WithheldReason.STALE_EPOCH, f"epoch {epoch}")
        if not self._entry.can_cancel:
            return Withheld(WithheldReason.NOT_CONNECTED)
        if self._governor is not None:
            self._governor.spend(_A_CANCEL)
        self._entry.cancel(cancel)
        return None

    def submit_list(self, approved: tuple[Approved, ...], *, epoch: Epoch) -> Withheld | None:
        """Check and write the orders of one list together: all of them leave, or none."""
        now_ns = self._clock.now_ns()
        withheld = self._withhold_any(approved, epoch, now_ns)
        if withheld is None:
            for one in approved:
                self._leave(one.order, now_ns)
            self._entry.submit_list(tuple(one.order for one in approved))
        return withheld

    def replace(
        self, cancel: CancelOrder, approved: Approved, *, epoch: Epoch
    ) -> Withheld | None:
        """Check and write a cancel with the order that takes its place: both leave, or none."""
        now_ns = self._clock.now_ns()
        withheld = self._withhold(approved, epoch, now_ns)
        if withheld is None and not self._epochs.admits_cancel(cancel.client_order_id, epoch):
            withheld = Withheld(WithheldReason.STALE_EPOCH, f"epoch {epoch}")
        if withheld is None:
            self._leave(approved.order, now_ns)
            self._entry.replace(cancel, approved.order)
        return withheld

    def on_submission(self, client_order_id: ClientOrderId, answer: Submission) -> None:
        """Pass the venue's answer to a submission on."""
        self.breakers.answered(client_order_id, answer, now_ns=self._clock.now_ns())
        if self._sink is not None:
            self._sink.on_submission(client_order_id, answer)

    def on_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        """Pass the venue's answer to a cancel on."""
        if self._sink is not None:
            self._sink.on_cancel(cancel, answer)

    def _overdrawn(self, now_ns: int, *, is_entry: bool, count: int) -> str:
        """Say which limit an order would overdraw, of this gateway or of all who share it."""
        if overdrawn := self._budget.refusal(now_ns, is_entry=is_entry, count=count):
            return overdrawn
        governor = self._governor
        if governor is None or governor.look(_AN_ORDER, is_urgent=not is_entry) == GRANTED:
            return ""
        return "the venue's limits leave no room now"

    def _leave(self, order: NewOrder, now_ns: int) -> None:
        self._budget.spend(now_ns)
        if self._governor is not None:
            self._governor.spend(_AN_ORDER)
        self.breakers.sent(order, now_ns)

    def _withhold_any(
        self, approved: tuple[Approved, ...], epoch: Epoch, now_ns: int
    ) -> Withheld | None:
        """Ask of every order, so that each approval is used up; give the first reason."""
        together = len(approved)
        verdicts = [self._withhold(one, epoch, now_ns, together=together) for one in approved]
        return next((verdict for verdict in verdicts if verdict is not None), None)

    def _withhold(
        self, approved: Approved, epoch: Epoch, now_ns: int, *, together: int = 1
    ) -> Withheld | None:
        order = approved.order
        if not self._epochs.admits_order(order.client_order_id, epoch):
            return Withheld(WithheldReason.STALE_EPOCH, f"epoch {epoch}")
        if not self._used.claim(order.client_order_id):
            return Withheld(WithheldReason.DUPLICATE)
        if now_ns >= approved.expires_at_ns:
            late_us = (now_ns - approved.expires_at_ns) // 1_000
            return Withheld(WithheldReason.EXPIRED, f"{late_us} us after its deadline")
        is_entry = order.purpose is _ENTRY
        if overdrawn := self._overdrawn(now_ns, is_entry=is_entry, count=together):
            return Withheld(WithheldReason.BUDGET, overdrawn)
        if withheld := self._recheck(order):
            return withheld
        if not self._entry.is_connected:
            return Withheld(WithheldReason.NOT_CONNECTED)
        if waiting := self.breakers.refusal(order, now_ns):
            return Withheld(WithheldReason.BREAKER, waiting)
        return None
