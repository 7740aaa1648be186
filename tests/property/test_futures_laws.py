"""What holds on USD-M whatever is asked and whatever the market does (XCH-2, XCH-10)."""

from hypothesis import given, settings

from holdfast.simexchange.exchange import AnyEmission
from tests.property.futures_kit import (
    History,
    check_orders,
    check_positions,
    check_updates,
    check_wallets,
    histories,
    new_futures,
)


def play(history: History, seed: int = 0) -> list[AnyEmission]:
    exchange = new_futures(seed=seed)
    before: dict[tuple[str, str], int] = {}
    at_ns = 2
    out: list[AnyEmission] = []
    for act, wait_ns in history:
        at_ns += wait_ns
        emissions = act(exchange, at_ns)
        check_updates(emissions, before)
        check_positions(exchange)
        check_orders(exchange)
        out += emissions
    check_wallets(exchange)
    return out


@given(histories)
@settings(deadline=None)
def test_money_positions_and_orders_stay_right(history: History) -> None:
    assert play(history) is not None


@given(histories)
@settings(deadline=None, max_examples=30)
def test_one_seed_gives_one_run(history: History) -> None:
    assert play(history, seed=3) == play(history, seed=3)
