"""Client order ids: short, unique, and naming who sent the order."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain.ids import (
    SHARD_COUNT,
    ClientOrderIds,
    Epoch,
    JournalId,
    Shard,
    Symbol,
    base32,
    epoch_of,
    is_ours,
    journal_id,
    journal_of,
    shard_in,
    shard_of,
)


def test_an_id_fits_the_venue_and_names_journal_shard_and_epoch() -> None:
    ids = ClientOrderIds(JournalId("ABC12"), Shard(19), Epoch(1_000_000))
    first = ids.next()
    assert re.fullmatch(r"[A-Za-z0-9]{1,20}", first)
    assert is_ours(first)
    assert journal_of(first) == "ABC12"
    assert shard_in(first) == 19
    assert epoch_of(first) == 1_000_000


def test_ids_never_repeat_and_sort_in_the_order_in_which_they_were_given() -> None:
    ids = ClientOrderIds(JournalId("ABC12"), Shard(0), Epoch(1))
    given_ids = [ids.next() for _ in range(5_000)]
    assert len(set(given_ids)) == len(given_ids)
    assert given_ids == sorted(given_ids)
    assert given_ids[-1].endswith(base32(5_000, 7))


def test_epochs_shards_and_journals_have_ids_of_their_own() -> None:
    firsts = {
        ClientOrderIds(JournalId(journal), Shard(shard), Epoch(epoch)).next()
        for journal in ("ABC12", "ABC13")
        for shard in (0, 1)
        for epoch in (1, 2)
    }
    assert len(firsts) == 8


@pytest.mark.parametrize("stranger", ["", "manual-1", "H", "HABC1200001000000", "x" * 18])
def test_other_peoples_ids_are_not_ours(stranger: str) -> None:
    assert not is_ours(stranger)


def test_letters_that_are_easily_mistaken_are_in_no_id() -> None:
    assert not is_ours("H" + "O" * 17)
    assert set("ILOU").isdisjoint(journal_id(2**64 - 1))


@pytest.mark.parametrize(("value", "length"), [(-1, 3), (32, 1), (1 << 15, 3)])
def test_a_number_that_does_not_fit_is_refused(value: int, length: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        base32(value, length)


@given(st.text(min_size=1, max_size=12))
def test_every_symbol_has_one_of_twenty_shards(symbol: str) -> None:
    assert 0 <= shard_of(Symbol(symbol)) < SHARD_COUNT
    assert shard_of(Symbol(symbol)) == shard_of(Symbol(symbol))


def test_shards_stay_the_same_across_versions() -> None:
    names = ("BTCUSDT", "ETHUSDT", "BNBUSDT")
    assert [shard_of(Symbol(name)) for name in names] == [7, 8, 2]
