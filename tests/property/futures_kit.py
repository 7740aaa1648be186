"""A small random market of a perpetual, and the checkers of its laws."""

from collections.abc import Callable

import msgspec
from hypothesis import strategies as st

from holdfast.simexchange.accounts import AccountSpec
from holdfast.simexchange.exchange import AnyEmission, Exchange
from holdfast.simexchange.futures.model import (
    FuturesEvent,
    FuturesOrderUpdate,
    FuturesTrade,
    MarginType,
)
from holdfast.simexchange.futures.requests import (
    AdjustMargin,
    AlgoCancel,
    AlgoPlace,
    Countdown,
    FuturesCancel,
    FuturesCancelAll,
    FuturesModify,
    FuturesPlace,
    FuturesRequest,
    SetLeverage,
    SetMarginType,
    SetPositionMode,
)
from holdfast.simexchange.model import Snapshot, Ticker, Trade
from holdfast.simexchange.numbers import E8
from tests.property.sim_kit import ACCOUNTS, FIRST, RULES, STEP, SYMBOL, TICK, assumptions

LINEAR = msgspec.structs.replace(RULES, product="linear")
WALLET = 120 * E8
HOUR_NS = 3_600 * 10**9
Act = Callable[[Exchange, int], list[AnyEmission]]
History = list[tuple[Act, int]]


def new_futures(*, wallet: int = WALLET, seed: int = 0, **orders: object) -> Exchange:
    """Return an exchange with two margin accounts and a snapshot of three levels a side.

    `orders` are what is assumed of orders otherwise than by the package.
    """
    assumed = assumptions()
    changed = msgspec.structs.replace(assumed.futures.orders, **orders)
    margin = msgspec.structs.replace(assumed.futures, orders=changed)
    assumed = msgspec.structs.replace(assumed, futures=margin)
    accounts = [
        AccountSpec(name=name, keys=(), balances={}, futures_balances={"BBB": wallet})
        for name in ACCOUNTS
    ]
    exchange = Exchange({SYMBOL: LINEAR}, accounts, assumptions=assumed, seed=seed)
    bids = [((FIRST - at) * TICK, 5 * STEP) for at in range(3)]
    asks = [((FIRST + 1 + at) * TICK, 5 * STEP) for at in range(3)]
    exchange.apply(Snapshot(1, SYMBOL, 1, bids, asks))
    return exchange


class _Ask(msgspec.Struct, frozen=True):
    account: str
    request: FuturesRequest
    is_fitted: bool = False

    def __call__(self, exchange: Exchange, at_ns: int) -> list[AnyEmission]:
        request = _fitted(self, exchange) if self.is_fitted else self.request
        exchange.futures.enter(self.account, request, arrived_ns=at_ns)
        return exchange.advance(at_ns)


def _fitted(ask: _Ask, exchange: Exchange) -> FuturesRequest:
    """Make an order name its position as the mode wants, and a change an open order."""
    request, futures = ask.request, exchange.futures
    if isinstance(request, FuturesPlace | AlgoPlace):
        if not futures.margin.is_hedge(ask.account):
            return msgspec.structs.replace(request, position_side="")
        side = request.position_side or "LONG"
        return msgspec.structs.replace(request, position_side=side, reduce_only=None)
    rests = futures.orders.open_orders(ask.account)
    if not rests or not isinstance(request, FuturesCancel | FuturesModify):
        return request
    chosen = rests[(request.order_id or 0) % len(rests)]
    request = msgspec.structs.replace(request, order_id=chosen.order_id)
    if isinstance(request, FuturesModify):
        return msgspec.structs.replace(request, side=chosen.side)
    return request


class _Print(msgspec.Struct, frozen=True):
    price: int
    quantity: int
    buyer_is_maker: bool

    def __call__(self, exchange: Exchange, at_ns: int) -> list[AnyEmission]:
        price, quantity = self.price * TICK, self.quantity * STEP
        return exchange.apply(
            Trade(at_ns, SYMBOL, at_ns, price, quantity, self.buyer_is_maker, at_ns, at_ns)
        )


class _Best(msgspec.Struct, frozen=True):
    bid: int
    quantity: int

    def __call__(self, exchange: Exchange, at_ns: int) -> list[AnyEmission]:
        size = self.quantity * STEP
        bid, ask = self.bid * TICK, (self.bid + 1) * TICK
        return exchange.apply(Ticker(at_ns, SYMBOL, at_ns, bid, size, ask, size))


class _Demand(msgspec.Struct, frozen=True):
    kind: str
    account: str
    amount: int

    def __call__(self, exchange: Exchange, at_ns: int) -> list[AnyEmission]:
        out = exchange.advance(at_ns)
        demands = exchange.futures.demands
        if self.kind == "liquidate":
            return [*out, *demands.force_liquidation(self.account, SYMBOL)]
        if self.kind == "adl":
            return [*out, *demands.force_adl(self.account, SYMBOL)]
        return [*out, *demands.move_wallet(self.account, "BBB", amount=self.amount * E8)]


_accounts = st.sampled_from(ACCOUNTS)
_sides = st.sampled_from(["BUY", "SELL"])
_position_sides = st.sampled_from(["", "", "LONG", "SHORT"])
_reduce_only = st.sampled_from([None, None, True, False])
_prices = st.integers(88, 113)
_quantities = st.integers(1, 12)
_modes = st.sampled_from(["", "NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"])
_ids = st.integers(1, 20)


def _plain(kind: str, price: int, **more: object) -> FuturesPlace:
    is_market = kind == "MARKET"
    return FuturesPlace(
        symbol=SYMBOL,
        order_type="MARKET" if is_market else "LIMIT",
        time_in_force="" if is_market else kind,
        price=0 if is_market else price * TICK,
        **more,  # type: ignore[arg-type]
    )


_steps = _quantities.map(lambda quantity: quantity * STEP)
_ticks = _prices.map(lambda price: price * TICK)
_places = st.builds(
    _plain,
    st.sampled_from(["MARKET", "MARKET", "GTC", "GTC", "IOC", "FOK", "GTX"]),
    _prices,
    side=_sides,
    position_side=_position_sides,
    quantity=_steps,
    reduce_only=_reduce_only,
    stp_mode=_modes,
)
_algos = st.builds(
    AlgoPlace,
    symbol=st.just(SYMBOL),
    side=_sides,
    order_type=st.sampled_from(
        ["STOP_MARKET", "TAKE_PROFIT_MARKET", "STOP", "TRAILING_STOP_MARKET"]
    ),
    position_side=_position_sides,
    quantity=_steps,
    price=_ticks,
    trigger_price=_ticks,
    working_type=st.sampled_from(["", "MARK_PRICE"]),
    reduce_only=_reduce_only,
    callback_rate=st.just(2 * E8),
)
_closing = st.builds(
    AlgoPlace,
    symbol=st.just(SYMBOL),
    side=_sides,
    order_type=st.sampled_from(["STOP_MARKET", "TAKE_PROFIT_MARKET"]),
    position_side=_position_sides,
    trigger_price=_ticks,
    close_position=st.just(True),
)
_settings = st.one_of(
    st.builds(SetLeverage, st.just(SYMBOL), st.integers(1, 126)),
    st.builds(SetMarginType, st.just(SYMBOL), st.sampled_from(["cross", "isolated"])),
    st.builds(SetPositionMode, st.booleans()),
    st.builds(
        AdjustMargin,
        symbol=st.just(SYMBOL),
        amount=st.integers(-20 * E8, 20 * E8),
        position_side=_position_sides,
    ),
)
_changes = st.one_of(
    st.builds(FuturesCancel, symbol=st.just(SYMBOL), order_id=_ids),
    st.builds(FuturesCancelAll, st.just(SYMBOL)),
    st.builds(AlgoCancel, algo_id=_ids),
    st.builds(Countdown, st.just(SYMBOL), st.integers(0, 3_000)),
    st.builds(
        FuturesModify,
        symbol=st.just(SYMBOL),
        side=_sides,
        quantity=_steps,
        price=_ticks,
        order_id=_ids,
    ),
)
_orders: st.SearchStrategy[FuturesRequest] = st.one_of(_places, _places, _algos, _closing)
_asks: st.SearchStrategy[Act] = st.one_of(
    st.builds(_Ask, _accounts, _orders, st.just(True)),
    st.builds(_Ask, _accounts, _changes, st.just(True)),
    st.builds(_Ask, _accounts, st.one_of(_orders, _settings)),
)
_orders_asked: st.SearchStrategy[Act] = st.builds(_Ask, _accounts, _orders, st.just(True))
_market: st.SearchStrategy[Act] = st.one_of(
    st.builds(_Print, _prices, _quantities, st.booleans()),
    st.builds(_Best, _prices, _quantities),
)
_demands: st.SearchStrategy[Act] = st.builds(
    _Demand, st.sampled_from(["liquidate", "adl", "move"]), _accounts, st.integers(0, 30)
)
_waits = st.sampled_from([1, 1, 400_000_000, 1_100_000_000, 3 * HOUR_NS])
_openings = st.tuples(
    st.booleans(), st.sampled_from([1, 20, 75, 125]), st.sampled_from(["cross", "isolated"])
)
_acts = st.tuples(
    st.one_of(_orders_asked, _orders_asked, _asks, _market, _market, _demands), _waits
)


def _opened(opening: tuple[bool, int, MarginType], acts: list[tuple[Act, int]]) -> History:
    """Begin a history with the settings of both accounts."""
    is_hedge, leverage, margin_type = opening
    first: History = []
    for account in ACCOUNTS:
        first += [
            (_Ask(account, SetPositionMode(is_hedge)), 1),
            (_Ask(account, SetLeverage(SYMBOL, leverage)), 1),
            (_Ask(account, SetMarginType(SYMBOL, margin_type)), 1),
        ]
    return first + acts


histories = st.builds(_opened, _openings, st.lists(_acts, min_size=12, max_size=50))


def trades_of(exchange: Exchange, account: str) -> list[FuturesTrade]:
    """Return all executions of an account."""
    return exchange.futures.orders.user_trades(account, SYMBOL, from_id=0, limit=10**9)


def check_wallets(exchange: Exchange) -> None:
    """Hold each wallet against its income, to the last digit, and all money together."""
    clearing, orders = exchange.futures.clearing, exchange.futures.orders
    totals = clearing.totals
    value = quantity = 0
    for account, member in clearing.members.items():
        income = orders.income(account, start_ns=0, limit=10**9)
        assert len({row.tran_id for row in income}) == len(income)
        wallet = member.wallet("BBB")
        assert wallet.balance == WALLET + sum(row.amount for row in income)
        executed = trades_of(exchange, account)
        by_kind = dict.fromkeys(("REALIZED_PNL", "COMMISSION"), 0)
        for row in income:
            by_kind[row.kind] = by_kind.get(row.kind, 0) + row.amount
        assert by_kind["REALIZED_PNL"] == sum(trade.realized for trade in executed)
        assert by_kind["COMMISSION"] == -sum(trade.fee for trade in executed)
        for position in member.stake(clearing.contracts[SYMBOL]).positions.values():
            sign = 1 if position.quantity > 0 else -1
            value -= sign * position.entry_value
            quantity += position.quantity
        value += by_kind["REALIZED_PNL"]
    assert value + totals.market_value.get(SYMBOL, 0) == 0
    assert quantity + totals.market_quantity.get(SYMBOL, 0) == 0
    everybody = sum(member.wallet("BBB").balance for member in clearing.members.values())
    realized = sum(
        trade.realized for name in clearing.members for trade in trades_of(exchange, name)
    )
    pools = (totals.fees, totals.funding, totals.insurance)
    others = sum(pool.get("BBB", 0) for pool in pools) - totals.moved.get("BBB", 0)
    assert everybody + others == WALLET * len(clearing.members) + realized


def check_positions(exchange: Exchange) -> None:
    """Hold positions against fills, and the totals of margin against the positions."""
    clearing = exchange.futures.clearing
    for account, member in clearing.members.items():
        signed: dict[str, int] = {}
        for trade in trades_of(exchange, account):
            sign = 1 if trade.side == "BUY" else -1
            signed[trade.position_side] = (
                signed.get(trade.position_side, 0) + sign * trade.quantity
            )
        stake = member.stake(clearing.contracts[SYMBOL])
        for side, position in stake.positions.items():
            assert position.quantity == signed.get(side, 0)
            assert position.entry_value >= 0
            assert bool(position.entry_value) == bool(position.quantity)
        assert stake.positions["LONG"].quantity >= 0 >= stake.positions["SHORT"].quantity
        wallet, held = member.wallet("BBB"), stake.held()
        assert wallet.isolated == sum(position.isolated_wallet for position in held)
        assert stake.margin_type == "isolated" or wallet.isolated == 0
        cross = held if stake.margin_type == "cross" else []
        assert wallet.unrealized == sum(position.unrealized for position in cross)
        assert wallet.maintenance == sum(position.maintenance for position in cross)
        assert wallet.position_margin == sum(position.margin for position in cross)
        assert wallet.order_margin == stake.order_margin >= 0
        assert wallet.available >= 0
        assert bool(held) == (account in clearing.exposed[SYMBOL])


def check_orders(exchange: Exchange) -> None:
    """Hold open orders against their queues and reservations; a reducing one has a position."""
    clearing = exchange.futures.clearing
    pair = clearing.pairs[SYMBOL]
    resting = [line.order for own in (pair.bids, pair.asks) for line in own.best_first()]
    still: list[object] = []
    for member in clearing.members.values():
        stake = member.stake(clearing.contracts[SYMBOL])
        for order in member.open.get(SYMBOL, {}).values():
            assert order.status in ("NEW", "PARTIALLY_FILLED")
            assert order.leaves_quantity > 0
            assert clearing.room(order) > 0
            still.append(order)
        is_open = member.open.get(SYMBOL, {})
        assert set(stake.reserved) <= set(is_open)
        for side, total in (("BUY", stake.bids), ("SELL", stake.asks)):
            of_side = [key for key in stake.reserved if is_open[key].side == side]
            assert total == sum(stake.reserved[key] for key in of_side)
        for algo in member.algos.values():
            assert (algo.status == "NEW") == (algo.algo_id in member.open_algos)
    assert sorted(map(id, resting)) == sorted(map(id, still))
    books = [line.count for line in exchange.futures._algos.books[SYMBOL].values()]
    waiting = sum(len(member.open_algos) for member in clearing.members.values())
    assert sum(books) == waiting


def check_updates(emissions: list[AnyEmission], before: dict[tuple[str, str], int]) -> None:
    """Hold every execution against the position that it met: a reducing one only shrinks it."""
    for emission in emissions:
        if not isinstance(emission, FuturesEvent):
            continue
        update = emission.event
        if not isinstance(update, FuturesOrderUpdate) or update.trade is None:
            continue
        order, trade = update.order, update.trade
        key = emission.account, trade.position_side
        held = before.get(key, 0)
        after = held + (trade.quantity if trade.side == "BUY" else -trade.quantity)
        reduces = order.reduce_only or (
            order.position_side != "BOTH"
            and (order.side == "SELL") == (order.position_side == "LONG")
        )
        if reduces:
            assert abs(after) < abs(held)
            assert after * held >= 0
        if update.execution_type == "CALCULATED":
            assert after == 0
        before[key] = after
