"""Recorded frames of both products become what an independent reading of them says (MKT-1)."""

import pytest

from holdfast.domain.market import DepthSnapshot
from holdfast.venues.binance.wire.market import DEPTH, TOP, TRADE, MarketWire
from tests.unit.market import recorded


def frames(name: str) -> list[tuple[int, bytes]]:
    """Give the bytes of each line, the depth stream under the name that we ask for."""
    found = []
    for received, raw in recorded.raw_lines(name):
        found.append((received, raw.replace(b"@depth@0ms", b"@depth@100ms", 1)))
    return found


@pytest.mark.parametrize("name", recorded.INSTRUMENTS)
def test_every_recorded_message_is_decoded_to_the_same_event(name: str) -> None:
    wire = MarketWire([recorded.INSTRUMENTS[name]], (TOP, TRADE, DEPTH))
    count = 0
    for (received, raw), event in zip(frames(name), recorded.events(name), strict=True):
        if isinstance(event, DepthSnapshot):
            body = raw.partition(b'"data":')[2][:-1] if raw.startswith(b'{"stream"') else raw
            assert wire.snapshot(event.symbol, body, received_at_ns=received) == event
        else:
            assert wire.decode(memoryview(raw), received) == event
        count += 1
    assert count > 90_000
