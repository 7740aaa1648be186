"""Laws of sizing: a target is met, never overshot, and said twice it is done once."""

import msgspec
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from holdfast.decision.sizing import CancelWish, size
from holdfast.decision.view import PositionView, WorkingOrder
from holdfast.domain.intent import Quote, Target
from holdfast.domain.order import Purpose, Side
from holdfast.testing.market import instrument

STEP = 10
LEAST = 30
TRADED = msgspec.structs.replace(
    instrument(), step=STEP, min_quantity=LEAST, min_notional="0", tick=1
)
SYMBOL = TRADED.symbol
SIDES = st.sampled_from(list(Side))
AMOUNTS = st.integers(1, 20).map(lambda n: n * STEP)


@st.composite
def orders(draw, *, unknown=True):
    quantity = draw(AMOUNTS)
    return WorkingOrder(
        f"O{draw(st.integers(0, 10**9))}",
        draw(SIDES),
        draw(st.sampled_from([0, 100, 101])),
        quantity,
        draw(st.integers(1, quantity)),
        unknown and draw(st.booleans()),
        draw(st.booleans()),
        draw(st.booleans()),
    )


def views(**options):
    return st.builds(
        PositionView,
        st.just(SYMBOL),
        st.integers(-300, 300),
        st.lists(orders(**options), max_size=4, unique_by=lambda o: o.client_order_id).map(
            tuple
        ),
        st.integers(0, 200),
        st.integers(0, 200),
    )


TARGETS = st.integers(-40, 40).map(lambda n: Target(SYMBOL, n * STEP))


def after(view, sized):
    """Give the view once what was wished for is on its way."""
    gone = {wish.client_order_id for wish in sized if isinstance(wish, CancelWish)}
    kept = tuple(
        msgspec.structs.replace(order, cancel_requested=order.cancel_requested or named)
        for order in view.orders
        for named in [order.client_order_id in gone]
    )
    new = tuple(
        WorkingOrder(f"N{n}", wish.side, wish.price, wish.quantity, wish.quantity)
        for n, wish in enumerate(sized)
        if not isinstance(wish, CancelWish)
    )
    return msgspec.structs.replace(view, orders=kept + new)


def settled(view, sized):
    """Give the position if every cancel succeeds and everything else fills."""
    gone = {wish.client_order_id for wish in sized if isinstance(wish, CancelWish)}
    rest = tuple(order for order in view.orders if order.client_order_id not in gone)
    return view.filled + after(msgspec.structs.replace(view, orders=rest), sized).live


def new_orders(sized):
    return [wish for wish in sized if not isinstance(wish, CancelWish)]


def check_said_twice(size_it, target, view):
    """What is on its way is not wished for again."""
    sized = size_it(target, view, instrument=TRADED)
    assert size_it(target, after(view, sized), instrument=TRADED) == []


def check_met(size_it, target, view):
    """Without doubt and pending cancels, what fills ends within a least order of the target.

    A cancel may take away more than was in the way; what is missing then leaves when the
    target is said again.
    """
    assume(not any(order.cancel_requested or order.is_unknown for order in view.orders))
    sized = size_it(target, view, instrument=TRADED)
    ends = settled(view, sized)
    if any(isinstance(wish, CancelWish) for wish in sized):
        later = PositionView(SYMBOL, ends)
        ends = settled(later, size_it(target, later, instrument=TRADED))
    assert abs(ends - target.quantity) < 2 * LEAST


def check_not_overshot(size_it, target, view):
    """No new order takes the position past the target, whichever of its own side fill."""
    for wish in new_orders(size_it(target, view, instrument=TRADED)):
        sized = size_it(target, view, instrument=TRADED)
        same = sum(w.quantity for w in new_orders(sized) if w.side is wish.side)
        if wish.side is Side.BUY:
            against = view.selling + sum(_firm(view, Side.SELL, sized))
            assert view.filled + view.buying + same - against <= target.quantity
        else:
            against = view.buying + sum(_firm(view, Side.BUY, sized))
            assert view.filled - view.selling - same + against >= target.quantity


def _firm(view, side, sized):
    gone = {wish.client_order_id for wish in sized if isinstance(wish, CancelWish)}
    for order in view.orders:
        if order.side is side and (order.cancel_requested or order.client_order_id in gone):
            yield -order.leaves_quantity


def check_only_reduces(size_it, target, view):
    """While an Unknown stands no order can raise the position, whatever else of it fills."""
    assume(view.has_unknown)
    for wish in new_orders(size_it(target, view, instrument=TRADED)):
        held = view.filled if wish.side is Side.SELL else -view.filled
        open_quantity = view.selling if wish.side is Side.SELL else view.buying
        assert wish.purpose is Purpose.EXIT
        assert wish.quantity + open_quantity <= held


def check_exits(size_it, target, view):
    """What is called an exit cannot raise the position, and one side only is traded."""
    wishes = new_orders(size_it(target, view, instrument=TRADED))
    assert len({wish.side for wish in wishes}) <= 1
    for wish in wishes:
        held = view.filled if wish.side is Side.SELL else -view.filled
        open_quantity = view.selling if wish.side is Side.SELL else view.buying
        if wish.purpose is Purpose.EXIT:
            assert wish.quantity + open_quantity <= held


def check_filters(size_it, target, view):
    """Every order is whole steps, and as much as the venue takes."""
    for wish in new_orders(size_it(target, view, instrument=TRADED)):
        assert wish.quantity % STEP == 0
        assert wish.quantity >= LEAST


LAWS = [
    check_said_twice, check_met, check_not_overshot, check_only_reduces, check_exits,
    check_filters,
]  # fmt: skip


def counts_only_fills(target, view, *, instrument):
    """A planted bug: what is live is forgotten."""
    return size(target, PositionView(view.symbol, view.filled), instrument=instrument)


def forgets_unknown(target, view, *, instrument):
    """A planted bug: an Unknown is taken for a rejection."""
    known = tuple(order for order in view.orders if not order.is_unknown)
    return size(target, msgspec.structs.replace(view, orders=known), instrument=instrument)


def believes_cancels(target, view, *, instrument):
    """A planted bug: a cancel that was asked for counts as done."""
    rest = tuple(order for order in view.orders if not order.cancel_requested)
    return size(target, msgspec.structs.replace(view, orders=rest), instrument=instrument)


def never_splits(target, view, *, instrument):
    """A planted bug: all of a flip is called an exit."""
    return [
        msgspec.structs.replace(wish, purpose=Purpose.EXIT)
        if not isinstance(wish, CancelWish)
        else wish
        for wish in size(target, view, instrument=instrument)
    ]


def rounds_up(target, view, *, instrument):
    """A planted bug: a quantity is rounded to the next larger step."""
    return [
        wish
        if isinstance(wish, CancelWish)
        else msgspec.structs.replace(wish, quantity=wish.quantity + STEP)
        for wish in size(target, view, instrument=instrument)
    ]


def sends_dust(target, view, *, instrument):
    """A planted bug: the least quantity of the venue is ignored."""
    small = msgspec.structs.replace(instrument, step=1, min_quantity=0)
    return size(target, view, instrument=small)


@pytest.mark.parametrize("law", LAWS)
def test_a_target_obeys_the_law(law):
    @given(TARGETS, views())
    @settings(max_examples=150)
    def attack(target, view):
        law(size, target, view)

    attack()
    assert law.__doc__


@given(st.builds(Quote, st.just(SYMBOL), SIDES, st.just(100), AMOUNTS), views())
def test_a_quote_is_one_order_and_said_twice_it_is_done_once(quote, view):
    sized = size(quote, view, instrument=TRADED)
    standing = [o for o in view.orders if o.is_quote and o.side is quote.side]
    assert not (new_orders(sized) and standing)
    assert len(new_orders(sized)) <= 1
    following = after(view, sized)
    quotes = tuple(
        msgspec.structs.replace(o, is_quote=o.is_quote or o.client_order_id.startswith("N"))
        for o in following.orders
    )
    again = size(quote, msgspec.structs.replace(following, orders=quotes), instrument=TRADED)
    assert again == []


@pytest.mark.parametrize(
    ("law", "planted"),
    [
        (check_said_twice, counts_only_fills),
        (check_met, counts_only_fills),
        (check_not_overshot, believes_cancels),
        (check_only_reduces, forgets_unknown),
        (check_exits, never_splits),
        (check_not_overshot, rounds_up),
        (check_filters, sends_dust),
    ],
)
def test_a_planted_bug_in_sizing_is_caught(law, planted):
    @settings(database=None, phases=[Phase.generate], max_examples=500, derandomize=True)
    @given(TARGETS, views())
    def attack(target, view):
        law(planted, target, view)

    with pytest.raises(AssertionError):
        attack()
