"""Weight windows, order counts, and the way from 429 to 418."""

import pytest

from holdfast.simexchange.limits import (
    FIRST_BAN_NS,
    MINUTE_NS,
    SECOND_NS,
    STRIKES_BEFORE_BAN,
    AddressLimits,
    OrderLimits,
    Window,
)
from holdfast.simexchange.refusals import Refusal

NOW_NS = 1_700_000_000 * SECOND_NS


def refusal_of(limits: AddressLimits, weight: int, now_ns: int) -> Refusal:
    with pytest.raises(Refusal) as refused:
        limits.charge(weight, now_ns)
    return refused.value


def test_a_window_starts_again_at_a_multiple_of_its_length() -> None:
    window = Window(10 * SECOND_NS, 5)
    assert window.add(3, 9 * SECOND_NS) == 3
    assert window.count(10 * SECOND_NS - 1) == 3
    assert window.count(10 * SECOND_NS) == 0
    assert window.ends_at_ns(15 * SECOND_NS) == 20 * SECOND_NS


def test_a_refused_request_counts_and_says_when_to_come_back() -> None:
    limits = AddressLimits(weight_limit=100)
    limits.charge(100, NOW_NS)
    refusal = refusal_of(limits, 1, NOW_NS)
    assert (refusal.status, refusal.code) == (429, -1003)
    assert refusal.retry_at_ns == (NOW_NS // MINUTE_NS + 1) * MINUTE_NS
    assert limits.weight.count(NOW_NS) == 101
    assert refusal.retry_at_ns is not None
    limits.charge(1, refusal.retry_at_ns)
    assert limits.weight.count(refusal.retry_at_ns) == 1


def test_going_on_after_429_is_banned_and_the_next_ban_is_longer() -> None:
    limits = AddressLimits(weight_limit=10)
    now_ns = NOW_NS
    lengths = []
    for _ in range(2):
        limits.weight.add(11, now_ns)
        for _ in range(STRIKES_BEFORE_BAN):
            assert refusal_of(limits, 1, now_ns).status == 429
        banned = refusal_of(limits, 1, now_ns)
        assert banned.status == 418
        assert "IP banned until" in banned.msg
        assert banned.retry_at_ns is not None
        lengths.append(banned.retry_at_ns - now_ns)
        assert refusal_of(limits, 1, banned.retry_at_ns - 1).status == 418
        now_ns = banned.retry_at_ns
    limits.charge(1, now_ns + MINUTE_NS)
    assert lengths == [FIRST_BAN_NS, 2 * FIRST_BAN_NS]


def test_the_weight_of_an_order_that_succeeded_is_given_back() -> None:
    limits = AddressLimits()
    limits.charge(1, NOW_NS)
    limits.refund(1, NOW_NS)
    limits.refund(1, NOW_NS)
    assert limits.weight.count(NOW_NS) == 0


def test_too_many_orders_are_refused_until_the_window_ends() -> None:
    limits = OrderLimits(per_10s=2, per_day=3)
    for _ in range(2):
        limits.check(NOW_NS)
        limits.add(NOW_NS)
    with pytest.raises(Refusal, match="2 orders per 10 SECOND") as refused:
        limits.check(NOW_NS)
    assert (refused.value.status, refused.value.code) == (429, -1015)
    later_ns = NOW_NS + 10 * SECOND_NS
    limits.check(later_ns)
    limits.add(later_ns)
    with pytest.raises(Refusal, match="3 orders per 1 DAY"):
        limits.check(later_ns + 10 * SECOND_NS)
    assert limits.headers(later_ns)["X-MBX-ORDER-COUNT-1D"] == "3"


def test_a_filled_order_gives_its_place_back() -> None:
    limits = OrderLimits(per_10s=1)
    limits.add(NOW_NS)
    limits.give_back(NOW_NS)
    limits.check(NOW_NS)
    assert limits.short.count(NOW_NS) == 0
