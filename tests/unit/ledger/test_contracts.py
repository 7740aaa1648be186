"""What a margin account books beside fills: funding, movements, positions that stood before."""

from decimal import Decimal

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.account import Account
from holdfast.domain.ids import AccountId
from holdfast.domain.money import amount_text
from holdfast.ledger import OpenLot
from tests.unit.ledger.entries import SOLPERP, accounts, filled, ledger, mark, opened, seen

HELD = ev.PositionOpened("SOLPERP", "both", "3", "20.5", "61.5", "venue")


def funding(amount: str, tran_id: str = "1") -> ev.FundingPaid:
    return ev.FundingPaid(tran_id, "SOLPERP", "USDT", amount, 7)


def moved(kind: str, amount: str, *, asset: str = "USDT", price: str = "1") -> ev.WalletMoved:
    return ev.WalletMoved("1", kind, "", asset, amount, "", price, "USDT", 7)


def test_funding_is_neither_price_result_nor_fee_and_is_posted_once() -> None:
    books = ledger(SOLPERP, opened("100", "USDT"), funding("-0.25"), funding("-0.25"))
    assert accounts(books) == {
        "assets:cash USDT": "99.75",
        "equity:opening USDT": "-100",
        "income:funding USDT": "0.25",
    }
    total = books.pnl().total
    assert total is not None
    assert (total.funding, total.net) == (Decimal("-0.25"), Decimal("-0.25"))
    assert books.prove() == []


def test_one_id_of_two_kinds_is_two_movements() -> None:
    books = ledger(SOLPERP, funding("1"), moved("TRANSFER", "5"), moved("REFERRAL", "2"))
    assert books.balance("USDT") == "8"


def test_a_transfer_is_no_result_and_insurance_is() -> None:
    books = ledger(
        SOLPERP, opened("100", "USDT"), moved("TRANSFER", "40"), moved("INSURANCE_CLEAR", "-3")
    )
    assert accounts(books)["equity:transfers USDT"] == "-40"
    assert accounts(books)["income:other:insurance_clear USDT"] == "3"
    total = books.pnl().total
    assert total is not None
    assert (total.transferred, total.other, total.net) == (40, -3, -3)
    assert books.summary().other == "-3"
    assert books.prove() == []


def test_a_coin_that_is_transferred_is_a_lot_at_its_mark() -> None:
    books = ledger(SOLPERP, moved("TRANSFER", "2", asset="BNB", price="300"))
    assert books.lots == [OpenLot("BNB", "USDT", "2", "600")]
    assert books.prove() == []


def test_a_position_that_stood_before_is_a_lot_at_its_entry_price() -> None:
    books = ledger(SOLPERP, opened("100", "USDT"), HELD, mark("SOLPERP", "21"))
    assert books.lots == [OpenLot("SOLPERP", "USDT", "3", "61.5")]
    total = books.pnl().total
    assert total is not None
    assert (total.unrealized, total.equity) == (Decimal("1.5"), Decimal("101.5"))
    assert books.prove() == []


def test_account_and_ledger_hold_the_same_cash_and_the_wallet_is_both_sides_of_it() -> None:
    events = [
        SOLPERP,
        opened("100", "USDT"),
        HELD,
        seen(filled("5", "sell 3 at 22", symbol="SOLPERP", product="linear")),
    ]
    account = Account(AccountId("desk"))
    for event in events:
        fold.apply(account, event)
    assert amount_text(account.balances["USDT"]) == ledger(*events).balance("USDT") == "104.5"
