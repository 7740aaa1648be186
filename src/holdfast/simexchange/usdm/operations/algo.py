"""Conditional orders of USD-M, which stand in a book of their own until they are triggered."""

from holdfast.simexchange import refusals
from holdfast.simexchange.desk import Call, Operation, Pending, Security
from holdfast.simexchange.futures.requests import (
    AlgoCancel,
    AlgoCancelAll,
    AlgoCanceled,
    AlgoPlace,
    AlgoPlaced,
)
from holdfast.simexchange.model import Outcome
from holdfast.simexchange.params import Params
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.usdm.operations.asking import (
    DAY_NS,
    digits,
    done,
    expect,
    flag_or_none,
    futures,
    instant,
    pending,
    symbol_or_none,
    window,
)
from holdfast.simexchange.usdm.operations.trade import amount
from holdfast.simexchange.usdm.payloads import orders as shown

MOST_ROWS = 1000
WEEK_NS = 7 * DAY_NS
PLACE_NAMES = (
    "algoType",
    "symbol",
    "side",
    "positionSide",
    "type",
    "timeInForce",
    "quantity",
    "price",
    "triggerPrice",
    "workingType",
    "priceMatch",
    "closePosition",
    "priceProtect",
    "reduceOnly",
    "activatePrice",
    "callbackRate",
    "clientAlgoId",
    "selfTradePreventionMode",
    "goodTillDate",
    "newOrderRespType",
)


def _place(call: Call) -> Pending:
    params = call.params
    params.choice("algoType", ("CONDITIONAL",), code=-1130, what="algoType")
    request = AlgoPlace(
        symbol=call.symbol,
        side=params.text("side"),
        order_type=params.text("type"),
        position_side=params.optional("positionSide") or "",
        time_in_force=params.optional("timeInForce") or "",
        quantity=amount(params, "quantity"),
        price=amount(params, "price"),
        trigger_price=amount(params, "triggerPrice"),
        working_type=params.optional("workingType") or "",
        price_match=params.optional("priceMatch") or "",
        close_position=bool(flag_or_none(params, "closePosition")),
        price_protect=bool(flag_or_none(params, "priceProtect")),
        reduce_only=flag_or_none(params, "reduceOnly"),
        client_algo_id=params.optional("clientAlgoId") or "",
        stp_mode=params.optional("selfTradePreventionMode") or "",
        good_till_ns=instant(params, "goodTillDate") or 0,
        activate_price=amount(params, "activatePrice"),
        callback_rate=amount(params, "callbackRate"),
    )

    def shape(outcome: Outcome) -> object:
        algo = done(outcome, AlgoPlaced).algo
        return shown.algo(algo, digits(call, algo.symbol))

    return pending(call, request, shape=shape, is_new_order=True)


def _cancel(call: Call) -> Pending:
    algo_id, client_id = _ids(call.params)

    def shape(outcome: Outcome) -> object:
        (algo,) = done(outcome, AlgoCanceled).algos
        return shown.canceled_algo(algo)

    return pending(call, AlgoCancel(algo_id=algo_id, client_algo_id=client_id), shape=shape)


def _cancel_all(call: Call) -> Pending:
    def shape(outcome: Outcome) -> object:
        done(outcome, AlgoCanceled)
        return shown.CANCEL_ALL_DONE

    return pending(call, AlgoCancelAll(call.symbol), shape=shape)


def _query(call: Call) -> object:
    algo_id, client_id = _ids(call.params)
    algo = expect(futures(call).orders.algo(call.account, algo_id=algo_id, client_id=client_id))
    return shown.queried_algo(algo, digits(call, algo.symbol))


def _open(call: Call) -> object:
    algo_id = call.params.integer("algoId")
    algos = futures(call).orders.open_algos(call.account, symbol_or_none(call))
    return [
        shown.queried_algo(algo, digits(call, algo.symbol))
        for algo in algos
        if algo_id in (None, algo.algo_id)
    ]


def _all(call: Call) -> object:
    params = call.params
    start_ns, end_ns = window(params, most_ns=WEEK_NS)
    algos = futures(call).orders.all_algos(
        call.account,
        call.symbol,
        algo_id=params.integer("algoId"),
        start_ns=start_ns,
        end_ns=end_ns,
        limit=params.limit(default=500, most=MOST_ROWS),
    )
    return [shown.queried_algo(algo, digits(call, algo.symbol)) for algo in algos]


def _ids(params: Params) -> tuple[int | None, str]:
    algo_id = params.integer("algoId")
    client_id = params.optional("clientAlgoId") or ""
    if algo_id is None and not client_id:
        text = "Param 'clientAlgoId' or 'algoId' must be sent, but both were empty/null!"
        raise Refusal(-1102, text)
    if algo_id is not None and algo_id < 0:
        raise refusals.invalid("algoId")
    return algo_id, client_id


def _open_weight(params: Params) -> int:
    return 1 if "symbol" in params else 40


_IDS = ("algoId", "clientAlgoId")
PLACE = Operation(run=_place, weight=0, security=Security.TRADE, names=PLACE_NAMES)
CANCEL = Operation(run=_cancel, security=Security.TRADE, names=(*_IDS, "symbol"))
CANCEL_ALL = Operation(run=_cancel_all, security=Security.TRADE, names=("symbol",))
QUERY = Operation(run=_query, security=Security.SIGNED, names=(*_IDS, "symbol"))
OPEN = Operation(
    run=_open,
    weight=_open_weight,
    security=Security.SIGNED,
    names=("symbol", "algoId", "algoType"),
)
ALL = Operation(
    run=_all,
    weight=5,
    security=Security.SIGNED,
    names=("symbol", "algoId", "startTime", "endTime", "page", "limit"),
)
