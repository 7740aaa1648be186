"""The report of a run, as its reader meets it: complete, exact, harmless and small."""

import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from holdfast.domain import events as ev
from holdfast.domain.approval import Refusal
from holdfast.errors import UsageError
from holdfast.reports.markup import exact_text
from holdfast.reports.run_report import ReportExtra, render, write_report
from holdfast.reports.story import Story, read
from holdfast.reports.sub_positions import EXACT, sub_positions, total
from tests.unit.ledger.entries import BTCUSDC, BTCUSDT, filled, mark, opened
from tests.unit.reports.stories import DAY_AT_NS, journal, opening, record

VOID = {"meta"}


class Page(HTMLParser):
    """Reads a page and keeps what tests ask about; fails on tags that do not close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page_of(*events: ev.Event, extra: ReportExtra | None = None) -> str:
    records = [record(n, DAY_AT_NS + n * 10**9, event) for n, event in enumerate(events, 1)]
    return render(read(records), extra or ReportExtra())


def a_day() -> tuple[Story, str]:
    story = read(journal(300))
    return story, render(story, ReportExtra(latency_us=[100.0, 200.0, 5_000.0], verified=True))


def test_the_page_is_whole_and_asks_the_network_for_nothing():
    _, html = a_day()
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "image", "use"} & set(page.tags)
    assert not {"src", "href", "xlink:href"} & {name for name, _ in page.attributes}
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert not re.search(r"https?://|url\(|@import", html)
    assert "default-src 'none'" in html


def test_every_picture_says_in_words_what_it_shows():
    _, html = a_day()
    assert html.count("<svg") == 5
    assert (
        len(re.findall(r'<svg [^>]*role="img"><title>[^<]+</title><desc>[^<]+</desc>', html))
        == 5
    )


def test_the_figures_are_those_of_the_ledger_to_the_last_digit():
    story, html = a_day()
    total = story.pnl().total
    assert total is not None
    cells = re.findall(r"<td class=n>([^<]*)</td>", html)
    for amount in (total.realized, total.unrealized, total.fees, total.equity):
        digits = exact_text(abs(amount))
        assert any(cell.lstrip("\N{MINUS SIGN}").startswith(digits) for cell in cells)
    assert story.ledger.prove(story.marks) == []
    assert "Proved: debits equal credits" in html


def test_strategies_and_opening_balances_make_up_the_net_result():
    story, html = a_day()
    figures = story.pnl().total
    assert figures is not None
    own = total([row.result for row in sub_positions(story)])
    opened_btc = EXACT.multiply(Decimal("1.5"), Decimal(story.marks["BTCUSDT"]) - 60_000)
    assert total([own, opened_btc]) == figures.net
    assert f"<td class=n>{exact_text(own)}</td>" in html
    assert story.results["USDT"][-1][1] == pytest.approx(float(own))


def test_books_that_do_not_prove_are_named_in_the_report():
    story = read(journal(20))
    story.ledger._books.counts["BTC"] += 1
    html = render(story, ReportExtra())
    assert "The books do not prove" in html
    assert "lots + cash = count, BTC" in html


def test_the_same_records_make_the_same_page():
    assert a_day()[1] == a_day()[1]


def test_a_long_run_makes_a_small_page_with_its_first_and_last_fills():
    story = read(journal(5_000))
    html = render(story, ReportExtra())
    assert len(story.trades) > 4_000
    assert len(html) < 400_000
    assert f"The first 100 of {len(story.trades):,} fills" in html
    assert f"The last 100 of {len(story.trades):,} fills" in html
    assert f"{story.trades[-1].seq:,}</td>" in html


def test_what_a_journal_says_cannot_become_markup():
    hostile = '"><script>alert(1)</script>'
    refusal = Refusal(hostile, hostile)
    html = page_of(
        *opening([hostile]),
        filled("1", "buy 0.1 at 60000", strategy=hostile),
        ev.IntentRefused(hostile, hostile, "buy", "1", "1", "order", [refusal], 1, 0),
        ev.ReconciliationCompleted(hostile, 0, 0, [hostile], clean=False),
        ev.CommandReceived(hostile, hostile, hostile, "", {}, hostile),
        ev.RunEnded(hostile),
        extra=ReportExtra(journal=hostile, market={hostile: hostile}, latency_note=hostile),
    )
    assert "<script" not in html
    assert "script" not in Page(html).tags


def test_outcomes_refusals_and_reconciliations_are_counted():
    story, html = a_day()
    assert f"<td>All</td><td class=n>{len(story.outcomes):,}</td>" in html
    assert "<td>Rejected by the venue</td>" in html
    assert "<td>collar</td><td>trend</td><td class=n>12</td>" in html
    assert "2 comparisons with the venue" in html
    assert "one fill was late" in html
    assert "One level a side: 0.01 wide, 1 BTC large." in html


def test_latency_that_was_not_measured_is_said_so():
    assert "Not measured in this run." in page_of(*opening([]))
    noted = page_of(*opening([]), extra=ReportExtra(latency_note="Replay has no latency."))
    assert "Replay has no latency." in noted


def test_an_unverified_journal_is_marked():
    assert "not verified" in page_of(BTCUSDT, extra=ReportExtra(verified=False))
    assert "journal verified" not in page_of(BTCUSDT)


@pytest.mark.parametrize(
    "events",
    [
        (),
        (BTCUSDT,),
        (BTCUSDT, mark("BTCUSDT", "60000")),
        (BTCUSDT, opened("1000", "USDT", mark="1"), mark("BTCUSDT", "60000")),
        (BTCUSDT, filled("1", "buy 0.1 at 60000")),
    ],
    ids=["nothing", "an instrument", "a mark", "a balance", "a fill"],
)
def test_a_journal_with_hardly_anything_makes_a_page(events):
    assert "<h1>" in page_of(*events)


def test_two_currencies_have_two_curves_and_no_total():
    html = page_of(
        BTCUSDT,
        BTCUSDC,
        opened("1000", "USDT", mark="1"),
        opened("1000", "USDC", mark="1", currency="USDC"),
        mark("BTCUSDT", "60000"),
        filled("1", "buy 0.001 at 60000"),
        mark("BTCUSDT", "61000"),
    )
    assert "Equity, USDC" in html
    assert "Equity, USDT" in html
    assert "no total" in html


def test_issues_of_the_books_are_shown():
    html = page_of(BTCUSDT, filled("1", "sell 0.1 at 60000"))
    assert "<td>oversold</td>" in html


def test_the_file_is_written_and_an_unwritable_place_is_one_clear_line(tmp_path: Path):
    records = list(journal(5))
    path = tmp_path / "run.html"
    write_report(records, path, extra=ReportExtra())
    assert path.read_text("utf-8").startswith("<!doctype html>")
    with pytest.raises(UsageError, match=r"cannot write the report to .*: .*; name a writable"):
        write_report(records, tmp_path / "none" / "run.html", extra=ReportExtra())
