"""Whole runs, from recorded traffic to audited profit and loss (XCH-8, MKT-1, JNL-1, ACC-5)."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from holdfast.domain.event import Record
from holdfast.domain.events import IntentRefused, OrderFilled
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.verify import verify
from holdfast.ledger.ledger import Ledger
from tests.scenario.kit import DATA, QUOTES, TREND, finish, holdfast, needs, pairs, start

SPOT_L2 = "l2/binance-spot-BTCUSDT-20240808_09.raw.gz"
TRADES = "trades/binance-spot-BTCUSDC-aggTrades-2025-10-04.csv.gz"
USDM_L2 = "l2/binance-usdm-BTCUSDT-20240808.raw.gz"
BARS = sorted(
    str(path.relative_to(DATA))
    for folder in ("klines", "crash")
    for path in (DATA / folder).glob("*1m*.csv.gz")
    if "mark" not in path.name
)
NO_MARKETS = (
    "crash/binance-coinm-BTCUSD_PERP-mark-1m-2025-10-09_10.csv.gz",
    "crash/binance-usdm-BTCUSDT-bookDepth-2025-10-10.csv.gz",
    "funding/binance-usdm-funding-2026-01-12_2026-03-20.csv.gz",
)


def records_of(result: dict[str, Any], cwd: Path) -> list[Record]:
    """Read the journal that a run names."""
    store = SqliteStore.open(cwd / result["journal"]["path"], read_only=True)
    try:
        return list(store.read())
    finally:
        store.close()


def prove(result: dict[str, Any], cwd: Path) -> None:
    """Hold a result against its own journal: chain, state hash, books and identity."""
    journal = cwd / result["journal"]["path"]
    assert result["journal"]["verified"] is True
    assert verify(journal).head == result["journal"]["head"]
    state = holdfast("journal", "state", journal, "--json", cwd=cwd).json
    assert state["state_hash"] == result["journal"]["state_hash"]
    ledger = Ledger(records_of(result, cwd)[0].header.account)
    for record in records_of(result, cwd):
        ledger.apply(record)
    assert ledger.prove() == []
    figures = ledger.pnl().currencies
    assert [f.equity for f in figures] == [
        f.start + f.realized + f.unrealized - f.fees + f.funding for f in figures
    ]
    pnl = result["pnl"]
    gained = sum(Decimal(pnl[name]) for name in ("realized", "unrealized", "funding", "other"))
    assert Decimal(pnl["net"]) == gained - Decimal(pnl["fees"])
    assert (cwd / result["report"]).read_text().startswith("<!doctype html>")


def test_the_recorded_book_is_traded_through_sockets_to_its_end(tmp_path: Path) -> None:
    result = holdfast(
        "run", "--data", needs(SPOT_L2), "--mode", "paper", "--speed", "max", "--json",
        *pairs([TREND, QUOTES], "--strategy"), cwd=tmp_path,
    ).json  # fmt: skip
    prove(result, tmp_path)
    market = result["market"]
    assert market["gaps"] == 0
    assert market["trades"] == 19_904
    assert market["depth_updates"] == 6_495
    assert market["messages"] >= 19_904 + 6_495 + 73_173
    assert result["fills"] > 100
    assert result["orders"]["unknown"] == 0
    assert result["latency_us"]["tick_to_order"]["n"] == result["orders"]["submitted"]


def test_a_day_of_trades_is_traded_through_sockets_to_its_end(tmp_path: Path) -> None:
    result = holdfast(
        "run", "--data", needs(TRADES), "--mode", "paper", "--speed", "max", "--json",
        "--window", "8", cwd=tmp_path,
    ).json  # fmt: skip
    prove(result, tmp_path)
    assert result["market"]["trades"] == 140_489
    assert result["fills"] > 10


@pytest.mark.parametrize("file", [SPOT_L2, USDM_L2, TRADES, *BARS])
def test_every_recorded_market_replays_twice_to_the_same_journal(
    file: str, tmp_path: Path
) -> None:
    results = [
        holdfast("run", "--mode", "replay", "--data", needs(file), "--json", cwd=tmp_path).json
        for _ in range(2)
    ]
    heads = [(r["journal"]["head"], r["journal"]["state_hash"]) for r in results]
    assert heads[0] == heads[1]
    assert results[0]["market"]["gaps"] == 0
    assert results[0]["orders"]["submitted"] > 0
    prove(results[0], tmp_path)


@pytest.mark.parametrize("file", NO_MARKETS)
def test_a_file_without_a_market_is_refused_with_the_reason(file: str, tmp_path: Path) -> None:
    done = holdfast("run", "--mode", "replay", "--data", needs(file), cwd=tmp_path)
    assert done.code == 2
    assert "a market is a file with" in done.err
    assert not (tmp_path / "runs").exists()


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    heads = {
        holdfast(
            "run", "--mode", "replay", "--for", "60s", "--seed", seed, "--json", cwd=tmp_path
        ).json["journal"]["head"]
        for seed in ("1", "2")
    }
    assert len(heads) == 2


def test_paper_and_replay_make_the_same_trades_of_one_recording(tmp_path: Path) -> None:
    fills = []
    for mode in ("paper", "replay"):
        result = holdfast(
            "run", "--mode", mode, "--data", needs(SPOT_L2), "--for", "120s", "--json",
            *(["--speed", "max"] if mode == "paper" else []), cwd=tmp_path,
        ).json  # fmt: skip
        fills.append(
            [
                (r.event.side, r.event.last_price, r.event.last_quantity)
                for r in records_of(result, tmp_path)
                if isinstance(r.event, OrderFilled)
            ]
        )
    assert len(fills[0]) > 20
    assert fills[0] == fills[1]


def test_two_strategies_on_one_symbol_never_trade_with_each_other(tmp_path: Path) -> None:
    result = holdfast(
        "run", "--mode", "replay", "--data", needs(SPOT_L2), "--json",
        *pairs([TREND, QUOTES], "--strategy"), cwd=tmp_path,
    ).json  # fmt: skip
    records = records_of(result, tmp_path)
    fills = [r.event for r in records if isinstance(r.event, OrderFilled)]
    assert {fill.strategy for fill in fills} == {"trend", "quotes"}
    takers = {fill.exec_id for fill in fills if fill.liquidity_side == "taker"}
    makers = {fill.exec_id for fill in fills if fill.liquidity_side == "maker"}
    assert not takers & makers
    refusals = [r.event for r in records if isinstance(r.event, IntentRefused)]
    assert any(refusal.gate == "opposing" for e in refusals for refusal in e.refusals)
    sums = {p["strategy"]: Decimal(p["quantity"]) for p in result["positions"]}
    booked = {name: Decimal(0) for name in ("trend", "quotes")}
    for fill in fills:
        sign = 1 if fill.side == "buy" else -1
        booked[fill.strategy] += sign * Decimal(fill.last_quantity)
        if fill.fee_asset == "BTC":
            booked[fill.strategy] -= Decimal(fill.fee)
    assert {name: sums.get(name, Decimal(0)) for name in booked} == booked
    prove(result, tmp_path)


def test_both_durability_modes_end_in_the_same_books(tmp_path: Path) -> None:
    (tmp_path / "with.toml").write_text('[journal]\nintent_durability = "with-send"\n')
    result = holdfast(
        "run", "--config", "with.toml", "--data", needs(SPOT_L2), "--speed", "max",
        "--for", "60s", "--json", cwd=tmp_path,
    ).json  # fmt: skip
    assert result["fills"] > 10
    prove(result, tmp_path)


def test_ctrl_c_ends_a_run_in_order(tmp_path: Path) -> None:
    process = start(
        "run", "--until-end", "--journal", "j.db", "--strategy", QUOTES, cwd=tmp_path
    )
    assert process.stderr is not None
    for line in process.stderr:
        if b"paper/trading" in line and b"orders 0" not in line:
            break
    process.send_signal(2)
    done = finish(process)
    assert done.code == 0, done.err
    state = holdfast("journal", "state", "j.db", "--json", cwd=tmp_path).json
    assert state["open_orders"] == []
    last = records_of({"journal": {"path": "j.db"}}, tmp_path)[-2].event
    assert last.TYPE == "run.ended/1"
    assert (tmp_path / "j.html").exists()
