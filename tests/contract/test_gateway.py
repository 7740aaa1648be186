"""What every gateway does, asked of one in this process and of one behind a socket pair."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from holdfast.domain.approval import Approved
from holdfast.domain.ids import ClientOrderId, ClientOrderIds, Epoch, Shard
from holdfast.domain.order import NewOrder, Purpose
from holdfast.domain.submission import (
    Acked,
    Rejected,
    Submission,
    Unknown,
    Withheld,
    WithheldReason,
)
from holdfast.domain.venue import CancelAcked, CancelAnswer, CancelOrder
from holdfast.gateway.budget import BudgetLimits
from holdfast.gateway.epoch import Epochs
from holdfast.gateway.gateway import Gateway
from holdfast.gateway.remote import GatewayServer, RemoteGateway
from holdfast.testing.clock import ManualClock
from holdfast.testing.desk import TradingDesk
from holdfast.testing.entry import SilentEntry
from holdfast.testing.happenings import JOURNAL
from holdfast.testing.market import instrument

BTCUSDT = instrument()
SHARD = Shard(3)
ORDERS_PER_10S = 10


class Answers:
    """Everything that came back, by order."""

    def __init__(self) -> None:
        self.submissions: list[tuple[ClientOrderId, Submission]] = []
        self.cancels: list[tuple[CancelOrder, CancelAnswer]] = []
        self.withheld: list[tuple[ClientOrderId, Withheld]] = []

    def on_submission(self, client_order_id: ClientOrderId, answer: Submission) -> None:
        self.submissions.append((client_order_id, answer))

    def on_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        self.cancels.append((cancel, answer))

    def on_withheld(self, client_order_id: ClientOrderId, withheld: Withheld) -> None:
        self.withheld.append((client_order_id, withheld))

    def on_cancel_withheld(self, cancel: CancelOrder, withheld: Withheld) -> None:
        self.withheld.append((cancel.client_order_id, withheld))


class LocalWay:
    """A gateway in this process."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.entry = SilentEntry()
        self.answers = Answers()
        self.persisted: list[tuple[Shard, Epoch]] = []
        self.verdict: Withheld | None = None
        self.epochs = Epochs(lambda shard, epoch: self.persisted.append((shard, epoch)))
        self.gateway = Gateway(
            self.entry,
            epochs=self.epochs,
            clock=self.clock,
            recheck=lambda order: self.verdict,
            budget=BudgetLimits(orders_per_10s_count=ORDERS_PER_10S),
        )
        asyncio.run(self.gateway.start([BTCUSDT], self.answers))

    def take(self, epoch: int) -> None:
        self.epochs.take(SHARD, Epoch(epoch))

    def submit(self, approved: Approved, epoch: int) -> None:
        withheld = self.gateway.submit(approved, epoch=Epoch(epoch))
        if withheld is not None:
            self.answers.on_withheld(approved.order.client_order_id, withheld)

    def cancel(self, cancel: CancelOrder, epoch: int) -> None:
        withheld = self.gateway.cancel(cancel, epoch=Epoch(epoch))
        if withheld is not None:
            self.answers.on_cancel_withheld(cancel, withheld)

    def submit_list(self, approved: tuple[Approved, ...], epoch: int) -> None:
        withheld = self.gateway.submit_list(approved, epoch=Epoch(epoch))
        if withheld is not None:
            for one in approved:
                self.answers.on_withheld(one.order.client_order_id, withheld)

    def replace(self, cancel: CancelOrder, approved: Approved, epoch: int) -> None:
        withheld = self.gateway.replace(cancel, approved, epoch=Epoch(epoch))
        if withheld is not None:
            self.answers.on_cancel_withheld(cancel, withheld)
            self.answers.on_withheld(approved.order.client_order_id, withheld)

    def settle(self) -> None:
        """Nothing is under way."""

    def close(self) -> None:
        """Nothing is open."""


class SocketWay(LocalWay):
    """The same gateway at the other end of a socket pair."""

    def __init__(self) -> None:
        super().__init__()
        self._here, self._there = socket.socketpair()
        self._here.setblocking(False)
        self._there.setblocking(False)
        self.server = GatewayServer(self.gateway, self._there.sendall, epochs=self.epochs)
        asyncio.run(self.gateway.start([BTCUSDT], self.server))
        self.remote = RemoteGateway(self._here.sendall, self.answers)

    def take(self, epoch: int) -> None:
        self.remote.take(SHARD, Epoch(epoch))
        self.settle()

    def submit(self, approved: Approved, epoch: int) -> None:
        withheld = self.remote.submit(approved, epoch=Epoch(epoch))
        if withheld is not None:
            self.answers.on_withheld(approved.order.client_order_id, withheld)
        self.settle()

    def cancel(self, cancel: CancelOrder, epoch: int) -> None:
        withheld = self.remote.cancel(cancel, epoch=Epoch(epoch))
        if withheld is not None:
            self.answers.on_cancel_withheld(cancel, withheld)
        self.settle()

    def submit_list(self, approved: tuple[Approved, ...], epoch: int) -> None:
        withheld = self.remote.submit_list(approved, epoch=Epoch(epoch))
        if withheld is not None:
            for one in approved:
                self.answers.on_withheld(one.order.client_order_id, withheld)
        self.settle()

    def replace(self, cancel: CancelOrder, approved: Approved, epoch: int) -> None:
        withheld = self.remote.replace(cancel, approved, epoch=Epoch(epoch))
        if withheld is not None:
            self.answers.on_cancel_withheld(cancel, withheld)
            self.answers.on_withheld(approved.order.client_order_id, withheld)
        self.settle()

    def settle(self) -> None:
        """Carry bytes both ways, a few at a time, until there are none."""
        for _ in range(10_000):
            moved = False
            for source, target in ((self._there, self.server), (self._here, self.remote)):
                try:
                    data = source.recv(97)
                except BlockingIOError:
                    continue
                target.receive(data)
                moved = True
            if not moved:
                return
        raise AssertionError("the ends never fall silent")

    def close(self) -> None:
        self._here.close()
        self._there.close()


class GatewayCases:
    """The cases; a subclass names the way."""

    make: type[LocalWay]

    @pytest.fixture
    def way(self) -> Iterator[LocalWay]:
        way = self.make()
        way.take(1)
        yield way
        way.close()

    def test_01_an_approved_order_reaches_the_venue_whole(self, way: LocalWay) -> None:
        approved = approve(way)
        way.submit(approved, 1)
        assert way.entry.submitted == [approved.order]
        assert way.answers.withheld == []

    def test_02_each_answer_comes_back_once(self, way: LocalWay) -> None:
        given = [Acked("7"), Rejected(-2010, "no"), Unknown("timeout")]  # type: ignore[arg-type]
        orders = approve_some(way, len(given))
        for approved, answer in zip(orders, given, strict=True):
            way.submit(approved, 1)
            way.entry.answer(approved.order.client_order_id, answer)
        way.settle()
        names = [approved.order.client_order_id for approved in orders]
        assert way.answers.submissions == list(zip(names, given, strict=True))

    def test_03_an_order_leaves_once_however_often_it_is_submitted(self, way: LocalWay) -> None:
        approved = approve(way)
        for _ in range(3):
            way.submit(approved, 1)
        assert len(way.entry.submitted) == 1
        assert reasons(way) == [WithheldReason.DUPLICATE] * 2

    def test_04_an_epoch_that_is_not_the_newest_gets_nothing_out(self, way: LocalWay) -> None:
        old, resting = approve_some(way, 2)
        way.submit(resting, 1)
        way.take(2)
        way.submit(old, 1)
        way.submit(old, 2)
        way.cancel(CancelOrder(BTCUSDT.symbol, resting.order.client_order_id), 1)
        assert [order.client_order_id for order in way.entry.submitted] == [
            resting.order.client_order_id
        ]
        assert way.entry.canceled == []
        assert reasons(way) == [WithheldReason.STALE_EPOCH] * 3

    def test_05_the_newest_epoch_cancels_what_an_older_one_sent(self, way: LocalWay) -> None:
        approved = approve(way)
        way.submit(approved, 1)
        way.take(2)
        cancel = CancelOrder(BTCUSDT.symbol, approved.order.client_order_id)
        way.cancel(cancel, 2)
        way.entry.answer_cancel(cancel, CancelAcked(BTCUSDT.quantity("0.5")))
        way.settle()
        assert way.entry.canceled == [cancel]
        assert way.answers.cancels == [(cancel, CancelAcked(BTCUSDT.quantity("0.5")))]

    def test_06_an_epoch_never_falls_and_is_persisted_before_it_is_served(
        self, way: LocalWay
    ) -> None:
        way.take(5)
        way.take(4)
        way.submit(approve(way, epoch=4), 4)
        way.submit(approve(way, epoch=5), 5)
        assert way.persisted == [(SHARD, 1), (SHARD, 5)]
        assert [order.client_order_id for order in way.entry.submitted] == [
            approve(way, epoch=5).order.client_order_id
        ]

    def test_07_an_approval_that_expired_stays_here(self, way: LocalWay) -> None:
        late, fresh = approve_some(way, 2)
        way.clock.wait(late.expires_at_ns - way.clock.now_ns())
        way.submit(late, 1)
        way.submit(renewed(way, fresh), 1)
        assert way.entry.submitted == [fresh.order]
        assert reasons(way) == [WithheldReason.EXPIRED]

    def test_08_what_changed_during_the_commit_is_asked_again(self, way: LocalWay) -> None:
        halted, passed = approve_some(way, 2)
        way.verdict = Withheld(WithheldReason.HALTED, "account paused")
        way.submit(halted, 1)
        way.verdict = None
        way.submit(passed, 1)
        assert way.entry.submitted == [passed.order]
        assert way.answers.withheld[0][1] == Withheld(WithheldReason.HALTED, "account paused")

    def test_09_a_withheld_approval_is_used_up(self, way: LocalWay) -> None:
        approved = approve(way)
        way.verdict = Withheld(WithheldReason.HALTED)
        way.submit(approved, 1)
        way.verdict = None
        way.submit(approved, 1)
        assert way.entry.submitted == []
        assert reasons(way) == [WithheldReason.HALTED, WithheldReason.DUPLICATE]

    def test_10_a_lost_connection_withholds_and_says_so(self, way: LocalWay) -> None:
        approved = approve(way)
        way.entry.is_connected = False
        way.submit(approved, 1)
        way.cancel(CancelOrder(BTCUSDT.symbol, approved.order.client_order_id), 1)
        assert (way.entry.submitted, way.entry.canceled) == ([], [])
        assert reasons(way) == [WithheldReason.NOT_CONNECTED] * 2

    def test_10_a_cancel_leaves_while_orders_alone_have_to_wait(self, way: LocalWay) -> None:
        approved = approve(way)
        way.entry.is_connected, way.entry.is_held = False, True
        cancel = CancelOrder(BTCUSDT.symbol, approved.order.client_order_id)
        way.submit(approved, 1)
        way.cancel(cancel, 1)
        assert (way.entry.submitted, way.entry.canceled) == ([], [cancel])
        assert reasons(way) == [WithheldReason.NOT_CONNECTED]

    def test_11_the_budget_keeps_a_tenth_for_exits(self, way: LocalWay) -> None:
        entries = approve_some(way, ORDERS_PER_10S)
        for approved in entries:
            way.submit(approved, 1)
        assert len(way.entry.submitted) == ORDERS_PER_10S - 1
        assert reasons(way) == [WithheldReason.BUDGET]
        way.submit(approve(way, purpose="exit", skip=ORDERS_PER_10S), 1)
        assert len(way.entry.submitted) == ORDERS_PER_10S

    def test_12_lost_answers_in_a_row_hold_entries_back_but_not_exits(
        self, way: LocalWay
    ) -> None:
        orders = approve_some(way, 7)
        for approved in orders[:5]:
            way.submit(approved, 1)
            way.entry.answer(approved.order.client_order_id, Unknown("timeout"))
        way.submit(orders[5], 1)
        way.submit(approve(way, purpose="exit", skip=10), 1)
        assert reasons(way) == [WithheldReason.BREAKER]
        assert len(way.entry.submitted) == 6
        way.clock.wait(5_000_000_000)
        way.submit(renewed(way, orders[6]), 1)
        assert len(way.entry.submitted) == 7

    def test_14_the_orders_of_a_list_leave_together_and_each_is_answered(
        self, way: LocalWay
    ) -> None:
        pair = tuple(approve_some(way, 2))
        way.submit_list(pair, 1)
        assert way.entry.lists == [tuple(approved.order for approved in pair)]
        assert way.entry.submitted == []
        for approved in pair:
            way.entry.answer(approved.order.client_order_id, Acked("7"))  # type: ignore[arg-type]
        way.settle()
        assert [name for name, _ in way.answers.submissions] == [
            approved.order.client_order_id for approved in pair
        ]

    def test_15_one_order_that_may_not_leave_keeps_its_whole_list_here(
        self, way: LocalWay
    ) -> None:
        used, second, third = approve_some(way, 3)
        way.submit(used, 1)
        way.submit_list((used, second), 1)
        way.submit_list((third, second), 1)
        assert way.entry.lists == []
        assert reasons(way) == [WithheldReason.DUPLICATE] * 4

    def test_16_the_budget_counts_every_order_of_a_list(self, way: LocalWay) -> None:
        orders = approve_some(way, ORDERS_PER_10S + 2)
        for approved in orders[: ORDERS_PER_10S - 2]:
            way.submit(approved, 1)
        way.submit_list(tuple(orders[-3:-1]), 1)
        assert way.entry.lists == []
        assert reasons(way) == [WithheldReason.BUDGET] * 2
        way.submit(orders[-1], 1)
        assert way.entry.submitted[-1] == orders[-1].order

    def test_17_a_replacement_leaves_whole_and_both_of_its_answers_come_back(
        self, way: LocalWay
    ) -> None:
        resting, fresh = approve_some(way, 2)
        cancel = CancelOrder(BTCUSDT.symbol, resting.order.client_order_id)
        way.replace(cancel, fresh, 1)
        assert way.entry.replaced == [(cancel, fresh.order)]
        way.entry.answer_cancel(cancel, CancelAcked(BTCUSDT.quantity("0")))
        way.entry.answer(fresh.order.client_order_id, Unknown("timeout"))
        way.settle()
        assert way.answers.cancels == [(cancel, CancelAcked(BTCUSDT.quantity("0")))]
        assert way.answers.submissions == [(fresh.order.client_order_id, Unknown("timeout"))]

    def test_18_a_replacement_whose_order_may_not_leave_cancels_nothing(
        self, way: LocalWay
    ) -> None:
        resting, fresh = approve_some(way, 2)
        cancel = CancelOrder(BTCUSDT.symbol, resting.order.client_order_id)
        way.verdict = Withheld(WithheldReason.HALTED)
        way.replace(cancel, fresh, 1)
        way.verdict = None
        way.take(2)
        way.replace(cancel, approve(way, epoch=2), 1)
        assert way.entry.replaced == []
        assert reasons(way) == [WithheldReason.HALTED] * 2 + [WithheldReason.STALE_EPOCH] * 2


class TestLocalGateway(GatewayCases):
    make = LocalWay


class TestRemoteGateway(GatewayCases):
    make = SocketWay

    def test_13_what_is_unanswered_when_the_stream_breaks_is_unknown(self) -> None:
        way = SocketWay()
        way.take(1)
        answered, open_ = approve_some(way, 2)
        way.submit(answered, 1)
        way.submit(open_, 1)
        way.entry.answer(answered.order.client_order_id, Acked("7"))  # type: ignore[arg-type]
        way.settle()
        way.remote.lost("the gateway is gone")
        way.submit(approve(way, skip=5), 1)
        way.close()
        assert way.answers.submissions[1:] == [
            (open_.order.client_order_id, Unknown("the gateway is gone"))
        ]
        assert reasons(way) == [WithheldReason.NOT_CONNECTED]


def reasons(way: LocalWay) -> list[WithheldReason]:
    return [withheld.reason for _, withheld in way.answers.withheld]


def renewed(way: LocalWay, approved: Approved) -> Approved:
    """Give the same order as if it had been reviewed now."""
    return make_approved(way, approved.order)


def approve(
    way: LocalWay, *, epoch: int = 1, purpose: str = "entry", skip: int = 0
) -> Approved:
    """Give the first order of an epoch, or a later one."""
    return approve_some(way, skip + 1, epoch=epoch, purpose=purpose)[-1]


def approve_some(
    way: LocalWay, count: int, *, epoch: int = 1, purpose: str = "entry"
) -> list[Approved]:
    ids = ClientOrderIds(JOURNAL, SHARD, Epoch(epoch))
    return [make_approved(way, make_order(ids, purpose)) for _ in range(count)]


def make_order(ids: ClientOrderIds, purpose: str) -> NewOrder:
    desk = TradingDesk(BTCUSDT)
    desk.ids = ids
    desk.quote("99.99", "100.01")
    intent = desk.intent("buy", "1.5", price="99.5", purpose=Purpose(purpose))
    accepted = desk.review(intent)
    return desk.child(accepted)  # type: ignore[arg-type]


def make_approved(way: LocalWay, order: NewOrder) -> Approved:
    now_ns = way.clock.now_ns()
    return Approved(order, now_ns, now_ns + 1_000_000_000)  # type: ignore[arg-type]
