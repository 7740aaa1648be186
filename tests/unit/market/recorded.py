"""The recorded L2 files as market events, decoded without the code of any adapter."""

import gzip
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_MS, UtcNs
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.market import BookTop, DepthDiff, DepthSnapshot, MarketEvent, TradePrint
from holdfast.testing.market import instrument

SPOT = "l2/binance-spot-BTCUSDT-20240808_09.raw.gz"
USDM = "l2/binance-usdm-BTCUSDT-20240808.raw.gz"
INSTRUMENTS = {
    SPOT: instrument("BTCUSDT"),
    USDM: instrument("BTCUSDT", product=Product.LINEAR, tick="0.1", step="0.001"),
}


def raw_lines(name: str) -> Iterator[tuple[int, bytes]]:
    """Give the recorder's clock and the bytes of each line; skip where the data is not."""
    folder = Path(os.environ.get("HOLDFAST_DATA") or Path(__file__).parents[4] / "shared/data")
    path = folder / name
    if not path.is_file():
        pytest.skip(f"no recorded data: HOLDFAST_DATA or ../shared/data holds no {name}")
    with gzip.open(path) as file:
        for line in file:
            received, _, body = line.partition(b" ")
            yield int(received), body.rstrip(b"\n")


def lines(name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give the recorder's clock and the message of each line."""
    for received, body in raw_lines(name):
        message = msgspec.json.decode(body)
        yield received, message.get("data", message)


@lru_cache(maxsize=2)
def events(name: str) -> tuple[MarketEvent, ...]:
    """Give every message as a market event, decoded once for all tests of a process."""
    traded = INSTRUMENTS[name]
    return tuple(_event(message, UtcNs(received), traded) for received, message in lines(name))


def _event(message: dict[str, Any], received: UtcNs, traded: Instrument) -> MarketEvent:
    symbol, price, quantity = Symbol("BTCUSDT"), traded.price, traded.quantity
    at_ns = UtcNs(message.get("E", 0) * NS_PER_MS)

    def levels(side: list[list[str]]) -> list[Any]:
        return [(price(p), quantity(q)) for p, q in side]

    if "lastUpdateId" in message:
        bids, asks = levels(message["bids"]), levels(message["asks"])
        return DepthSnapshot(symbol, message["lastUpdateId"], bids, asks, received)
    if message.get("e") == "depthUpdate":
        first, last, previous = message["U"], message["u"], message.get("pu", -1)
        bids, asks = levels(message["b"]), levels(message["a"])
        return DepthDiff(symbol, first, last, previous, bids, asks, at_ns, received)
    if message.get("e") == "trade":
        traded_at, amount = price(message["p"]), quantity(message["q"])
        return TradePrint(
            symbol, message["t"], traded_at, amount, message["m"], at_ns, received
        )
    bid, bid_quantity = price(message["b"]), quantity(message["B"])
    ask, ask_quantity = price(message["a"]), quantity(message["A"])
    return BookTop(symbol, message["u"], bid, bid_quantity, ask, ask_quantity, at_ns, received)
