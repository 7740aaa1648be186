"""The ledger as a bookkeeper would check it: events in, accounts and lots out."""

import pytest

from holdfast.ledger import Ledger, OpenLot
from tests.unit.ledger.entries import (
    BTCUSDC,
    BTCUSDT,
    ETHBTC,
    SOLPERP,
    accounts,
    adjusted,
    filled,
    instrument,
    ledger,
    mark,
    opened,
    seen,
)


def figures(books: Ledger, price: str = "") -> dict[str, str]:
    total = books.pnl({"BTCUSDT": price} if price else {}).total
    assert total is not None
    names = ("start", "realized", "unrealized", "fees", "net", "cash", "inventory", "equity")
    return {name: format(getattr(total, name), "f") for name in names}


def test_a_purchase_moves_cash_into_inventory_at_cost():
    books = ledger(BTCUSDT, opened("1000", "USDT"), filled("1", "buy 0.01 at 50000"))
    assert accounts(books) == {
        "assets:cash USDT": "500",
        "assets:inventory:BTC USDT": "500",
        "equity:opening USDT": "-1000",
    }
    assert books.lots == [OpenLot("BTC", "USDT", "0.01", "500")]


def test_a_sale_closes_the_oldest_lot_first():
    books = ledger(
        BTCUSDT,
        opened("1000", "USDT"),
        filled("1", "buy 0.01 at 20000"),
        filled("2", "buy 0.01 at 30000"),
        filled("3", "sell 0.015 at 40000"),
    )
    assert accounts(books)["income:realized USDT"] == "-250"
    assert books.lots == [OpenLot("BTC", "USDT", "0.005", "150")]
    assert figures(books, "40000") == {
        "start": "1000",
        "realized": "250",
        "unrealized": "50",
        "fees": "0",
        "net": "300",
        "cash": "1100",
        "inventory": "200",
        "equity": "1300",
    }


def test_a_fee_in_the_quote_is_apart_from_cost_and_proceeds():
    books = ledger(
        BTCUSDT,
        opened("1000", "USDT"),
        filled("1", "buy 0.01 at 50000", fee="0.5 USDT", fee_value="0.5"),
        filled("2", "sell 0.01 at 50000", fee="0.5 USDT", fee_value="0.5"),
    )
    assert accounts(books) == {
        "assets:cash USDT": "999",
        "equity:opening USDT": "-1000",
        "expenses:trading_fees USDT": "1",
    }


def test_a_fee_in_the_bought_coin_is_a_sale_of_it_at_the_fill():
    books = ledger(
        BTCUSDT,
        opened("1000", "USDT"),
        filled("1", "buy 0.01 at 50000", fee="0.00001 BTC", fee_value="0.5"),
    )
    assert accounts(books)["expenses:trading_fees USDT"] == "0.5"
    assert books.lots == [OpenLot("BTC", "USDT", "0.00999", "499.5")]
    assert books.balance("BTC") == "0.00999"
    assert books.prove({"BTCUSDT": "1"}) == []


def test_a_third_coin_spent_as_a_fee_realizes_its_own_gain():
    books = ledger(
        BTCUSDT,
        opened("1000", "USDT"),
        opened("1", "BNB", mark="500"),
        filled("1", "buy 0.01 at 50000", fee="0.001 BNB", fee_value="0.6"),
    )
    assert accounts(books)["expenses:trading_fees USDT"] == "0.6"
    assert accounts(books)["income:realized USDT"] == "-0.1"
    assert accounts(books)["assets:inventory:BNB USDT"] == "499.5"


def test_a_rebate_in_another_coin_is_a_lot_at_its_value():
    books = ledger(
        BTCUSDT,
        opened("1000", "USDT"),
        filled("1", "buy 0.01 at 50000", fee="-0.003 BNB", fee_value="-1"),
    )
    assert accounts(books)["expenses:trading_fees USDT"] == "-1"
    assert OpenLot("BNB", "USDT", "0.003", "1") in books.lots
    assert books.prove() == []


def test_a_rebate_in_the_quote_lowers_the_fees():
    books = ledger(
        BTCUSDT,
        opened("1000", "USDT"),
        filled("1", "buy 0.01 at 50000", fee="-0.1 USDT", fee_value="-0.1"),
    )
    assert accounts(books)["expenses:trading_fees USDT"] == "-0.1"
    assert accounts(books)["assets:cash USDT"] == "500.1"


@pytest.mark.parametrize("value", ["", "0"])
def test_a_fee_without_a_value_is_an_issue_and_not_a_guess(value):
    books = ledger(
        BTCUSDT,
        opened("1", "BNB", mark="500"),
        filled("1", "buy 0.01 at 50000", fee="0.001 BNB", fee_value=value),
    )
    assert [(issue.code, issue.asset) for issue in books.issues] == [("rate_missing", "BNB")]
    assert "expenses:trading_fees USDT" not in accounts(books)


def test_the_same_execution_is_posted_once():
    buy = filled("1", "buy 0.01 at 50000")
    books = ledger(BTCUSDT, opened("1000", "USDT"), buy)
    before = books.canonical()
    assert books.apply(buy) is None
    assert books.apply(seen(buy)) is None
    assert books.canonical() == before


def test_both_sides_of_a_trade_with_oneself_are_posted():
    books = ledger(
        BTCUSDT,
        opened("1", "BTC", mark="50000"),
        filled("1", "buy 0.01 at 50000"),
        filled("1", "sell 0.01 at 50000"),
    )
    assert books.balance("BTC") == "1"


def test_executions_with_unlike_ids_are_different_ones():
    names = ("7", "07", "7a", "0")
    books = ledger(BTCUSDT, *(filled(name, "buy 0.01 at 50000") for name in names))
    assert books.balance("BTC") == "0.04"


def test_an_oversold_coin_is_an_issue_and_stands_in_its_own_account():
    books = ledger(BTCUSDT, filled("1", "sell 0.01 at 50000"))
    assert [(i.code, i.asset, i.quantity) for i in books.issues] == [
        ("oversold", "BTC", "0.01")
    ]
    assert accounts(books) == {
        "assets:cash USDT": "500",
        "assets:oversold:BTC USDT": "-500",
    }
    assert books.prove({"BTCUSDT": "51000"}) == []


def test_a_purchase_that_comes_late_closes_what_was_oversold():
    books = ledger(BTCUSDT, filled("2", "sell 0.01 at 50000"), filled("1", "buy 0.03 at 40000"))
    assert accounts(books) == {
        "assets:cash USDT": "-700",
        "assets:inventory:BTC USDT": "800",
        "income:realized USDT": "-100",
    }


def test_a_linear_contract_turns_from_long_to_short_without_an_issue():
    books = ledger(
        SOLPERP,
        opened("1000", "USDT"),
        filled("1", "buy 2 at 100", symbol="SOLPERP", product="linear"),
        filled("2", "sell 5 at 110", symbol="SOLPERP", product="linear"),
        filled("3", "buy 1 at 90", symbol="SOLPERP", product="linear"),
    )
    assert books.issues == []
    assert books.lots == [OpenLot("SOLPERP", "USDT", "-2", "-220")]
    assert accounts(books)["income:realized USDT"] == "-40"
    total = books.pnl({"SOLPERP": "120"}).total
    assert total is not None
    assert (total.unrealized, total.net, total.equity) == (-20, 20, 1020)
    assert books.prove({"SOLPERP": "120"}) == []


def test_an_inverse_contract_is_refused_by_name():
    product = instrument("BTCUSD", "BTC", quote="USD").definition | {"product": "inverse"}
    registered = type(BTCUSDT)("BTCUSD", product)
    books = ledger(registered, filled("1", "buy 1 at 50000", symbol="BTCUSD"))
    assert [issue.code for issue in books.issues] == ["product_unsupported"]
    assert books.trial_balance() == []


def test_what_the_venue_has_more_of_stands_in_suspense_at_its_mark():
    books = ledger(
        BTCUSDT,
        opened("1000", "USDT"),
        adjusted("0.01", "BTC", mark="50000"),
        adjusted("-3", "USDT"),
    )
    assert accounts(books) == {
        "assets:cash USDT": "997",
        "assets:inventory:BTC USDT": "500",
        "equity:opening USDT": "-1000",
        "equity:suspense USDT": "-497",
    }
    assert books.prove() == []


def test_marks_value_the_books_and_change_nothing():
    books = ledger(BTCUSDT, opened("1000", "USDT"), filled("1", "buy 0.01 at 50000"))
    before = books.canonical()
    assert books.apply(mark("BTCUSDT", "52000")) is None
    assert books.canonical() == before
    assert figures(books)["unrealized"] == "20"
    assert figures(books, "49000")["unrealized"] == "-10"


def test_what_has_no_mark_is_valued_at_cost_and_named():
    books = ledger(BTCUSDT, opened("1000", "USDT"), filled("1", "buy 0.01 at 50000"))
    assert books.pnl().unmarked == ("BTC",)
    assert figures(books)["unrealized"] == "0"


def test_two_quote_currencies_have_two_results_and_no_total():
    books = ledger(
        BTCUSDT,
        BTCUSDC,
        opened("1000", "USDT"),
        opened("1000", "USDC", mark="1"),
        filled("1", "buy 0.01 at 50000"),
        filled("2", "buy 0.01 at 50100", symbol="BTCUSDC"),
        filled("3", "sell 0.01 at 51000", symbol="BTCUSDC", fee="1 USDC", fee_value="1"),
    )
    assert books.pnl().total is None
    summary = books.summary({"BTCUSDT": "50500", "BTCUSDC": "50500"})
    assert (summary.currency, summary.net) == ("USDC,USDT", "")
    assert [(s.currency, s.realized, s.net) for s in summary.by_currency] == [
        ("USDC", "9", "8"),
        ("USDT", "0", "5"),
    ]


def test_a_coin_bought_for_one_currency_and_sold_for_another_realizes_no_guess():
    books = ledger(
        BTCUSDT,
        BTCUSDC,
        opened("1000", "USDT"),
        filled("1", "buy 0.01 at 50000"),
        filled("2", "sell 0.01 at 51000", symbol="BTCUSDC"),
    )
    assert [issue.code for issue in books.issues] == ["rate_missing"]
    assert "income:realized USDC" not in accounts(books)
    assert accounts(books)["equity:fx USDT"] == "500"
    assert accounts(books)["equity:fx USDC"] == "-510"
    assert books.prove() == []


def test_a_coin_that_pays_for_another_leaves_its_lots_at_cost():
    books = ledger(
        BTCUSDT,
        ETHBTC,
        opened("1000", "USDT"),
        filled("1", "buy 0.01 at 50000"),
        filled("2", "buy 0.1 at 0.05", symbol="ETHBTC"),
    )
    assert OpenLot("ETH", "BTC", "0.1", "0.005") in books.lots
    assert OpenLot("BTC", "USDT", "0.005", "250") in books.lots
    assert books.balance("BTC") == "0.005"
    assert books.prove() == []


def test_a_sale_draws_on_coins_that_another_trade_left_as_cash():
    books = ledger(
        BTCUSDT,
        ETHBTC,
        opened("1", "ETH", mark="0.05", currency="BTC"),
        filled("1", "sell 1 at 0.05", symbol="ETHBTC"),
        filled("2", "sell 0.05 at 50000"),
    )
    assert books.balance("BTC") == "0"
    assert [issue.code for issue in books.issues] == ["rate_missing"]
    assert books.prove() == []


def test_an_empty_ledger_has_an_empty_summary():
    assert ledger().summary().net == "0"
    assert ledger(BTCUSDT).summary().currency == "USDT"


def test_a_transaction_names_its_postings():
    books = ledger(BTCUSDT)
    transaction = books.apply(filled("1", "buy 0.01 at 50000", fee="0.5 USDT"))
    assert transaction is not None
    assert [posting.account for posting in transaction.postings] == [
        "assets:inventory:BTC",
        "assets:cash",
        "assets:cash",
        "expenses:trading_fees",
    ]
    assert sum(posting.amount for posting in transaction.postings) == 0


def test_a_number_that_is_none_is_refused():
    with pytest.raises(ValueError, match="not a plain decimal number"):
        ledger(BTCUSDT, filled("1", "buy 1e3 at 50000"))
