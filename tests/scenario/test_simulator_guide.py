"""The guide to the simulated exchange: its commands, files and clients do what it says."""

import argparse
import gzip
import json
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from holdfast.simexchange.arguments import add_serve_arguments
from holdfast.simexchange.assumptions import Assumptions
from holdfast.simexchange.faults import KINDS
from holdfast.simexchange.rest import ROUTES
from holdfast.simexchange.slowstreams import SLOW_KINDS
from holdfast.simexchange.streams import INTERVALS, PARTIAL_LIMITS, RECORD_KINDS
from holdfast.simexchange.usdm import routes as usdm_routes
from holdfast.simexchange.usdm import streams as usdm_streams
from holdfast.simexchange.usdm import wsapi as usdm_wsapi
from holdfast.simexchange.wsapi import METHODS
from tests.scenario import kit
from tests.tidy import documents

GUIDE = (kit.ROOT / "docs/simulated-exchange.md").read_text()
SERVE = ".venv/bin/holdfast sim serve --port 8765"
PRINTED = "http://127.0.0.1:8765"
SESSION_METHODS = {
    "session.logon",
    "session.status",
    "session.logout",
    "session.subscriptions",
    "userDataStream.subscribe",
    "userDataStream.subscribe.signature",
    "userDataStream.unsubscribe",
}
ROWS = 300


def section(title: str) -> str:
    """Give a section of the guide."""
    return GUIDE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def blocks(title: str, language: str = "") -> list[str]:
    """Give the fenced blocks of a section in one language, or in none."""
    fence = rf"^```{language}\n(.*?)^```$"
    marked = re.sub(r"^```(\w+)\n.*?^```$", "", section(title), flags=re.MULTILINE | re.DOTALL)
    return re.findall(fence, section(title) if language else marked, re.MULTILINE | re.DOTALL)


@contextmanager
def served(command: str, cwd: Path) -> Iterator[str]:
    """Serve by a command of the guide, on a free port."""
    assert command.startswith(SERVE)
    with kit.exchange(*command.removeprefix(SERVE).split(), cwd=cwd) as url:
        yield url


def get(url: str) -> Any:
    """Ask without a key."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def client(url: str, key: str = "", secret: str = "") -> dict[str, Any]:
    """Run the first client of the guide; give what it defines."""
    [source] = blocks("Serve it", "python")
    defined: dict[str, Any] = {}
    exec(source, defined)
    defined["URL"] = url
    if key:
        defined["KEY"], defined["SECRET"] = key, secret
    return defined


def refusal(error: urllib.error.HTTPError) -> int:
    """Give the code of a refusal."""
    return int(json.load(error)["code"])


def test_a_trader_and_a_client_of_one_s_own_trade_on_it(tmp_path: Path) -> None:
    serve, run = documents.shell_commands(section("Serve it"))
    with served(serve, tmp_path) as url:
        own = client(url)
        price = get(f"{url}/api/v3/ticker/bookTicker?symbol=BTCUSDT")["bidPrice"]
        placed = own["buy"]("0.001", f"{float(price) * 0.9:.2f}")
        assert placed["status"] == "NEW"
        by_id = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
        assert own["ask"]("DELETE", "/api/v3/order", **by_id)["status"] == "CANCELED"
        words = run.replace(PRINTED, url).replace("30s", "10s").split()
        ended = kit.holdfast(*words[1:], "--json", cwd=tmp_path)
        assert ended.json["journal"]["verified"]


def test_the_accounts_of_the_guide_are_opened(tmp_path: Path) -> None:
    [accounts] = blocks("Accounts", "toml")
    (tmp_path / "accounts.toml").write_text(accounts)
    [command] = documents.shell_commands(section("Accounts"))
    with served(command, tmp_path) as url:
        own = client(url, "any text", "any secret")
        held = {
            one["asset"]: one["free"]
            for one in own["ask"]("GET", "/api/v3/account")["balances"]
        }
        assert held == {"BTC": "1.00000000", "USDT": "50000.00000000"}
        assert own["buy"]("0.001", "50000")["status"] == "NEW"
        reader = client(url, "another text", "another secret")
        assert len(reader["ask"]("GET", "/api/v3/openOrders")) == 1
        with pytest.raises(urllib.error.HTTPError) as refused:
            reader["buy"]("0.001", "50000")
        assert refusal(refused.value) == -2015
        notes = get(f"{url}/sim/assumptions")["notes"]
        assert notes[-1] == (
            "account desk opens with 1 BTC, 50000 USDT, 10000 USDT of margin; its own fees: "
            "0.05 % maker, 0.1 % taker"
        )


def test_the_filters_of_the_guide_are_announced(tmp_path: Path) -> None:
    [instruments] = blocks("Filters", "toml")
    (tmp_path / "instruments.toml").write_text(instruments)
    [command] = documents.shell_commands(section("Filters"))
    with served(command, tmp_path) as url:
        [symbol] = get(f"{url}/api/v3/exchangeInfo")["symbols"]
    filters = {one["filterType"]: one for one in symbol["filters"]}
    assert symbol["symbol"] == "BTCUSDT"
    assert filters["PRICE_FILTER"]["tickSize"] == "0.01000000"
    assert filters["NOTIONAL"]["minNotional"] == "5.00000000"


def test_the_faults_of_the_guide_strike(tmp_path: Path) -> None:
    [faults] = blocks("Faults", "toml")
    (tmp_path / "faults.toml").write_text(faults)
    command, *asked = documents.shell_commands(section("Faults"))
    with served(command, tmp_path) as url:
        own = client(url)
        assert own["buy"]("0.001", "50000")["status"] == "NEW"
        for _ in range(2):
            with pytest.raises(urllib.error.HTTPError) as refused:
                own["buy"]("0.001", "50000")
            assert refused.value.code == 503
        assert own["buy"]("0.001", "50000")["status"] == "NEW"
        assert get(f"{url}/sim/status")["faults"] == {"order_503": 2}
        said = [
            kit.holdfast(*line.replace(PRINTED, url).split()[1:], cwd=tmp_path).out
            for line in asked
        ]
    assert said[0] == "armed order_503 as 3\n"
    assert json.loads(said[1])["did"] == "maintenance"
    assert "happened: maintenance 1" in said[2]
    assert said[3] == "disarmed 3\n"


def test_a_copied_assumption_is_used_and_told(tmp_path: Path) -> None:
    (tmp_path / "src").symlink_to(kit.ROOT / "src")
    *prepare, command = documents.shell_commands(section("Assumptions"))
    for line in prepare:
        subprocess.run(line.split(), cwd=tmp_path, check=True, timeout=10)
    latency = tmp_path / "assumed/latency.toml"
    latency.write_text(latency.read_text().replace("order_us = 2000", "order_us = 7000"))
    with served(command, tmp_path) as url:
        said = " ".join(get(f"{url}/sim/assumptions")["notes"])
    assert "an order takes effect 7 ms after it arrived" in said


def test_the_client_of_the_guide_sees_every_message_at_full_speed(tmp_path: Path) -> None:
    [command] = documents.shell_commands(section("Time, and clients at full speed"))
    [source] = blocks("Time, and clients at full speed", "python")
    start_us = 1_759_536_000_000_000
    lines = [
        f"{n},{100 + n % 7}.50,0.30,{n},{n},{start_us + n * 250_000},{n % 2 == 0},True"
        for n in range(ROWS)
    ]
    data = re.findall(r"--data (\S+)", command)[0]
    (tmp_path / data).write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    seen: list[int] = []

    async def decide(message: dict[str, Any]) -> None:
        seen.append(message["a"])

    with served(command, tmp_path) as url:
        text = source.replace(PRINTED.replace("http", "ws"), url.replace("http", "ws"))
        exec(text, {"decide": decide})
        status = get(f"{url}/sim/status")
    # Those before the first book were there when the venue opened.
    assert seen == list(range(seen[0], ROWS))
    assert len(seen) > ROWS - 5
    assert status["ended"]


def test_the_guide_names_every_option_and_every_fault() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    add_serve_arguments(parser)
    options = set(re.findall(r"--[a-z][\w-]+", parser.format_usage()))
    assert set(re.findall(r"^\| `(--[\w-]+)", section("Serve it"), re.MULTILINE)) == options
    assert set(re.findall(r"^\| `(\w+)`", section("Faults"), re.MULTILINE)) == set(KINDS)


def test_the_guide_names_every_assumptions_file() -> None:
    named = set(re.findall(r"`(\w+)\.toml`", section("Assumptions")))
    assert named == set(Assumptions.__struct_fields__)


def test_the_guide_covers_what_is_served_and_nothing_else() -> None:
    venue, startup, api, streams = (
        [line.split() for line in block.splitlines()] for block in blocks("What is covered")
    )
    listed = [(line[0], line[1] + name) for line in venue + startup for name in line[2:]]
    assert sorted(listed) == sorted((method, path) for method, path, _ in ROUTES)
    methods = [name for line in api for name in line]
    assert sorted(methods) == sorted({*METHODS, *SESSION_METHODS})
    kinds = {*RECORD_KINDS, *SLOW_KINDS, *PARTIAL_LIMITS}
    kinds |= {f"kline_{interval}" for interval in INTERVALS}
    assert {name for line in streams for name in line} == kinds


def test_the_guide_covers_what_is_served_of_usdm_and_nothing_else() -> None:
    title = "What is covered of USD-M"
    venue, api, streams = (
        [line.split() for line in block.splitlines()] for block in blocks(title)
    )
    listed = [(line[0], line[1] + name) for line in venue for name in line[2:]]
    assert sorted(listed) == sorted((method, path) for method, path, _ in usdm_routes.ROUTES)
    methods = [name for line in api for name in line]
    session = {"session.logon", "session.status", "session.logout"}
    assert sorted(methods) == sorted({*usdm_wsapi.METHODS, *session})
    candles = {"kline_<interval>", "<pair>_perpetual@continuousKline_<interval>"}
    kinds = {*usdm_streams.DEPTH_NS, *usdm_streams.PARTIAL, *usdm_streams.PLAIN}
    kinds |= {*usdm_streams.EVERY_KIND, *candles}
    assert {name for line in streams for name in line} == kinds
