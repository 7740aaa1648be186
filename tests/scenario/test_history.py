"""A strategy begins warm: the bars that it declared are there when it starts (MKT-1)."""

import json
from pathlib import Path

import pytest

from holdfast.domain.events import BarrierPassed, RunStarted, StrategySaved
from holdfast.domain.instant import NS_PER_S
from holdfast.journal.sqlite import SqliteStore
from tests.scenario.kit import exchange, holdfast

WARM = '''
import json

from holdfast import Strategy


class Warm(Strategy):
    """Remembers the bars that it was given, and the first one that came after."""

    bars = ("5s", "15s")
    history_bars = 4

    def start(self, context, history, *, saved):
        self.given = [
            [b.interval_ns, b.open_at_ns, b.open, b.high, b.low, b.close, b.trade_count]
            for b in history.bars
        ]
        self.next = []

    def bar(self, bar):
        self.next.append([bar.interval_ns, bar.open_at_ns])

    def save(self):
        return json.dumps([self.given, self.next]).encode()
'''


@pytest.mark.parametrize("speed", ["20", "max"])
def test_declared_bars_are_given_and_the_next_ones_follow(speed: str, tmp_path: Path) -> None:
    (tmp_path / "warm.py").write_text(WARM)
    with exchange("--seed", "5", "--speed", speed, cwd=tmp_path) as url:
        for journal, length in (("cold.db", "70s"), ("warm.db", "40s")):
            result = holdfast(
                "run", "--venue-url", url, "--journal", journal, "--for", length, "--json",
                "--strategy", "warm.py:Warm", cwd=tmp_path,
            ).json  # fmt: skip
            assert result["orders"]["unknown"] == 0
    store = SqliteStore.open(tmp_path / "warm.db", read_only=True)
    records = list(store.read())
    store.close()
    began_ns = next(r.header.recorded_at_ns for r in records if isinstance(r.event, RunStarted))
    assert any(isinstance(r.event, BarrierPassed) for r in records)
    saved = [r.event.saved for r in records if isinstance(r.event, StrategySaved)][-1]
    given, after = json.loads(saved)
    for seconds in (5, 15):
        length_ns = seconds * NS_PER_S
        opens = [bar[1] for bar in given if bar[0] == length_ns]
        assert 2 <= len(opens) <= 4
        assert opens == sorted(opens)
        assert not any(at_ns % length_ns for at_ns in opens)
        assert opens[-1] + length_ns <= began_ns + 5 * NS_PER_S
        first = next(at_ns for length, at_ns in after if length == length_ns)
        assert opens[-1] < first
        assert first - opens[-1] <= 2 * length_ns
    closes = [bar[0] + bar[1] for bar in given]
    assert closes == sorted(closes)
    assert all(bar[4] <= bar[2] <= bar[3] and bar[6] > 0 for bar in given)
