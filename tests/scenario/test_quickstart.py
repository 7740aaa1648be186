"""README and quickstart, tried word by word in a folder that looks like a fresh clone."""

import gzip
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from holdfast.cli.main import build_parser
from holdfast.runtime.credentials import live_credentials
from holdfast.runtime.live import endpoints_of
from holdfast.runtime.options import RunOptions, settle
from holdfast.venues.binance.profiles import profile
from tests.tidy import documents

ROOT = Path(__file__).resolve().parents[2]
QUICKSTART = (ROOT / "docs/quickstart.md").read_text()
README = (ROOT / "README.md").read_text()
PATIENCE = 150
_OF_MAKE = ("ARGS", "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS")
HEADING = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time_us,"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Make a folder with the sources and a program where `make venv` would put it."""
    (tmp_path / "src").symlink_to(ROOT / "src")
    program = tmp_path / ".venv/bin/holdfast"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nPYTHONPATH=src exec {sys.executable} -m holdfast "$@"\n')
    program.chmod(0o755)
    return tmp_path


def _environment() -> dict[str, str]:
    """Give the environment without what an outer `make test` hands down to an inner make."""
    return {name: value for name, value in os.environ.items() if name not in _OF_MAKE}


def _shell(clone: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        cwd=clone,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def _started(clone: Path, command: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command in the background; whatever happens, it is gone afterwards."""
    process = subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=clone,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _section(title: str) -> str:
    return QUICKSTART.split(f"\n## {title}\n")[1].split("\n## ")[0]


def _commands(title: str) -> list[str]:
    return documents.commands(_section(title))


def _on_free_port(listed: list[str]) -> list[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    return [command.replace("8765", port) for command in listed]


def _read_until(process: subprocess.Popen[str], sign: str) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if sign in line:
            return said
    raise AssertionError(f"never said {sign!r}, but: {said}")


@pytest.mark.parametrize("text", [README, QUICKSTART], ids=["README", "quickstart"])
def test_the_shell_blocks_run_word_by_word(clone: Path, text: str) -> None:
    listed = [c for c in documents.shell_commands(text) if not c.startswith("make ")]
    assert listed
    for command in listed:
        ended = _shell(clone, command)
        assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"


def test_make_run_shows_a_trade_and_ends_in_order_on_ctrl_c(clone: Path) -> None:
    shutil.copy(ROOT / "Makefile", clone)
    shutil.copy(ROOT / "pyproject.toml", clone)
    shutil.copytree(ROOT / "requirements", clone / "requirements")
    for stamp in (".run", ".package"):
        (clone / ".venv" / stamp).touch()
    with _started(clone, "make run") as trader:
        _read_until(trader, "fills 1")
        os.kill(_child_of(trader.pid), signal.SIGINT)
        said, _ = trader.communicate(timeout=PATIENCE)
    assert "verified" in said
    assert trader.returncode == 0


def _child_of(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0])


def test_the_strategy_of_the_readme_is_the_one_that_is_run() -> None:
    [block] = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert block in (ROOT / "src/holdfast/examples/hello.py").read_text()


def test_the_same_seed_gives_the_same_journal(clone: Path) -> None:
    [command] = _commands("Replay")
    heads = [re.findall(r'"(?:head|state_hash)": "(\w+)"', _shell(clone, command).stdout)]
    heads.append(re.findall(r'"(?:head|state_hash)": "(\w+)"', _shell(clone, command).stdout))
    assert len(heads[0]) == 2
    assert heads[0] == heads[1]


def test_own_data_is_replayed_and_sent_through_sockets(clone: Path) -> None:
    commands = _commands("Your own data")
    assert len(commands) == 2
    rows = [
        f"{n},{100 + n % 7}.50,0.30,{n},{n},{1759536000000000 + n * 250_000},{n % 2 == 0},True"
        for n in range(1, 400)
    ]
    lines = "\n".join([f"{HEADING}is_buyer_maker,is_best_match", *rows, ""])
    (clone / commands[0].split()[-1]).write_bytes(gzip.compress(lines.encode()))
    for command in commands:
        ended = _shell(clone, command)
        assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
        assert "verified" in ended.stderr


def test_the_settings_file_is_understood(clone: Path) -> None:
    [command] = _commands("Settings")
    [settings] = re.findall(
        r"^```toml\n(.*?)^```", _section("Settings"), re.MULTILINE | re.DOTALL
    )
    (clone / command.split()[-1]).write_text(settings)
    with _started(clone, command) as trader:
        _read_until(trader, "paper/trading")
        trader.send_signal(signal.SIGINT)
        said, _ = trader.communicate(timeout=PATIENCE)
    assert "verified" in said
    assert trader.returncode == 0


def test_a_market_is_recorded_and_traded(clone: Path) -> None:
    _, serve, record, info, replay, *_ = _on_free_port(
        _commands("Record a market, and trade the recording")
    )
    with _started(clone, serve) as exchange:
        _read_until(exchange, '"ready"')
        recorded = _shell(clone, record.replace("--for 20s", "--for 5s"))
        assert recorded.returncode == 0, recorded.stdout + recorded.stderr
    for command in (info, replay):
        ended = _shell(clone, command)
        assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
    assert "verified" in ended.stderr


def test_a_folder_is_fetched_from_an_archive_and_traded(clone: Path) -> None:
    fetch, run = _commands("Record a market, and trade the recording")[-2:]
    folder = clone / "archive/data/spot/daily/aggTrades/BTCUSDT"
    folder.mkdir(parents=True)
    rows = [
        f"{n},{100 + n % 7}.50,0.30,{n},{n},{1759536000000000 + n * 250_000},False,True\n"
        for n in range(1, 400)
    ]
    packed = folder / "BTCUSDT-aggTrades-2025-10-04.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("BTCUSDT-aggTrades-2025-10-04.csv", "".join(rows))
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    packed.with_name(f"{packed.name}.CHECKSUM").write_text(f"{digest}  {packed.name}\n")
    fetched = _shell(clone, fetch)
    assert fetched.returncode == 0, fetched.stderr
    assert "1 file kept in fetched" in fetched.stderr
    assert "1 not published" in fetched.stderr
    ended = _shell(clone, run)
    assert ended.returncode == 0, ended.stderr
    assert "verified" in ended.stderr
    assert _shell(clone, fetch.replace("2025-10-04", "2025-10-05")).returncode == 3


def test_a_watchdog_takes_over(clone: Path) -> None:
    serve, run, watchdog = _on_free_port(_commands("A watchdog beside a trader"))
    with _started(clone, serve) as exchange:
        _read_until(exchange, '"ready"')
        with _started(clone, run) as trader:
            _read_until(trader, "paper/trading")
            with _started(clone, watchdog) as dog:
                _read_until(dog, "watching the trader")
                trader.send_signal(signal.SIGSTOP)
                said = _read_until(dog, "the trader is gone")
                assert dog.wait(PATIENCE) == 1
            assert trader.wait(PATIENCE) == -signal.SIGKILL
    assert "epoch 2" in said


def test_the_live_configuration_and_commands_are_understood(clone: Path) -> None:
    listed = _commands("Live, on the test network")
    [settings] = re.findall(
        r"^```toml\n(.*?)^```", _section("Live, on the test network"), re.MULTILINE | re.DOTALL
    )
    (clone / "live.toml").write_text(settings)
    (clone / "testnet.secret").write_text("secret")
    assert _shell(clone, "chmod 600 testnet.secret").returncode == 0
    wanted = settle(RunOptions(config=clone / "live.toml"))
    assert endpoints_of(wanted) == ("testnet", profile("usdm-testnet").endpoints)
    verbs = [build_parser().parse_args(line.split()[1:]) for line in listed]
    assert [str(verb.config) for verb in verbs] == ["live.toml"] * 3
    wanted.venue.secret_file = str(clone / "testnet.secret")
    assert live_credentials(wanted.venue).secret == "secret"


def test_a_running_trader_is_commanded(clone: Path) -> None:
    run, *orders = _commands("Command a running trader")
    with _started(clone, run) as trader:
        _read_until(trader, "paper/trading")
        for order in orders:
            ended = _shell(clone, order)
            assert ended.returncode == 0, f"{order}\n{ended.stdout}{ended.stderr}"
        said, _ = trader.communicate(timeout=PATIENCE)
    assert "verified" in said
    assert trader.returncode == 0


def test_a_killed_trader_goes_on(clone: Path) -> None:
    serve, run, resume = _on_free_port(_commands("Kill it, and go on"))
    with _started(clone, serve) as exchange:
        _read_until(exchange, '"ready"')
        with _started(clone, run) as trader:
            _read_until(trader, "paper/trading")
            trader.kill()
        ended = _shell(clone, resume.replace("--for 30s", "--for 5s"))
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "verified" in ended.stderr
