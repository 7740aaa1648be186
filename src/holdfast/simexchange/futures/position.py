"""Positions and what an account holds of one symbol, in exact integers.

A position's cost is kept as a value, not as a price, so that what was realized and what is left
always add up to what was paid. Prices times quantities are exact by the filters.
"""

from holdfast.simexchange.futures.contracts import maintenance_of, max_notional
from holdfast.simexchange.futures.model import (
    ContractRules,
    FuturesOrder,
    MarginType,
    PositionSide,
)
from holdfast.simexchange.matching import notional
from holdfast.simexchange.numbers import E8


class Position:
    """One signed quantity and its cost; value, margin and profit are those of the last mark."""

    __slots__ = (
        "carried",
        "entry_value",
        "isolated_wallet",
        "maintenance",
        "margin",
        "notional",
        "quantity",
        "realized",
        "side",
        "unrealized",
        "updated_ns",
    )

    def __init__(self, side: PositionSide) -> None:
        self.side = side
        self.quantity = 0
        self.entry_value = 0
        self.carried = 0
        self.realized = 0
        self.isolated_wallet = 0
        self.notional = self.unrealized = self.maintenance = self.margin = 0
        self.updated_ns = 0

    @property
    def entry_price(self) -> int:
        """Return the average price of entry, rounded down to 10^-8; 0 when flat."""
        return self.entry_value * E8 // abs(self.quantity) if self.quantity else 0

    def reducible(self, side: str) -> int:
        """Return how much an order of a side can reduce."""
        if side == "SELL":
            return max(0, self.quantity)
        return max(0, -self.quantity)

    def add(self, signed: int, value: int) -> int:
        """Take an execution in; return the profit that it realizes, before fees."""
        held = self.quantity
        self.quantity = held + signed
        if held == 0 or (held > 0) == (signed > 0):
            if held == 0:
                self.carried = self.realized = 0
            self.entry_value += value
            return 0
        closed = min(abs(signed), abs(held))
        closed_value = value * closed // abs(signed)
        cost = self.entry_value * closed // abs(held)
        profit = closed_value - cost if held > 0 else cost - closed_value
        self.entry_value -= cost
        if abs(signed) > abs(held):
            self.entry_value = value - closed_value
            self.carried = self.realized = 0
        else:
            self.realized += profit
            self.carried += profit
        return profit

    def value(self, mark: int, contract: ContractRules, *, leverage: int) -> None:
        """Value the position at a mark price."""
        self.notional = notional(mark, abs(self.quantity))
        gain = self.notional - self.entry_value
        self.unrealized = gain if self.quantity >= 0 else -gain
        self.maintenance = maintenance_of(contract, self.notional) if self.quantity else 0
        self.margin = self.notional // leverage


class Stake:
    """One account's settings, positions and open orders of one symbol.

    `opening` holds the notional of open orders that may open: (LONG or BOTH's buys, SHORT or
    BOTH's sells). Reducing orders take no margin.
    """

    __slots__ = (
        "asks",
        "bids",
        "contract",
        "is_hedge",
        "leverage",
        "margin_type",
        "order_margin",
        "positions",
        "reserved",
        "warned",
    )

    def __init__(self, contract: ContractRules, *, leverage: int, is_hedge: bool) -> None:
        self.contract = contract
        self.is_hedge = is_hedge
        self.leverage = leverage
        self.margin_type: MarginType = "cross"
        self.positions: dict[PositionSide, Position] = {
            side: Position(side) for side in ("BOTH", "LONG", "SHORT")
        }
        self.bids = 0
        self.asks = 0
        self.reserved: dict[int, int] = {}
        self.order_margin = 0
        self.warned = False

    @property
    def max_notional(self) -> int:
        """Return the greatest notional that the leverage allows."""
        return max_notional(self.contract, self.leverage)

    @property
    def is_flat(self) -> bool:
        """Tell whether no position is open."""
        return not any(position.quantity for position in self.positions.values())

    def held(self) -> list[Position]:
        """Return the open positions."""
        return [position for position in self.positions.values() if position.quantity]

    def shown(self) -> list[Position]:
        """Return the positions that the mode has, open or not."""
        sides: tuple[PositionSide, ...] = ("LONG", "SHORT") if self.is_hedge else ("BOTH",)
        return [self.positions[side] for side in sides]

    def reserve(self, order: FuturesOrder, value: int) -> None:
        """Set the notional that an open order may still open; 0 ends it."""
        before = self.reserved.pop(order.order_id, 0)
        if value:
            self.reserved[order.order_id] = value
        if order.side == "BUY":
            self.bids += value - before
        else:
            self.asks += value - before

    def exposure(self, *, bids: int = 0, asks: int = 0) -> int:
        """Return the greatest notional that positions and opening orders may come to.

        `bids` and `asks` are added to the open ones. In hedge mode buys and sells that open
        never meet.
        """
        bids += self.bids
        asks += self.asks
        if self.is_hedge:
            return self.held_notional + bids + asks
        both = self.positions["BOTH"]
        signed = both.notional if both.quantity >= 0 else -both.notional
        return max(abs(signed + bids), abs(signed - asks))

    @property
    def held_notional(self) -> int:
        """Return the notional of all open positions."""
        return sum(position.notional for position in self.positions.values())

    def margin_orders(self) -> int:
        """Return the margin that open orders take beside the positions' own."""
        return max(0, self.exposure() - self.held_notional) // self.leverage


def opens(order: FuturesOrder) -> bool:
    """Tell whether an order may open a position."""
    if order.reduce_only or order.close_position:
        return False
    if order.position_side == "BOTH":
        return True
    return (order.side == "BUY") == (order.position_side == "LONG")
