"""Laws of recordings: what was written is read, in order, exactly; what is missing is a gap."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.domain.market import (
    BookTop,
    DepthDiff,
    DepthSnapshot,
    MarketEvent,
    MarkPrice,
    TradePrint,
)
from holdfast.recording.reader import Gap, events_of, segments_of
from holdfast.recording.writer import RecordingWriter, Rotation
from holdfast.testing.market import instrument

BTCUSDT = instrument()
NUMBER = st.integers(0, 10**25)
STAMP = st.integers(0, 2**62)
LEVELS = st.lists(st.tuples(NUMBER, NUMBER), max_size=4)
SYMBOL = st.just(BTCUSDT.symbol)
PREVIOUS = st.integers(-1, 2**62)
RATE = st.sampled_from(["0.0001", "-0.00206"])
EVENT: st.SearchStrategy[MarketEvent] = st.one_of(
    st.builds(BookTop, SYMBOL, STAMP, NUMBER, NUMBER, NUMBER, NUMBER, STAMP, STAMP),
    st.builds(TradePrint, SYMBOL, STAMP, NUMBER, NUMBER, st.booleans(), STAMP, STAMP),
    st.builds(DepthDiff, SYMBOL, STAMP, STAMP, PREVIOUS, LEVELS, LEVELS, STAMP, STAMP),
    st.builds(DepthSnapshot, SYMBOL, STAMP, LEVELS, LEVELS, STAMP),
    st.builds(MarkPrice, SYMBOL, NUMBER, NUMBER, RATE, STAMP, STAMP, STAMP),
)  # fmt: skip
MESSAGE = st.one_of(EVENT, st.builds(Gap, SYMBOL, st.text(max_size=20), STAMP))


def write(folder: Path, messages: list[MarketEvent | Gap], *, rows: int) -> RecordingWriter:
    writer = RecordingWriter(
        folder, [BTCUSDT], venue="test", session="s1", rotation=Rotation(rows=rows)
    )
    for message in messages:
        if isinstance(message, Gap):
            writer.gap(message.symbol, message.note, at_ns=message.at_ns)
        else:
            writer.add(message, received_at_ns=0)
    writer.close()
    return writer


@settings(max_examples=40, deadline=None)
@given(st.lists(MESSAGE, min_size=1, max_size=30), st.integers(1, 10))
def test_what_was_recorded_is_read_back_exactly_and_in_order(
    messages: list[MarketEvent | Gap], rows: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), messages, rows=rows)
        assert list(events_of(segments_of(Path(name)))) == messages


@settings(max_examples=25, deadline=None)
@given(st.lists(EVENT, min_size=6, max_size=20), st.data())
def test_a_segment_that_is_missing_is_a_gap_of_everything(
    messages: list[MarketEvent], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        writer = write(Path(name), list(messages), rows=2)
        lost = data.draw(st.integers(0, len(writer.segments) - 2))
        writer.segments[lost].unlink()
        read = list(events_of(segments_of(Path(name))))
        gaps = [place for place, event in enumerate(read) if isinstance(event, Gap)]
        assert gaps == [2 * lost]
        assert read[: 2 * lost] == messages[: 2 * lost]
        assert read[2 * lost + 1 :] == messages[2 * lost + 2 :]
