"""How many of a thing there are, said as a person would."""

import pytest

from holdfast.domain.counted import counted


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 orders"), (1, "1 order"), (2, "2 orders"), (1_000, "1,000 orders")],
)
def test_one_of_a_thing_is_said_in_the_singular(count: int, said: str) -> None:
    assert counted(count, "order") == said
