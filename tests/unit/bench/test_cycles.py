"""The cost of an order's life is measured at each point that is asked for."""

from bench.cycles import measured


def test_each_point_has_a_cost() -> None:
    costs = measured((500, 1_000), spans=1)
    assert list(costs) == [500, 1_000]
    assert min(costs.values()) > 0
