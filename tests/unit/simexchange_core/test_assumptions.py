"""Assumptions: packaged, replaced file by file, and refused with one line."""

from pathlib import Path

import pytest

from holdfast.errors import ConfigError
from holdfast.simexchange.assumptions import load_assumptions
from holdfast.simexchange.numbers import E8


def test_the_packaged_assumptions_can_be_read() -> None:
    assumptions = load_assumptions()
    assert assumptions.queue.cancels_ahead == E8 // 2
    assert assumptions.fees.spot.taker == E8 // 1_000


def test_a_directory_replaces_single_files(tmp_path: Path) -> None:
    (tmp_path / "latency.toml").write_text("order_us = 7\ncancel_us = 8\njitter_us = 0\n")
    assumptions = load_assumptions(tmp_path)
    assert assumptions.latency.order_us == 7
    assert assumptions.queue == load_assumptions().queue


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("cancels_ahead = ", "cannot be read"),
        ('cancels_ahead = "0.5"\n', "unseen_level_as_touch"),
        (
            "cancels_ahead = 0.5\nunseen_level_as_touch = true\nfill_when_crossed = true\n",
            "in quotes",
        ),
        (
            'cancels_ahead = "-1"\nunseen_level_as_touch = true\nfill_when_crossed = true\n',
            "negative",
        ),
        (
            'cancels_ahead = "1"\nunseen_level_as_touch = true\nfill_when_crossed = true\n'
            "colour = 1\n",
            "colour",
        ),
    ],
)
def test_a_bad_file_gets_one_clear_line(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "queue.toml").write_text(text)
    with pytest.raises(ConfigError, match=complaint) as caught:
        load_assumptions(tmp_path)
    assert str(tmp_path / "queue.toml") in str(caught.value)
