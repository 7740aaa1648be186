"""The gates that every account has, and which of them a reduction must pass."""

from holdfast.risk import (
    balance,
    collar,
    crossed,
    duplicate,
    filters,
    gross,
    halted,
    notional,
    opposing,
    position,
    rate,
    stale,
    trades,
)
from holdfast.risk.gate import Gate

STANDARD = (
    Gate(name="halt", check=halted.check, intents=True, orders=True),
    Gate(name="filters", check=filters.check, intents=True, orders=True, reductions=True),
    Gate(name="notional", check=notional.check, intents=True),
    Gate(name="position", check=position.check, intents=True),
    Gate(name="trades", check=trades.check, intents=True),
    Gate(name="gross", check=gross.check, intents=True),
    Gate(name="balance", check=balance.check, intents=True),
    Gate(name="duplicate", check=duplicate.check, orders=True, reductions=True),
    Gate(name="collar", check=collar.check, orders=True, reductions=True),
    Gate(name="crossed", check=crossed.check, orders=True),
    Gate(name="stale", check=stale.check, orders=True),
    Gate(name="rate", check=rate.check, orders=True),
    Gate(name="opposing", check=opposing.check, orders=True, reductions=True),
)
