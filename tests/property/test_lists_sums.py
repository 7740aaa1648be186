"""Lists, replacements, guarded orders and sides: what is kept equals a recount, at its worst.

The recount here knows nothing of links between orders: it plays every way in which a list can
still go, and takes the greatest.
"""

from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.account import Account
from holdfast.domain.held import HeldOrder
from holdfast.domain.ids import AccountId, StrategyId
from holdfast.domain.instrument import Product
from holdfast.domain.order import PositionSide
from holdfast.testing import happenings as told
from holdfast.testing.market import instrument

BTCUSDT = instrument(product=Product.LINEAR)
OPENING = told.opening(BTCUSDT, balances={"USDT": "100000"})
QUICK = settings(max_examples=300, database=None, derandomize=True, phases=[Phase.generate])
FEWER = settings(max_examples=300, deadline=None)
TREND = StrategyId("trend")


def order(side: str, name: str, *, quantity: int, **more: Any) -> ev.OrderApproved:
    made = told.approved(
        BTCUSDT, side, client_order_id=name, quantity=str(quantity), price="100"
    )
    return msgspec.structs.replace(made, **more)


@st.composite
def groups(draw: st.DrawFn) -> list[ev.OrderApproved]:
    """One list of each kind, a chain of replacements, and orders that only reduce."""
    side, other = draw(st.sampled_from([("buy", "sell"), ("sell", "buy")]))
    size, exit_size = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    kind = draw(st.sampled_from(["OCO", "OTO", "OTOCO", "chain", "guarded"]))
    listed = {"order_list_id": "L", "contingency": kind}
    if kind == "OCO":
        return [
            order(side, "a", quantity=size, **listed),
            order(side, "b", quantity=size, trigger_price="110", **listed),
        ]
    if kind == "chain":
        return [
            order(side, "a", quantity=size),
            order(side, "b", quantity=exit_size, replaces="a"),
            order(side, "c", quantity=size, replaces="b"),
        ]
    if kind == "guarded":
        return [
            order(side, "a", quantity=size, reduce_only=True),
            order(
                side, "b", quantity=size, position_side=draw(st.sampled_from(["long", "short"]))
            ),
        ]
    legs = [order(other, "b", quantity=exit_size, **listed)]
    if kind == "OTOCO":
        legs.append(order(other, "c", quantity=exit_size, trigger_price="90", **listed))
    return [order(side, "a", quantity=size, **listed), *legs]


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[ev.OrderApproved], list[ev.Event]]:
    """A group, and anything that may be heard of its orders."""
    approved = draw(groups())
    heard: list[ev.Event] = []
    for number in range(draw(st.integers(0, 8))):
        one = draw(st.sampled_from(approved))
        quantity = draw(st.integers(1, int(one.quantity)))
        heard.append(
            draw(
                st.sampled_from(
                    [
                        msgspec.structs.replace(told.acked(one), venue_order_id="algo:1"),
                        told.doubted(one),
                        told.rejected(one),
                        told.canceled(one),
                        told.expired(one, cum_quantity="1"),
                        told.filled(one, str(number), quantity=str(quantity)),
                        ev.OrderTriggered(
                            one.client_order_id,
                            told.venue_id(one),
                            one.strategy,
                            one.symbol,
                            0,
                            0,
                            "stream",
                        ),
                    ]
                )
            )
        )
    return approved, heard


def worst(account: Account, side: str, position_side: str) -> int:
    """Give what could still be traded on a side, by playing each group to its end."""
    held = [*account.orders.values(), *account.closed.values()]
    mine = {
        one.order.request.client_order_id: one
        for one in held
        if one.order.request.position_side.value == position_side
    }
    leaves = {name: one.order.leaves_quantity for name, one in mine.items()}
    requests = {name: one.order.request for name, one in mine.items()}
    kinds = {request.contingency for request in requests.values()}
    of_side = {n for n, request in requests.items() if request.side.value == side}
    if "OCO" in kinds:
        return max((leaves[name] for name in of_side), default=0)
    if kinds & {"OTO", "OTOCO"}:
        working = mine["a"]
        if "a" in of_side:
            return leaves["a"]
        exits = max((leaves[name] for name in of_side), default=0)
        brought = working.order.request.quantity
        is_done = working.order.cum_quantity >= brought
        return exits if is_done else max(0, exits - brought)
    if any(request.replaces for request in requests.values()):
        total, before = 0, 0
        for name in ("a", "b", "c"):
            total += max(0, leaves.get(name, 0) - before) if name in of_side else 0
            before = leaves.get(name, 0)
        return total
    return sum(leaves[name] for name in of_side)


def check_sums(account: Account, approved: list[ev.OrderApproved], heard: list[Any]) -> None:
    for event in [*OPENING, *approved, *heard]:
        fold.apply(account, event)
        one_way = account.exposure(TREND, BTCUSDT.symbol)
        assert one_way.buying == worst(account, "buy", "both")
        assert one_way.selling == worst(account, "sell", "both")
        for side in (PositionSide.LONG, PositionSide.SHORT):
            kept = account.side_exposures.get((TREND, BTCUSDT.symbol, side))
            total = account.symbol_side_exposures.get((BTCUSDT.symbol, side))
            assert (kept.buying if kept else 0) == worst(account, "buy", side.value)
            assert (kept.selling if kept else 0) == worst(account, "sell", side.value)
            assert kept == total
        assert one_way == (account.symbol_exposures.get(BTCUSDT.symbol) or one_way)
        guarded = sum(
            one.order.leaves_quantity
            for one in [*account.orders.values(), *account.closed.values()]
            if one.order.request.reduce_only
        )
        assert one_way.guarded_buying + one_way.guarded_selling == guarded
        reserved = sum(h.reserved for h in [*account.orders.values(), *account.closed.values()])
        assert sum(account.reserved.values()) == reserved
        assert min(account.reserved.values(), default=0) >= 0


@FEWER
@given(stories())
def test_lists_sides_and_replacements_count_at_their_worst_and_once(story: Any) -> None:
    check_sums(Account(AccountId("demo")), *story)


@FEWER
@given(stories(), st.randoms(use_true_random=False))
def test_what_lists_count_does_not_depend_on_the_order_of_reports(
    story: Any, random: Any
) -> None:
    approved, heard = story
    ends = []
    for _ in range(2):
        account = Account(AccountId("demo"))
        for event in [*OPENING, *approved, *heard]:
            fold.apply(account, event)
        known = account.canonical()
        ends.append((known["orders"], known["reserved"], account.exposures))
        random.shuffle(heard)
    assert ends[0] == ends[1]


class LinksNobody(Account):
    """A planted bug: both legs of a list count."""

    def _link(self, held: HeldOrder) -> None:
        """Let every order stand for itself."""


class ForgetsDependents(Account):
    """A planted bug: what stands behind an order is not counted when that order is gone."""

    def _link(self, held: HeldOrder) -> None:
        super()._link(held)
        for other in (held.behind, held.after):
            if other is not None:
                other.dependents.clear()


@pytest.mark.parametrize("planted", [LinksNobody, ForgetsDependents])
def test_a_planted_bug_in_the_lists_is_caught(planted: type[Account]) -> None:
    @QUICK
    @given(stories())
    def law(story: Any) -> None:
        check_sums(planted(AccountId("demo")), *story)

    with pytest.raises(AssertionError):
        law()
