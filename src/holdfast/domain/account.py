"""The account as a fold of the journal: orders, sub-positions, balances and reservations.

The same events in the same order give the same account; what gates read on every order
(reserved amounts, open exposure, positions of a symbol, the open orders of a strategy) is kept
by difference and equals a recount at any time.
Approved, unsent, live and Unknown orders count at their worst until an ending or a booked fill.
"""

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.contracts import Contracts, SideKey, is_contract, owners, owners_by_hand
from holdfast.domain.held import Exposure, HeldOrder, OpenIntent, links
from holdfast.domain.ids import (
    UNATTRIBUTED,
    AccountId,
    ClientOrderId,
    ExecId,
    IntentId,
    StrategyId,
    Symbol,
)
from holdfast.domain.latest import LatestOrders, id_order
from holdfast.domain.money import AmountUnits, Asset, QuantityUnits, amount_units
from holdfast.domain.order import (
    NewOrder,
    Order,
    Origin,
    PositionSide,
    Side,
)
from holdfast.domain.position import Position
from holdfast.domain.protection import Protections

if TYPE_CHECKING:
    from holdfast.domain.instrument import Instrument

__all__ = [
    "CLOSED_ORDERS_KEPT",
    "Account",
    "Exposure",
    "HeldOrder",
    "LatestOrders",
    "OpenIntent",
    "PositionKey",
    "Taken",
    "exposures_at",
    "id_order",
    "side_exposures_at",
]

CLOSED_ORDERS_KEPT = 10_000
_BOTH = PositionSide.BOTH  # an enum looks its members up anew each time


PositionKey = tuple[StrategyId, Symbol, PositionSide]


class Taken(msgspec.Struct, frozen=True):
    """What one trade of a stranger or of the venue took from strategies, by how much."""

    event: ev.ForeignFillSeen
    parts: list[tuple[StrategyId, int]]


class Account:
    """One account's state; `fold.apply` is the way to change it from an event."""

    def __init__(self, account: AccountId) -> None:
        self.account = account
        self.instruments: dict[Symbol, Instrument] = {}
        self.orders: dict[ClientOrderId, HeldOrder] = {}
        self.closed: OrderedDict[ClientOrderId, HeldOrder] = OrderedDict()
        self.intents: dict[IntentId, OpenIntent] = {}
        self.positions: dict[PositionKey, Position] = {}
        self.balances: dict[Asset, AmountUnits] = {}
        self.reserved: dict[Asset, AmountUnits] = {}
        self.exposures: dict[tuple[StrategyId, Symbol], Exposure] = {}
        self.symbol_exposures: dict[Symbol, Exposure] = {}
        self.side_exposures: dict[PositionKey, Exposure] = {}
        self.symbol_side_exposures: dict[SideKey, Exposure] = {}
        self.lists: dict[str, list[HeldOrder]] = {}
        self.working: dict[tuple[StrategyId, Symbol], dict[ClientOrderId, Order]] = {}
        self.symbol_positions: dict[Symbol, int] = {}
        self.last_exec: dict[Symbol, ExecId] = {}
        self.latest_orders = LatestOrders()
        self.contracts = Contracts()
        self.protections = Protections()
        self.foreign_execs: dict[Symbol, dict[ExecId, None]] = {}
        self.foreign_orders: dict[tuple[str, str], str] = {}
        self.accepted: dict[Symbol, list[str]] = {}
        self.reconciled_through: dict[Symbol, ExecId] = {}
        self.taken: dict[Symbol, Taken] = {}
        self.bookings_count = 0

    def find(self, client_order_id: ClientOrderId) -> Order | None:
        """Give an order, open or lately closed; None when the journal has none such."""
        held = self.orders.get(client_order_id) or self.closed.get(client_order_id)
        return held.order if held else None

    def available(self, asset: Asset) -> int:
        """Give what of an asset is neither spent nor reserved, in units of 10^-18."""
        return self.balances.get(asset, 0) - self.reserved.get(asset, 0)

    def position(self, strategy: StrategyId, symbol: Symbol) -> int:
        """Give the signed net quantity of a sub-position: one way, or long and short."""
        held = self.positions
        return sum(
            held[key].quantity
            for side in PositionSide
            if (key := (strategy, symbol, side)) in held
        )

    def symbol_position(self, symbol: Symbol) -> int:
        """Give the account's position of a symbol: the sum of its sub-positions."""
        return self.symbol_positions.get(symbol, 0)

    def exposure(self, strategy: StrategyId, symbol: Symbol) -> Exposure:
        """Give what a strategy's open one-way orders on a symbol could still trade."""
        return self.exposures.get((strategy, symbol)) or Exposure()

    # What decisions do; called by the fold, and directly with the values at hand.

    def accept(self, intent_id: IntentId, intent: OpenIntent) -> None:
        """Hold an accepted intent's reservation until children draw on it."""
        self.intents[intent_id] = intent
        self._reserve(intent.asset, intent.amount)
        self._expose_intent(intent, intent.undrawn)

    def release(self, intent_id: IntentId) -> None:
        """Let go of what an intent holds beyond its orders; idempotent."""
        intent = self.intents.pop(intent_id, None)
        if intent is None:
            return
        self._reserve(intent.asset, -intent.share)
        self._expose_intent(intent, -intent.undrawn)

    def approve(
        self, order: NewOrder, asset: Asset, *, amount: AmountUnits, expires_at_ns: int = 0
    ) -> Order:
        """Add an order; it draws its quantity from its intent's reservation."""
        intent = self.intents.get(order.intent_id)
        if intent is not None:
            self.release(order.intent_id)
            intent.undrawn = QuantityUnits(max(0, intent.undrawn - order.quantity))
            if intent.undrawn:
                intent.amount = AmountUnits(intent.share)
                intent.quantity = intent.undrawn
                self.accept(order.intent_id, intent)
        held = HeldOrder(Order(request=order), asset, amount, expires_at_ns)
        counted: int = order.quantity
        reserved: int = amount
        if order.order_list_id or order.replaces:
            self._link(held)
            counted, reserved = held.counted, held.reserved
        self.orders[order.client_order_id] = held
        self._reserve(asset, reserved)
        self._expose_order(order, counted)
        self._index(held)
        return held.order

    def canonical(self) -> dict[str, Any]:
        """Give the account in the numbered form of the state hash: plain, sorted, complete."""
        return {
            "balances": {a: str(u) for a, u in sorted(self.balances.items()) if u},
            "reserved": {a: str(u) for a, u in sorted(self.reserved.items()) if u},
            "positions": [
                [*key[:2], key[2].value, p.quantity, str(p.realized), [list(x) for x in p.lots]]
                for key, p in sorted(self.positions.items(), key=_position_sort)
                if p.quantity or p.realized
            ],
            "intents": [
                [i, o.strategy, o.symbol, o.side.value, o.undrawn, o.asset, str(o.amount)]
                for i, o in sorted(self.intents.items())
            ],
            "orders": [_canonical_order(held) for _, held in sorted(self.orders.items())],
            "last_exec": sorted(self.last_exec.items()),
            "reconciled_through": sorted(self.reconciled_through.items()),
        }

    # What the venue says.

    def change(self, client_order_id: str, change: Any) -> bool:
        """Change an order by a function and keep reservation and exposure in step."""
        key = ClientOrderId(client_order_id)
        held = self.orders.get(key) or self.closed.get(key)
        if held is None:
            return False
        order = held.order
        request = order.request
        moved = (held, *held.dependents) if held.dependents else (held,)
        before = [(each.counted, each.reserved) for each in moved]
        changed: bool = change(order) is not False
        for each, (counted, reserved) in zip(moved, before, strict=True):
            self._reserve(each.asset, each.reserved - reserved)
            self._expose_order(each.order.request, each.counted - counted)
        if order.is_open:
            if self.closed.pop(key, None):
                self.orders[key] = held
                self._index(held)
        elif self.orders.pop(key, None):
            self.working[request.strategy, request.symbol].pop(key, None)
            self.closed[key] = held
            if len(self.closed) > CLOSED_ORDERS_KEPT:
                self._forget(self.closed.popitem(last=False)[1])
        return changed

    def _link(self, held: HeldOrder) -> None:
        """Let an order of a list, or one that takes another's place, count for what it adds."""
        request = held.order.request
        replaced = self.orders.get(request.replaces) or self.closed.get(request.replaces)
        members: list[HeldOrder] = []
        if request.order_list_id:
            members = self.lists.setdefault(request.order_list_id, [])
        behind, after = links(request, members, replaced=replaced)
        held.link(behind=behind, after=after)
        members.append(held)

    def _forget(self, held: HeldOrder) -> None:
        held.unlink()
        members = self.lists.get(held.order.request.order_list_id)
        if members is not None and all(not member.order.is_open for member in members):
            del self.lists[held.order.request.order_list_id]

    def _reserve(self, asset: Asset, units: int) -> None:
        self.reserved[asset] = AmountUnits(self.reserved.get(asset, 0) + units)

    def _expose_order(self, request: NewOrder, quantity: int) -> None:
        strategy, symbol, side = request.strategy, request.symbol, request.side
        position_side = request.position_side
        if position_side is _BOTH and not request.reduce_only:
            for exposure in exposures_at(self, strategy, symbol=symbol):
                exposure.add(side, quantity)
            return
        self._expose(
            strategy,
            symbol,
            side,
            quantity,
            position_side=position_side,
            is_guarded=request.is_guarded,
        )

    def _expose_intent(self, intent: OpenIntent, quantity: int) -> None:
        self._expose(
            intent.strategy,
            intent.symbol,
            intent.side,
            quantity,
            position_side=intent.position_side,
            is_guarded=intent.is_guarded,
        )

    def _expose(
        self,
        strategy: StrategyId,
        symbol: Symbol,
        side: Side,
        quantity: int,
        *,
        position_side: PositionSide = _BOTH,
        is_guarded: bool = False,
    ) -> None:
        exposures: tuple[Exposure, Exposure]
        if position_side is _BOTH:
            exposures = exposures_at(self, strategy, symbol=symbol)
        else:
            exposures = side_exposures_at(self, (strategy, symbol, position_side))
        for exposure in exposures:
            exposure.add(side, quantity, is_guarded=is_guarded)

    def _index(self, held: HeldOrder) -> None:
        request = held.order.request
        orders = self.working.setdefault((request.strategy, request.symbol), {})
        orders[request.client_order_id] = held.order

    def credit(self, asset: Asset, units: int) -> None:
        """Add to a balance, in units of 10^-18; negative takes away."""
        self.balances[asset] = AmountUnits(self.balances.get(asset, 0) + units)

    def book(self, strategy: StrategyId, event: ev.OrderFilled | ev.ForeignFillSeen) -> None:
        """Move balances and the sub-position by an execution and its fee."""
        self.bookings_count += 1
        symbol = Symbol(event.symbol)
        instrument = self.instruments[symbol]
        price = instrument.price(event.last_price)
        quantity = instrument.quantity(event.last_quantity)
        sign = Side(event.side).sign
        fee = amount_units(event.fee)
        fee_asset = Asset(event.fee_asset)
        side = PositionSide(event.position_side)
        moved = sign * quantity
        notional = sign * instrument.notional(price, quantity)
        parts = self._owners(strategy, event, moved=moved)
        for owner, part in parts:
            self._position(owner, symbol, side).trade(price, QuantityUnits(part))
        taken = [each for each in parts if each[0] != UNATTRIBUTED]
        if taken and isinstance(event, ev.ForeignFillSeen):
            self.taken[symbol] = Taken(event, taken)
        self.credit(instrument.quote, -notional)
        if is_contract(instrument):
            realized = amount_units(event.realized) if event.realized else None
            self.contracts.trade((symbol, side), moved, notional=notional, realized=realized)
        else:
            self.credit(instrument.base, sign * instrument.base_amount(quantity))
            if fee and fee_asset == instrument.base:
                dust = instrument.quantity_of(fee)
                self._position(strategy, symbol, side).trade(price, QuantityUnits(-dust))
                moved -= dust
        self.symbol_positions[symbol] = self.symbol_positions.get(symbol, 0) + moved
        self.credit(fee_asset, -fee)
        last = self.last_exec.get(symbol)
        if last is None or id_order(event.exec_id) > id_order(last):
            self.last_exec[symbol] = ExecId(event.exec_id)

    def _owners(
        self, strategy: StrategyId, event: ev.OrderFilled | ev.ForeignFillSeen, *, moved: int
    ) -> list[tuple[StrategyId, int]]:
        """Give whose sub-positions an execution moves, and by how much."""
        if not isinstance(event, ev.ForeignFillSeen):
            return [(strategy, moved)]
        where = (event.symbol, PositionSide(event.position_side))
        by_venue = event.origin != Origin.REQUEST.value
        if not (by_venue or event.closes_held):
            return [(strategy, moved)]
        held = [(k[0], p.quantity) for k, p in self.positions.items() if k[1:] == where]
        return owners(held, moved) if by_venue else owners_by_hand(held, moved)

    def _position(self, strategy: StrategyId, symbol: Symbol, side: PositionSide) -> Position:
        key = (strategy, symbol, side)
        position = self.positions.get(key)
        if position is None:
            position = self.positions[key] = Position()
        return position


def exposures_at(
    account: Account, strategy: StrategyId, *, symbol: Symbol
) -> tuple[Exposure, Exposure]:
    """Give the one-way exposures of a strategy and of a symbol; they live on and change."""
    mine = account.exposures.get((strategy, symbol))
    if mine is None:
        mine = account.exposures[strategy, symbol] = Exposure()
    total = account.symbol_exposures.get(symbol)
    if total is None:
        total = account.symbol_exposures[symbol] = Exposure()
    return mine, total


def side_exposures_at(account: Account, key: PositionKey) -> tuple[Exposure, Exposure]:
    """Give the same of one position side in hedge mode."""
    mine = account.side_exposures.setdefault(key, Exposure())
    return mine, account.symbol_side_exposures.setdefault((key[1], key[2]), Exposure())


def _position_sort(item: tuple[PositionKey, Position]) -> tuple[str, str, str]:
    (strategy, symbol, side), _ = item
    return strategy, symbol, side.value


def _canonical_order(held: HeldOrder) -> list[Any]:
    order = held.order
    return [
        order.request.client_order_id,
        order.venue_order_id,
        order.request.strategy,
        order.request.symbol,
        order.request.side.value,
        order.request.quantity,
        order.request.price,
        order.request.purpose.value,
        order.status.value,
        order.cancel_requested,
        order.cum_quantity,
        order.reported_quantity,
        sorted(order.executions.items()),
        held.asset,
        str(held.amount),
    ]
