"""What both sides say of an episode, brought to one shape; nothing of the trader's own fold.

The journal's side is summed here from its events, the venue's side from `/sim/truth`. Amounts
are exact decimals.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from holdfast.domain import events as ev
from holdfast.journal.sqlite import SqliteStore

ZERO = Decimal(0)
FINAL = ("REJECTED", "EXPIRED", "EXPIRED_IN_MATCH", "CANCELED", "FILLED")


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution; equal on both sides when every word and number is."""

    symbol: str
    exec_id: str
    side: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    realized: Decimal


class VenueOrder(msgspec.Struct, kw_only=True):
    """An order as the venue knows it, under the client id that it was sent with."""

    client_order_id: str
    status: str
    quantity: Decimal
    executed: Decimal
    side: str


class JournalOrder(msgspec.Struct, kw_only=True):
    """An order as the journal's events have it; `ending` is empty while it is open.

    `held` is what its strategy held, by fills alone, when it was approved.
    """

    client_order_id: str
    intent_id: str
    strategy: str
    symbol: str
    side: str
    quantity: Decimal
    purpose: str
    reduce_only: bool
    held: Decimal
    filled: Decimal = ZERO
    acked: bool = False
    ending: str = ""

    @property
    def reduces(self) -> bool:
        """Tell whether it could only make the position of its strategy smaller."""
        against = self.held > 0 if self.side == "sell" else self.held < 0
        return self.reduce_only or (against and self.quantity <= abs(self.held))


class JournalSide:
    """Everything that the checkers need of a journal, in one pass over its events."""

    def __init__(self, events: Iterable[ev.Event]) -> None:
        self.events = list(events)
        self.marks: set[str] = set()
        self.orders: dict[str, JournalOrder] = {}
        self.twice: list[str] = []
        self.fills: list[Fill] = []
        self.intents: dict[str, tuple[Decimal, str]] = {}
        self.cash: dict[str, Decimal] = defaultdict(Decimal)
        self.opened: dict[str, Decimal] = {}
        self.adjusted: dict[str, Decimal] = defaultdict(Decimal)
        self.positions: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self.income: list[tuple[str, str, str, Decimal]] = []
        self._held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._assets: dict[str, tuple[str, str]] = {}
        for event in self.events:
            self._take(event)

    def _take(self, event: ev.Event) -> None:
        match event:
            case ev.JournalOpened():
                self.marks.add(f"H{event.journal_id}")
            case ev.InstrumentRegistered():
                held = event.definition
                self._assets[event.symbol] = held["base"], held["quote"]
            case ev.IntentAccepted():
                quantity = Decimal(event.quantity)
                self.intents[event.intent_id] = quantity, event.contingency
            case ev.BalanceOpened():
                self.opened[event.asset] = Decimal(event.amount)
                self.cash[event.asset] += Decimal(event.amount)
            case ev.BalanceAdjusted():
                self.adjusted[event.asset] += Decimal(event.difference)
                self.cash[event.asset] += Decimal(event.difference)
            case ev.FundingPaid() | ev.WalletMoved():
                amount = Decimal(event.amount)
                self.income.append((event.kind, event.tran_id, event.asset, amount))
                self.cash[event.asset] += amount
            case ev.OrderFilled() | ev.ForeignFillSeen():
                self._fill(event)
            case _:
                self._take_order(event)

    def _take_order(self, event: ev.Event) -> None:
        match event:
            case ev.OrderApproved() | ev.OrderAdopted():
                self._open(event)
            case ev.OrderAcked():
                self._order(event.client_order_id).acked = True
            case ev.OrderWithheld():
                self._end(event.client_order_id, "withheld")
            case ev.OrderRejected():
                self._end(event.client_order_id, "rejected")
            case ev.OrderCanceled():
                self._end(event.client_order_id, "canceled")
            case ev.OrderExpired():
                self._end(event.client_order_id, "expired")
            case _:
                pass

    def _open(self, event: ev.OrderApproved | ev.OrderAdopted) -> None:
        if event.client_order_id in self.orders:
            self.twice.append(event.client_order_id)
        is_ours = isinstance(event, ev.OrderApproved)
        self.orders[event.client_order_id] = JournalOrder(
            client_order_id=event.client_order_id,
            intent_id=event.intent_id if isinstance(event, ev.OrderApproved) else "",
            strategy=event.strategy,
            symbol=event.symbol,
            side=event.side,
            quantity=Decimal(event.quantity),
            purpose=event.purpose,
            reduce_only=event.reduce_only,
            held=self._held[event.strategy, event.symbol] if is_ours else ZERO,
        )

    def _order(self, client_order_id: str) -> JournalOrder:
        return self.orders[client_order_id]

    def _end(self, client_order_id: str, ending: str) -> None:
        self._order(client_order_id).ending = ending

    def _fill(self, event: ev.OrderFilled | ev.ForeignFillSeen) -> None:
        price, quantity = Decimal(event.last_price), Decimal(event.last_quantity)
        fee, realized = Decimal(event.fee), Decimal(event.realized or 0)
        self.fills.append(
            Fill(
                symbol=event.symbol,
                exec_id=event.exec_id,
                side=event.side,
                price=price,
                quantity=quantity,
                fee=fee,
                fee_asset=event.fee_asset,
                realized=realized,
            )
        )
        signed = quantity if event.side == "buy" else -quantity
        base, quote = self._assets[event.symbol]
        self.cash[event.fee_asset] -= fee
        if event.product == "spot":
            self.cash[base] += signed
            self.cash[quote] -= signed * price
        else:
            self.cash[quote] += realized
            self.positions[event.symbol, event.position_side] += signed
        if isinstance(event, ev.OrderFilled):
            self._order(event.client_order_id).filled += quantity
            self._held[event.strategy, event.symbol] += signed


class VenueSide:
    """Everything that the checkers need of the exchange's own account."""

    def __init__(self, told: dict[str, Any], *, product: str) -> None:
        self.product = product
        part = told if product == "spot" else told["usdm"]
        self.told = part
        self.orders = list(_orders(part))
        self.fills = [_fill(trade, product) for trade in part["trades"]]
        self.opening = {name: Decimal(text) for name, text in part["opening"].items()}
        self.open_ids = [
            order.client_order_id for order in self.orders if order.status not in FINAL
        ]

    @property
    def cash(self) -> dict[str, Decimal]:
        """Give balances or wallets, without those that are empty."""
        if self.product == "spot":
            held = {
                one["asset"]: Decimal(one["free"]) + Decimal(one["locked"])
                for one in self.told["balances"]
            }
        else:
            held = {w["asset"]: Decimal(w["walletBalance"]) for w in self.told["wallets"]}
        return {asset: amount for asset, amount in held.items() if amount}

    @property
    def positions(self) -> dict[tuple[str, str], Decimal]:
        """Give the positions of contracts, by symbol and side."""
        return {
            (one["symbol"], one["positionSide"].lower()): Decimal(one["positionAmt"])
            for one in self.told.get("positions", [])
            if Decimal(one["positionAmt"])
        }

    @property
    def income(self) -> list[tuple[str, str, str, Decimal]]:
        """Give what moved the wallets beside executions."""
        return [
            (one["incomeType"], str(one["tranId"]), one["asset"], Decimal(one["income"]))
            for one in self.told.get("income", [])
        ]


def _orders(part: dict[str, Any]) -> Iterator[VenueOrder]:
    """Give every order once; a conditional one with what became of the order it made."""
    plain = {str(order["orderId"]): order for order in part["orders"]}
    made = set()
    for algo in part.get("algo_orders", []):
        actual = plain.get(algo["actualOrderId"])
        if actual is not None:
            made.add(algo["actualOrderId"])
        shown = actual or {"status": algo["algoStatus"], "executedQty": "0"}
        yield VenueOrder(
            client_order_id=algo["clientAlgoId"],
            status=shown["status"],
            quantity=Decimal(algo["quantity"]),
            executed=Decimal(shown["executedQty"]),
            side=algo["side"].lower(),
        )
    for number, order in plain.items():
        if number not in made:
            yield VenueOrder(
                client_order_id=order["clientOrderId"],
                status=order["status"],
                quantity=Decimal(order["origQty"]),
                executed=Decimal(order["executedQty"]),
                side=order["side"].lower(),
            )


def _fill(trade: dict[str, Any], product: str) -> Fill:
    is_buy = trade["isBuyer"] if product == "spot" else trade["buyer"]
    return Fill(
        symbol=trade["symbol"],
        exec_id=str(trade["id"]),
        side="buy" if is_buy else "sell",
        price=Decimal(trade["price"]),
        quantity=Decimal(trade["qty"]),
        fee=Decimal(trade["commission"]),
        fee_asset=trade["commissionAsset"],
        realized=Decimal(trade.get("realizedPnl", "0")),
    )


def read_journal(path: Path) -> list[ev.Event]:
    """Read the events of a journal that nobody writes."""
    store = SqliteStore.open(path, read_only=True)
    try:
        return [record.event for record in store.read()]
    finally:
        store.close()
