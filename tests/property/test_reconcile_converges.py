"""Reconciliation ends: its events make our account what the venue's is, and then find nothing.

Orders and executions really happened at a venue, and our journal heard any part of it: nothing
of an order, an ack, some of its fills, its end; the last it may not even have sent for all it
knows. Others trade on the account, too.
"""

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.account import Account
from holdfast.domain.approval import Reservation
from holdfast.domain.ids import Epoch, JournalId
from holdfast.domain.instant import NS_PER_S
from holdfast.execution.answers import Absence, VenueAnswers, inquire
from holdfast.execution.comparison import Ours, Reconciled
from holdfast.execution.reconcile import reconcile
from holdfast.testing import happenings as told
from holdfast.testing.market import instrument
from holdfast.testing.venue import TrueAccount, TrueOrder

BTCUSDT, ETHUSDT = instrument(), instrument("ETHUSDT")
BALANCES = {"USDT": "100000", "BTC": "10", "ETH": "50", "BNB": "3"}
SETTLE_NS = 6 * NS_PER_S
QUICK = settings(max_examples=300, database=None, derandomize=True, phases=[Phase.generate])
Reconcile = Callable[[Ours, VenueAnswers], Reconciled]
ENDED = ["filled", "canceled", "expired"]
STATES = ["never arrived", "late", "rejected", "resting", "filled", "canceled", "expired"]


class World(msgspec.Struct):
    """The truth, what our journal heard of it, and what arrives between two questions."""

    truth: TrueAccount
    account: Account
    late: list[TrueOrder]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    truth = TrueAccount(BALANCES)
    heard = told.opening(BTCUSDT, ETHUSDT, balances=BALANCES)
    if draw(st.booleans()):
        through = {"BTCUSDT": "0", "ETHUSDT": "0"}
        heard.append(ev.ReconciliationCompleted("start", 0, 0, [], True, through))
    ids = told.order_ids(epoch=1)
    late: list[TrueOrder] = []
    for _ in range(draw(st.integers(0, 5))):
        heard += _draw_order(draw, truth, client_order_id=ids.next(), late=late)
    for _ in range(draw(st.integers(0, 2))):
        _draw_unrecorded(draw, truth, client_order_id=ids.next())
    if draw(st.booleans()):
        strange = told.order_ids(journal=JournalId("THEM1")).next()
        named = draw(st.sampled_from([ids.next(), strange, "manual-1"]))
        side = draw(st.sampled_from(["buy", "sell"]))
        other = TrueOrder(named, ETHUSDT, side=side, quantity="3", price="9")
        truth.place(other)
        for _ in range(draw(st.integers(0, 2))):
            truth.execute(other, "1")
    deposit = draw(st.sampled_from([0, 0, 5, -7]))
    truth.totals["BNB"] += deposit  # type: ignore[index]
    return World(truth, told.account_of(heard), late)


def _draw_order(
    draw: st.DrawFn, truth: TrueAccount, *, client_order_id: str, late: list[TrueOrder]
) -> list[ev.Event]:
    """Let one order happen; gives what our journal has of it."""
    traded = draw(st.sampled_from([BTCUSDT, ETHUSDT]))
    side = draw(st.sampled_from(["buy", "sell"]))
    price = str(draw(st.integers(90, 110)))
    ours = told.approved(
        traded, side, client_order_id=client_order_id, quantity="4", price=price
    )
    state = draw(st.sampled_from(STATES))
    heard: list[ev.Event] = [ours]
    if state == "never arrived":
        return [*heard, *draw(st.sampled_from([[], [told.doubted(ours)]]))]
    order = TrueOrder(client_order_id, traded, side=side, quantity="4", price=price)
    if state == "late":
        late.append(order)
        return [*heard, told.doubted(ours)]
    truth.place(order)
    if state == "rejected":
        order.state = state
        return [*heard, *draw(st.sampled_from([[], [told.rejected(ours)]]))]
    heard += draw(st.sampled_from([[], [told.acked(ours)], [told.doubted(ours)]]))
    for _ in range(4 if state == "filled" else draw(st.integers(0, 3))):
        fee = draw(
            st.sampled_from([("0.01", "USDT"), ("0.002", "BNB"), ("0.001", traded.base)])
        )
        trade = truth.execute(order, "1", fee=fee[0], fee_asset=fee[1])
        if draw(st.booleans()):
            exec_id = trade.execution.exec_id
            heard.append(told.filled(ours, exec_id, fee=fee[0], fee_asset=fee[1]))
    if state in ("canceled", "expired"):
        order.state = state
        cum = traded.quantity_text(order.cum_quantity)
        ended = told.canceled if state == "canceled" else told.expired
        heard += draw(st.sampled_from([[], [ended(ours, cum_quantity=cum)]]))
    return heard


def _draw_unrecorded(draw: st.DrawFn, truth: TrueAccount, *, client_order_id: str) -> None:
    """Let an order happen that was sent last before a crash, and of which nothing is left."""
    traded = draw(st.sampled_from([BTCUSDT, ETHUSDT]))
    side = draw(st.sampled_from(["buy", "sell"]))
    order = TrueOrder(client_order_id, traded, side=side, quantity="4", price="100")
    truth.place(order)
    state = draw(st.sampled_from(["resting", *ENDED]))
    for _ in range(4 if state == "filled" else draw(st.integers(0, 3))):
        truth.execute(order, "1", fee="0.01", fee_asset="USDT")
    order.state = state


def ours_of(world: World) -> Ours:
    return Ours(
        account=world.account,
        journal_id=told.JOURNAL,
        epoch=Epoch(2),
        settle_ns=SETTLE_NS,
        fee_value=lambda *_: ("0", "test"),
        reserve=lambda traded, report: Reservation(traded.quote, 1),  # type: ignore[arg-type]
        mark_of=lambda _: ("1", "USDT"),
    )


def ask(world: World, *, earlier: VenueAnswers | None = None, at_ns: int = 0) -> VenueAnswers:
    asking = inquire(world.truth, world.account, now_ns=lambda: at_ns, earlier=earlier)
    return asyncio.run(asking)


def write(world: World, events: list[ev.Event]) -> None:
    for event in events:
        fold.apply(world.account, event)


def check_converges(reconcile: Reconcile, world: World) -> None:
    """Ask twice, as a trader does; each answer, applied, has no more to say."""
    earlier = None
    for at_ns in (0, SETTLE_NS):
        answers = ask(world, earlier=earlier, at_ns=at_ns)
        result = reconcile(ours_of(world), answers)
        write(world, result.events)
        write(world, [result.completed("test")])
        answers.bookings_count = world.account.bookings_count
        again = reconcile(ours_of(world), answers)
        assert again.events == []
        assert again.clean or not result.clean
        earlier = answers
        for order in world.late:
            world.truth.place(order)
    check_truth(world)
    foreign = any(i[1:6] == "THEM1" for i in world.truth.known)
    assert result.clean
    assert bool(result.others) is foreign


def check_truth(world: World) -> None:
    """Our account is what the venue's is."""
    truth, account = world.truth, world.account
    mine = {i: order for i, order in truth.known.items() if i[:6] == "H" + told.JOURNAL}
    resting = {i for i, order in mine.items() if order.state == "resting"}
    assert set(account.orders) == resting
    for client_order_id, true in mine.items():
        order = account.find(client_order_id)
        assert order is not None
        assert order.cum_quantity == true.cum_quantity
        assert (order.ending or order.status.value) != "unknown"
    known = {asset: units for asset, units in account.balances.items() if units}
    assert known == {asset: units for asset, units in truth.totals.items() if units}


@given(worlds())
def test_events_make_our_account_the_venues_and_then_nothing_is_found(world):
    check_converges(reconcile, world)


def resends_acks(ours: Ours, theirs: VenueAnswers) -> Reconciled:
    """A planted bug: what is known is told again."""
    result = reconcile(ours, theirs)
    result.events += [
        ev.OrderAcked(order.client_order_id, order.venue_order_id, "s", order.symbol, 0, 0, "")
        for order in theirs.open_orders
    ]
    return result


def trusts_one_answer(ours: Ours, theirs: VenueAnswers) -> Reconciled:
    """A planted bug: what the venue does not know when it is first asked is given up."""
    absences = {i: Absence(0, ours.settle_ns, 2) for i in theirs.absences}
    return reconcile(ours, msgspec.structs.replace(theirs, absences=absences))


def forgets_executions(ours: Ours, theirs: VenueAnswers) -> Reconciled:
    """A planted bug: executions are found and not booked."""
    result = reconcile(ours, theirs)
    result.events = [e for e in result.events if not isinstance(e, ev.OrderFilled)]
    return result


def adopts_strangers(ours: Ours, theirs: VenueAnswers) -> Reconciled:
    """A planted bug: the journal in the id is not looked at."""
    strangers = msgspec.structs.replace(ours, journal_id=JournalId("THEM1"))
    return reconcile(strangers, theirs)


def ignores_the_missing(ours: Ours, theirs: VenueAnswers) -> Reconciled:
    """A planted bug: an order that the venue does not show is left as it is."""
    result = reconcile(ours, theirs)
    result.events = [e for e in result.events if not isinstance(e, ev.OrderRejected)]
    return result


def asks_for_what_rests_alone(ours: Ours, theirs: VenueAnswers) -> Reconciled:
    """A planted bug: an order that ended before it was recorded is never heard of."""
    return reconcile(ours, msgspec.structs.replace(theirs, newest=[]))


@pytest.mark.parametrize(
    "planted",
    [
        asks_for_what_rests_alone,
        resends_acks,
        trusts_one_answer,
        forgets_executions,
        adopts_strangers,
        ignores_the_missing,
    ],
)
def test_a_planted_bug_in_reconciliation_is_caught(planted):
    @QUICK
    @given(worlds())
    def law(world):
        check_converges(planted, world)

    with pytest.raises(AssertionError):
        law()
