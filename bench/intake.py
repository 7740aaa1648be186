"""Intake of market data through real sockets: the most one core takes, and 100 x a recording.

`bench.feeder` sends, `bench.intake_client` is the adapter of live trading with books and health
behind it. `intake.tops` and `intake.depth` are messages for each second of the client's own
processor time, so that it is one core's, whoever else wants it; the baseline is picows that
takes the frames and looks at nothing. `sustained` plays recordings of spot and USD-M at once,
100 times as fast as they were recorded; at the end each book equals a naive rebuild (MKT-7).
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from bench.recorded import SPOT, USDM, Recording, find
from bench.rows import Row, skipped

FLOOD = 400_000
ROUNDS = 3
FACTOR = 100
SECONDS = 60.0
WARM_SECONDS = 10
BEHIND_MS = 500
UNITS = 10**8


def rows() -> Iterator[Row]:
    """Give the rows of a flood, then of a recording."""
    yield from _flood()
    yield from sustained(SECONDS)


class Talker:
    """A process that is told lines and answers lines."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Talker":
        """Give the process."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it by closing what it reads."""
        self.end()

    def say(self, line: str) -> None:
        """Tell it something."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        """Wait for a line."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended")
        return line.strip()

    def end(self) -> str:
        """End it; gives what it said last."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if self._process.stdin.closed:
            return ""
        self._process.stdin.close()
        last = self._process.stdout.read().strip()
        self._process.wait(30)
        return last


def _flood() -> Iterator[Row]:
    for number, (name, count) in enumerate((("tops", FLOOD), ("depth", FLOOD // 20))):
        ours, bare, walls = [], [], []
        for _ in range(ROUNDS):
            told = _flooded(number, "flooded")["feeds"][0]
            if told["count"] < count or told["counts"]["gaps"] or told["invalid"]:
                raise RuntimeError(f"of {count} {name} {told['count']} came, or books broke")
            ours.append((told["count"] - 2) / told["cpu_s"])
            walls.append((told["count"] - 2) / told["wall_s"])
            told = _flooded(number, "bare")
            bare.append((told["count"] - 2) / told["cpu_s"])
        value, baseline = median(ours), median(bare)
        yield _row(
            f"intake.{name}.one_core",
            value,
            unit="1/s",
            baseline=("picows_alone", baseline),
            n=count,
            mode=f"intake: no gateway, no journal; {name} {median(walls):,.0f}/s by the wall",
        )


def _flooded(number: int, mode: str) -> dict[str, Any]:
    with Talker("bench.feeder", "flood", str(FLOOD)) as feeder:
        port = feeder.hear().split()[number]
        with Talker("bench.intake_client", mode, f"spot:{port}") as client:
            client.hear()
            feeder.say(f"go {number}")
            feeder.hear()
            return _decoded(client.end())


def sustained(
    seconds: float, *, find: Callable[[Path], Path | None] = find, factor: float = FACTOR
) -> Iterator[Row]:
    """Play both recordings for so long, and hold the books against a rebuild."""
    paths = [find(name) for name in (SPOT, USDM)]
    if None in paths:
        yield skipped("sustained", f"no {SPOT} and {USDM}; HOLDFAST_DATA names their folder")
        return
    named = [str(path) for path in paths]
    with Talker("bench.feeder", str(factor), *named) as feeder:
        ports = feeder.hear().split()
        places = [f"{p}:{port}" for p, port in zip(("spot", "usdm"), ports, strict=True)]
        with Talker("bench.intake_client", "adapter", *places) as client:
            client.hear()
            feeder.say(f"go {seconds}")
            sent = _decoded(feeder.hear())
            told = _decoded(client.end())
    recordings = [Recording(Path(name)) for name in named]
    yield from _held(sent, told, recordings=recordings, factor=factor)


def _held(
    sent: dict[str, Any], told: dict[str, Any], *, recordings: list[Recording], factor: float
) -> Iterator[Row]:
    equal = levels = 0
    for one, feed, recording in zip(sent["told"], told["feeds"], recordings, strict=True):
        if feed["counts"]["gaps"] or feed["invalid"] or feed["unhealthy"]:
            raise RuntimeError(f"a feed broke: {feed['counts']}, {feed['unhealthy']}")
        rebuilt = recording.book_after(one["number"])
        for side, naive in zip(("bids", "asks"), rebuilt, strict=True):
            wanted = {
                int(Decimal(p) * UNITS): int(Decimal(q) * UNITS) for p, q in naive.items()
            }
            held = {int(p): q for p, q in feed[side].items()}
            levels += len(wanted)
            equal += sum(held.get(price) == quantity for price, quantity in wanted.items())
            if held != wanted:
                raise RuntimeError(f"{len(held)} {side} in our book, {len(wanted)} rebuilt")
        if feed["trade_gaps"] > _laps(one["sent"], recording):
            raise RuntimeError(f"{feed['trade_gaps']} gaps in trades")
    count = sum(one["sent"] for one in sent["told"])
    came = sum(feed["count"] for feed in told["feeds"])
    if came < count:
        raise RuntimeError(f"{count} messages were sent and {came} came")
    wanted = sum(factor * recording.rate for recording in recordings)
    yield from _told(sent, told, count=count, levels=(equal, levels), wanted=wanted)


def _laps(count: int, recording: Recording) -> int:
    return count // len(recording.messages) + 1


def _told(
    sent: dict[str, Any],
    told: dict[str, Any],
    *,
    count: int,
    levels: tuple[int, int],
    wanted: float,
) -> Iterator[Row]:
    sizes = told["resident_bytes"]
    warm = sizes[min(WARM_SECONDS, len(sizes) - 1)] / 1e6
    lags = [lag for feed in told["feeds"] for lag in feed["lags_ms"]]
    mode = (
        f"sustained: spot and USD-M, no gateway, no journal; for {sent['took_s']:.0f} s the "
        f"client used {told['cpu_s'] / sent['took_s']:.0%} of a core"
    )
    rate = count / sent["took_s"]
    parts = (
        ("messages", rate, "1/s", ("recorded_x100", wanted)),
        ("equal_levels", levels[0], "levels", ("rebuilt", levels[1])),
        ("resident", max(sizes[WARM_SECONDS:] or sizes) / 1e6, "MB", ("after_10_s", warm)),
        ("lag.p99", percentile(lags, 99), "ms", ("behind", BEHIND_MS)),
    )
    for name, value, unit, baseline in parts:
        yield _row(f"sustained.{name}", value, unit=unit, baseline=baseline, n=count, mode=mode)


def percentile(values: Sequence[float], percent: int) -> float:
    """Give a percentile, also of few values; 0 of none."""
    return sorted(values)[len(values) * percent // 100] if values else 0


def _row(
    name: str, value: float, *, unit: str, baseline: tuple[str, float], n: int, mode: str
) -> Row:
    return {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "baseline": baseline[0],
        "baseline_value": round(baseline[1], 1),
        "ratio": round(value / baseline[1], 3),
        "n": n,
        "mode": mode,
    }


def _decoded(line: str) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.json.decode(line)
    return told
