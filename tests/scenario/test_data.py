"""A market is recorded, looked at and traded again, spot and USD-M (MKT-1)."""

import json
import signal
from pathlib import Path

import pytest

from tests.scenario import kit

MARKETS = [
    ("spot", "l2/binance-spot-BTCUSDT-20240808_09.raw.gz"),
    ("usdm", "l2/binance-usdm-BTCUSDT-20240808.raw.gz"),
]


@pytest.mark.parametrize(("network", "file"), MARKETS, ids=["spot", "usdm"])
def test_what_was_recorded_is_whole_and_trades_twice_alike(
    network: str, file: str, tmp_path: Path
) -> None:
    data = kit.needs(file)
    recording = tmp_path / "recording"
    with kit.exchange("--data", data, "--speed", "10", cwd=tmp_path) as url:
        done = kit.holdfast(
            "data", "record", "--venue", network, "--venue-url", url, "--symbol", "BTCUSDT",
            "--out", recording, "--for", "5s", "--rotate", "2s", "--json", cwd=tmp_path,
        ).json  # fmt: skip
    assert done["gaps"] == 0
    assert done["segments"] >= 2
    info = kit.holdfast("data", "info", recording, "--json", cwd=tmp_path).json
    assert info["rows"] == done["rows"]
    kinds = info["symbols"]["BTCUSDT"]["rows"]
    assert kinds["snapshot"] >= 1
    assert min(kinds["depth"], kinds["top"], kinds["trade"]) > 20
    lines = kit.holdfast("data", "replay", recording, cwd=tmp_path).out.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, done["rows"] + 1))
    results = [
        kit.holdfast(
            "run", "--mode", "replay", "--data", recording, "--journal",
            tmp_path / f"{turn}.db", "--json", cwd=tmp_path,
        ).json
        for turn in ("a", "b")
    ]  # fmt: skip
    assert results[0]["orders"]["filled"] > 0
    assert results[0]["fills"] == results[1]["fills"]
    states = [result["journal"]["state_hash"] for result in results]
    assert states[0] == states[1]


def test_an_interrupt_ends_a_recording_in_order(tmp_path: Path) -> None:
    recording = tmp_path / "recording"
    with kit.exchange("--speed", "1", cwd=tmp_path) as url:
        process = kit.start(
            "data", "record", "--venue-url", url, "--symbol", "BTCUSDT", "--out", recording,
            "--rows", "20", "--json", cwd=tmp_path,
        )  # fmt: skip
        while not list(recording.glob("*.parquet")):
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        done = kit.finish(process).json
    assert done["why"] == "SIGINT received"
    info = kit.holdfast("data", "info", recording, "--json", cwd=tmp_path).json
    assert info["rows"] == done["rows"] > 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("info", "nowhere"), 2, "nowhere does not exist"),
        (("replay", "."), 2, "holds no .parquet file"),
        (("record", "--venue", "nyse", "--symbol", "A", "--out", "x"), 2, "is no network"),
        (
            ("record", "--symbol", "BTCUSDT", "--out", "x", "--venue-url", "ftp://a"),
            2,
            "not an address",
        ),
        (("fetch", "--symbol", "A", "--from", "soon", "--out", "x"), 2, "no date"),
        (
            ("record", "--symbol", "A", "--out", "x", "--venue-url", "http://127.0.0.1:9"),
            1,
            "no connection",
        ),
    ],
)
def test_bad_input_is_one_line(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    told, line = kit.refused("data", *arguments, cwd=tmp_path)
    assert told == code
    assert said in line
    assert not (tmp_path / "x").exists()
