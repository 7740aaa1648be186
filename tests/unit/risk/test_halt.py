"""Pauses, halts and blocks: what keeps new risk away, for how long, and in whose words."""

import pytest

from holdfast.domain import events as ev
from holdfast.risk.halt import ACCOUNT, UNRECONCILED, Halts, TradingState


@pytest.fixture
def halts() -> Halts:
    halts = Halts()
    halts.unblock(UNRECONCILED)
    return halts


def test_an_account_begins_blocked_until_it_was_reconciled() -> None:
    halts = Halts()
    assert not halts.is_clear
    assert halts.reason("trend", "BTCUSDT") == UNRECONCILED
    halts.unblock(UNRECONCILED)
    assert halts.is_clear
    assert halts.reason("trend", "BTCUSDT") == ""


@pytest.mark.parametrize(
    ("scope", "reason"),
    [(ACCOUNT, "account paused"), ("trend", "strategy paused"), ("BTCUSDT", "symbol paused")],
)
def test_a_pause_holds_in_its_scope_until_it_is_resumed(
    halts: Halts, scope: str, reason: str
) -> None:
    halts.apply(ev.TradingPaused(scope, "me", "lunch"))
    assert halts.reason("trend", "BTCUSDT") == reason
    assert bool(halts.reason("quotes", "ETHUSDT")) is (scope == ACCOUNT)
    halts.apply(ev.TradingResumed(scope, "me", "back"))
    assert halts.reason("trend", "BTCUSDT") == ""
    assert halts.is_clear


def test_a_halted_strategy_is_not_resumed_but_started_anew(halts: Halts) -> None:
    halts.apply(ev.StrategyHalted("trend", "it raised"))
    halts.apply(ev.TradingResumed("trend", "me", "go"))
    assert halts.reason("trend", "BTCUSDT") == "strategy halted"
    assert halts.reason("quotes", "BTCUSDT") == ""
    halts.apply(ev.StrategyStarted("trend", ["BTCUSDT"], ""))
    assert halts.is_clear


def test_a_start_does_not_resume_what_a_person_paused(halts: Halts) -> None:
    halts.apply(ev.TradingPaused("trend", "me", ""))
    halts.apply(ev.StrategyStarted("trend", ["BTCUSDT"], ""))
    assert halts.state("trend") is TradingState.REDUCING


def test_pause_and_halt_of_one_strategy_end_each_by_its_own_means(halts: Halts) -> None:
    halts.apply(ev.StrategyHalted("trend", "it raised"))
    halts.apply(ev.TradingPaused("trend", "me", ""))
    halts.apply(ev.TradingResumed("trend", "me", ""))
    assert halts.state("trend") is TradingState.HALTED
    halts.apply(ev.TradingPaused("trend", "me", ""))
    halts.apply(ev.StrategyStarted("trend", ["BTCUSDT"], ""))
    assert halts.state("trend") is TradingState.REDUCING


def test_blocks_come_and_go_by_name_and_are_not_in_the_hash(halts: Halts) -> None:
    halts.block("the journal lags", "300 ms")
    halts.block("the journal lags", "400 ms")
    assert halts.blocks == {"the journal lags": "400 ms"}
    assert halts.canonical() == {"halted": [], "paused": []}
    halts.unblock("the journal lags")
    halts.unblock("the journal lags")
    assert halts.is_clear


def test_the_hash_covers_pauses_and_halts_in_order(halts: Halts) -> None:
    halts.apply(ev.TradingPaused("trend", "me", ""))
    halts.apply(ev.TradingPaused(ACCOUNT, "me", ""))
    halts.apply(ev.StrategyHalted("quotes", ""))
    assert halts.canonical() == {"halted": ["quotes"], "paused": ["account", "trend"]}
