"""What strangers and the venue took from strategies: said once, and shown as a fill."""

from holdfast.domain.account import Taken
from holdfast.domain.contracts import CLOSED_BY_HAND
from holdfast.domain.fill import Fill
from holdfast.domain.ids import ClientOrderId, ExecId, StrategyId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.money import AmountUnits, Asset, QuantityUnits
from holdfast.domain.order import LiquiditySide, PositionSide, Side
from holdfast.execution.ownership import closed_by_hand
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.state import State


def say_taken(state: State, recorder: Recorder) -> None:
    """Open the incidents of what strangers took from strategies, and pause its symbols."""
    account = state.account
    for symbol, taken in list(account.taken.items()):
        if (CLOSED_BY_HAND, symbol) not in state.incidents:
            for event in closed_by_hand(taken, instrument=account.instruments[symbol]):
                recorder.decide(event)


def taken_of(taken: Taken, strategy: StrategyId, *, part: int, state: State) -> Fill:
    """Give what a trade took from a strategy; the fee is nobody's but the account's."""
    event = taken.event
    instrument = state.account.instruments[Symbol(event.symbol)]
    return Fill(
        account=state.account.account,
        strategy=strategy,
        symbol=instrument.symbol,
        client_order_id=ClientOrderId(""),
        venue_order_id=VenueOrderId(event.venue_order_id),
        exec_id=ExecId(event.exec_id),
        side=Side(event.side),
        position_side=PositionSide(event.position_side),
        last_price=instrument.price(event.last_price),
        last_quantity=QuantityUnits(abs(part)),
        fee=AmountUnits(0),
        fee_asset=Asset(event.fee_asset),
        liquidity_side=LiquiditySide(event.liquidity_side),
        venue_at_ns=UtcNs(event.venue_at_ns),
        received_at_ns=UtcNs(event.venue_at_ns),
    )
