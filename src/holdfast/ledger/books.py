"""What the books hold between two events, and the moves that every posting is made of.

A move keeps three records of one thing: accounts, lots, and a plain count of each asset.
None is computed from another, so `prove` can compare them.
"""

from holdfast.domain.instrument import Instrument, Product
from holdfast.errors import InvariantBroken
from holdfast.ledger import chart
from holdfast.ledger.amount import UNIT, quantity_text
from holdfast.ledger.lots import LotPool

ISSUES_KEPT = 1_000


class Holding:
    """The lots of one asset or contract that were paid for in one currency."""

    __slots__ = ("asset", "currency", "is_contract", "long_account", "lots", "short_account")

    def __init__(self, asset: str, currency: str, *, is_contract: bool) -> None:
        self.asset = asset
        self.currency = currency
        self.is_contract = is_contract
        self.lots = LotPool()
        if is_contract:
            self.long_account = self.short_account = f"{chart.POSITIONS}:{asset}"
        else:
            self.long_account = f"{chart.INVENTORY}:{asset}"
            self.short_account = f"{chart.OVERSOLD}:{asset}"


class Books:
    """Balances of the accounts, open lots, counts of assets, last marks, and issues."""

    def __init__(self) -> None:
        self.instruments: dict[str, Instrument] = {}
        self.quotes: set[str] = set()
        self.balances: dict[tuple[str, str], int] = {}
        self.spot: dict[tuple[str, str], Holding] = {}
        self.contracts: dict[tuple[str, str], Holding] = {}
        self.counts: dict[str, int] = {}
        self.marks: dict[tuple[str, str], int] = {}
        self.executions: dict[tuple[str, str], set[str | int]] = {}
        self.issues: list[chart.Issue] = []
        self.issue_count = 0
        self.seq = 0
        self._coins: set[str] = set()
        self._entry: list[chart.Posting] = []

    def begin(self, seq: int) -> None:
        """Start the transaction of one event."""
        self.seq = seq
        self._entry = []

    def commit(self) -> chart.Transaction | None:
        """Close the transaction; None when the event moved nothing."""
        entry = self._entry
        if not entry:
            return None
        sums: dict[str, int] = {}
        for posting in entry:
            sums[posting.currency] = sums.get(posting.currency, 0) + posting.amount
        if any(sums.values()):
            raise InvariantBroken(f"the postings of record {self.seq} do not sum to zero")
        return chart.Transaction(self.seq, tuple(entry))

    def post(self, account: str, currency: str, *, amount: int) -> None:
        """Debit an account, or credit it with a negative amount."""
        if amount:
            key = (account, currency)
            self.balances[key] = self.balances.get(key, 0) + amount
            self._entry.append(chart.Posting(account, currency, amount))

    def count(self, asset: str, quantity: int) -> None:
        """Count units of 10^-36 of an asset in or out, whatever they cost."""
        self.counts[asset] = self.counts.get(asset, 0) + quantity

    def holding(self, instrument: Instrument) -> Holding:
        """Give what an instrument trades, in its quote currency."""
        if instrument.product is Product.SPOT:
            return self.spot_holding(instrument.base, instrument.quote)
        key = (str(instrument.symbol), str(instrument.quote))
        found = self.contracts.get(key)
        if found is None:
            found = self.contracts[key] = Holding(*key, is_contract=True)
        return found

    def spot_holding(self, asset: str, currency: str) -> Holding:
        """Give the lots of a spot asset in a currency."""
        key = (asset, currency)
        found = self.spot.get(key)
        if found is None:
            found = self.spot[key] = Holding(asset, currency, is_contract=False)
            self._coins.add(asset)
        return found

    def pay(self, currency: str, amount: int) -> None:
        """Move cash in, or out with a negative amount; lots of the same coin fill a hole."""
        self.count(currency, amount)
        self.post(chart.CASH, currency, amount=amount)
        if amount < 0 and currency in self._coins:
            self._spend_lots(currency, -self.balances.get((chart.CASH, currency), 0))

    def trade(self, holding: Holding, quantity: int, *, price: int, rest: int = 0) -> None:
        """Trade lots for size x price + rest; the other leg is the caller's to post.

        Posts the change of cost and what was realized, which together are minus that leg.
        """
        lots = holding.lots
        short_of = 0 if holding.is_contract else -quantity - max(0, lots.quantity)
        if short_of > 0:
            self._gather(holding, short_of, price=price)
        self.count(holding.asset, quantity * UNIT)
        self._move(holding, quantity, price=price, rest=rest)
        if short_of > 0 and lots.quantity < 0:
            self.note(
                "oversold",
                holding.asset,
                quantity=quantity_text(-lots.quantity),
                message=f"more {holding.asset} went out than the books hold; what comes in "
                f"for {holding.currency} closes that first",
            )

    def note(self, code: str, asset: str, *, quantity: str, message: str) -> None:
        """Add an issue; the first ones are kept, all are counted."""
        self.issue_count += 1
        if len(self.issues) < ISSUES_KEPT:
            self.issues.append(chart.Issue(code, "error", self.seq, asset, quantity, message))

    def _move(self, holding: Holding, quantity: int, *, price: int, rest: int = 0) -> None:
        lots, currency = holding.lots, holding.currency
        old, old_cost = lots.quantity, lots.cost
        realized = lots.trade(quantity, price, rest=rest)
        account = holding.long_account if old > 0 else holding.short_account
        now = holding.long_account if lots.quantity > 0 else holding.short_account
        if account == now or not old:
            self.post(now, currency, amount=lots.cost - old_cost)
        elif not lots.quantity:
            self.post(account, currency, amount=-old_cost)
        else:
            self.post(account, currency, amount=-old_cost)
            self.post(now, currency, amount=lots.cost)
        self.post(chart.REALIZED, currency, amount=-realized)

    def _gather(self, holding: Holding, missing: int, *, price: int) -> None:
        """Bring units of an asset from its other currencies' lots, then from its cash.

        There is no rate between the two currencies, so nothing is realized: the units leave
        one set of books at cost and enter the other at the price of the trade that needs them.
        """
        for other in self.spot.values():
            size = min(missing, other.lots.quantity)
            if other.asset == holding.asset and other is not holding and size > 0:
                self._release(other, size)
                self._receive(holding, size, price=price)
                missing -= size
        cash = self.balances.get((chart.CASH, holding.asset), 0) // UNIT
        size = min(missing, cash)
        if size > 0:
            self.post(chart.CASH, holding.asset, amount=-size * UNIT)
            self.post(chart.FX, holding.asset, amount=size * UNIT)
            self._receive(holding, size, price=price)

    def _receive(self, holding: Holding, size: int, *, price: int) -> None:
        self._move(holding, size, price=price)
        self.post(chart.FX, holding.currency, amount=-size * price)
        self._note_rate(holding.asset, size)

    def _release(self, holding: Holding, size: int) -> None:
        basis = -holding.lots.trade(-size, 0)
        self.post(holding.long_account, holding.currency, amount=-basis)
        self.post(chart.FX, holding.currency, amount=basis)

    def _spend_lots(self, currency: str, missing: int) -> None:
        """Fill a hole in cash with lots of the same coin, at cost."""
        for holding in self.spot.values():
            size = min(-(-missing // UNIT), holding.lots.quantity)
            if holding.asset == currency and size > 0:
                self._release(holding, size)
                self.post(chart.CASH, currency, amount=size * UNIT)
                self.post(chart.FX, currency, amount=-size * UNIT)
                self._note_rate(currency, size)
                missing -= size * UNIT

    def _note_rate(self, asset: str, size: int) -> None:
        self.note(
            "rate_missing",
            asset,
            quantity=quantity_text(size),
            message=f"{asset} went between the books of two currencies without a rate; "
            "its result between them is not computed",
        )
