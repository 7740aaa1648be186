"""What the report of a run says was assumed."""

from pathlib import Path

import msgspec

from holdfast.simexchange.accounts import AccountSpec, demonstration_account
from holdfast.simexchange.assumptions import Discount, Exact, load_assumptions
from holdfast.simexchange.notes import opening_notes, trading_notes
from holdfast.simexchange.numbers import E8
from holdfast.simexchange.source import open_market
from tests.property.sim_kit import RULES

ASSUMED = load_assumptions()
LINEAR = msgspec.structs.replace(RULES, product="linear")


def test_fees_delays_and_queue_are_stated_as_they_are_used() -> None:
    fees, delays, queue = trading_notes([RULES], ASSUMED)
    assert fees == f"{RULES.symbol}: fees 0.1 % maker, 0.1 % taker, of what is received"
    assert "takes effect 2 ms after it arrived, a cancel 2 ms, and up to 0.5 ms" in delays
    assert "a commit takes 0.3 ms" in delays
    assert "so do 50 % of what disappears without a trade" in queue


def test_other_assumptions_make_other_notes() -> None:
    queue = msgspec.structs.replace(
        ASSUMED.queue, cancels_ahead=Exact(E8 // 8), fill_when_crossed=False
    )
    discount = Discount(asset="CCC", share=Exact(E8 // 4), prices={"BBB": Exact(2 * E8)})
    fees = msgspec.structs.replace(ASSUMED.fees, discount=discount)
    assumed = msgspec.structs.replace(ASSUMED, queue=queue, fees=fees)
    said = trading_notes([LINEAR], assumed)
    assert said[0] == (
        f"{RULES.symbol}: fees 0.02 % maker, 0.05 % taker, in BBB; 25 % less when paid in CCC, "
        "worth 2 BBB"
    )
    assert "12.5 %" in said[-1]
    assert "does not fill it" in said[-1]


def test_an_account_s_opening_balances_and_own_fees_are_stated() -> None:
    assert opening_notes([demonstration_account({RULES.symbol: RULES})]) == [
        "account demo opens with 100 AAA, 100000 BBB"
    ]
    own = AccountSpec(name="desk", keys=(), balances={}, maker_rate=-5_000, taker_rate=0)
    assert opening_notes([own]) == [
        "account desk opens with nothing; its own fees: -0.005 % maker, 0 % taker"
    ]


def test_a_market_without_depth_says_how_its_book_is_made(tmp_path: Path) -> None:
    path = tmp_path / "binance-spot-BTCUSDC-aggTrades-1.csv"
    path.write_text("7,100.50,0.30,11,13,1700000000000001,True,True\n")
    notes = open_market([path], assumptions=ASSUMED).notes
    [book] = [note for note in notes if "one level a side" in note]
    assert "spread 1 tick or 0 bps, the wider, each side worth 20000 USDC" in book
    assert "beyond it a resting order waits behind as much" in book
    assert "BTCUSDC: fees 0.1 % maker, 0.1 % taker, of what is received" in notes
    assert not [note for note in notes if "\n" in note]
