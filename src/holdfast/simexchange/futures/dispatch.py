"""Hand each request of USD-M to what carries it out."""

from typing import assert_never

from holdfast.simexchange.futures.admission import Admission
from holdfast.simexchange.futures.algos import Algos
from holdfast.simexchange.futures.countdown import Countdowns
from holdfast.simexchange.futures.requests import (
    AdjustMargin,
    AlgoCancel,
    AlgoCancelAll,
    AlgoPlace,
    Countdown,
    FuturesCancel,
    FuturesCancelAll,
    FuturesModify,
    FuturesOutcome,
    FuturesPlace,
    FuturesRequest,
    SetLeverage,
    SetMarginType,
    SetMultiAssets,
    SetPositionMode,
)
from holdfast.simexchange.futures.settings import Settings
from holdfast.simexchange.model import Reject


class Dispatch:
    """The one place that knows every kind of request."""

    def __init__(
        self,
        admission: Admission,
        algos: Algos,
        *,
        settings: Settings,
        countdowns: Countdowns,
    ) -> None:
        self._admission = admission
        self._algos = algos
        self._settings = settings
        self._countdowns = countdowns

    def check(self, account: str, request: FuturesPlace, *, at_ns: int) -> Reject | None:
        """Say what would refuse an order now, without any effect."""
        prepared = self._admission.prepare(account, request, at_ns=at_ns)
        return prepared if isinstance(prepared, Reject) else None

    def run(self, account: str, request: FuturesRequest, *, at_ns: int) -> FuturesOutcome:
        """Carry a request out, or refuse it."""
        match request:
            case FuturesPlace():
                return self._admission.place(account, request, at_ns=at_ns)
            case FuturesModify():
                return self._admission.modify(account, request, at_ns=at_ns)
            case FuturesCancel():
                return self._admission.cancel(account, request, at_ns=at_ns)
            case FuturesCancelAll(symbol):
                return self._admission.cancel_all(account, symbol, at_ns=at_ns)
            case AlgoPlace() | AlgoCancel() | AlgoCancelAll():
                return self._run_algo(account, request, at_ns=at_ns)
            case Countdown():
                return self._countdowns.set(account, request, at_ns=at_ns)
            case _:
                return self._change(account, request, at_ns=at_ns)

    def _run_algo(
        self, account: str, request: AlgoPlace | AlgoCancel | AlgoCancelAll, *, at_ns: int
    ) -> FuturesOutcome:
        match request:
            case AlgoPlace():
                return self._algos.place(account, request, at_ns=at_ns)
            case AlgoCancel():
                return self._algos.cancel(account, request, at_ns=at_ns)
            case AlgoCancelAll(symbol):
                return self._algos.cancel_all(account, symbol, at_ns=at_ns)
            case _:
                assert_never(request)

    def _change(
        self,
        account: str,
        request: SetLeverage | SetMarginType | AdjustMargin | SetPositionMode | SetMultiAssets,
        *,
        at_ns: int,
    ) -> FuturesOutcome:
        match request:
            case SetLeverage():
                return self._settings.leverage(account, request, at_ns=at_ns)
            case SetMarginType():
                return self._settings.margin_type(account, request, at_ns=at_ns)
            case AdjustMargin():
                return self._settings.adjust(account, request, at_ns=at_ns)
            case SetPositionMode():
                return self._settings.position_mode(account, request, at_ns=at_ns)
            case SetMultiAssets():
                return self._settings.multi_assets(account, request, at_ns=at_ns)
            case _:
                assert_never(request)
