"""The cost of an order's life is measured at each point that is asked for."""

import pytest

from bench import cycles


def test_each_point_has_a_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cycles, "SPANS", 1)
    costs = cycles.measured((500, 1_000))
    assert list(costs) == [500, 1_000]
    assert min(costs.values()) > 0
