"""Others trade on the account, and the venue itself does: who owns that, and what it blocks."""

import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from holdfast.domain.events import (
    BalanceAdjusted,
    ForeignFillSeen,
    ForeignOrderSeen,
    IncidentClosed,
    IncidentOpened,
    PositionOpened,
    TradingPaused,
    WalletMoved,
)
from holdfast.errors import JournalError
from tests.scenario.kit import exchange, finish, holdfast, needs, start, truth
from tests.scenario.test_linear import STRATEGY, USDM_L2, prove, records_of, wallet_of

POLLS = 300
POLL_S = 0.1
OTHERS_ID = "HZZZZZ000010000001"


def do(url: str, **act: Any) -> None:
    """Have the simulated exchange do something now, on the demonstration account."""
    body = json.dumps({"account": "demo", **act}).encode()
    request = urllib.request.Request(f"{url}/sim/do", data=body, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def order(url: str, **how: str) -> None:
    """Have somebody else's market order arrive."""
    do(url, kind="foreign_order", symbol="BTCUSDT", **how)


def until(claim: Callable[[], bool]) -> None:
    for _ in range(POLLS):
        if claim():
            return
        time.sleep(POLL_S)
    raise AssertionError("it did not come to that")


def usdm(url: str) -> dict[str, Any]:
    told: dict[str, Any] = truth(url)["usdm"]
    return told


def position(url: str) -> Decimal:
    return sum((Decimal(p["positionAmt"]) for p in usdm(url)["positions"]), Decimal(0))


def end(process: subprocess.Popen[bytes], *, url: str, cwd: Path) -> dict[str, Any]:
    """Stop a trader, and hold its wallet and books against the exchange's."""
    process.send_signal(signal.SIGINT)
    done = finish(process)
    told: dict[str, Any] = json.loads(done.out)
    (wallet,) = [w for w in usdm(url)["wallets"] if w["asset"] == "USDT"]
    assert Decimal(wallet_of(cwd / "j.db")) == Decimal(wallet["walletBalance"]), done.err
    assert sum((Decimal(p["quantity"]) for p in told["positions"]), Decimal(0)) == position(url)
    prove(cwd / "j.db")
    return told


def begin(url: str, cwd: Path) -> subprocess.Popen[bytes]:
    return start("run", "--venue-url", url, "--journal", "j.db", "--json", *STRATEGY, cwd=cwd)


def events_of(cwd: Path, kind: type) -> list[Any]:
    """Give the events of a kind so far; none of a journal that is only being made."""
    try:
        return _events_of(cwd, kind)
    except JournalError:
        return []


def _events_of(cwd: Path, kind: type) -> list[Any]:
    return [r.event for r in records_of(cwd / "j.db") if isinstance(r.event, kind)]


def test_a_liquidation_takes_from_the_strategy_pauses_the_symbol_and_is_an_incident(
    tmp_path: Path,
) -> None:
    data = needs(USDM_L2)
    with exchange("--data", data, "--speed", "10", cwd=tmp_path) as url:
        process = begin(url, tmp_path)
        until(lambda: position(url) != 0)
        do(url, kind="liquidation", symbol="BTCUSDT")
        until(lambda: bool(events_of(tmp_path, TradingPaused)))
        time.sleep(1.0)  # the market goes on, and nothing may be opened again
        told = end(process, url=url, cwd=tmp_path)
        assert position(url) == 0
    assert told["positions"] == []
    assert told["incidents"][0]["kind"] == "liquidation"
    assert told["foreign"]["liquidation"] > 0
    (paused,) = events_of(tmp_path, TradingPaused)
    assert (paused.scope, paused.actor) == ("BTCUSDT", "venue")
    assert events_of(tmp_path, BalanceAdjusted) == [], "an amount stayed unexplained"
    kinds = {event.kind for event in events_of(tmp_path, WalletMoved)}
    assert kinds <= {"INSURANCE_CLEAR"}


def test_what_a_person_closes_is_closed_for_the_strategy_and_never_sold_again(
    tmp_path: Path,
) -> None:
    data = needs(USDM_L2)
    with exchange("--data", data, "--speed", "10", cwd=tmp_path) as url:
        process = begin(url, tmp_path)
        until(lambda: position(url) != 0)
        held = position(url)
        side = "SELL" if held > 0 else "BUY"
        order(url, side=side, quantity=str(abs(held)), client_order_id="web_1")
        until(lambda: bool(events_of(tmp_path, TradingPaused)))
        trades = len(usdm(url)["trades"])
        time.sleep(2.0)  # twenty seconds of the market, in which the strategy goes on
        assert len(usdm(url)["trades"]) == trades, "nothing may be opened or sold again"
        told = end(process, url=url, cwd=tmp_path)
        assert position(url) == 0
    assert told["positions"] == []
    assert [one["kind"] for one in told["incidents"]] == ["closed by hand"]
    (opened,) = events_of(tmp_path, IncidentOpened)
    assert (opened.scope, opened.kind) == ("BTCUSDT", "closed by hand")
    assert events_of(tmp_path, BalanceAdjusted) == [], "an amount stayed unexplained"


def test_orders_of_people_and_of_another_instance_are_shown_and_a_transfer_is_booked(
    tmp_path: Path,
) -> None:
    data = needs(USDM_L2)
    with exchange("--data", data, "--speed", "10", cwd=tmp_path) as url:
        process = begin(url, tmp_path)
        until(lambda: len(usdm(url)["trades"]) > 0)
        order(url, side="BUY", quantity="0.01", client_order_id="web_1")
        do(url, kind="deposit", product="usdm", asset="USDT", amount="250")
        order(url, side="SELL", quantity="0.002", client_order_id=OTHERS_ID)
        until(lambda: bool(events_of(tmp_path, IncidentOpened)))
        until(lambda: bool(events_of(tmp_path, WalletMoved)))
        release = ("release", "--socket", "j.sock", "--scope", "account", "--reason", "down")
        done = holdfast(*release, cwd=tmp_path)
        assert done.code == 0, done.err
        assert done.out.startswith("account released")
        until(lambda: bool(events_of(tmp_path, IncidentClosed)))
        told = end(process, url=url, cwd=tmp_path)
    assert told["incidents"] == []
    assert told["movements"]["TRANSFER USDT"] == "250"
    seen = {event.client_order_id: event for event in events_of(tmp_path, ForeignOrderSeen)}
    assert (seen["web_1"].ours, seen[OTHERS_ID].ours) == (False, True)
    mine = [p for p in told["positions"] if p["strategy"] == "unattributed"]
    assert [p["quantity"] for p in mine] == ["0.008"]
    assert len(events_of(tmp_path, ForeignFillSeen)) >= 2


def test_a_position_from_before_the_journal_is_taken_over_at_its_entry(tmp_path: Path) -> None:
    data = needs(USDM_L2)
    with exchange("--data", data, "--speed", "10", cwd=tmp_path) as url:
        first = begin(url, tmp_path)
        until(lambda: position(url) != 0)
        order(url, side="BUY", quantity="0.01", client_order_id="web_1")
        until(lambda: position(url) > Decimal("0.005"))
        first.send_signal(signal.SIGINT)
        finish(first)
        for file in tmp_path.glob("j.*"):
            file.unlink()
        before = position(url)
        second = begin(url, tmp_path)
        until(
            lambda: (tmp_path / "j.db").exists() and bool(events_of(tmp_path, PositionOpened))
        )
        told = end(second, url=url, cwd=tmp_path)
    (stood,) = events_of(tmp_path, PositionOpened)
    assert Decimal(stood.quantity) == before
    assert stood.source == "before the journal"
    assert told["incidents"] == []


HEDGER = '''"""Holds a long and a short of one symbol, and turns each over every few seconds."""

from holdfast import BookTop, Buy, PositionSide, Sell, Strategy, Wishes, quantity_for

EVERY_NS = 2_000_000_000
LONG, SHORT = PositionSide.LONG, PositionSide.SHORT


class Hedger(Strategy):
    """Opens and closes both sides by turns, and leaves a little of each."""

    due_ns = 0
    turn = 0

    def book(self, top: BookTop) -> Wishes:
        if top.received_at_ns < self.due_ns:
            return None
        self.due_ns = top.received_at_ns + EVERY_NS
        self.turn += 1
        one = quantity_for(self.context.instruments[top.symbol], "100", price=top.ask)
        if self.turn == 1:
            return [
                Buy(top.symbol, 2 * one, position_side=LONG),
                Sell(top.symbol, 3 * one, position_side=SHORT),
            ]
        if self.turn % 2:
            return [
                Buy(top.symbol, one, position_side=LONG),
                Sell(top.symbol, one, position_side=SHORT),
            ]
        return [
            Sell(top.symbol, one, position_side=LONG),
            Buy(top.symbol, one, position_side=SHORT),
        ]
'''


def test_both_sides_of_a_hedge_agree_with_the_exchange_to_the_last_digit(
    tmp_path: Path,
) -> None:
    data = needs(USDM_L2)
    (tmp_path / "hedger.py").write_text(HEDGER)
    (tmp_path / "h.toml").write_text(
        '[venue]\nposition_mode = "hedge"\nset_contracts = true\n'
        '[[strategies]]\npath = "hedger.py:Hedger"\n'
    )
    with exchange("--data", data, "--speed", "max", cwd=tmp_path) as url:
        told = holdfast(
            "run", "--config", "h.toml", "--venue-url", url, "--journal", "j.db",
            "--for", "60s", "--json", cwd=tmp_path,
        ).json  # fmt: skip
        (wallet,) = [w for w in usdm(url)["wallets"] if w["asset"] == "USDT"]
        there = {
            p["positionSide"].lower(): Decimal(p["positionAmt"]) for p in usdm(url)["positions"]
        }
    assert Decimal(wallet_of(tmp_path / "j.db")) == Decimal(wallet["walletBalance"])
    here = {p["position_side"]: Decimal(p["quantity"]) for p in told["positions"]}
    assert here == there
    assert told["fills"] > 20
    assert (told["incidents"], told["quarantined"]) == ([], [])
    assert told["orders"]["rejected"] == 0
    prove(tmp_path / "j.db")
