"""A stop that an earlier journal left at the venue: named, blocked for, released (XCH-5)."""

import signal
from pathlib import Path

from holdfast.domain.events import (
    ForeignOrderSeen,
    OrderAdopted,
    OrderFilled,
    ProtectionCovered,
)
from tests.scenario.kit import exchange, finish, holdfast, needs, start
from tests.scenario.test_linear import STRATEGY, USDM_L2
from tests.scenario.test_strangers import events_of, until

HOLDS = Path(__file__).with_name("holds.py")


def test_a_release_lets_a_new_journal_trade_beside_the_stop_of_an_earlier_one(
    tmp_path: Path,
) -> None:
    data = needs(USDM_L2)
    with exchange("--data", data, "--speed", "2", cwd=tmp_path) as url:
        first = start(
            "run",
            "--venue-url",
            url,
            "--strategy",
            f"{HOLDS}:Holds",
            "--journal",
            "j.db",
            cwd=tmp_path,
        )
        until((tmp_path / "j.db").exists)
        until(lambda: bool(events_of(tmp_path, ProtectionCovered)))
        first.send_signal(signal.SIGINT)
        finish(first)
        for file in tmp_path.glob("j.*"):
            file.rename(tmp_path / file.name.replace("j.", "first.", 1))
        second = start("run", "--venue-url", url, "--journal", "j.db", *STRATEGY, cwd=tmp_path)
        until((tmp_path / "j.db").exists)
        until(lambda: any(event.ours for event in events_of(tmp_path, ForeignOrderSeen)))
        assert events_of(tmp_path, OrderFilled) == []
        release = ("release", "--socket", "j.sock", "--scope", "account", "--reason", "down")
        done = holdfast(*release, cwd=tmp_path)
        assert (done.code, done.out.strip()) == (0, "account released (block)")
        until(lambda: bool(events_of(tmp_path, OrderFilled)))
        second.send_signal(signal.SIGINT)
        told = finish(second)
        (stop,) = [event for event in events_of(tmp_path, ForeignOrderSeen) if event.ours]
        assert events_of(tmp_path, OrderAdopted) == []
    journal = stop.client_order_id[1:6]
    assert f"order {stop.client_order_id} of BTCUSDT, of journal {journal}" in told.err
    assert "holdfast run --resume" in told.err
    assert "holdfast release --scope account --reason" in told.err
    assert told.err.count("another instance trades this account") == 1
