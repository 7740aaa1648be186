"""The quotes that replays are measured with; they need nothing but Python."""

from collections.abc import Iterator
from typing import NamedTuple

EVENTS_AN_ORDER = 600
START_NS = 1_790_000_000_000_000_000
GAP_NS = 10_000_000
CENT = 1_000_000
MIDDLE = 60_000 * 100_000_000
SIZE = 300_000_000


class Quote(NamedTuple):
    """Best bid and ask in units of 10^-8, one size for both."""

    at_ns: int
    bid: int
    ask: int
    size: int


def quotes(count: int) -> list[Quote]:
    """Give the same walk of quotes in every run, ten milliseconds apart."""
    made, bid = [], MIDDLE
    for number, drawn in zip(range(count), _draws(), strict=False):
        bid += (drawn % 5 - 2) * CENT
        made.append(Quote(START_NS + number * GAP_NS, bid, bid + CENT, SIZE))
    return made


def _draws() -> Iterator[int]:
    state = 20_240_808
    while True:
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) & (1 << 64) - 1
        yield state >> 33
