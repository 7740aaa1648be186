"""What watches over a trader: countdown, lost ways, maintenance (XCH-4, XCH-7, XCH-12)."""

import json
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from holdfast.domain.events import (
    ConnectionLapsed,
    ConnectionRestored,
    DeadManArmed,
    DeadManDisarmed,
    DeadManRefreshed,
)
from holdfast.errors import HoldfastError
from tests.scenario import kit
from tests.scenario.test_linear import records_of
from tests.scenario.test_strangers import until

CONFIG = """
[guards]
lost_for_s = 1.0
dead_man_s = 3
heartbeat_s = 1.0
"""


@contextmanager
def quoting(url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a trader that quotes both sides, with short times; it never outlives its test."""
    (folder / "t.toml").write_text(CONFIG)
    trader = kit.start(
        "run", "--config", "t.toml", "--venue-url", url, "--strategy", kit.QUOTES,
        "--journal", "t.db", "--json", cwd=folder,
    )  # fmt: skip
    try:
        yield trader
    finally:
        if trader.poll() is None:
            trader.kill()
            trader.communicate()


def resting(url: str) -> list[str]:
    told = kit.truth(url)
    return [
        order["clientOrderId"]
        for order in [*told["orders"], *told["usdm"]["orders"]]
        if order["status"] in ("NEW", "PARTIALLY_FILLED")
    ]


def kinds(folder: Path, *wanted: type) -> list[type]:
    """Give the types of the events of some kinds, in their order."""
    events = [record.event for record in records_of(folder / "t.db")]
    return [type(event) for event in events if isinstance(event, wanted)]


def waits_for(folder: Path, kind: type) -> Callable[[], bool]:
    def claim() -> bool:
        try:
            return bool(kinds(folder, kind))
        except HoldfastError:
            return False  # not there yet, or just being made

    return claim


def test_the_venue_cancels_the_orders_of_a_trader_that_was_killed(tmp_path: Path) -> None:
    with (
        kit.exchange("--symbol", "usdm:BTCUSDT", "--speed", "1", cwd=tmp_path) as url,
        quoting(url, tmp_path) as trader,
    ):
        until(waits_for(tmp_path, DeadManRefreshed))
        until(lambda: bool(resting(url)))
        trader.kill()
        trader.communicate()
        until(lambda: not resting(url))
    assert kinds(tmp_path, DeadManArmed) == [DeadManArmed]


def test_a_trader_that_ends_in_order_ends_the_countdown(tmp_path: Path) -> None:
    with (
        kit.exchange("--symbol", "usdm:BTCUSDT", "--speed", "1", cwd=tmp_path) as url,
        quoting(url, tmp_path) as trader,
    ):
        until(waits_for(tmp_path, DeadManArmed))
        trader.send_signal(signal.SIGINT)
        done = kit.finish(trader)
        assert done.code == 0, done.err
        assert resting(url) == []
    assert kinds(tmp_path, DeadManDisarmed)[-1] is DeadManDisarmed


def test_maintenance_cancels_what_can_be_is_journaled_and_ends_with_a_comparison(
    tmp_path: Path,
) -> None:
    with kit.exchange("--speed", "1", cwd=tmp_path) as url, quoting(url, tmp_path) as trader:
        until(lambda: (tmp_path / "t.db").exists() and bool(resting(url)))
        body = b'{"kind": "maintenance", "for": "6s"}'
        request = urllib.request.Request(f"{url}/sim/do", data=body, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
        until(waits_for(tmp_path, ConnectionRestored))
        until(lambda: bool(resting(url)))
        trader.send_signal(signal.SIGINT)
        done = kit.finish(trader)
        assert json.loads(done.out)["orders"]["unknown"] == 0, done.err
        assert resting(url) == []
    seen = kinds(tmp_path, ConnectionLapsed, ConnectionRestored)
    assert seen[0] is ConnectionLapsed
    assert set(seen) == {ConnectionLapsed, ConnectionRestored}
    assert "entries and exits are canceled" in done.err


def test_the_status_that_the_guards_ask_for_is_served(tmp_path: Path) -> None:
    with (
        kit.exchange("--speed", "1", cwd=tmp_path) as url,
        urllib.request.urlopen(f"{url}/sapi/v1/system/status", timeout=10) as answer,
    ):
        assert json.load(answer)["status"] == 0


def test_a_perpetual_is_traded_by_its_name_and_the_view_says_what_guards_it(
    tmp_path: Path,
) -> None:
    done = kit.holdfast(
        "run", "--symbol", "usdm:BTCUSDT", "--strategy", kit.QUOTES, "--for", "5s",
        "--journal", "t.db", cwd=tmp_path,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "dead man 120 s on BTCUSDT" in done.out + done.err
