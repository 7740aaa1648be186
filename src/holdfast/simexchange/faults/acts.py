"""What happens at once, by its time or because somebody asked for it.

An act changes the venue itself; a ValueError says what is wrong with what was asked, and
nothing has been done then.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from holdfast.errors import HoldfastError
from holdfast.simexchange.connection import GOING_AWAY
from holdfast.simexchange.faults import at_socket
from holdfast.simexchange.faults.entries import Fault, offset_ns
from holdfast.simexchange.faults.kinds import TRAITS, FaultKind, Occasion
from holdfast.simexchange.futures.requests import (
    FuturesCancelAll,
    FuturesPlace,
    FuturesTicket,
)
from holdfast.simexchange.model import PlaceRequest, Reject, SymbolRules, Ticket
from holdfast.simexchange.numbers import E8, parse_e8
from holdfast.simexchange.pacing import SECOND_NS
from holdfast.simexchange.trouble import trouble_log

if TYPE_CHECKING:
    from holdfast.simexchange.floor import Floor

Act = Callable[["Floor", Fault], dict[str, object]]
LOOPBACK = "127.0.0.1"
FOREIGN_PREFIX = "web_"
BNB = "BNB"
BNB_PRICE = 600 * E8
BNB_SHARE = E8 // 4
COUNTS = frozenset(
    {
        "max_orders", "max_algo_orders", "max_iceberg_orders", "iceberg_parts",
        "max_order_lists", "max_order_amends", "notional_average_minutes",
    }
)  # fmt: skip
AMOUNTS = frozenset(
    {
        "tick", "step", "min_price", "max_price", "min_quantity", "max_quantity",
        "market_step", "market_min_quantity", "market_max_quantity", "min_notional",
        "max_notional", "bid_multiplier_up", "bid_multiplier_down", "ask_multiplier_up",
        "ask_multiplier_down", "max_position",
    }
)  # fmt: skip
STATUSES = {
    FaultKind.SYMBOL_HALT: "HALT",
    FaultKind.SYMBOL_CANCEL_ONLY: "CANCEL_ONLY",
    FaultKind.SYMBOL_BREAK: "BREAK",
}


def perform(floor: "Floor", fault: Fault) -> None:
    """Do what a fault does at its time; what cannot be done is one line on standard error."""
    try:
        act_now(floor, fault)
    except (ValueError, HoldfastError) as error:
        floor.faults.note(fault.kind, times=-1)
        trouble_log().error("fault %s: %s", fault.kind.value, error)


def act_now(floor: "Floor", fault: Fault) -> dict[str, object]:
    """Do it now; return what was done."""
    act = ACTS.get(fault.kind)
    if act is None:
        raise ValueError(
            f"{fault.kind.value} befalls an occasion; arm it with /sim/faults. At once can be "
            f"done: {', '.join(sorted(kind.value for kind in ACTS))}"
        )
    check_names(floor, fault)
    return act(floor, fault)


def check_names(floor: "Floor", fault: Fault) -> None:
    """Raise a ValueError when an act names a symbol or an account that is not there."""
    if TRAITS[fault.kind].occasions != (Occasion.TIME,):
        return
    exchange = floor.exchange
    if fault.symbol and fault.symbol not in exchange.symbols:
        raise ValueError(
            f"no symbol {fault.symbol!r}; {', '.join(exchange.symbols)} are listed"
        )
    names = [spec.name for spec in exchange.accounts.specs()]
    if fault.account and fault.account not in names:
        raise ValueError(f"no account {fault.account!r}; there are {', '.join(names)}")


def _deposit(floor: "Floor", fault: Fault) -> dict[str, object]:
    amount = parse_e8(fault.amount)
    exchange = floor.exchange
    if fault.product == "usdm":
        demands = exchange.futures.demands
        floor.deliver(demands.move_wallet(fault.account, fault.asset, amount=amount))
        return {"account": fault.account, "asset": fault.asset, "amount": fault.amount}
    out = exchange.operator.deposit(
        fault.account, fault.asset, amount=amount, at_ns=exchange.now_ns
    )
    floor.deliver(out)
    held = {one.asset: one for one in exchange.accounts.balances(fault.account)}
    return {"account": fault.account, "asset": fault.asset, "free": held[fault.asset].free / E8}


def _foreign_order(floor: "Floor", fault: Fault) -> dict[str, object]:
    exchange = floor.exchange
    number = floor.faults.happened.get(fault.kind.value, 0)
    client_id = fault.client_order_id or f"{FOREIGN_PREFIX}{number:08d}"
    price = parse_e8(fault.price) if fault.price else 0
    terms = {
        "symbol": fault.symbol,
        "side": fault.side,
        "order_type": "LIMIT" if price else "MARKET",
        "time_in_force": (fault.time_in_force or "GTC") if price else "",
        "quantity": parse_e8(fault.quantity),
        "price": price,
        "client_order_id": client_id,
    }
    now_ns, account, futures = floor.clock.now_ns(), fault.account, exchange.futures
    if fault.symbol in futures.contracts:
        wanted = msgspec.convert(terms | {"position_side": fault.position_side}, FuturesPlace)
        _refuse(futures.check(account, wanted))
        floor.submit(lambda: futures.enter(account, wanted, arrived_ns=now_ns), _done)
    else:
        request = msgspec.convert(terms, PlaceRequest)
        _refuse(exchange.check(account, request))
        floor.submit(lambda: exchange.place(account, request, arrived_ns=now_ns), _done)
    return {"account": account, "client_order_id": client_id}


def _refuse(refusal: Reject | None) -> None:
    if refusal is not None:
        raise ValueError(f"the order is refused: {refusal.code} {refusal.message}")


def _foreign_cancel(floor: "Floor", fault: Fault) -> dict[str, object]:
    exchange, futures = floor.exchange, floor.exchange.futures
    account, symbol, now_ns = fault.account, fault.symbol, floor.clock.now_ns()
    is_usdm = symbol in futures.contracts
    orders = futures.orders if is_usdm else exchange.accounts
    count = len(orders.open_orders(account, symbol))
    if not count:
        raise ValueError(f"{account} has no open order on {symbol}")
    if is_usdm:
        every = FuturesCancelAll(symbol)
        floor.submit(lambda: futures.enter(account, every, arrived_ns=now_ns), _done)
    else:
        floor.submit(lambda: exchange.cancel_all(account, symbol, arrived_ns=now_ns), _done)
    return {"account": account, "canceled": count}


def _done(ticket: Ticket | FuturesTicket) -> None:
    if isinstance(ticket.outcome, Reject):
        trouble_log().error("a foreign request was refused: %s", ticket.outcome.message)


def _change_status(floor: "Floor", fault: Fault) -> dict[str, object]:
    exchange, status = floor.exchange, STATUSES[fault.kind]
    floor.deliver(exchange.change_rules(fault.symbol, status=status))

    def trade_again() -> None:
        if exchange.symbols[fault.symbol].status == status:
            floor.deliver(exchange.change_rules(fault.symbol, status="TRADING"))

    floor.timetable.after(fault.lasts_ns, trade_again)
    return {"symbol": fault.symbol, "status": status}


def _change_filters(floor: "Floor", fault: Fault) -> dict[str, object]:
    changes: dict[str, int] = {}
    for name, text in fault.rules.items():
        if name in COUNTS:
            if not (text.isascii() and text.isdigit()):
                raise ValueError(f"{name} {text!r} is no count")
            changes[name] = int(text)
        elif name in AMOUNTS:
            changes[name] = parse_e8(text)
        else:
            known = ", ".join(sorted(AMOUNTS | COUNTS))
            raise ValueError(f"no filter {name!r}; {known} would be right")
    for name in ("tick", "step"):
        if changes.get(name, 1) <= 0:
            raise ValueError(f"{name} has to be above 0")
    before: SymbolRules = floor.exchange.symbols[fault.symbol]
    floor.deliver(floor.exchange.change_rules(fault.symbol, **changes))
    shown = {name: [getattr(before, name) / E8, after / E8] for name, after in changes.items()}
    return {"symbol": fault.symbol, "changed": shown}


def _skew(floor: "Floor", fault: Fault) -> dict[str, object]:
    offset = offset_ns(fault.offset)
    if fault.kind is FaultKind.CLOCK_JUMP:
        number = floor.faults.happened.get(fault.kind.value, 0)
        offset = int(offset * (2 * floor.faults.uniform(f"clock:{number}") - 1))
    floor.clock.skew_ns = offset

    def right() -> None:
        if floor.clock.skew_ns == offset:
            floor.clock.skew_ns = 0

    floor.timetable.after(fault.lasts_ns, right)
    return {"skew_ns": offset}


def _maintain(floor: "Floor", fault: Fault) -> dict[str, object]:
    floor.is_in_maintenance = True
    closed = 0
    for connection in floor.pacer.connections():
        connection.close(GOING_AWAY)
        closed += 1

    def open_again() -> None:
        floor.is_in_maintenance = False

    floor.timetable.after(fault.lasts_ns, open_again)
    return {"closed": closed}


def _refuse_connections(floor: "Floor", fault: Fault) -> dict[str, object]:
    port = floor.port
    if port is None:
        raise ValueError("this venue has no port of its own")
    port.close()
    loop = asyncio.get_running_loop()

    def open_again() -> None:
        floor.tasks.append(loop.create_task(port.open_again()))

    # Connections are a thing of real time: a client that waits for one has no market time.
    loop.call_later(fault.lasts_ns / SECOND_NS, open_again)
    return {"port": port.number}


def _shut_down(floor: "Floor", fault: Fault) -> dict[str, object]:
    concerned = at_socket.concerned_by(floor, fault)
    for connection in concerned:
        at_socket.retire(floor, connection, lead_ns=fault.delay_ns)
    return {"sockets": len(concerned)}


def _befall_sockets(floor: "Floor", fault: Fault) -> dict[str, object]:
    return {"sockets": at_socket.befall_open(floor, fault)}


def _limit_address(floor: "Floor", fault: Fault) -> dict[str, object]:
    address = fault.address or LOOPBACK
    now_ns = floor.clock.limits_now_ns()
    until_ns = now_ns + fault.lasts_ns
    for desk in floor.desks:
        if fault.product in ("", desk.quotas.product):
            limits = desk.address(address)
            if fault.kind is FaultKind.ADDRESS_BANNED_418:
                limits.ban(now_ns, until_ns=until_ns)
            else:
                limits.fill_up(now_ns, until_ns=until_ns)
    return {"address": address, "until_ms": until_ns // 10**6}


def _pay_in_bnb(floor: "Floor", fault: Fault) -> dict[str, object]:
    clearing = floor.exchange.clearing
    quotes = {rules.quote for rules in floor.exchange.symbols.values()}
    assumed = clearing.fee_assumptions
    discount = msgspec.structs.replace(
        assumed.discount, asset=BNB, share=BNB_SHARE, prices=dict.fromkeys(quotes, BNB_PRICE)
    )
    changed = msgspec.structs.replace(assumed, discount=discount)
    clearing.fee_assumptions = changed
    specs = floor.exchange.accounts.specs()
    names = [fault.account] if fault.account else [spec.name for spec in specs]
    for name in names:
        if not clearing.holdings[name].free.get(BNB, 0):
            out = floor.exchange.operator.deposit(
                name, BNB, amount=E8, at_ns=floor.exchange.now_ns
            )
            floor.deliver(out)

    def pay_as_assumed() -> None:
        if clearing.fee_assumptions is changed:
            clearing.fee_assumptions = assumed

    floor.timetable.after(fault.lasts_ns, pay_as_assumed)
    return {"accounts": names}


def _expire_listen_keys(floor: "Floor", fault: Fault) -> dict[str, object]:
    if floor.expire_keys is None:
        raise ValueError("there are no listen keys; only USD-M has them")
    return {"expired": floor.expire_keys(fault.account or None)}


def _liquidate(floor: "Floor", fault: Fault) -> dict[str, object]:
    demands = floor.exchange.futures.demands
    is_adl = fault.kind is FaultKind.ADL
    close = demands.force_adl if is_adl else demands.force_liquidation
    happened = close(fault.account, fault.symbol)
    floor.deliver(happened)
    done: dict[str, object] = {"account": fault.account, "symbol": fault.symbol}
    return done if happened else done | {"done": "nothing: there is no position"}


def _trigger_algo(floor: "Floor", fault: Fault) -> dict[str, object]:
    floor.deliver(floor.exchange.futures.demands.force_trigger(fault.account, fault.symbol))
    return {"account": fault.account, "symbol": fault.symbol}


ACTS: dict[FaultKind, Act] = {
    FaultKind.DEPOSIT: _deposit,
    FaultKind.FOREIGN_ORDER: _foreign_order,
    FaultKind.FOREIGN_CANCEL: _foreign_cancel,
    FaultKind.FILTER_CHANGE: _change_filters,
    FaultKind.CLOCK_SKEW: _skew,
    FaultKind.CLOCK_JUMP: _skew,
    FaultKind.MAINTENANCE: _maintain,
    FaultKind.LISTENER_CLOSED: _refuse_connections,
    FaultKind.SERVER_SHUTDOWN: _shut_down,
    FaultKind.WEIGHT_EXCEEDED_429: _limit_address,
    FaultKind.ADDRESS_BANNED_418: _limit_address,
    FaultKind.FEE_IN_BNB: _pay_in_bnb,
    FaultKind.LISTEN_KEY_EXPIRED: _expire_listen_keys,
    FaultKind.LIQUIDATION: _liquidate,
    FaultKind.ADL: _liquidate,
    FaultKind.ALGO_TRIGGERED: _trigger_algo,
    **dict.fromkeys(STATUSES, _change_status),
    **dict.fromkeys(at_socket.ACTS, _befall_sockets),
}
