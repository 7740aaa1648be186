"""What nobody here ordered stands in the report: strangers, incidents, funding, positions."""

from holdfast.domain import events as ev
from holdfast.reports.run_report import ReportExtra, render
from holdfast.reports.story import read
from tests.unit.ledger.entries import SOLPERP, opened
from tests.unit.reports.stories import opening, record

HAPPENED: list[ev.Event] = [
    *opening([]),
    SOLPERP,
    opened("100", "USDT"),
    ev.PositionOpened("SOLPERP", "both", "3", "20.5", "61.5", "before the journal"),
    ev.FundingPaid("1", "SOLPERP", "USDT", "-0.25", 1),
    ev.FundingPaid("2", "SOLPERP", "USDT", "0.05", 1),
    ev.WalletMoved("1", "TRANSFER", "", "USDT", "7", "", "1", "USDT", 1),
    ev.ForeignOrderSeen("web_1", "9", "SOLPERP", "buy", "2", "NEW", ours=False),
    ev.ForeignOrderSeen("HTHEM1", "10", "SOLPERP", "buy", "2", "NEW", ours=True),
    ev.ForeignOrderSeen(
        "autoclose-1", "11", "SOLPERP", "sell", "3", "NEW", False, "liquidation"
    ),
    ev.IncidentOpened("liquidation", "SOLPERP", "order autoclose-1", 2, ["one", "two"]),
    ev.IncidentClosed("liquidation", "SOLPERP", "ann: seen"),
    ev.SymbolQuarantined("SOLPERP", "no agreement", 20, ["one"]),
    ev.SymbolReleased("SOLPERP", "a clean comparison", 1, []),
]


def page(*events: ev.Event) -> str:
    story = read(record(seq, seq, event) for seq, event in enumerate(events, 1))
    return render(story, ReportExtra())


def test_everything_that_others_did_is_in_the_report_in_words() -> None:
    text = page(*HAPPENED)
    for said in (
        "Position of SOLPERP taken over",
        "3 at 20.5: before the journal",
        "Order of somebody else",
        "Order of another instance",
        "Order of liquidation",
        "Incident, SOLPERP: liquidation",
        "order autoclose-1 (one; two)",
        "Incident over, SOLPERP: liquidation",
        "SOLPERP quarantined",
        "SOLPERP released",
    ):
        assert said in text, said


def test_movements_of_the_wallet_are_added_up_by_kind_and_asset() -> None:
    text = page(*HAPPENED)
    assert "Movements of the wallet" in text
    assert "FUNDING_FEE" in text
    assert "TRANSFER" in text
    assert "Transferred into or out of the wallet" in text
    assert "Movements of the wallet" not in page(*opening([])), "an empty table is left out"
