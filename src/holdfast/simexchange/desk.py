"""The desk takes every request, from either interface, through the same checks in one order.

Weight first, then the key, the parameters, the time and the signature, then the operation. A
request that needs the matching core is answered when its ticket is done; until then nobody
waits for it here.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from typing import Any

import msgspec

from holdfast.simexchange import refusals
from holdfast.simexchange.answers import Answer, Gathered, Reply
from holdfast.simexchange.faults.at_request import (
    is_cancel,
    spoil_cancel,
    spoil_order,
    spoil_request,
)
from holdfast.simexchange.floor import AnyTicket, Floor
from holdfast.simexchange.limits import (
    MAKER_GIVES_BACK,
    SPOT,
    TAKER_GIVES_BACK,
    AddressLimits,
    OrderLimits,
    Quotas,
)
from holdfast.simexchange.model import Reject, SymbolRules
from holdfast.simexchange.params import Params
from holdfast.simexchange.payloads.feed import MILLISECOND_NS
from holdfast.simexchange.refusals import Refusal
from holdfast.simexchange.signing import Verifier, check_time

SIGNED_NAMES = ("timestamp", "recvWindow", "signature", "apiKey")


class Security(Enum):
    """What a request has to prove."""

    NONE = "nothing"
    KEY = "a known key"
    SIGNED = "a key, a signature and a fresh timestamp"
    TRADE = "all that, with a key that may trade"


SIGNED = (Security.SIGNED, Security.TRADE)


class Call(msgspec.Struct, kw_only=True):
    """One request on its way through an operation."""

    floor: Floor
    desk: "Desk"
    params: Params
    address: str
    account: str = ""
    unit_ns: int = MILLISECOND_NS
    endpoint: str = ""
    api_key: str = ""

    @property
    def now_ns(self) -> int:
        """Return the market time."""
        return self.floor.clock.now_ns()

    @property
    def told_ns(self) -> int:
        """Return the time as the server tells it, which a fault may have set wrong."""
        return self.floor.clock.told_ns()

    @property
    def symbols(self) -> Mapping[str, SymbolRules]:
        """Return what the asked desk lists."""
        return self.desk.symbols

    @property
    def symbol(self) -> str:
        """Return the symbol asked for; refuse one that is not listed."""
        name = self.params.symbol()
        if name not in self.symbols:
            raise refusals.invalid_symbol()
        return name


class Pending(msgspec.Struct, kw_only=True):
    """An answer that waits for the matching core.

    `shape` makes the body, raises a refusal, or returns what has to be waited for next. A
    fault sets `wait_ns`: for so long the request stays outside the core.
    """

    start: Callable[[], AnyTicket]
    shape: Callable[[Any], object]
    is_new_order: bool = False
    wait_ns: int = 0
    order_count: int = 1


class Batch(msgspec.Struct, kw_only=True):
    """Several answers in one, in their order; those refused already wait for nothing."""

    parts: list[Pending | Refusal]


class Operation(msgspec.Struct, kw_only=True, frozen=True):
    """One thing that the venue can be asked, whichever interface it comes by."""

    run: Callable[[Call], object]
    weight: int | Callable[[Params], int] = 1
    security: Security = Security.NONE
    names: tuple[str, ...] = ()
    free_when_done: bool = False

    def weight_of(self, params: Params) -> int:
        """Return what this request weighs."""
        return self.weight if isinstance(self.weight, int) else self.weight(params)


class Proof(msgspec.Struct, kw_only=True):
    """What a request brings to prove who sent it; `trusted_key` comes from a logon."""

    api_key: str | None = None
    payload: bytes = b""
    signature: str | None = None
    trusted_key: str | None = None


class Desk:
    """Check requests and run them; `None` instead of an answer means that none ever comes."""

    def __init__(
        self,
        floor: Floor,
        *,
        symbols: Mapping[str, SymbolRules] | None = None,
        quotas: Quotas = SPOT,
    ) -> None:
        self.floor = floor
        self.symbols = floor.spot_symbols if symbols is None else symbols
        self.quotas = quotas
        self._addresses: dict[str, AddressLimits] = {}
        self._orders: dict[str, OrderLimits] = {}
        self._verifiers: dict[str, Verifier] = {}
        floor.desks.append(self)

    def address(self, address: str) -> AddressLimits:
        """Return the limits of a network address."""
        found = self._addresses.get(address)
        if found is None:
            found = self._addresses[address] = AddressLimits(self.quotas)
        return found

    def orders(self, account: str) -> OrderLimits:
        """Return the order counts of an account."""
        found = self._orders.get(account)
        if found is None:
            found = self._orders[account] = OrderLimits(self.quotas.orders)
        return found

    def give_back(self, account: str, is_maker: bool, /) -> None:
        """Take an order off the count of unfilled ones; spot does so at its first fill."""
        amount = MAKER_GIVES_BACK if is_maker else TAKER_GIVES_BACK
        self.orders(account).give_back(self.floor.clock.limits_now_ns(), amount=amount)

    def take(self, operation: Operation, call: Call, *, proof: Proof, reply: Reply) -> None:
        """Carry out a request; the reply is called once, now or when the core is done."""
        try:
            weight = operation.weight_of(call.params)
        except Refusal:
            weight = 1
        try:
            if self.floor.faults.on_request:
                operation, reply = spoil_request(
                    self, operation, call=call, proof=proof, reply=reply
                )
            self.address(call.address).charge(weight, self.floor.clock.limits_now_ns())
            self._authorize(operation, call, proof)
            if call.account:
                self.floor.chronicle.note(
                    call.endpoint,
                    account=call.account,
                    product=self.quotas.product,
                    values=call.params.values,
                )
            body = operation.run(call)
        except Refusal as refusal:
            reply(Answer(refusal=refusal))
            return
        if isinstance(body, Pending):
            self._submit(operation, call, body, reply)
            return
        if isinstance(body, Batch):
            self._submit_batch(operation, call, body, reply)
            return
        self._refund(operation, call, weight)
        reply(Answer(body=body))

    def account_of(self, proof: Proof, params: Params) -> str:
        """Return whose request it is; raise the venue's refusal when nothing proves it."""
        if proof.trusted_key is not None:
            self._check_time(params)
            return self._known_key(proof.trusted_key)[0]
        account, verifier = self._known_key(proof.api_key)
        signature = proof.signature
        if params.optional("timestamp") is None:
            raise refusals.missing("timestamp")
        if not signature:
            raise refusals.missing("signature")
        self._check_time(params)
        verifier.check(proof.payload, signature)
        return account

    def key_kind(self, api_key: str | None) -> str:
        """Return how a key signs."""
        _, verifier = self._known_key(api_key)
        return verifier.key.kind

    def _check_time(self, params: Params) -> None:
        clock = self.floor.clock
        check_time(params, clock.told_ns(), stood_ns=clock.stood_ns())

    def _known_key(self, api_key: str | None) -> tuple[str, Verifier]:
        if not api_key:
            raise refusals.bad_key_format()
        spec = self.floor.exchange.accounts.by_key(api_key)
        if spec is None:
            raise refusals.bad_key()
        verifier = self._verifiers.get(api_key)
        if verifier is None:
            key = next(key for key in spec.keys if key.api_key == api_key)
            verifier = self._verifiers[api_key] = Verifier(key)
        return spec.name, verifier

    def _authorize(self, operation: Operation, call: Call, proof: Proof) -> None:
        if operation.security is not Security.NONE:
            self._check_key(operation, call, proof)
        if operation.security in SIGNED:
            call.account = self.account_of(proof, call.params)
        elif operation.security is Security.KEY:
            call.account, _ = self._known_key(proof.api_key)
        sent = set(call.params.values)
        known = set(operation.names)
        if operation.security is not Security.NONE:
            known.update(SIGNED_NAMES)  # clients sign more than they have to
        if sent <= known:
            return
        if operation.security in SIGNED:
            raise refusals.unread(len(sent & known), len(sent))
        raise refusals.too_many(len(sent & known), len(sent))

    def _check_key(self, operation: Operation, call: Call, proof: Proof) -> None:
        """Refuse a key that is not good for this, or not from this address."""
        _, verifier = self._known_key(proof.trusted_key or proof.api_key)
        key = verifier.key
        call.api_key = key.api_key
        is_here = not key.addresses or call.address in key.addresses
        may = key.rights.enable_reading
        if operation.security is Security.TRADE:
            may = key.permissions == "trade" and key.rights.may_trade(self.quotas.product)
        if not is_here or not may:
            raise refusals.bad_key()

    def _submit(self, operation: Operation, call: Call, pending: Pending, reply: Reply) -> None:
        if pending.is_new_order:
            try:
                self.orders(call.account).check(self.floor.clock.limits_now_ns())
            except Refusal as refusal:
                reply(Answer(refusal=refusal))
                return
        if self.floor.faults.on_order:
            if pending.is_new_order:
                spoiled = spoil_order(self, call, pending=pending, reply=reply)
                if spoiled is None:
                    return
                pending, reply = spoiled
            elif is_cancel(call.endpoint):
                spoil_cancel(self, call)

        def done(ticket: AnyTicket) -> None:
            self._finish(operation, call, pending, reply, ticket)

        if pending.wait_ns:
            start = pending.start
            self.floor.timetable.after(pending.wait_ns, lambda: self.floor.submit(start, done))
            return
        self.floor.submit(pending.start, done)

    def _submit_batch(
        self, operation: Operation, call: Call, batch: Batch, reply: Reply
    ) -> None:
        gathered = Gathered(len(batch.parts), reply)
        for number, part in enumerate(batch.parts):
            if isinstance(part, Refusal):
                gathered.take(number, Answer(refusal=part))
            else:
                self._submit(operation, call, part, partial(gathered.take, number))

    def _finish(
        self,
        operation: Operation,
        call: Call,
        pending: Pending,
        reply: Reply,
        ticket: AnyTicket,
    ) -> None:
        outcome = ticket.outcome
        assert outcome is not None, "a ticket that is done has an outcome"
        if pending.is_new_order and not isinstance(outcome, Reject):
            for _ in range(pending.order_count):
                self.orders(call.account).add(self.floor.clock.limits_now_ns())
        try:
            body = pending.shape(outcome)
        except Refusal as refusal:
            reply(Answer(refusal=refusal))
            return
        if isinstance(body, Pending):
            self._submit(operation, call, body, reply)
            return
        self._refund(operation, call, operation.weight_of(call.params))
        counts: dict[str, str] = {}
        if pending.is_new_order:
            counts = self.orders(call.account).headers(self.floor.clock.limits_now_ns())
        reply(Answer(body=body, order_counts=counts))

    def _refund(self, operation: Operation, call: Call, weight: int) -> None:
        if operation.free_when_done:
            now_ns = self.floor.clock.limits_now_ns()
            self.address(call.address).refund(weight, now_ns)
