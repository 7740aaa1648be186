"""Recordings: segments, what a crash leaves, what is said of other files (MKT-1)."""

from pathlib import Path

import pytest

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_S, UtcNs
from holdfast.domain.market import BookTop
from holdfast.errors import DataError
from holdfast.recording.form import PART_SUFFIX, arrow
from holdfast.recording.reader import Gap, events_of, segments_of
from holdfast.recording.writer import RecordingWriter, Rotation, SessionTaken
from holdfast.testing.market import instrument

BTCUSDT = instrument()
ETHUSDT = instrument("ETHUSDT")


def top(number: int) -> BookTop:
    """Give the best prices of some update."""
    price = BTCUSDT.price("100")
    one = BTCUSDT.quantity("1")
    at_ns = UtcNs(number * NS_PER_S)
    return BookTop(BTCUSDT.symbol, number, price, one, price, one, at_ns, at_ns)


def writer_in(folder: Path, session: str = "s1", **rotation: int) -> RecordingWriter:
    return RecordingWriter(
        folder, [BTCUSDT], venue="test", session=session, rotation=Rotation(**rotation)
    )


def test_a_segment_ends_after_its_rows_or_its_time_whichever_is_first(tmp_path: Path) -> None:
    by_rows = writer_in(tmp_path / "rows", rows=3, length_ns=10**18)
    by_time = writer_in(tmp_path / "time", rows=10**6, length_ns=5 * NS_PER_S)
    for number in range(1, 11):
        by_rows.add(top(number), received_at_ns=number * NS_PER_S)
        by_time.add(top(number), received_at_ns=number * NS_PER_S)
    assert [one.rows for one in segments_of(tmp_path / "rows")] == [3, 3, 3]
    assert [one.rows for one in segments_of(tmp_path / "time")] == [6]
    by_rows.close()
    by_rows.close()
    assert [one.rows for one in segments_of(tmp_path / "rows")] == [3, 3, 3, 1]


def test_a_crash_loses_the_rows_of_one_segment_and_nothing_before(tmp_path: Path) -> None:
    writer = writer_in(tmp_path, rows=2)
    for number in range(1, 6):
        writer.add(top(number), received_at_ns=0)
    (tmp_path / f"s1-000002.parquet{PART_SUFFIX}").write_bytes(b"PAR1 half of a file")
    read = list(events_of(segments_of(tmp_path)))
    assert read == [top(number) for number in range(1, 5)]


def test_two_sessions_in_one_folder_follow_each_other_with_a_gap_between(
    tmp_path: Path,
) -> None:
    for session in ("a", "b"):
        writer = writer_in(tmp_path, session)
        writer.add(top(1), received_at_ns=0)
        writer.close()
    first, gap, second = events_of(segments_of(tmp_path))
    assert first == second == top(1)
    assert isinstance(gap, Gap)
    assert gap.symbol == ""


def test_a_session_is_never_written_over(tmp_path: Path) -> None:
    writer = writer_in(tmp_path)
    writer.add(top(1), received_at_ns=0)
    writer.close()
    with pytest.raises(DataError, match="give the session another name"):
        writer_in(tmp_path)


def test_a_name_belongs_to_the_writer_that_was_there_first_from_its_beginning(
    tmp_path: Path,
) -> None:
    first = writer_in(tmp_path)
    with pytest.raises(SessionTaken):
        writer_in(tmp_path)
    first.add(top(1), received_at_ns=0)
    first.close()
    assert list(events_of(segments_of(tmp_path))) == [top(1)]
    assert [path.suffix for path in tmp_path.iterdir()] == [".parquet"]


def test_a_session_without_a_message_leaves_nothing(tmp_path: Path) -> None:
    writer_in(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_other_programs_read_it_as_plain_parquet(tmp_path: Path) -> None:
    writer = writer_in(tmp_path)
    writer.add(top(7), received_at_ns=0)
    writer.gap(Symbol("BTCUSDT"), "disconnected", at_ns=5)
    writer.close()
    table = arrow().parquet.read_table(writer.segments[0])
    assert table.column("kind").to_pylist() == ["top", "gap"]
    assert table.column("bid").to_pylist() == ["100", None]
    assert table.column("note").to_pylist() == [None, "disconnected"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.parquet", b"not parquet", "no Parquet file that can be read"),
        ("x.parquet", b"", "no Parquet file that can be read"),
        ("x.csv", b"1,2,3", "holds no .parquet file"),
    ],
)
def test_a_file_that_is_no_recording_is_named_in_one_line(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said):
        segments_of(tmp_path)


def test_somebody_elses_parquet_is_no_recording(tmp_path: Path) -> None:
    pa = arrow()
    pa.parquet.write_table(pa.table({"a": [1]}), tmp_path / "x.parquet")
    with pytest.raises(DataError, match="no recording of this program"):
        segments_of(tmp_path)


def test_a_damaged_page_is_named_with_its_file(tmp_path: Path) -> None:
    writer = writer_in(tmp_path)
    for number in range(1, 2_000):
        writer.add(top(number), received_at_ns=0)
    writer.close()
    path = writer.segments[0]
    data = bytearray(path.read_bytes())
    data[40:400] = bytes(360)
    path.write_bytes(data)
    with pytest.raises(DataError, match="s1-000000"):
        list(events_of(segments_of(tmp_path)))


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match="nothing can be recorded there"):
        writer_in(tmp_path / "file")
