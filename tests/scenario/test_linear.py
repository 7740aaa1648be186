"""A USD-M recording trades with a margin account in each mode: shorts, wallets (XCH-8)."""

import subprocess
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from holdfast.domain.event import Record
from holdfast.domain.events import BalanceAdjusted, IncidentOpened, OrderFilled
from holdfast.domain.money import Asset, amount_text
from holdfast.journal.sqlite import SqliteStore
from holdfast.ledger.ledger import Ledger
from holdfast.runtime.state import fold_records
from tests.scenario.kit import QUOTES, TREND, exchange, finish, holdfast, needs, start, truth
from tests.scenario.test_faults import FAULTS

USDM_L2 = "l2/binance-usdm-BTCUSDT-20240808.raw.gz"
STRATEGY = ("--strategy", TREND)
EXECUTED = 3
POLLS = 200
POLL_S = 0.1


def records_of(journal: Path) -> list[Record]:
    store = SqliteStore.open(journal, read_only=True)
    try:
        return list(store.read())
    finally:
        store.close()


def fills_of(journal: Path) -> list[OrderFilled]:
    return [r.event for r in records_of(journal) if isinstance(r.event, OrderFilled)]


def steps_of(fills: list[OrderFilled]) -> list[Decimal]:
    """Give the position after each fill, from flat."""
    steps = [Decimal(0)]
    for fill in fills:
        sign = 1 if fill.side == "buy" else -1
        steps.append(steps[-1] + sign * Decimal(fill.last_quantity))
    return steps


def prove(journal: Path) -> None:
    """Hold the books of a journal against their laws."""
    records = records_of(journal)
    ledger = Ledger(records[0].header.account)
    for record in records:
        ledger.apply(record)
    assert ledger.prove() == []
    assert ledger.issues == []


def wallet_of(journal: Path, asset: str = "USDT") -> str:
    """Give what the venue's wallet has to be by a journal alone: cash and open costs."""
    state = fold_records(records_of(journal))
    assert state is not None
    account = state.account
    cost = account.contracts.open_cost(Asset(asset), account.instruments)
    return amount_text(account.balances[Asset(asset)] + cost)


def agree(url: str, result: dict[str, Any], *, cwd: Path) -> Decimal:
    """Hold a journal against the exchange's own account; gives the position of both."""
    told = truth(url)["usdm"]
    state = holdfast("journal", "state", "j.db", "--json", cwd=cwd).json
    assert state["state_hash"] == result["journal"]["state_hash"]
    (held,) = [w["walletBalance"] for w in told["wallets"] if w["asset"] == "USDT"]
    assert Decimal(wallet_of(cwd / "j.db")) == Decimal(held), "not to the last digit"
    events = [r.event for r in records_of(cwd / "j.db")]
    assert not [e for e in events if isinstance(e, BalanceAdjusted | IncidentOpened)]
    position = sum((Decimal(p["quantity"]) for p in state["positions"]), Decimal(0))
    assert position == sum((Decimal(p["positionAmt"]) for p in told["positions"]), Decimal(0))
    return position


def test_paper_and_replay_make_the_same_trades_of_a_futures_recording(tmp_path: Path) -> None:
    data, made = needs(USDM_L2), []
    for mode in ("paper", "replay"):
        result = holdfast(
            "run", "--mode", mode, "--data", data, "--for", "120s", "--journal", f"{mode}.db",
            "--json", *STRATEGY, *(["--speed", "max"] if mode == "paper" else []), cwd=tmp_path,
        ).json  # fmt: skip
        assert result["pnl"]["funding"] == "0"
        fills = fills_of(tmp_path / f"{mode}.db")
        made.append([(f.side, f.last_price, f.last_quantity) for f in fills])
        assert min(steps_of(fills)) < 0, "no short position occurred"
        prove(tmp_path / f"{mode}.db")
    paper, replay = made
    assert len(paper) > 20
    assert [(side, size) for side, _, size in paper] == [
        (side, size) for side, _, size in replay
    ]
    same = sum(one == other for one, other in zip(paper, replay, strict=True))
    assert same >= 0.9 * len(paper), (
        "the wire groups depth, so a decision may come a message later"
    )


def test_a_short_at_the_exchange_is_the_position_of_the_journal(tmp_path: Path) -> None:
    data = needs(USDM_L2)
    with exchange("--data", data, "--speed", "max", cwd=tmp_path) as url:
        result = holdfast(
            "run", "--venue-url", url, "--journal", "j.db", "--for", "120s", "--json",
            *STRATEGY, cwd=tmp_path,
        ).json  # fmt: skip
        assert agree(url, result, cwd=tmp_path) != 0
    assert min(steps_of(fills_of(tmp_path / "j.db"))) < 0
    prove(tmp_path / "j.db")


def kill_when_short(process: subprocess.Popen[bytes], url: str) -> None:
    """Kill a trader once it has traded and is short."""
    for _ in range(POLLS):
        told = truth(url)["usdm"]
        held = [Decimal(p["positionAmt"]) for p in told["positions"]]
        if len(told["trades"]) >= EXECUTED and held and held[0] < 0:
            break
        time.sleep(POLL_S)
    process.kill()
    assert finish(process).code == -9, "the trader ended by itself"


def test_a_trader_killed_while_it_is_short_goes_on_with_its_position(tmp_path: Path) -> None:
    data = needs(USDM_L2)
    with exchange("--data", data, "--speed", "20", cwd=tmp_path) as url:
        arguments = ("run", "--venue-url", url, "--journal", "j.db", *STRATEGY)
        kill_when_short(start(*arguments, cwd=tmp_path), url)
        before = len(truth(url)["usdm"]["trades"])
        assert before >= EXECUTED
        result = holdfast(*arguments, "--resume", "--for", "40s", "--json", cwd=tmp_path).json
        told = truth(url)["usdm"]
        agree(url, result, cwd=tmp_path)
        booked = [fill.exec_id for fill in fills_of(tmp_path / "j.db")]
        assert len(booked) == len(set(booked)), "a fill was booked twice"
        assert set(booked) == {str(trade["id"]) for trade in told["trades"]}
        assert len(booked) > before, "nothing was traded after the resumption"
    prove(tmp_path / "j.db")


def test_through_faults_the_wallet_stays_the_exchanges_to_the_last_digit(
    tmp_path: Path,
) -> None:
    (tmp_path / "faults.toml").write_text("\n".join(FAULTS.values()))
    serving = ("--data", needs(USDM_L2), "--speed", "max", "--faults", "faults.toml")
    with exchange(*serving, cwd=tmp_path) as url:
        result = holdfast(
            "run", "--venue-url", url, "--journal", "j.db", "--for", "120s", "--json",
            "--strategy", QUOTES, cwd=tmp_path,
        ).json  # fmt: skip
        agree(url, result, cwd=tmp_path)
        told = truth(url)["usdm"]
    booked = [fill.exec_id for fill in fills_of(tmp_path / "j.db")]
    assert len(booked) == len(set(booked)), "a fill was booked twice"
    assert set(booked) == {str(trade["id"]) for trade in told["trades"]}
    assert result["orders"]["unknown"] == 0
    assert told["open_order_ids"] == []
    prove(tmp_path / "j.db")
