"""A journal goes on at the exchange that it traded on, and at no other."""

from pathlib import Path

from holdfast.journal.verify import verify
from tests.scenario.kit import exchange, holdfast, refused


def test_a_fresh_exchange_is_refused_in_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    trade = ("run", "--journal", "j.db", "--for", "5s")
    with exchange("--speed", "max", cwd=tmp_path) as url:
        first = holdfast(*trade, "--venue-url", url, "--json", cwd=tmp_path).json
        again = holdfast(*trade, "--venue-url", url, "--resume", "--json", cwd=tmp_path).json
    assert again["journal"]["events"] > first["journal"]["events"]
    before = verify(tmp_path / "j.db")
    with exchange("--speed", "max", cwd=tmp_path) as url:
        code, line = refused(*trade, "--venue-url", url, "--resume", cwd=tmp_path)
    assert code == 1
    assert "before the journal's last record" in line
    code, line = refused(*trade, "--resume", cwd=tmp_path)
    assert code == 1
    assert "before the journal's last record" in line
    assert verify(tmp_path / "j.db") == before
