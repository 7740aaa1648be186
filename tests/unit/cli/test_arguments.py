"""Arguments in, typed values out; what is printed where."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from holdfast.cli import control, run
from holdfast.cli.main import EPILOG, build_parser, main
from holdfast.cli.paths import DEFAULT_SOCKET
from holdfast.domain import events as ev
from holdfast.domain.instant import NS_PER_S
from holdfast.journal.sqlite import SqliteStore
from holdfast.runtime.commands import CancelAll, Pause, Resume, Stop
from holdfast.runtime.options import MAX_SPEED, RunOptions
from tests.unit.journal.kit import OPENED, journal_on


def parsed(*words: str) -> argparse.Namespace:
    return build_parser().parse_args(words)


def test_nothing_given_is_nothing_said() -> None:
    assert run._options(parsed("run")) == RunOptions()


def test_every_option_of_a_run_is_understood() -> None:
    options = run._options(
        parsed(
            "run", "--mode", "paper", "--config", "c.toml", "--strategy", "a.py:A",
            "--strategy", "b.py:B", "--data", "x.csv", "--data", "y.csv", "--symbol", "BTCUSDT",
            "--instruments", "i.json", "--speed", "max", "--for", "60s", "--venue-url",
            "http://h:1", "--journal", "j.db", "--resume", "--seed", "7", "--report", "r.html",
            "--json", "--window", "4",
        )
    )  # fmt: skip
    assert options == RunOptions(
        mode="paper", config=Path("c.toml"), strategies=("a.py:A", "b.py:B"),
        data=(Path("x.csv"), Path("y.csv")), symbol="BTCUSDT", instruments=Path("i.json"),
        speed=MAX_SPEED, duration_ns=60 * NS_PER_S, venue_url="http://h:1",
        journal=Path("j.db"), resume=True, seed=7, report=Path("r.html"), json=True, window=4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("pause",), Pause(reason="r", idempotency_key="k")),
        (
            ("resume", "--scope", "trend"),
            Resume(reason="r", idempotency_key="k", scope="trend"),
        ),
        (
            ("cancel", "--including-stops"),
            CancelAll(reason="r", idempotency_key="k", including_stops=True),
        ),
        (("stop",), Stop(reason="r", idempotency_key="k")),
    ],
)
def test_each_verb_makes_its_command(words: tuple[str, ...], command: Any) -> None:
    arguments = parsed(*words, "--reason", "r", "--idempotency-key", "k")
    assert control._command(words[0], arguments) == command
    assert arguments.socket == DEFAULT_SOCKET


def test_a_command_without_a_key_gets_one_of_its_own() -> None:
    arguments = parsed("stop", "--reason", "r")
    keys = {control._command("stop", arguments).idempotency_key for _ in range(3)}
    assert len(keys) == 3


def test_a_command_needs_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed("pause")
    assert ended.value.code == 2
    assert "--reason" in capsys.readouterr().err


def test_the_exit_codes_are_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--help")
    assert EPILOG in capsys.readouterr().out


def test_the_version_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "version/1"
    assert set(answer) == {"schema", "version", "python", "state_form"}
    assert main(["version"]) == 0
    assert capsys.readouterr().out.startswith(f"holdfast {answer['version']} ")


def test_a_journal_is_verified_folded_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "j.db")
    journal = journal_on(SqliteStore.create(Path(path)))
    for event in (OPENED, ev.RunStarted("paper", 1, [], [], "1", []), ev.RunEnded("done")):
        journal.put(event)
    journal.close()
    assert main(["journal", "verify", path, "--json"]) == 0
    verified = json.loads(capsys.readouterr().out)
    assert (verified["events"], verified["verified"]) == (3, True)
    assert main(["journal", "state", path]) == 0
    assert "state hash (state/2): " in capsys.readouterr().out
    assert main(["journal", "show", path, "--type", "run.ended"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["type"] == "run.ended/1"


def test_a_failure_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "verify", "none.db"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("holdfast: ")
    assert said.err.count("\n") == 1
