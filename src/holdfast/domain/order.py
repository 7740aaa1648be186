"""An order and its state machine, which is a set of facts and not a path.

Facts only grow: what was sent, what the venue said, which executions were booked. The status is
derived from them, so reports that come late, twice or out of order end in the same state as the
same reports in order, and a fill after a cancel is booked and never lost (EXE-3).
"""

from enum import Enum
from typing import Literal, TypeAlias

import msgspec

from holdfast.domain.ids import (
    AccountId,
    ClientOrderId,
    ExecId,
    IntentId,
    StrategyId,
    Symbol,
    VenueOrderId,
)
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Product
from holdfast.domain.market import MarketReference
from holdfast.domain.money import PriceUnits, QuantityUnits


class Side(Enum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> "Side":
        """Give the other side."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """Give +1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class OrderType(Enum):
    """The venue-independent order types."""

    LIMIT = "limit"
    MARKET = "market"
    LIMIT_MAKER = "limit_maker"
    STOP_MARKET = "stop_market"
    STOP_LIMIT = "stop_limit"
    TAKE_PROFIT_MARKET = "take_profit_market"
    TAKE_PROFIT_LIMIT = "take_profit_limit"
    TRAILING_STOP = "trailing_stop"


class TimeInForce(Enum):
    """How long an order rests."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    GTD = "gtd"


class PositionSide(Enum):
    """The position that an order changes; BOTH is one-way."""

    BOTH = "both"
    LONG = "long"
    SHORT = "short"


class TriggerPrice(Enum):
    """Which price of the venue a stop, take-profit or trailing order waits for."""

    LAST = "last"
    MARK = "mark"


class Contingency(Enum):
    """How the orders of one list depend on each other.

    One cancels the other; one triggers the other; one triggers two that cancel each other.
    """

    OCO = "OCO"
    OTO = "OTO"
    OTOCO = "OTOCO"


class Origin(Enum):
    """Who made an order: somebody's request, or the venue itself."""

    REQUEST = "request"
    LIQUIDATION = "liquidation"
    ADL = "adl"
    SETTLEMENT = "settlement"


class Purpose(Enum):
    """Why an order exists; cancel-all and kill leave a protective order of an open position."""

    ENTRY = "entry"
    EXIT = "exit"
    PROTECTIVE = "protective"


class StpMode(Enum):
    """What the venue does when our own orders would trade with each other."""

    NONE = "none"
    EXPIRE_TAKER = "expire_taker"
    EXPIRE_MAKER = "expire_maker"
    EXPIRE_BOTH = "expire_both"
    DECREMENT = "decrement"
    TRANSFER = "transfer"


class LiquiditySide(Enum):
    """Whether a fill took liquidity or made it."""

    MAKER = "maker"
    TAKER = "taker"


class OrderStatus(Enum):
    """The state of an order, derived from its facts."""

    APPROVED = "approved"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    TRIGGERED = "triggered"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"


Ending: TypeAlias = Literal["", "not_sent", "rejected", "expired", "canceled"]
ENDINGS: tuple[Ending, ...] = ("", "not_sent", "rejected", "expired", "canceled")
"""From the lightest to the weightiest; of two the weightier stands."""


_BOTH = PositionSide.BOTH  # an enum looks its members up anew each time


class NewOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One order as it will be written to the venue; a value that can be encoded.

    `price_text` and `quantity_text` are the canonical texts of the units, made once and used
    by the journal and the wire. A market order has price 0; `limit_price` there is the worst
    price that its reservation was made for. `trigger_price` belongs to stops and take-profits,
    `activation_price` (0: at once) and `callback_bps` to a trailing stop, `display_quantity`
    (0: all of it) to an iceberg, `good_till_ns` to GTD. Orders with one `order_list_id` are one
    list at the venue, and `contingency` says which (OCO, OTO, OTOCO); the first of them is the
    working leg of an OTO or OTOCO. An order that `replaces` another leaves with its cancel as
    one request, and only lives if that one was canceled.
    """

    client_order_id: ClientOrderId
    account: AccountId
    strategy: StrategyId
    intent_id: IntentId
    symbol: Symbol
    product: Product
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: QuantityUnits
    price: PriceUnits
    quantity_text: str
    price_text: str
    worst_price: PriceUnits
    trigger_price: PriceUnits = PriceUnits(0)
    position_side: PositionSide = PositionSide.BOTH
    reduce_only: bool = False
    purpose: Purpose = Purpose.ENTRY
    stp_mode: StpMode = StpMode.EXPIRE_MAKER
    order_list_id: str = ""
    contingency: str = ""
    reference: MarketReference = MarketReference()
    model_version: str = ""
    policy_version: str = ""
    trigger_by: TriggerPrice = TriggerPrice.LAST
    activation_price: PriceUnits = PriceUnits(0)
    callback_bps: int = 0
    display_quantity: QuantityUnits = QuantityUnits(0)
    good_till_ns: UtcNs = UtcNs(0)
    replaces: ClientOrderId = ClientOrderId("")

    @property
    def is_guarded(self) -> bool:
        """Tell whether the venue itself keeps it from opening or turning a position."""
        if self.position_side is _BOTH:
            return self.reduce_only
        return (self.position_side is PositionSide.LONG) is (self.side is Side.SELL)

    @property
    def is_conditional(self) -> bool:
        """Tell whether it waits for a trigger before it rests or trades."""
        return bool(self.trigger_price or self.callback_bps)


class Order(msgspec.Struct, kw_only=True):
    """What is known of one order; changed only by the methods below.

    `reported_quantity` is the greatest cumulative quantity that the venue named; executions
    that it names and we have not booked still count as risk after the order has ended.
    """

    request: NewOrder
    venue_order_id: VenueOrderId = VenueOrderId("")
    acked: bool = False
    in_doubt: bool = False
    is_triggered: bool = False
    cancels_requested_count: int = 0
    cancels_rejected_count: int = 0
    ending: Ending = ""
    ending_reason: str = ""
    reported_quantity: QuantityUnits = QuantityUnits(0)
    cum_quantity: QuantityUnits = QuantityUnits(0)
    executions: dict[ExecId, QuantityUnits] = {}

    @property
    def status(self) -> OrderStatus:
        """Derive the state from the facts."""
        if self.cum_quantity >= self.request.quantity:
            return OrderStatus.FILLED
        if self.ending:
            return OrderStatus(self.ending)
        if self.cum_quantity:
            return OrderStatus.PARTIALLY_FILLED
        if self.acked:
            return OrderStatus.TRIGGERED if self.is_triggered else OrderStatus.ACCEPTED
        return OrderStatus.UNKNOWN if self.in_doubt else OrderStatus.APPROVED

    @property
    def leaves_quantity(self) -> QuantityUnits:
        """Give what may still be executed or booked, the measure of this order's risk."""
        end = self.reported_quantity if self.ending else self.request.quantity
        return QuantityUnits(max(0, end - self.cum_quantity))

    @property
    def is_open(self) -> bool:
        """Tell whether the order, or a fill of it, may still change a position."""
        return self.leaves_quantity > 0

    @property
    def is_unknown(self) -> bool:
        """Tell whether the venue has still to say what became of it."""
        return self.in_doubt and not self.ending and self.cum_quantity < self.request.quantity

    @property
    def cancel_requested(self) -> bool:
        """Tell whether a cancel is under way; an order that works no more has none."""
        return (
            self.cancels_requested_count > self.cancels_rejected_count
            and not self.ending
            and self.cum_quantity < self.request.quantity
        )

    def ack(self, venue_order_id: VenueOrderId, *, is_triggered: bool = False) -> None:
        """Note that the venue has the order; this settles a doubt.

        One that was triggered may be under a new id at the venue, which an acknowledgement that
        comes late does not take back.
        """
        is_older = not is_triggered and (self.is_triggered or bool(self.executions))
        self.acked = True
        self.is_triggered = self.is_triggered or is_triggered
        self.in_doubt = False
        if not (is_older and self.venue_order_id):
            self.venue_order_id = venue_order_id or self.venue_order_id

    def doubt(self) -> None:
        """Note a lost answer; evidence that came before or comes later settles it."""
        if not self.acked and not self.ending and not self.executions:
            self.in_doubt = True

    def report(self, reported_quantity: QuantityUnits) -> None:
        """Note the cumulative quantity that the venue named; it never falls."""
        self.reported_quantity = max(self.reported_quantity, reported_quantity)

    def end(self, ending: Ending, reason: str = "") -> None:
        """Note that the order works no more; of two endings the weightier stands."""
        if ENDINGS.index(ending) > ENDINGS.index(self.ending):
            self.ending = ending
            self.ending_reason = reason
        self.in_doubt = False

    def fill(
        self, exec_id: ExecId, quantity: QuantityUnits, *, venue_order_id: VenueOrderId
    ) -> bool:
        """Book an execution once; False when this execution was booked before."""
        if exec_id in self.executions:
            return False
        if not self.executions:
            self.executions = {}
        self.executions[exec_id] = quantity
        self.cum_quantity = QuantityUnits(self.cum_quantity + quantity)
        self.reported_quantity = max(self.reported_quantity, self.cum_quantity)
        self.acked = True
        self.venue_order_id = venue_order_id or self.venue_order_id
        self.in_doubt = False
        return True

    def request_cancel(self) -> None:
        """Note that a cancel was asked for; counted, as its refusal may be noted first."""
        self.cancels_requested_count += 1

    def refuse_cancel(self) -> None:
        """Note that the venue refused one cancel; another may still be under way."""
        self.cancels_rejected_count += 1
