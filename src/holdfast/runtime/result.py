"""What a run came to, as the `run/1` object: counted and folded from the journal's records."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.event import Record
from holdfast.domain.money import PriceUnits, amount_text, amount_units, canonical, exact
from holdfast.domain.order import Purpose
from holdfast.runtime.latency import Latency
from holdfast.runtime.state import State

SCHEMA = "run/1"
_AVERAGE_DIGITS = 28


class Tally:
    """Counts a run's orders and fills from its records."""

    def __init__(self) -> None:
        self.orders: Counter[str] = Counter()
        self.fills = 0
        self.volume = Decimal(0)
        self.marks: dict[str, str] = {}
        self.moved: Counter[tuple[str, str]] = Counter()
        self.foreign: Counter[str] = Counter()
        self._filled: dict[str, Decimal] = {}
        self._wanted: dict[str, Decimal] = {}

    def add(self, record: Record) -> None:
        """Count one record."""
        event = record.event
        match event:
            case ev.OrderApproved() | ev.OrderAdopted():
                self.orders["submitted"] += 1
                self._wanted[event.client_order_id] = exact(event.quantity)
            case ev.OrderWithheld():
                self.orders["submitted"] -= 1
                self.orders["refused"] += 1
            case ev.OrderAcked():
                self.orders["acked"] += 1
            case ev.OrderRejected():
                self.orders["rejected"] += 1
            case ev.OrderFilled():
                self._fill(event)
            case ev.OrderCanceled() | ev.OrderExpired():
                self.orders["canceled"] += 1
            case ev.IntentRefused():
                self.orders["refused"] += event.count
            case ev.MarkRecorded():
                self.marks[event.symbol] = event.price
            case _:
                self._note(event)

    def _note(self, event: ev.Event) -> None:
        """Count what nobody here ordered."""
        if isinstance(event, ev.FundingPaid | ev.WalletMoved):
            self.moved[event.kind, event.asset] += amount_units(event.amount)
        elif isinstance(event, ev.ForeignFillSeen):
            self.foreign[event.origin] += 1

    def _fill(self, event: ev.OrderFilled) -> None:
        self.fills += 1
        self.volume += exact(event.last_price) * exact(event.last_quantity)
        key = event.client_order_id
        filled = self._filled.get(key, Decimal(0)) + exact(event.last_quantity)
        self._filled[key] = filled
        if filled >= self._wanted.get(key, filled):
            self.orders["filled"] += 1

    def counts(self, *, unknown: int) -> dict[str, int]:
        """Give the `orders` object; unknown is what nobody knows the fate of at the end."""
        names = ("submitted", "acked", "rejected", "unknown", "filled", "canceled", "refused")
        return {name: self.orders[name] for name in names} | {"unknown": unknown}


def tally(records: Iterable[Record]) -> Tally:
    """Count a journal."""
    counted = Tally()
    for record in records:
        counted.add(record)
    return counted


def positions_of(state: State, marks: Mapping[str, str]) -> list[dict[str, Any]]:
    """Give every sub-position that is not flat, valued at its mark where there is one.

    The average is cost over quantity, rounded half-even to 28 digits; nothing else rounds.
    """
    account = state.account
    positions = []
    for (strategy, symbol, side), position in sorted(
        account.positions.items(), key=lambda item: (item[0][0], item[0][1], item[0][2].value)
    ):
        if not position.quantity:
            continue
        instrument = account.instruments[symbol]
        with localcontext(prec=_AVERAGE_DIGITS, rounding=ROUND_HALF_EVEN):
            average = Decimal(position.cost) / Decimal(position.quantity)
            average = average.scaleb(-instrument.price_exponent).normalize()
        mark = marks.get(symbol, "")
        unrealized = ""
        if mark:
            product = position.unrealized(PriceUnits(instrument.price(mark)))
            unrealized = amount_text(instrument.notional(1, product))
        positions.append(
            {
                "account": account.account,
                "strategy": strategy,
                "symbol": symbol,
                "position_side": side.value,
                "quantity": instrument.quantity_text(position.quantity),
                "avg_price": canonical(average),
                "mark": mark,
                "unrealized": unrealized,
            }
        )
    return positions


def stops_of(state: State) -> list[dict[str, Any]]:
    """Give every protective stop that may still be at the venue."""
    stops = []
    for client_order_id, held in sorted(state.account.orders.items()):
        request, order = held.order.request, held.order
        if request.purpose is not Purpose.PROTECTIVE:
            continue
        instrument = state.account.instruments[request.symbol]
        stops.append(
            {
                "client_order_id": client_order_id,
                "strategy": request.strategy,
                "symbol": request.symbol,
                "position_side": request.position_side.value,
                "side": request.side.value,
                "quantity": instrument.quantity_text(order.leaves_quantity),
                "trigger_price": instrument.price_text(request.trigger_price),
                "unknown": order.is_unknown,
            }
        )
    return stops


def incidents_of(state: State) -> list[dict[str, str]]:
    """Give every incident that is open."""
    return [
        {"kind": one.kind, "scope": one.scope, "reason": one.reason}
        for _, one in sorted(state.incidents.items())
    ]


def run_result(
    *,
    state: State,
    counted: Tally,
    strategies: list[str],
    market: Mapping[str, int],
    journal: Mapping[str, Any],
    latency: Latency | None,
    report: str,
) -> dict[str, Any]:
    """Put the `run/1` object together."""
    pnl: dict[str, Any] = msgspec.to_builtins(state.ledger.summary(counted.marks))
    if not pnl.get("by_currency"):
        pnl.pop("by_currency", None)
    measured = latency if latency is not None and latency.count else None
    return {
        "schema": SCHEMA,
        "mode": state.mode,
        "seed": state.seed,
        "strategies": strategies,
        "symbols": state.symbols,
        "orders": counted.counts(
            unknown=sum(held.order.is_unknown for held in state.account.orders.values())
        ),
        "fills": counted.fills,
        "volume_quote": canonical(counted.volume),
        "positions": positions_of(state, counted.marks),
        "pnl": pnl,
        "market": dict(market),
        "journal": dict(journal),
        "latency_us": None
        if latency is None
        else {
            "tick_to_order": {
                "p50": measured.percentile_us(0.5) if measured else None,
                "p99": measured.percentile_us(0.99) if measured else None,
                "n": latency.count,
            }
        },
        "report": report,
        "movements": {
            f"{k} {a}": amount_text(m) for (k, a), m in sorted(counted.moved.items())
        },
        "foreign": dict(sorted(counted.foreign.items())),
        "incidents": incidents_of(state),
        "quarantined": state.halts.quarantined,
        "stops": stops_of(state),
    }
