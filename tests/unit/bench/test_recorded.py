"""A recording goes on for as long as one wants; each lap continues the one before (MKT-7)."""

import gzip
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.intake import sustained
from bench.recorded import Recording

NAMES = ("binance-spot-X.raw.gz", "binance-usdm-X.raw.gz")


def line(at_ns: int, stream: str, data: str) -> str:
    return f'{at_ns} {{"stream":"btcusdt@{stream}","data":{{{data}}}}}\n'


def write(folder: Path, name: str) -> Path:
    """Write three diffs, of which the snapshot has the first, with a top and a trade."""
    path = folder / name
    lines = [
        line(1, "depth@0ms", '"E":1,"U":8,"u":10,"pu":7,"b":[["98","9"]],"a":[]'),
        '2 {"lastUpdateId":10,"bids":[["99","1"],["98","9"]],"asks":[["101","1"]]}\n',
        line(3, "depth@0ms", '"E":3,"U":9,"u":12,"pu":8,"b":[["99","0"]],"a":[["102","5"]]'),
        line(4, "bookTicker", '"u":12,"b":"98","B":"9","a":"101","A":"1"'),
        line(5, "trade", '"E":5,"t":70,"p":"101","q":"1","T":5,"m":true'),
        line(6, "depth@0ms", '"E":6,"U":13,"u":15,"pu":12,"b":[["97","2"]],"a":[["101","3"]]'),
    ]
    path.write_bytes(gzip.compress("".join(lines).encode()))
    return path


def diffs(recording: Recording, count: int) -> list[dict[str, Any]]:
    taken = []
    for _, message, shifts in islice(recording.frames(), count):
        frame = msgspec.json.decode(message.filled(shifts, 7))
        assert frame["stream"] == message.stream
        if "@depth" in message.stream:
            taken.append(frame["data"])
    return taken


@pytest.mark.parametrize("name", NAMES)
def test_each_diff_follows_the_one_before_through_every_lap(tmp_path: Path, name: str) -> None:
    taken = diffs(Recording(write(tmp_path, name)), 30)
    assert taken[0]["U"] == 9
    for before, after in pairwise(taken):
        assert after["U"] == before["u"] + 1
        assert after["pu"] == before["u"]
        assert after["E"] == 7


@pytest.mark.parametrize("name", NAMES)
def test_a_book_of_all_diffs_is_the_book_of_the_last_lap_alone(
    tmp_path: Path, name: str
) -> None:
    recording = Recording(write(tmp_path, name))
    bids, asks = dict(recording.snapshot["bids"]), dict(recording.snapshot["asks"])
    for diff in diffs(recording, 4 + 5 + 5):  # a lap, and twice a bridge with a lap
        bids.update(diff["b"])
        asks.update(diff["a"])
    held = [{p: q for p, q in side.items() if float(q)} for side in (bids, asks)]
    assert held == [{"98": "9", "97": "2"}, {"101": "3", "102": "5"}]
    assert tuple(held) == recording.book_after(4)


def test_trades_and_times_go_on_from_lap_to_lap(tmp_path: Path) -> None:
    recording = Recording(write(tmp_path, NAMES[0]))
    frames = list(islice(recording.frames(), 14))
    trades = [
        msgspec.json.decode(message.filled(shifts, 7))["data"]["t"]
        for _, message, shifts in frames
        if message.stream.endswith("@trade")
    ]
    assert trades == [70, 71, 72]
    due = [at_ns for at_ns, _, _ in frames]
    assert due == sorted(due)


def test_a_client_through_sockets_ends_with_the_rebuilt_books(tmp_path: Path) -> None:
    played = sustained(0.5, find=lambda name: write(tmp_path, name.name), factor=1e-7)
    rows = {row["name"]: row for row in played}
    assert rows["sustained.equal_levels"]["ratio"] == 1.0
    assert rows["sustained.messages"]["n"] > 20
