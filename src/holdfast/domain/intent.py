"""What a strategy may ask for. An intent is a wish; only the gates turn it into an order."""

from typing import TypeAlias

import msgspec

from holdfast.domain.ids import ClientOrderId, Symbol
from holdfast.domain.instant import UtcNs
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import (
    OrderType,
    PositionSide,
    Purpose,
    Side,
    TimeInForce,
    TriggerPrice,
)

NO_PRICE = PriceUnits(0)


class Target(msgspec.Struct, frozen=True):
    """Hold this signed quantity; compared with filled + live + Unknown of the strategy."""

    symbol: Symbol
    quantity: QuantityUnits
    confidence: float = 1.0


class Buy(msgspec.Struct, frozen=True):
    """Buy a quantity, at a limit price or at the market when the price is 0.

    With a `trigger_price` it waits until the market has risen there (a stop), or fallen there
    if it is to `take_profit`. With `callback_bps` it is a trailing stop: it follows the market
    down, from `activation_price` on (0: at once), and buys when it has risen by so much.
    `display_quantity` shows only a part (an iceberg), `good_till_ns` belongs to GTD,
    `position_side` to hedge mode.
    """

    symbol: Symbol
    quantity: QuantityUnits
    price: PriceUnits = NO_PRICE
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    purpose: Purpose = Purpose.ENTRY
    confidence: float = 1.0
    trigger_price: PriceUnits = NO_PRICE
    take_profit: bool = False
    trigger_by: TriggerPrice = TriggerPrice.LAST
    callback_bps: int = 0
    activation_price: PriceUnits = NO_PRICE
    reduce_only: bool = False
    position_side: PositionSide = PositionSide.BOTH
    display_quantity: QuantityUnits = QuantityUnits(0)
    good_till_ns: UtcNs = UtcNs(0)


class Sell(msgspec.Struct, frozen=True):
    """Sell a quantity; everything as for `Buy`, with up and down the other way round."""

    symbol: Symbol
    quantity: QuantityUnits
    price: PriceUnits = NO_PRICE
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    purpose: Purpose = Purpose.ENTRY
    confidence: float = 1.0
    trigger_price: PriceUnits = NO_PRICE
    take_profit: bool = False
    trigger_by: TriggerPrice = TriggerPrice.LAST
    callback_bps: int = 0
    activation_price: PriceUnits = NO_PRICE
    reduce_only: bool = False
    position_side: PositionSide = PositionSide.BOTH
    display_quantity: QuantityUnits = QuantityUnits(0)
    good_till_ns: UtcNs = UtcNs(0)


class Quote(msgspec.Struct, frozen=True):
    """Rest one order on a side, in place of this strategy's quote there; quantity 0 removes."""

    symbol: Symbol
    side: Side
    price: PriceUnits
    quantity: QuantityUnits
    confidence: float = 1.0


class OneCancelsOther(msgspec.Struct, frozen=True):
    """Rest a limit order and a stop of one side and quantity, of which only one can fill.

    The stop trades at the market when `stop_limit_price` is 0. Spot only.
    """

    symbol: Symbol
    side: Side
    quantity: QuantityUnits
    price: PriceUnits
    stop_price: PriceUnits
    stop_limit_price: PriceUnits = NO_PRICE
    purpose: Purpose = Purpose.EXIT
    confidence: float = 1.0


class EntryWithExits(msgspec.Struct, frozen=True):
    """Enter at a limit price; once all of it is filled the exits rest, of which one can fill.

    At least one of `take_profit_price` (a limit order) and `stop_price` is needed. A fee taken
    from what was bought leaves less to sell: `exit_quantity` says how much (0: all of it). Spot
    only, and the exits come with the last fill of the entry, not with the first.
    """

    symbol: Symbol
    side: Side
    quantity: QuantityUnits
    price: PriceUnits
    take_profit_price: PriceUnits = NO_PRICE
    stop_price: PriceUnits = NO_PRICE
    stop_limit_price: PriceUnits = NO_PRICE
    exit_quantity: QuantityUnits = QuantityUnits(0)
    post_only: bool = False
    confidence: float = 1.0


class Protect(msgspec.Struct, frozen=True):
    """Keep a stop for this strategy's whole position of a symbol until the position is flat.

    A level, not an event: said again with another price, the stop is replaced so that the
    position is never without one. A `stop_price` of 0 gives the protection up.
    """

    symbol: Symbol
    stop_price: PriceUnits
    stop_limit_price: PriceUnits = NO_PRICE
    trigger_by: TriggerPrice = TriggerPrice.LAST
    position_side: PositionSide = PositionSide.BOTH


class Cancel(msgspec.Struct, frozen=True):
    """Cancel one order of this strategy, or all on a symbol but its protective ones."""

    symbol: Symbol
    client_order_id: ClientOrderId = ClientOrderId("")


Intent: TypeAlias = (
    Target | Buy | Sell | Quote | OneCancelsOther | EntryWithExits | Protect | Cancel
)


class SizedIntent(msgspec.Struct, frozen=True, kw_only=True):
    """An intent after sizing: one side, one positive quantity, a price or the market.

    Of a list it is the order that counts (the working leg; of an OCO the dearer one), and
    `legs` are the others, with `contingency` naming the list. `replaces` is an order that is
    canceled by the same request.
    """

    symbol: Symbol
    side: Side
    quantity: QuantityUnits
    price: PriceUnits
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    purpose: Purpose = Purpose.ENTRY
    algorithm: str = "direct"
    confidence: float = 1.0
    trigger_price: PriceUnits = NO_PRICE
    take_profit: bool = False
    trigger_by: TriggerPrice = TriggerPrice.LAST
    callback_bps: int = 0
    activation_price: PriceUnits = NO_PRICE
    reduce_only: bool = False
    position_side: PositionSide = PositionSide.BOTH
    display_quantity: QuantityUnits = QuantityUnits(0)
    good_till_ns: UtcNs = UtcNs(0)
    replaces: ClientOrderId = ClientOrderId("")
    contingency: str = ""
    legs: tuple["SizedIntent", ...] = ()

    @property
    def is_guarded(self) -> bool:
        """Tell whether the venue itself keeps its orders from opening or turning a position."""
        if self.position_side is _BOTH:
            return self.reduce_only
        return (self.position_side is PositionSide.LONG) is (self.side is Side.SELL)

    @property
    def order_type(self) -> OrderType:
        """Give the type that its order has."""
        if self.callback_bps:
            return OrderType.TRAILING_STOP
        if self.trigger_price:
            if self.take_profit:
                limited, at_market = _TAKE_PROFITS
            else:
                limited, at_market = _STOPS
            return limited if self.price else at_market
        if not self.price:
            return _MARKET
        return _LIMIT_MAKER if self.post_only else _LIMIT


# An enum looks its members up anew each time.
_BOTH = PositionSide.BOTH
_MARKET, _LIMIT, _LIMIT_MAKER = OrderType.MARKET, OrderType.LIMIT, OrderType.LIMIT_MAKER
_STOPS = OrderType.STOP_LIMIT, OrderType.STOP_MARKET
_TAKE_PROFITS = OrderType.TAKE_PROFIT_LIMIT, OrderType.TAKE_PROFIT_MARKET
