"""A made-up journal of a day's trading, as records, for reports to be made of."""

from collections.abc import Iterator
from math import sin
from random import Random

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.approval import Refusal
from holdfast.domain.event import Header, Record
from holdfast.domain.ids import AccountId, Epoch, Shard
from holdfast.domain.instant import NS_PER_S, UtcNs
from holdfast.domain.market import MarketReference
from tests.unit.ledger.entries import BTCUSDT, filled, mark, opened

DAY_AT_NS = 1_723_075_200 * NS_PER_S


def record(seq: int, at_ns: int, event: ev.Event) -> Record:
    header = Header(seq, AccountId("desk"), Shard(0), Epoch(1), event.TYPE, UtcNs(at_ns))
    return Record(header, event)


def opening(notes: list[str]) -> list[ev.Event]:
    return [
        ev.JournalOpened("ABCDE", "paper", "desk", "replay", "state/1"),
        ev.EpochTaken(1, [0], "start"),
        ev.RunStarted("replay", 7, ["BTCUSDT"], ["trend", "quoter"], "0.1.0", notes),
        BTCUSDT,
        opened("100000", "USDT", mark="1"),
        opened("2", "BNB", mark="500"),
        opened("1.5", "BTC", mark="60000"),
        mark("BTCUSDT", "60000"),
        ev.ReconciliationCompleted("start", 0, 0, [], clean=True),
    ]


def approved(number: int, *, side: str, price: str, quantity: str) -> ev.OrderApproved:
    return ev.OrderApproved(
        client_order_id=f"H{number}",
        strategy="trend" if number % 3 else "quoter",
        intent_id=f"i{number}",
        symbol="BTCUSDT",
        product="spot",
        side=side,
        order_type="limit",
        time_in_force="ioc",
        quantity=quantity,
        price=price,
        worst_price=price,
        trigger_price="0",
        position_side="both",
        reduce_only=False,
        purpose="entry",
        stp_mode="none",
        order_list_id="",
        contingency="",
        reference=MarketReference("depth", number, price, price, 0, 0, ""),
        model_version="",
        policy_version="",
        reserved_asset="USDT" if side == "buy" else "BTC",
        reserved="0",
        expires_at_ns=0,
    )


def orders(number: int, *, price: float, chance: Random) -> Iterator[ev.Event]:
    """Tell one order from its approval to its end."""
    side = "buy" if number % 2 else "sell"
    text, quantity = f"{price:.2f}", "0.05"
    order_id, strategy = f"H{number}", "trend" if number % 3 else "quoter"
    yield approved(number, side=side, price=text, quantity=quantity)
    if chance.random() < 0.03:
        yield ev.OrderRejected(order_id, strategy, "BTCUSDT", -2010, "no", 0, 0, "response")
        return
    yield ev.OrderAcked(order_id, "1", strategy, "BTCUSDT", 0, 0, "response")
    if side == "buy" and chance.random() < 0.1:
        yield ev.OrderCanceled(order_id, strategy, "BTCUSDT", "0", "asked", 0, 0, "stream")
        return
    value = f"{float(text) * 0.00005:.7f}"
    fee = "0.00005 BTC" if number % 4 == 1 else f"{value} USDT"
    fill = filled(
        str(number),
        f"{side} {quantity} at {text}",
        fee=fee,
        fee_value=value,
        strategy=strategy,
    )
    yield msgspec.structs.replace(fill, client_order_id=order_id)


def journal(fills: int, *, seed: int = 1, minutes: int = 1_440) -> Iterator[Record]:
    """Give a journal with a mark each minute and about so many orders."""
    chance = Random(seed)
    events: list[tuple[int, ev.Event]] = [
        (DAY_AT_NS, event)
        for event in opening(["One level a side: 0.01 wide, 1 BTC large.", "Fees 0.1 %."])
    ]
    number = 0
    price = 60_000.0
    for minute in range(minutes):
        at_ns = DAY_AT_NS + (minute + 1) * 60 * NS_PER_S
        price += chance.gauss(0, 18) + 6 * sin(minute / 90)
        events.append((at_ns, mark("BTCUSDT", f"{price:.2f}")))
        for _ in range(fills * (minute + 1) // minutes - number):
            number += 1
            moment = at_ns + chance.randrange(59) * NS_PER_S
            near = price + chance.gauss(0, 6)
            events.extend((moment, e) for e in orders(number, price=near, chance=chance))
    events.sort(key=lambda item: item[0])
    end = events[-1][0]
    refusal = Refusal("collar", "59000 is 2.1 % from the middle", "59000", "1 %")
    events.append(
        (
            end,
            ev.IntentRefused(
                "trend", "BTCUSDT", "buy", "1", "59000", "order", [refusal], 12, 0
            ),
        )
    )
    events.append(
        (end, ev.ReconciliationCompleted("end", 0, 3, ["one fill was late"], clean=True))
    )
    events.append((end, ev.RunEnded("end of the data")))
    for seq, (at_ns, event) in enumerate(events, 1):
        yield record(seq, at_ns, event)
