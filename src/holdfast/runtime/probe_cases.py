"""The cases of a probe: what this program believes of the venue, each put to the venue itself.

A case gives a verdict and what was seen. `unproved` is said where the venue did not show it in
the time of a probe: it is no agreement.
"""

from collections.abc import Awaitable, Callable
from enum import Enum

import msgspec

from holdfast.domain.instrument import Product
from holdfast.domain.order import OrderType, Purpose, Side, TimeInForce
from holdfast.domain.submission import Acked
from holdfast.domain.venue import (
    CancelAcked,
    CancelOrder,
    CancelRefused,
    OrderReport,
    ReportKind,
)
from holdfast.errors import HoldfastError
from holdfast.runtime.probe_desk import Desk, until
from holdfast.venues.binance.rest import QuestionRefused
from holdfast.venues.binance.system_status import system_status
from holdfast.venues.binance.wire.rights import KeyRights, key_rights, objections

BOOK_WITHIN_S = 15.0
TRIGGER_WITHIN_S = 60.0
COUNTDOWN_MS = 5_000
FAR = 0.8
CLOCK_TIMES = 5
CLOCK_WITHIN_MS = 1_000
NEAR = 0.9999


class Verdict(Enum):
    """What a case showed."""

    HOLDS = "holds"
    DIFFERS = "differs"
    UNPROVED = "unproved"
    FAILED = "failed"


class Needs(Enum):
    """What a case needs: nothing, a key that reads, a test network to trade on."""

    NOTHING = "nothing"
    KEY = "key"
    TESTNET = "testnet"


class Finding(msgspec.Struct, frozen=True):
    """The verdict of a case and what was seen."""

    verdict: Verdict
    observed: str


Run = Callable[[Desk], Awaitable[Finding]]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One belief; `open_question` when no document that was read confirms it."""

    name: str
    claim: str
    needs: Needs
    run: Run
    products: tuple[Product, ...] = (Product.SPOT, Product.LINEAR)
    open_question: bool = False


def _is(holds: bool, observed: str) -> Finding:
    return Finding(Verdict.HOLDS if holds else Verdict.DIFFERS, observed)


def _unproved(why: str) -> Finding:
    return Finding(Verdict.UNPROVED, why)


async def _clock(desk: Desk) -> Finding:
    measured = []
    for _ in range(CLOCK_TIMES):
        await desk.rest.measure_offset()
        measured.append(desk.rest.offset_ns / 1e6)
    spread_ms = max(measured) - min(measured)
    seen = f"{measured[-1]:+.1f} ms ahead of ours, {spread_ms:.1f} ms between measurements"
    return _is(spread_ms < CLOCK_WITHIN_MS, seen)


async def _filters(desk: Desk) -> Finding:
    one = desk.instrument
    seen = f"tick {one.price_text(one.tick)}, step {one.quantity_text(one.step)}, "
    seen += f"least notional {one.min_notional}"
    return _is(one.tick > 0 and one.step > 0, seen)


async def _weight(desk: Desk) -> Finding:
    before = desk.rest.governor.used("weight")
    await desk.rest.server_time_ns()
    after = desk.rest.governor.used("weight")
    return _is(after > before, f"used weight {before}, then {after}")


async def _status(desk: Desk) -> Finding:
    try:
        is_normal, word = await system_status(desk.rest)
    except HoldfastError as error:
        return _unproved(str(error))
    return _is(is_normal, word)


async def _book(desk: Desk) -> Finding:
    top = await until(lambda: desk.market.feed.confirmed_top, within_s=BOOK_WITHIN_S)
    gaps = desk.market.feed.counts.gaps
    if top is None:
        return Finding(Verdict.DIFFERS, f"no book in {BOOK_WITHIN_S:g} s, {gaps} gaps")
    return _is(gaps == 0, f"a book after {desk.market.feed.counts.depth_updates} diffs, "
               f"{gaps} gaps, {desk.market.trades} trades")  # fmt: skip


async def _routes(desk: Desk) -> Finding:
    marks = await until(lambda: desk.market.marks, within_s=BOOK_WITHIN_S)
    top = desk.market.feed.top
    seen = f"{marks or 0} mark prices by /market, {'a' if top else 'no'} top by /public"
    return _is(bool(marks and top), seen)


async def _rights(desk: Desk) -> Finding:
    try:
        body = await desk.rest.get_signed("/sapi/v1/account/apiRestrictions", {}, weight=1)
    except HoldfastError as error:
        return _unproved(str(error))
    rights = key_rights(body)
    if not isinstance(rights, KeyRights):
        return Finding(Verdict.DIFFERS, rights.reason)
    said = objections(rights, desk.instrument.product, now_ns=desk.now_ns)
    return Finding(Verdict.HOLDS, "; ".join(said) or "the key may do what it needs and no more")


async def _account(desk: Desk) -> Finding:
    view = desk.venue.account_view
    balances, positions = await view.balances(), await view.positions()
    orders, trades = (
        await view.open_orders(desk.symbol),
        await view.trades(desk.symbol, after=None),
    )
    return Finding(
        Verdict.HOLDS,
        f"{len(balances)} balances, {len(positions)} positions, {len(orders)} open orders, "
        f"{len(trades)} of the newest trades",
    )


async def _stream(desk: Desk) -> Finding:
    return _is(desk.account.is_up, "the user stream is subscribed")


async def _window(desk: Desk) -> Finding:
    path = "/api/v3/account" if desk.instrument.product is Product.SPOT else "/fapi/v3/balance"
    try:
        await desk.wide.get_signed(path, {}, weight=20)
    except QuestionRefused as error:
        return _is(error.code == -1131, f"code {error.code}")  # noqa: PLR2004
    return Finding(Verdict.DIFFERS, "it was taken")


async def _rests(desk: Desk) -> Finding:
    order = desk.order(Side.BUY, OrderType.LIMIT_MAKER, price=int(desk.bid * FAR))
    desk.submit(order)
    answer = await desk.answer(order)
    if not isinstance(answer, Acked):
        return Finding(Verdict.DIFFERS, f"{answer}")
    told = await until(lambda: desk.account.reports_of(order.client_order_id))
    shown = await desk.venue.account_view.order(desk.symbol, order.client_order_id)
    canceled = await desk.cancel(order)
    ended = await until(lambda: [
        one for one in desk.account.reports_of(order.client_order_id)
        if one.kind is ReportKind.CANCELED
    ])  # fmt: skip
    holds = bool(told and shown and ended) and isinstance(canceled, CancelAcked)
    return _is(holds, f"stream {len(told or [])}, query {shown is not None}, {canceled}, "
               f"cancel told {bool(ended)}")  # fmt: skip


async def _twice(desk: Desk) -> Finding:
    order = desk.order(Side.BUY, OrderType.LIMIT, price=int(desk.bid * FAR))
    desk.submit(order)
    first = await desk.answer(order)
    del desk.account.submissions[order.client_order_id]
    desk.submit(order)
    second = await desk.answer(order)
    await desk.cancel(order)
    code = "-2010" if desk.instrument.product is Product.SPOT else "-4116"
    return _is(isinstance(first, Acked) and code in f"{second}",
               f"sent again under its id it was answered {second}")  # fmt: skip


async def _gone(desk: Desk) -> Finding:
    order = desk.order(Side.BUY, OrderType.LIMIT, price=int(desk.bid * FAR))
    shown = await desk.venue.account_view.order(desk.symbol, order.client_order_id)
    answer = await desk.cancel(order)
    code = answer.code if isinstance(answer, CancelRefused) else 0
    return _is(shown is None and code == -2011, f"query {shown}, cancel {answer}")  # noqa: PLR2004


async def _unfilled(desk: Desk) -> Finding:
    order = desk.order(Side.BUY, OrderType.LIMIT, price=int(desk.bid * FAR),
                       time_in_force=TimeInForce.IOC)  # fmt: skip
    desk.submit(order)
    ended = await until(lambda: [
        one for one in desk.account.reports_of(order.client_order_id)
        if one.kind is ReportKind.EXPIRED
    ])  # fmt: skip
    return _is(bool(ended), f"{[one.reason for one in ended or []]}")


async def _fills(desk: Desk) -> Finding:
    """Buy and sell at the market; also says in which order the account's events came."""
    seen = []
    for side in (Side.BUY, Side.SELL):
        mark = len(desk.account.heard)
        order = desk.order(side, OrderType.MARKET, price=desk.bid)
        desk.submit(order)
        filled = await until(lambda: _is_filled(desk, order.client_order_id))  # noqa: B023
        kinds = ["order" if isinstance(one, OrderReport) else one
                 for one in desk.account.heard[mark:]]  # fmt: skip
        seen.append(f"{side.value}: {', '.join(kinds)}")
        if not filled:
            return Finding(Verdict.DIFFERS, f"not filled: {desk.account.submissions}")
    trades = await desk.venue.account_view.trades(desk.symbol, after=None)
    told = {
        one.execution.exec_id
        for one in desk.account.heard
        if isinstance(one, OrderReport) and one.execution
    }
    shown = {trade.execution.exec_id for trade in trades}
    return _is(
        told <= shown, f"{'; '.join(seen)}; all executions in the query: {told <= shown}"
    )


def _is_filled(desk: Desk, client_order_id: str) -> bool:
    return any(
        one.execution is not None and one.cum_quantity >= one.quantity
        for one in desk.account.heard
        if isinstance(one, OrderReport) and one.client_order_id == client_order_id
    )


async def _stop(desk: Desk) -> Finding:
    """Place a stop just below the market, and see under which ids and words it triggers."""
    held = await desk.venue.account_view.positions()
    if any(one.symbol == desk.symbol and one.quantity for one in held):
        return Finding(
            Verdict.UNPROVED, "a position is open already; close it, and probe again"
        )
    opened = desk.order(Side.BUY, OrderType.MARKET, price=desk.bid)
    desk.submit(opened)
    if not await until(lambda: _is_filled(desk, opened.client_order_id)):
        return Finding(Verdict.FAILED, "no position to guard")
    stop = desk.order(Side.SELL, OrderType.STOP_MARKET, price=desk.bid, reduce_only=True,
                      purpose=Purpose.PROTECTIVE,
                      trigger_price=desk.instrument.round_price(desk.bid * NEAR, "down"),
                      quantity=opened.quantity, quantity_text=opened.quantity_text)  # fmt: skip
    desk.submit(stop)
    answer = await desk.answer(stop)
    filled = await until(lambda: _is_filled(desk, stop.client_order_id),
                         within_s=TRIGGER_WITHIN_S)  # fmt: skip
    words = [one.status_text for one in desk.account.reports_of(stop.client_order_id)]
    if not filled:
        await desk.cancel(stop)
        close = desk.order(Side.SELL, OrderType.MARKET, price=desk.bid, reduce_only=True)
        desk.submit(close)
        return _unproved(f"{answer}; not triggered in {TRIGGER_WITHIN_S:g} s; told {words}")
    return _is(isinstance(answer, Acked), f"told under the stop's id: {words}")


async def _countdown(desk: Desk) -> Finding:
    """See what the countdown does to a plain and to a conditional order."""
    plain = desk.order(Side.BUY, OrderType.LIMIT, price=int(desk.bid * FAR))
    above = desk.instrument.round_price(desk.bid * (2 - FAR), "up")
    conditional = desk.order(Side.BUY, OrderType.STOP_MARKET, price=above, trigger_price=above)
    for order in (plain, conditional):
        desk.submit(order)
        await desk.answer(order)
    await desk.countdown(COUNTDOWN_MS)
    gone = await until(lambda: [
        one for one in desk.account.reports_of(plain.client_order_id)
        if one.kind is ReportKind.CANCELED
    ], within_s=COUNTDOWN_MS / 1_000 + 5)  # fmt: skip
    resting = await desk.venue.account_view.open_orders(desk.symbol)
    survives = any(one.client_order_id == conditional.client_order_id for one in resting)
    desk.venue.order_entry.cancel(CancelOrder(desk.symbol, conditional.client_order_id))
    word = "stays" if survives else "goes too"
    return _is(bool(gone), f"plain canceled {bool(gone)}; the conditional order {word}")


async def _cannot_show(desk: Desk) -> Finding:
    del desk
    return _unproved("no probe can bring this about")


async def _not_needed(desk: Desk) -> Finding:
    del desk
    return _unproved("executions alone are booked, so this program depends on neither order")


_LINEAR = (Product.LINEAR,)
_NOTHING, _KEY, _TESTNET = Needs.NOTHING, Needs.KEY, Needs.TESTNET
CASES = (
    Case(name="clock", claim="the venue's clock can be measured", needs=_NOTHING, run=_clock),
    Case(name="filters", claim="exchangeInfo gives the filters", needs=_NOTHING, run=_filters),
    Case(name="weight", claim="answers name the used weight", needs=_NOTHING, run=_weight),
    Case(name="status", claim="system/status says normal", needs=_NOTHING, run=_status),
    Case(name="book", claim="diffs join a snapshot without a gap", needs=_NOTHING, run=_book),
    Case(name="routes", claim="/public and /market carry USD-M's streams", needs=_NOTHING,
         run=_routes, products=_LINEAR, open_question=True),
    Case(name="rights", claim="the key's rights can be read", needs=_KEY, run=_rights),
    Case(name="account", claim="balances, orders and trades read", needs=_KEY, run=_account),
    Case(name="stream", claim="the user stream is subscribed", needs=_KEY, run=_stream),
    Case(name="window", claim="a receive window over 60 s is -1131", needs=_KEY, run=_window,
         open_question=True),
    Case(name="rests", claim="a post-only order rests, is shown and canceled",
         needs=_TESTNET, run=_rests),
    Case(name="twice", claim="an id that is open is refused as a duplicate",
         needs=_TESTNET, run=_twice),
    Case(name="gone", claim="an order that is not there: -2013, -2011", needs=_TESTNET,
         run=_gone),
    Case(name="unfilled", claim="an IOC that meets nothing expires", needs=_TESTNET,
         run=_unfilled),
    Case(name="fills", claim="executions of the stream are those of the query",
         needs=_TESTNET, run=_fills),
    Case(name="event order", claim="ACCOUNT_UPDATE comes before or with the order's event",
         needs=_TESTNET, run=_not_needed, products=_LINEAR, open_question=True),
    Case(name="stop", claim="a triggered stop fills under its own id, by the known words",
         needs=_TESTNET, run=_stop, products=_LINEAR, open_question=True),
    Case(name="countdown", claim="the countdown cancels plain orders", needs=_TESTNET,
         run=_countdown, products=_LINEAR, open_question=True),
    Case(name="forced ids", claim="autoclose-, adl_autoclose, settlement_autoclose- mark the "
         "venue's own orders", needs=_TESTNET, run=_cannot_show, products=_LINEAR,
         open_question=True),
    Case(name="quantitative rules", claim="-4400 lets reductions pass", needs=_TESTNET,
         run=_cannot_show, products=_LINEAR, open_question=True),
    Case(name="pings", claim="USD-M pings every 3 min and takes 10 messages/s",
         needs=_NOTHING, run=_cannot_show, products=_LINEAR, open_question=True),
)  # fmt: skip
