"""The orders of an accepted intent."""

import msgspec
import pytest

from holdfast.domain.approval import Accepted
from holdfast.domain.order import OrderType, TimeInForce
from holdfast.errors import InvariantBroken
from holdfast.execution.children import Origin, children
from holdfast.testing.desk import TradingDesk
from holdfast.testing.market import instrument

BTCUSDT = instrument()


@pytest.fixture
def desk() -> TradingDesk:
    desk = TradingDesk(BTCUSDT)
    desk.quote("99.99", "100.01")
    return desk


def accepted(desk: TradingDesk, price: str, **changes: object) -> Accepted:
    verdict = desk.review(desk.intent("buy", "1.5", price=price))
    assert isinstance(verdict, Accepted)
    intent = msgspec.structs.replace(verdict.intent, **changes)
    return msgspec.structs.replace(verdict, intent=intent)


def test_an_intent_at_a_limit_becomes_one_limit_order(desk: TradingDesk) -> None:
    order = desk.child(accepted(desk, "100"))
    assert (order.order_type, order.time_in_force) == (OrderType.LIMIT, TimeInForce.GTC)
    assert (order.quantity_text, order.price_text) == ("1.5", "100")
    assert order.worst_price == order.price


def test_an_intent_at_the_market_carries_its_worst_price(desk: TradingDesk) -> None:
    order = desk.child(accepted(desk, "0"))
    assert (order.order_type, order.price_text) == (OrderType.MARKET, "0")
    assert order.worst_price == BTCUSDT.price("101.02")


def test_an_intent_that_only_rests_becomes_a_maker_order(desk: TradingDesk) -> None:
    order = desk.child(accepted(desk, "99", post_only=True))
    assert order.order_type is OrderType.LIMIT_MAKER


def test_every_order_has_an_id_of_its_own_and_names_its_intent(desk: TradingDesk) -> None:
    parents = [accepted(desk, "99") for _ in range(3)]
    orders = [desk.child(parent) for parent in parents]
    assert len({order.client_order_id for order in orders}) == 3
    assert [order.intent_id for order in orders] == [parent.intent_id for parent in parents]


def test_an_algorithm_that_nobody_knows_is_a_bug(desk: TradingDesk) -> None:
    parent = accepted(desk, "99", algorithm="teleport")
    origin = Origin(
        account=desk.account.account, instrument=BTCUSDT, worst_price=parent.intent.price
    )
    with pytest.raises(InvariantBroken, match="teleport; known: direct, quote"):
        children(parent, origin, ids=desk.ids)
