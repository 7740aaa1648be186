"""Each checker of the soak fails on a planted bug, by its name, and on nothing else (XCH-5).

One small episode of each product is right; then one side of it is spoiled.
"""

import copy
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from holdfast.domain import events as ev
from soak.checks import CHECKERS, Case, judge
from soak.episode import Ended, run_episode
from soak.facts import JournalSide, VenueSide, read_journal
from soak.plan import draw_plan
from soak.verdict import case_of, verdict

MARKET_S = 45
SEEDS = {"spot": 2, "usdm": 3}
FAULTS = ("duplicate_user_event", "foreign_order", "deposit")
RECKLESS = str(Path(__file__).with_name("reckless.py"))
Spoil = Callable[[list[ev.Event], dict[str, Any]], None]


@pytest.fixture(scope="module")
def episode(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Ended]:
    @cache
    def played(product: str) -> Ended:
        plan = draw_plan(SEEDS[product], market_s=MARKET_S, only=FAULTS)
        plan = msgspec.structs.replace(plan, kills_s=[], starts="2026-01-05T07:59:50Z")
        ended = run_episode(plan, tmp_path_factory.mktemp(product))
        assert not ended.trouble, ended.trouble
        return ended

    return played


def spoiled(ended: Ended, spoil: Spoil) -> Case:
    """Give the case of a right episode, with one side spoiled."""
    product = ended.plan.product
    events, told = read_journal(ended.journal), copy.deepcopy(ended.told)
    spoil(events, told if product == "spot" else told["usdm"])
    return msgspec.structs.replace(
        case_of(ended), journal=JournalSide(events), venue=VenueSide(told, product=product)
    )


def where(events: list[ev.Event], kind: type[ev.Event], **fields: Any) -> int:
    """Give where the first event of a kind stands."""
    return next(
        number
        for number, event in enumerate(events)
        if isinstance(event, kind)
        and all(getattr(event, name) == value for name, value in fields.items())
    )


def vars_of(event: ev.Event) -> dict[str, Any]:
    """Give an event's fields by name."""
    return msgspec.structs.asdict(event)


def forget_order(events: list[ev.Event], told: dict[str, Any]) -> None:
    canceled = next(e for e in events if isinstance(e, ev.OrderCanceled))
    name = canceled.client_order_id
    events[:] = [e for e in events if getattr(e, "client_order_id", "") != name]


def invent_order(events: list[ev.Event], told: dict[str, Any]) -> None:
    del told["orders"][0]


def end_otherwise(events: list[ev.Event], told: dict[str, Any]) -> None:
    del events[where(events, ev.OrderCanceled)]


def send_twice(events: list[ev.Event], told: dict[str, Any]) -> None:
    again = dict(next(o for o in told["orders"] if o["clientOrderId"].startswith("H")))
    told["orders"].append(again | {"orderId": 10**9})


def execute_too_much(events: list[ev.Event], told: dict[str, Any]) -> None:
    at = where(events, ev.OrderFilled)
    name = vars_of(events[at])["client_order_id"]
    at = where(events, ev.OrderApproved, client_order_id=name)
    events[at] = msgspec.structs.replace(events[at], quantity="0.00000001")


def book_twice(events: list[ev.Event], told: dict[str, Any]) -> None:
    at = where(events, ev.OrderFilled)
    events.insert(at, events[at])


def book_never(events: list[ev.Event], told: dict[str, Any]) -> None:
    del events[where(events, ev.ForeignFillSeen)]


def book_another_fee(events: list[ev.Event], told: dict[str, Any]) -> None:
    at = where(events, ev.OrderFilled)
    fee = Decimal(vars_of(events[at])["fee"]) + Decimal("0.00000001")
    events[at] = msgspec.structs.replace(events[at], fee=str(fee))


def lose_a_digit(events: list[ev.Event], told: dict[str, Any]) -> None:
    held = told["balances"][0]
    held["free"] = str(Decimal(held["free"]) + Decimal("0.00000001"))


def lose_a_digit_of_the_wallet(events: list[ev.Event], told: dict[str, Any]) -> None:
    held = told["wallets"][0]
    held["walletBalance"] = str(Decimal(held["walletBalance"]) + Decimal("0.00000001"))


def adjust_without_cause(events: list[ev.Event], told: dict[str, Any]) -> None:
    events.append(ev.BalanceAdjusted("USDT", "1", "1", "USDT", "planted"))
    held = next(one for one in told["balances"] if one["asset"] == "USDT")
    held["free"] = str(Decimal(held["free"]) + 1)


def move_the_position(events: list[ev.Event], told: dict[str, Any]) -> None:
    told["positions"] = [{"symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "7"}]


def pay_funding_twice(events: list[ev.Event], told: dict[str, Any]) -> None:
    at = where(events, ev.FundingPaid)
    events.insert(at, events[at])


def pay_no_funding(events: list[ev.Event], told: dict[str, Any]) -> None:
    del events[where(events, ev.FundingPaid)]


def leave_an_order(events: list[ev.Event], told: dict[str, Any]) -> None:
    entry = next(
        e for e in events if isinstance(e, ev.OrderApproved) and e.purpose == "entry"
        and any(o["clientOrderId"] == e.client_order_id for o in told["orders"])
    )  # fmt: skip
    order = next(o for o in told["orders"] if o["clientOrderId"] == entry.client_order_id)
    order["status"] = "NEW"


PLANTED: list[tuple[str, str, Spoil]] = [
    ("order_lost", "spot", forget_order),
    ("order_lost", "usdm", invent_order),
    ("order_lost", "usdm", end_otherwise),
    ("order_duplicated", "spot", send_twice),
    ("order_duplicated", "usdm", execute_too_much),
    ("fill_booked_once", "spot", book_twice),
    ("fill_booked_once", "usdm", book_never),
    ("fill_booked_once", "usdm", book_another_fee),
    ("balances", "spot", lose_a_digit),
    ("balances", "usdm", lose_a_digit_of_the_wallet),
    ("balances", "spot", adjust_without_cause),
    ("positions", "usdm", move_the_position),
    ("income_once", "usdm", pay_funding_twice),
    ("income_once", "usdm", pay_no_funding),
    ("rests", "spot", leave_an_order),
]


@pytest.mark.parametrize("product", sorted(SEEDS))
def test_a_small_episode_is_right_and_has_something_to_judge(
    product: str, episode: Callable[[str], Ended]
) -> None:
    ended = episode(product)
    assert verdict(ended) == {}
    case = case_of(ended)
    assert len(case.venue.orders) > 100
    assert len(case.venue.fills) > 20
    assert any(isinstance(event, ev.ForeignFillSeen) for event in case.journal.events)
    if product == "usdm":
        assert any(kind == "FUNDING_FEE" for kind, *_ in case.venue.income)


@pytest.mark.parametrize(
    ("name", "product", "spoil"), PLANTED, ids=[spoil.__name__ for _, _, spoil in PLANTED]
)
def test_a_checker_says_what_was_planted(
    name: str, product: str, spoil: Spoil, episode: Callable[[str], Ended]
) -> None:
    found = judge(spoiled(episode(product), spoil))
    assert name in found, found


def test_every_checker_is_shown_to_fail() -> None:
    assert {name for name, _, _ in PLANTED} | {"new_risk"} == set(CHECKERS)


def test_a_trader_that_takes_risk_before_it_asked_what_it_missed_is_caught(
    tmp_path: Path,
) -> None:
    plan = draw_plan(SEEDS["spot"], market_s=MARKET_S, only=("disconnect_user",))
    plan = msgspec.structs.replace(plan, kills_s=[])
    ended = run_episode(plan, tmp_path, trader=(RECKLESS,))
    assert ended.struck["disconnect_user"] > 0
    assert "new_risk" in verdict(ended), ended.trouble
