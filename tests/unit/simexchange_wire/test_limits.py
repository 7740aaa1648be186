"""Weight windows, order counts, and the way from 429 to 418."""

import msgspec
import pytest

from holdfast.simexchange.limits import (
    FIRST_BAN_NS,
    LONGEST_BAN_NS,
    MAKER_GIVES_BACK,
    MINUTE_NS,
    SECOND_NS,
    SPOT,
    STRIKES_BEFORE_BAN,
    USDM,
    AddressLimits,
    OrderLimits,
    OrderQuota,
    Quotas,
    Window,
    declared,
)
from holdfast.simexchange.refusals import Refusal

NOW_NS = 1_700_000_000 * SECOND_NS


def allowing(weight: int) -> Quotas:
    return msgspec.structs.replace(SPOT, weight_limit=weight)


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
    limits = AddressLimits(allowing(100))
    limits.charge(100, NOW_NS)
    refusal = refusal_of(limits, 1, NOW_NS)
    assert (refusal.status, refusal.code) == (429, -1003)
    assert refusal.retry_at_ns == (NOW_NS // MINUTE_NS + 1) * MINUTE_NS
    assert limits.weight.count(NOW_NS) == 101
    assert refusal.retry_at_ns is not None
    limits.charge(1, refusal.retry_at_ns)
    assert limits.weight.count(refusal.retry_at_ns) == 1


def test_going_on_after_429_is_banned_and_the_next_ban_is_longer() -> None:
    limits = AddressLimits(allowing(10))
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
    limits = OrderLimits((OrderQuota("SECOND", 10, 2), OrderQuota("DAY", 1, 3)))
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


def test_a_filled_order_gives_its_place_back_and_a_maker_more() -> None:
    limits = OrderLimits((OrderQuota("SECOND", 10, 1),))
    limits.add(NOW_NS)
    limits.give_back(NOW_NS)
    limits.check(NOW_NS)
    limits.add(NOW_NS, amount=MAKER_GIVES_BACK + 1)
    limits.give_back(NOW_NS, amount=MAKER_GIVES_BACK)
    assert limits.headers(NOW_NS) == {"X-MBX-ORDER-COUNT-10S": "1"}
    for _ in range(3):
        limits.give_back(NOW_NS)
    assert limits.headers(NOW_NS) == {"X-MBX-ORDER-COUNT-10S": "0"}


def test_bans_grow_to_three_days_and_no_further() -> None:
    limits = AddressLimits()
    lengths = []
    now_ns = NOW_NS
    for _ in range(14):
        until_ns = limits.ban(now_ns).retry_at_ns
        assert until_ns is not None
        lengths.append(until_ns - now_ns)
        now_ns = until_ns
    assert lengths[0] == FIRST_BAN_NS
    assert lengths[-2:] == [LONGEST_BAN_NS] * 2


def test_too_many_requests_of_no_weight_are_refused_too() -> None:
    limits = AddressLimits(msgspec.structs.replace(SPOT, raw_limit=2))
    for _ in range(2):
        limits.charge(0, NOW_NS)
    refusal = refusal_of(limits, 0, NOW_NS)
    assert (refusal.status, refusal.code) == (429, -1003)
    assert "2 requests per 5 MINUTE" in refusal.msg
    assert refusal.retry_at_ns == (NOW_NS // (5 * MINUTE_NS) + 1) * 5 * MINUTE_NS


def test_usdm_has_limits_of_its_own() -> None:
    shown = [(one.rate_limit_type, one.interval, one.limit) for one in declared(USDM)]
    assert shown == [
        ("REQUEST_WEIGHT", "MINUTE", 2400),
        ("ORDERS", "SECOND", 300),
        ("ORDERS", "MINUTE", 1200),
    ]
    limits = OrderLimits(USDM.orders)
    limits.add(NOW_NS)
    assert set(limits.headers(NOW_NS)) == {"X-MBX-ORDER-COUNT-10S", "X-MBX-ORDER-COUNT-1M"}
