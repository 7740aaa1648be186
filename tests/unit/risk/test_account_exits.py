"""An exit may not open or turn over what the account holds (the fifth promise, XCH-5)."""

import msgspec

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.approval import Accepted, Approved, Refused
from holdfast.domain.ids import StrategyId
from holdfast.domain.instrument import Product
from holdfast.domain.order import Purpose
from holdfast.testing import happenings as told
from holdfast.testing.desk import TREND, TradingDesk
from holdfast.testing.market import instrument

SWAP = instrument(product=Product.LINEAR)
OTHER = StrategyId("other")


def desk_with(*held: tuple[str, str, str]) -> TradingDesk:
    desk = TradingDesk(SWAP, balances={"USDT": "100000"})
    desk.quote("99.99", "100.01")
    for number, (strategy, side, quantity) in enumerate(held):
        order = told.approved(
            SWAP, side, client_order_id=f"O{number}", quantity=quantity, strategy=strategy
        )
        fold.apply(desk.account, order)
        fill = told.filled(order, f"{number}", quantity=quantity, price="100")
        fold.apply(desk.account, msgspec.structs.replace(fill, realized="0"))
    return desk


def by_hand(desk: TradingDesk, side: str, quantity: str, *, closes_held: bool) -> None:
    event = ev.ForeignFillSeen(
        "V9", "900", SWAP.symbol, "linear", side, "both", "100", quantity, "0", "USDT", "0",
        "", "taker", 0, "0", "request", closes_held,
    )  # fmt: skip
    fold.apply(desk.account, event)


def test_on_spot_an_exit_does_not_sell_the_coins_of_another_strategy() -> None:
    coin = instrument()
    held = {"trend": "2", "other": "3"}
    desk = TradingDesk(coin, balances={"USDT": "100000"})
    desk.quote("99.99", "100.01")
    for strategy, quantity in held.items():
        order = told.approved(
            coin, "buy", client_order_id=strategy, quantity=quantity, strategy=strategy
        )
        fold.apply(desk.account, order)
        fold.apply(desk.account, told.filled(order, strategy, quantity=quantity, price="100"))
    by_hand(desk, "sell", "1.5", closes_held=False)
    assert exits(desk, "sell", "2") == "reduction"
    assert exits(desk, "sell", "0.5") == ""
    assert exits(desk, "sell", "0.1") == "reduction", "the first half may have filled"


def exits(desk: TradingDesk, side: str, quantity: str, *, strategy: StrategyId = TREND) -> str:
    intent = desk.intent(side, quantity, purpose=Purpose.EXIT)
    answer = desk.trade(intent, strategy=strategy)
    if isinstance(answer, Refused):
        return answer.refusals[0].gate
    assert isinstance(answer, Approved | Accepted)
    return ""


def test_an_exit_from_what_the_account_has_no_more_is_refused_with_its_reason() -> None:
    desk = desk_with(("trend", "buy", "3"))
    by_hand(desk, "sell", "3", closes_held=False)  # booked by a journal from before the rule
    assert desk.account.position(TREND, SWAP.symbol) == SWAP.quantity("3")
    refused = desk.review(desk.intent("sell", "3", purpose=Purpose.EXIT))
    assert isinstance(refused, Refused)
    (refusal,) = refused.refusals
    assert refusal.gate == "reduction"
    assert "the account holds less than this exit" in refusal.reason


def test_an_exit_may_take_what_the_account_still_has_and_no_more_with_what_is_working() -> None:
    desk = desk_with(("trend", "buy", "3"))
    by_hand(desk, "sell", "1", closes_held=False)
    desk.halts.block("a reason", "to pass only reductions")
    assert exits(desk, "sell", "1.5") == ""
    assert exits(desk, "sell", "1") == "reduction", "1.5 of 2 may fill already"
    assert exits(desk, "sell", "0.5") == ""


def test_a_short_is_held_to_the_same_rule() -> None:
    desk = desk_with(("trend", "sell", "3"))
    by_hand(desk, "buy", "2", closes_held=False)
    assert exits(desk, "buy", "2") == "reduction"
    assert exits(desk, "buy", "1") == ""


def test_strategies_that_hold_against_each_other_may_still_leave() -> None:
    desk = desk_with(("trend", "buy", "3"), ("other", "sell", "3"))
    assert exits(desk, "sell", "3") == "", "the account then holds what the other one holds"
    halted = desk_with(("trend", "buy", "3"), ("other", "sell", "3"))
    halted.halts.block("a reason", "no new risk")
    assert exits(halted, "sell", "3") == "halt", "it is no reduction of the account"


def test_after_a_close_by_hand_the_strategy_has_nothing_left_to_sell() -> None:
    desk = desk_with(("trend", "buy", "3"))
    by_hand(desk, "sell", "3", closes_held=True)
    desk.halts.block("paused", "")
    assert desk.account.position(TREND, SWAP.symbol) == 0
    assert exits(desk, "sell", "3") == "halt", "it is new risk like any other"
