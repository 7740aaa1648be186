"""A trader whose connections are cut agrees with the venue again, and that is timed."""

import pytest

from bench import reconnect


def test_each_cut_ends_in_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnect, "CUTS", 2)
    monkeypatch.setattr(reconnect, "WARM_S", 0.0)
    rows = list(reconnect.rows())
    assert [row["n"] for row in rows] == [2, 2]
    assert min(row["value"] for row in rows) > 0
