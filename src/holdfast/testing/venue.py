"""A venue that knows the truth of one account and answers questions about it."""

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Instrument
from holdfast.domain.latest import id_order
from holdfast.domain.money import AmountUnits, Asset, PriceUnits, QuantityUnits, amount_units
from holdfast.domain.order import (
    LiquiditySide,
    OrderType,
    Origin,
    PositionSide,
    Side,
    TimeInForce,
)
from holdfast.domain.venue import (
    AccountSink,
    BalanceReport,
    Execution,
    IncomeReport,
    OrderReport,
    PositionReport,
    ReportKind,
    TradeReport,
)

_KINDS = {
    "resting": ReportKind.ACKED,
    "filled": ReportKind.STATUS,
    "canceled": ReportKind.CANCELED,
    "expired": ReportKind.EXPIRED,
    "rejected": ReportKind.REJECTED,
}


class TrueOrder:
    """An order as the venue has it; `state` is resting, filled, canceled, expired, rejected."""

    def __init__(
        self, client_order_id: str, traded: Instrument, *, side: str, quantity: str, price: str
    ) -> None:
        self.client_order_id = ClientOrderId(client_order_id)
        self.venue_order_id = VenueOrderId(f"V{client_order_id}")
        self.traded = traded
        self.side = Side(side)
        self.quantity = traded.quantity(quantity)
        self.price = traded.price(price)
        self.cum_quantity = 0
        self.state = "resting"

    def report(
        self,
        *,
        position_side: PositionSide = PositionSide.BOTH,
        origin: Origin = Origin.REQUEST,
    ) -> OrderReport:
        """Give the answer to a query of this order."""
        return OrderReport(
            kind=_KINDS[self.state],
            client_order_id=self.client_order_id,
            venue_order_id=self.venue_order_id,
            symbol=self.traded.symbol,
            side=self.side,
            order_type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            price=self.price,
            quantity=self.quantity,
            cum_quantity=QuantityUnits(self.cum_quantity),
            status_text=self.state.upper(),
            source="query",
            position_side=position_side,
            origin=origin,
        )


class TrueAccount:
    """An `AccountView` whose truth a test writes; it is never wrong and never late."""

    def __init__(self, balances: dict[str, str]) -> None:
        self.totals = {
            Asset(asset): int(amount_units(text)) for asset, text in balances.items()
        }
        self.known: dict[ClientOrderId, TrueOrder] = {}
        self.executed: list[TradeReport] = []
        self.questions: list[str] = []

    def place(self, order: TrueOrder) -> TrueOrder:
        """Take an order."""
        self.known[order.client_order_id] = order
        return order

    def execute(
        self,
        order: TrueOrder,
        quantity: str,
        *,
        price: PriceUnits | None = None,
        fee: str = "0",
        fee_asset: str = "USDT",
    ) -> TradeReport:
        """Execute part of an order; balances move and an execution is kept."""
        traded, sign = order.traded, order.side.sign
        units = traded.quantity(quantity)
        at = price or order.price
        paid = Execution(
            ExecId(str(len(self.executed) + 1)),
            at,
            units,
            amount_units(fee),
            Asset(fee_asset),
            LiquiditySide.TAKER,
        )
        trade = TradeReport(
            symbol=traded.symbol,
            venue_order_id=order.venue_order_id,
            side=order.side,
            execution=paid,
            venue_at_ns=UtcNs(0),
        )
        order.cum_quantity += units
        if order.cum_quantity >= order.quantity:
            order.state = "filled"
        self._move(traded.base, sign * traded.base_amount(units))
        self._move(traded.quote, -sign * traded.notional(at, units))
        self._move(Asset(fee_asset), -paid.fee)
        self.executed.append(trade)
        return trade

    def reported(self, order: TrueOrder) -> OrderReport:
        """Give the answer to a query of an order."""
        return order.report()

    async def start(self, instruments: list[Instrument], sink: AccountSink) -> None:
        """Say at once that the stream is up."""
        self.questions.append(f"user stream of {len(instruments)} instruments")
        sink.on_account_connected()

    async def balances(self) -> list[BalanceReport]:
        """Give every non-zero balance."""
        self.questions.append("balances")
        return [
            BalanceReport(asset, AmountUnits(total))
            for asset, total in self.totals.items()
            if total
        ]

    async def positions(self) -> list[PositionReport]:
        """Give nothing: this is a spot account."""
        return []

    async def income(self, *, after_ns: UtcNs) -> list[IncomeReport]:  # noqa: ARG002
        """Give nothing: this is a spot account."""
        return []

    async def open_orders(self, symbol: Symbol) -> list[OrderReport]:
        """Give the orders that rest."""
        self.questions.append(f"open orders {symbol}")
        return [
            self.reported(order)
            for order in self.known.values()
            if order.state == "resting" and order.traded.symbol == symbol
        ]

    async def order(self, symbol: Symbol, client_order_id: ClientOrderId) -> OrderReport | None:
        """Give one order, or None."""
        self.questions.append(f"order {symbol} {client_order_id}")
        order = self.known.get(client_order_id)
        return self.reported(order) if order else None

    async def orders(self, symbol: Symbol, *, after: VenueOrderId | None) -> list[OrderReport]:
        """Give the orders of any state after one, or all."""
        self.questions.append(f"orders {symbol} {after}")
        first = id_order("" if after in (None, "0") else after or "")
        placed = sorted(self.known.values(), key=lambda order: id_order(order.venue_order_id))
        return [
            self.reported(order)
            for order in placed
            if order.traded.symbol == symbol and id_order(order.venue_order_id) > first
        ]

    async def trades(self, symbol: Symbol, *, after: ExecId | None) -> list[TradeReport]:
        """Give the executions after one, or all."""
        self.questions.append(f"trades {symbol} {after}")
        first = int(after) if after is not None else 0
        return [
            trade
            for trade in self.executed
            if trade.symbol == symbol and int(trade.execution.exec_id) > first
        ]

    async def close(self) -> None:
        """Do nothing."""

    def _move(self, asset: Asset, units: int) -> None:
        self.totals[asset] = self.totals.get(asset, 0) + units
