"""What a strategy holds and has in the market of one symbol, as a value."""

from collections.abc import Container, Iterable, Mapping
from types import MappingProxyType

import msgspec

from holdfast.domain.ids import ClientOrderId, Symbol
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import Order, OrderType, PositionSide, Purpose, Side

_NO_QUOTES: frozenset[ClientOrderId] = frozenset()
_NOTHING_LINKED: Mapping[ClientOrderId, int] = MappingProxyType({})


class WorkingOrder(msgspec.Struct, frozen=True, gc=False):
    """An order that may still change the position, as it stands now.

    `is_quote` holds for an order made from a `Quote`; `is_unknown` while nobody knows whether
    the venue has it. `uncounted_quantity` is what of it adds nothing to what could be traded,
    because it cannot fill beside another order or before it.
    """

    client_order_id: ClientOrderId
    side: Side
    price: PriceUnits
    quantity: QuantityUnits
    leaves_quantity: QuantityUnits
    is_unknown: bool = False
    cancel_requested: bool = False
    is_quote: bool = False
    uncounted_quantity: QuantityUnits = QuantityUnits(0)
    purpose: Purpose = Purpose.ENTRY
    order_type: OrderType = OrderType.LIMIT
    trigger_price: PriceUnits = PriceUnits(0)
    callback_bps: int = 0
    is_triggered: bool = False
    position_side: PositionSide = PositionSide.BOTH

    @property
    def counted_quantity(self) -> int:
        """Give what it adds to what could be traded."""
        return self.leaves_quantity - self.uncounted_quantity

    @property
    def is_waiting_stop(self) -> bool:
        """Tell whether it protects the position and waits for its trigger."""
        return (
            self.purpose is Purpose.PROTECTIVE
            and bool(self.trigger_price or self.callback_bps)
            and not self.is_triggered
        )


class PositionView(msgspec.Struct, frozen=True):
    """Filled, live and Unknown of one strategy on one symbol, in quantity units.

    `undrawn_buying` and `undrawn_selling` are accepted intents that no order has drawn yet.
    `mark` is the price that small quantities are valued at, 0 when there is none. In hedge mode
    there is one view of each position side.
    """

    symbol: Symbol
    filled: QuantityUnits = QuantityUnits(0)
    orders: tuple[WorkingOrder, ...] = ()
    undrawn_buying: int = 0
    undrawn_selling: int = 0
    mark: PriceUnits = PriceUnits(0)
    position_side: PositionSide = PositionSide.BOTH

    @property
    def without_waiting_stops(self) -> "PositionView":
        """Give the same without the stops that only protect and wait."""
        orders = tuple(order for order in self.orders if not order.is_waiting_stop)
        if len(orders) == len(self.orders):
            return self
        return msgspec.structs.replace(self, orders=orders)

    @property
    def buying(self) -> int:
        """Give what open orders and undrawn intents could still buy, Unknown included."""
        return self.undrawn_buying + self._leaves(Side.BUY)

    @property
    def selling(self) -> int:
        """Give what open orders and undrawn intents could still sell, Unknown included."""
        return self.undrawn_selling + self._leaves(Side.SELL)

    @property
    def live(self) -> int:
        """Give the signed change if every open order and undrawn intent fills."""
        return self.buying - self.selling

    @property
    def has_unknown(self) -> bool:
        """Tell whether the fate of an order on this symbol is not known."""
        return any(order.is_unknown for order in self.orders)

    @property
    def has_undrawn(self) -> bool:
        """Tell whether an accepted intent waits for its orders."""
        return bool(self.undrawn_buying or self.undrawn_selling)

    def _leaves(self, side: Side) -> int:
        return sum(order.counted_quantity for order in self.orders if order.side is side)


def working(
    orders: Iterable[Order],
    *,
    quotes: Container[ClientOrderId] = _NO_QUOTES,
    uncounted: Mapping[ClientOrderId, int] = _NOTHING_LINKED,
) -> tuple[WorkingOrder, ...]:
    """Make the frozen views of open orders; `quotes` are the ids of those made from quotes.

    `uncounted` says of orders that depend on others how much of them does not count.
    """
    return tuple(
        WorkingOrder(
            order.request.client_order_id,
            order.request.side,
            order.request.price,
            order.request.quantity,
            order.leaves_quantity,
            order.is_unknown,
            order.cancel_requested,
            order.request.client_order_id in quotes,
            QuantityUnits(uncounted.get(order.request.client_order_id, 0)),
            order.request.purpose,
            order.request.order_type,
            order.request.trigger_price,
            order.request.callback_bps,
            order.is_triggered,
            order.request.position_side,
        )
        for order in orders
        if order.is_open
    )
