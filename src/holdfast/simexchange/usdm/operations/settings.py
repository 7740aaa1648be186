"""Settings of a USD-M account: leverage, margin, position mode; and its listen key."""

from collections.abc import Callable

from holdfast.simexchange import refusals
from holdfast.simexchange.desk import Call, Operation, Pending, Security
from holdfast.simexchange.futures.requests import (
    AdjustMargin,
    Changed,
    FuturesRequest,
    LeverageSet,
    SetLeverage,
    SetMarginType,
    SetMultiAssets,
    SetPositionMode,
)
from holdfast.simexchange.model import Outcome
from holdfast.simexchange.numbers import plain_e8
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.usdm.history import MarginChange
from holdfast.simexchange.usdm.operations.asking import (
    DAY_NS,
    done,
    flag_or_none,
    futures,
    pending,
    window,
)
from holdfast.simexchange.usdm.payloads.digits import MILLISECOND_NS
from holdfast.simexchange.usdm.payloads.orders import DONE, Json

MARGIN_TYPES = {"ISOLATED": "isolated", "CROSSED": "cross"}
ADD, REDUCE = 1, 2
MONTH_NS = 30 * DAY_NS


def _leverage(call: Call) -> Pending:
    leverage = call.params.integer("leverage")
    if leverage is None:
        raise refusals.missing("leverage")

    def shape(outcome: Outcome) -> object:
        made = done(outcome, LeverageSet)
        return {
            "symbol": made.symbol,
            "leverage": made.leverage,
            "maxNotionalValue": plain_e8(made.max_notional),
        }

    return pending(call, SetLeverage(call.symbol, leverage), shape=shape)


def _margin_type(call: Call) -> Pending:
    kind = call.params.text("marginType")
    if kind not in MARGIN_TYPES:
        raise Refusal(-4055, "Invalid margin type.")
    margin_type = "isolated" if kind == "ISOLATED" else "cross"
    return _change(call, SetMarginType(call.symbol, margin_type))  # type: ignore[arg-type]


def _margin(call: Call) -> Pending:
    kind, amount = call.params.integer("type"), call.params.amount("amount")
    if kind not in (ADD, REDUCE):
        raise Refusal(-4057, "Invalid position margin change type.")
    if amount <= 0:
        raise Refusal(-4052, "Amount must be positive.")
    request = AdjustMargin(
        symbol=call.symbol,
        amount=amount if kind == ADD else -amount,
        position_side=call.params.optional("positionSide") or "",
    )

    def shape(outcome: Outcome) -> object:
        done(outcome, Changed)
        change = MarginChange(
            account=call.account,
            symbol=request.symbol,
            asset=futures(call).contracts[request.symbol].margin_asset,
            side=request.position_side or "BOTH",
            amount=request.amount,
            at_ns=call.now_ns,
        )
        call.floor.usdm.history.note_margin(change)
        return {
            "amount": float(plain_e8(amount)),
            "code": 200,
            "msg": "Successfully modify position margin.",
            "type": kind,
        }

    return pending(call, request, shape=shape)


def _margin_history(call: Call) -> object:
    params = call.params
    start_ns, end_ns = window(params, most_ns=MONTH_NS)
    kind = params.integer("type")
    limit = params.limit(default=500, most=1000)
    changes = [
        change
        for change in call.floor.usdm.history.margin_changes(call.account, call.symbol)
        if (start_ns is None or change.at_ns >= start_ns)
        and (end_ns is None or change.at_ns <= end_ns)
    ]
    return [
        {
            "symbol": change.symbol,
            "type": ADD if change.amount > 0 else REDUCE,
            "deltaType": "USER_ADJUST",
            "amount": plain_e8(abs(change.amount)),
            "asset": change.asset,
            "time": change.at_ns // MILLISECOND_NS,
            "positionSide": change.side,
        }
        for change in changes[-limit:]
        if kind in (None, ADD if change.amount > 0 else REDUCE)
    ]


def _set_mode(call: Call) -> Pending:
    is_hedge = flag_or_none(call.params, "dualSidePosition")
    if is_hedge is None:
        raise refusals.missing("dualSidePosition")
    return _change(call, SetPositionMode(is_hedge))


def _mode(call: Call) -> object:
    return {"dualSidePosition": futures(call).margin.is_hedge(call.account)}


def _set_multi_assets(call: Call) -> Pending:
    is_multi = flag_or_none(call.params, "multiAssetsMargin")
    if is_multi is None:
        raise refusals.missing("multiAssetsMargin")
    return _change(call, SetMultiAssets(is_multi))


def _multi_assets(_call: Call) -> object:
    return {"multiAssetsMargin": False}


def _fee_burn(_call: Call) -> object:
    return {"feeBurn": True}


def _change(call: Call, request: FuturesRequest) -> Pending:
    def shape(outcome: Outcome) -> Json:
        done(outcome, Changed)
        return DONE

    return pending(call, request, shape=shape)


def _open_key(call: Call) -> object:
    return {"listenKey": call.floor.usdm.listen_keys.open(call.account)}


def _renew_key(call: Call) -> object:
    return {"listenKey": call.floor.usdm.listen_keys.renew(call.account)}


def _close_key(call: Call) -> object:
    call.floor.usdm.listen_keys.close(call.account)
    return {}


def _keyed(run: Callable[[Call], object]) -> Operation:
    """Make an operation that needs the key alone; a signature is not looked at."""
    return Operation(run=run, security=Security.KEY, names=("listenKey",))


LEVERAGE = Operation(run=_leverage, security=Security.TRADE, names=("symbol", "leverage"))
MARGIN_TYPE = Operation(
    run=_margin_type, security=Security.TRADE, names=("symbol", "marginType")
)
MARGIN = Operation(
    run=_margin,
    security=Security.TRADE,
    names=("symbol", "positionSide", "amount", "type"),
)
MARGIN_HISTORY = Operation(
    run=_margin_history,
    security=Security.SIGNED,
    names=("symbol", "type", "startTime", "endTime", "limit"),
)
SET_MODE = Operation(run=_set_mode, security=Security.TRADE, names=("dualSidePosition",))
MODE = Operation(run=_mode, weight=30, security=Security.SIGNED)
SET_MULTI_ASSETS = Operation(
    run=_set_multi_assets, security=Security.TRADE, names=("multiAssetsMargin",)
)
MULTI_ASSETS = Operation(run=_multi_assets, weight=30, security=Security.SIGNED)
FEE_BURN = Operation(run=_fee_burn, weight=30, security=Security.SIGNED)
OPEN_KEY, RENEW_KEY, CLOSE_KEY = _keyed(_open_key), _keyed(_renew_key), _keyed(_close_key)
