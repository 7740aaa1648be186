"""An execution of one of our orders."""

import msgspec

from holdfast.domain.ids import (
    AccountId,
    ClientOrderId,
    ExecId,
    StrategyId,
    Symbol,
    VenueOrderId,
)
from holdfast.domain.instant import UtcNs
from holdfast.domain.money import AmountUnits, Asset, PriceUnits, QuantityUnits
from holdfast.domain.order import LiquiditySide, PositionSide, Side


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One execution; unique by (symbol, exec_id). `fee` is in units of 10^-18 of its asset,
    negative for a rebate.
    """

    account: AccountId
    strategy: StrategyId
    symbol: Symbol
    client_order_id: ClientOrderId
    venue_order_id: VenueOrderId
    exec_id: ExecId
    side: Side
    position_side: PositionSide
    last_price: PriceUnits
    last_quantity: QuantityUnits
    fee: AmountUnits
    fee_asset: Asset
    liquidity_side: LiquiditySide
    venue_at_ns: UtcNs
    received_at_ns: UtcNs
