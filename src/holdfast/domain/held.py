"""What open orders and intents hold: exposure, a share of a balance, and how orders depend.

Orders that can never both fill count once. Each order says by itself how much it counts: the
second leg of an OCO only for what exceeds the first, an order that takes another's place only
for what exceeds that, a pending leg against its working leg only beyond what that one brings.
So the sum changes with the order that changed and those that depend on it, and with no other.
"""

import msgspec

from holdfast.domain.ids import StrategyId, Symbol
from holdfast.domain.money import AmountUnits, Asset, QuantityUnits
from holdfast.domain.order import NewOrder, Order, PositionSide, Side

_BUY = Side.BUY  # an enum looks its members up anew each time


class Exposure(msgspec.Struct):
    """What open orders and undrawn intents could still buy and sell, in quantity units.

    The guarded part is of orders that the venue itself keeps from opening a position: they only
    reduce, or close one side in hedge mode.
    """

    buying: int = 0
    selling: int = 0
    guarded_buying: int = 0
    guarded_selling: int = 0

    def add(self, side: Side, quantity: int, *, is_guarded: bool = False) -> None:
        """Count a signed change of what could be traded on a side."""
        if side is _BUY:
            self.buying += quantity
            if is_guarded:
                self.guarded_buying += quantity
        else:
            self.selling += quantity
            if is_guarded:
                self.guarded_selling += quantity


class OpenIntent(msgspec.Struct):
    """An accepted intent whose children have not drawn all of it."""

    strategy: StrategyId
    symbol: Symbol
    side: Side
    quantity: QuantityUnits
    undrawn: QuantityUnits
    asset: Asset
    amount: AmountUnits
    position_side: PositionSide = PositionSide.BOTH
    is_guarded: bool = False

    @property
    def share(self) -> int:
        """Give the part of the reservation that the undrawn quantity holds, rounded up."""
        return -(-self.amount * self.undrawn // self.quantity)


class HeldOrder(msgspec.Struct):
    """An order with what it reserves for its whole quantity, and until when it could leave.

    It counts only for what exceeds the order `behind` which it stands, and as a pending leg
    only beyond what its working leg `after` which it comes will have brought. `dependents` are
    the orders that stand behind this one or come after it.
    """

    order: Order
    asset: Asset
    amount: AmountUnits
    expires_at_ns: int = 0
    behind: "HeldOrder | None" = None
    after: "HeldOrder | None" = None
    dependents: list["HeldOrder"] = []

    @property
    def reserved(self) -> int:
        """Give the share of the reservation that counted quantity still holds, rounded up."""
        return -(-self.amount * self.counted // self.order.request.quantity)

    @property
    def counted(self) -> int:
        """Give how much this order adds to what may still be traded."""
        behind = self.behind
        if behind is None:
            if self.after is None:
                return self.order.leaves_quantity
            return self._alone
        return max(0, self._alone - behind._alone)

    @property
    def _alone(self) -> int:
        """Give what this order could trade if it stood behind none."""
        leaves: int = self.order.leaves_quantity
        if self.after is None:
            return leaves
        working, request = self.after.order, self.order.request
        brought = working.request.quantity
        if working.cum_quantity >= brought or working.request.side is request.side:
            return leaves
        return max(0, leaves - brought)

    def link(self, *, behind: "HeldOrder | None" = None, after: "HeldOrder | None") -> None:
        """Let this order depend on others."""
        self.behind, self.after = behind, after
        for other in (behind, after):
            if other is not None:
                other.dependents.append(self)

    def unlink(self) -> None:
        """Let nothing depend on an order that is forgotten; it counts for nothing any more."""
        for other in (self.behind, self.after):
            if other is not None and self in other.dependents:
                other.dependents.remove(self)
        for dependent in self.dependents:
            if dependent.behind is self:
                dependent.behind = None
        self.behind = self.after = None


def links(
    order: NewOrder, members: list[HeldOrder], *, replaced: HeldOrder | None
) -> tuple[HeldOrder | None, HeldOrder | None]:
    """Give behind which order and after which one a new order stands.

    `members` are the orders of its list that came before it, in their order.
    """
    if not members:
        return replaced, None
    first = members[0]
    if order.contingency == "OCO":
        return first, None
    siblings = [held for held in members[1:] if held.order.request.side is order.side]
    return (siblings[0] if siblings else None), first
