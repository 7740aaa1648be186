"""What an account keeps by difference equals a recount from its orders, intents and fills."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.account import Account, Exposure
from holdfast.domain.ids import AccountId, StrategyId, Symbol
from holdfast.domain.money import amount_units
from holdfast.domain.order import Side
from holdfast.testing import happenings as told
from tests.property.test_order_commutes import BTCUSDT, OPENING, QUICK, weavings


def recount(account: Account) -> dict[str, Any]:
    """Count everything anew from the orders and intents."""
    reserved: Counter[str] = Counter()
    mine: Counter[tuple[str, str, bool]] = Counter()
    working: dict[Any, set[str]] = {}
    for held in [*account.orders.values(), *account.closed.values()]:
        request = held.order.request
        reserved[held.asset] += held.reserved
        mine[request.strategy, request.symbol, request.side is Side.BUY] += (
            held.order.leaves_quantity
        )
        if held.order.is_open:
            key = (request.strategy, request.symbol)
            working.setdefault(key, set()).add(request.client_order_id)
    for intent in account.intents.values():
        reserved[intent.asset] += -(-intent.amount * intent.undrawn // intent.quantity)
        mine[intent.strategy, intent.symbol, intent.side is Side.BUY] += intent.undrawn
    positions: Counter[str] = Counter()
    for (_, symbol, _), position in account.positions.items():
        positions[symbol] += position.quantity
    return {
        "reserved": +reserved,
        "mine": +mine,
        "total": _by_symbol(mine),
        "working": working,
        "positions": {s: q for s, q in positions.items() if q},
    }


def kept(account: Account) -> dict[str, Any]:
    """Give the same out of what the account keeps."""

    def flat(exposures: dict[Any, Exposure]) -> Counter[Any]:
        counted: Counter[Any] = Counter()
        for key, exposure in exposures.items():
            parts = key if isinstance(key, tuple) else (key,)
            counted[*parts, True] = exposure.buying
            counted[*parts, False] = exposure.selling
        return +counted

    return {
        "reserved": +Counter(account.reserved),
        "mine": flat(account.exposures),
        "total": flat(account.symbol_exposures),
        "working": {k: set(orders) for k, orders in account.working.items() if orders},
        "positions": {s: q for s, q in account.symbol_positions.items() if q},
    }


def _by_symbol(mine: Counter[tuple[str, str, bool]]) -> Counter[tuple[str, bool]]:
    total: Counter[tuple[str, bool]] = Counter()
    for (_, symbol, buying), quantity in mine.items():
        total[symbol, buying] += quantity
    return +total


def check_sums(account: Account, events: list[ev.Event]) -> None:
    for event in [*OPENING, *events]:
        fold.apply(account, event)
        assert kept(account) == recount(account)
        assert min(account.reserved.values(), default=0) >= 0
        assert all(held.order.is_open for held in account.orders.values())


class KeepsTheWhole(Account):
    """A planted bug: a fill does not let go of its share."""

    def change(self, client_order_id, change):
        held = self.orders.get(client_order_id)
        before = held.order.cum_quantity if held else 0
        changed = super().change(client_order_id, change)
        if held and held.order.cum_quantity > before:
            self._reserve(held.asset, 1)
        return changed


class LetsGoTwice(Account):
    """A planted bug: a release is not idempotent."""

    def release(self, intent_id):
        intent = self.intents.get(intent_id)
        super().release(intent_id)
        if intent is not None:
            self._expose(intent.strategy, intent.symbol, intent.side, -1)


class ForgetsToReopen(Account):
    """A planted bug: a late figure of an order that is closed opens nothing."""

    def change(self, client_order_id, change):
        if client_order_id in self.closed:
            return change(self.closed[client_order_id].order)
        return super().change(client_order_id, change)


class LosesTheBaseFee(Account):
    """A planted bug: a fee in the base asset leaves the symbol's position as it was."""

    def book(self, strategy, event):
        super().book(strategy, event)
        if event.fee != "0":
            self.symbol_positions[Symbol(event.symbol)] += 1


@given(weavings())
def test_sums_kept_by_difference_equal_a_recount(weaving):
    check_sums(Account(AccountId("demo")), weaving[0])


@pytest.mark.parametrize(
    "planted", [KeepsTheWhole, LetsGoTwice, ForgetsToReopen, LosesTheBaseFee]
)
def test_a_planted_bug_in_the_sums_is_caught(planted):
    @QUICK
    @given(weavings())
    def law(weaving):
        check_sums(planted(AccountId("demo")), weaving[0])

    with pytest.raises(AssertionError):
        law()


drawings = {
    "quantity": st.integers(1, 10**12),
    "parts": st.lists(st.integers(1, 10**12), max_size=6),
}


def check_children(account: Account, quantity: int, *, parts: list[int]) -> None:
    """Parent and children together hold what the parent held, but for rounding up."""
    for event in OPENING:
        fold.apply(account, event)
    text = BTCUSDT.quantity_text(quantity)
    event = told.accepted(BTCUSDT, "buy", intent_id="i", quantity=text, price="99.97")
    fold.apply(account, event)
    intent = account.intents["i"]
    before = account.reserved["USDT"]
    assert before == amount_units(event.reserved)
    drawn = 0
    for number, part in enumerate(parts):
        part = min(part, quantity - drawn)
        if not part:
            break
        order = told.approved(
            BTCUSDT,
            "buy",
            client_order_id=str(number),
            quantity=BTCUSDT.quantity_text(part),
            price="99.97",
            intent_id="i",
        )
        fold.apply(account, order)
        drawn += part
        assert before <= account.reserved["USDT"] <= before + len(parts)
        assert intent.undrawn == quantity - drawn
        assert account.exposure(StrategyId("trend"), BTCUSDT.symbol).buying == quantity


class HoldsTwice(Account):
    """A planted bug: a child reserves anew what its parent holds."""

    def approve(self, order, asset, **held):
        request = msgspec.structs.replace(order, intent_id="")
        return super().approve(request, asset, **held)


class LetsGoOfTheRest(Account):
    """A planted bug: the first child takes the whole reservation with it."""

    def approve(self, order, asset, **held):
        approved = super().approve(order, asset, **held)
        self.release(order.intent_id)
        return approved


@given(**drawings)
def test_children_hold_together_what_their_parent_held(quantity, parts):
    check_children(Account(AccountId("demo")), quantity, parts=parts)


@pytest.mark.parametrize("planted", [HoldsTwice, LetsGoOfTheRest])
def test_a_planted_bug_in_drawing_is_caught(planted):
    @QUICK
    @given(**drawings)
    def law(quantity, parts):
        check_children(planted(AccountId("demo")), quantity, parts=parts)

    with pytest.raises(AssertionError):
        law()
