"""The catalogue of journal events: past tense, versioned, never edited once stored.

Prices, quantities and amounts are canonical decimal text with their asset named. A struct is
stored as an array, so a field is only ever appended, with a default; anything else is a new
version with an upcaster. `venue_at_ns` and `received_at_ns` are nanoseconds UTC.
"""

from holdfast.domain.events.account import (
    BalanceAdjusted,
    BalanceOpened,
    InstrumentRegistered,
    MarkRecorded,
)
from holdfast.domain.events.control import (
    BarrierPassed,
    CommandReceived,
    EpochTaken,
    JournalOpened,
    LimitsSet,
    ReconciliationCompleted,
    RunEnded,
    RunStarted,
    StrategyHalted,
    StrategySaved,
    StrategyStarted,
    TradingPaused,
    TradingResumed,
)
from holdfast.domain.events.event import (
    Event,
)
from holdfast.domain.events.intents import (
    IntentAccepted,
    IntentClosed,
    IntentRefused,
)
from holdfast.domain.events.orders import (
    CancelRejected,
    CancelRequested,
    ForeignFillSeen,
    ForeignOrderSeen,
    OrderAcked,
    OrderAdopted,
    OrderApproved,
    OrderCanceled,
    OrderDoubted,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderWithheld,
)

CATALOGUE: dict[str, type[Event]] = {
    event.TYPE: event
    for event in (
        JournalOpened,
        EpochTaken,
        RunStarted,
        RunEnded,
        InstrumentRegistered,
        LimitsSet,
        BalanceOpened,
        BalanceAdjusted,
        MarkRecorded,
        IntentAccepted,
        IntentRefused,
        IntentClosed,
        OrderApproved,
        OrderWithheld,
        OrderAcked,
        OrderRejected,
        OrderDoubted,
        OrderFilled,
        OrderCanceled,
        OrderExpired,
        CancelRequested,
        CancelRejected,
        OrderAdopted,
        ForeignOrderSeen,
        ForeignFillSeen,
        ReconciliationCompleted,
        StrategyStarted,
        StrategySaved,
        StrategyHalted,
        TradingPaused,
        TradingResumed,
        CommandReceived,
        BarrierPassed,
    )
}


__all__ = [
    "CATALOGUE",
    "BalanceAdjusted",
    "BalanceOpened",
    "BarrierPassed",
    "CancelRejected",
    "CancelRequested",
    "CommandReceived",
    "EpochTaken",
    "Event",
    "ForeignFillSeen",
    "ForeignOrderSeen",
    "InstrumentRegistered",
    "IntentAccepted",
    "IntentClosed",
    "IntentRefused",
    "JournalOpened",
    "LimitsSet",
    "MarkRecorded",
    "OrderAcked",
    "OrderAdopted",
    "OrderApproved",
    "OrderCanceled",
    "OrderDoubted",
    "OrderExpired",
    "OrderFilled",
    "OrderRejected",
    "OrderWithheld",
    "ReconciliationCompleted",
    "RunEnded",
    "RunStarted",
    "StrategyHalted",
    "StrategySaved",
    "StrategyStarted",
    "TradingPaused",
    "TradingResumed",
]
