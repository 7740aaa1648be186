"""What happened to orders: ours, adopted, and not ours."""

from typing import ClassVar

from holdfast.domain.events.event import Event
from holdfast.domain.market import MarketReference


class OrderApproved(Event, frozen=True, array_like=True):
    """The order intent of step 5: durable before the order may leave."""

    TYPE: ClassVar[str] = "order.approved/1"
    client_order_id: str
    strategy: str
    intent_id: str
    symbol: str
    product: str
    side: str
    order_type: str
    time_in_force: str
    quantity: str
    price: str
    worst_price: str
    trigger_price: str
    position_side: str
    reduce_only: bool
    purpose: str
    stp_mode: str
    order_list_id: str
    contingency: str
    reference: MarketReference
    model_version: str
    policy_version: str
    reserved_asset: str
    reserved: str
    expires_at_ns: int
    trigger_by: str = "last"
    activation_price: str = "0"
    callback_bps: int = 0
    display_quantity: str = "0"
    good_till_ns: int = 0
    replaces: str = ""


class OrderWithheld(Event, frozen=True, array_like=True):
    """The gateway did not send an approved order; nothing left the program."""

    TYPE: ClassVar[str] = "order.withheld/1"
    client_order_id: str
    strategy: str
    symbol: str
    reason: str


class OrderAcked(Event, frozen=True, array_like=True):
    """The venue has the order."""

    TYPE: ClassVar[str] = "order.acked/1"
    client_order_id: str
    venue_order_id: str
    strategy: str
    symbol: str
    venue_at_ns: int
    received_at_ns: int
    source: str


class OrderTriggered(Event, frozen=True, array_like=True):
    """What a conditional order waited for has come; the venue may have it under a new id."""

    TYPE: ClassVar[str] = "order.triggered/1"
    client_order_id: str
    venue_order_id: str
    strategy: str
    symbol: str
    venue_at_ns: int
    received_at_ns: int
    source: str


class OrderRejected(Event, frozen=True, array_like=True):
    """The venue refused the order."""

    TYPE: ClassVar[str] = "order.rejected/1"
    client_order_id: str
    strategy: str
    symbol: str
    code: int
    message: str
    venue_at_ns: int
    received_at_ns: int
    source: str


class OrderDoubted(Event, frozen=True, array_like=True):
    """The answer was lost; the order is Unknown and counts at its worst."""

    TYPE: ClassVar[str] = "order.doubted/1"
    client_order_id: str
    strategy: str
    symbol: str
    reason: str


class OrderFilled(Event, frozen=True, array_like=True):
    """One execution; `cum_quantity` is the venue's cumulative figure after it.

    `fee_value` is the fee in the instrument's quote currency at the moment of the fill, with
    the source of its rate; negative is a rebate. `realized` is what the venue says that the
    execution realized, empty where it says nothing (spot).
    """

    TYPE: ClassVar[str] = "order.filled/1"
    client_order_id: str
    venue_order_id: str
    exec_id: str
    strategy: str
    symbol: str
    product: str
    side: str
    position_side: str
    last_price: str
    last_quantity: str
    cum_quantity: str
    liquidity_side: str
    fee: str
    fee_asset: str
    fee_value: str
    fee_value_source: str
    reduce_only: bool
    purpose: str
    venue_at_ns: int
    received_at_ns: int
    source: str
    realized: str = ""


class OrderCanceled(Event, frozen=True, array_like=True):
    """The order rests no more; `cum_quantity` is what the venue executed of it."""

    TYPE: ClassVar[str] = "order.canceled/1"
    client_order_id: str
    strategy: str
    symbol: str
    cum_quantity: str
    reason: str
    venue_at_ns: int
    received_at_ns: int
    source: str


class OrderExpired(Event, frozen=True, array_like=True):
    """The venue ended the order by its own rule."""

    TYPE: ClassVar[str] = "order.expired/1"
    client_order_id: str
    strategy: str
    symbol: str
    cum_quantity: str
    reason: str
    venue_at_ns: int
    received_at_ns: int
    source: str


class CancelRequested(Event, frozen=True, array_like=True):
    """A cancel was sent, or is about to be; cancels act first and are recorded after."""

    TYPE: ClassVar[str] = "order.cancel_requested/1"
    client_order_id: str
    strategy: str
    symbol: str
    reason: str


class CancelRejected(Event, frozen=True, array_like=True):
    """The venue did not cancel; what became of the order is asked, never assumed."""

    TYPE: ClassVar[str] = "order.cancel_rejected/1"
    client_order_id: str
    strategy: str
    symbol: str
    code: int
    message: str


class OrderAdopted(Event, frozen=True, array_like=True):
    """An order with our journal id was found at the venue and not in the journal.

    A stop that guards a position is its strategy's; anything else is nobody's.
    """

    TYPE: ClassVar[str] = "order.adopted/1"
    client_order_id: str
    venue_order_id: str
    strategy: str
    symbol: str
    product: str
    side: str
    order_type: str
    time_in_force: str
    quantity: str
    price: str
    position_side: str
    reduce_only: bool
    purpose: str
    reserved_asset: str
    reserved: str
    reason: str
    trigger_price: str = "0"
    trigger_by: str = "last"


class ForeignOrderSeen(Event, frozen=True, array_like=True):
    """An order that is not this journal's; `ours` when another journal's mark is on it."""

    TYPE: ClassVar[str] = "order.foreign_seen/1"
    client_order_id: str
    venue_order_id: str
    symbol: str
    side: str
    quantity: str
    status: str
    ours: bool
    origin: str = "request"
    position_side: str = "both"


class ForeignFillSeen(Event, frozen=True, array_like=True):
    """An execution on the account that none of our orders made; books to `unattributed`.

    One whose `origin` is the venue itself (liquidation, deleveraging, settlement) closes the
    positions of strategies instead, the greatest first. With `closes_held` a stranger's trade
    does so, too, as far as it goes against what strategies hold of a contract.
    """

    TYPE: ClassVar[str] = "fill.foreign_seen/1"
    venue_order_id: str
    exec_id: str
    symbol: str
    product: str
    side: str
    position_side: str
    last_price: str
    last_quantity: str
    fee: str
    fee_asset: str
    fee_value: str
    fee_value_source: str
    liquidity_side: str
    venue_at_ns: int
    realized: str = ""
    origin: str = "request"
    closes_held: bool = False
