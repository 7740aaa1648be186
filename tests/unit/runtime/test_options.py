"""What a run is asked to do: read, joined with the configuration, contradictions refused."""

from pathlib import Path

import pytest

from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.errors import UsageError
from holdfast.runtime.options import (
    MAX_SPEED,
    RunOptions,
    parse_duration,
    parse_speed,
    settle,
)

DATA = (Path("market.csv"),)
URL = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("text", "duration_ns"),
    [
        ("60s", 60 * NS_PER_S),
        ("1.5h", 5_400 * NS_PER_S),
        ("250ms", 250 * NS_PER_MS),
        ("2m", 120 * NS_PER_S),
        ("1d", 86_400 * NS_PER_S),
    ],
)
def test_durations_are_exact(text: str, duration_ns: int) -> None:
    assert parse_duration(text) == duration_ns


@pytest.mark.parametrize(
    "text", ["", "60", "0s", "-1s", "1 s", "1w", "s", "1e3s", "0.0000000001s", "9" * 400 + "d"]
)
def test_what_is_no_duration_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="write for example 60s"):
        parse_duration(text)


def test_speeds_are_max_or_a_factor() -> None:
    assert parse_speed("max") == MAX_SPEED
    assert parse_speed("0.5") == 0.5
    assert parse_speed("20") == 20


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", "inf", "1e300", ""])
def test_what_is_no_speed_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="write max"):
        parse_speed(text)


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('mode = "paper"\nseed = 1\nreport = "a.html"\n[journal]\npath = "a.db"\n')
    config = settle(
        RunOptions(
            config=file, mode="replay", seed=2, journal=Path("b.db"), strategies=("s.py:S",)
        )
    )
    assert (config.mode, config.seed, config.journal.path) == ("replay", 2, "b.db")
    assert config.report == "a.html"
    assert [entry.path for entry in config.strategies] == ["s.py:S"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (RunOptions(venue_url=URL, data=DATA), "--data and --venue-url"),
        (RunOptions(mode="replay", venue_url=URL), "replay has no sockets"),
        (RunOptions(mode="replay", speed=3.0), "leave --speed out"),
        (RunOptions(mode="replay", resume=True), "--resume needs an exchange"),
        (RunOptions(window=0), "--window 0"),
        (RunOptions(seed=-1), "--seed -1"),
        (RunOptions(seed=2**63), "--seed 9223372036854775808"),
    ],
)
def test_contradictions_are_refused(options: RunOptions, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        settle(options)


def test_a_wrong_duration_is_said_of_its_own_option() -> None:
    with pytest.raises(UsageError, match="--frozen 0s: not a duration"):
        parse_duration("0s", option="--frozen")
