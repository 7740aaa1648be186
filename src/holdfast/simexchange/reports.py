"""What the matching core tells the accounts, numbered and in the order in which it happened."""

import copy

from holdfast.simexchange.accounts import Holdings
from holdfast.simexchange.model import (
    AccountEvent,
    AccountFact,
    BalanceUpdate,
    Emission,
    OrderUpdate,
    OwnTrade,
    SimOrder,
)
from holdfast.simexchange.prevention import PreventionFacts, prevention_facts
from holdfast.simexchange.requests import PreventedMatch


class Reports:
    """The facts since the last drain; execution ids rise by one."""

    def __init__(self) -> None:
        self._out: list[Emission] = []
        self._execution_id = 1

    def tell(self, account: str, fact: AccountFact) -> None:
        """Report a fact to an account's user stream."""
        self._out.append(AccountEvent(account, fact))

    def order(
        self,
        order: SimOrder,
        execution_type: str,
        *,
        at_ns: int,
        trade: OwnTrade | None = None,
        client_order_ids: tuple[str, str] | None = None,
        prevented: tuple[PreventedMatch, SimOrder] | None = None,
        reject_reason: str = "NONE",
    ) -> int:
        """Report an execution; return its id. `client_order_ids` are `c` and `C`."""
        execution_id = self._execution_id
        self._execution_id += 1
        client_id, original_id = client_order_ids or (order.client_order_id, "")
        facts = PreventionFacts()
        if prevented is not None:
            facts = prevention_facts(order, prevented[0], counter=prevented[1])
        update = OrderUpdate(
            at_ns=at_ns,
            execution_type=execution_type,
            execution_id=execution_id,
            order=copy.copy(order),
            client_order_id=client_id,
            original_client_order_id=original_id,
            trade=trade,
            reject_reason=reject_reason,
            **facts,
        )
        self._out.append(AccountEvent(order.account, update))
        return execution_id

    def balances(self, holdings: Holdings, *, at_ns: int) -> None:
        """Report the assets that changed since the last report."""
        if not holdings.changed:
            return
        holdings.updated_ns = at_ns
        balances = [holdings.balance(asset) for asset in holdings.changed]
        holdings.changed.clear()
        self.tell(holdings.spec.name, BalanceUpdate(at_ns, balances))

    def drain(self) -> list[Emission]:
        """Hand out what was reported since the last drain."""
        out, self._out = self._out, []
        return out
