"""A recording with long gaps is replayed as fast as one without, and says nothing in them."""

from pathlib import Path
from typing import Any

from holdfast.domain.events import BarrierPassed, MarkRecorded
from holdfast.journal.sqlite import SqliteStore
from tests.scenario.kit import QUOTES, holdfast, refused

START_MS = 1_700_000_000_000
STRETCH_MS = 20 * 60_000
YEAR_MS = 365 * 86_400_000
STRETCHES = 6
HEADER = (
    "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
)


def rows(start_ms: int, *, first: int) -> str:
    """Write trades of some minutes, one a second."""
    return "".join(
        f"{first + at},{100 + at % 7},1.5,{first + at},{first + at},{start_ms + at * 1_000},"
        f"{at % 3 == 0}\n"
        for at in range(STRETCH_MS // 1_000)
    )


def replay(cwd: Path, name: str) -> dict[str, Any]:
    return holdfast(
        "run", "--mode", "replay", "--data", "gaps.csv", "--symbol", "spot:AAAUSDT",
        "--strategy", QUOTES, "--journal", f"{name}.db", "--report", f"{name}.html", "--json",
        cwd=cwd,
    ).json  # fmt: skip


def test_years_without_a_trade_have_no_marks_and_no_barriers(tmp_path: Path) -> None:
    stretches = [
        rows(START_MS + at * YEAR_MS, first=1 + at * 10_000) for at in range(STRETCHES)
    ]
    (tmp_path / "gaps.csv").write_text(HEADER + "".join(stretches))
    result = replay(tmp_path, "a")
    store = SqliteStore.open(tmp_path / "a.db", read_only=True)
    records = list(store.read())
    store.close()
    stamps = [record.header.recorded_at_ns for record in records]
    assert stamps == sorted(stamps)
    minutes = STRETCHES * (STRETCH_MS // 60_000 + 2)
    marks = [record for record in records if isinstance(record.event, MarkRecorded)]
    assert minutes - 3 * STRETCHES <= len(marks) <= minutes
    barriers = [record for record in records if isinstance(record.event, BarrierPassed)]
    assert 3 * STRETCHES <= len(barriers) <= 6 * STRETCHES
    assert result["journal"]["verified"]
    assert replay(tmp_path, "b")["journal"]["head"] == result["journal"]["head"]


def test_one_wrong_time_is_named_before_a_journal_is_made(tmp_path: Path) -> None:
    wrong = f"7000,100,1,7000,7000,{START_MS + 73 * YEAR_MS},True\n"
    (tmp_path / "gaps.csv").write_text(HEADER + rows(START_MS, first=1) + wrong)
    code, line = refused(
        "run", "--mode", "replay", "--data", "gaps.csv", "--symbol", "spot:AAAUSDT",
        "--journal", "j.db", cwd=tmp_path,
    )  # fmt: skip
    assert code == 2
    assert "gaps.csv, line 1202: the time is 26644 days" in line
    assert [path.name for path in tmp_path.iterdir()] == ["gaps.csv"]
