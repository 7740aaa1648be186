"""nautilus_trader's BacktestEngine on the quotes of `bench.replay`; run by its own Python.

usage: PYTHON bench/nautilus_replay.py QUOTES; it prints one JSON object on its last line. The
same market, an order at the market once in 600 quotes, buying and selling in turn; logging is
bypassed. Making its objects out of numbers is not counted.
"""

import json
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import nautilus_trader
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import TraderId, Venue
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

from bench.quotes import EVENTS_AN_ORDER, quotes

UNITS = 10**8


class OncePerMany(Strategy):
    """Buys and sells in turn, once in so many quotes."""

    def __init__(self, instrument: Any) -> None:
        super().__init__()
        self.instrument = instrument
        self.seen = 0
        self.sent = 0

    def on_start(self) -> None:
        """Subscribe."""
        self.subscribe_quote_ticks(self.instrument.id)

    def on_quote_tick(self, _: Any) -> None:
        """Count, and trade when it is time."""
        self.seen += 1
        if self.seen % EVENTS_AN_ORDER:
            return
        buys = self.seen // EVENTS_AN_ORDER % 2
        order = self.order_factory.market(
            instrument_id=self.instrument.id,
            order_side=OrderSide.BUY if buys else OrderSide.SELL,
            quantity=self.instrument.make_qty(Decimal("0.001")),
        )
        self.sent += 1
        self.submit_order(order)


def main() -> None:
    """Run the backtest."""
    count = int(sys.argv[1])
    instrument = TestInstrumentProvider.btcusdt_binance()
    engine = BacktestEngine(
        BacktestEngineConfig(
            trader_id=TraderId("BENCH-001"), logging=LoggingConfig(bypass_logging=True)
        )
    )
    engine.add_venue(
        venue=Venue("BINANCE"),
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        base_currency=None,
        starting_balances=[Money(100_000, USDT), Money(1, BTC)],
    )
    engine.add_instrument(instrument)
    size = Quantity(3, instrument.size_precision)
    engine.add_data(
        [
            QuoteTick(
                instrument.id,
                Price(quote.bid / UNITS, instrument.price_precision),
                Price(quote.ask / UNITS, instrument.price_precision),
                size,
                size,
                quote.at_ns,
                quote.at_ns,
            )
            for quote in quotes(count)
        ]
    )
    strategy = OncePerMany(instrument)
    engine.add_strategy(strategy)
    began = time.perf_counter()
    engine.run()
    took = time.perf_counter() - began
    filled = sum(1 for order in engine.cache.orders() if order.is_closed)
    told = {
        "version": nautilus_trader.__version__,
        "events_per_s": count / took,
        "orders": strategy.sent,
        "filled": filled,
    }
    sys.stdout.write("\n" + json.dumps(told) + "\n")
    sys.stdout.flush()
    engine.dispose()


if __name__ == "__main__":
    main()
