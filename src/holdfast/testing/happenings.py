"""Builders of journal events, written in decimal text, and the account that they lead to.

An order is told by its `OrderApproved`; what happened to it is made from that event.
"""

from collections.abc import Iterable

import msgspec

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.account import Account
from holdfast.domain.ids import AccountId, ClientOrderIds, Epoch, JournalId, Shard
from holdfast.domain.instrument import Instrument
from holdfast.domain.market import MarketReference
from holdfast.domain.money import amount_text

JOURNAL = JournalId("TEST1")
_NOWHERE = MarketReference()


def order_ids(
    *, journal: JournalId = JOURNAL, shard: int = 0, epoch: int = 1
) -> ClientOrderIds:
    """Give the ids that a trader of the test journal would use."""
    return ClientOrderIds(journal, Shard(shard), Epoch(epoch))


def opening(*instruments: Instrument, balances: dict[str, str]) -> list[ev.Event]:
    """Make what every journal begins with: its instruments and opening balances."""
    return [
        *(
            ev.InstrumentRegistered(traded.symbol, msgspec.to_builtins(traded))
            for traded in instruments
        ),
        *(
            ev.BalanceOpened(asset, amount, "1", "USDT", "test")
            for asset, amount in balances.items()
        ),
    ]


def account_of(happened: Iterable[ev.Event]) -> Account:
    """Fold events into an account."""
    account = Account(AccountId("demo"))
    for event in happened:
        fold.apply(account, event)
    return account


def reserved(traded: Instrument, side: str, *, quantity: str, price: str) -> tuple[str, str]:
    """Give what an order holds, without a fee: its notional, or its quantity for a sell."""
    if side == "sell":
        return traded.base, quantity
    notional = traded.notional(traded.price(price), traded.quantity(quantity))
    return traded.quote, amount_text(notional)


def accepted(
    traded: Instrument,
    side: str,
    *,
    intent_id: str,
    quantity: str,
    price: str,
    strategy: str = "trend",
) -> ev.IntentAccepted:
    """Tell that an intent passed the gates."""
    asset, amount = reserved(traded, side, quantity=quantity, price=price)
    return ev.IntentAccepted(
        intent_id,
        strategy,
        traded.symbol,
        side,
        quantity,
        price,
        "direct",
        "entry",
        asset,
        amount,
        "",
        "",
        _NOWHERE,
    )


def approved(
    traded: Instrument,
    side: str,
    *,
    client_order_id: str,
    quantity: str = "1",
    price: str = "100",
    worst_price: str = "",
    strategy: str = "trend",
    **more: str,
) -> ev.OrderApproved:
    """Tell that an order passed the gates; at the market when its price is 0.

    `more` may hold `intent_id` and `purpose`.
    """
    worst = worst_price or price
    asset, amount = reserved(traded, side, quantity=quantity, price=worst)
    return ev.OrderApproved(
        client_order_id=client_order_id,
        strategy=strategy,
        intent_id=more.get("intent_id", ""),
        symbol=traded.symbol,
        product=traded.product.value,
        side=side,
        order_type="limit" if price != "0" else "market",
        time_in_force="gtc" if price != "0" else "ioc",
        quantity=quantity,
        price=price,
        worst_price=worst,
        trigger_price="0",
        position_side="both",
        reduce_only=False,
        purpose=more.get("purpose", "entry"),
        stp_mode="expire_maker",
        order_list_id="",
        contingency="",
        reference=_NOWHERE,
        model_version="",
        policy_version="",
        reserved_asset=asset,
        reserved=amount,
        expires_at_ns=0,
    )


def venue_id(order: ev.OrderApproved) -> str:
    """Give the venue's id of an order in these stories."""
    return f"V{order.client_order_id}"


def acked(order: ev.OrderApproved) -> ev.OrderAcked:
    """Tell that the venue has the order."""
    return ev.OrderAcked(
        order.client_order_id, venue_id(order), order.strategy, order.symbol, 0, 0, "stream"
    )


def doubted(order: ev.OrderApproved) -> ev.OrderDoubted:
    """Tell that the answer was lost."""
    return ev.OrderDoubted(order.client_order_id, order.strategy, order.symbol, "timeout")


def withheld(order: ev.OrderApproved) -> ev.OrderWithheld:
    """Tell that the gateway did not send the order."""
    return ev.OrderWithheld(order.client_order_id, order.strategy, order.symbol, "expired")


def rejected(order: ev.OrderApproved) -> ev.OrderRejected:
    """Tell that the venue refused the order."""
    return ev.OrderRejected(
        order.client_order_id, order.strategy, order.symbol, -2010, "no", 0, 0, "response"
    )


def filled(
    order: ev.OrderApproved,
    exec_id: str,
    *,
    quantity: str = "1",
    price: str = "",
    fee: str = "0",
    fee_asset: str = "USDT",
) -> ev.OrderFilled:
    """Tell of one execution, at the order's price unless another is named."""
    return ev.OrderFilled(
        client_order_id=order.client_order_id,
        venue_order_id=venue_id(order),
        exec_id=exec_id,
        strategy=order.strategy,
        symbol=order.symbol,
        product=order.product,
        side=order.side,
        position_side=order.position_side,
        last_price=price or order.worst_price,
        last_quantity=quantity,
        cum_quantity=quantity,
        liquidity_side="taker",
        fee=fee,
        fee_asset=fee_asset,
        fee_value=fee,
        fee_value_source="paid in quote",
        reduce_only=False,
        purpose=order.purpose,
        venue_at_ns=0,
        received_at_ns=0,
        source="stream",
    )


def canceled(order: ev.OrderApproved, *, cum_quantity: str = "0") -> ev.OrderCanceled:
    """Tell that the order was canceled after the venue had executed so much of it."""
    return ev.OrderCanceled(
        order.client_order_id, order.strategy, order.symbol, cum_quantity, "", 0, 0, "stream"
    )


def expired(order: ev.OrderApproved, *, cum_quantity: str = "0") -> ev.OrderExpired:
    """Tell that the venue ended the order after it had executed so much of it."""
    return ev.OrderExpired(
        order.client_order_id, order.strategy, order.symbol, cum_quantity, "", 0, 0, "stream"
    )


def cancel_requested(order: ev.OrderApproved) -> ev.CancelRequested:
    """Tell that a cancel was sent."""
    return ev.CancelRequested(order.client_order_id, order.strategy, order.symbol, "")


def cancel_rejected(order: ev.OrderApproved) -> ev.CancelRejected:
    """Tell that the venue did not cancel."""
    return ev.CancelRejected(order.client_order_id, order.strategy, order.symbol, -2011, "")
