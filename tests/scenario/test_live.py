"""Live mode against the simulated exchange on loopback: the same pipeline, a real clock."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from holdfast.domain import events as ev
from holdfast.domain.event import Record
from holdfast.domain.events import OrderFilled, RunStarted
from holdfast.journal.sqlite import SqliteStore
from holdfast.runtime.credentials import DEMO
from tests.scenario.kit import QUOTES, exchange, finish, holdfast, needs, refused, start, truth

USDM_L2 = "l2/binance-usdm-BTCUSDT-20240808.raw.gz"
POLLS = 300
POLL_S = 0.1


def records_of(journal: Path) -> list[Record]:
    store = SqliteStore.open(journal, read_only=True)
    try:
        return list(store.read())
    finally:
        store.close()


def config(url: str, folder: Path, *, product: str = "spot", more: str = "") -> Path:
    """Write a configuration of live trading at an exchange on loopback."""
    secret, file = folder / "secret", folder / "live.toml"
    secret.write_text(DEMO.secret)
    secret.chmod(0o600)
    door = "ws-api/v3" if product == "spot" else "ws-fapi/v1"
    host = url.removeprefix("http://")
    file.write_text(
        f'mode = "live"\nsymbols = ["BTCUSDT"]\n[venue]\nproduct = "{product}"\n'
        f'rest = "{url}"\nws = "ws://{host}"\nws_api = "ws://{host}/{door}"\n'
        f'api_key = "{DEMO.api_key}"\nsecret_file = "{secret}"\n{more}'
    )
    return file


def test_it_trades_spot_on_a_running_clock_and_ends_with_nothing_resting(
    tmp_path: Path,
) -> None:
    with exchange("--speed", "1", cwd=tmp_path) as url:
        told = holdfast(
            "run", "--config", config(url, tmp_path), "--for", "12s", "--journal", "j.db",
            "--strategy", QUOTES, "--json", cwd=tmp_path,
        ).json  # fmt: skip
        there = truth(url)
    assert (told["mode"], told["quarantined"], told["incidents"]) == ("live", [], [])
    assert told["orders"]["submitted"] > 0
    assert told["orders"]["unknown"] == 0
    assert there["open_order_ids"] == []
    records = records_of(tmp_path / "j.db")
    assert isinstance(records[0].event, ev.JournalOpened)
    assert (records[0].event.mode, records[0].event.venue) == ("live", "binance")
    booked = {r.event.exec_id for r in records if isinstance(r.event, OrderFilled)}
    assert booked == {str(trade["id"]) for trade in there["trades"]}
    assert [r.event for r in records if isinstance(r.event, ev.KeyChecked)]
    started = next(r.event for r in records if isinstance(r.event, RunStarted))
    assert started.notes == [f"live at {url} (named in the configuration)"]


def test_it_trades_contracts_and_sets_leverage_only_when_it_is_told_to(tmp_path: Path) -> None:
    data = needs(USDM_L2)
    with exchange("--data", data, "--speed", "1", cwd=tmp_path) as url:
        wanted = config(url, tmp_path, product="usdm", more="leverage = 7\n")
        code, line = refused("run", "--config", wanted, "--json", cwd=tmp_path)
        assert code == 2
        assert line.startswith("venue.leverage is 7, and BTCUSDT has ")
        assert "venue.set_contracts = true" in line
        assert not (tmp_path / "runs").exists(), "a run that could not begin left something"
        more = 'leverage = 7\nposition_mode = "one-way"\nset_contracts = true\n'
        told = holdfast(
            "run", "--config", config(url, tmp_path, product="usdm", more=more),
            "--for", "12s", "--journal", "j.db", "--json", cwd=tmp_path,
        ).json  # fmt: skip
        there = truth(url)["usdm"]
    assert there["settings"][0]["leverage"] == 7
    assert told["fills"] == len(there["trades"]) > 0
    assert told["incidents"] == []


def test_ctrl_c_cancels_entries_and_ends_in_order(tmp_path: Path) -> None:
    with exchange("--speed", "1", cwd=tmp_path) as url:
        process = start(
            "run", "--config", config(url, tmp_path), "--journal", "j.db", "--json",
            "--strategy", QUOTES, cwd=tmp_path,
        )  # fmt: skip
        for _ in range(POLLS):
            if truth(url)["open_order_ids"]:
                break
            time.sleep(POLL_S)
        process.send_signal(signal.SIGINT)
        done = finish(process)
        assert json.loads(done.out)["mode"] == "live", done.err
        assert truth(url)["open_order_ids"] == []
    last = records_of(tmp_path / "j.db")[-2].event
    assert isinstance(last, ev.RunEnded)
    assert last.reason == "SIGINT received"


LIVE = ("run", "--mode", "live")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (LIVE, "--mode live: name what is traded with --symbol"),
        ((*LIVE, "--symbol", "BTCUSDT"), "--mode live: say where with --venue testnet"),
        (
            (*LIVE, "--symbol", "BTCUSDT", "--venue", "production"),
            "--mode live at api.binance.com trades real money; say --yes-real-money",
        ),
        (
            (*LIVE, "--symbol", "BTCUSDT", "--venue", "testnet"),
            "a live venue needs a key: set HOLDFAST_API_KEY and HOLDFAST_SECRET",
        ),
        ((*LIVE, "--speed", "5"), "--speed is of the simulated exchange"),
        ((*LIVE, "--until-end"), "--until-end is of the simulated exchange"),
        (("run", "--venue", "testnet"), "--venue and --yes-real-money are of --mode live"),
    ],
)
def test_what_may_not_begin_says_so_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], line: str
) -> None:
    assert "HOLDFAST_API_KEY" not in os.environ
    code, said = refused(*arguments, cwd=tmp_path)
    assert code == 2
    assert said.startswith(line)


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = config("http://127.0.0.1:1", tmp_path)
    (tmp_path / "secret").chmod(0o644)
    code, line = refused("run", "--config", file, cwd=tmp_path)
    assert code == 2
    assert "is open to others; run chmod 600" in line
