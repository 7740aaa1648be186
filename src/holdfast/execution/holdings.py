"""Compare what is held: movements of wallets, balances, and positions by symbol and side.

A wallet equals cash and open costs to the last digit. What it moved by is booked from the
venue's income, each once; an amount that nothing explains when it was asked for a second time
is adjusted, and is an incident. A balance of spot is adjusted at once: a deposit has no report.
"""

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.contracts import entry_cost, is_contract
from holdfast.domain.ids import ClientOrderId, Symbol
from holdfast.domain.money import Asset, amount_text
from holdfast.domain.order import PositionSide
from holdfast.domain.venue import IncomeReport, PositionReport
from holdfast.execution.answers import VenueAnswers
from holdfast.execution.comparison import Ours, Reconciled
from holdfast.execution.executions import Executions
from holdfast.execution.ownership import OUTSIDE, UNEXPLAINED

FUNDING = "FUNDING_FEE"
_Where = tuple[Symbol, PositionSide]


def compare_holdings(
    executions: Executions, *, ours: Ours, theirs: VenueAnswers, result: Reconciled
) -> None:
    """Book income, then compare positions and wallets, once everything else is settled."""
    for report in theirs.income:
        _receive(report, executions, ours=ours, result=result)
    if theirs.balances is None or theirs.bookings_count != ours.account.bookings_count:
        result.is_moving = True
        result.differ("the account traded while it was asked")
        return
    _compare_positions(executions, ours=ours, theirs=theirs, result=result)
    if not result.unresolved:
        _compare_wallets(executions, ours=ours, theirs=theirs, result=result)


def _receive(
    report: IncomeReport, executions: Executions, *, ours: Ours, result: Reconciled
) -> None:
    """Book a movement that is neither booked nor in the wallets that were opened."""
    known = executions.after.contracts
    if (
        report.venue_at_ns <= ours.account.contracts.income_since_ns
        or ours.account.contracts.has(report.kind, report.tran_id)
        or known.has(report.kind, report.tran_id)
    ):
        return
    amount = amount_text(report.amount)
    event: ev.FundingPaid | ev.WalletMoved
    if report.kind == FUNDING:
        event = ev.FundingPaid(
            report.tran_id, report.symbol, report.asset, amount, report.venue_at_ns
        )
    else:
        mark, currency = ours.mark_of(report.asset)
        event = ev.WalletMoved(
            report.tran_id,
            report.kind,
            report.symbol,
            report.asset,
            amount,
            report.trade_id,
            mark,
            currency,
            report.venue_at_ns,
        )
    fold.apply(executions.after, event)
    result.events.append(event)
    result.differ(f"{report.kind} of {amount} {report.asset} was booked", clean=True)


def _compare_positions(
    executions: Executions, *, ours: Ours, theirs: VenueAnswers, result: Reconciled
) -> None:
    """Compare each position with its side; one from before the journal is taken over."""
    after = executions.after
    told: dict[_Where, PositionReport] = {}
    for report in theirs.positions:
        if report.symbol in after.instruments:
            told[report.symbol, report.position_side] = report
        else:
            _see_outside(report, ours=ours, result=result)
    known = {
        where: quantity
        for where, quantity in after.contracts.positions.items()
        if is_contract(after.instruments[where[0]]) and theirs.covers(where[0])
    }
    for where in sorted(told.keys() | known.keys(), key=lambda each: (each[0], each[1].value)):
        held = told[where].quantity if where in told else 0
        difference = held - known.get(where, 0)
        if difference and theirs.covers(where[0]):
            entry = told[where].entry_price if where in told else "0"
            _differ(where, difference, executions, held=(held, entry), ours=ours,
                    theirs=theirs, result=result)  # fmt: skip


def _differ(
    where: _Where,
    difference: int,
    executions: Executions,
    *,
    held: tuple[int, str],
    ours: Ours,
    theirs: VenueAnswers,
    result: Reconciled,
) -> None:
    """Take a position over where that is right, or have its symbol wait."""
    symbol, side = where
    after = executions.after
    instrument = after.instruments[symbol]
    text = f"the position of {symbol} ({side.value}) differs by "
    text += instrument.quantity_text(difference)
    by_person = symbol in ours.adopted
    pending = any(_is_of(symbol, each, ours=ours) for each in result.unresolved)
    if pending or not (by_person or symbol in theirs.beginning):
        result.differ(text, symbol=symbol)
        return
    quantity, entry_price = held
    product = entry_cost(instrument, quantity, entry_price=entry_price)
    cost = instrument.notional(1, product) - after.contracts.open_costs.get(where, 0)
    event = ev.PositionOpened(
        symbol,
        side.value,
        instrument.quantity_text(difference),
        entry_price,
        amount_text(cost),
        "accepted by a person" if by_person else "before the journal",
    )
    fold.apply(after, event)
    result.events.append(event)
    result.differ(text, symbol=symbol, clean=True)


def _is_of(symbol: Symbol, client_order_id: ClientOrderId, *, ours: Ours) -> bool:
    held = ours.account.orders.get(client_order_id)
    return held is not None and held.order.request.symbol == symbol


def _see_outside(report: PositionReport, *, ours: Ours, result: Reconciled) -> None:
    """Show a position of a symbol that this run has not; it shares the wallet."""
    if (OUTSIDE, report.symbol) not in ours.incidents:
        reason = f"{report.symbol} ({report.position_side.value}) is held and not traded here"
        result.events.append(ev.IncidentOpened(OUTSIDE, report.symbol, reason))
        result.differ(reason, clean=True)


def _compare_wallets(
    executions: Executions, *, ours: Ours, theirs: VenueAnswers, result: Reconciled
) -> None:
    """Adjust to the venue's balances what nothing else explains."""
    after = executions.after
    instruments = after.instruments
    margined = any(is_contract(one) for one in instruments.values())
    is_whole = all(theirs.covers(symbol) for symbol in instruments)
    totals = {report.asset: int(report.total) for report in theirs.balances or ()}
    settled = {one.settle for one in instruments.values() if is_contract(one)}
    for asset in sorted(totals.keys() | after.balances.keys() | settled):
        expected = after.balances.get(asset, 0)
        expected += after.contracts.open_cost(asset, instruments)
        difference = totals.get(asset, 0) - expected
        if not difference:
            continue
        text = amount_text(difference)
        is_new = margined and ours.unexplained.get(asset) != difference
        if is_new or not is_whole:  # an execution elsewhere may be on its way
            result.unexplained[asset] = difference
            result.differ(f"{asset} differs by {text}, which nothing explains yet")
            continue
        _adjust(asset, text, ours=ours, result=result)
        if margined and (UNEXPLAINED, asset) not in ours.incidents:
            reason = f"the wallet differs by {text} {asset}, which nothing explains"
            result.events.append(ev.IncidentOpened(UNEXPLAINED, asset, reason, 2, [text]))


def _adjust(asset: Asset, text: str, *, ours: Ours, result: Reconciled) -> None:
    mark, currency = ours.mark_of(asset)
    reason = "the venue's balance differs"
    result.events.append(ev.BalanceAdjusted(asset, text, mark, currency, reason))
    result.differ(f"{asset} differs by {text}", clean=True)
