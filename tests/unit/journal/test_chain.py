"""The chain covers header and body, and names the first record that does not follow."""

import pytest

from holdfast.domain.event import Header
from holdfast.domain.ids import AccountId, Epoch, Shard
from holdfast.domain.instant import UtcNs
from holdfast.errors import JournalCorrupt
from holdfast.journal.chain import GENESIS, Head, Row, header_bytes, link, walk
from tests.unit.journal.kit import MemoryStore, fill, journal_on


@pytest.fixture
def rows() -> list[Row]:
    store = MemoryStore()
    fill(journal_on(store), 5)
    return store.rows


def test_a_stored_hash_is_the_link_over_the_header_and_the_stored_bytes(
    rows: list[Row],
) -> None:
    previous = GENESIS
    for seq, account, shard, epoch, kind, at_ns, body, stored in rows:
        header = Header(seq, AccountId(account), Shard(shard), Epoch(epoch), kind, UtcNs(at_ns))
        previous = link(previous, header_bytes(header), body=body)
        assert previous == stored


def test_rows_that_follow_each_other_pass_unchanged(rows: list[Row]) -> None:
    assert list(walk(rows, after=Head())) == rows
    assert list(walk(rows[3:], after=Head(3, rows[2][7]))) == rows[3:]


CHANGES = [
    (0, 99), (1, "other"), (2, 7), (3, 9), (4, "run.ended/2"), (5, 1), (6, b"\x91\xa1x"),
    (6, "text"), (7, bytes(32)), (7, None), (0, None), (5, 1.5),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value"), CHANGES)
def test_a_changed_value_in_any_column_is_named(
    rows: list[Row], column: int, value: object
) -> None:
    changed = list(rows[3])
    changed[column] = value
    with pytest.raises(JournalCorrupt, match="record 4"):
        list(walk([*rows[:3], tuple(changed), *rows[4:]], after=Head()))  # type: ignore[list-item]


@pytest.mark.parametrize("order", [[0, 1, 3, 4], [1, 0, 2], [0, 0, 1], [1]])
def test_rows_that_are_missing_repeated_or_swapped_are_named(
    rows: list[Row], order: list[int]
) -> None:
    with pytest.raises(JournalCorrupt, match=r"record \d is missing"):
        list(walk([rows[index] for index in order], after=Head()))


def test_what_was_good_before_the_first_bad_record_was_passed_on(rows: list[Row]) -> None:
    passed = []
    with pytest.raises(JournalCorrupt):
        passed.extend(walk([*rows[:3], rows[4]], after=Head()))
    walked = walk([*rows[:3], rows[4]], after=Head())
    assert [next(walked) for _ in range(3)] == rows[:3]
