"""Whatever a stranger trades, nothing is lost, and strategies hold no more than there is."""

from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain.contracts import owners_by_hand
from holdfast.domain.ids import UNATTRIBUTED, StrategyId

SIZES = st.integers(-50, 50)
NAMES = [StrategyId(name) for name in ("a", "b", "c")]


@given(st.lists(SIZES, max_size=3), SIZES, SIZES.filter(bool))
def test_a_strangers_trade_is_divided_whole_and_leaves_strategies_what_the_account_has(
    sizes: list[int], nobodys: int, quantity: int
) -> None:
    held = dict(zip(NAMES, sizes, strict=False))
    parts = owners_by_hand([*held.items(), (UNATTRIBUTED, nobodys)], quantity)
    assert sum(part for _, part in parts) == quantity
    assert len({name for name, _ in parts}) == len(parts)
    assert all(part * quantity > 0 for _, part in parts)
    after = dict(held)
    for name, part in parts:
        if name != UNATTRIBUTED:
            after[name] += part
            assert abs(after[name]) < abs(held[name]), "it may only shrink"
            assert after[name] * held[name] >= 0, "and turns over nobody"
    together, account = sum(after.values()), sum(held.values()) + nobodys + quantity
    if sum(held.values()) * quantity < 0 and sum(held.values()) * nobodys >= 0:
        sign = 1 if sum(held.values()) > 0 else -1
        assert sign * together == 0 or sign * account >= sign * together
