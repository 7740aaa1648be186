"""First-in-first-out matching of a million fills, and posting them, against a bare deque.

The bare deque is what a person would write by hand for long positions in scaled integers: no
shorts, no cost that is not a price times a quantity, no accounts. `deep` keeps every other lot
open, so the book of lots grows to hundreds of thousands.
"""

import gc
import time
from collections import deque
from collections.abc import Callable

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.ids import AccountId, Symbol
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.money import Asset, to_text
from holdfast.ledger import Ledger
from holdfast.ledger.lots import LotPool

FILLS = 1_000_000
POSTED = 100_000
ROUNDS = 3
COIN = 10**18
CENT = 10**16

Trade = tuple[int, int]


def shallow(count: int) -> list[Trade]:
    """Buy and sell in turn, in sizes that leave parts of lots behind."""
    trades = []
    held = 0
    for index in range(count):
        size = (1 + index * 7919 % 97) * CENT
        sells = index % 2 == 1 and held > 0
        size = min(size, held) if sells else size
        held += -size if sells else size
        trades.append((-size if sells else size, (60_000 + index * 31 % 997) * COIN))
    return trades


def deep(count: int) -> list[Trade]:
    """Buy in lots of two cents for half of the fills, then sell a cent each time."""
    half = count // 2
    bought = [(2 * CENT, (60_000 + index * 31 % 997) * COIN) for index in range(half)]
    sold = [(-CENT, (60_000 + index * 37 % 997) * COIN) for index in range(count - half)]
    return bought + sold


def match_pool(trades: list[Trade]) -> int:
    """Match with the product's lots; give what was realized."""
    pool = LotPool()
    trade = pool.trade
    return sum(trade(quantity, price) for quantity, price in trades)


def match_bare(trades: list[Trade]) -> int:
    """Match with a bare deque of integers, long only; give what was realized."""
    lots: deque[list[int]] = deque()
    realized = 0
    for quantity, price in trades:
        if quantity > 0:
            lots.append([quantity, price])
            continue
        left = -quantity
        while left:
            lot = lots[0]
            closed = min(left, lot[0])
            realized += closed * (price - lot[1])
            left -= closed
            if closed == lot[0]:
                lots.popleft()
            else:
                lot[0] -= closed
    return realized


def best_seconds(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Give each one's best time of a few rounds, taken in turn and without the collector."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(ROUNDS):
        for name, work in works.items():
            gc.collect()
            gc.disable()
            started = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - started)
            gc.enable()
    return best


def fills(trades: list[Trade]) -> list[ev.Event]:
    """Write trades as journal events with a fee in the quote."""
    return [
        ev.OrderFilled(
            "H", "1", str(index), "trend", "BTCUSDT", "spot",
            "buy" if quantity > 0 else "sell", "both", to_text(price, 18),
            to_text(abs(quantity), 18), to_text(abs(quantity), 18), "taker", "0.061234", "USDT",
            "0.061234", "quote", False, "entry", index, index, "stream",
        )
        for index, (quantity, price) in enumerate(trades)
    ]  # fmt: skip


def post_all(events: list[ev.Event]) -> None:
    """Fold events into a new ledger."""
    instrument = Instrument(
        symbol=Symbol("BTCUSDT"),
        venue="paper",
        product=Product.SPOT,
        base=Asset("BTC"),
        quote=Asset("USDT"),
        settle=Asset("USDT"),
    )
    ledger = Ledger(AccountId("bench"))
    ledger.apply(ev.InstrumentRegistered("BTCUSDT", msgspec.to_builtins(instrument)))
    ledger.apply(ev.BalanceOpened("USDT", "1000000000", "1", "USDT", "bench"))
    for event in events:
        ledger.apply(event)


def rows() -> list[dict[str, object]]:
    """Measure everything; each row carries its baseline of the same run."""
    flat, full = shallow(FILLS), deep(FILLS)
    for trades in (flat, full):
        if match_pool(trades) != match_bare(trades):
            raise SystemExit("the lots and the bare deque disagree")
    few = flat[:POSTED]
    events = fills(few)
    taken = best_seconds(
        {
            "shallow": lambda: match_pool(flat),
            "bare shallow": lambda: match_bare(flat),
            "deep": lambda: match_pool(full),
            "bare deep": lambda: match_bare(full),
            "post": lambda: post_all(events),
            "bare few": lambda: match_bare(few),
        }
    )
    return [
        _row("ledger.fifo.shallow", taken["shallow"], baseline=("bare", taken["bare shallow"])),
        _row("ledger.fifo.deep", taken["deep"], baseline=("bare", taken["bare deep"])),
        _row("ledger.fifo.deep", taken["deep"], baseline=("shallow", taken["shallow"])),
        _row("ledger.post", taken["post"], baseline=("bare", taken["bare few"]), count=POSTED),
    ]


def _row(
    name: str, value: float, *, baseline: tuple[str, float], count: int = FILLS
) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value, 4),
        "unit": "s",
        "baseline": baseline[0],
        "baseline_value": round(baseline[1], 4),
        "ratio": round(value / baseline[1], 3),
        "n": count,
    }
