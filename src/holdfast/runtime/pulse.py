"""What the screens see of the moment: a sequenced stream of small lines, dropped when nobody
reads fast enough, counted, and never waited for.

Everything durable is in the journal; a pulse adds only what is not: market, ages, lag, status.
"""

import os
from typing import IO

import msgspec


class FeedPulse(msgspec.Struct):
    """One symbol's market at the moment; `age_ms` is on market time, -1 before the first."""

    symbol: str
    bid: str
    ask: str
    age_ms: int
    healthy: bool


class Pulse(msgspec.Struct):
    """One line of the stream."""

    seq: int
    market_ns: int
    mode: str
    status: str
    feeds: list[FeedPulse]
    journal_events: int
    journal_durable: int
    dropped: int
    p50_us: float | None
    p99_us: float | None
    done: float | None = None


class PulseStream:
    """Writes pulses to a pipe that must never make the trader wait."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._descriptor = pipe.fileno()
        os.set_blocking(self._descriptor, False)
        self.seq = 0
        self.dropped = 0
        self._rest = b""

    def send(self, pulse: Pulse) -> None:
        """Write a pulse, or drop it and count; a reader that is gone is nobody's problem."""
        data = self._rest or msgspec.json.encode(pulse) + b"\n"
        if self._rest:
            self.dropped += 1
        try:
            written = os.write(self._descriptor, data)
        except BlockingIOError:
            written = 0
        except OSError:
            written = len(data)
        self._rest = data[written:] if 0 < written < len(data) else b""
        if written == 0:
            self.dropped += 1
