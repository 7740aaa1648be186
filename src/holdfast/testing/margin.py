"""A margin account that knows the truth: wallets, averaged entries, both sides, and income.

It keeps its books as a venue does and as we do not: an average entry price cut to a number of
digits, and a realized profit of whole units of 10^-8. Nothing here is ours to reproduce.
"""

from typing import TYPE_CHECKING

from holdfast.domain.ids import ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.money import (
    AmountUnits,
    Asset,
    PriceUnits,
    QuantityUnits,
    amount_units,
    to_text,
)
from holdfast.domain.order import LiquiditySide, Origin, PositionSide
from holdfast.domain.venue import (
    Execution,
    IncomeReport,
    OrderReport,
    PositionReport,
    TradeReport,
)
from holdfast.testing.venue import TrueAccount, TrueOrder

if TYPE_CHECKING:
    from holdfast.domain.instrument import Instrument

ENTRY_DIGITS = 11
"""How many digits after the point the venue's average has; finer than a price."""
_CENT = 10**10
"""The venue realizes whole units of 10^-8, in units of 10^-18."""


class TrueMargin(TrueAccount):
    """An `AccountView` of contracts whose truth a test writes; `totals` are wallets."""

    def __init__(self, wallets: dict[str, str]) -> None:
        super().__init__(wallets)
        self.held: dict[tuple[Symbol, PositionSide], tuple[int, int]] = {}
        self.incomes: list[IncomeReport] = []
        self.sides: dict[str, PositionSide] = {}
        self.origins: dict[str, Origin] = {}
        self._traded: dict[Symbol, Instrument] = {}

    def take(
        self,
        order: TrueOrder,
        *,
        side: PositionSide = PositionSide.BOTH,
        origin: Origin = Origin.REQUEST,
    ) -> TrueOrder:
        """Take an order of a position side, of somebody or of the venue itself."""
        self.sides[order.client_order_id] = side
        self.origins[order.client_order_id] = origin
        return self.place(order)

    def execute(
        self,
        order: TrueOrder,
        quantity: str,
        *,
        price: PriceUnits | None = None,
        fee: str = "0",
        fee_asset: str = "USDT",
    ) -> TradeReport:
        """Execute part of an order: the position moves, the wallet by what was realized."""
        traded, side = order.traded, self.sides.get(order.client_order_id, PositionSide.BOTH)
        units, at = traded.quantity(quantity), price or order.price
        self._traded[traded.symbol] = traded
        realized = self._trade((traded.symbol, side), order.side.sign * units, price=at)
        paid = Execution(
            ExecId(str(len(self.executed) + 1)),
            at,
            units,
            amount_units(fee),
            Asset(fee_asset),
            LiquiditySide.TAKER,
            AmountUnits(realized),
        )
        trade = TradeReport(
            symbol=traded.symbol,
            venue_order_id=VenueOrderId(order.venue_order_id),
            side=order.side,
            execution=paid,
            venue_at_ns=UtcNs(0),
            position_side=side,
        )
        order.cum_quantity += units
        if order.cum_quantity >= order.quantity:
            order.state = "filled"
        self._move(traded.settle, realized)
        self._move(Asset(fee_asset), -paid.fee)
        self.executed.append(trade)
        return trade

    def pay(self, kind: str, amount: str, *, symbol: str = "", asset: str = "USDT") -> None:
        """Move the wallet, and tell of it as income."""
        units = amount_units(amount)
        self._move(Asset(asset), units)
        number = str(len(self.incomes) + 1)
        report = IncomeReport(
            tran_id=number,
            kind=kind,
            symbol=Symbol(symbol),
            asset=Asset(asset),
            amount=units,
            trade_id="",
            venue_at_ns=UtcNs(len(self.incomes) + 1),
        )
        self.incomes.append(report)

    async def positions(self) -> list[PositionReport]:
        """Give every position that is not flat."""
        self.questions.append("positions")
        return [
            PositionReport(
                symbol=symbol,
                position_side=side,
                quantity=QuantityUnits(quantity),
                entry_price=to_text(entry, ENTRY_DIGITS),
            )
            for (symbol, side), (quantity, entry) in self.held.items()
            if quantity
        ]

    async def income(self, *, after_ns: UtcNs) -> list[IncomeReport]:
        """Give the movements after an instant."""
        self.questions.append(f"income {after_ns}")
        return [report for report in self.incomes if report.venue_at_ns > after_ns]

    def reported(self, order: TrueOrder) -> OrderReport:
        """Give the answer to a query of an order, with its side and origin."""
        return order.report(
            position_side=self.sides.get(order.client_order_id, PositionSide.BOTH),
            origin=self.origins.get(order.client_order_id, Origin.REQUEST),
        )

    def _trade(self, key: tuple[Symbol, PositionSide], quantity: int, *, price: int) -> int:
        """Move a position; give what was realized in units of 10^-18."""
        traded = self._traded[key[0]]
        fine: int = price * 10 ** (ENTRY_DIGITS - traded.price_exponent)
        held, entry = self.held.get(key, (0, 0))
        if held * quantity >= 0:
            total = held + quantity
            average = (held * entry + quantity * fine) // total if total else 0
            self.held[key] = (total, average)
            return 0
        closing = min(abs(held), abs(quantity)) * (1 if held > 0 else -1)
        scale: int = 10 ** (18 - ENTRY_DIGITS - traded.quantity_exponent + 10)
        realized = (fine - entry) * closing * scale // 10**10
        left = held + quantity
        turned = abs(quantity) > abs(held)
        self.held[key] = (left, fine if turned else entry if left else 0)
        return realized // _CENT * _CENT
